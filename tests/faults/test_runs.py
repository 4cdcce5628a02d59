"""A small run of each vendor: real processes, real kills, and no invariant broken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from longtake.cli.exits import Code
from longtake.cli.faults.judge import RULES
from longtake.vendors import REGISTRY
from tests.cli.commands import Longtake

PATIENCE = 300.0
"""Seconds; half a minute is usual."""
COMPARED = "tencent"
"""Whose plain pattern is run, too: where the repeated start replaces, it gives up soonest."""
SEEDS = {"agora": 7676, "tencent": 2084, "alibaba": 13715, "huawei": 13967}
"""Of runs in which workers die, and connections to the vendor break, seven seconds after the last
start: one that is lost in them costs minutes of waiting, as tests/conformance shows for every
vendor, and a busy machine starts late."""


@pytest.mark.parametrize("vendor", sorted(REGISTRY))
async def test_no_invariant_breaks_under_faults_and_kills(tmp_path: Path, vendor: str) -> None:
    plain = "--plain" if vendor == COMPARED else "--no-plain"
    wish = f"--vendor {vendor} --sessions 6 --kills 2 --cuts 2 --seed {SEEDS[vendor]} --longest 25"
    longtake = Longtake(tmp_path, {})
    ran = await longtake(
        *("faults", "run", *wish.split(), plain, "--json", "report.json"), patience=PATIENCE
    )
    assert ran.code == Code.DONE, ran.out + ran.err
    report = json.loads((tmp_path / "report.json").read_text())
    assert [verdict["number"] for verdict in report["invariants"]] == list(RULES)
    struck = {kill["what"] for kill in report["kills"]}
    assert struck == {"worker", "server", "wire to vendor", "wire to temporal"}
    assert sum(fault["hits"] for fault in report["faults"]) > 0
    columns = {column["name"]: column for column in report["columns"]}
    assert columns.keys() == ({"plain", "Longtake"} if vendor == COMPARED else {"Longtake"})
    assert columns["Longtake"]["left_running"] == 0

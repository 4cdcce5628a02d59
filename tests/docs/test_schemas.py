"""The schemas beside the contract's page are those of its payloads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from longtake.cli import run
from longtake.contracts.schemas import PAYLOADS, schema
from tests.docs.pages import ROOT, page

FOLDER = ROOT / "docs" / "schemas"


def check(name: str, payload: Any) -> None:
    committed = json.loads((FOLDER / f"{name}.json").read_text())
    Draft202012Validator(committed).validate(payload)


def test_schemas_are_those_of_the_payloads() -> None:
    committed = {path.stem: json.loads(path.read_text()) for path in FOLDER.iterdir()}
    assert committed == {name: schema(name) for name in PAYLOADS}, (
        "write them anew: longtake schema --to docs/schemas"
    )


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_schema_is_one_and_says_what_it_is_of(name: str) -> None:
    Draft202012Validator.check_schema(schema(name))
    assert schema(name)["description"]
    assert f"(schemas/{name}.json)" in page("docs/signals.md")


@pytest.mark.parametrize("by", ["PT30M", 1800, 1800.5])
def test_a_duration_is_text_or_seconds(by: object) -> None:
    check("extension", {"by": by})


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("extension", {"by": "PT30M", "colour": "red"}),
        ("layout_change", {"layout": {"main": "1001"}}),
        ("layout_change", {"layout": {"kind": "screen_share"}}),
        ("recording_request", {"vendor": "agora", "account": "demo", "room": "standup"}),
        ("stop_order", {"reason": 5}),
    ],
)
def test_what_a_session_would_refuse_is_no_valid_payload(name: str, payload: object) -> None:
    with pytest.raises(ValidationError):
        check(name, payload)


def test_the_command_writes_what_is_beside_the_page(tmp_path: Path) -> None:
    assert run(["schema", "--to", str(tmp_path)]) == 0
    for name in PAYLOADS:
        written = (tmp_path / f"{name}.json").read_text()
        assert written == (FOLDER / f"{name}.json").read_text()


def test_the_command_prints_a_schema_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", "stop_order"]) == 0
    assert json.loads(capsys.readouterr().out) == schema("stop_order")
    assert run(["schema", "no_such"]) == 2
    assert "stop_order" in capsys.readouterr().err

"""What the README shows works, and what it promises is tested."""

from __future__ import annotations

import ast
import re

from longtake.domain.session import EndReason
from longtake.vendors import REGISTRY
from tests.docs.conftest import Reader
from tests.docs.pages import ROOT, blocks, page

PAGE = page("README.md")
BLOCKS = list(blocks(PAGE))


async def test_first_ten_minutes_are_as_described(reader: Reader) -> None:
    first, stop, fault = (
        block.text
        for block in BLOCKS
        if block.heading == "The first ten minutes" and block.language == "sh"
    )
    began = await reader.shell(first)
    assert reader.session.workflow_id in began
    assert "layout speaker is shown (revision 2)" in began
    ended = await reader.shell(stop)
    assert "finished" in ended
    assert "files: " in ended
    await reader.shell(fault)
    armed = (await reader.home.control.get("/_emulator/faults")).json()["faults"]
    assert [rule["kind"] for rule in armed] == ["lost_reply"]
    await reader.home.control.delete("/_emulator/faults")


async def test_program_records_a_room(reader: Reader) -> None:
    (program,) = (block.text for block in BLOCKS if block.language == "python")
    # The SDK's threads may abort the interpreter at its exit, when all is done: what is printed by
    # then is on its way, and what the shell says of the abort goes where the program's errors go.
    run = "{ python -u -W error - || [ $? -ge 128 ]; } 2>program.err <<'PROGRAM'"
    told = await reader.shell(f"{run}\n{program}PROGRAM\n")
    result = await reader.session.result()
    assert told.split() == [EndReason.STOPPED, result.manifest.outcome]
    assert result.revisions == 2


def test_every_promise_names_files_with_tests() -> None:
    section = PAGE.partition("## What it promises")[2].partition("\n## ")[0]
    rows = [row for row in section.splitlines() if row.startswith("| ")][1:]
    assert len(rows) > 10
    for row in rows:
        files = re.findall(r"\]\((tests/\S+?\.py)\)", row)
        assert files, row
        for name in files:
            tree = ast.parse(page(name))
            found = [
                node
                for node in ast.walk(tree)
                if str(getattr(node, "name", "")).startswith("test_")
            ]
            assert found, name


def test_every_target_is_named_in_the_contributors_page() -> None:
    makefile = page("Makefile")
    targets = set(re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE)) - {"help"}
    documented = set(re.findall(r"^\| `make ([a-z]+)` \|", page("CONTRIBUTING.md"), re.MULTILINE))
    assert documented == targets


def test_a_vendor_that_works_is_not_said_to_be_missing() -> None:
    matrix = PAGE.partition("## Vendors")[2].partition("\n## ")[0]
    assert set(re.findall(r"docs/vendors/(\w+)\.md", matrix)) == set(REGISTRY)
    assert len(next(row for row in matrix.splitlines() if row.startswith("|")).split("|")) == (
        len(REGISTRY) + 3
    )
    assert (ROOT / "docs" / "img" / "ui-details.png").stat().st_size < 200_000

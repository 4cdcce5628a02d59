"""Every page: its links lead somewhere, and it says nothing that belongs to one machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from longtake.cli import app
from longtake.domain.errors import ERRORS
from longtake.domain.session import TRANSITIONS
from tests.docs.pages import PAGES, ROOT, anchors, page

ARCHITECTURE = page("docs/architecture.md")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_pages_and_headings_that_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?://)([^)\s]+)\)", text):
        name, _, fragment = target.partition("#")
        linked = path.parent / name if name else path
        assert linked.exists(), target
        if fragment:
            assert fragment in anchors(linked.read_text(encoding="utf-8")), target


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_page_names_the_folder_that_it_was_written_in(path: Path) -> None:
    assert str(ROOT) not in path.read_text(encoding="utf-8")


def test_house_has_a_line_for_every_part_of_the_workflow() -> None:
    house = ARCHITECTURE.partition("## The house")[2].partition("\n## ")[0]
    parts = {path.name for path in (ROOT / "workflows").glob("[a-z]*.py")}
    assert sorted(part for part in parts if f"  {part} " not in house) == []


def test_state_diagram_shows_every_transition_and_no_other() -> None:
    pairs = re.findall(r"^    (\w+) --> (\w+)", ARCHITECTURE, re.MULTILINE)
    drawn: set[tuple[str, str]] = set(pairs)
    allowed = {(str(here), str(there)) for here, next_ in TRANSITIONS.items() for there in next_}
    # Where there is no acquire, `starting` takes its place as the first state of an attempt.
    short = {(here, "starting") for here, there in allowed if there == "acquiring"}
    assert drawn | short == allowed | {("starting", "starting")}


def test_every_error_class_is_explained() -> None:
    table = ARCHITECTURE.partition("## Errors")[2]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(ERRORS)


def test_every_command_is_in_the_changelog() -> None:
    commands = {
        command.name or command.callback.__name__
        for command in app.registered_commands
        if command.callback
    }
    for group in app.registered_groups:
        assert group.typer_instance is not None
        commands |= {
            f"{group.name} {command.name or command.callback.__name__}"
            for command in group.typer_instance.registered_commands
            if command.callback
        }
    assert {name for name in commands if f"`{name}`" not in page("CHANGELOG.md")} == set()


def test_a_decision_has_its_three_parts_in_ten_lines() -> None:
    entries = re.split(r"^### ", page("docs/decisions.md"), flags=re.MULTILINE)[1:]
    for entry in entries:
        lines = [line for line in entry.partition("\n## ")[0].splitlines()[1:] if line]
        assert len(lines) <= 10, lines[0]
        parts = [part for part in ("Context", "Choice", "Consequence") if f"**{part}.**" in entry]
        assert len(parts) == 3, lines[0]

"""The page of layouts: its pictures are what the code draws now, its commands run."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from longtake.cli import run
from longtake.cli.exits import Code
from longtake.domain.layout import KINDS, Layout, Pane
from longtake.drawing.picture import compose
from longtake.drawing.svg import svg

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "layouts.md").read_text(encoding="utf-8")
SECTIONS = re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
IMAGE = re.compile(r"!\[(\w+), (\d+) users?\]\(([^)]+)\)")
SIZE = (272, 153)


def pictures() -> dict[Path, str]:
    """Each picture of the page: the layout of its section, with as many users as it says."""
    drawn: dict[Path, str] = {}
    for section in SECTIONS:
        (text,) = re.findall(r"^```json\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
        layout = TypeAdapter[Layout](Layout).validate_python(json.loads(text))
        for kind, count, file in IMAGE.findall(section):
            assert (kind, Path(file).stem) == (layout.kind, f"{layout.kind}-{count}")
            users = [str(n + 1) for n in range(int(count))]
            drawn[DOCS / file] = svg(compose(layout, users, SIZE))
    return drawn


def test_every_kind_has_its_section() -> None:
    assert {section.split("`")[1] for section in SECTIONS} == KINDS


def test_pictures_of_the_page_are_what_is_drawn() -> None:
    drawn = pictures()
    assert len(drawn) == PAGE.count("![")
    assert set((DOCS / "img" / "layouts").iterdir()) == set(drawn)
    stale = [path.name for path, text in drawn.items() if path.read_text(encoding="utf-8") != text]
    assert stale == []


def test_commands_of_the_page_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pane = Pane(x=0, y=0, width=1, height=0.5)
    (tmp_path / "panes.json").write_text(f"[{pane.model_dump_json()}]")
    commands = re.findall(r"^longtake (layout preview .*)$", PAGE, re.MULTILINE)
    assert len(commands) == 4
    for command in commands:
        assert run(shlex.split(command)) == Code.DONE, command
    made = {path.name for path in tmp_path.iterdir()}
    assert made == {"panes.json", "panes.svg", "speaker.svg", "floating.png"}

"""The documentation as data: its headings, its fenced blocks, its links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"))
    if path.name not in {"CLAUDE.md", "AGENTS.md"}
)


@dataclass(frozen=True)
class Block:
    """A fenced block: the heading that it stands below, its language, its text."""

    heading: str
    language: str
    text: str

    @property
    def tool(self) -> str:
        """`curl` or `temporal` for a block of shell that uses one of them, else the language."""
        if self.language != "sh":
            return self.language
        used = [
            tool
            for tool in ("curl", "temporal")
            if re.search(rf"^{tool} ", self.text, re.MULTILINE)
        ]
        return used[0] if used else "sh"


def page(name: str) -> str:
    """The text of a page, by its path below the root."""
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(text: str) -> Iterator[Block]:
    """Every fenced block in the page's order."""
    heading = ""
    parts = re.finditer(
        r"^#+ (?P<heading>[^\n]+)$|^```(?P<lang>\w*)\n(?P<text>.*?)^```$",
        text,
        re.MULTILINE | re.DOTALL,
    )
    for part in parts:
        if part["heading"] is not None:
            heading = part["heading"].strip("`")
        else:
            yield Block(heading, part["lang"], part["text"])


def tables(text: str) -> Iterator[list[list[str]]]:
    """Every table: the cells of its heading, then of each row."""
    for part in re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE):
        head, _, *rows = part.splitlines()
        yield [[cell.strip() for cell in row[1:-1].split("|")] for row in (head, *rows)]


def anchors(text: str) -> set[str]:
    """The fragments under which a page's headings are linked."""
    plain = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", plain, re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings
    }

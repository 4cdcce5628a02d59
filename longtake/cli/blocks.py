"""A picture in the terminal, in half blocks: each character shows two pixels, one above the other.

A character is about twice as high as wide, so these pixels are about square.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import TypeAlias

from rich.cells import cell_len
from rich.color import Color
from rich.style import Style
from rich.text import Text

from longtake.drawing.colours import WHITE, Rgb, blend
from longtake.drawing.labels import printable
from longtake.drawing.picture import Picture, Tile

_Place: TypeAlias = tuple[int, int]
"""A column, and a row of pixels or a line of characters."""

_UPPER_HALF = "▀"


def size_within(canvas: tuple[int, int], columns: int, lines: int) -> tuple[int, int]:
    """The largest picture with the canvas's shape that fits, in pixels; its height is even."""
    width, height = canvas
    scale = min(columns / width, 2 * lines / height)
    return max(round(width * scale), 1), 2 * max(round(height * scale / 2), 1)


def blocks(picture: Picture, *, names: bool = True) -> Text:
    """A line for every two rows of pixels."""
    pixels = [[picture.background] * picture.width for _ in range(picture.height)]
    top: dict[_Place, Tile] = {}
    for tile in picture.tiles:
        for x, y in _inside(tile):
            pixels[y][x] = blend(pixels[y][x], tile.colour, tile.opacity)
            top[x, y] = tile
    letters: Mapping[_Place, str] = _letters(picture, top) if names else {}
    drawn = Text(no_wrap=True)
    for line in range(picture.height // 2):
        characters = [
            _character(upper, lower, letters.get((x, line)))
            for x, (upper, lower) in enumerate(zip(*pixels[2 * line : 2 * line + 2], strict=True))
        ]
        for style, run in groupby(characters, itemgetter(1)):
            drawn.append("".join(text for text, _ in run), style)
        drawn.append("\n")
    return drawn


def _character(upper: Rgb, lower: Rgb, letter: str | None) -> tuple[str, Style]:
    return (_UPPER_HALF, _style(upper, lower)) if letter is None else (letter, _style(WHITE, lower))


def _inside(tile: Tile) -> Iterator[_Place]:
    box = tile.box
    return ((x, y) for y in range(box.top, box.bottom) for x in range(box.left, box.right))


def _letters(picture: Picture, top: Mapping[_Place, Tile]) -> Mapping[_Place, str]:
    """What stands in which column and line; the second column of a wide letter holds nothing."""
    letters: dict[_Place, str] = {}
    for tile in picture.tiles:
        x, line = tile.box.left + 1, (tile.box.top + 1) // 2
        for letter in filter(cell_len, printable(tile.user)):
            columns = range(x, x + cell_len(letter))
            # The last column stays free, and nothing is written where another pane covers this.
            ground = [(x, y) for x in (*columns, columns.stop) for y in (2 * line, 2 * line + 1)]
            if any(top.get(pixel) is not tile for pixel in ground):
                break
            letters |= {(x, line): "" for x in columns} | {(x, line): letter}
            x = columns.stop
    return letters


@lru_cache(maxsize=1024)
def _style(ink: Rgb, ground: Rgb) -> Style:
    return Style(color=Color.from_rgb(*ink), bgcolor=Color.from_rgb(*ground))

"""What is written into a pane: its user's name, and a frame where the whole picture is shown."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from longtake.drawing.colours import WHITE, Rgb, blend
from longtake.drawing.picture import Box, Picture, Tile

_CAMERA = 16 / 9
_SMALLEST, _USUAL, _LARGEST = 8, 10, 40
"""Sizes of a font in pixels; usual at least, where the pane has room for it."""
_PAD = 0.45
"""Around a name, as a share of its size."""
_WIDE_LETTERS = frozenset("mwMW@%&…")
_ELLIPSIS = "…"


@dataclass(frozen=True)
class Label:
    """A line of printable text; `left` and `middle` in pixels of the canvas, `size` the font's."""

    text: str
    left: int
    middle: int
    size: int


def label(tile: Tile, picture: Picture) -> Label | None:
    """The name in the pane's upper left corner: first smaller, then cut; None without room."""
    box, name = tile.box, printable(tile.user)
    wanted = min(max(min(picture.width, picture.height) // 18, _USUAL), _LARGEST)
    least = max(wanted // 2, _SMALLEST)
    fitting = int(min(box.height * 0.6, box.width / (_length(name) + 2 * _PAD)))
    size = max(min(wanted, fitting), least)
    text = _cut(name, box.width / size - 2 * _PAD)
    if size > box.height or not text:
        return None
    pad = round(size * _PAD)
    return Label(text, box.left + pad, box.top + min(pad + size // 2, box.height // 2), size)


def camera_frame(tile: Tile) -> Box | None:
    """Where a 16:9 picture is shown whole; None where the pane crops it, or is a few pixels."""
    box = tile.box
    if tile.fit == "crop" or min(box.width, box.height) < 4:
        return None
    width = min(box.width, round(box.height * _CAMERA))
    height = min(box.height, round(box.width / _CAMERA))
    left, top = box.left + (box.width - width) // 2, box.top + (box.height - height) // 2
    return Box(left, top, left + width, top + height)


def frame_colour(tile: Tile) -> Rgb:
    """Of the frame's line, one pixel wide."""
    return blend(tile.colour, WHITE, 0.4)


def printable(name: str) -> str:
    """Controls, direction overrides and what XML cannot hold become a replacement character."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in name)


def _cut(text: str, room: float) -> str:
    """As much of a text as fits into `room` ems; nothing if not even one letter does."""
    if _length(text) <= room:
        return text
    room -= _ems(_ELLIPSIS)
    kept = ""
    for letter in text:
        room -= _ems(letter)
        if room < 0:
            break
        kept += letter
    return kept and kept + _ELLIPSIS


def _length(text: str) -> float:
    return sum(map(_ems, text))


def _ems(letter: str) -> float:
    """A letter's width as a share of the font's size: an upper bound for common fonts."""
    if unicodedata.combining(letter):
        return 0.0
    if letter in _WIDE_LETTERS or unicodedata.east_asian_width(letter) in {"W", "F"}:
        return 1.0
    return 0.75 if letter.isupper() else 0.6

"""A contact sheet: small pictures in rows, each with a caption."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from longtake.drawing.colours import WHITE
from longtake.drawing.labels import printable

try:
    from PIL import Image, ImageDraw, ImageFont, ImageOps
except ModuleNotFoundError as err:
    remedy = "a contact sheet needs Pillow: pip install 'longtake[cli]'"
    raise ModuleNotFoundError(remedy, name=err.name) from err

PAPER, INK, FAINT, EMPTY = (24, 24, 27), WHITE, (161, 161, 170), (39, 39, 42)
GAP, CAPTION, HEADING = 12, 20, 28
"""Pixels: between cells, of a caption's line, of a heading's."""


@dataclass(frozen=True)
class Cell:
    """One picture; None where there is none, and the caption then says why."""

    caption: str
    image: Image.Image | None = None
    detail: str = ""


@dataclass(frozen=True)
class Row:
    """Pictures of one stream, as many as every other row has."""

    name: str
    cells: Sequence[Cell]


def sheet(title: str, rows: Sequence[Row], *, columns: int, width: int) -> bytes:
    """The PNG. Rows longer than `columns` go on below, all of them together.

    `width` is a picture's in pixels; its height is that of the first picture's shape.
    """
    height = _height(rows, width)
    length = max(len(row.cells) for row in rows)
    bands = [range(at, min(at + columns, length)) for at in range(0, length, columns)]
    named = any(row.name for row in rows)
    cell_height = height + 2 * CAPTION + GAP
    row_height = cell_height + (HEADING if named else 0)
    wide = min(columns, length) * (width + GAP) + GAP
    tall = HEADING + 2 * GAP + len(bands) * len(rows) * row_height
    paper = Image.new("RGB", (wide, tall), PAPER)
    pen = ImageDraw.Draw(paper)
    _write(pen, (GAP, GAP), title, size=18, colour=INK, room=wide - 2 * GAP)
    top = HEADING + 2 * GAP
    for band in bands:
        for row in rows:
            if named:
                _write(pen, (GAP, top), row.name, size=16, colour=INK, room=wide - 2 * GAP)
            for column, at in enumerate(band):
                place = (GAP + column * (width + GAP), top + (HEADING if named else 0))
                _draw(paper, pen, place, row.cells[at], (width, height))
            top += row_height
    file = BytesIO()
    paper.save(file, "PNG", optimize=True)
    return file.getvalue()


def _height(rows: Sequence[Row], width: int) -> int:
    images = (cell.image for row in rows for cell in row.cells if cell.image)
    first = next(images, None)
    return round(width * first.height / first.width) if first else width * 9 // 16


def _draw(
    paper: Image.Image,
    pen: ImageDraw.ImageDraw,
    place: tuple[int, int],
    cell: Cell,
    size: tuple[int, int],
) -> None:
    """The whole picture, with bars where its shape is another one."""
    left, top = place
    if cell.image is None:
        pen.rectangle((left, top, left + size[0] - 1, top + size[1] - 1), fill=EMPTY)
    else:
        paper.paste(ImageOps.pad(cell.image.convert("RGB"), size, color=EMPTY), place)
    below = top + size[1] + 3
    _write(pen, (left, below), cell.caption, size=13, colour=INK, room=size[0])
    _write(pen, (left, below + CAPTION - 3), cell.detail, size=13, colour=FAINT, room=size[0])


def _write(
    pen: ImageDraw.ImageDraw,
    place: tuple[int, int],
    text: str,
    *,
    size: int,
    colour: tuple[int, int, int],
    room: int,
) -> None:
    """As much of a line as there is room for."""
    font, line = ImageFont.load_default(size), printable(text)
    while line and pen.textlength(line, font=font) > room:
        line = line[:-2].rstrip() + "…" if len(line) > 2 else ""
    pen.text(place, line, fill=colour, font=font)

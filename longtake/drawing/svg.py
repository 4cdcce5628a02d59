"""A picture as SVG: integer coordinates and crisp edges, so it is the PNG's to the pixel."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

from longtake.drawing.colours import hex_of
from longtake.drawing.labels import Label, camera_frame, frame_colour, label
from longtake.drawing.picture import Box, Picture, Tile

_FONT = "system-ui, Helvetica, Arial, sans-serif"


def svg(picture: Picture, *, names: bool = True) -> str:
    """The whole document; `names` adds names, and a frame where a picture is shown whole."""
    width, height = picture.width, picture.height
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}" shape-rendering="crispEdges">'
    )
    lines = [head, _rectangle(Box(0, 0, width, height), f'fill="{hex_of(picture.background)}"')]
    for tile in picture.tiles:
        lines.append(_rectangle(tile.box, _fill(tile)))
        if names:
            lines += _writing(tile, picture)
    return "\n".join([*lines, "</svg>", ""])


def _fill(tile: Tile) -> str:
    opacity = f' fill-opacity="{tile.opacity:g}"' if tile.opacity < 1 else ""
    return f'fill="{hex_of(tile.colour)}"{opacity}'


def _writing(tile: Tile, picture: Picture) -> Iterator[str]:
    if (frame := camera_frame(tile)) is not None:
        yield _outline(frame, hex_of(frame_colour(tile)))
    if (text := label(tile, picture)) is not None:
        yield _text(text, tile.box)


def _rectangle(box: Box, paint: str) -> str:
    return f"<rect {_place(box)} {paint}/>"


def _outline(box: Box, colour: str) -> str:
    """One pixel wide, inside the box; as an area, because a stroke's edges lie between pixels."""
    outer = f"M{box.left},{box.top}h{box.width}v{box.height}h-{box.width}z"
    inner = f"M{box.left + 1},{box.top + 1}h{box.width - 2}v{box.height - 2}h-{box.width - 2}z"
    return f'<path d="{outer}{inner}" fill="{colour}" fill-rule="evenodd"/>'


def _text(text: Label, box: Box) -> str:
    """An inner SVG cuts what a wider font would let stand out of the pane."""
    x, y = text.left - box.left, text.middle - box.top
    return (
        f"<svg {_place(box)}>"
        f'<text x="{x}" y="{y}" dominant-baseline="central" font-family="{_FONT}"'
        f' font-size="{text.size}" fill="#fff">{escape(text.text)}</text></svg>'
    )


def _place(box: Box) -> str:
    return f'x="{box.left}" y="{box.top}" width="{box.width}" height="{box.height}"'

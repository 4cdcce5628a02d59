"""A picture as PNG. Without names every pixel is a pane's flat colour or the background."""

from __future__ import annotations

from io import BytesIO

from longtake.drawing.colours import WHITE, blend
from longtake.drawing.labels import camera_frame, frame_colour, label
from longtake.drawing.picture import Picture, Tile

try:
    from PIL import Image, ImageDraw, ImageFont
except ModuleNotFoundError as err:
    remedy = "a PNG needs Pillow: pip install 'longtake[cli]'; an SVG needs nothing"
    raise ModuleNotFoundError(remedy, name=err.name) from err


def png(picture: Picture, *, names: bool = True) -> bytes:
    """The whole file; `names` adds names, and a frame where a picture is shown whole.

    The font has the letters of western Europe; any other shows as a box.
    """
    canvas = Image.new("RGB", (picture.width, picture.height), picture.background)
    for tile in picture.tiles:
        box = (tile.box.left, tile.box.top, tile.box.right, tile.box.bottom)
        pane = _painted(canvas.crop(box), tile)
        if names:
            _write(pane, tile, picture)
        canvas.paste(pane, box)
    file = BytesIO()
    canvas.save(file, "PNG")
    return file.getvalue()


def _painted(below: Image.Image, tile: Tile) -> Image.Image:
    """The pane's colour above what it covers: a table for each channel's 256 values."""
    blends = [blend((value, value, value), tile.colour, tile.opacity) for value in range(256)]
    return below.point([seen[channel] for channel in range(3) for seen in blends])


def _write(pane: Image.Image, tile: Tile, picture: Picture) -> None:
    """Into the pane alone, so that nothing stands out of it."""
    pen, left, top = ImageDraw.Draw(pane), tile.box.left, tile.box.top
    if (frame := camera_frame(tile)) is not None:
        corners = (frame.left - left, frame.top - top, frame.right - left, frame.bottom - top)
        pen.rectangle((*corners[:2], corners[2] - 1, corners[3] - 1), outline=frame_colour(tile))
    if (text := label(tile, picture)) is not None:
        at = (text.left - left, text.middle - top)
        font = ImageFont.load_default(text.size)
        pen.text(at, text.text, fill=WHITE, font=font, anchor="lm")

"""A layout in whole pixels: what every way of drawing it has in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from longtake.domain.geometry import arrange, pixel
from longtake.domain.layout import Fit, Layout, Pane
from longtake.drawing.colours import Colours, Rgb, colour, rgb_of


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels of the canvas; right and bottom are exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top


@dataclass(frozen=True)
class Tile:
    """A pane with its user in it; opacity up to 1."""

    user: str
    box: Box
    colour: Rgb
    opacity: float
    fit: Fit


@dataclass(frozen=True)
class Picture:
    """A canvas in pixels and its tiles, from bottom to top."""

    width: int
    height: int
    background: Rgb
    tiles: tuple[Tile, ...]


def compose(
    layout: Layout, users: Sequence[str], size: tuple[int, int], colours: Colours = colour
) -> Picture:
    """Lay out `users` (all different, in order of joining) on a canvas of (width, height) pixels.

    Each user is a flat colour; the layout's images are not fetched. A pane that nobody could see
    is left out: without opacity, or too small for a pixel of this canvas.
    """
    width, height = size
    tiles = (
        Tile(pane.user, _box(pane, width, height), colours(pane.user), pane.opacity, pane.fit)
        for pane in arrange(layout, users)
        if pane.user is not None
    )
    return Picture(width, height, rgb_of(layout.background_color), tuple(filter(_visible, tiles)))


def _visible(tile: Tile) -> bool:
    return min(tile.box.width, tile.box.height, tile.opacity) > 0


def _box(pane: Pane, width: int, height: int) -> Box:
    """Edges are rounded, not sizes: panes that touch share no pixel and leave none."""
    return Box(
        pixel(pane.x, width),
        pixel(pane.y, height),
        pixel(pane.x + pane.width, width),
        pixel(pane.y + pane.height, height),
    )

"""One frame of the recording: the panes of the layout in force, each readable by a person.

A pane is flat in its participant's colour. Everything else keeps to the pane's edge, so the colour
of the centre says whose pane it is: the name (top left); the clock in UTC (top right, or bottom
right where the name leaves no room); a line along the top that grows for two seconds and begins
again, so that a frozen picture is noticed; and an outline of the camera's picture, which is missing
where the pane crops it. Text is left out of panes that it would fill.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from longtake.emulator.media import clap
from longtake.emulator.media.participants import Participant, colour

Pixels: TypeAlias = NDArray[np.uint8]

_CAMERA_ASPECT = 16 / 9
_BAR = (0, 0, 0)
_NO_CAMERA = (44, 46, 52)
_CHIP = 24  # grey behind text
_TEXT = 255
_SWEEP_SECONDS = 2
_SWEEP_HEIGHT = 2
_CENTRE = 3  # pixels kept clear of text on each side of a pane's middle
_CLOCK_WIDEST = "00:00:00.0"


@dataclass(frozen=True)
class Region:
    """Where one user is shown, in fractions of the canvas with the origin at the top left.

    user: None for a cell that nobody occupies, which shows what lies below.
    fit: ``crop`` fills the region; ``fit`` shows the whole 16:9 picture between black bars.
    alpha: 0 (invisible) to 1 (opaque).
    """

    user: str | None
    x: float
    y: float
    width: float
    height: float
    fit: Literal["crop", "fit"] = "crop"
    alpha: float = 1.0


@dataclass(frozen=True)
class Picture:
    """A canvas in pixels, its background as ``#RRGGBB``, and its regions from bottom to top."""

    width: int
    height: int
    background: str
    regions: tuple[Region, ...]


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels; right and bottom are exclusive."""

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
class _Pane:
    """A region with everything drawn that time does not change, and where time is drawn.

    box is relative to the canvas, camera and clock_corner to the box.
    """

    box: Box
    still: Pixels
    alpha: float
    camera: Box
    font_size: int
    clock_corner: tuple[int, int] | None
    claps: bool


def draw(picture: Picture, participants: Iterable[Participant], at: datetime) -> Pixels:
    """The frame of instant ``at`` (timezone-aware) as rgb24, height x width x 3.

    A region is left to the background when its user is not among the participants; a participant
    without video gets a dark pane, outlined in the colour that the camera would have.
    """
    backdrop, panes = _still(picture, tuple(participants))
    canvas = backdrop.copy()
    clock = f"{at.astimezone(UTC):%H:%M:%S}.{at.microsecond // 100_000}"
    sweep = (at.second % _SWEEP_SECONDS + at.microsecond / 1e6) / _SWEEP_SECONDS
    for pane in panes:
        box = pane.box
        target = canvas[box.top : box.bottom, box.left : box.right]
        if pane.claps and clap.flashes(at):
            target[:] = clap.WHITE
        elif pane.alpha >= 1:
            target[:] = pane.still
            _draw_time(target, pane, clock, sweep)
        else:
            shown = pane.still.copy()
            _draw_time(shown, pane, clock, sweep)
            target[:] = np.rint(target * (1 - pane.alpha) + shown * pane.alpha)
    return canvas


def _draw_time(pixels: Pixels, pane: _Pane, clock: str, sweep: float) -> None:
    camera = pane.camera
    reached = camera.left + round(camera.width * sweep)
    pixels[camera.top : camera.top + _SWEEP_HEIGHT, camera.left : reached] = _TEXT
    if pane.clock_corner is not None:
        left, top = pane.clock_corner
        chip = _clock_chip(clock, pane.font_size)
        pixels[top : top + chip.shape[0], left : left + chip.shape[1]] = chip


# One entry per layout and set of participants; enough for the slices encoded at one time.
@lru_cache(maxsize=32)
def _still(
    picture: Picture, participants: tuple[Participant, ...]
) -> tuple[Pixels, tuple[_Pane, ...]]:
    """What time does not change: the background, and the panes from bottom to top."""
    present = {participant.user: participant for participant in participants}
    panes = [
        _pane(region, box, present[region.user])
        for region in picture.regions
        if region.user in present and (box := box_of(region, picture)).width > 0 and box.height > 0
    ]
    backdrop = Image.new("RGB", (picture.width, picture.height), picture.background)
    return np.asarray(backdrop), tuple(panes)


def box_of(region: Region, picture: Picture) -> Box:
    """The region in pixels, kept inside the canvas; regions that touch share no pixel."""

    def edge(fraction: float, size: int) -> int:
        # One edge may be reckoned in two ways, which differ in the last digits.
        return min(max(round(round(fraction * size, 6)), 0), size)

    return Box(
        edge(region.x, picture.width),
        edge(region.y, picture.height),
        edge(region.x + region.width, picture.width),
        edge(region.y + region.height, picture.height),
    )


def _pane(region: Region, box: Box, who: Participant) -> _Pane:
    source = _source(box, region.fit)
    camera = Box(
        max(source.left, 0),
        max(source.top, 0),
        min(source.right, box.width),
        min(source.bottom, box.height),
    )
    font_size = min(max(round(camera.height * 0.085), 8), 22)
    image = Image.new("RGB", (box.width, box.height), _BAR)
    pen = ImageDraw.Draw(image)
    _draw_camera(pen, source, who)
    name_right = _draw_name(pen, camera, who.name, font_size)
    return _Pane(
        box=box,
        still=np.asarray(image),
        alpha=region.alpha,
        camera=camera,
        font_size=font_size,
        clock_corner=_clock_corner(camera, name_right, font_size),
        claps=who.claps and who.video,
    )


def _source(box: Box, fit: Literal["crop", "fit"]) -> Box:
    """Where the camera's 16:9 picture lies relative to the pane, whose origin is its top left."""
    wider_than_camera = box.width / box.height > _CAMERA_ASPECT
    if wider_than_camera == (fit == "fit"):
        width, height = round(box.height * _CAMERA_ASPECT), box.height
    else:
        width, height = box.width, round(box.width / _CAMERA_ASPECT)
    left, top = (box.width - width) // 2, (box.height - height) // 2
    return Box(left, top, left + width, top + height)


def _draw_camera(pen: ImageDraw.ImageDraw, source: Box, who: Participant) -> None:
    own = colour(who.user)
    light = tuple(round(channel + (255 - channel) * 0.45) for channel in own)
    pen.rectangle(
        (source.left, source.top, source.right - 1, source.bottom - 1),
        fill=own if who.video else _NO_CAMERA,
        outline=light if who.video else own,
    )


def _draw_name(pen: ImageDraw.ImageDraw, camera: Box, name: str, size: int) -> int:
    """Draw the name, cut to the picture's width, and return where its chip ends."""
    font, pad, height = _font(size), _pad(size), _chip_height(size)
    if not _leaves_centre(camera, height):
        return camera.left
    while name and font.getlength(name) > camera.width - 2 * pad:
        name = name[:-1]
    top = camera.top + _SWEEP_HEIGHT
    right = camera.left + round(font.getlength(name)) + 2 * pad
    pen.rectangle((camera.left, top, right - 1, top + height - 1), fill=(_CHIP,) * 3)
    left_middle = (camera.left + pad, top + height / 2)
    pen.text(left_middle, name, fill=(_TEXT,) * 3, font=font, anchor="lm")
    return right


def _leaves_centre(camera: Box, chip_height: int) -> bool:
    return _SWEEP_HEIGHT + chip_height + _CENTRE <= camera.height / 2


def _clock_corner(camera: Box, name_right: int, size: int) -> tuple[int, int] | None:
    """The top left of the clock, or None where it would crowd the pane's centre."""
    height, width, *_ = _clock_chip(_CLOCK_WIDEST, size).shape
    left = camera.right - width
    if left < camera.left or not _leaves_centre(camera, height):
        return None
    if left >= name_right + size:
        return left, camera.top + _SWEEP_HEIGHT
    return left, camera.bottom - height


# Every pane of one size shows the same clock, and so does every slice encoded at the same time.
@lru_cache(maxsize=128)
def _clock_chip(clock: str, size: int) -> Pixels:
    """The clock as white figures on the chip's grey, in a fixed width per character."""
    glyphs = _figures(size)
    row = np.concatenate([glyphs[character] for character in clock], axis=1)
    row = np.pad(row, ((0, 0), (_pad(size), _pad(size))), constant_values=_CHIP)
    return np.repeat(row[..., np.newaxis], 3, axis=2)


@lru_cache(maxsize=16)
def _figures(size: int) -> dict[str, Pixels]:
    font = _font(size)
    widest = max(font.getlength(figure) for figure in "0123456789")
    glyphs: dict[str, Pixels] = {}
    for character in "0123456789:.":
        width = round(widest if character.isdigit() else widest / 2 + 1)
        image = Image.new("L", (width, _chip_height(size)), _CHIP)
        middle = (width / 2, _chip_height(size) / 2)
        ImageDraw.Draw(image).text(middle, character, fill=_TEXT, font=font, anchor="mm")
        glyphs[character] = np.asarray(image)
    return glyphs


def _pad(size: int) -> int:
    return size // 4 + 1


def _chip_height(size: int) -> int:
    return size + max(size // 4, 2)


@lru_cache(maxsize=16)
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise TypeError("this Pillow was built without FreeType, so it has no font to scale")
    return font

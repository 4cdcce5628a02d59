"""Watermarks of a mixed recording: an image, a text or the time.

Source: Tencent Cloud, TRTC API, WaterMark.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from longtake.vendors.tencent.wire.fields import (
    Colour,
    Font,
    FontSize,
    ImageUrl,
    MarkPixel,
    Part,
    Text,
    TimeZone,
)

IMAGE, TEXT, TIMESTAMP = 0, 1, 2
"""WaterMarkType."""


class _Placed(Part):
    top: MarkPixel
    left: MarkPixel
    width: MarkPixel
    height: MarkPixel


class WaterMarkImage(_Placed):
    """`WaterMarkImage`."""

    water_mark_url: ImageUrl


class WaterMarkChar(_Placed):
    """`WaterMarkChar`: a text, by default in white on nothing."""

    chars: Text
    font_size: FontSize | None = None
    font_color: Colour | None = None
    background_color: Colour | None = Field(default=None, alias="BackGroundColor")
    font: Font | None = None


class WaterMarkTimestamp(Part):
    """`WaterMarkTimestamp`: corners are 0 to 3 by rows, 4 top and 5 bottom centre, 6 centre."""

    pos: Annotated[int, Field(ge=0, le=6)]
    time_zone: TimeZone | None = None
    font: Font | None = None


class WaterMark(Part):
    """A watermark: the object of its type and no other."""

    water_mark_type: Literal[0, 1, 2] = IMAGE
    water_mark_image: WaterMarkImage | None = None
    water_mark_char: WaterMarkChar | None = None
    water_mark_timestamp: WaterMarkTimestamp | None = None

    @model_validator(mode="after")
    def _object_of_type(self) -> WaterMark:
        objects = (self.water_mark_image, self.water_mark_char, self.water_mark_timestamp)
        given = [number for number, mark in enumerate(objects) if mark is not None]
        if given != [self.water_mark_type]:
            names = ("WaterMarkImage", "WaterMarkChar", "WaterMarkTimestamp")
            raise ValueError(
                f"WaterMarkType {self.water_mark_type} needs {names[self.water_mark_type]} alone"
            )
        return self

"""Watermarks, as a caller of TRTC asks for them and as they are sent. Places are in pixels."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import model_validator

from longtake.domain.model import Asked
from longtake.vendors.tencent.wire.fields import (
    Colour,
    Font,
    FontSize,
    ImageUrl,
    MarkPixel,
    Text,
    TimeZone,
)
from longtake.vendors.tencent.wire.watermarks import IMAGE, TEXT, TIMESTAMP

POSITIONS = (
    *("top_left", "top_right", "bottom_left", "bottom_right"),
    *("top_center", "bottom_center", "center"),
)
"""In the order of their numbers."""


class _Placed(Asked):
    top: MarkPixel
    left: MarkPixel
    width: MarkPixel
    height: MarkPixel

    def place(self) -> dict[str, int]:
        """By its wire names."""
        return {"Top": self.top, "Left": self.left, "Width": self.width, "Height": self.height}


class ImageMark(_Placed):
    """A picture from the web, of at most 5 MB."""

    url: ImageUrl


class TextMark(_Placed):
    """A text."""

    text: Text
    font_size: FontSize | None = None
    font_color: Colour | None = None
    background_color: Colour | None = None
    font: Font | None = None


class TimestampMark(Asked):
    """The time of day, in the time zone so many hours before UTC."""

    position: Literal[
        "top_left",
        "top_right",
        "bottom_left",
        "bottom_right",
        "top_center",
        "bottom_center",
        "center",
    ]
    time_zone: TimeZone | None = None
    font: Font | None = None


class Watermark(Asked):
    """One of the three."""

    image: ImageMark | None = None
    text: TextMark | None = None
    timestamp: TimestampMark | None = None

    @model_validator(mode="after")
    def _one_of_the_three(self) -> Watermark:
        if [self.image, self.text, self.timestamp].count(None) != 2:
            raise ValueError("give one of image, text and timestamp")
        return self

    def wire(self) -> dict[str, Any]:
        """`WaterMark` by its wire names."""
        if self.image is not None:
            image = {**self.image.place(), "WaterMarkUrl": self.image.url}
            return {"WaterMarkType": IMAGE, "WaterMarkImage": image}
        if self.text is not None:
            return {"WaterMarkType": TEXT, "WaterMarkChar": _char(self.text)}
        return {"WaterMarkType": TIMESTAMP, "WaterMarkTimestamp": _stamp(self.timestamp)}


def _char(mark: TextMark) -> dict[str, Any]:
    return {
        **mark.place(),
        "Chars": mark.text,
        "FontSize": mark.font_size,
        "FontColor": mark.font_color,
        "BackGroundColor": mark.background_color,
        "Font": mark.font,
    }


def _stamp(mark: TimestampMark | None) -> dict[str, Any] | None:
    return mark and {
        "Pos": POSITIONS.index(mark.position),
        "TimeZone": mark.time_zone,
        "Font": mark.font,
    }

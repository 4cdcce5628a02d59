"""The kinds of value that several parts of TRTC's bodies share.

Source: Tencent Cloud, TRTC API 2019-07-22, on-cloud recording actions and data structures.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_pascal

from longtake.vendorkit.wire import Sent

MAX_LISTED = 32
"""Users of one subscription list."""
MAX_WINDOWS = 25
"""Windows of a custom layout; as many watermarks."""

DEFAULT_WIDTH, DEFAULT_HEIGHT = 360, 640
MAX_SIDE = 1920
MAX_PIXELS = 1920 * 1080
MIN_BIT_RATE, MAX_BIT_RATE = 64_000, 8_192_000
"""Of the video, in bit/s."""

SINGLE, MIXED = 1, 2
"""RecordMode."""


def _is_path_part(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", text):
        raise ValueError("must consist of letters, digits, _ and - between its slashes")
    return text


def _is_image_url(text: str) -> str:
    if not re.fullmatch(r"https?://\S+\.(jpe?g|png)(\?\S*)?", text, re.IGNORECASE):
        raise ValueError("must be the address of a jpg, jpeg or png, with that extension")
    return text


Flag = Literal[0, 1]
SdkAppId = Annotated[int, Field(ge=1, le=4_294_967_295)]
Text = Annotated[str, StringConstraints(min_length=1)]
PathPart = Annotated[str, AfterValidator(_is_path_part)]
RecordId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9A-Fa-f]{6}$")]
ImageUrl = Annotated[str, AfterValidator(_is_image_url)]
"""The service goes by the extension; at most 5 MB and 2K."""

ResourceExpiredHour = Annotated[int, Field(ge=6, le=720)]
MaxIdleTime = Annotated[int, Field(ge=5, le=86_400)]
FileMinutes = Annotated[int, Field(ge=1, le=1440)]
CanvasPixel = Annotated[int, Field(ge=0, le=MAX_SIDE)]
MarkPixel = Annotated[int, Field(ge=0, le=2560)]
FontSize = Annotated[int, Field(ge=1)]
Font = Literal["Tencent", "SourceHanSans"]
TimeZone = Annotated[int, Field(ge=-12, le=14)]
"""Hours before UTC; 8 is the service's default."""
Gop = Annotated[int, Field(ge=1)]
"""Seconds between key frames."""
AudioKbps = Annotated[int, Field(ge=32, le=128)]

RENDER_MODES = ("stretch", "crop", "fit", "crop_little")
"""RenderMode 0 to 3: 2 leaves blank borders, 3 crops at most 20 %."""
RenderMode = Literal[0, 1, 2, 3]


class Part(Sent):
    """A part of a request; the wire's names are ours in Pascal case."""

    model_config = ConfigDict(alias_generator=to_pascal)

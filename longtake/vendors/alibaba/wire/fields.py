"""The kinds of value that several parts of Alibaba's requests share.

Source: Alibaba Cloud, ApsaraVideo Live API 2016-11-01, StartRtcCloudRecording.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_pascal

from longtake.vendorkit.wire import Sent

MAX_STREAMS = 17
"""Entries of a subscription list; as many panes can name one."""

INDIVIDUAL, MIXED = 0, 1
"""RecordMode."""
BOTH, AUDIO, VIDEO = 0, 1, 2
"""StreamType, of an entry and of the output."""
CAMERA, SCREEN = 0, 1
"""SourceType."""


def _is_share(text: str) -> str:
    if not re.fullmatch(r"0(\.[0-9]+)?|1(\.0+)?", text):
        raise ValueError("must be a decimal number from 0 to 1, as text")
    return text


_VARIABLES = ("AppId", "ChannelId", "UserId", "SourceType", "StartTime", "Sequence")
"""Those that are evidenced. Which others there are is not documented."""


def _is_name_pattern(text: str) -> str:
    literal = re.sub(rf"\{{(?:{'|'.join(_VARIABLES)})\}}", "", text)
    if re.search(r"[{}]", literal):
        raise ValueError(f"must hold braces only around one of {', '.join(_VARIABLES)}")
    if re.search(r"[/\\\x00-\x1f\x7f]", literal):
        raise ValueError("must be a text without / and \\ and control characters")
    return text


Text = Annotated[str, StringConstraints(min_length=1)]
Address = Annotated[str, StringConstraints(pattern=r"^https?://\S+$", max_length=2048)]
NamePattern = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_is_name_pattern)]
Share = Annotated[str, AfterValidator(_is_share)]
"""Of the canvas's width or height. Shares are texts on this wire, everything else is a number."""

RecordMode = Literal[0, 1]
StreamType = Literal[0, 1, 2]
SourceType = Literal[0, 1]
RenderMode = Literal[0, 1]
"""0 crops to fill, 1 scales and leaves black borders."""

MaxIdleTime = Annotated[int, Field(ge=10, le=14_400)]
FileSeconds = Annotated[int, Field(ge=180, le=7200)]
SliceSeconds = Annotated[int, Field(ge=10, le=30)]
AudioKbps = Annotated[int, Field(ge=8, le=500)]
VideoKbps = Annotated[int, Field(ge=1, le=10_000)]
FrameRate = Annotated[int, Field(ge=1, le=60)]
Gop = Annotated[int, Field(ge=1, le=60)]
"""Frames from one I-frame to the next."""
Side = Annotated[int, Field(ge=0, le=1920)]
FrameFillType = Annotated[int, Field(ge=0)]
"""What is recorded of a video that stops; which number means what is not documented."""


class Part(Sent):
    """A part of a request; the wire's names are ours in Pascal case."""

    model_config = ConfigDict(alias_generator=to_pascal)

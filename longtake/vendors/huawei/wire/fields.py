"""The kinds of value that several bodies share.

Source: Huawei Cloud, SparkRTC API v2, individual stream jobs, mix stream jobs, recording rules.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, StringConstraints

from longtake.vendorkit.wire import Secret

CAMERA: Literal["CAMERASTREAM"] = "CAMERASTREAM"
SCREEN: Literal["SCREENSTREAM"] = "SCREENSTREAM"
VideoType = Literal["CAMERASTREAM", "SCREENSTREAM"]

StreamTier = Literal["LD", "SD", "HD", "FHD"]
"""The resolution that is pulled of a user who sends several."""

MIN_IDLE, MAX_IDLE = 5, 43_200
"""Seconds without anybody who sends, after which a job ends itself."""
MAX_LAYERS = 25

AUDIO_ONLY = "audio_only"


def _is_rtmp_url(url: SecretStr) -> SecretStr:
    scheme, separator, rest = url.get_secret_value().partition("://")
    if scheme not in {"rtmp", "rtmps"} or not separator or not rest or any(map(str.isspace, rest)):
        raise ValueError("must be the address of an RTMP server: rtmp://... or rtmps://...")
    return url


_NO_PART_OF_A_NAME = re.compile(r"[/\\\x00-\x1f\x7f]")


def _is_nameable(text: str) -> str:
    if _NO_PART_OF_A_NAME.search(text):
        raise ValueError("must hold no slash and no control character: files are named by it")
    return text


Text = Annotated[str, StringConstraints(min_length=1)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=128), AfterValidator(_is_nameable)]
"""Of a room, or of a user whose stream is recorded: both stand in files' names as they are."""
IdleSeconds = Annotated[int, Field(ge=MIN_IDLE, le=MAX_IDLE)]
EncodeTemplate = Annotated[str, StringConstraints(pattern=r"^[0-9]+[x*][0-9]+_[0-9]+_[0-9]+$")]
"""`1280x720_15_2260`: pixels, frames per second, kbit/s."""
ObsImage = Annotated[str, StringConstraints(pattern=r"^s3://[^/\s]+/\S+$")]
"""An image that was uploaded to OBS before: `s3://bucket/object`."""
RtmpUrl = Annotated[Secret, AfterValidator(_is_rtmp_url)]
"""It holds the key of the stream that is pushed."""

"""The kinds of value that several of Agora's calls share. Source: RESTful API reference."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StrictInt, StringConstraints

UID_PATTERN = (
    r"[1-9][0-9]{0,8}|[1-3][0-9]{9}|4[01][0-9]{8}|42[0-8][0-9]{7}|429[0-3][0-9]{6}"
    r"|4294[0-8][0-9]{5}|42949[0-5][0-9]{4}|429496[0-6][0-9]{3}|4294967[01][0-9]{2}"
    r"|42949672[0-8][0-9]|429496729[0-5]"
)
"""An integer from 1 to 2^32 - 1, as decimal text. String user accounts cannot be recorded."""

UID_RULE = "an integer from 1 to 4294967295 as text"
EVERYBODY = "#allstream#"

CNAME_LIMIT = 64
"""Bytes of a channel's name."""
WEB_CNAME_LIMIT = 1024
"""Bytes, where the name only labels a web page's recording."""

PREFIX_LIMIT = 128
"""Characters of a file name prefix, the slashes counted in."""

MAX_PANES = 17
MAX_LISTED = 32
MAX_PIXELS = 1920 * 1080

_CNAME = re.compile(r"[A-Za-z0-9 !#$%&()+\-:;<=.>?@\[\]^_{}|~,]+")


def _is_uid(text: str) -> str:
    if not re.fullmatch(UID_PATTERN, text):
        raise ValueError(f"must be {UID_RULE}")
    return text


def _is_uid_or_everybody(text: str) -> str:
    return text if text == EVERYBODY else _is_uid(text)


def _is_cname(text: str) -> str:
    if not _CNAME.fullmatch(text):
        raise ValueError(
            "must consist of letters, digits, spaces and !#$%&()+-:;<=.>?@[]^_{}|~, (ASCII)"
        )
    return text


def _is_salt(text: str) -> str:
    try:
        size = len(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        size = 0
    if size != 32:
        raise ValueError("must be 32 bytes in base64")
    return text


Uid = Annotated[str, AfterValidator(_is_uid)]
Cname = Annotated[str, AfterValidator(_is_cname)]
Uids = Annotated[
    tuple[Annotated[str, AfterValidator(_is_uid_or_everybody)], ...],
    Field(min_length=1, max_length=MAX_LISTED),
]
Salt = Annotated[str, AfterValidator(_is_salt)]
PrefixPart = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]+$")]

Mode = Literal["individual", "mix", "web"]
AudioProfile = Literal[0, 1, 2]
"""48 kHz music: 0 mono about 48 kbit/s, 1 mono about 128, 2 stereo about 192."""
SubscribeUidGroup = Annotated[int, Field(ge=0, le=5)]
MaxIdleTime = Annotated[int, Field(ge=5, le=2_592_000)]
CaptureInterval = Annotated[int, Field(ge=1, le=3600)]
ReadyTimeout = Annotated[StrictInt, Field(ge=0, le=60)]
MaxRecordingHour = Annotated[int, Field(ge=1, le=720)]
ResourceExpiredHour = Annotated[int, Field(ge=1, le=720)]
Geofence = Literal["CN", "AP", "EU", "NA"]
PageUrl = Annotated[str, StringConstraints(pattern=r"^https?://\S+$")]

"""The private tags of TRTC's playlists, `#EXT-X-TRTC-<name>:<value>`.

Documented are START-REC-TIME and VIDEO-METADATA; the others were seen in production.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from longtake.vendorkit.lenient import as_int, as_time

_TAG = re.compile(r"^#EXT-X-TRTC-(?P<name>[A-Z-]+):(?P<value>.*?)\s*$", re.MULTILINE)
_FACT = re.compile(r"(\w+):(\S+)")


@dataclass(frozen=True)
class PlaylistTags:
    """What a playlist says of itself; None and empty for what it does not say."""

    began: datetime | None = None
    """When the first data of an anchor came, by the service's clock."""
    width: int | None = None
    height: int | None = None
    user: str = ""
    """The user's id in clear; file names have it in Base64."""
    media: str = ""
    """`main` or `aux`."""
    sample_rate: int | None = None
    channels: int | None = None


def playlist_tags(text: str) -> PlaylistTags:
    """Read the tags; whatever cannot be understood is left out."""
    tags = {found["name"]: found["value"] for found in reversed(list(_TAG.finditer(text)))}
    video, audio = _facts(tags, "VIDEO-METADATA"), _facts(tags, "AUDIO-METADATA")
    return PlaylistTags(
        began=as_time(tags.get("START-REC-TIME")),
        width=as_int(video.get("width")),
        height=as_int(video.get("height")),
        user=tags.get("USER-ID", ""),
        media=tags.get("MEDIA-ID", ""),
        sample_rate=as_int(audio.get("samplerate")),
        channels=as_int(audio.get("channel")),
    )


def _facts(tags: Mapping[str, str], name: str) -> dict[str, str]:
    """`WIDTH:1280 HEIGHT:720` as a mapping, its names in lower case."""
    return {key.lower(): value for key, value in _FACT.findall(tags.get(name, ""))}

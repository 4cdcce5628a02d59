"""HLS playlists as the vendors write them, read leniently."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_DURATION = re.compile(r"^#EXTINF:\s*([0-9]+(?:\.[0-9]+)?)")


@dataclass
class Playlist:
    """What a media playlist lists."""

    uris: list[str] = field(default_factory=list[str])
    """Segments in order, as written: relative to the playlist."""
    seconds: float = 0.0
    ended: bool = False
    """Whether the vendor has closed it; an open one is still growing."""


def parse_playlist(text: str) -> Playlist:
    """Read a media playlist; unknown tags, private ones and a missing comma are no errors."""
    playlist = Playlist()
    for line in map(str.strip, text.splitlines()):
        if found := _DURATION.match(line):
            playlist.seconds += float(found[1])
        elif line == "#EXT-X-ENDLIST":
            playlist.ended = True
        elif line and not line.startswith("#"):
            playlist.uris.append(line)
    return playlist

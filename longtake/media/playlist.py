"""HLS playlists as the vendors write them, read leniently."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from longtake.domain.playlist import Entry, Playlist

_DURATION = re.compile(r"#EXTINF:\s*([0-9]*\.?[0-9]+)")
_DATED = re.compile(r"#EXT-X-PROGRAM-DATE-TIME:\s*(\S+)")
_OTHER = re.compile(r'#EXT-X-MEDIA:.*\bURI="([^"]+)"')


def parse_playlist(text: str) -> Playlist | None:
    """Read a playlist; None for a text that holds no tag of one.

    Unknown tags, private ones, a missing comma, a missing first line and a byte order mark are no
    errors. A line that is no tag names a file.
    """
    lines = [line.strip() for line in text.removeprefix("\ufeff").splitlines()]
    if not any(line.startswith("#EXT") for line in lines):
        return None
    entries = list[Entry]()
    seconds, at, variants, ended, broken = 0.0, None, False, False, False
    for line in lines:
        if found := _DURATION.match(line):
            seconds = float(found[1])
        elif found := _DATED.match(line):
            at = _utc(found[1])
        elif found := _OTHER.match(line):
            entries.append(Entry(found[1]))
        elif line.startswith("#EXT-X-STREAM-INF:"):
            variants = True
        elif line == "#EXT-X-DISCONTINUITY":
            broken = True
        elif line == "#EXT-X-ENDLIST":
            ended = True
        elif line and not line.startswith("#"):
            entries.append(Entry(line, seconds, at, broken))
            at = at and at + timedelta(seconds=seconds)
            seconds, broken = 0.0, False
    return Playlist(tuple(entries), ended=ended, of_playlists=variants)


def _utc(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):  # no date, or one at the end of time
        return None

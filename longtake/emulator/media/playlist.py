"""The M3U8 text of a recording, as recorders write it rather than as RFC 8216 asks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class PlaylistEntry:
    """One slice in the playlist.

    duration: seconds.
    discontinuity: a gap in the recording lies before this slice.
    tags: whole lines that precede the slice, such as a vendor's private tags.
    """

    uri: str
    duration: float
    discontinuity: bool = False
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlaylistStyle:
    """How a vendor writes its playlists; the defaults are Agora's.

    head: the lines before the target duration. decimals: of a slice's duration.
    comma: end EXTINF with the comma that RFC 8216 demands.
    """

    head: tuple[str, ...] = (
        "#EXT-X-VERSION:3",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-ALLOW-CACHE:YES",
    )
    decimals: int = 6
    comma: bool = False


def render_playlist(
    entries: Sequence[PlaylistEntry],
    *,
    ended: bool,
    style: PlaylistStyle = PlaylistStyle(),
    tags: Sequence[str] = (),
) -> str:
    """The whole playlist; recorders upload it anew, under the same name, after every slice.

    ended: the recording is over, so the end mark closes the list.
    tags: the vendor's own lines about the recording, after the target duration.
    """
    longest = max((entry.duration for entry in entries), default=0.0)
    lines = ["#EXTM3U", *style.head, f"#EXT-X-TARGETDURATION:{math.ceil(longest)}", *tags]
    comma = "," if style.comma else ""
    for entry in entries:
        if entry.discontinuity:
            lines.append("#EXT-X-DISCONTINUITY")
        lines += entry.tags
        lines += [f"#EXTINF:{entry.duration:.{style.decimals}f}{comma}", entry.uri]
    if ended:
        lines.append("#EXT-X-ENDLIST")
    return "\n".join(lines) + "\n"

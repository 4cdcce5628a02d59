"""The text of TRTC's playlists: the documented tags, and those seen in production."""

from __future__ import annotations

from collections.abc import Sequence

from longtake.emulator.media.playlist import PlaylistEntry, PlaylistStyle, render_playlist
from longtake.emulator.stamps import milliseconds
from longtake.emulator.takes import Slice, Track
from longtake.vendors.tencent.emulator.naming import bare

_HEAD = ("#EXT-X-VERSION:3", "#EXT-X-ALLOW-CACHE:NO", "#EXT-X-MEDIA-SEQUENCE:0")


def playlist(track: Track, pieces: Sequence[Slice], *, ended: bool, comma: bool) -> str:
    """The index of what is in the bucket; slices are named relative to it.

    comma: end EXTINF as production does; the documentation has none.
    """
    entries = [
        PlaylistEntry(bare(piece.name), piece.seconds, piece.gap, _before(piece))
        for piece in pieces
    ]
    style = PlaylistStyle(_HEAD, decimals=3, comma=comma)
    return render_playlist(entries, ended=ended, style=style, tags=_about(track))


def _about(track: Track) -> list[str]:
    key, stage = track.key, track.slices[0].stages[0][1]
    tags = [
        "VERSION:1.0",
        f"START-REC-TIME:{milliseconds(track.began)}",
        f"DATE:{track.began:%Y-%m-%dT%H:%M:%SZ}",
    ]
    if key.user is None:
        tags.append("MIX-STREAM:1")
    else:
        medium = 0 if key.kind == "audio" else 1
        tags += [f"USER-ID:{_one_line(key.user)}", f"MEDIA-ID:{key.stream}"]
        tags += ["MIX-STREAM:0", f"STREAM-TYPE:{medium}"]
    if key.kind != "audio":
        tags.append(f"VIDEO-METADATA:WIDTH:{stage.width} HEIGHT:{stage.height}")
    if key.kind != "video":
        tags.append("AUDIO-METADATA:Channel:1 SampleRate:48000 SampleFormat:s16 Codec:AAC")
    return [f"#EXT-X-TRTC-{tag}" for tag in tags]


def _one_line(text: str) -> str:
    """A user id of several lines must not become lines of the playlist."""
    return " ".join(text.splitlines())


def _before(piece: Slice) -> tuple[str, ...]:
    """When a slice began, and a number, by its looks bytes: here those of 500 kbit/s."""
    return (f"#EXT-X-TRTC-FILE-ATTR:{milliseconds(piece.start)},{round(piece.seconds * 62_500)}",)

"""The text of Agora's playlists."""

from __future__ import annotations

from collections.abc import Sequence

from longtake.emulator.media.playlist import PlaylistEntry, render_playlist
from longtake.emulator.stamps import digits17
from longtake.emulator.takes import Slice, Track

_MULTIVARIANT = """#EXTM3U
#EXT-X-VERSION:3
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="audio",DEFAULT=YES,AUTOSELECT=YES,URI="{audio}"
#EXT-X-STREAM-INF:BANDWIDTH=500000,AUDIO="audio"
{video}
"""


def playlist(uploaded: Sequence[Slice], *, ended: bool) -> str:
    """The index of what is in the bucket; slices are named relative to it."""
    entries = [
        PlaylistEntry(
            uri=cut.name.rsplit("/", 1)[-1],
            duration=cut.seconds,
            discontinuity=cut.gap,
            tags=_tags(cut) if cut.first else (),
        )
        for cut in uploaded
    ]
    return render_playlist(entries, ended=ended)


def combined(audio: Track, video: Track) -> str:
    """The ``av`` index of one user: it joins the two other indexes and has no slices itself."""
    names = (track.playlist.rsplit("/", 1)[-1] for track in (audio, video))
    return _MULTIVARIANT.format(**dict(zip(("audio", "video"), names, strict=True)))


def _tags(cut: Slice) -> tuple[str, ...]:
    kind = cut.track.key.kind
    return tuple(
        f"#EXT-X-AGORA-TRACK-EVENT:EVENT=START,TRACK_TYPE={medium.upper()},"
        f"TIME={digits17(cut.start)}"
        for medium in ("audio", "video")
        if kind in {medium, "both"}
    )

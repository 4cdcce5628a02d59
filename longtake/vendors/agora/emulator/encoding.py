"""Turns takes into bytes: the one place that knows the media code.

Pictures are drawn small (the longest side 320 pixels, 10 frames a second) whatever was asked for:
it is the layout that a recording must show, and many recorders share one machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from longtake.emulator.media.participants import Participant
from longtake.emulator.media.picture import Picture, Region
from longtake.emulator.media.playlist import PlaylistEntry, render_playlist
from longtake.emulator.media.slices import Scene, encode_slice, remux_mp4, scaled, snapshot
from longtake.emulator.rooms import Person
from longtake.vendors.agora.emulator import geometry
from longtake.vendors.agora.emulator.takes import Slice, Stage, Track, TrackKey

_FPS = 10
_SINGLE = (320, 180)
"""The picture of a single user, whose video Agora does not transcode."""

MULTIVARIANT = """#EXTM3U
#EXT-X-VERSION:3
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="audio",DEFAULT=YES,AUTOSELECT=YES,URI="{audio}"
#EXT-X-STREAM-INF:BANDWIDTH=500000,AUDIO="audio"
{video}
"""


def encode(cut: Slice, *, video: bool, audio: bool) -> bytes:
    """The MPEG-TS file of a slice; a track of one medium holds just that."""
    kind = cut.track.key.kind
    timeline = [(when, _scene(stage, cut.track.key)) for when, stage in cut.stages]
    return encode_slice(
        timeline,
        cut.start,
        cut.end,
        fps=_FPS,
        video=video and kind != "audio",
        audio=audio and kind != "video",
        first_pts=cut.first_pts,
    )


def playlist(uploaded: Sequence[Slice], *, ended: bool) -> bytes:
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
    return render_playlist(entries, ended=ended).encode()


def combined(audio: Track, video: Track) -> bytes:
    """The ``av`` index of one user: it joins the two other indexes and has no slices itself."""
    names = (track.playlist.rsplit("/", 1)[-1] for track in (audio, video))
    return MULTIVARIANT.format(**dict(zip(("audio", "video"), names, strict=True))).encode()


def mp4(slices: Sequence[bytes]) -> bytes:
    return remux_mp4(slices)


def jpeg(person: Person, at: datetime) -> bytes:
    """A screenshot of one user's video."""
    return snapshot(_portrait(person.user), [_participant(person)], at)


def _tags(cut: Slice) -> tuple[str, ...]:
    kind = cut.track.key.kind
    stamp = cut.start.strftime("%Y%m%d%H%M%S%f")[:17]
    return tuple(
        f"#EXT-X-AGORA-TRACK-EVENT:EVENT=START,TRACK_TYPE={medium.upper()},TIME={stamp}"
        for medium in ("audio", "video")
        if kind in {medium, "audio_and_video"}
    )


def _scene(stage: Stage, key: TrackKey) -> Scene:
    if key.kind == "audio_and_video":
        return Scene(_mixed(stage), tuple(_participant(person) for person in stage.people))
    alone = tuple(_participant(person) for person in stage.people if person.user == key.uid)
    return Scene(None if key.kind == "audio" else _portrait(key.uid), alone)


def _mixed(stage: Stage) -> Picture:
    width, height = scaled(stage.width, stage.height)
    regions = tuple(
        Region(cell.user, cell.x, cell.y, cell.width, cell.height, cell.fit, cell.alpha)
        for cell in geometry.place(stage.layout, stage.people)
    )
    return Picture(width, height, stage.layout.background_color, regions)


def _portrait(user: str) -> Picture:
    return Picture(*_SINGLE, "#000000", (Region(user, 0, 0, 1, 1),))


def _participant(person: Person) -> Participant:
    return Participant(person.user, person.name or person.user, person.audio, person.video)

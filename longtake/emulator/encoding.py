"""Turns takes into bytes: the one place that knows the media code, imported when media is made.

Pictures are drawn small (the longest side 320 pixels, 10 frames a second) whatever was asked for:
it is the layout that a recording must show, and many recorders share one machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from longtake.emulator.media.participants import Participant
from longtake.emulator.media.picture import Picture, Region
from longtake.emulator.media.slices import (
    Scene,
    encode_slice,
    remux_adts,
    remux_mp4,
    scaled,
    snapshot,
    transcode_mp3,
)
from longtake.emulator.rooms import Person
from longtake.emulator.stage import Stage, TrackKey
from longtake.emulator.takes import Slice

_FPS = 10
_SINGLE = (320, 180)
"""The picture of a single user, whose video vendors do not transcode."""


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


def mp4(slices: Sequence[bytes]) -> bytes:
    return remux_mp4(slices)


def aac(slices: Sequence[bytes]) -> bytes:
    return remux_adts(slices)


def mp3(slices: Sequence[bytes]) -> bytes:
    return transcode_mp3(slices)


def jpeg(person: Person, at: datetime) -> bytes:
    """A screenshot of one user's video."""
    return snapshot(_portrait(person.user), [_participant(person)], at)


def _scene(stage: Stage, key: TrackKey) -> Scene:
    if key.source is None:
        return Scene(_mixed(stage), tuple(_participant(person) for person in stage.people))
    alone = tuple(_participant(person) for person in stage.people if person.user == key.source)
    return Scene(None if key.kind == "audio" else _portrait(key.source), alone)


def _mixed(stage: Stage) -> Picture:
    width, height = scaled(stage.width, stage.height)
    regions = tuple(
        Region(cell.user, cell.x, cell.y, cell.width, cell.height, cell.fit, cell.alpha)
        for cell in stage.cells
    )
    return Picture(width, height, stage.background, regions)


def _portrait(source: str) -> Picture:
    return Picture(*_SINGLE, "#000000", (Region(source, 0, 0, 1, 1),))


def _participant(person: Person) -> Participant:
    name = person.name or person.user
    return Participant(person.user, name, person.audio, person.video, person.claps)

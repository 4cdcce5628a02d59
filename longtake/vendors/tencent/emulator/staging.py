"""What a task sees and hears of its room at one moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from longtake.emulator.rooms import Person
from longtake.emulator.stage import Kind, Stage, TrackKey
from longtake.vendors.tencent.emulator import geometry
from longtake.vendors.tencent.emulator.layouts import MixLayoutParams
from longtake.vendors.tencent.emulator.record_params import RecordParams, SubscribeStreamUserIds
from longtake.vendors.tencent.emulator.subscriptions import SentStream, recorded

_KINDS: dict[int, Kind] = {0: "both", 1: "audio", 2: "video"}  # by StreamType


@dataclass(frozen=True)
class Scene:
    """The two groups that Modify replaces."""

    layout: MixLayoutParams
    listed: SubscribeStreamUserIds


def staged(
    params: RecordParams, scene: Scene, canvas: tuple[int, int], people: Sequence[Person]
) -> Stage:
    streams = recorded(params, scene.listed, people)
    if not params.mixed:
        crowd = tuple(stream.as_person() for stream in streams)
        return Stage(*canvas, crowd, _single_tracks(params, streams))
    layout = scene.layout
    cells = geometry.place(layout, canvas, streams)
    crowd = [stream.as_person() for stream in streams]
    known = {person.user for person in crowd}
    empty = {cell.user for cell in cells if cell.user is not None} - known
    crowd += [Person(user=user, audio=False, video=False) for user in sorted(empty)]
    tracks = frozenset({TrackKey(None, _KINDS[params.stream_type])} if streams else ())
    return Stage(*canvas, tuple(crowd), tracks, cells, layout.back_ground_color)


def _single_tracks(params: RecordParams, streams: Sequence[SentStream]) -> frozenset[TrackKey]:
    """Audio and video of a stream apart, or with AvMerge together."""
    if params.av_merge == 1:
        merged = _KINDS[params.stream_type]
        return frozenset(
            TrackKey(s.user, merged if s.stream == "main" else "video", s.stream) for s in streams
        )
    heard = {TrackKey(s.user, "audio", s.stream) for s in streams if s.audio}
    return frozenset(heard | {TrackKey(s.user, "video", s.stream) for s in streams if s.video})

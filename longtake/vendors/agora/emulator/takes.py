"""What a recorder takes: stages in time, cut into the slices of each track."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from longtake.emulator.clock import Clock, Timer
from longtake.emulator.rooms import Person
from longtake.vendors.agora.emulator import naming
from longtake.vendors.agora.emulator.layouts import LayoutFields
from longtake.vendors.agora.emulator.naming import MIXED_UID, FileEntry, Stems, TrackType

_LONGEST_OPEN = timedelta(seconds=120)
"""A slice can stay open longer only where the clock jumped; then just its end becomes media."""

_SHORTEST = timedelta(milliseconds=200)
"""A slice below this is not worth a file: it holds hardly a frame."""


@dataclass(frozen=True)
class Stage:
    """What the recorder sees and hears: the canvas in pixels, the layout and the people."""

    width: int
    height: int
    layout: LayoutFields
    people: tuple[Person, ...]


@dataclass(frozen=True)
class TrackKey:
    """A track of one server: ``uid`` 0 is everybody mixed."""

    uid: str
    kind: TrackType


@dataclass
class Track:
    """One playlist and its slices; ``seconds`` is what the slices hold."""

    stem: str
    key: TrackKey
    slices: list[Slice] = field(default_factory=list["Slice"])
    seconds: float = 0.0

    @property
    def playlist(self) -> str:
        return f"{self.stem}.m3u8"

    @property
    def began(self) -> datetime:
        return self.slices[0].start

    def entry(self) -> FileEntry:
        return FileEntry(self.playlist, self.key.kind, self.key.uid, self.began)


@dataclass(frozen=True)
class Slice:
    """One media file. ``gap``: something is missing between it and the slice before it.

    stages: those in force from ``start`` to ``end``, each with its instant.
    first_pts: seconds of media that precede it in its track.
    """

    track: Track
    name: str
    start: datetime
    end: datetime
    gap: bool
    first: bool
    first_pts: float
    stages: tuple[tuple[datetime, Stage], ...]

    @property
    def seconds(self) -> float:
        return (self.end - self.start).total_seconds()


Layering = Literal["mixed", "individual"]


class Takes:
    """Follows the stage and cuts slices; ``on_cut`` gets those that end at one instant.

    on_track: told of a track that begins to receive media, with the end of what it got before (or
    else the present), and of one that ceases to, with None.
    """

    def __init__(
        self,
        clock: Clock,
        stems: Stems,
        layering: Layering,
        slice_seconds: float,
        *,
        on_cut: Callable[[Sequence[Slice]], None],
        on_track: Callable[[TrackKey, datetime | None], None],
    ) -> None:
        self._clock = clock
        self._stems = stems
        self._layering = layering
        self._slice = slice_seconds
        self._on_cut = on_cut
        self._on_track = on_track
        self._timeline: list[tuple[datetime, Stage]] = []
        self._live: frozenset[TrackKey] = frozenset()
        self._opened: datetime | None = None
        self._timer: Timer | None = None
        self._resumed: set[TrackKey] = set()
        self.tracks: dict[tuple[int, TrackKey], Track] = {}

    @property
    def generation(self) -> int:
        return self._stems.generation

    def show(self, stage: Stage | None) -> None:
        """The stage from now on; None while nothing is recorded at all."""
        now = self._clock.now()
        live = self._keys(stage)
        if live != self._live:
            self._cut(now)
            self._tell(live)
        if stage is not None:
            self._timeline.append((now, stage))
        if live and self._opened is None:
            self._open(now)

    def move(self, stems: Stems) -> None:
        """Go on under other names, on another server."""
        self._stems = stems

    def _keys(self, stage: Stage | None) -> frozenset[TrackKey]:
        if stage is None:
            return frozenset()
        if self._layering == "mixed":
            audio = any(person.audio for person in stage.people)
            video = any(person.video for person in stage.people)
            kind: TrackType = "audio_and_video"
            return frozenset({TrackKey(MIXED_UID, kind)}) if audio or video else frozenset()
        heard = {TrackKey(p.user, "audio") for p in stage.people if p.audio}
        return frozenset(heard | {TrackKey(p.user, "video") for p in stage.people if p.video})

    def _tell(self, live: frozenset[TrackKey]) -> None:
        gone, came = self._live - live, live - self._live
        self._live = live
        self._resumed |= came
        for key in sorted(gone, key=str):
            self._on_track(key, None)
        for key in sorted(came, key=str):
            self._on_track(key, self._last_end(key))

    def _last_end(self, key: TrackKey) -> datetime:
        earlier = (t.slices[-1].end for (_, k), t in self.tracks.items() if k == key)
        return max(earlier, default=self._clock.now())

    def _open(self, now: datetime) -> None:
        self._opened = now
        self._timer = self._clock.at(self._clock.next_round(self._slice), self._periodic)

    def _periodic(self) -> None:
        now = self._clock.now()
        self._cut(now)
        self._open(now)

    def _cut(self, now: datetime) -> None:
        if self._opened is None:
            return
        start, self._opened = self._opened, None
        if self._timer is not None:
            self._timer.cancel()
        if now - start > _LONGEST_OPEN:
            start = now - timedelta(seconds=self._slice)
        if now - start >= _SHORTEST:
            stages = self._stages(start)
            cut = [self._slice_of(key, start, now, stages) for key in sorted(self._live, key=str)]
            self._on_cut(cut)
        self._timeline = self._timeline[-1:]

    def _stages(self, start: datetime) -> tuple[tuple[datetime, Stage], ...]:
        """The timeline from the stage in force at ``start`` on."""
        before = [index for index, (when, _) in enumerate(self._timeline) if when <= start]
        return tuple(self._timeline[before[-1] if before else 0 :])

    def _slice_of(
        self,
        key: TrackKey,
        start: datetime,
        end: datetime,
        stages: tuple[tuple[datetime, Stage], ...],
    ) -> Slice:
        track = self._track(key)
        gap = bool(track.slices) and track.slices[-1].end != start
        first = key in self._resumed
        self._resumed.discard(key)
        name = naming.at(track.stem, start, "ts")
        cut = Slice(track, name, start, end, gap, first, track.seconds, stages)
        track.slices.append(cut)
        track.seconds += cut.seconds
        return cut

    def _track(self, key: TrackKey) -> Track:
        place = (self._stems.generation, key)
        if place not in self.tracks:
            mixed = key.uid == MIXED_UID
            token: Literal["audio", "video"] = "video" if key.kind == "video" else "audio"
            stem = self._stems.mixed if mixed else self._stems.of_user(key.uid, token)
            self.tracks[place] = Track(stem, key)
        return self.tracks[place]

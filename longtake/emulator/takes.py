"""What a recorder takes: stages in time, cut into the slices of each track."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from longtake.emulator.clock import Clock, Timer
from longtake.emulator.stage import Stage, TrackKey
from longtake.emulator.stamps import digits17

_LONGEST_OPEN = timedelta(seconds=120)
"""A slice can stay open longer only where the clock jumped; then just its end becomes media."""

_SHORTEST = timedelta(milliseconds=200)
"""A slice below this is not worth a file: it holds hardly a frame."""

StemOf = Callable[[int, TrackKey], str]
"""The object key of a track's playlist, without ``.m3u8``; slices add their begin to it. The
number is the generation: how many times the recorder has moved to another server."""


@dataclass
class Track:
    """One playlist and its slices; ``seconds`` is what the slices hold."""

    stem: str
    key: TrackKey
    generation: int
    slices: list[Slice] = field(default_factory=list["Slice"])
    seconds: float = 0.0

    @property
    def playlist(self) -> str:
        return f"{self.stem}.m3u8"

    @property
    def began(self) -> datetime:
        return self.slices[0].start


@dataclass(frozen=True)
class Slice:
    """One media file. ``gap``: something is missing between it and the slice before it.

    stages: those in force from ``start`` to ``end``, each with its instant.
    first: the track began or resumed with it. first_pts: seconds of its track before it.
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


def name_by_begin(track: Track, start: datetime) -> str:
    return f"{track.stem}_{digits17(start)}.ts"


class Takes:
    """Follows the stage and cuts slices; ``on_cut`` gets those that end at one instant.

    name_of: the object key of a track's next slice, by its begin.
    on_track: told of a track that begins to receive media, with the end of what it got before (or
    else the present), and of one that ceases to, with None.
    """

    def __init__(
        self,
        clock: Clock,
        stem_of: StemOf,
        slice_seconds: float,
        *,
        on_cut: Callable[[Sequence[Slice]], None],
        on_track: Callable[[TrackKey, datetime | None], None] | None = None,
        name_of: Callable[[Track, datetime], str] = name_by_begin,
    ) -> None:
        self._clock = clock
        self._stem_of = stem_of
        self._slice = slice_seconds
        self._on_cut = on_cut
        self._on_track = on_track
        self._name_of = name_of
        self._timeline: list[tuple[datetime, Stage]] = []
        self._live: frozenset[TrackKey] = frozenset()
        self._opened: datetime | None = None
        self._timer: Timer | None = None
        self._resumed: set[TrackKey] = set()
        self._by_place: dict[tuple[int, TrackKey], Track] = {}
        self.generation = 0

    @property
    def tracks(self) -> list[Track]:
        """Those with a slice, in the order of their first."""
        return list(self._by_place.values())

    def show(self, stage: Stage | None) -> None:
        """The stage from now on; None while nothing is recorded at all."""
        now = self._clock.now()
        live = stage.tracks if stage is not None else frozenset[TrackKey]()
        if live != self._live:
            self._cut(now)
            self._change(live)
        if stage is not None:
            self._timeline.append((now, stage))
        if live and self._opened is None:
            self._open(now)

    def move(self) -> None:
        """Go on under other names, on another server."""
        self.generation += 1

    def _change(self, live: frozenset[TrackKey]) -> None:
        gone, came = self._live - live, live - self._live
        self._live = live
        self._resumed |= came
        if self._on_track is None:
            return
        for key in sorted(gone, key=str):
            self._on_track(key, None)
        for key in sorted(came, key=str):
            self._on_track(key, self._last_end(key))

    def _last_end(self, key: TrackKey) -> datetime:
        earlier = (track.slices[-1].end for track in self.tracks if track.key == key)
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
        name = self._name_of(track, start)
        cut = Slice(track, name, start, end, gap, first, track.seconds, stages)
        track.slices.append(cut)
        track.seconds += cut.seconds
        return cut

    def _track(self, key: TrackKey) -> Track:
        place = (self.generation, key)
        if place not in self._by_place:
            self._by_place[place] = Track(self._stem_of(*place), key, self.generation)
        return self._by_place[place]

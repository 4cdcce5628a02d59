"""Brings what was taken to the customer's bucket, late or not at all where a fault says so."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from longtake.emulator.clock import Clock
from longtake.emulator.store import ObjectStore
from longtake.emulator.takes import Slice, Track

if TYPE_CHECKING:
    from types import ModuleType

Outcome = Literal["uploaded", "backed_up", "failed"]


class Shelf:
    """One bucket; without a store, files are only named. ``on_file`` hears of each write."""

    def __init__(
        self, store: ObjectStore | None, bucket: str, on_file: Callable[[str], None]
    ) -> None:
        self._store, self._bucket, self._on_file = store, bucket, on_file

    async def write(self, name: str, make: Callable[[], bytes]) -> None:
        if self._store is not None:
            content = self._store.placeholder(name) or await asyncio.to_thread(make)
            self._store.put(self._bucket, name, content)
        self._on_file(name)

    def read(self, name: str) -> bytes:
        assert self._store is not None  # noqa: S101 - write asks for bytes only with a store
        return self._store.get(self._bucket, name)


@dataclass(frozen=True)
class Pace:
    """In seconds. upload: from the end of a slice to its presence in the bucket.

    retry: between two tries of an upload that the bucket refuses.
    patience: after the recording, when such an upload is given up.
    """

    upload: float
    retry: float
    patience: float


@dataclass(frozen=True)
class UploadNews:
    """Who is told of what.

    refused: of each upload that the bucket refuses. detoured: of each that goes to the vendor's
    backup first. done: once, when everything is where it belongs, is in the backup, or is given
    up. recovered: when after that the backup is empty.
    """

    refused: Callable[[], None]
    detoured: Callable[[], None]
    done: Callable[[], None]
    recovered: Callable[[], None]


@dataclass
class Job:
    """Something to upload: in time, or late by way of the backup."""

    upload: Callable[[], Awaitable[None]]
    upload_late: Callable[[], Awaitable[None]]
    refused: bool = False


class Uploads(ABC):
    """The uploader of one recording. A vendor's own overrides the hooks at the end.

    refused: the bucket refuses the keys. done: set together with ``outcome``.
    present: the slices in the bucket, by name.
    """

    def __init__(self, clock: Clock, shelf: Shelf, pace: Pace, news: UploadNews) -> None:
        self._clock, self._shelf, self._pace, self._news = clock, shelf, pace, news
        self._one_at_a_time = asyncio.Lock()
        self._waiting = self._in_backup = 0
        self._detoured = False
        self._stalled_until: datetime | None = None
        self._to_backup = False
        self.cut: list[Slice] = []
        self.present: dict[str, Slice] = {}
        self.closed = self.refused = False
        self.done = asyncio.Event()
        self.outcome: Outcome | None = None

    @property
    def stuck(self) -> bool:
        """Whether something is in the backup."""
        return self._in_backup > 0

    def add(self, cut: Sequence[Slice]) -> None:
        self.cut += cut
        self._enqueue(Job(lambda: self._upload(cut), lambda: self._upload_late(cut)))

    def stall(self, seconds: float, *, backup: bool) -> None:
        """Upload nothing for ``seconds``; with ``backup``, to the vendor's own store meanwhile."""
        self._stalled_until = self._clock.now() + timedelta(seconds=seconds)
        self._to_backup = backup

    def close(self) -> None:
        """No more slices come; ``done`` is set once everything is where it belongs."""
        self.closed = True
        if not self._waiting:
            self._clock.after(0, self._finish)
        elif self.refused:
            self._clock.after(self._pace.patience, lambda: self._settle("failed"))

    # -- when ------------------------------------------------------------------------------------

    def _enqueue(self, job: Job) -> None:
        self._waiting += 1
        self._clock.after(self._pace.upload, lambda: self._due(job))

    async def _due(self, job: Job) -> None:
        if self.done.is_set():
            return
        if self.refused:
            self._refuse(job)
            return
        stalled = self._stalled_until
        if stalled is None or self._clock.now() >= stalled:
            await job.upload()
        elif self._to_backup:
            self._detour(job, stalled)
        else:
            self._clock.at(stalled, lambda: self._due(job))
            return
        self._waiting -= 1
        if self.closed and not self._waiting:
            await self._finish()

    def _refuse(self, job: Job) -> None:
        """Say so once, and try again in case better keys come."""
        if not job.refused:
            job.refused = True
            self._news.refused()
        self._clock.at(self._clock.next_round(self._pace.retry), lambda: self._due(job))

    def _detour(self, job: Job, until: datetime) -> None:
        async def recover() -> None:
            await job.upload_late()
            self._in_backup -= 1
            if self.done.is_set() and not self._in_backup:
                self._news.recovered()

        self._detoured = True
        self._in_backup += 1
        self._news.detoured()
        self._clock.at(until, recover)

    async def _finish(self) -> None:
        if self.done.is_set():
            return
        async with self._one_at_a_time:
            for track in tracks_of(self.present.values()):
                await self._index(track, track.playlist, ended=True)
            await self.finishing()
        self._settle("backed_up" if self._detoured else "uploaded")

    def _settle(self, outcome: Outcome) -> None:
        if not self.done.is_set():
            self.outcome = outcome
            self.done.set()
            self._news.done()

    # -- what ------------------------------------------------------------------------------------

    async def _upload(self, cut: Sequence[Slice]) -> None:
        async with self._one_at_a_time:
            await self._write_slices(cut)
            for track in tracks_of(cut):
                await self._index(track, track.playlist, ended=False)
            await self.uploaded(cut)

    async def _upload_late(self, cut: Sequence[Slice]) -> None:
        async with self._one_at_a_time:
            await self._write_slices(cut)
            for track in tracks_of(cut):
                await self._index(track, self.late_playlist(track), ended=self.closed)
            await self.uploaded_late(cut)

    async def _write_slices(self, cut: Sequence[Slice]) -> None:
        for piece in cut:
            await self._shelf.write(piece.name, lambda piece=piece: self.encode(piece))
            self.present[piece.name] = piece

    async def _index(self, track: Track, name: str, *, ended: bool) -> None:
        pieces = [piece for piece in track.slices if piece.name in self.present]
        await self._shelf.write(name, lambda: self.playlist(track, pieces, ended=ended).encode())

    # -- the vendor's ----------------------------------------------------------------------------

    @abstractmethod
    def encode(self, piece: Slice) -> bytes:
        """The bytes of a slice."""

    @abstractmethod
    def playlist(self, track: Track, pieces: Sequence[Slice], *, ended: bool) -> str:
        """The text of a playlist with these slices of its track."""

    def late_playlist(self, track: Track) -> str:
        """The name of the playlist that comes out of the backup."""
        return track.playlist

    async def uploaded(self, cut: Sequence[Slice]) -> None:  # noqa: B027 - a vendor may leave it
        """These slices and their playlists are there."""

    async def uploaded_late(self, cut: Sequence[Slice]) -> None:  # noqa: B027 - a vendor may leave it
        """These slices and their playlists have come out of the backup."""

    async def finishing(self) -> None:  # noqa: B027 - a vendor may leave it
        """All that can be there is there: the last files before the end of the uploads."""


def tracks_of(cut: Iterable[Slice]) -> list[Track]:
    return list({id(piece.track): piece.track for piece in cut}.values())


def parts(pieces: Sequence[Slice], limit: float) -> list[list[Slice]]:
    """The slices of each film: a new one begins once ``limit`` seconds are held."""
    found: list[list[Slice]] = []
    held = limit
    for piece in pieces:
        if held >= limit:
            found.append([])
            held = 0.0
        found[-1].append(piece)
        held += piece.seconds
    return found


def codec() -> ModuleType:
    """The encoder, imported only where media is made: without it no codec is needed."""
    from longtake.emulator import encoding  # noqa: PLC0415

    return encoding

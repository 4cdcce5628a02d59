"""Brings what was taken to the customer's bucket, late or not at all where a fault says so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from longtake.emulator.clock import Clock
from longtake.emulator.rooms import Person
from longtake.emulator.store import ObjectStore
from longtake.vendors.agora.emulator.naming import MIXED_UID, FileEntry
from longtake.vendors.agora.emulator.notices import milliseconds
from longtake.vendors.agora.emulator.options import Timings
from longtake.vendors.agora.emulator.takes import Slice, Track

if TYPE_CHECKING:
    from types import ModuleType

UploadingStatus = Literal["uploaded", "backuped", "unknown"]


@dataclass(frozen=True)
class Output:
    """What the recording asked for.

    mp4_seconds: after how much media a new MP4 begins; None without MP4.
    combined: individual recording's ``standard`` mode: an index per user over audio and video.
    """

    bucket: str
    video: bool
    audio: bool
    mp4_seconds: float | None
    combined: bool


@dataclass
class _Job:
    """Something to upload: in time, or late by way of the backup."""

    upload: Callable[[], Awaitable[None]]
    upload_late: Callable[[], Awaitable[None]]
    refused: bool = False


class Uploads:
    """The uploader of one recording.

    on_file: told each object key when it first appears in the bucket.
    on_first: told once, when the first playlist is there.
    on_refused: told of each upload that the bucket refuses.
    on_detour: told of each upload that goes to Agora's backup first.
    on_done: told once, when everything is where it belongs or is given up.
    """

    def __init__(
        self,
        clock: Clock,
        store: ObjectStore | None,
        timings: Timings,
        output: Output,
        *,
        on_file: Callable[[str], None],
        on_first: Callable[[], None],
        on_refused: Callable[[], None],
        on_detour: Callable[[], None],
        on_done: Callable[[], None],
    ) -> None:
        self._clock, self._store, self._timings, self._output = clock, store, timings, output
        self._on_file, self._on_first, self._on_refused = on_file, on_first, on_refused
        self._on_detour, self._on_done = on_detour, on_done
        self._one_at_a_time = asyncio.Lock()
        self._cut: list[Slice] = []
        self._present: dict[str, Slice] = {}
        self._waiting = self._snapshots = 0
        self._closed = self._detoured = False
        self._stalled_until: datetime | None = None
        self._to_backup = False
        self._media: ModuleType | None = None
        self.refused = False
        self.entries: list[FileEntry] = []
        self.first_at: datetime | None = None
        self.done = asyncio.Event()
        self.status: UploadingStatus = "unknown"

    @property
    def has_data(self) -> bool:
        return bool(self._cut or self._snapshots)

    @property
    def progress(self) -> int:
        """In ten thousandths of the slices."""
        known = len(self._cut)
        return 10_000 * len(self._present) // known if known else 0

    def add(self, cut: Sequence[Slice]) -> None:
        self._cut += cut
        self._enqueue(_Job(lambda: self._upload(cut), lambda: self._upload_late(cut)))

    def add_snapshot(self, name: str, person: Person, at: datetime) -> None:
        """A screenshot of a user's video: on its own, with no playlist."""

        async def write() -> None:
            await self._write(name, lambda: self._codec().jpeg(person, at))
            self.first_at = self.first_at or self._clock.now()

        self._snapshots += 1
        self._enqueue(_Job(write, write))

    def stall(self, seconds: float, *, backup: bool) -> None:
        """Upload nothing for ``seconds``; with ``backup``, to Agora's own store meanwhile."""
        self._stalled_until = self._clock.now() + timedelta(seconds=seconds)
        self._to_backup = backup

    def close(self) -> None:
        """No more slices come; ``done`` is set once everything is where it belongs."""
        self._closed = True
        if not self._waiting:
            self._clock.after(0, self._finish)
        elif self.refused:
            self._clock.after(self._timings.upload_patience, lambda: self._settle("unknown"))

    # -- when ------------------------------------------------------------------------------------

    def _enqueue(self, job: _Job) -> None:
        self._waiting += 1
        self._clock.after(self._timings.upload, lambda: self._due(job))

    async def _due(self, job: _Job) -> None:
        if self.done.is_set():
            return
        if self.refused:
            self._refuse(job)
            return
        stalled = self._stalled_until
        if stalled is None or self._clock.now() >= stalled:
            await job.upload()
        elif self._to_backup:
            self._detoured = True
            self._on_detour()
            self._clock.at(stalled, job.upload_late)
        else:
            self._clock.at(stalled, lambda: self._due(job))
            return
        self._waiting -= 1
        if self._closed and not self._waiting:
            await self._finish()

    def _refuse(self, job: _Job) -> None:
        """Say so once, and try again in case an update brings better keys."""
        if not job.refused:
            job.refused = True
            self._on_refused()
        self._clock.at(self._clock.next_round(self._timings.slice), lambda: self._due(job))

    async def _finish(self) -> None:
        if self.done.is_set():
            return
        async with self._one_at_a_time:
            for track in _tracks(self._present.values()):
                await self._index(track, track.playlist, ended=True)
            if self._output.mp4_seconds is not None:
                await self._write_films(self._output.mp4_seconds)
        self._settle("backuped" if self._detoured else "uploaded")

    def _settle(self, status: UploadingStatus) -> None:
        if not self.done.is_set():
            self.status = status
            self.done.set()
            self._on_done()

    # -- what ------------------------------------------------------------------------------------

    async def _upload(self, cut: Sequence[Slice]) -> None:
        async with self._one_at_a_time:
            await self._write_slices(cut)
            for track in _tracks(cut):
                await self._index(track, track.playlist, ended=False)
                self._list(track.entry())
            if self._output.combined:
                await self._combine(cut)
            if self.first_at is None and cut:
                self.first_at = self._clock.now()
                self._on_first()

    async def _upload_late(self, cut: Sequence[Slice]) -> None:
        """Out of the backup: its playlist has a name of its own, slices and MP4 keep theirs."""
        async with self._one_at_a_time:
            await self._write_slices(cut)
            for track in _tracks(cut):
                tick = milliseconds(self._clock.now())
                await self._index(track, f"{track.stem}_{tick}_0.m3u8", ended=self._closed)
            if self._output.mp4_seconds is not None and self.done.is_set():
                await self._write_films(self._output.mp4_seconds)

    async def _write_slices(self, cut: Sequence[Slice]) -> None:
        for piece in cut:
            await self._write(piece.name, lambda piece=piece: self._encode(piece))
            self._present[piece.name] = piece

    async def _write_films(self, limit: float) -> None:
        """The MP4 files, listed before the playlist; those with slices in the backup come later."""
        names: list[FileEntry] = []
        for track in _tracks(self._cut):
            for index, part in enumerate(_films(track, limit)):
                name = f"{track.stem}_{index}.mp4"
                names.append(FileEntry(name, track.key.kind, MIXED_UID, part[0].start))
                if all(piece.name in self._present for piece in part):
                    await self._write(name, lambda part=part: self._join(part))
        known = {entry.name for entry in self.entries}
        self.entries[:0] = [entry for entry in names if entry.name not in known]

    async def _combine(self, cut: Sequence[Slice]) -> None:
        known = {(s.track.key.uid, s.track.key.kind): s.track for s in self._present.values()}
        for uid in {piece.track.key.uid for piece in cut}:
            audio, video = known.get((uid, "audio")), known.get((uid, "video"))
            if audio and video:
                name = video.playlist.replace("__uid_e_video", "__uid_e_av")
                await self._write(name, lambda a=audio, v=video: self._codec().combined(a, v))
                self._list(FileEntry(name, "audio_and_video", uid, video.began))

    async def _index(self, track: Track, name: str, *, ended: bool) -> None:
        pieces = [piece for piece in track.slices if piece.name in self._present]
        await self._write(name, lambda: self._codec().playlist(pieces, ended=ended))

    async def _write(self, name: str, make: Callable[[], bytes]) -> None:
        if self._store is not None:
            content = await asyncio.to_thread(make)
            self._store.put(self._output.bucket, name, content)
        self._on_file(name)

    def _encode(self, piece: Slice) -> bytes:
        return self._codec().encode(piece, video=self._output.video, audio=self._output.audio)

    def _join(self, part: Sequence[Slice]) -> bytes:
        assert self._store is not None  # noqa: S101 - _write asks for bytes only with a store
        store = self._store
        return self._codec().mp4([store.get(self._output.bucket, s.name) for s in part])

    def _list(self, entry: FileEntry) -> None:
        if entry.name not in {known.name for known in self.entries}:
            self.entries.append(entry)

    def _codec(self) -> ModuleType:
        """The encoder, imported only where media is made: without it no codec is needed."""
        if self._media is None:
            from longtake.vendors.agora.emulator import encoding  # noqa: PLC0415

            self._media = encoding
        return self._media


def _films(track: Track, limit: float) -> list[list[Slice]]:
    """The slices of each MP4: a new one begins once ``limit`` seconds are held."""
    parts: list[list[Slice]] = []
    held = limit
    for piece in track.slices:
        if held >= limit:
            parts.append([])
            held = 0.0
        parts[-1].append(piece)
        held += piece.seconds
    return parts


def _tracks(cut: Iterable[Slice]) -> list[Track]:
    return list({id(piece.track): piece.track for piece in cut}.values())

"""Recordings of single streams as vendors leave them, made by the emulator's media code."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import numpy as np

from longtake.domain.files import FileKind, StoredFile, Stream, Track
from longtake.domain.material import Material
from longtake.domain.merging import MergeOptions, MergeResult
from longtake.domain.ports import StoredObject
from longtake.emulator.media.participants import Participant
from longtake.emulator.media.picture import Picture, Region
from longtake.emulator.media.playlist import PlaylistEntry, render_playlist
from longtake.emulator.media.slices import Scene, encode_slice
from longtake.media.merge.merger import Merger

BEGIN = datetime(2026, 11, 30, 10, 0, 0, tzinfo=UTC)
FPS = 25
FRAME = 1 / FPS


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


@lru_cache(maxsize=64)
def slice_of(
    user: str,
    kind: Track,
    at: float,
    length: float,
    *,
    first_pts: float = 0.0,
    size: tuple[int, int] = (96, 54),
) -> bytes:
    """A clapping user from `at` seconds after BEGIN on, as MPEG-TS."""
    who = Participant(user, user, audio=True, video=True, claps=True)
    picture = Picture(*size, "#000000", (Region(user, 0, 0, 1, 1),))
    start = BEGIN + seconds(at)
    return encode_slice(
        [(start, Scene(picture, (who,)))],
        start,
        start + seconds(length),
        fps=FPS,
        video=kind != "audio",
        audio=kind != "video",
        first_pts=first_pts,
    )


class Shelf:
    """An object store in memory."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.reads: list[str] = []
        self.fails: dict[str, Exception] = {}

    async def list(self, prefix: str) -> AsyncIterator[StoredObject]:
        for key, content in sorted(self.objects.items()):
            if key.startswith(prefix):
                yield StoredObject(key=key, size=len(content), modified=BEGIN)

    async def read(self, key: str) -> bytes:
        self.reads.append(key)
        if key in self.fails:
            raise self.fails[key]
        if key not in self.objects:
            raise FileNotFoundError(key)
        return self.objects[key]

    async def read_range(self, key: str, start: int, length: int) -> bytes:
        return (await self.read(key))[start : start + length]

    async def create(self, key: str, content: bytes | Path) -> bool:
        if key in self.objects:
            return False
        whole = (
            content if isinstance(content, bytes) else await asyncio.to_thread(content.read_bytes)
        )
        self.objects[key] = whole
        return True

    async def delete(self, *keys: str) -> None:
        raise AssertionError("a merge deletes nothing")


@dataclass
class Recorded:
    """What lies in the bucket, and what each file is."""

    shelf: Shelf = field(default_factory=Shelf)
    files: list[StoredFile] = field(default_factory=list[StoredFile])

    def track(
        self,
        user: str,
        kind: Track,
        slices: Iterable[tuple[float, float]],
        *,
        stream: Stream = "primary",
        part: str = "",
        first_pts: float = 0.0,
        dated: bool = True,
        size: tuple[int, int] = (96, 54),
    ) -> list[str]:
        """Store a playlist and its slices, each (begin, length) in seconds; gives their keys.

        Stamps run on through pauses, as recorders' do. `dated`: names tell each slice's own time.
        """
        name = f"{part and part + '_'}room_{user}_{stream}_{kind}"
        stem = f"task/{name}"
        slices = list(slices)
        keys, entries, pts = list[str](), list[PlaylistEntry](), first_pts
        began = BEGIN + seconds(slices[0][0])
        for number, (at, length) in enumerate(slices):
            key = f"{stem}_{number}.ts"
            gap = number > 0 and sum(slices[number - 1]) != at
            own = BEGIN + seconds(at) if dated else began
            self.put(
                key, slice_of(user, kind, at, length, first_pts=pts, size=size), "segment", own
            )
            self._describe(user, kind, stream, part)
            entries.append(PlaylistEntry(f"{name}_{number}.ts", length, gap))
            keys.append(key)
            pts += length
        text = render_playlist(entries, ended=True)
        self.put(f"{stem}.m3u8", text.encode(), "playlist", began)
        self._describe(user, kind, stream, part)
        return keys

    def put(self, key: str, content: bytes, kind: FileKind, at: datetime | None) -> None:
        self.shelf.objects[key] = content
        self.files.append(
            StoredFile(key=key, kind=kind, begins_at=at, size=len(content), segment=1)
        )

    def _describe(self, user: str, kind: Track, stream: Stream, part: str) -> None:
        told = {"user": user, "track": kind, "stream": stream, "part": part}
        self.files[-1] = self.files[-1].model_copy(update=told)

    def remove(self, key: str) -> None:
        """As if it had never come, or somebody had deleted it."""
        del self.shelf.objects[key]
        self.files = [file for file in self.files if file.key != key]

    def replace(self, key: str, content: bytes) -> None:
        self.shelf.objects[key] = content
        self.files = [
            file.model_copy(update={"size": len(content)}) if file.key == key else file
            for file in self.files
        ]

    @property
    def material(self) -> Material:
        return Material(self.shelf, self.shelf, self.files, lambda text: None, "session")

    async def merged(
        self, work: Path, *, merger: Merger | None = None, **options: Any
    ) -> MergeResult:
        """Plan and make everything."""
        merger = merger or Merger(work)
        given = MergeOptions.model_validate(options)
        plan = await merger.plan(self.material, given)
        made = [
            await merger.make(self.material, given, plan.folder, each.name, lambda _: None)
            for each in plan.files
        ]
        return MergeResult.of(plan, made)

    def played(self, result: MergeResult) -> list[Seen]:
        """What a player makes of each merged file."""
        return [played(self.shelf.objects[file.key]) for file in result.files]


@dataclass(frozen=True)
class Seen:
    """What a player sees and hears of a merged file; times in seconds."""

    flashes: list[float]
    beeps: list[float]
    pictures: list[float]
    black: list[float]
    size: tuple[int, int]
    sounds: float
    """When its sound ends."""


def played(content: bytes) -> Seen:
    """Decode a merged file as a player does."""
    with av.open(BytesIO(content), "r") as container:
        has_video = bool(container.streams.video)
        has_audio = bool(container.streams.audio)
    flashes, black, pictures, size = list[float](), list[float](), list[float](), (0, 0)
    if has_video:
        was = False
        with av.open(BytesIO(content), "r") as container:
            for frame in container.decode(video=0):
                middle = frame.to_ndarray(format="gray")
                light = middle[middle.shape[0] // 2, middle.shape[1] // 2]
                pictures.append(float(frame.time or 0))
                size = frame.width, frame.height
                if light > 230 and not was:
                    flashes.append(float(frame.time or 0))
                if light < 20:
                    black.append(float(frame.time or 0))
                was = light > 230
    beeps, end = list[float](), 0.0
    if has_audio:
        beeps, end = _beeps(content)
    return Seen(flashes, beeps, pictures, black, size, end)


def _beeps(content: bytes) -> tuple[list[float], float]:
    """When the sound becomes louder than any user's own tone, by the stamps of its frames."""
    found, quiet, end = list[float](), 1.0, 0.0
    with av.open(BytesIO(content), "r") as container:
        for frame in container.decode(audio=0):
            samples = np.abs(frame.to_ndarray()[0])
            loud = samples > 0.35
            for index in np.flatnonzero(loud):
                at = float(frame.time or 0) + index / frame.sample_rate
                if not found or at - quiet > 0.3:
                    found.append(at)
                quiet = at
            end = float(frame.time or 0) + samples.size / frame.sample_rate
    return found, end


def apart(seen: Seen) -> float:
    """The largest distance of a beep from its flash, in seconds."""
    assert seen.flashes
    assert seen.beeps
    return max(min(abs(beep - flash) for beep in seen.beeps) for flash in seen.flashes)

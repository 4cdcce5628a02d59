"""Agora's uploader: beside slices and playlists it writes screenshots, MP4 files and ``av``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from longtake.emulator.clock import Clock
from longtake.emulator.rooms import Person
from longtake.emulator.stage import TrackKey
from longtake.emulator.stamps import digits17, milliseconds
from longtake.emulator.takes import Slice, Track
from longtake.emulator.uploads import (
    Job,
    Pace,
    Shelf,
    UploadNews,
    Uploads,
    codec,
    parts,
    tracks_of,
)
from longtake.vendors.agora.emulator import playlists
from longtake.vendors.agora.emulator.naming import MIXED_UID, FileEntry

UploadingStatus = Literal["uploaded", "backuped", "unknown"]


@dataclass(frozen=True)
class Output:
    """What the recording asked for.

    mp4_seconds: after how much media a new MP4 begins; None without MP4.
    combined: individual recording's ``standard`` mode: an index per user over audio and video.
    """

    video: bool
    audio: bool
    mp4_seconds: float | None
    combined: bool


class AgoraUploads(Uploads):
    """The uploader of one Agora recording; ``on_first``: the first playlist is there."""

    def __init__(
        self,
        clock: Clock,
        shelf: Shelf,
        pace: Pace,
        news: UploadNews,
        *,
        output: Output,
        on_first: Callable[[], None],
    ) -> None:
        super().__init__(clock, shelf, pace, news)
        self._output, self._on_first = output, on_first
        self._snapshots = 0
        self.entries: list[FileEntry] = []
        self.first_at: datetime | None = None

    @property
    def has_data(self) -> bool:
        return bool(self.cut or self._snapshots)

    @property
    def progress(self) -> int:
        """In ten thousandths of the slices."""
        known = len(self.cut)
        return 10_000 * len(self.present) // known if known else 0

    @property
    def status(self) -> UploadingStatus:
        """``uploadingStatus`` as answers tell it."""
        if self.outcome is None or self.outcome == "failed":
            return "unknown"
        return "backuped" if self.outcome == "backed_up" else "uploaded"

    def add_snapshot(self, stem: str, person: Person, at: datetime) -> str:
        """A screenshot of a user's video, on its own, with no playlist; its name."""
        name = f"{stem}_{digits17(at)}.jpg"

        async def write() -> None:
            await self._shelf.write(name, lambda: codec().jpeg(person, at))
            self.first_at = self.first_at or self._clock.now()

        self._snapshots += 1
        self._enqueue(Job(write, write))
        return name

    # -- hooks -----------------------------------------------------------------------------------

    def encode(self, piece: Slice) -> bytes:
        return codec().encode(piece, video=self._output.video, audio=self._output.audio)

    def playlist(self, track: Track, pieces: Sequence[Slice], *, ended: bool) -> str:  # noqa: ARG002
        return playlists.playlist(pieces, ended=ended)

    def late_playlist(self, track: Track) -> str:
        """Slices and MP4 keep their names, the playlist does not."""
        return f"{track.stem}_{milliseconds(self._clock.now())}_0.m3u8"

    async def uploaded(self, cut: Sequence[Slice]) -> None:
        for track in tracks_of(cut):
            self._list(FileEntry.of(track))
        if self._output.combined:
            await self._combine(cut)
        if self.first_at is None and cut:
            self.first_at = self._clock.now()
            self._on_first()

    async def uploaded_late(self, cut: Sequence[Slice]) -> None:  # noqa: ARG002
        if self.done.is_set():
            await self.finishing()

    async def finishing(self) -> None:
        """The MP4 files, listed before the playlist; those with slices in the backup come later."""
        if self._output.mp4_seconds is None:
            return
        names: list[FileEntry] = []
        for track in tracks_of(self.cut):
            for index, part in enumerate(parts(track.slices, self._output.mp4_seconds)):
                name = f"{track.stem}_{index}.mp4"
                names.append(FileEntry(name, track.key.kind, MIXED_UID, part[0].start))
                if all(piece.name in self.present for piece in part):
                    await self._shelf.write(name, lambda part=part: self._film(part))
        known = {entry.name for entry in self.entries}
        self.entries[:0] = [entry for entry in names if entry.name not in known]

    def _film(self, part: Sequence[Slice]) -> bytes:
        return codec().mp4([self._shelf.read(piece.name) for piece in part])

    async def _combine(self, cut: Sequence[Slice]) -> None:
        known = {piece.track.key: piece.track for piece in self.present.values()}
        for user in {piece.track.key.user for piece in cut}:
            audio = known.get(TrackKey(user, "audio"))
            video = known.get(TrackKey(user, "video"))
            if audio and video and user:
                name = video.playlist.replace("__uid_e_video", "__uid_e_av")
                text = playlists.combined(audio, video).encode()
                await self._shelf.write(name, lambda text=text: text)
                self._list(FileEntry(name, "both", user, video.began))

    def _list(self, entry: FileEntry) -> None:
        if entry.name not in {known.name for known in self.entries}:
            self.entries.append(entry)

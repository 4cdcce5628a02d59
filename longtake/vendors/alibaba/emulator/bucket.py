"""Delivery to a bucket: HLS while recording, MP4 and MP3 of each file once it is whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

from longtake.emulator.media.playlist import PlaylistEntry, PlaylistStyle, render_playlist
from longtake.emulator.stage import Stage, TrackKey
from longtake.emulator.takes import Slice, Takes, Track
from longtake.emulator.uploads import Pace, Shelf, UploadNews, Uploads, codec, tracks_of
from longtake.emulator.world import World
from longtake.vendors.alibaba.emulator.facts import Facts
from longtake.vendors.alibaba.emulator.naming import bare
from longtake.vendors.alibaba.emulator.options import AlibabaOptions, Timings
from longtake.vendors.alibaba.emulator.reel import Reel
from longtake.vendors.alibaba.emulator.storage_params import FileInfo
from longtake.vendors.alibaba.emulator.voice import Voice

_STYLE = PlaylistStyle(("#EXT-X-VERSION:3", "#EXT-X-MEDIA-SEQUENCE:0"), decimals=3, comma=True)


class HlsFiles(Uploads):
    """One set of HLS files: what is taken for it, and its uploads.

    on_whole: awaited once for each playlist that is there to its end.
    """

    def __init__(
        self,
        world: World,
        facts: Facts,
        info: FileInfo,
        shelf: Shelf,
        timings: Timings,
        *,
        on_whole: Callable[[Track], Awaitable[None]],
        on_done: Callable[[], None],
    ) -> None:
        news = UploadNews(lambda: None, lambda: None, on_done, lambda: None)
        super().__init__(world.clock, shelf, _pace(timings), news)
        self._names, self._info, self._on_whole = facts.names, info, on_whole
        self._begins: dict[tuple[int, TrackKey], datetime] = {}
        self._sequences: Counter[TrackKey] = Counter()
        self._whole: set[str] = set()
        self.takes = Takes(
            world.clock,
            self._stem,
            timings.slice or info.slice_duration,
            on_cut=self.add,
            on_track=self._track_changed,
            name_of=self._slice_name,
        )

    def began(self, track: Track) -> datetime:
        """When its media began, which file names tell."""
        return self._begins[track.generation, track.key]

    # -- names -----------------------------------------------------------------------------------

    def _track_changed(self, key: TrackKey, came: datetime | None) -> None:
        if came is not None:
            self._begins.setdefault((self.takes.generation, key), self._clock.now())

    def _stem(self, generation: int, key: TrackKey) -> str:
        name = self._names.file(self._info, key, self._begins[generation, key])
        return name.removesuffix(".m3u8")

    def _slice_name(self, track: Track, _start: datetime) -> str:
        """Numbers run on through all files of a stream, so that none repeats."""
        sequence = self._sequences[track.key]
        self._sequences[track.key] += 1
        return self._names.slice(self._info, track.key, self.began(track), sequence)

    # -- hooks -----------------------------------------------------------------------------------

    def encode(self, piece: Slice) -> bytes:
        return codec().encode(piece, video=True, audio=True)

    def playlist(self, track: Track, pieces: Sequence[Slice], *, ended: bool) -> str:
        entries = [PlaylistEntry(_relative(bare(p.name)), p.seconds, p.gap) for p in pieces]
        return render_playlist(entries, ended=ended or self._complete(track), style=_STYLE)

    async def uploaded(self, cut: Sequence[Slice]) -> None:
        for track in tracks_of(cut):
            if self._complete(track):
                await self._tell(track)

    async def finishing(self) -> None:
        for track in tracks_of(self.present.values()):
            await self._tell(track)

    def _complete(self, track: Track) -> bool:
        """Whether newer files have taken over, and every slice is there."""
        over = track.generation < self.takes.generation
        return over and all(piece.name in self.present for piece in track.slices)

    async def _tell(self, track: Track) -> None:
        if track.playlist not in self._whole:
            self._whole.add(track.playlist)
            await self._on_whole(track)


class BucketDelivery:
    """All files of one task; MP4 and MP3 are made of the first set of HLS files."""

    def __init__(
        self,
        world: World,
        options: AlibabaOptions,
        facts: Facts,
        voice: Voice,
        *,
        files: list[str],
        on_done: Callable[[], None],
    ) -> None:
        """``files``: the object keys so far, kept up to date here."""
        storage, record = facts.request.storage.oss_params, facts.request.record
        assert storage is not None  # noqa: S101 - checked before the task was made
        self._facts, self._voice, self._files, self._on_done = facts, voice, files, on_done
        self._shelf = Shelf(world.store, storage.oss_bucket, self._file_appeared)
        infos = facts.request.files
        silent = not record.mixed and record.video and not options.mp4_in_individual
        self._films = [i for i in infos if i.format == "MP3" or (i.format == "MP4" and not silent)]
        self._sets = [
            HlsFiles(
                world,
                facts,
                info,
                self._shelf,
                options.timings,
                on_whole=self._set_is_whole if index else self._first_set_is_whole,
                on_done=self._set_done,
            )
            for index, info in enumerate(i for i in infos if i.format == "HLS")
        ]
        takes = [files.takes for files in self._sets]
        self._reel = Reel(world.clock, record.max_file_duration, takes)

    def show(self, stage: Stage | None) -> None:
        self._reel.show(stage)

    def refuse(self) -> None:
        for files in self._sets:
            files.refused = True

    def stall(self, seconds: float) -> None:
        for files in self._sets:
            files.stall(seconds, backup=False)

    def close(self) -> None:
        self._reel.end()
        for files in self._sets:
            files.close()

    def listing(self) -> dict[str, Any]:
        lists = {"HlsFileList": ".m3u8", "Mp4FileList": ".mp4", "Mp3FileList": ".mp3"}
        found = {
            name: [file for file in self._files if file.endswith(extension)]
            for name, extension in lists.items()
        }
        return {**found, "VodMediaList": []}

    # -- news ------------------------------------------------------------------------------------

    def _file_appeared(self, name: str) -> None:
        if name not in self._files:
            self._files.append(name)

    async def _set_is_whole(self, track: Track) -> None:
        self._voice.file_uploaded("HLS", track.playlist)

    async def _first_set_is_whole(self, track: Track) -> None:
        await self._set_is_whole(track)
        for info in self._films:
            if info.format != "MP3" or track.key.kind != "video":
                await self._make(info, track)

    async def _make(self, info: FileInfo, track: Track) -> None:
        name = self._facts.names.file(info, track.key, self._sets[0].began(track))

        def content() -> bytes:
            slices = [self._shelf.read(piece.name) for piece in track.slices]
            return codec().mp3(slices) if info.format == "MP3" else codec().mp4(slices)

        await self._shelf.write(name, content)
        self._voice.file_uploaded(info.format, name)

    def _set_done(self) -> None:
        if all(files.done.is_set() for files in self._sets):
            self._on_done()


def _pace(timings: Timings) -> Pace:
    return Pace(timings.upload, retry=timings.retry, patience=timings.upload_patience)


def _relative(name: str) -> str:
    """As an address in a playlist: a colon, as times have, must not seem to end a scheme."""
    return f"./{name}" if ":" in name else name

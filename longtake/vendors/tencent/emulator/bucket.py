"""Delivery to a bucket: HLS while recording, MP4 or AAC files after the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from longtake.emulator.clock import Clock
from longtake.emulator.takes import Slice, Track
from longtake.emulator.uploads import Pace, Shelf, UploadNews, Uploads, codec, tracks_of
from longtake.emulator.world import World
from longtake.vendors.tencent.emulator import playlists
from longtake.vendors.tencent.emulator.facts import Event, Facts
from longtake.vendors.tencent.emulator.films import FilmPart, films, media
from longtake.vendors.tencent.emulator.naming import bare
from longtake.vendors.tencent.emulator.options import BucketKeys, TencentOptions, Timings
from longtake.vendors.tencent.emulator.storage_params import CloudStorage
from longtake.vendors.tencent.emulator.voice import Voice

_ENDED, _SOME_STUCK, _STUCK_ONES_CAME = 0, 1, 2  # Status of event 305
_FAILED = 2  # Status of event 310


class HlsUploads(Uploads):
    """The uploader of one task. ``on_playlist`` hears of each playlist's first upload.

    hls: False where only MP4 or AAC files were asked for, so that slices stay with the service.
    """

    def __init__(
        self,
        clock: Clock,
        shelf: Shelf,
        pace: Pace,
        news: UploadNews,
        *,
        hls: bool,
        comma: bool,
        on_playlist: Callable[[Track], None],
    ) -> None:
        super().__init__(clock, shelf, pace, news)
        self._hls, self._comma, self._on_playlist = hls, comma, on_playlist
        self._told: set[str] = set()

    async def _write_slices(self, cut: Sequence[Slice]) -> None:
        if self._hls:
            await super()._write_slices(cut)
        else:
            self.present |= {piece.name: piece for piece in cut}

    async def _index(self, track: Track, name: str, *, ended: bool) -> None:
        if self._hls:
            await super()._index(track, name, ended=ended)

    # -- hooks -----------------------------------------------------------------------------------

    def encode(self, piece: Slice) -> bytes:
        return codec().encode(piece, video=True, audio=True)

    def playlist(self, track: Track, pieces: Sequence[Slice], *, ended: bool) -> str:
        return playlists.playlist(track, pieces, ended=ended, comma=self._comma)

    async def uploaded(self, cut: Sequence[Slice]) -> None:
        for track in tracks_of(cut) if self._hls else ():
            if track.playlist not in self._told:
                self._told.add(track.playlist)
                self._on_playlist(track)

    async def uploaded_late(self, cut: Sequence[Slice]) -> None:
        await self.uploaded(cut)


class BucketDelivery:
    """Uploads what a task takes, and says so."""

    def __init__(
        self,
        world: World,
        options: TencentOptions,
        facts: Facts,
        voice: Voice,
        on_file: Callable[[str], None],
    ) -> None:
        storage = facts.request.storage_params.cloud_storage
        assert storage is not None  # noqa: S101 - checked before the task was made
        self._clock, self._timings = world.clock, options.timings
        self._facts, self._voice = facts, voice
        self._params = facts.request.record_params
        self._shelf = Shelf(world.store, storage.bucket, on_file)
        self._uploads = HlsUploads(
            world.clock,
            self._shelf,
            _pace(options.timings),
            UploadNews(self._refused, lambda: None, self._done, self._recovered),
            hls=self._params.hls,
            comma=options.extinf_comma,
            on_playlist=lambda track: voice.say(Event.FILE_INFO, FileList=bare(track.playlist)),
        )
        keys = options.buckets.get(storage.bucket)
        self._readable = keys is None or keys.readable
        self._uploads.refused = keys is not None and not _fit(keys, storage)
        self._complained = False

    def refuse(self) -> None:
        self._uploads.refused = True

    def open(self) -> None:
        self._voice.say(Event.UPLOAD_START, Status=0)

    def add(self, cut: Sequence[Slice]) -> None:
        self._uploads.add(cut)
        for piece in cut if self._params.hls else ():
            if piece is piece.track.slices[0]:
                self._voice.first_slice(piece.track)

    def stall(self, seconds: float, *, backup: bool) -> None:
        self._uploads.stall(seconds, backup=backup)

    def close(self) -> None:
        self._uploads.close()

    # -- news of the uploader --------------------------------------------------------------------

    def _refused(self) -> None:
        if not self._complained:
            self._complained = True
            error = {"Code": "InvalidAccessKeyId", "Message": "The keys do not fit the bucket."}
            self._voice.say(Event.UPLOAD_ERROR, **error)

    def _done(self) -> None:
        whole = self._uploads.outcome != "failed" and not self._uploads.stuck
        self._voice.say(Event.UPLOAD_STOP, Status=_ENDED if whole else _SOME_STUCK)
        if not self._uploads.stuck:
            self._convert_later()

    def _recovered(self) -> None:
        self._voice.say(Event.UPLOAD_STOP, Status=_STUCK_ONES_CAME)
        self._convert_later()

    # -- after the end ---------------------------------------------------------------------------

    def _convert_later(self) -> None:
        extension = self._params.film
        if extension and self._uploads.cut:
            self._clock.after(self._timings.convert, lambda: self._convert(extension))

    async def _convert(self, extension: str) -> None:
        """Make the films of what is in the bucket, which the keys must be allowed to read."""
        if self._uploads.outcome == "failed" or not self._readable:
            self._voice.say(Event.MP4_STOP, Status=_FAILED, FileList=[])
            return
        limit = self._params.max_media_file_duration * 60.0
        present = self._uploads.present.values()
        for film in films(present, self._facts.names, extension, limit):
            for part in film:
                await self._shelf.write(part.name, lambda part=part: self._bytes(part))
            names = [bare(part.name) for part in film]
            messages = [{"FileName": bare(part.name), **part.told()} for part in film]
            self._voice.say(Event.MP4_STOP, Status=0, FileList=names, FileMessage=messages)

    def _bytes(self, part: FilmPart) -> bytes:
        return media(part, [self._material(piece) for piece in part.pieces])

    def _material(self, piece: Slice) -> bytes:
        """A slice from the bucket, or one that was never there."""
        if self._params.hls and piece.name in self._uploads.present:
            return self._shelf.read(piece.name)
        return self._uploads.encode(piece)


def _pace(timings: Timings) -> Pace:
    return Pace(timings.upload, retry=timings.slice, patience=timings.upload_patience)


def _fit(keys: BucketKeys, storage: CloudStorage) -> bool:
    return (keys.access_key, keys.secret_key) == (storage.access_key, storage.secret_key)

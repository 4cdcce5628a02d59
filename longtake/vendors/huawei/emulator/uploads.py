"""Delivery to OBS: slices and playlists while recording, an MP4 as soon as it is complete."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from longtake.emulator.clock import Clock
from longtake.emulator.media.playlist import PlaylistEntry, PlaylistStyle, render_playlist
from longtake.emulator.store import ObjectStore
from longtake.emulator.takes import Slice, Track
from longtake.emulator.uploads import Job, Pace, Shelf, UploadNews, Uploads, codec
from longtake.vendors.huawei.emulator.naming import bare
from longtake.vendors.huawei.emulator.reels import Reel

_STYLE = PlaylistStyle(comma=True)


class MeasuringShelf(Shelf):
    """Knows the bytes of what it wrote, by name."""

    def __init__(
        self, store: ObjectStore | None, bucket: str, on_file: Callable[[str], None]
    ) -> None:
        super().__init__(store, bucket, on_file)
        self.sizes: dict[str, int] = {}

    async def write(self, name: str, make: Callable[[], bytes]) -> None:
        def measured() -> bytes:
            content = make()
            self.sizes[name] = len(content)
            return content

        await super().write(name, measured)


class ObsUploads(Uploads):
    """The uploader of one job. ``on_complete`` hears of each whole file, with its bytes.

    hls: False where MP4 alone is recorded, so that slices stay with the service.
    """

    def __init__(
        self,
        clock: Clock,
        shelf: MeasuringShelf,
        pace: Pace,
        *,
        hls: bool,
        on_complete: Callable[[Reel, int], None],
    ) -> None:
        silent = UploadNews(*[lambda: None] * 4)  # OBS tells of nothing but complete files
        super().__init__(clock, shelf, pace, silent)
        self._measured, self._hls, self._on_complete = shelf, hls, on_complete

    def complete(self, reel: Reel) -> None:
        """No more slices belong to this file; those that do were added before."""
        if reel.pieces:
            self._enqueue(Job(lambda: self._finish_reel(reel), lambda: self._finish_reel(reel)))

    async def _finish_reel(self, reel: Reel) -> None:
        async with self._one_at_a_time:
            if reel.form == "HLS":
                await self._index(reel.pieces[0].track, reel.key, ended=True)
            else:
                await self._shelf.write(reel.key, lambda: codec().mp4(self._material(reel)))
        parts = [reel.key]
        if reel.form == "HLS":
            parts += [piece.name for piece in reel.pieces]
        self._on_complete(reel, sum(self._measured.sizes.get(part, 0) for part in parts))

    def _material(self, reel: Reel) -> list[bytes]:
        """The slices of a film, taken from the bucket where they follow each other there."""
        pieces = reel.pieces
        if any(piece.track is not pieces[0].track for piece in pieces):
            return [self.encode(piece) for piece in _renumbered(pieces)]
        if not self._hls:
            return [self.encode(piece) for piece in pieces]
        return [self._shelf.read(piece.name) for piece in pieces]

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

    def playlist(self, track: Track, pieces: Sequence[Slice], *, ended: bool) -> str:  # noqa: ARG002 - the hook's
        entries = [PlaylistEntry(bare(p.name), p.seconds, p.gap) for p in pieces]
        return render_playlist(entries, ended=ended, style=_STYLE)


def _renumbered(pieces: Sequence[Slice]) -> list[Slice]:
    """Slices of several playlists as if they were of one."""
    found: list[Slice] = []
    seconds = 0.0
    for piece in pieces:
        found.append(replace(piece, first_pts=seconds))
        seconds += piece.seconds
    return found

"""The stored files of one segment, with its playlists read: what is to be judged.

A track is what one user sends, or the mix: it may be told by several playlists, of several servers
after a failover, or of the vendor's backup.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from statistics import median

from longtake.domain.files import FileRef, StoredFile
from longtake.domain.gaps import Piece, TrackId
from longtake.domain.playlist import Playlist, key_of

PACKET = 188
"""Bytes of an MPEG transport stream's packet: its files are multiples of that."""
THIN = 0.7
"""A slice with less than this part of its track's usual bytes per second may be cut short."""
FEW = 5
"""In a track of fewer slices nothing is usual: all of them are looked into."""
LOOKED_INTO = 20
"""Slices of a track that are looked into, those first that are the most likely to be short."""
LOST = 0.25
"""Of a slice: when so much of its time is not in it, or half a second, it is cut short."""


@dataclass(frozen=True)
class Claims:
    """What one segment is said to have left, and the names' meaning."""

    number: int
    reported: Sequence[FileRef]
    had_data: bool
    """Whether files must be there though none was reported."""
    film: bool
    """Whether an MP4 was ordered."""
    where: str
    """Where its files lie, for people."""
    describe: Callable[[str], FileRef]


class Shelf:
    """The stored files of one segment with its playlists read: what is to be judged."""

    def __init__(
        self, claims: Claims, files: Sequence[StoredFile], playlists: Mapping[str, Playlist | None]
    ) -> None:
        """`playlists` by key; None where the text is none."""
        self.claims = claims
        said = {file.key: file for file in claims.reported}
        by_name = {PurePosixPath(key).name: file for key, file in said.items() if "/" not in key}
        self.files = [
            _completed(file, said.get(file.key) or by_name.get(PurePosixPath(file.key).name))
            for file in files
        ]
        self.by_key = {file.key: file for file in self.files}
        self.there = {file.key for file in self.files if file.size}
        self.playlists = playlists
        self.listed: dict[str, list[tuple[str, float, datetime | None]]] = {}
        """By playlist: key, seconds and beginning of what it names."""
        for key, playlist in playlists.items():
            self.listed[key] = [
                (key_of(entry.uri, key, self.there), entry.seconds, entry.begins_at)
                for entry in (playlist.entries if playlist else ())
            ]
        self.tracks = self._tracks()

    def _tracks(self) -> dict[TrackId, list[Piece]]:
        tracks = dict[TrackId, dict[str, Piece]]()
        for key in sorted(self.listed, key=self._order):
            playlist, file = self.playlists[key], self.by_key[key]
            if playlist is None or playlist.of_playlists:
                continue
            pieces = tracks.setdefault(TrackId.of(file), {})
            for at, (named, seconds, told) in enumerate(self.listed[key]):
                known = self.by_key.get(named) or self.claims.describe(named)
                begins = told or known.begins_at or (file.begins_at if at == 0 else None)
                pieces.setdefault(named, Piece(named, file.part, seconds, begins))
        return {track: list(pieces.values()) for track, pieces in tracks.items()}

    def _order(self, key: str) -> tuple[object, ...]:
        """Playlists as their media follow each other; failovers are counted in their names."""
        file = self.by_key[key]
        at = file.begins_at
        return (at is None, at.timestamp() if at else 0.0, len(file.part), file.part, key)

    def doubtful(self) -> list[StoredFile]:
        """Slices whose size makes them look cut short.

        A transport stream is whole packets, at least one a second, and about as many bytes a
        second as its neighbours.
        """
        found = list[StoredFile]()
        for pieces in self.tracks.values():
            slices = [
                (self.by_key[piece.key], piece.seconds)
                for piece in pieces
                if piece.key in self.there and piece.key.endswith(".ts") and piece.seconds > 0
            ]
            rates = [(file.size or 0) / seconds for file, seconds in slices]
            usual = median(rates) if len(rates) >= FEW else float("inf")
            thin = [
                ((file.size or 0) % PACKET == 0, rate, file.key)
                for (file, _), rate in zip(slices, rates, strict=True)
                if (file.size or 0) % PACKET or rate < max(THIN * usual, PACKET)
            ]
            found += [self.by_key[key] for _, _, key in sorted(thin)[:LOOKED_INTO]]
        return found

    def cut_short(self, held: Mapping[str, float | None]) -> dict[str, float]:
        """Slices that are cut short, with the seconds that are lost.

        `held`: of those that were looked into, the seconds of media in them; None for what is no
        transport stream, and is taken as it is.
        """
        lost = dict[str, float]()
        for pieces in self.tracks.values():
            # One of more than are looked into is what its neighbours are.
            streams = any(held.get(piece.key) is not None for piece in pieces)
            for piece in pieces:
                if piece.key not in self.there or not piece.key.endswith(".ts"):
                    continue
                ragged = (self.by_key[piece.key].size or 0) % PACKET != 0
                holds = held.get(piece.key, 0.0 if streams and ragged else None)
                if holds is None:
                    continue
                away = max(piece.seconds - holds, 0.0)
                if ragged or away > max(LOST * piece.seconds, 0.5):
                    lost[piece.key] = away
        return lost


def timed(shelf: Shelf) -> list[StoredFile]:
    """The files with the length that playlists tell of them."""
    seconds = {key: spent for listed in shelf.listed.values() for key, spent, _ in listed if spent}
    for key, listed in shelf.listed.items():
        if total := sum(spent for _, spent, _ in listed):
            seconds[key] = total
    return [
        file.model_copy(update={"seconds": seconds[file.key]}) if file.key in seconds else file
        for file in shelf.files
    ]


def _completed(file: StoredFile, said: FileRef | None) -> StoredFile:
    """With what the vendor told of it and its name does not."""
    if said is None:
        return file
    told = {
        name: getattr(said, name) for name in ("user", "begins_at", "seconds", "file_id", "url")
    }
    update = {name: value for name, value in told.items() if value and not getattr(file, name)}
    if file.track == "audio_video":
        update["track"] = said.track
    return file.model_copy(update=update)

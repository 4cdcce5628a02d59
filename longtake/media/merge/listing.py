"""Pieces: the slices of a recording, each with its own time, from playlists and names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict

from longtake.domain.files import StoredFile, Stream, Track
from longtake.domain.merging import LeftOut
from longtake.domain.playlist import Entry, Playlist, key_of
from longtake.media.playlist import parse_playlist

EXACT = 0.06
"""Seconds by which a time in a name may differ from the media's own clock: below a frame."""

WHOLE_SECONDS = 1.0
"""What a name that tells no fractions leaves open, and so do sums of rounded durations."""


@dataclass(frozen=True)
class Piece:
    """One slice.

    `seconds` is 0 where nothing tells. `dated`: its time is its own, and no sum of those before.
    `slack`: seconds by which that time may be wrong. `source`: the playlist whose media it goes on
    with, unless it `breaks`: then its media has a clock of its own.
    """

    key: str
    user: str
    track: Track
    stream: Stream
    begins_at: datetime
    seconds: float
    dated: bool
    slack: float
    source: str
    breaks: bool
    size: int

    @property
    def ends_at(self) -> datetime:
        return self.begins_at + timedelta(seconds=self.seconds)


class _Whose(TypedDict):
    user: str
    track: Track
    stream: Stream


def pieces_of(
    files: Sequence[StoredFile], playlists: Mapping[str, str]
) -> tuple[list[Piece], list[LeftOut]]:
    """All pieces, and what cannot be one.

    `playlists`: the texts by key. A slice that several playlists list, as after a backup, is taken
    from the longest. A slice that none lists is taken by the time in its name.
    """
    slices = {file.key: file for file in files if file.kind == "segment"}
    found: dict[str, Piece] = {}
    lost: dict[str, LeftOut] = {}
    parsed = [
        (file, parse_playlist(playlists[file.key]) or Playlist())
        for file in files
        if file.key in playlists
    ]
    for file, playlist in sorted(parsed, key=lambda each: -len(each[1].entries)):
        if not playlist.entries:
            lost[file.key] = LeftOut(key=file.key, why="the playlist is empty")
        if playlist.of_playlists:
            continue
        for piece in _listed(file, playlist.entries, slices):
            if isinstance(piece, LeftOut):
                lost.setdefault(piece.key, piece)
            else:
                found.setdefault(piece.key, piece)
    for piece in _unlisted([file for key, file in slices.items() if key not in found]):
        if isinstance(piece, LeftOut):
            lost.setdefault(piece.key, piece)
        else:
            found[piece.key] = piece
    left_out = [each for key, each in lost.items() if key not in found]
    return sorted(found.values(), key=lambda piece: (piece.begins_at, piece.key)), left_out


def _listed(
    playlist: StoredFile, entries: Sequence[Entry], slices: Mapping[str, StoredFile]
) -> Iterator[Piece | LeftOut]:
    keys = [key_of(entry.uri, playlist.key, slices) for entry in entries]
    times = [slices[key].begins_at for key in keys if key in slices]
    own, exact = _own_times(times), any(at and at.microsecond for at in times)
    clock = playlist.begins_at
    for key, entry in zip(keys, entries, strict=True):
        file = slices.get(key)
        clock = entry.begins_at or clock
        if file is not None and own:
            clock = file.begins_at
        if file is None or not file.size:
            yield LeftOut(key=key, why="it is not there" if file is None else "it is empty")
        elif clock is None:
            yield LeftOut(key=key, why="nothing tells when it was recorded")
        else:
            dated = own or entry.begins_at is not None
            yield Piece(
                key=file.key,
                **_told(file, playlist),
                begins_at=clock,
                seconds=entry.seconds,
                dated=dated,
                slack=EXACT if dated and exact else WHOLE_SECONDS + EXACT,
                source=playlist.key,
                breaks=entry.discontinuous,
                size=file.size,
            )
        clock = clock and clock + timedelta(seconds=entry.seconds)


def _unlisted(files: Sequence[StoredFile]) -> Iterator[Piece | LeftOut]:
    """Slices of which only the name tells the time: it must be theirs and nobody else's."""
    told = Counter((file.user, file.track, file.stream, file.begins_at) for file in files)
    for file in files:
        if not file.size:
            yield LeftOut(key=file.key, why="it is empty")
        elif file.begins_at is None or told[file.user, file.track, file.stream, file.begins_at] > 1:
            yield LeftOut(
                key=file.key, why="no playlist lists it, and its name does not tell when it began"
            )
        else:
            yield Piece(
                key=file.key,
                **_told(file, file),
                begins_at=file.begins_at,
                seconds=0.0,
                dated=True,
                slack=EXACT if file.begins_at.microsecond else WHOLE_SECONDS + EXACT,
                source="",
                breaks=False,
                size=file.size,
            )


def _told(file: StoredFile, playlist: StoredFile) -> _Whose:
    """A slice's own name counts; what it leaves open, its playlist's does."""
    told = file if file.user or file.track != "audio_video" else playlist
    return {"user": told.user, "track": told.track, "stream": told.stream}


def _own_times(times: Sequence[datetime | None]) -> bool:
    """Whether names tell each slice's own time; some vendors' tell that of the whole file."""
    return None not in times and len(set(times)) == len(times)

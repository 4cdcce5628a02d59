"""Where a track's media has stretches that are not there, by the times of its slices."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from longtake.domain.files import FileRef, Gap, GapCause, Stream, Track

JUMP = timedelta(seconds=2)
"""From here on a time jump is a gap: some vendors tell whole seconds."""


class TrackId(NamedTuple):
    """Whose media, and which."""

    user: str
    track: Track
    stream: Stream

    @classmethod
    def of(cls, file: FileRef) -> TrackId:
        return cls(file.user, file.track, file.stream)

    def __str__(self) -> str:
        """For people: `the mix`, `user 1001's audio`."""
        what = self.track.replace("_", " and ")
        what += " of the substream" if self.stream == "substream" else ""
        return f"user {self.user}'s {what}" if self.user else "the mix"


@dataclass(frozen=True)
class Piece:
    """A slice that a playlist names, with its time and its length in seconds."""

    key: str
    part: str
    seconds: float
    begins_at: datetime | None


def spans_of(pieces: Sequence[Piece]) -> list[tuple[Piece, datetime | None]]:
    """The pieces with their beginnings; None until the first that has one.

    A time that is not later than the piece before is the whole recording's: then a piece begins
    where the one before ends.
    """
    spans = list[tuple[Piece, datetime | None]]()
    began = end = None
    for piece in _in_time(pieces):
        at = piece.begins_at
        if end is not None and began is not None and (at is None or at <= began):
            at = end
        began, end = at, at and at + timedelta(seconds=piece.seconds)
        spans.append((piece, at))
    return spans


def _in_time(pieces: Sequence[Piece]) -> list[Piece]:
    """By time where each has its own; else as the playlists have them."""
    times = {piece.key: piece.begins_at for piece in pieces if piece.begins_at}
    if len(set(times.values())) < len(pieces):
        return list(pieces)
    return sorted(pieces, key=lambda piece: times[piece.key])


def gaps_of(
    number: int,
    track: TrackId,
    spans: Sequence[tuple[Piece, datetime | None]],
    absent: Collection[str],
    lost: Mapping[str, float],
) -> Iterator[Gap]:
    def gap(cause: GapCause, seconds: float, at: datetime | None, key: str = "") -> Gap:
        whose = track._asdict()
        seconds = round(seconds, 3)
        return Gap(cause=cause, segment=number, **whose, begins_at=at, seconds=seconds, key=key)

    end, part = None, ""
    for piece, at in spans:
        if end is not None and at is not None and at - end > JUMP:
            cause: GapCause = "unrecorded" if piece.part == part else "failover"
            yield gap(cause, (at - end).total_seconds(), end)
        end, part = at and at + timedelta(seconds=piece.seconds), piece.part
        if piece.key in absent:
            yield gap("missing", piece.seconds, at, piece.key)
        elif piece.key in lost:
            away = lost[piece.key]
            yield gap("damaged", away, end and end - timedelta(seconds=away), piece.key)

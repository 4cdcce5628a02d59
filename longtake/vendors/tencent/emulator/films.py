"""What is made of a stream's slices after the end: MP4 or AAC files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from longtake.emulator.stage import TrackKey
from longtake.emulator.stamps import milliseconds
from longtake.emulator.takes import Slice, Track
from longtake.emulator.uploads import codec, parts
from longtake.vendors.tencent.emulator.naming import Names, track_type


@dataclass(frozen=True)
class FilmPart:
    """One file; ``pieces``: slices of one track, which may exist for this film alone."""

    name: str
    key: TrackKey
    pieces: Sequence[Slice]

    @property
    def began(self) -> datetime:
        return self.pieces[0].start

    @property
    def ended(self) -> datetime:
        return self.pieces[-1].end

    def told(self) -> dict[str, Any]:
        """What callbacks call the stream in it."""
        mixed = self.key.user is None
        return {
            "UserId": self.key.user or "",
            "TrackType": track_type(self.key.kind),
            "MediaId": "mix" if mixed else self.key.stream,
            "StartTimeStamp": milliseconds(self.began),
            "EndTimeStamp": milliseconds(self.ended),
        }


def films(
    slices: Iterable[Slice], names: Names, extension: str, limit: float
) -> list[list[FilmPart]]:
    """The files of each stream of each server; a new one begins after ``limit`` seconds.

    Names carry a number, from 1, only where there is more than one.
    """
    streams: dict[tuple[int, str | None, str], list[Slice]] = {}
    for piece in slices:
        key = piece.track.key
        if extension != "aac" or key.kind != "video":
            place = (piece.track.generation, key.user, key.stream)
            streams.setdefault(place, []).append(piece)
    return [list(_parts(pieces, names, extension, limit)) for pieces in streams.values()]


def _parts(
    pieces: Sequence[Slice], names: Names, extension: str, limit: float
) -> Iterator[FilmPart]:
    generation, key = pieces[0].track.generation, pieces[0].track.key
    whole = pieces if len({p.track.key.kind for p in pieces}) == 1 else _joined(pieces)
    stem = names.film(generation, key)
    cut = parts(sorted(whole, key=lambda piece: piece.start), limit)
    for number, part in enumerate(cut, 1):
        index = f"_{number}" if len(cut) > 1 else ""
        yield FilmPart(f"{stem}{index}.{extension}", part[0].track.key, part)


def _joined(pieces: Sequence[Slice]) -> list[Slice]:
    """Audio and video of one stream as one track. Both are cut at the same instants."""
    key = replace(pieces[0].track.key, kind="both")
    track = Track("", key, pieces[0].track.generation)
    for piece in sorted({p.start: p for p in pieces}.values(), key=lambda p: p.start):
        track.slices.append(replace(piece, track=track, name="", first_pts=track.seconds))
        track.seconds += piece.seconds
    return track.slices


def media(part: FilmPart, slices: Sequence[bytes]) -> bytes:
    """The film's bytes, of its slices' bytes."""
    if part.name.endswith(".aac"):
        return codec().aac(slices)
    return codec().mp4(slices)

"""Whose pieces go into which merged file, and at which time of it. Source: TRTC, merging script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby, pairwise

from longtake.domain.files import Stream
from longtake.domain.merging import MergeOptions
from longtake.media.merge.listing import Piece
from longtake.media.merge.names import stem

APART = timedelta(seconds=15)
"""Two sections are further apart than that, with neither sound nor picture in between."""

UNKNOWN = 15.0
"""Seconds that a slice of unknown length takes at most: it ends where the next one begins."""


@dataclass(frozen=True)
class Placed:
    """A piece at its time in the merged file, in seconds; `section` counts from 0."""

    piece: Piece
    at: float
    section: int


@dataclass(frozen=True)
class Output:
    """One file to be made.

    `seconds`: its length. `blanks`: from and to, in seconds, of what lies between sections.
    """

    user: str
    begins_at: datetime
    seconds: float
    pictures: tuple[Placed, ...]
    sound: tuple[Placed, ...]
    blanks: tuple[tuple[float, float], ...]

    @property
    def name(self) -> str:
        """Without what tells whether it has pictures."""
        return stem(self.user, self.begins_at)

    @property
    def size(self) -> int:
        """Bytes of all that goes into it."""
        return sum({each.piece.key: each.piece.size for each in self.placed}.values())

    @property
    def placed(self) -> tuple[Placed, ...]:
        return self.pictures + self.sound


def plan(pieces: Sequence[Piece], options: MergeOptions) -> list[Output]:
    """The files to be made, by user and time."""
    return [
        output
        for user, own in groupby(sorted(pieces, key=_order), key=lambda piece: piece.user)
        for output in _of_user(user, list(own), options)
    ]


def _order(piece: Piece) -> tuple[str, datetime, str]:
    return piece.user, piece.begins_at, piece.key


def _of_user(user: str, pieces: Sequence[Piece], options: MergeOptions) -> Iterator[Output]:
    shown = _stream_shown([piece for piece in pieces if piece.track != "audio"], options)
    pictures = _of_stream([piece for piece in pieces if piece.track != "audio"], shown)
    sounds = [piece for piece in pieces if piece.track != "video"]
    sound = _of_stream(sounds, "primary") or _of_stream(sounds, "substream")
    sections = list(_sections(sorted({*pictures, *sound}, key=_order)))
    if options.mode == "section":
        for section in sections:
            yield _output(user, [section], pictures, sound, options)
    elif sections:
        yield _output(user, sections, pictures, sound, options)


def _stream_shown(pictures: Sequence[Piece], options: MergeOptions) -> Stream:
    if options.audio == "automatic":
        return "primary" if _of_stream(pictures, "primary") else "substream"
    return options.audio


def _of_stream(pieces: Sequence[Piece], stream: Stream) -> list[Piece]:
    """The stream's pieces in order; one of unknown length lasts until the next."""
    own = [piece for piece in pieces if piece.stream == stream]
    lasting = [
        piece
        if piece.seconds
        else replace(
            piece, seconds=min((after.begins_at - piece.begins_at).total_seconds(), UNKNOWN)
        )
        for piece, after in pairwise(own)
    ]
    return [*lasting, *own[-1:]]


@dataclass(frozen=True)
class _Section:
    keys: frozenset[str]
    begins_at: datetime
    ends_at: datetime


def _sections(pieces: Sequence[Piece]) -> Iterator[_Section]:
    keys = set[str]()
    begins_at = ends_at = None
    for piece in pieces:
        if begins_at is None or ends_at is None:
            begins_at, ends_at = piece.begins_at, piece.ends_at
        elif piece.begins_at - ends_at > APART:
            yield _Section(frozenset(keys), begins_at, ends_at)
            keys, begins_at, ends_at = set[str](), piece.begins_at, piece.ends_at
        keys.add(piece.key)
        ends_at = max(ends_at, piece.ends_at)
    if begins_at is not None and ends_at is not None:
        yield _Section(frozenset(keys), begins_at, ends_at)


def _output(
    user: str,
    sections: Sequence[_Section],
    pictures: Sequence[Piece],
    sound: Sequence[Piece],
    options: MergeOptions,
) -> Output:
    """One file of these sections, each at its real distance from the first or close behind."""
    placed: tuple[list[Placed], list[Placed]] = ([], [])
    blanks: list[tuple[float, float]] = []
    end = 0.0
    for number, section in enumerate(sections):
        begin = end
        if options.blanks == "keep":
            begin = (section.begins_at - sections[0].begins_at).total_seconds()
        if begin > end:
            blanks.append((end, begin))
        for target, pieces in zip(placed, (pictures, sound), strict=True):
            target += [
                Placed(piece, begin + (piece.begins_at - section.begins_at).total_seconds(), number)
                for piece in pieces
                if piece.key in section.keys
            ]
        end = begin + (section.ends_at - section.begins_at).total_seconds()
    return Output(
        user=user,
        begins_at=sections[0].begins_at,
        seconds=end,
        pictures=tuple(placed[0]),
        sound=tuple(placed[1]),
        blanks=tuple(blanks),
    )

"""What storage holds of a session, compared with what was said: pure, and with reasons.

The activity lists, reads playlists and looks into files that may be cut short; all that follows
from it is decided here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import PurePosixPath

from longtake.domain.files import Gap, GapCause, Outcome, StoredFile
from longtake.domain.gaps import JUMP, TrackId, gaps_of, spans_of
from longtake.domain.shelf import Shelf, timed


@dataclass
class SegmentCheck:
    """What storage holds of one segment, and what it should hold."""

    number: int
    files: list[StoredFile]
    missing: list[str] = field(default_factory=list[str])
    gaps: list[Gap] = field(default_factory=list[Gap])
    seconds: float = 0.0
    reasons: list[str] = field(default_factory=list[str])
    """Why the segment is not complete."""
    notes: list[str] = field(default_factory=list[str])
    """What else is to be known."""
    began: datetime | None = None
    ended: datetime | None = None

    @property
    def has_media(self) -> bool:
        """Whether there is more than playlists."""
        return any(file.kind != "playlist" for file in self.files)


def check(shelf: Shelf, held: Mapping[str, float | None]) -> SegmentCheck:
    """Judge one segment; `held` as `Shelf.cut_short` takes it."""
    claims, files = shelf.claims, timed(shelf)
    lost = shelf.cut_short(held)
    expected = {file.key for file in claims.reported if file.key and not file.file_id}
    expected |= {key for listed in shelf.listed.values() for key, _, _ in listed}
    absent = expected - shelf.there - _found_by_name(expected, shelf.there)
    found = SegmentCheck(claims.number, files, missing=sorted(absent | lost.keys()))
    for track, pieces in shelf.tracks.items():
        spans = spans_of(pieces)
        found.gaps += gaps_of(claims.number, track, spans, absent, lost)
        found.seconds = max(found.seconds, sum(piece.seconds for piece in pieces))
        for piece, began in spans:
            if began is not None:
                ended = began + timedelta(seconds=piece.seconds)
                found.began = min(found.began or began, began)
                found.ended = max(found.ended or ended, ended)
    found.reasons = [*_reasons(shelf, absent, lost, len(expected), found.gaps)]
    found.notes = [*_failovers(claims.number, found.gaps)]
    return found


def _reasons(
    shelf: Shelf,
    absent: Collection[str],
    lost: Mapping[str, float],
    expected: int,
    gaps: Sequence[Gap],
) -> Iterator[str]:
    claims = shelf.claims
    yield from _broken_playlists(shelf)
    if absent:
        what = f"{len(absent)} of {expected} files missing"
        yield f"segment {claims.number}: {what}{_seconds(gaps, 'missing')}, as {_name(min(absent))}"
    if lost:
        what = f"{len(lost)} files cut short"
        yield f"segment {claims.number}: {what}{_seconds(gaps, 'damaged')}, as {_name(min(lost))}"
    for track in _without_playlist(shelf):
        yield f"segment {claims.number}: no playlist of {track}"
    if not shelf.files and claims.had_data:
        yield f"segment {claims.number}: nothing below {claims.where}"
    elif claims.film and _lacks_mp4(shelf.files):
        yield f"segment {claims.number}: no mp4 of all that was recorded"


def _seconds(gaps: Sequence[Gap], cause: GapCause) -> str:
    """Of media; empty where no playlist tells how much it was."""
    total = sum(gap.seconds for gap in gaps if gap.cause == cause)
    return f" ({total:.1f} s)" if total else ""


def _name(key: str) -> str:
    return PurePosixPath(key).name


def _broken_playlists(shelf: Shelf) -> Iterator[str]:
    """Those that cannot be read, that list nothing of what is there, and that nobody closed."""
    closed = {
        named
        for key, playlist in shelf.playlists.items()
        if playlist and playlist.ended
        for named, _, _ in shelf.listed[key]
    }
    sliced = {TrackId.of(file) for file in shelf.files if file.kind == "segment" and file.size}
    for key, playlist in shelf.playlists.items():
        file = shelf.by_key[key]
        named = {listed for listed, _, _ in shelf.listed[key]}
        if playlist is None:
            yield f"{key} is no playlist"
        elif not named and (TrackId.of(file) in sliced or shelf.claims.had_data):
            if not _another_lists(shelf, file):
                yield f"{key} lists nothing"
        elif playlist.ended or playlist.of_playlists or named <= closed:
            continue
        elif not _went_over(shelf, file):
            # What came by way of a vendor's backup may have a playlist of its own that nobody
            # closes; nor does a server that failed close its own.
            yield f"{key} is not closed"


def _another_lists(shelf: Shelf, file: StoredFile) -> bool:
    """Whether another playlist of the same track has something in it."""
    return any(
        listed and key != file.key and TrackId.of(shelf.by_key[key]) == TrackId.of(file)
        for key, listed in shelf.listed.items()
    )


def _went_over(shelf: Shelf, file: StoredFile) -> bool:
    """Whether another server went on with the track, and closed its playlist."""
    part = (len(file.part), file.part)
    return any(
        playlist is not None and playlist.ended and (len(other.part), other.part) > part
        for key, playlist in shelf.playlists.items()
        if TrackId.of(other := shelf.by_key[key]) == TrackId.of(file)
    )


def _without_playlist(shelf: Shelf) -> list[TrackId]:
    """Tracks with slices that belong to a playlist by their names, which is not there."""
    told = {(TrackId.of(f), f.part) for f in shelf.files if f.kind == "playlist"}
    lone = {(TrackId.of(f), f.part) for f in shelf.files if f.kind == "segment" and f.size}
    named = {key for listed in shelf.listed.values() for key, _, _ in listed}
    return sorted(
        {
            TrackId.of(f)
            for f in shelf.files
            if f.key not in named and (TrackId.of(f), f.part) in lone - told
        }
    )


def _found_by_name(expected: Collection[str], there: Collection[str]) -> set[str]:
    """Of files whose folder the vendor did not tell, those that lie in any."""
    names = {_name(key) for key in there}
    return {key for key in expected if "/" not in key and key in names}


def _lacks_mp4(files: Sequence[StoredFile]) -> bool:
    """Whether somebody's playlist, or all there is, was not made into a film."""
    recorded = {file.user for file in files if file.kind == "playlist"}
    made = {file.user for file in files if file.kind == "mp4" and file.size}
    return bool(recorded - made) or bool(files and not made)


def _failovers(number: int, gaps: Sequence[Gap]) -> Iterator[str]:
    lost = [gap.seconds for gap in gaps if gap.cause == "failover"]
    if lost:
        yield f"segment {number}: up to {max(lost):.1f} s not recorded during a failover"


def between(checks: Sequence[SegmentCheck]) -> list[Gap]:
    """The time from the end of one segment's media to the beginning of the next one's."""
    dated = [
        (check.number, check.began, check.ended) for check in checks if check.began and check.ended
    ]
    return [
        Gap(
            cause="restart",
            segment=number,
            begins_at=ended,
            seconds=(began - ended).total_seconds(),
        )
        for (_, _, ended), (number, began, _) in pairwise(dated)
        if began - ended > JUMP
    ]


def graded(checks: Sequence[SegmentCheck], *, failed: bool = False) -> Outcome:
    """The grade of all segments together; `failed`: of a session that came to none."""
    if not checks:
        return Outcome.FAILED if failed else Outcome.EMPTY
    if any(check.reasons for check in checks):
        return Outcome.PARTIAL
    media = any(check.has_media or check.seconds for check in checks)
    return Outcome.COMPLETE if media else Outcome.EMPTY

"""What to look at of a recording: which piece of media was recorded when, and how it was shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from longtake.domain.files import StoredFile, Stream
from longtake.domain.playlist import Playlist, key_of
from longtake.domain.session import LayoutRevision

JUST_BEFORE = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Take:
    """A stored piece of media on the clock."""

    key: str
    begins_at: datetime
    seconds: float
    segment: int

    @property
    def ends_at(self) -> datetime:
        """When the next one begins, unless there is a gap."""
        return self.begins_at + timedelta(seconds=self.seconds)


@dataclass(frozen=True)
class Strip:
    """What was recorded of one user's stream, or of the mix, in order."""

    user: str
    """Empty for the mix."""
    stream: Stream
    takes: tuple[Take, ...]

    def at(self, moment: datetime) -> Take | None:
        """The piece that holds a moment; None in a gap."""
        inside = (take for take in self.takes if take.begins_at <= moment < take.ends_at)
        return next(inside, None)


def takes_of(file: StoredFile, playlist: Playlist, begins_at: datetime) -> tuple[Take, ...]:
    """The pieces that a playlist lists; one without a time of its own follows the one before."""
    takes: list[Take] = []
    at = begins_at
    for entry in playlist.entries:
        at = entry.begins_at or at
        if entry.seconds:
            takes.append(Take(key_of(entry.uri, file.key, ()), at, entry.seconds, file.segment))
        at += timedelta(seconds=entry.seconds)
    return tuple(takes)


def strips(found: Iterable[tuple[StoredFile, tuple[Take, ...]]]) -> list[Strip]:
    """One for each user's stream, the mix first."""
    joined: dict[tuple[str, Stream], list[Take]] = {}
    for file, takes in found:
        joined.setdefault((file.user, file.stream), []).extend(takes)
    return [
        Strip(user, stream, tuple(sorted(takes, key=lambda take: take.begins_at)))
        for (user, stream), takes in sorted(joined.items())
        if takes
    ]


def moments(found: Sequence[Strip], every: timedelta) -> list[datetime]:
    """Where to look: at the beginning and then each `every`; at least at the first and the last."""
    takes = [take for strip in found for take in strip.takes]
    if not takes:
        return []
    first = min(take.begins_at for take in takes)
    last = max(take.ends_at for take in takes) - JUST_BEFORE
    looks = [first + number * every for number in range(int((last - first) / every) + 1)]
    return looks if len(looks) > 1 else [first, last]


def shown_at(
    revisions: Sequence[LayoutRevision], segment: int, moment: datetime
) -> LayoutRevision | None:
    """The revision that a segment showed at a moment; before its first one, that one."""
    own = sorted((r for r in revisions if r.segment == segment), key=lambda r: r.at)
    before = [revision for revision in own if revision.at <= moment]
    return before[-1] if before else next(iter(own), None)

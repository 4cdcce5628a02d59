"""What a recorder sees and hears at one moment, and the tracks that it makes of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from longtake.emulator.rooms import Person, screen_of

Kind = Literal["audio", "video", "both"]
Stream = Literal["main", "aux"]
Fit = Literal["crop", "fit"]


@dataclass(frozen=True)
class Cell:
    """A region in fractions of the canvas, origin top left; ``user`` None shows what lies below.

    user: whose picture, or ``screen_of`` that user. alpha: 0 (invisible) to 1 (opaque).
    """

    x: float
    y: float
    width: float
    height: float
    user: str | None = None
    fit: Fit = "crop"
    alpha: float = 1.0


@dataclass(frozen=True)
class TrackKey:
    """A track of one server: of one user's stream, or of everybody mixed (``user`` None).

    stream: ``aux`` is a screen, where a vendor has it apart.
    """

    user: str | None
    kind: Kind
    stream: Stream = "main"

    @property
    def source(self) -> str | None:
        """The user, or the user's screen, as ``Stage.people`` lists them."""
        return self.user if self.user is None or self.stream == "main" else screen_of(self.user)


@dataclass(frozen=True)
class Stage:
    """The canvas in pixels, its background and cells, and the people, screens among them.

    tracks: those that receive media now. cells: from bottom to top; none where nothing is mixed.
    """

    width: int
    height: int
    people: tuple[Person, ...]
    tracks: frozenset[TrackKey]
    cells: tuple[Cell, ...] = ()
    background: str = "#000000"


def mixed_track(people: Iterable[Person]) -> frozenset[TrackKey]:
    """One track of everybody, as long as somebody sends anything."""
    busy = any(person.publishes for person in people)
    return frozenset({TrackKey(None, "both")}) if busy else frozenset()


def separate_tracks(people: Iterable[Person]) -> frozenset[TrackKey]:
    """A track for each user's audio, and one for each user's video."""
    crowd = tuple(people)
    heard = {TrackKey(person.user, "audio") for person in crowd if person.audio}
    return frozenset(heard | {TrackKey(person.user, "video") for person in crowd if person.video})

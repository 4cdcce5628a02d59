"""What a calendar file is read into, by which rules, and how it fails."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol


class CalendarError(Exception):
    """The file cannot be made into schedules; each problem names the event, property and rule."""

    def __init__(self, problems: Sequence[str]) -> None:
        """All problems at once."""
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Title:
    """What tells a person, and the room's template, which event it is."""

    uid: str
    summary: str = ""
    location: str = ""
    room: str = ""
    """X-LONGTAKE-ROOM."""


@dataclass(frozen=True)
class Series:
    """Times of one event that last equally long, under one title."""

    title: Title
    lasts: timedelta
    starts: tuple[datetime, ...]
    """In UTC, ascending."""
    part: str = ""
    """Empty for the event as its first entry has it; else it tells apart those that deviate."""


@dataclass(frozen=True)
class Reading:
    """What a file says."""

    series: tuple[Series, ...]
    notes: tuple[str, ...]
    """What was left out, and why."""


@dataclass(frozen=True)
class Rules:
    """How to read what the file leaves open."""

    zone: str | None = None
    """Of floating times; else X-WR-TIMEZONE."""
    all_day: bool = False
    """Whether all-day events are recorded, from midnight to midnight."""
    lasts: timedelta | None = None
    """Of events without an end."""


class Broken(Exception):
    """An event that breaks a rule; the text names the property and the rule."""


class Component(Protocol):
    """As much of the library's components as is read here; its own types say less."""

    errors: list[tuple[str, str]]

    def get(self, key: str, default: Any = None) -> Any:
        """A property; a list where it is given more than once."""
        ...

    def walk(self, name: str) -> Iterable[Any]:
        """The components of this name."""
        ...

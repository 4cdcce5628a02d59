"""Times as calendar files tell them, and the zones that they are told in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from icalendar.timezone import windows_to_olson

from longtake.calendars.model import Broken, Component

YEARS = range(1900, 2200)
"""Beyond these a calendar is mistaken, and the clocks' rules end."""


class Zones:
    """Time zones as one VCALENDAR names them."""

    def __init__(self, calendar: Component, floating: str | None) -> None:
        """Names of the time zone database go before the file's own rules of that name."""
        self._own = {str(each.get("TZID")): each for each in calendar.walk("VTIMEZONE")}
        self._floating = floating or str(calendar.get("X-WR-TIMEZONE", ""))

    def named(self, name: str) -> tzinfo | None:
        """The zone; None if neither the database nor the file knows it."""
        own = self._own.get(name)
        aliases = [name, windows_to_olson.WINDOWS_TO_OLSON.get(name, "")]
        if own is not None:
            aliases.append(str(own.get("X-LIC-LOCATION", "")))
        elif name.startswith("/"):  # a registry's prefix before the database's name
            parts = name.split("/")
            aliases += ["/".join(parts[at:]) for at in range(1, len(parts))]
        for alias in aliases:
            if found := _in_database(alias):
                return found
        return None if own is None else cast("tzinfo", own.to_tz())

    def of_floating(self) -> tzinfo | None:
        """Where floating times are told."""
        return self.named(self._floating) if self._floating else None


def _in_database(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


@dataclass(frozen=True)
class When:
    """A time as a property has it: what the clocks of its zone show."""

    wall: datetime
    zone: tzinfo
    day: bool = False
    """A date without a time."""

    @property
    def instant(self) -> datetime:
        """In UTC: of a time that comes twice the first, and one that the clocks leave out by the
        offset that was in force before (RFC 5545, 3.3.5).
        """
        at = self.wall.replace(tzinfo=self.zone, fold=0)
        found = (self.wall - _offset(at)).replace(tzinfo=UTC)
        if found.astimezone(self.zone).replace(tzinfo=None, fold=0) == self.wall:
            return found
        before = _offset(at - timedelta(days=1))
        return (self.wall - before).replace(tzinfo=UTC)

    def told_in(self, zone: tzinfo) -> When:
        """The same instant by another zone's clocks."""
        wall = self.instant.astimezone(zone).replace(tzinfo=None, fold=0)
        return replace(self, wall=wall, zone=zone)

    def moved(self, by: timedelta) -> When:
        """So much later on the clocks."""
        return replace(self, wall=self.wall + by)


def _offset(at: datetime) -> timedelta:
    return at.utcoffset() or timedelta(0)


def when(prop: str, value: Any, zones: Zones, near: tzinfo | None) -> When:
    """A property's time; `near` is where a floating one is told if the file names no zone."""
    return told(prop, value.dt, str(value.params.get("TZID", "")), zones, near)


def told(prop: str, at: date, tzid: str, zones: Zones, near: tzinfo | None) -> When:
    if not isinstance(at, date):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise Broken(f"{prop}: must be a date, or a date and a time")
    if at.year not in YEARS:
        raise Broken(f"{prop}: the year must be from {YEARS[0]} to {YEARS[-1]}")
    day = not isinstance(at, datetime)
    wall = datetime.combine(at, time()) if not isinstance(at, datetime) else at
    if wall.tzinfo is not None and not tzid:
        return When(wall.astimezone(UTC).replace(tzinfo=None), UTC)
    zone = zones.named(tzid) if tzid else near or zones.of_floating()
    if zone is None and tzid:
        raise Broken(f"{prop}: neither the time zone database nor a VTIMEZONE knows {tzid!r}")
    if zone is None:
        raise Broken(f"{prop}: is a floating time; --timezone says where it is told")
    return When(wall.replace(tzinfo=None), zone, day)

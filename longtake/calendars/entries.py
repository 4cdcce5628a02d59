"""The entries of a file: an event, or what differs at one of its times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from longtake.calendars.model import Broken, Component, Rules, Title
from longtake.calendars.zones import When, Zones, when

ROOM_PROPERTY = "X-LONGTAKE-ROOM"
_ONCE = ("UID", "DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "STATUS")
_TIMES = {"DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "RRULE", "EXRULE", "RDATE", "EXDATE"}


@dataclass(frozen=True)
class Entry:
    """One VEVENT."""

    event: Component
    zones: Zones
    title: Title
    start: When
    lasts: timedelta
    """On a stop-watch; of an all-day event on the calendar."""
    replaces: When | None
    """RECURRENCE-ID: which of the event's times is another one."""
    onwards: bool
    """That time and all later ones."""
    cancelled: bool
    left_out: str
    """Why it is treated like a cancelled one, though it is none."""

    @classmethod
    def of(cls, event: Component, zones: Zones, rules: Rules, method: str) -> Entry:
        """The entry with its times. Broken."""
        _check(event)
        day = not isinstance(event.get("DTSTART").dt, datetime)
        # A day that is left out anyhow needs no zone.
        near = UTC if day and not rules.all_day else None
        start = when("DTSTART", event.get("DTSTART"), zones, near)
        status = str(event.get("STATUS", "")).upper()
        cancelled = status == "CANCELLED" or method.upper() == "CANCEL"
        title = Title(
            uid=str(event.get("UID")),
            summary=str(event.get("SUMMARY", "")),
            location=str(event.get("LOCATION", "")),
            room=_unescaped(str(event.get(ROOM_PROPERTY, ""))),
        )
        left_out = ""
        if start.day and not rules.all_day and not cancelled:
            left_out = f"event {title.uid}: DTSTART: is all day; --all-day records such events"
        replaced = event.get("RECURRENCE-ID")
        ranged = "" if replaced is None else str(replaced.params.get("RANGE", "")).upper()
        gone = cancelled or bool(left_out)
        return cls(
            event=event,
            zones=zones,
            title=title,
            start=start,
            lasts=timedelta(0) if gone else _lasts(event, start, zones, rules),
            replaces=None
            if replaced is None
            else when("RECURRENCE-ID", replaced, zones, start.zone),
            onwards=ranged == "THISANDFUTURE",
            cancelled=gone,
            left_out=left_out,
        )

    def lasts_at(self, start: When) -> timedelta:
        """How long it is then: a day has 23 hours when the clocks are put forward."""
        if not start.day:
            return self.lasts
        return start.moved(self.lasts).instant - start.instant

    @property
    def version(self) -> tuple[int, str]:
        """Of two entries for the same time the greater one counts."""
        number: Any = self.event.get("SEQUENCE", 0)
        changed: Any = self.event.get("LAST-MODIFIED") or self.event.get("DTSTAMP")
        broken = {prop for prop, _ in self.event.errors}
        return (
            0 if "SEQUENCE" in broken else int(number),
            "" if changed is None else changed.to_ical().decode(),
        )


def latest(entries: list[Entry]) -> list[Entry]:
    """Of several versions of an entry the last one."""
    kept: dict[datetime | None, Entry] = {}
    for entry in entries:
        key = entry.replaces.instant if entry.replaces else None
        if key not in kept or kept[key].version <= entry.version:
            kept[key] = entry
    return list(kept.values())


def _check(event: Component) -> None:
    for prop in ("UID", "DTSTART"):
        if not event.get(prop):
            raise Broken(f"{prop}: is missing")
    for prop in _ONCE:
        if isinstance(event.get(prop), list):
            raise Broken(f"{prop}: is given more than once")
    for prop, why in event.errors:
        if prop in _TIMES:
            raise Broken(f"{prop}: {why}")


def _lasts(event: Component, start: When, zones: Zones, rules: Rules) -> timedelta:
    end, lasts = event.get("DTEND"), event.get("DURATION")
    if end is not None and lasts is not None:
        raise Broken("DTEND: must not be given beside DURATION")
    if end is not None:
        until = when("DTEND", end, zones, start.zone)
        if until.day != start.day:
            raise Broken("DTEND: must be a date if DTSTART is one, and a time if that is one")
        found = until.wall - start.wall if start.day else until.instant - start.instant
    elif lasts is not None:
        found = cast("timedelta", lasts.dt)
    elif start.day:
        found = timedelta(days=1)
    elif rules.lasts is not None:
        found = rules.lasts
    else:
        raise Broken("DTEND: neither it nor DURATION is given; --duration says how long it is")
    if found <= timedelta(0):
        raise Broken(f"{'DURATION' if end is None else 'DTEND'}: the end must be after DTSTART")
    return found


def _unescaped(text: str) -> str:
    """The library takes the text of a property that it does not know as it stands."""
    for written, meant in (("\\,", ","), ("\\;", ";"), ("\\\\", "\\")):
        text = text.replace(written, meant)
    return text

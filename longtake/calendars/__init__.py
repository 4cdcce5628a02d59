"""iCalendar files (RFC 5545) as exact times: which event is due when, and for how long.

Pure: bytes in, moments in UTC out. Where the standard leaves a choice, or calendars in the field
do not keep to it, docs/schedules.md says what is done.
"""

from __future__ import annotations

import warnings
from datetime import datetime
from typing import cast

from icalendar import Calendar

from longtake.calendars.entries import Entry
from longtake.calendars.model import (
    Broken,
    CalendarError,
    Component,
    Reading,
    Rules,
    Series,
    Title,
)
from longtake.calendars.recurring import series_of
from longtake.calendars.zones import Zones

__all__ = ["CalendarError", "Reading", "Rules", "Series", "Title", "read_calendar"]

_BEYOND = (ArithmeticError, TypeError, ValueError)
"""How the libraries fail at values that no calendar should hold."""


def read_calendar(data: bytes, now: datetime, until: datetime, rules: Rules) -> Reading:
    """Every time that begins after `now` and not after `until`. CalendarError."""
    calendars = _calendars(data)
    problems: list[str] = []
    entries: dict[str, list[Entry]] = {}
    for each in calendars:
        zones = Zones(each, rules.zone)
        for number, event in enumerate(each.walk("VEVENT"), 1):
            uid = str(event.get("UID", ""))
            try:
                entry = Entry.of(event, zones, rules, str(each.get("METHOD", "")))
                entries.setdefault(uid, []).append(entry)
            except (Broken, *_BEYOND) as broken:
                problems.append(f"event {uid or f'number {number}'}: {broken}")
    series: list[Series] = []
    for uid, found in entries.items():
        try:
            series += series_of(found, now, until)
        except (Broken, *_BEYOND) as broken:
            problems.append(f"event {uid}: {broken}")
    if problems:
        raise CalendarError(problems)
    notes = [entry.left_out for found in entries.values() for entry in found if entry.left_out]
    return Reading(tuple(series), tuple(notes))


def _calendars(data: bytes) -> list[Component]:
    try:
        with warnings.catch_warnings(action="ignore"):  # it tells of names that it guesses
            parsed = Calendar.from_ical(data.removeprefix(b"\xef\xbb\xbf"), multiple=True)
    except (ValueError, IndexError) as err:
        raise CalendarError([f"this is no iCalendar file: {err}"]) from None
    found = cast("list[Component]", parsed)
    begun = sum(line.strip().upper() == b"BEGIN:VEVENT" for line in data.splitlines())
    if not found or begun != sum(len(list(each.walk("VEVENT"))) for each in found):
        raise CalendarError(["this is no iCalendar file, or it breaks off: no END of VCALENDAR"])
    return found

"""From an event's entries to its times: rules, dates in and out, and single ones that differ."""

from __future__ import annotations

import calendar
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from dateutil.rrule import rrulestr
from icalendar import vRecur

from longtake.calendars.entries import Entry, latest
from longtake.calendars.model import Broken, Series, Title
from longtake.calendars.zones import When, told

MOST_TIMES = 5_000
"""Of one event within the horizon: more is no timetable of recordings."""

MOST_STEPS = 200_000
"""Times of one rule since its first: counting further would only cost time."""

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class _Slot:
    """One time of an event."""

    start: When
    lasts: timedelta
    title: Title


def series_of(entries: list[Entry], now: datetime, until: datetime) -> Iterator[Series]:
    """One event's times, those together that are alike. Broken."""
    versions = latest(entries)
    master = next((entry for entry in versions if entry.replaces is None), None)
    changes = [entry for entry in versions if entry.replaces is not None]
    if master is not None and master.cancelled:
        return
    due = {
        (slot.start.instant, slot.lasts, slot.title)
        for slot in _slots(master, changes, until)
        if now < slot.start.instant <= until
    }
    if len(due) > MOST_TIMES:
        raise Broken(f"RRULE: {len(due)} times before the horizon; at most {MOST_TIMES} are taken")
    groups: dict[tuple[timedelta, Title], list[datetime]] = {}
    for at, lasts, title in sorted(due, key=lambda each: each[0]):
        groups.setdefault((lasts, title), []).append(at)
    for (lasts, title), starts in groups.items():
        alike = master is not None and (master.lasts, master.title) == (lasts, title)
        yield Series(title, lasts, tuple(starts), "" if alike else _part(lasts, title))


def _part(lasts: timedelta, title: Title) -> str:
    text = "\n".join([str(lasts), title.summary, title.location, title.room])
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _slots(master: Entry | None, changes: Sequence[Entry], until: datetime) -> list[_Slot]:
    """Every time until then, and later ones that a change may move to before it."""
    ordered = sorted(changes, key=_replaced)
    planned: dict[datetime, _Slot] = {}
    if master is not None:
        moved = [abs(each.start.instant - _replaced(each)) for each in ordered if each.onwards]
        last = until + max(moved, default=timedelta(0))
        for start, lasts in _planned(master, last):
            planned.setdefault(start.instant, _Slot(start, lasts, master.title))
    found: dict[datetime, _Slot | None] = dict(planned)
    for change in ordered:
        if change.onwards and master is not None:
            found |= _from_then_on(change, planned)
    for change in ordered:
        if not change.onwards or master is None:
            for key in _meant(change, planned):
                found[key] = None
            if not change.cancelled:
                found[_replaced(change)] = _slot_of(change)
    return [slot for slot in found.values() if slot is not None]


def _replaced(change: Entry) -> datetime:
    return (change.replaces or change.start).instant


def _slot_of(entry: Entry) -> _Slot:
    return _Slot(entry.start, entry.lasts_at(entry.start), entry.title)


def _from_then_on(change: Entry, planned: Mapping[datetime, _Slot]) -> dict[datetime, _Slot | None]:
    """RANGE=THISANDFUTURE: as much later, or earlier, on the clocks as the change itself."""
    found: dict[datetime, _Slot | None] = {}
    for key, slot in planned.items():
        if key < _replaced(change):
            continue
        zone = slot.start.zone
        by = change.start.told_in(zone).wall - (change.replaces or change.start).told_in(zone).wall
        start = slot.start.moved(by)
        found[key] = (
            None if change.cancelled else _Slot(start, change.lasts_at(start), change.title)
        )
    return found


def _meant(change: Entry, planned: Mapping[datetime, _Slot]) -> list[datetime]:
    """Which time is replaced: that very instant in whatever zone, or, by a date, that day's."""
    meant = change.replaces
    if meant is None or not meant.day:
        return [_replaced(change)]
    same = [key for key, slot in planned.items() if slot.start.wall.date() == meant.wall.date()]
    return same or [_replaced(change)]


def _planned(master: Entry, until: datetime) -> Iterator[tuple[When, timedelta]]:
    """The times of the event's own entry, with how long each is."""
    start = master.start
    out = [each for prop in _many(master, "EXDATE") for each, _ in _listed("EXDATE", prop, master)]
    instants = {each.instant for each in out if not each.day}
    days = {each.wall.date() for each in out if each.day}
    for rule in _many(master, "EXRULE"):
        instants |= {each.instant for each in _by_rule("EXRULE", rule, start, until)}
    times: list[tuple[When, timedelta | None]] = [(start, None)]
    for rule in _many(master, "RRULE"):
        times += [(each, None) for each in _by_rule("RRULE", rule, start, until)]
    for prop in _many(master, "RDATE"):
        times += _listed("RDATE", prop, master)
    for each, lasts in times:
        if each.instant not in instants and each.wall.date() not in days:
            yield each, master.lasts_at(each) if lasts is None else lasts


def _many(entry: Entry, prop: str) -> list[Any]:
    given = entry.event.get(prop)
    if given is None:
        return []
    return list(given) if isinstance(given, list) else [given]  # pyright: ignore[reportUnknownArgumentType]


def _listed(prop: str, given: Any, master: Entry) -> list[tuple[When, timedelta | None]]:
    """RDATE's or EXDATE's times; a period has a length of its own."""
    tzid = str(given.params.get("TZID", ""))
    start, found = master.start, list[tuple[When, timedelta | None]]()
    for each in given.dts:
        lasts: timedelta | None = None
        value = each.dt
        if isinstance(value, tuple):
            value, end = value  # pyright: ignore[reportUnknownVariableType]
            begins = told(prop, value, tzid, master.zones, start.zone)  # pyright: ignore[reportUnknownArgumentType]
            lasts = (
                end
                if isinstance(end, timedelta)
                else told(prop, end, tzid, master.zones, start.zone).instant - begins.instant  # pyright: ignore[reportUnknownArgumentType]
            )
            if lasts <= timedelta(0):
                raise Broken(f"{prop}: a period must end after it begins")
        else:
            begins = told(prop, value, tzid, master.zones, start.zone)
        if prop == "RDATE" and begins.day and not start.day:  # a mere date: at the usual time
            wall = datetime.combine(begins.wall.date(), start.wall.time())
            begins = replace(start, wall=wall)
        found.append((begins, lasts))
    return found


def _by_rule(prop: str, rule: Any, start: When, until: datetime) -> Iterator[When]:
    """What a rule gives, told by the clocks of the event's own zone."""
    parts = {str(key).upper(): value for key, value in rule.items()}
    _check(prop, parts)
    count = parts.pop("COUNT", [None])[0]
    bound = min(until, _limit(parts.pop("UNTIL", [None])[0], start) or until)
    parts.pop("SKIP", None)
    parts.pop("RSCALE", None)
    try:
        walls = rrulestr(vRecur(parts).to_ical().decode(), dtstart=start.wall)
    except (ValueError, TypeError, AttributeError) as err:
        raise Broken(f"{prop}: {err}") from None
    for number, wall in enumerate(walls, 1):
        if number == 1 and wall != start.wall and count is not None:
            count -= 1  # DTSTART is the first time, whether or not the rule gives it
        if count is not None and number > count:
            return
        if number > MOST_STEPS:
            raise Broken(f"{prop}: more than {MOST_STEPS} times before the horizon")
        at = replace(start, wall=wall)
        if at.instant > bound + _DAY:
            return
        if at.instant <= bound:
            yield at


def _check(prop: str, parts: Mapping[str, Any]) -> None:
    frequency = str(parts.get("FREQ", [""])[0]).upper()
    if frequency in {"", "SECONDLY"}:
        raise Broken(f"{prop}: FREQ must be YEARLY, MONTHLY, WEEKLY, DAILY, HOURLY or MINUTELY")
    for name in ("COUNT", "INTERVAL"):
        if int(parts.get(name, [1])[0]) < 1:
            raise Broken(f"{prop}: {name} must be at least 1")
    others = {name for name in parts if name.startswith("BY")} - {"BYSETPOS"}
    if "BYSETPOS" in parts and not others:
        raise Broken(f"{prop}: BYSETPOS needs another BY part to choose from")
    if "BYEASTER" in parts:
        raise Broken(f"{prop}: BYEASTER is no part of RFC 5545")
    if "COUNT" in parts and "UNTIL" in parts:
        raise Broken(f"{prop}: COUNT and UNTIL exclude each other")
    if str(parts.get("RSCALE", ["GREGORIAN"])[0]).upper() != "GREGORIAN":
        raise Broken(f"{prop}: RSCALE must be GREGORIAN")
    if str(parts.get("SKIP", ["OMIT"])[0]).upper() != "OMIT":
        raise Broken(f"{prop}: SKIP must be OMIT")
    months = [int(month) for month in parts.get("BYMONTH", range(1, 13))]
    days = [int(day) for day in parts.get("BYMONTHDAY", ())]
    longest = max((calendar.monthrange(2024, month)[1] for month in months), default=31)
    if days and min(map(abs, days)) > longest:
        raise Broken(f"{prop}: no such BYMONTHDAY in BYMONTH: it would never happen")


def _limit(until: date | None, start: When) -> datetime | None:
    """UNTIL; by the standard in UTC, in the field also as a day or by the event's own clocks."""
    if until is None:
        return None
    if not isinstance(until, datetime):
        return replace(start, wall=datetime.combine(until, time.max)).instant
    if until.tzinfo is None:
        return replace(start, wall=until).instant
    return until.astimezone(UTC)

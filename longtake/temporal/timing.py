"""When a schedule is due: from what a person says to what Temporal takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from temporalio.client import ScheduleCalendarSpec, ScheduleRange, ScheduleSpec

DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
"""In Temporal's order, where Sunday is 0."""

_ALL_DAY: dict[str, Any] = {
    "hour": [ScheduleRange(0, 23)],
    "minute": [ScheduleRange(0, 59)],
    "second": [ScheduleRange(0, 59)],
}


def exact(moments: Iterable[datetime]) -> list[ScheduleCalendarSpec]:
    """Each moment once; the specification they are in must be in UTC."""
    return [
        ScheduleCalendarSpec(**_on(at.date()), **_at(at.time()))
        for at in (moment.astimezone(UTC) for moment in sorted(set(moments)))
    ]


def moments_of(spec: ScheduleSpec) -> set[datetime] | None:
    """The moments of `exact`; None for any other specification."""
    if spec.intervals or spec.cron_expressions:
        return None
    found = [_moment(calendar) for calendar in spec.calendars]
    return None if None in found else {at for at in found if at is not None}


def at_times(
    times: Sequence[time], days: Sequence[int] = (), dates: Sequence[int] = ()
) -> list[ScheduleCalendarSpec]:
    """At each time on these days of the week (0 is Sunday) and of the month; without any, daily."""
    return [
        ScheduleCalendarSpec(
            **_at(at),
            day_of_week=[ScheduleRange(day) for day in days] or [ScheduleRange(0, 6)],
            day_of_month=[ScheduleRange(day) for day in dates] or [ScheduleRange(1, 31)],
        )
        for at in times
    ]


def without(days: Iterable[date]) -> list[ScheduleCalendarSpec]:
    """To be skipped: whole days, as a specification's plain one is midnight only."""
    return [ScheduleCalendarSpec(**_on(day), **_ALL_DAY) for day in days]


def clock_changes(
    zone: ZoneInfo, times: Sequence[time], days: Sequence[int], dates: Sequence[int], first: date
) -> list[str]:
    """Which of these times do not exist, or exist twice, within a year of `first`; in words."""
    told: list[str] = []
    for day in (first + timedelta(days=ahead) for ahead in range(366)):
        if (days and day.isoweekday() % 7 not in days) or (dates and day.day not in dates):
            continue
        for at in times:
            local = datetime.combine(day, at, zone)
            if not exists(local):
                told.append(f"{local:%Y-%m-%d %H:%M} does not exist: nothing is recorded then")
            elif local.utcoffset() != local.replace(fold=1).utcoffset():
                told.append(f"{local:%Y-%m-%d %H:%M} comes twice: see docs/schedules.md")
    return told


def exists(local: datetime) -> bool:
    """Whether the clocks of its zone ever show this time."""
    back = local.astimezone(UTC).astimezone(local.tzinfo)
    return back.replace(tzinfo=None, fold=0) == local.replace(tzinfo=None, fold=0)


def _on(day: date) -> dict[str, Any]:
    return {
        "year": [ScheduleRange(day.year)],
        "month": [ScheduleRange(day.month)],
        "day_of_month": [ScheduleRange(day.day)],
    }


def _at(at: time) -> dict[str, Any]:
    return {
        "hour": [ScheduleRange(at.hour)],
        "minute": [ScheduleRange(at.minute)],
        "second": [ScheduleRange(at.second)],
    }


def _moment(calendar: ScheduleCalendarSpec) -> datetime | None:
    parts = (
        calendar.year,
        calendar.month,
        calendar.day_of_month,
        calendar.hour,
        calendar.minute,
        calendar.second,
    )
    single = [part[0].start for part in parts if len(part) == 1 and part[0].end <= part[0].start]
    if len(single) < len(parts):
        return None
    year, month, day, hour, minute, second = single
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)

"""From a command's words to when a schedule is due; every error names the option and the rule."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import TypeAdapter, ValidationError
from temporalio.client import ScheduleIntervalSpec, ScheduleSpec

from longtake.cli.exits import Code, Exit
from longtake.cli.options import as_duration
from longtake.domain.recording import Moment
from longtake.temporal.timing import DAYS, at_times, clock_changes, exact, exists, without

_DURATION = TypeAdapter(timedelta)
_MOMENT: TypeAdapter[datetime] = TypeAdapter(Moment)
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")


def timetable(
    *,
    zone: ZoneInfo,
    cron: Sequence[str],
    every: str | None,
    offset: str | None,
    times: Sequence[str],
    days: str | None,
    dates: str | None,
    once: Sequence[str],
    now: datetime,
) -> tuple[ScheduleSpec, str, list[str]]:
    """The specification, the same in words, and what a person should know of changing clocks."""
    kinds = {"--cron": cron, "--every": every, "--time": times, "--once": once}
    given = [name for name, value in kinds.items() if value]
    if len(given) != 1:
        told = " and ".join(given) or "none"
        raise Exit(Code.USAGE, f"give one of {', '.join(kinds)}; given: {told}")
    if (days or dates) and not times:
        raise Exit(Code.USAGE, "--days and --dates belong to --time")
    if offset and not every:
        raise Exit(Code.USAGE, "--offset belongs to --every")
    if cron:
        spec = ScheduleSpec(cron_expressions=list(cron), time_zone_name=zone.key)
        return spec, f"cron {', '.join(cron)} {zone.key}", []
    if every:
        interval = ScheduleIntervalSpec(
            every=duration("--every", every),
            offset=duration("--offset", offset) if offset else None,
        )
        return ScheduleSpec(intervals=[interval]), f"every {interval.every}", []
    if once:
        moments = [_once(text, zone, now) for text in once]
        told = ", ".join(f"{at.astimezone(zone):%Y-%m-%d %H:%M}" for at in sorted(moments)[:3])
        more = f" and {len(moments) - 3} more" if len(moments) > 3 else ""
        return ScheduleSpec(calendars=exact(moments)), f"once {told}{more} {zone.key}", []
    at = [_time(text) for text in times]
    week, month = _days(days), _dates(dates)
    spec = ScheduleSpec(calendars=at_times(at, week, month), time_zone_name=zone.key)
    on = " ".join(filter(None, [days or ("" if dates else "daily"), dates and f"on {dates}"]))
    told = f"{on} {', '.join(f'{each:%H:%M}' for each in at)} {zone.key}"
    return spec, told, clock_changes(zone, at, week, month, now.astimezone(zone).date())


def bounded(
    spec: ScheduleSpec,
    *,
    begins: str | None,
    ends: str | None,
    jitter: timedelta,
    skip: Sequence[str],
) -> ScheduleSpec:
    """The same within bounds, without some days, and spread."""
    spec.start_at = moment("--from", begins) if begins else None
    spec.end_at = moment("--until", ends) if ends else None
    spec.jitter = jitter or None
    spec.skip = without(_date(text) for text in skip)
    return spec


def zone_named(name: str) -> ZoneInfo:
    """A zone of the time zone database."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Exit(
            Code.USAGE,
            f"--timezone: a name of the time zone database is expected, such as Europe/Berlin:"
            f" {name!r}",
        ) from None


def duration(option: str, text: str, least: timedelta = timedelta(seconds=1)) -> timedelta:
    """`45m`, `1h30m`, seconds or ISO 8601."""
    try:
        found = _DURATION.validate_python(as_duration(text))
    except ValidationError:
        found = timedelta(-1)
    if found < least:
        raise Exit(
            Code.USAGE, f"{option}: a duration is expected, such as 45m, 1h30m or PT45M: {text!r}"
        )
    return found


def moment(option: str, text: str) -> datetime:
    """RFC 3339, with an offset."""
    try:
        return _MOMENT.validate_python(text)
    except ValidationError:
        raise Exit(
            Code.USAGE, f"{option}: RFC 3339 is expected, such as 2027-01-31T09:00:00Z: {text!r}"
        ) from None


def _once(text: str, zone: ZoneInfo, now: datetime) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Exit(
            Code.USAGE,
            "--once: a date and time are expected, such as 2027-01-31T09:00 (told in --timezone)"
            f" or 2027-01-31T09:00:00Z: {text!r}",
        ) from None
    if at.tzinfo is None:
        at = at.replace(tzinfo=zone)
        if not exists(at):
            raise Exit(Code.USAGE, f"--once: the clocks of {zone.key} leave out {text!r}")
    if at <= now:
        raise Exit(Code.USAGE, f"--once: must be later than now: {text!r}")
    return at.astimezone(UTC)


def _time(text: str) -> time:
    found = _TIME.fullmatch(text)
    if found is None:
        raise Exit(Code.USAGE, f"--time: HH:MM or HH:MM:SS is expected, such as 09:25: {text!r}")
    hour, minute, second = found.groups()
    return time(int(hour), int(minute), int(second or 0))


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Exit(
            Code.USAGE, f"--skip: a date is expected, such as 2026-12-25: {text!r}"
        ) from None


def _days(text: str | None) -> list[int]:
    found: list[int] = []
    for part in (text or "").lower().split(",") if text else ():
        first, dash, last = part.strip().partition("-")
        if first not in DAYS or (dash and last not in DAYS):
            raise Exit(
                Code.USAGE, f"--days: names are expected, such as mon-fri or mon,wed: {text!r}"
            )
        begin, end = DAYS.index(first), DAYS.index(last or first)
        found += [(begin + ahead) % 7 for ahead in range((end - begin) % 7 + 1)]
    return sorted(set(found))


def _dates(text: str | None) -> list[int]:
    parts: list[Any] = [part.strip() for part in text.split(",")] if text else []
    if not all(part.isdigit() and 1 <= int(part) <= 31 for part in parts):
        raise Exit(Code.USAGE, f"--dates: days of the month are expected, such as 1,15: {text!r}")
    return sorted({int(part) for part in parts})

"""`longtake schedule import`: a timetable's events as schedules, all of them or none."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from pydantic import ValidationError
from temporalio.client import ScheduleSpec

from longtake.calendars import CalendarError, Reading, Rules, Series, Title, read_calendar
from longtake.cli.exits import Code, Exit
from longtake.contracts.scheduling import ScheduledOrder
from longtake.domain.errors import RecordingError, invalid_request
from longtake.domain.recording import RecordingRequest
from longtake.temporal.schedules import Origin, Plan, Schedules
from longtake.temporal.timing import exact

TIMES_EACH = 1_000
"""Of one schedule: the server takes 20,000 and more, at a second for each question about it."""

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,79}")
_FIELD = re.compile(r"\{(\w*)\}")
_FIELDS = ("uid", "summary", "location", "room")


@dataclass(frozen=True)
class Line:
    """What became of one schedule."""

    change: str
    name: str
    room: str
    times: int
    first: datetime | None
    uid: str


def reading(data: bytes, now: datetime, horizon: timedelta, rules: Rules) -> Reading:
    """The file's times up to the end of the horizon's last day, so that an import later the same
    day gives the same. Exit names every broken event.
    """
    until = datetime.combine((now + horizon).date() + timedelta(days=1), time(), now.tzinfo)
    try:
        return read_calendar(data, now, until, rules)
    except CalendarError as err:
        raise Exit(Code.USAGE, _problems(err.problems)) from None


def plans(
    found: Reading,
    calendar: str,
    template: str | None,
    request: Callable[[str], RecordingRequest],
    policy: Mapping[str, Any],
) -> list[Plan]:
    """The schedules of a calendar; `request` makes the one of a room. Exit names every problem."""
    check_template(template)
    planned: list[Plan] = []
    problems: list[str] = []
    for series in found.series:
        try:
            room = _room(series.title, template)
            order = ScheduledOrder(request=request(room), duration=series.lasts, **policy)
        except ValidationError as err:
            problems.append(f"event {series.title.uid}: {invalid_request(err)}")
        except RecordingError as err:
            problems.append(f"event {series.title.uid}: {_source(series.title, template)}: {err}")
        else:
            planned += _chunks(series, order, calendar)
    if problems:
        raise Exit(Code.USAGE, _problems(problems))
    return planned


async def apply(
    schedules: Schedules, planned: list[Plan], now: datetime, *, dry: bool
) -> list[Line]:
    """Make them so; gives what was done, or would be."""
    lines: list[Line] = []
    for plan in planned:
        change = await schedules.put(plan, now, dry=dry)
        lines.append(_line(change, plan))
    return lines


async def prune(
    schedules: Schedules, account: str, calendar: str, planned: list[Plan], *, dry: bool
) -> list[Line]:
    """Delete what earlier imports of this calendar made and this one does not."""
    kept = {plan.name for plan in planned}
    gone = [
        each async for each in schedules.list(account, calendar=calendar) if each.name not in kept
    ]
    for each in gone:
        if not dry:
            await schedules.delete(account, each.name)
    return [Line("deleted", each.name, each.room, 0, None, each.uid) for each in gone]


def check_template(template: str | None) -> None:
    """Exit names a field that no event has."""
    for name in _FIELD.findall(template or ""):
        if name not in _FIELDS:
            known = ", ".join(f"{{{field}}}" for field in _FIELDS)
            raise Exit(Code.USAGE, f"--room: {{{name}}} is unknown; there are {known}")


def _room(title: Title, template: str | None) -> str:
    if template is None:
        return title.room or title.location
    return _FIELD.sub(lambda found: str(getattr(title, found[1])), template)


def _source(title: Title, template: str | None) -> str:
    """Where the room's name comes from, to be named in an error."""
    if template is not None:
        return "--room"
    return "X-LONGTAKE-ROOM" if title.room else "LOCATION"


def _chunks(series: Series, order: ScheduledOrder, calendar: str) -> list[Plan]:
    uid = series.title.uid
    plain = uid if _PLAIN.fullmatch(uid) else hashlib.sha256(uid.encode()).hexdigest()[:16]
    name = "/".join(filter(None, [calendar, plain, series.part]))
    starts = [
        series.starts[at : at + TIMES_EACH] for at in range(0, len(series.starts), TIMES_EACH)
    ]
    return [
        Plan(
            name=name if number == 0 else f"{name}/{number + 1}",
            order=order,
            spec=ScheduleSpec(calendars=exact(some)),
            origin=Origin(calendar, uid, f"calendar {calendar}"),
        )
        for number, some in enumerate(starts)
    ]


def _line(change: str, plan: Plan) -> Line:
    calendars = plan.spec.calendars
    first = calendars[0]
    at = [part[0].start for part in (first.year, first.month, first.day_of_month)]
    at += [part[0].start for part in (first.hour, first.minute, first.second)]
    begins = datetime.fromisoformat("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z".format(*at))
    room = plan.order.request.room
    return Line(change, plan.name, room, len(calendars), begins, plan.origin.uid)


def _problems(problems: list[str] | tuple[str, ...]) -> str:
    return "\n".join(["nothing was imported:", *(f"  {problem}" for problem in problems)])

"""How schedules, their occurrences and an import look in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.table import Table
from rich.text import Text

from longtake.cli.tables import facts
from longtake.temporal.schedules import ListedOccurrence, ListedSchedule, ShownSchedule

_COLOURS = {"started": "green", "missed": "red", "overlapped": "yellow", "skipped": "yellow"}


def schedules_table(schedules: Iterable[ListedSchedule]) -> Table:
    """One line a schedule; times are told by this machine's clock."""
    table = _table("name", "account", "room", "when", "next")
    for each in schedules:
        due = _clock(each.next[0]) if each.next else "never again"
        table.add_row(
            Text(each.name),
            Text(each.account),
            Text(each.room),
            Text(each.when or "as Temporal says"),
            Text("paused", style="bold yellow") if each.paused else Text(due),
        )
    return table


def schedule_facts(shown: ShownSchedule) -> Table:
    """All of one schedule but its occurrences."""
    order, request = shown.order, shown.order.request
    rows: list[tuple[str, Text | str]] = [
        ("schedule", Text(shown.id, style="bold")),
        ("when", shown.origin.when or "as Temporal says"),
        ("room", f"{request.room}, account {request.account} ({request.vendor})"),
        ("duration", str(order.duration)),
        ("overlap", order.overlap),
        ("catch-up", str(order.catch_up)),
    ]
    if order.jitter:
        rows.append(("jitter", f"up to {order.jitter}"))
    if shown.origin.uid:
        rows.append(("event", shown.origin.uid))
    if shown.paused:
        rows.append(("paused", Text(order.paused or shown.note or "yes", style="bold yellow")))
    elif shown.note:
        rows.append(("note", shown.note))
    if shown.lost:
        rows.append(("lost", Text(f"{shown.lost}, which the server dropped", style="red")))
    rows.append(("next", times(shown.next, shown.zone)))
    return facts(rows)


def occurrences_table(occurrences: Sequence[ListedOccurrence]) -> Table:
    """What became of the latest occurrences."""
    table = _table("due", "outcome", "reason", "occurrence")
    for each in occurrences:
        outcome = each.outcome or "under way"
        table.add_row(
            _clock(each.due),
            Text(outcome, style=_COLOURS.get(outcome, "")),
            Text(each.reason),
            Text(each.workflow_id, style="dim"),
        )
    return table


def times(moments: Sequence[datetime], zone: str) -> str:
    """The next few moments, by the schedule's own clock."""
    told = [f"{at.astimezone(ZoneInfo(zone)):%a %Y-%m-%d %H:%M:%S %Z}" for at in moments[:5]]
    return "\n".join(told) or "never again"


def _table(*names: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in names:
        table.add_column(name, overflow="fold")
    return table


def _clock(at: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}"

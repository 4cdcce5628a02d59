"""Schedules of recordings: made by hand or from a calendar, looked at, and led."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Console

from longtake.cli.exits import Code, Exit
from longtake.cli.options import (
    AccountOption,
    JsonOption,
    PurposeOption,
    RoomArgument,
    SettingsOption,
    connected,
    load_settings,
    only,
    run,
)
from longtake.cli.request import (
    CanvasOption,
    FormatOption,
    LabelOption,
    LayoutOption,
    MediaOption,
    ModeOption,
    RequestOption,
    StorageOption,
    UsersOption,
    VendorOption,
    completed,
    request_file,
    scene_fields,
)
from longtake.cli.schedule_tables import (
    occurrences_table,
    schedule_facts,
    schedules_table,
    times,
)
from longtake.cli.timetable import bounded, duration, moment, timetable, zone_named
from longtake.contracts.scheduling import ScheduledOrder, Window
from longtake.domain.errors import invalid_request
from longtake.settings import Settings
from longtake.temporal.schedules import ListedSchedule, Origin, Plan, Schedules, ShownSchedule

app = typer.Typer(
    help="Recordings at set times: by cron, calendar, interval, once, or from an .ics file.",
    no_args_is_help=True,
)

_LISTED = TypeAdapter(list[ListedSchedule])
_SHOWN = TypeAdapter(ShownSchedule)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The schedule's name.")]
OverlapOption = Annotated[
    str,
    typer.Option(
        "--overlap",
        help="If the room has a live session: skip; wait for its end and record what is left of"
        " the time; or replace it.",
    ),
]
CatchUpOption = Annotated[
    str,
    typer.Option("--catch-up", help="How late an occurrence may begin; later it is missed."),
]
ZoneOption = Annotated[
    str | None, typer.Option("--timezone", help="Such as Europe/Berlin; else UTC.")
]


@app.command()
def create(
    name: NameArgument,
    room: RoomArgument,
    *,
    lasts: Annotated[
        str, typer.Option("--duration", help="Of each recording: 45m, 1h30m or PT45M.")
    ],
    cron: Annotated[
        list[str] | None, typer.Option(help="Such as '25 9 * * 1-5'; may be repeated.")
    ] = None,
    times_: Annotated[
        list[str] | None, typer.Option("--time", help="HH:MM[:SS]; may be repeated.")
    ] = None,
    days: Annotated[str | None, typer.Option(help="With --time: mon-fri or mon,wed.")] = None,
    dates: Annotated[str | None, typer.Option(help="With --time: days of the month, 1,15.")] = None,
    every: Annotated[str | None, typer.Option(help="An interval, such as 2h.")] = None,
    offset: Annotated[
        str | None, typer.Option(help="With --every: from 1970 on, such as 15m.")
    ] = None,
    once: Annotated[
        list[str] | None, typer.Option(help="2027-01-31T09:00, in --timezone; may be repeated.")
    ] = None,
    timezone: ZoneOption = None,
    begins: Annotated[str | None, typer.Option("--from", help="Not before; RFC 3339.")] = None,
    ends: Annotated[str | None, typer.Option("--until", help="Not after; RFC 3339.")] = None,
    skip: Annotated[
        list[str] | None, typer.Option(help="Not on this day, 2026-12-25; may be repeated.")
    ] = None,
    jitter: Annotated[
        str, typer.Option(help="Begin at random up to so much later, to spread a crowd.")
    ] = "0",
    overlap: OverlapOption = "skip",
    catch_up: CatchUpOption = "5m",
    note: Annotated[str, typer.Option(help="Shown beside the schedule.")] = "",
    account: AccountOption = None,
    storage: StorageOption = None,
    mode: ModeOption = None,
    media: MediaOption = None,
    users_: UsersOption = None,
    layout: LayoutOption = None,
    formats: FormatOption = None,
    canvas_: CanvasOption = None,
    purpose: PurposeOption = None,
    label: LabelOption = None,
    option: VendorOption = None,
    request: RequestOption = None,
    settings: SettingsOption = None,
) -> None:
    """Record a room at set times: one of --cron, --time, --every and --once."""
    known = load_settings(settings)
    given = scene_fields(
        mode=mode,
        media=media,
        users_=users_,
        layout=layout,
        canvas_=canvas_,
        purpose=purpose,
        label=label,
        option=option,
    )
    asked = completed(
        known,
        room,
        account,
        base=request_file(request) if request else {},
        given=given,
        output={"formats": formats or None, "storage": storage},
    )
    spread = duration("--jitter", jitter, timedelta(0))
    spec, when, warnings = timetable(
        zone=zone_named(timezone or "UTC"),
        cron=cron or (),
        every=every,
        offset=offset,
        times=times_ or (),
        days=days,
        dates=dates,
        once=once or (),
        now=datetime.now(UTC),
    )
    policy = {
        "overlap": overlap,
        "catch_up": duration("--catch-up", catch_up, timedelta(0)),
        "jitter": spread,
    }
    order = _order(request=asked, duration=duration("--duration", lasts), **policy)
    plan = Plan(
        name=_name(name),
        order=order,
        spec=bounded(spec, begins=begins, ends=ends, jitter=spread, skip=skip or ()),
        origin=Origin(when=when),
    )
    for warning in warnings:
        print(f"longtake: {warning}", file=sys.stderr)
    run(_create(known, plan, note))


async def _create(settings: Settings, plan: Plan, note: str) -> None:
    schedules = Schedules(await connected(settings))
    await schedules.create(plan, note)
    shown = await schedules.show(plan.order.request.account, plan.name, occurrences=0)
    print(plan.id)
    print(f"next: {times(shown.next[:3], shown.zone)}".replace("\n", "\n      "), file=sys.stderr)


def _order(**fields: Any) -> ScheduledOrder:
    try:
        return ScheduledOrder.model_validate(fields)
    except ValidationError as err:
        raise invalid_request(err) from None


def _name(text: str) -> str:
    if not 1 <= len(text) <= 200 or not text.isprintable():
        raise Exit(Code.USAGE, f"NAME: 1 to 200 printable characters are expected: {text!r}")
    return text


@app.command("list")
def list_(
    *, account: AccountOption = None, as_json: JsonOption = False, settings: SettingsOption = None
) -> None:
    """The schedules, and when each is due next."""

    async def listed() -> None:
        schedules = Schedules(await connected(load_settings(settings)))
        found = [each async for each in schedules.list(account or "")]
        found.sort(key=lambda each: (not each.next, each.next[:1], each.id))
        if as_json:
            print(_LISTED.dump_json(found, indent=2).decode())
        elif found:
            Console().print(schedules_table(found))
        else:
            print("no schedule")

    run(listed())


@app.command()
def show(
    name: NameArgument,
    *,
    account: AccountOption = None,
    last: Annotated[int, typer.Option(min=0, help="So many of the latest occurrences.")] = 10,
    as_json: JsonOption = False,
    settings: SettingsOption = None,
) -> None:
    """A schedule, its next times, and what became of its latest occurrences."""

    async def told() -> None:
        schedules, of = await _there(settings, account)
        shown = await schedules.show(of, name, last)
        if as_json:
            print(_SHOWN.dump_json(shown, indent=2).decode())
            return
        console = Console()
        console.print(schedule_facts(shown))
        if shown.occurrences:
            console.print()
            console.print(occurrences_table(shown.occurrences))

    run(told())


@app.command()
def pause(
    name: NameArgument,
    *,
    reason: Annotated[str, typer.Option(help="Told for each skipped occurrence.")] = "",
    account: AccountOption = None,
    settings: SettingsOption = None,
) -> None:
    """Skip every occurrence until `resume`; each is recorded as skipped, with the reason."""

    async def order() -> None:
        schedules, of = await _there(settings, account)
        await schedules.pause(of, name, reason)
        print(f"{name}: paused")

    run(order())


@app.command()
def resume(
    name: NameArgument,
    *,
    note: Annotated[str, typer.Option(help="Shown beside the schedule.")] = "",
    account: AccountOption = None,
    settings: SettingsOption = None,
) -> None:
    """Go on after `pause`, or after a pause in Temporal's own UI."""

    async def order() -> None:
        schedules, of = await _there(settings, account)
        await schedules.resume(of, name, note)
        print(f"{name}: resumed")

    run(order())


@app.command()
def trigger(
    name: NameArgument, *, account: AccountOption = None, settings: SettingsOption = None
) -> None:
    """Have an occurrence that is due now."""

    async def order() -> None:
        schedules, of = await _there(settings, account)
        await schedules.trigger(of, name)
        print(f"{name}: triggered")

    run(order())


@app.command()
def backfill(
    name: NameArgument,
    *,
    begins: Annotated[str, typer.Option("--from", help="RFC 3339; included.")],
    ends: Annotated[str, typer.Option("--until", help="RFC 3339; included.")],
    account: AccountOption = None,
    settings: SettingsOption = None,
) -> None:
    """Have what was due in a window again, however late: each records what is left of its time,
    and is recorded as missed if nothing is.
    """
    window = Window(start=moment("--from", begins), end=moment("--until", ends))
    if window.end > datetime.now(UTC):
        raise Exit(Code.USAGE, "--until: must not be later than now")
    if window.end < window.start:
        raise Exit(Code.USAGE, "--until: must not be earlier than --from")

    async def order() -> None:
        schedules, of = await _there(settings, account)
        await schedules.backfill(of, name, window)
        print(f"{name}: backfill asked for")

    run(order())


@app.command()
def delete(
    name: NameArgument, *, account: AccountOption = None, settings: SettingsOption = None
) -> None:
    """Delete a schedule; sessions that it started live on."""

    async def order() -> None:
        schedules, of = await _there(settings, account)
        await schedules.delete(of, name)
        print(f"{name}: deleted")

    run(order())


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An iCalendar file (.ics).")],
    *,
    room: Annotated[
        str | None,
        typer.Option(
            help="The room of every event, with {summary}, {location}, {uid} or {room} in it; else"
            " the event's X-LONGTAKE-ROOM, else its LOCATION."
        ),
    ] = None,
    calendar: Annotated[
        str | None, typer.Option(help="By which a later import knows its own; else FILE's name.")
    ] = None,
    horizon: Annotated[str, typer.Option(help="How far ahead events are taken.")] = "400d",
    timezone: Annotated[
        str | None, typer.Option(help="Of times without one; else the file's X-WR-TIMEZONE.")
    ] = None,
    lasts: Annotated[
        str | None, typer.Option("--duration", help="Of events that name no end.")
    ] = None,
    all_day: Annotated[
        bool, typer.Option("--all-day", help="Record all-day events too; else they are left out.")
    ] = False,
    gone: Annotated[
        bool, typer.Option("--prune", help="Delete what the calendar has no more.")
    ] = False,
    dry: Annotated[bool, typer.Option("--dry-run", help="Only tell.")] = False,
    overlap: OverlapOption = "skip",
    catch_up: CatchUpOption = "5m",
    account: AccountOption = None,
    storage: StorageOption = None,
    mode: ModeOption = None,
    layout: LayoutOption = None,
    formats: FormatOption = None,
    request: RequestOption = None,
    as_json: JsonOption = False,
    settings: SettingsOption = None,
) -> None:
    """Make an event's times into a schedule, for every event or, if one is broken, for none.

    Importing again updates what changed and leaves the rest.
    """
    # Only here: reading calendars takes the command line as long to load as all the rest.
    from longtake.calendars import Rules  # noqa: PLC0415
    from longtake.cli import imported  # noqa: PLC0415

    known = load_settings(settings)
    try:
        data = file.read_bytes()
    except OSError as err:
        raise Exit(Code.USAGE, f"FILE: {file}: {err.strerror}") from None
    imported.check_template(room)
    now = datetime.now(UTC).replace(microsecond=0)
    rules = Rules(
        zone=zone_named(timezone).key if timezone else None,
        all_day=all_day,
        lasts=duration("--duration", lasts) if lasts else None,
    )
    found = imported.reading(data, now, duration("--horizon", horizon), rules)
    base = request_file(request) if request else {}
    of = only("--account", known.accounts, account or base.get("account"))
    known.account(of)
    fields = scene_fields(mode=mode, layout=layout)
    output = {"formats": formats or None, "storage": storage}
    called = _name(calendar or file.stem)
    planned = imported.plans(
        found,
        called,
        room,
        lambda place: completed(known, place, of, base=base, given=fields, output=output),
        {"overlap": overlap, "catch_up": duration("--catch-up", catch_up, timedelta(0))},
    )

    async def work() -> None:
        schedules = Schedules(await connected(known))
        lines = await imported.apply(schedules, planned, now, dry=dry)
        if gone:
            lines += await imported.prune(schedules, of, called, planned, dry=dry)
        for note in found.notes:
            print(f"longtake: {note}", file=sys.stderr)
        if as_json:
            print(TypeAdapter(list[imported.Line]).dump_json(lines, indent=2).decode())
            return
        for line in lines:
            first = f", first {line.first:%Y-%m-%d %H:%M} UTC" if line.first else ""
            print(f"{line.change:<9}  {line.name}  room {line.room}  {line.times} times{first}")
        would = "would be " if dry else ""
        for change in ("created", "updated", "unchanged", "deleted"):
            if number := sum(line.change == change for line in lines):
                print(
                    f"{number} {would}{change}" if change != "unchanged" else f"{number} {change}"
                )
        if not lines:
            print("no event is due before the horizon")

    run(work())


async def _there(settings: Path | None, account: str | None) -> tuple[Schedules, str]:
    """The schedules, and the account that is meant."""
    known = load_settings(settings)
    of = only("--account", known.accounts, account)
    known.account(of)
    return Schedules(await connected(known)), of

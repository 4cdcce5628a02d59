"""`longtake schedule`, as a person and a script see it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.client import Client

from tests.cli.commands import Longtake
from tests.house import House, house

FAR = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=30)


@pytest.fixture
async def home(client: Client, tmp_path: Path) -> AsyncGenerator[House]:
    """Without a worker: nothing falls due here."""
    async with house(client, tmp_path, in_process=False) as built:
        yield built


@pytest.fixture
async def longtake(home: House) -> AsyncGenerator[Longtake]:
    command = Longtake(home.folder, {"LONGTAKE_SETTINGS": str(home.settings_path)})
    yield command
    async for each in await home.client.list_schedules():
        if f":{home.account}:" in each.id:
            await home.client.get_schedule_handle(each.id).delete()


def calendar(folder: Path, *events: str, name: str = "work.ics") -> str:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *events, "END:VCALENDAR", ""]
    (folder / name).write_text("\n".join(lines))
    return name


def event(uid: str, *lines: str, location: str = "standup", minutes: int = 30) -> str:
    start = f"DTSTART:{FAR:%Y%m%dT%H%M%SZ}"
    given = [f"UID:{uid}", start, f"DURATION:PT{minutes}M", f"LOCATION:{location}", *lines]
    return "\n".join(["BEGIN:VEVENT", *given, "END:VEVENT"])


async def test_create_show_pause_resume_delete(home: House, longtake: Longtake) -> None:
    made = await longtake(
        *("schedule", "create", "daily", "standup", "--duration", "45m"),
        *("--time", "09:25", "--days", "mon-fri", "--timezone", "Europe/Berlin"),
    )
    assert (made.code, made.out.strip()) == (0, f"schedule:{home.account}:daily")
    assert "09:25:00 CE" in made.err
    paused = await longtake("schedule", "pause", "daily", "--reason", "holidays")
    assert paused.code == 0
    shown = (await longtake("schedule", "show", "daily", "--json")).json()
    assert (shown["paused"], shown["order"]["paused"]) == (True, "holidays")
    assert shown["order"]["duration"] == "PT45M"
    assert shown["origin"]["when"] == "mon-fri 09:25 Europe/Berlin"
    assert (await longtake("schedule", "trigger", "daily")).code == 1
    assert (await longtake("schedule", "resume", "daily")).code == 0
    assert not (await longtake("schedule", "show", "daily", "--json")).json()["paused"]
    assert (await longtake("schedule", "delete", "daily")).code == 0
    assert (await longtake("schedule", "show", "daily")).code == 3


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--duration", "1h"), "give one of --cron, --every, --time, --once"),
        (("--duration", "1h", "--cron", "61 * * * *"), "Minute is not in range"),
        (("--duration", "1h", "--time", "24:00"), "--time: HH:MM or HH:MM:SS"),
        (("--duration", "1h", "--time", "09:00", "--days", "monday"), "--days: names"),
        (("--duration", "never", "--every", "2h"), "--duration: a duration is expected"),
        (("--duration", "40d", "--every", "2h"), "duration: Input should be less than or equal"),
        (("--duration", "1h", "--every", "2h", "--overlap", "x"), "'skip', 'wait' or 'replace'"),
        (("--duration", "1h", "--every", "2h", "--timezone", "Mars"), "--timezone: a name"),
        (
            ("--duration", "1h", "--once", "2027-03-28T02:30", "--timezone", "Europe/Berlin"),
            "--once: the clocks of Europe/Berlin leave out",
        ),
    ],
)
async def test_bad_input_names_the_option_and_the_rule(
    longtake: Longtake, options: tuple[str, ...], told: str
) -> None:
    ended = await longtake("schedule", "create", "daily", "standup", *options)
    assert ended.code == 2
    assert told in ended.err


async def test_a_time_that_the_clocks_leave_out_is_told_beforehand(longtake: Longtake) -> None:
    made = await longtake(
        *("schedule", "create", "nightly", "standup", "--duration", "45m"),
        *("--time", "02:30", "--timezone", "Europe/Berlin"),
    )
    assert "02:30 does not exist: nothing is recorded then" in made.err
    assert "02:30 comes twice" in made.err


async def changes(longtake: Longtake, *arguments: str) -> dict[str, str]:
    lines = (await longtake("schedule", "import", *arguments, "--json")).json()
    return {line["name"]: line["change"] for line in lines}


async def test_an_import_again_changes_only_what_changed(home: House, longtake: Longtake) -> None:
    file = calendar(home.folder, event("a"), event("b", "RRULE:FREQ=DAILY;COUNT=3"))
    dry = await changes(longtake, file, "--dry-run")
    assert dry == await changes(longtake, file) == {"work/a": "created", "work/b": "created"}
    assert (await longtake("schedule", "pause", "work/b")).code == 0
    assert await changes(longtake, file) == {"work/a": "unchanged", "work/b": "unchanged"}
    calendar(home.folder, event("a"), event("b", "RRULE:FREQ=DAILY;COUNT=4"))
    assert await changes(longtake, file) == {"work/a": "unchanged", "work/b": "updated"}
    shown = (await longtake("schedule", "show", "work/b", "--json")).json()
    assert (len(shown["next"]), shown["paused"]) == (4, True)
    calendar(home.folder, event("a", minutes=45, location="elsewhere"))
    assert await changes(longtake, file) == {"work/a": "updated"}
    shown = (await longtake("schedule", "show", "work/a", "--json")).json()
    order = shown["order"]
    assert (order["duration"], order["request"]["room"]) == ("PT45M", "elsewhere")


async def test_pruning_deletes_what_the_same_calendar_has_no_more(
    home: House, longtake: Longtake
) -> None:
    other = calendar(home.folder, event("a"), name="other.ics")
    file = calendar(home.folder, event("a"), event("b"))
    by_hand = ("schedule", "create", "mine", "standup", "--duration", "1h", "--every", "24h")
    assert (await longtake(*by_hand)).code == 0
    await changes(longtake, other)
    await changes(longtake, file)

    async def listed() -> set[str]:
        found = (await longtake("schedule", "list", "--account", home.account, "--json")).json()
        return {each["name"] for each in found}

    async def all_there() -> bool:
        return await listed() == {"mine", "other/a", "work/a", "work/b"}

    await home.eventually(all_there)
    calendar(home.folder, event("a"))
    pruned = await changes(longtake, file, "--prune")
    assert pruned == {"work/a": "unchanged", "work/b": "deleted"}

    async def one_less() -> bool:
        return await listed() == {"mine", "other/a", "work/a"}

    await home.eventually(one_less)


async def test_one_broken_event_and_nothing_is_imported(home: House, longtake: Longtake) -> None:
    file = calendar(
        home.folder,
        event("good"),
        event("bad", "RRULE:FREQ=DAILY;COUNT=1;UNTIL=20300101T000000Z"),
        event("nowhere", location=""),
    )
    ended = await longtake("schedule", "import", file)
    assert ended.code == 2
    assert "event bad: RRULE: COUNT and UNTIL exclude each other" in ended.err
    assert (await longtake("schedule", "show", "work/good")).code == 3
    file = calendar(home.folder, event("good"), event("nowhere", location=""))
    ended = await longtake("schedule", "import", file)
    assert "event nowhere: LOCATION: room: " in ended.err
    assert (await longtake("schedule", "show", "work/good")).code == 3
    assert await changes(longtake, file, "--room", "r-{uid}") == {
        "work/good": "created",
        "work/nowhere": "created",
    }

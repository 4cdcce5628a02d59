"""What a schedule is due for is recorded, or it is recorded why not."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleBackfill,
    ScheduleOverlapPolicy,
    ScheduleSpec,
    WorkflowFailureError,
)
from temporalio.exceptions import ApplicationError

from longtake.contracts import names
from longtake.contracts.ids import workflow_id
from longtake.contracts.payloads import RecordingResult
from longtake.contracts.scheduling import Occurrence, ScheduledOrder, Window
from longtake.domain.recording import RecordingRequest
from longtake.domain.session import EndReason, State
from longtake.temporal.schedules import (
    ListedOccurrence,
    Plan,
    ScheduleExists,
    ScheduleNotFound,
    SchedulePaused,
    Schedules,
)
from longtake.temporal.timing import exact
from tests.house import House, house

HOUR = timedelta(hours=1)


@pytest.fixture
async def home(client: Client, tmp_path: Path) -> AsyncGenerator[House]:
    async with house(client, tmp_path) as built:
        await built.room("standup", "1001")
        yield built


@pytest.fixture
async def schedules(home: House) -> AsyncGenerator[Schedules]:
    found = Schedules(home.client, home.task_queue)
    yield found
    async for each in home.client.list_workflows(f'RecordingAccount = "{home.account}"'):
        if each.close_time is None:
            await home.client.get_workflow_handle(each.id).terminate("the test is over")
    with suppress(ScheduleNotFound):
        await found.delete(home.account, "daily")


def plan(home: House, *due: datetime, **given: Any) -> Plan:
    fields: dict[str, Any] = {"duration": HOUR} | given
    order = ScheduledOrder(request=home.request("standup"), **fields)
    return Plan("daily", order, ScheduleSpec(calendars=exact(due)))


def soon(ahead: float = 2) -> datetime:
    return (datetime.now(UTC) + timedelta(seconds=ahead)).replace(microsecond=0)


async def decided(home: House, schedules: Schedules, number: int = 1) -> list[ListedOccurrence]:
    """The occurrences, as soon as so many are decided."""

    async def enough() -> list[ListedOccurrence] | None:
        told = (await schedules.show(home.account, "daily")).occurrences
        found = [each for each in told if each.outcome]
        return found if len(found) >= number else None

    return await home.eventually(enough)


async def backfilled_by_temporal(home: House, due: datetime) -> None:
    """As after it was away: an occurrence of long ago, of which nobody asked us."""
    second = timedelta(seconds=1)
    window = ScheduleBackfill(due - second, due + second, ScheduleOverlapPolicy.ALLOW_ALL)
    await home.client.get_schedule_handle(plan(home).id).backfill(window)


async def room(home: House) -> Any:
    return home.client.get_workflow_handle(
        workflow_id(home.account, "standup"), result_type=RecordingResult
    )


async def test_a_due_occurrence_starts_the_rooms_session_for_its_duration(
    home: House, schedules: Schedules
) -> None:
    due = soon()
    await schedules.create(plan(home, due))
    [occurrence] = await decided(home, schedules)
    session = await room(home)
    assert (occurrence.outcome, occurrence.session) == ("started", session.id)
    assert occurrence.due == due
    status = await home.recording(session)
    assert status.deadline == due + HOUR
    result = await home.client.get_workflow_handle(
        occurrence.workflow_id, result_type=Occurrence
    ).result()
    assert (result.outcome, result.session) == ("started", session.id)


async def test_a_late_occurrence_is_missed_and_says_by_how_much(
    home: House, schedules: Schedules
) -> None:
    due = soon(-600)
    await schedules.create(plan(home, due))
    await backfilled_by_temporal(home, due)
    [occurrence] = await decided(home, schedules)
    assert occurrence.outcome == "missed"
    assert "catch-up ends 0:05:00" in occurrence.reason
    assert await home.tasks("standup") == []


async def test_a_backfill_records_what_is_left_of_the_time(
    home: House, schedules: Schedules
) -> None:
    over, running = soon(-7200), soon(-1200)
    await schedules.create(plan(home, over, running))
    await schedules.backfill(home.account, "daily", Window(start=over, end=running))
    told = {each.due: each for each in await decided(home, schedules, 2)}
    assert told[over].outcome == "missed"
    assert "its time was over" in told[over].reason
    assert told[running].outcome == "started"
    status = await home.recording(await room(home))
    assert status.deadline == running + HOUR


async def test_an_occurrence_leaves_a_live_session_alone(home: House, schedules: Schedules) -> None:
    live = await home.start("standup")
    await home.recording(live)
    await schedules.create(plan(home, soon(3600)))
    await schedules.trigger(home.account, "daily")
    [occurrence] = await decided(home, schedules)
    assert (occurrence.outcome, occurrence.session) == ("overlapped", live.id)
    assert f"run {live.result_run_id}" in occurrence.reason
    assert (await home.status(live)).state is State.RECORDING


async def test_an_occurrence_that_waits_starts_when_the_live_session_has_ended(
    home: House, schedules: Schedules
) -> None:
    live = await home.start("standup")
    await home.recording(live)
    await schedules.create(plan(home, soon(3600), overlap="wait"))
    await schedules.trigger(home.account, "daily")

    async def waits() -> bool:
        return bool((await schedules.show(home.account, "daily")).occurrences)

    await home.eventually(waits)
    await live.signal(names.STOP, {"reason": "done"})
    assert (await live.result()).end_detail == "done"
    [occurrence] = await decided(home, schedules)
    assert occurrence.outcome == "started"
    assert f"waited for run {live.result_run_id}" in occurrence.reason


async def test_an_occurrence_that_waits_in_vain_says_so(home: House, schedules: Schedules) -> None:
    live = await home.start("standup")
    await schedules.create(plan(home, soon(3600), overlap="wait", duration=timedelta(seconds=2)))
    await schedules.trigger(home.account, "daily")
    [occurrence] = await decided(home, schedules)
    assert occurrence.outcome == "overlapped"
    assert "until the end of its time" in occurrence.reason
    assert live.id in occurrence.reason


async def test_an_occurrence_that_replaces_ends_the_live_session_first(
    home: House, schedules: Schedules
) -> None:
    live = await home.start("standup")
    await home.recording(live)
    await schedules.create(plan(home, soon(3600), overlap="replace"))
    await schedules.trigger(home.account, "daily")
    [occurrence] = await decided(home, schedules)
    assert occurrence.outcome == "started"
    result = await live.result()
    assert result.end_reason is EndReason.STOPPED
    assert occurrence.workflow_id in result.end_detail
    tasks = await home.tasks("standup")
    assert sum(task["ended_at"] is None for task in tasks) <= 1


async def test_while_paused_each_occurrence_is_recorded_as_skipped(
    home: House, schedules: Schedules
) -> None:
    due = soon(3)
    await schedules.create(plan(home, due))
    await schedules.pause(home.account, "daily", "works in the building")
    [occurrence] = await decided(home, schedules)
    assert (occurrence.outcome, occurrence.due) == ("skipped", due)
    assert occurrence.reason == "the schedule was paused: works in the building"
    with pytest.raises(SchedulePaused):
        await schedules.trigger(home.account, "daily")
    await schedules.resume(home.account, "daily", "")
    assert not (await schedules.show(home.account, "daily")).paused
    await schedules.trigger(home.account, "daily")
    assert {each.outcome for each in await decided(home, schedules, 2)} == {"skipped", "started"}


async def test_an_occurrence_is_found_by_room_and_outcome(
    home: House, schedules: Schedules
) -> None:
    await schedules.create(plan(home, soon(3600)))
    await schedules.trigger(home.account, "daily")
    await decided(home, schedules)
    query = (
        f'WorkflowType = "{names.SCHEDULED}" AND RecordingAccount = "{home.account}"'
        ' AND RecordingRoom = "standup" AND RecordingState = "started"'
    )

    async def found() -> bool:
        return (await home.client.count_workflows(query)).count == 1

    await home.eventually(found)
    recordings = f'WorkflowType = "{names.WORKFLOW}" AND RecordingAccount = "{home.account}"'
    assert (await home.client.count_workflows(recordings)).count == 1


async def test_a_session_lives_on_when_its_schedule_is_deleted(
    home: House, schedules: Schedules
) -> None:
    await schedules.create(plan(home, soon(3600)))
    await schedules.trigger(home.account, "daily")
    await decided(home, schedules)
    session = await room(home)
    await home.recording(session)
    await schedules.delete(home.account, "daily")
    assert (await home.status(session)).state is State.RECORDING
    with pytest.raises(ScheduleNotFound):
        await schedules.show(home.account, "daily")


async def test_a_name_is_taken_once(home: House, schedules: Schedules) -> None:
    await schedules.create(plan(home, soon(3600)))
    with pytest.raises(ScheduleExists):
        await schedules.create(plan(home, soon(3600)))


async def test_a_broken_order_fails_with_the_field_and_the_rule(home: House) -> None:
    order = ScheduledOrder(request=home.request("standup"), duration=HOUR).model_dump(mode="json")
    order["request"]["stop_at"] = "2027-01-01T00:00:00Z"
    with pytest.raises(WorkflowFailureError) as failed:
        await home.client.execute_workflow(
            names.SCHEDULED, order, id=f"broken-{home.account}", task_queue=home.task_queue
        )
    cause = failed.value.cause
    assert isinstance(cause, ApplicationError)
    assert cause.type == "InvalidRequest"
    assert "request.stop_at" in cause.message


def test_a_schedule_takes_no_request_with_times_of_its_own() -> None:
    request = RecordingRequest.model_validate(
        {"vendor": "agora", "account": "demo", "room": "r", "output": {"storage": "s"}}
    )
    assert ScheduledOrder(request=request, duration=HOUR).session_id == "recording:demo:r"
    long = request.model_copy(update={"room": "\N{SNOWMAN}" * 200})
    with pytest.raises(ValueError, match="at most 1000 are allowed"):
        ScheduledOrder(request=long, duration=HOUR)


# --- when the clocks change: what Temporal makes of cron and calendars ---------------------------


async def next_times(client: Client, cron: str, zone: str) -> list[str]:
    spec = ScheduleSpec(
        cron_expressions=[cron],
        time_zone_name=zone,
        start_at=datetime(2027, 1, 1, tzinfo=UTC),
        end_at=datetime(2028, 1, 1, tzinfo=UTC),
    )
    action = ScheduleActionStartWorkflow("Nothing", id="nothing", task_queue="nobody")
    handle = await client.create_schedule(f"clocks-{uuid4().hex}", Schedule(action, spec))
    described = await handle.describe()
    await handle.delete()
    return [f"{at:%m-%d %H:%MZ}" for at in described.info.next_action_times]


@pytest.mark.parametrize(
    ("zone", "cron", "expected"),
    [
        # An hour that the clocks leave out: nothing is due, the days around are.
        ("Europe/Berlin", "30 2 27-29 3 *", ["03-27 01:30Z", "03-29 00:30Z"]),
        ("America/New_York", "30 2 13-15 3 *", ["03-13 07:30Z", "03-15 06:30Z"]),
        # An hour that comes twice: the second one in Berlin, both in New York.
        ("Europe/Berlin", "30 2 31 10 *", ["10-31 01:30Z"]),
        ("America/New_York", "30 1 7 11 *", ["11-07 05:30Z", "11-07 06:30Z"]),
        # Noon stays noon.
        ("Europe/Berlin", "0 12 27-28 3 *", ["03-27 11:00Z", "03-28 10:00Z"]),
    ],
)
async def test_changes_of_the_clocks_do_what_the_page_says(
    client: Client, zone: str, cron: str, expected: list[str]
) -> None:
    assert await next_times(client, cron, zone) == expected

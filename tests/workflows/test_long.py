"""A long session costs no more than a short one, and loses nothing on the way."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from longtake.contracts.payloads import RecordingResult
from longtake.domain.session import EndReason, State
from tests.conftest import CONTINUE_AFTER
from tests.house import House, house

EVENTS_BUDGET = 120
"""Events of a session with nothing to do; its length has no part in it."""

MANY = CONTINUE_AFTER // 3
"""Signals that leave a history too short to continue as new; some times as many do not."""

A_SLICE = 16
"""Seconds after which the vendor tells of a first file."""

SKIPPED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIME_SKIPPING_TRANSITIONED


async def events(handle: WorkflowHandle[Any, RecordingResult]) -> int:
    history = await handle.fetch_history()
    return sum(event.event_type != SKIPPED for event in history.events)


async def flowing(home: House, handle: WorkflowHandle[Any, RecordingResult]) -> None:
    """Once the session knows that data flows, the vendor is asked every two minutes only."""
    await home.recording(handle)
    await home.advance(A_SLICE)
    await home.until(handle, lambda status: "data flows" in status.evidence)


async def test_a_day_long_session_has_the_history_of_a_short_one(
    skipping: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with house(skipping.client, tmp_path) as home:
        await home.room("standup", "1001")
        with skipping.with_time_skipping_disabled():
            short = await home.start("standup", max_duration="PT10M")
        await flowing(home, short)
        await skipping.fast_forward(short, timedelta(minutes=11))
        await short.result()
        polls_before = len(await home.calls("query"))
        with skipping.with_time_skipping_disabled():
            long = await home.start("standup", max_duration="PT24H")
        await flowing(home, long)
        await skipping.fast_forward(long, timedelta(hours=25))
        result = await long.result()
        assert result.end_reason is EndReason.MAX_DURATION
        assert len(await home.calls("query")) - polls_before > 200, "it was watched all the time"
        assert await events(long) == await events(short) < EVENTS_BUDGET


async def test_continue_as_new_loses_no_signal_and_no_task(home: House) -> None:
    await home.room("standup", "1001", "1002")
    handle = await home.start("standup")
    await home.recording(handle)
    first_run = (await handle.describe()).run_id
    for number in range(MANY):
        main = str(1001 + number % 2)
        await handle.signal("change_layout", {"layout": {"kind": "speaker", "main": main}})
    await home.until(handle, lambda status: status.applied_revision == MANY + 1)

    async def continued() -> bool:
        return (await handle.describe()).run_id != first_run

    number = MANY + 1
    while not await continued():
        number += 1
        await handle.signal("change_layout", {"layout": {"kind": "grid"}})
        assert number < 4 * MANY, "the server never suggested to continue"
    status = await home.until(
        handle, lambda status: status.applied_revision == number and status.state is State.RECORDING
    )
    assert status.revision == number
    assert len(status.segments) == 1
    await handle.signal("stop")
    await handle.result()
    [task] = await home.tasks("standup")
    assert task["ended_at"]


async def test_a_task_is_relieved_before_its_life_ends_without_a_gap(
    skipping: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with house(skipping.client, tmp_path) as home:
        await home.room("standup", "1001")
        with skipping.with_time_skipping_disabled():
            handle = await home.start("standup", vendor_options={"resource_expired_hour": 1})
        await home.recording(handle)
        await skipping.fast_forward(handle, timedelta(minutes=40))
        status = await home.until(
            handle, lambda status: len(status.segments) == 2 and bool(status.segments[0].ended_at)
        )
        old, new = await home.tasks("standup")
        assert old["ended_at"] > new["started_at"], "the new one was up before the old one ended"
        assert new["ended_at"] is None
        assert status.state is State.RECORDING
        assert status.strays == []
        await handle.signal("stop")
        await handle.result()

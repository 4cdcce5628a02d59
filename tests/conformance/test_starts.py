"""A start ends in exactly one recording, or says why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from longtake.domain.session import EndReason, State
from tests.conformance.conftest import Build
from tests.conformance.vendors import CONDUCT, Conduct
from tests.house import House
from workflows import policies


def running(tasks: Sequence[dict[str, Any]]) -> list[str]:
    return [task["task_id"] for task in tasks if task["ended_at"] is None]


async def test_a_lost_start_reply_leaves_one_recording(home: House) -> None:
    await home.room("standup", "1001")
    await home.fault("start", "lost_reply", when="after", times=1)
    handle = await home.start("standup")
    status = await home.recording(handle)
    [task] = await home.tasks("standup")
    assert [segment.task_id for segment in status.segments] == [task["task_id"]]
    assert status.attempts == 1
    await handle.signal("stop")
    result = await handle.result()
    assert result.strays == []
    assert running(await home.tasks("standup")) == []


async def test_a_lost_start_reply_leaves_one_recording_where_no_callback_comes(
    client: Client, build: Build
) -> None:
    async with build(client, media=True, callbacks=False, timings={"slice": 1.0}) as home:
        await home.room("standup", "1001")
        await home.fault("start", "lost_reply", when="after", times=1)
        handle = await home.start("standup")
        status = await home.recording(handle)
        assert running(await home.tasks("standup")) == [status.segments[-1].task_id]
        assert {task["recorder"] for task in await home.tasks("standup")} == {
            status.segments[-1].recorder
        }
        await handle.signal("stop")
        await home.until(handle, lambda status: status.state in {State.COLLECTING, State.FINISHED})
        assert running(await home.tasks("standup")) == []


async def test_a_broken_reply_is_recovered_from_not_crashed_on(home: House) -> None:
    await home.room("standup", "1001")
    await home.fault("start", "corrupt_reply", when="after", times=1)
    handle = await home.start("standup")
    status = await home.recording(handle)
    assert running(await home.tasks("standup")) == [status.segments[-1].task_id]


async def test_a_stop_during_a_lost_start_leaves_nothing_running(home: House) -> None:
    await home.room("standup", "1001")
    await home.fault("start", "lost_reply", when="after", times=1)
    await home.fault("callback", "delay", seconds=2.0, times=10)
    handle = await home.start("standup")
    await home.eventually(lambda: home.tasks("standup"))
    await handle.signal("stop")
    result = await handle.result()
    assert result.end_reason is EndReason.STOPPED
    assert running(await home.tasks("standup")) == []
    assert all(stray.stopped_at for stray in result.strays)


async def test_a_stop_behind_a_start_waits_for_it_and_stops_at_once(
    home: House, conduct: Conduct
) -> None:
    await home.room("standup", "1001")
    await home.fault("start", "slow", seconds=2.0, when="after", times=1)
    handle = await home.start("standup")
    await home.eventually(lambda: home.tasks("standup"))
    await handle.signal("stop")
    result = await handle.result()
    assert result.end_reason is EndReason.STOPPED
    assert len(await home.calls(conduct.calls["start"])) == 1
    assert running(await home.tasks("standup")) == []


async def test_a_start_that_may_be_repeated_is_repeated_with_growing_waits(
    home: House, conduct: Conduct
) -> None:
    start = conduct.calls["start"]
    await home.fault("start", **conduct.try_again, times=2)
    handle = await home.start("standup")
    await home.recording(handle)
    calls = await home.calls(start)
    assert len(calls) == 3
    first, second, third = [datetime.fromisoformat(call["at"]) for call in calls]
    wait = policies.DOUBT_PAUSES[0]
    assert second - first >= wait
    assert third - second >= 2 * wait
    told = {call["recorder"] for call in calls if call["recorder"]}
    assert len(told) <= 1, "one identity throughout"
    assert len(await home.tasks("standup")) == 1


async def test_a_start_that_failed_inside_the_vendor_is_made_up_for(
    skipping: WorkflowEnvironment, build: Build, conduct: Conduct
) -> None:
    """Where a second start makes a second recording, once nothing has named a first one."""
    async with build(skipping.client) as home:
        await home.room("standup", "1001")
        await home.fault("start", **conduct.internal_error, times=1)
        with skipping.with_time_skipping_disabled():
            handle = await home.start("standup")
        await home.eventually(lambda: home.calls(conduct.calls["start"]))
        wait = policies.LOST_ID_WAIT + timedelta(seconds=5)
        await home.advance(wait.total_seconds())
        await skipping.fast_forward(handle, wait)
        status = await home.recording(handle)
        assert running(await home.tasks("standup")) == [status.segments[-1].task_id]


@pytest.mark.parametrize("vendor", [v for v in CONDUCT if CONDUCT[v].full])
async def test_a_full_vendor_is_waited_for_and_the_wait_is_seen(
    home: House, conduct: Conduct
) -> None:
    assert conduct.full is not None
    await home.fault("*", **conduct.full, times=2)
    handle = await home.start("standup")
    status = await home.until(handle, lambda status: "which is full" in status.evidence)
    assert "which is full" in status.attention[0]
    assert (await home.recording(handle)).attention == []
    assert len(await home.tasks("standup")) == 1


async def test_refused_credentials_fail_the_session_at_once(
    client: Client, build: Build, conduct: Conduct
) -> None:
    async with build(client, account={conduct.secret: "0" * 32}) as home:
        handle = await home.start("standup")
        with pytest.raises(WorkflowFailureError) as caught:
            await handle.result()
        assert isinstance(caught.value.cause, ApplicationError)
        assert caught.value.cause.type == "Unauthorized"
        assert len((await home.ledger())["calls"]) == 1


async def test_a_refused_request_fails_the_session_at_once_with_the_vendors_code(
    home: House, conduct: Conduct
) -> None:
    await home.fault("start", **conduct.bad_request, times=1)
    handle = await home.start("standup")
    with pytest.raises(WorkflowFailureError) as caught:
        await handle.result()
    assert isinstance(caught.value.cause, ApplicationError)
    assert caught.value.cause.type == "InvalidRequest"
    status = await home.status(handle)
    assert status.failure is not None
    assert status.failure.vendor_code == str(conduct.bad_request["code"])
    assert len(await home.calls(conduct.calls["start"])) == 1


async def test_a_recorder_that_never_comes_up_is_replaced(
    skipping: WorkflowEnvironment, build: Build, conduct: Conduct
) -> None:
    async with build(skipping.client) as home:
        await home.fault("start", "never_up", times=1)
        with skipping.with_time_skipping_disabled():
            handle = await home.start("standup")
        await home.until(handle, lambda status: bool(status.segments))
        await skipping.fast_forward(handle, timedelta(minutes=3))
        status = await home.recording(handle)
        dead, alive = await home.tasks("standup")
        assert status.attempts == 2
        assert (dead["recorder"] != alive["recorder"]) is conduct.own_identity
        assert running(await home.tasks("standup")) == [alive["task_id"]]


async def test_doubled_reordered_and_forged_callbacks_change_nothing(home: House) -> None:
    await home.room("standup", "1001")
    for kind in ("double", "reorder", "forge"):
        await home.fault("callback", kind, probability=0.9)
    handle = await home.start("standup")
    await home.recording(handle)
    await handle.signal("stop")
    result = await handle.result()
    assert (result.end_reason, len(result.segments)) == (EndReason.STOPPED, 1)
    assert result.strays == []
    assert (await home.status(handle)).state is State.FINISHED

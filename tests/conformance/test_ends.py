"""However a task ends, the session knows, and nothing is left running."""

from __future__ import annotations

import asyncio

import pytest
from temporalio.client import Client

from longtake.domain.session import EndReason, State
from tests.conformance.conftest import Build
from tests.conformance.vendors import CONDUCT, Conduct
from tests.house import House


async def test_stopping_twice_is_stopping_once(home: House, conduct: Conduct) -> None:
    await home.room("standup", "1001")
    handle = await home.start("standup")
    await home.recording(handle)
    await asyncio.gather(handle.signal("stop"), handle.signal("stop", {"reason": "again"}))
    result = await handle.result()
    assert result.end_reason is EndReason.STOPPED
    assert len(await home.calls(conduct.calls["stop"])) == 1


async def test_a_stop_is_repeated_until_the_vendor_confirms(home: House, conduct: Conduct) -> None:
    await home.room("standup", "1001")
    handle = await home.start("standup")
    await home.recording(handle)
    await home.fault("stop", **conduct.internal_error, times=2)
    await handle.signal("stop")
    result = await handle.result()
    assert result.end_reason is EndReason.STOPPED
    assert len(await home.calls(conduct.calls["stop"])) == 3
    [task] = await home.tasks("standup")
    assert task["ended_at"]


async def test_a_lost_stop_reply_ends_the_session_all_the_same(home: House) -> None:
    await home.room("standup", "1001")
    handle = await home.start("standup")
    await home.recording(handle)
    await home.fault("stop", "lost_reply", when="after", times=1)
    await handle.signal("stop")
    result = await handle.result()
    assert result.end_reason is EndReason.STOPPED
    [task] = await home.tasks("standup")
    assert task["ended_at"]


async def test_a_task_that_ended_by_itself_is_replaced_while_the_session_lasts(
    home: House, conduct: Conduct
) -> None:
    await home.room("standup", "1001")
    handle = await home.start("standup")
    await home.recording(handle)
    await home.fault("now", "evict")
    status = await home.until(handle, lambda status: len(status.segments) == 2)
    await home.until(handle, lambda status: bool(status.segments[1].up_at))
    await handle.signal("stop")
    result = await handle.result()
    first, second = await home.tasks("standup")
    assert first["ended_at"]
    assert second["ended_at"]
    assert status.segments[0].task_id != status.segments[1].task_id
    assert (status.segments[0].path != status.segments[1].path) is conduct.own_identity
    assert result.end_reason is EndReason.STOPPED


async def test_a_task_that_ended_by_itself_ends_the_session_where_that_was_asked_for(
    home: House,
) -> None:
    await home.room("standup", "1001")
    handle = await home.start("standup", on_abnormal_end="finish")
    await home.recording(handle)
    await home.fault("now", "evict")
    result = await handle.result()
    assert result.end_reason is EndReason.ENDED_BY_VENDOR
    assert len(result.segments) == 1


async def test_an_idle_room_ends_its_task_and_the_next_one_takes_over(home: House) -> None:
    await home.room("standup", "1001")
    handle = await home.start("standup", max_idle="PT10S")
    await home.recording(handle)
    await home.room("standup")
    await home.advance(15)
    await home.until(handle, lambda status: bool(status.segments[0].ended_at))
    await home.room("standup", "1001")
    await home.until(handle, lambda status: len(status.segments) == 2)
    first, *_ = await home.tasks("standup")
    assert first["end_reason"]


async def test_a_task_that_moves_to_another_server_is_stopped_there(home: House) -> None:
    await home.room("standup", "1001")
    handle = await home.start("standup")
    await home.recording(handle)
    await home.fault("now", "migrate", seconds=4.0)
    await handle.signal("stop")
    result = await handle.result()
    assert result.end_reason is EndReason.STOPPED
    [task] = await home.tasks("standup")
    assert task["ended_at"]


@pytest.mark.parametrize("vendor", [v for v in CONDUCT if CONDUCT[v].tells_storage_errors])
async def test_wrong_storage_keys_call_for_attention(home: House) -> None:
    await home.room("standup", "1001")
    await home.fault("start", "wrong_storage", times=1)
    handle = await home.start("standup")
    status = await home.until(handle, lambda status: bool(status.attention))
    assert "storage" in status.attention[0]


async def test_a_worker_killed_between_effect_and_reply_leaves_one_recording(
    client: Client, build: Build
) -> None:
    async with build(client, in_process=False) as home:
        await home.room("standup", "1001")
        await home.fault("start", "slow", seconds=30.0, when="after", times=1)
        first = await home.worker_process()
        handle = await home.start("standup")
        await home.eventually(lambda: home.tasks("standup"))
        first.kill()
        await first.wait()
        second = await home.worker_process()
        status = await home.recording(handle)
        running = [task for task in await home.tasks("standup") if task["ended_at"] is None]
        assert [status.segments[-1].task_id] == [task["task_id"] for task in running]
        await handle.signal("stop")
        result = await handle.result()
        assert all(task["ended_at"] for task in await home.tasks("standup"))
        assert all(stray.stopped_at for stray in result.strays)
        assert (await home.status(handle)).state is State.FINISHED
        assert await second.stop() == 0

"""A start ends in exactly one recording, or says why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from longtake.domain.session import State
from tests.house import House, house


def running(tasks: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [task for task in tasks if task["ended_at"] is None]


async def test_a_lost_start_is_found_in_storage_where_no_callback_comes(
    client: Client, tmp_path: Path
) -> None:
    async with house(client, tmp_path, media=True, callbacks=False, timings={"slice": 1.0}) as home:
        await home.room("standup", "1001")
        await home.fault("start", "lost_reply", when="after", times=1)
        handle = await home.start("standup")
        status = await home.recording(handle)
        [task] = await home.tasks("standup")
        assert [segment.task_id for segment in status.segments] == [task["task_id"]]
        await handle.signal("stop")
        await handle.result()
        assert running(await home.tasks("standup")) == []


async def test_a_start_nobody_ever_names_is_superseded_and_listed_as_a_stray(
    skipping: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with house(skipping.client, tmp_path, callbacks=False) as home:
        await home.room("standup", "1001")
        await home.fault("start", "lost_reply", when="after", times=1)
        with skipping.with_time_skipping_disabled():
            handle = await home.start("standup")
        await home.until(handle, lambda status: "waiting to be told" in status.evidence)
        await skipping.fast_forward(handle, timedelta(minutes=3))
        status = await home.recording(handle)
        lost, kept = await home.tasks("standup")
        assert status.attempts == 2
        assert [stray.recorder for stray in status.strays] == [lost["recorder"]]
        assert [segment.task_id for segment in status.segments] == [kept["task_id"]]
        assert lost["recorder"] != kept["recorder"]
        assert status.attention


async def test_a_strays_late_event_gets_it_stopped(
    skipping: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with house(skipping.client, tmp_path, callbacks=False) as home:
        await home.room("standup", "1001")
        await home.fault("start", "lost_reply", when="after", times=1)
        with skipping.with_time_skipping_disabled():
            handle = await home.start("standup")
        await home.until(handle, lambda status: "waiting to be told" in status.evidence)
        await skipping.fast_forward(handle, timedelta(minutes=3))
        await home.recording(handle)
        lost, kept = await home.tasks("standup")
        await handle.signal(
            "vendor_event",
            {
                "id": "late-1",
                "kind": "media_flowing",
                "at": "2026-01-01T00:00:00Z",
                "account": home.account,
                "room": "standup",
                "recorder": lost["recorder"],
                "task_id": lost["task_id"],
            },
        )
        status = await home.until(
            handle, lambda status: any(stray.stopped_at for stray in status.strays)
        )
        assert status.attention == []
        assert [task["task_id"] for task in running(await home.tasks("standup"))] == [
            kept["task_id"]
        ]


async def test_a_resource_that_expires_during_an_outage_is_acquired_again(
    skipping: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with house(skipping.client, tmp_path) as home:
        await home.fault("start", "status", status=503, times=2)
        with skipping.with_time_skipping_disabled():
            handle = await home.start("standup")
        await home.until(handle, lambda status: status.state is State.STARTING)
        await home.eventually(lambda: home.calls("start"))
        await home.advance(301)
        await skipping.fast_forward(handle, timedelta(minutes=1))
        status = await home.recording(handle)
        acquires, starts = await home.calls("acquire"), await home.calls("start")
        assert [call["code"] for call in starts][-2:] == [433, None]
        assert len(acquires) == 2
        assert status.attempts == 1, "one identity throughout"
        assert {call["recorder"] for call in [*acquires, *starts]} == {status.segments[0].recorder}
        assert len(await home.tasks("standup")) == 1


async def test_a_stop_between_two_refused_starts_ends_at_once_and_leaves_no_stray(
    home: House,
) -> None:
    await home.fault("start", "status", status=429, times=50)
    handle = await home.start("standup")
    await home.eventually(lambda: home.calls("start"))
    await handle.signal("stop")
    result = await handle.result()
    assert result.strays == []
    assert await home.tasks("standup") == []


async def test_an_expired_resource_is_acquired_again_at_once(home: House) -> None:
    await home.fault("start", "expire_resource", times=1)
    handle = await home.start("standup")
    await home.recording(handle)
    assert [call["code"] for call in await home.calls("start")] == [433, None]
    assert len(await home.calls("acquire")) == 2


async def test_a_full_vendor_is_waited_for(skipping: WorkflowEnvironment, tmp_path: Path) -> None:
    async with house(skipping.client, tmp_path) as home:
        await home.fault("acquire", "code", code=406, times=4)
        with skipping.with_time_skipping_disabled():
            handle = await home.start("standup")
        await home.eventually(lambda: home.calls("acquire"))
        await skipping.fast_forward(handle, timedelta(minutes=10))
        await home.recording(handle)
        assert [call["code"] for call in await home.calls("acquire")] == [406] * 4 + [None]


async def test_a_stop_during_a_lost_start_waits_for_its_id(home: House) -> None:
    await home.room("standup", "1001")
    await home.fault("start", "lost_reply", when="after", times=1)
    await home.fault("callback", "delay", seconds=6.0, times=10)
    handle = await home.start("standup")
    await home.until(handle, lambda status: "waiting to be told" in status.evidence)
    await handle.signal("stop")
    result = await handle.result()
    assert result.strays == []
    [task] = await home.tasks("standup")
    assert task["ended_at"]
    assert [segment.task_id for segment in result.segments] == [task["task_id"]]


async def test_a_stop_behind_a_start_that_had_no_effect_waits_for_no_stray(home: House) -> None:
    await home.room("standup", "1001")
    await home.fault("start", "status", status=500, times=2)
    handle = await home.start("standup")
    await home.eventually(lambda: home.calls("start"))
    await handle.signal("stop")
    result = await handle.result()
    assert result.strays == []
    [task] = await home.tasks("standup")
    assert task["ended_at"]
    starts = await home.calls("start")
    assert [call["status"] for call in starts] == [500, 500, 200]
    assert len({call["resource_id"] for call in starts}) == 1


async def test_a_task_found_after_a_new_acquire_is_controlled_with_its_own_resource(
    home: House,
) -> None:
    await home.room("standup", "1001")
    await home.fault("callback", "delay", seconds=5.0, times=20)
    await home.fault("start", "lost_reply", when="after", times=1)
    handle = await home.start("standup")
    await home.eventually(lambda: home.tasks("standup"))
    await home.fault("start", "code", code=433, times=1)
    await home.recording(handle)
    assert [call["code"] for call in await home.calls("start")] == [None, 433, 53]
    assert len(await home.calls("acquire")) == 2
    await handle.signal("stop")
    await handle.result()
    [task] = await home.tasks("standup")
    assert task["ended_at"]


async def test_a_layout_asked_for_before_the_rules_are_known_is_checked_all_the_same(
    home: House,
) -> None:
    handle = await home.start("standup")
    with pytest.raises(WorkflowUpdateFailedError, match="Workflow update failed") as caught:
        await handle.execute_update("set_layout", {"layout": {"kind": "speaker", "main": "ada"}})
    assert isinstance(caught.value.cause, ApplicationError)
    assert "a user of agora" in caught.value.cause.message
    await home.recording(handle)


async def test_a_lost_start_that_died_by_itself_does_not_keep_the_session_from_ending(
    home: House,
) -> None:
    await home.room("standup", "1001")
    await home.fault("start", "lost_reply", when="after", times=1)
    handle = await home.start("standup")
    await home.eventually(lambda: home.tasks("standup"))
    await home.fault("now", "evict")
    await home.fault("start", "code", code=433, times=1)
    await home.recording(handle)
    await handle.signal("stop")
    await handle.result()
    dead, recorded = await home.tasks("standup")
    assert dead["ended_at"]
    assert recorded["ended_at"]


async def test_a_task_found_while_two_resources_are_in_doubt_gets_the_right_one(
    home: House,
) -> None:
    await home.room("standup", "1001")
    await home.fault("callback", "delay", seconds=4.0, times=40)
    await home.fault("start", "status", status=500, times=1)
    handle = await home.start("standup")
    await home.eventually(lambda: home.calls("start"))
    await home.fault("start", "code", code=433, times=1)

    async def acquired_again() -> bool:
        return len(await home.calls("acquire")) == 2

    await home.fault("acquire", "slow", seconds=0.5, times=1)
    await home.eventually(acquired_again)
    await home.fault("start", "lost_reply", when="after", times=1)
    await home.eventually(lambda: home.tasks("standup"))
    await handle.signal("stop")
    await handle.result()
    [task] = await home.tasks("standup")
    assert task["ended_at"]

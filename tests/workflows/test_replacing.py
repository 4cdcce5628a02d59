"""A vendor where a second start of one recorder ends the task of the first: Tencent TRTC."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from longtake.domain.files import Outcome
from longtake.domain.session import EndReason, State
from tests.house import House, house

CREATE = "CreateCloudRecording"
PROMPT = {"timeout": 1.0}


def running(tasks: Sequence[dict[str, Any]]) -> list[str]:
    return [task["task_id"] for task in tasks if task["ended_at"] is None]


@pytest.fixture
async def patient(skipping: WorkflowEnvironment, tmp_path: Path) -> AsyncGenerator[House]:
    """A house to which no callback comes, and whose sessions skip time."""
    async with house(
        skipping.client, tmp_path, vendor="tencent", callbacks=False, account=PROMPT
    ) as built:
        yield built


async def test_a_repeated_start_ends_the_lost_one_and_is_known(
    skipping: WorkflowEnvironment, patient: House
) -> None:
    home = patient
    await home.room("standup", "1001")
    await home.fault("start", "lost_reply", when="after", times=2)
    with skipping.with_time_skipping_disabled():
        handle = await home.start("standup")
    await skipping.fast_forward(handle, timedelta(minutes=1))
    status = await home.recording(handle)
    *lost, kept = await home.tasks("standup")
    assert [task["end_reason"] for task in lost] == ["evicted", "evicted"]
    assert {task["recorder"] for task in lost} == {kept["recorder"]}
    assert [segment.task_id for segment in status.segments] == [kept["task_id"]]
    assert status.attempts == 1


async def test_a_late_event_of_the_superseded_task_ends_nothing(
    skipping: WorkflowEnvironment, patient: House
) -> None:
    home = patient
    await home.room("standup", "1001")
    await home.fault("start", "lost_reply", when="after", times=1)
    with skipping.with_time_skipping_disabled():
        handle = await home.start("standup")
    await skipping.fast_forward(handle, timedelta(minutes=1))
    await home.recording(handle)
    lost, kept = await home.tasks("standup")
    told = {
        "at": "2026-01-01T00:00:00Z",
        "account": home.account,
        "room": "standup",
        "recorder": lost["recorder"],
        "task_id": lost["task_id"],
    }
    await handle.signal("vendor_event", {**told, "id": "late-301", "kind": "started"})
    await handle.signal("vendor_event", {**told, "id": "late-302", "kind": "ended"})
    await home.until(handle, lambda status: bool(status.strays))
    await skipping.fast_forward(handle, timedelta(minutes=1))
    status = await home.until(handle, lambda status: bool(status.strays[0].stopped_at))
    assert status.state is State.RECORDING
    assert status.strays[0].task_id == lost["task_id"]
    assert running(await home.tasks("standup")) == [kept["task_id"]]
    assert len(await home.calls(CREATE)) == 2
    assert status.attention == []


async def test_a_start_that_comes_through_late_is_put_out_by_the_next_one(
    skipping: WorkflowEnvironment, patient: House
) -> None:
    home = patient
    await home.room("standup", "1001")
    await home.fault("start", "slow", seconds=6.0, when="before", times=1)
    with skipping.with_time_skipping_disabled():
        handle = await home.start("standup")
        await home.until(handle, lambda status: bool(status.segments))

    async def came_late() -> bool:
        return len(await home.tasks("standup")) == 2

    await home.eventually(came_late)
    await skipping.fast_forward(handle, timedelta(minutes=2))
    status = await home.until(handle, lambda status: len(status.segments) == 2)
    live, late, kept = await home.tasks("standup")
    assert [task["end_reason"] for task in (live, late)] == ["evicted", "evicted"]
    assert status.segments[1].task_id == kept["task_id"]
    assert late["recorder"] == kept["recorder"]
    await handle.signal("stop")
    await handle.result()
    assert running(await home.tasks("standup")) == []


async def test_a_stop_puts_out_what_a_start_in_doubt_may_have_left(
    skipping: WorkflowEnvironment, patient: House
) -> None:
    home = patient
    await home.room("standup", "1001")
    await home.fault("start", "lost_reply", when="after", times=1)
    with skipping.with_time_skipping_disabled():
        handle = await home.start("standup")
        await home.eventually(lambda: home.tasks("standup"))
        await handle.signal("stop")
    await skipping.fast_forward(handle, timedelta(minutes=2))
    result = await handle.result()
    assert result.strays == []
    assert result.end_reason is EndReason.STOPPED
    lost, known = await home.tasks("standup")
    assert (lost["end_reason"], known["end_reason"]) == ("evicted", "stopped")


async def test_a_start_that_never_came_up_is_no_proof_that_the_lost_one_ended(
    skipping: WorkflowEnvironment, patient: House
) -> None:
    home = patient
    await home.room("standup", "1001")
    await home.fault("start", "lost_reply", when="after", times=1)
    with skipping.with_time_skipping_disabled():
        handle = await home.start("standup")
        await home.eventually(lambda: home.tasks("standup"))
        await home.fault("start", "never_up", times=1)
        await home.until(handle, lambda status: bool(status.segments))
        await handle.signal("stop")
    await skipping.fast_forward(handle, timedelta(minutes=5))
    await handle.result()
    assert running(await home.tasks("standup")) == []


@pytest.mark.parametrize("order", ["stop", "pause"])
async def test_a_second_start_is_let_into_the_room_before_it_is_stopped(
    skipping: WorkflowEnvironment, tmp_path: Path, order: str
) -> None:
    async with house(
        skipping.client,
        tmp_path,
        vendor="tencent",
        callbacks=False,
        account=PROMPT,
        timings={"join": 60.0},
    ) as home:
        await home.room("standup", "1001")
        await home.fault("start", "lost_reply", when="after", times=1)
        with skipping.with_time_skipping_disabled():
            handle = await home.start("standup")
            await home.eventually(lambda: home.tasks("standup"))
            await home.advance(60)
            await home.until(handle, lambda status: bool(status.segments))
            await handle.signal(order)
            await home.eventually(lambda: home.calls("DescribeCloudRecording"))
            await home.advance(60)
            await home.until(handle, lambda status: bool(status.segments[0].ended_at))
            lost, known = await home.tasks("standup")
            assert (lost["end_reason"], known["end_reason"]) == ("evicted", "stopped")
            if order == "pause":
                await handle.signal("stop")
            await handle.result()


async def test_what_cannot_be_put_out_is_a_stray(
    skipping: WorkflowEnvironment, patient: House
) -> None:
    home = patient
    await home.room("standup", "1001")
    await home.fault("start", "lost_reply", when="after", times=1)
    with skipping.with_time_skipping_disabled():
        handle = await home.start("standup")
        await home.eventually(lambda: home.tasks("standup"))
        await home.fault("start", "code", code="AuthFailure.SecretIdNotFound", times=20)
        await handle.signal("stop")
    await skipping.fast_forward(handle, timedelta(minutes=10))
    result = await handle.result()
    [lost] = await home.tasks("standup")
    assert [stray.recorder for stray in result.strays] == [lost["recorder"]]
    assert (await home.status(handle)).attention


async def test_a_start_that_comes_through_late_is_put_out_at_the_stop(
    skipping: WorkflowEnvironment, patient: House
) -> None:
    home = patient
    await home.room("standup", "1001")
    await home.fault("start", "slow", seconds=6.0, when="before", times=1)
    with skipping.with_time_skipping_disabled():
        handle = await home.start("standup")
        await home.until(handle, lambda status: bool(status.segments))

    async def came_late() -> bool:
        return len(await home.tasks("standup")) == 2

    await skipping.fast_forward(handle, timedelta(seconds=16))
    await home.recording(handle)
    await home.eventually(came_late)
    await home.advance(5)  # the live one, put out by the late one, has left for good
    await handle.signal("stop")
    await skipping.fast_forward(handle, timedelta(minutes=4))
    assert (await handle.result()).strays == []
    assert running(await home.tasks("standup")) == []


@pytest.mark.parametrize("fault", ["forget", "expire_resource"])
async def test_a_task_out_of_reach_is_put_out_at_the_stop(
    skipping: WorkflowEnvironment, patient: House, fault: str
) -> None:
    home = patient
    await home.room("standup", "1001")
    with skipping.with_time_skipping_disabled():
        handle = await home.start("standup")
    await skipping.fast_forward(handle, timedelta(seconds=20))
    await home.recording(handle)
    await home.fault("now", fault)
    await handle.signal("stop")
    await skipping.fast_forward(handle, timedelta(minutes=5))
    await handle.result()
    assert running(await home.tasks("standup")) == []


async def test_a_task_out_of_reach_is_put_out_by_its_successor(
    skipping: WorkflowEnvironment, patient: House
) -> None:
    home = patient
    await home.room("standup", "1001")
    with skipping.with_time_skipping_disabled():
        handle = await home.start("standup")
    await skipping.fast_forward(handle, timedelta(seconds=20))
    await home.recording(handle)
    await home.fault("now", "expire_resource")
    await skipping.fast_forward(handle, timedelta(minutes=5))
    status = await home.until(handle, lambda status: len(status.segments) == 2)
    assert running(await home.tasks("standup")) == [status.segments[1].task_id]


async def test_nothing_is_recorded_in_a_pause_whatever_was_in_doubt_before(
    skipping: WorkflowEnvironment, patient: House
) -> None:
    home = patient
    await home.room("standup", "1001")
    await home.fault("start", "lost_reply", when="after", times=1)
    with skipping.with_time_skipping_disabled():
        handle = await home.start("standup")
        await home.eventually(lambda: home.tasks("standup"))
        await home.fault("start", "never_up", times=1)
        await handle.signal("pause")
        await home.until(handle, lambda status: bool(status.segments))
    await skipping.fast_forward(handle, timedelta(minutes=5))
    await home.until(handle, lambda status: status.state is State.PAUSED)
    lost, dead, known = await home.tasks("standup")
    assert running([lost, dead, known]) == []
    assert known["recorder"] == lost["recorder"]


async def test_a_lost_recording_that_fills_the_account_is_found_in_storage(
    client: Client, tmp_path: Path
) -> None:
    async with house(
        client,
        tmp_path,
        vendor="tencent",
        callbacks=False,
        media=True,
        limits={"tasks": 1},
        timings={"slice": 1.0},
    ) as home:
        await home.room("standup", "1001")
        await home.fault("start", "lost_reply", when="after", times=1)
        handle = await home.start("standup")
        status = await home.until(handle, lambda status: bool(status.segments))
        [task] = await home.tasks("standup")
        assert status.segments[0].task_id == task["task_id"]


async def test_every_change_tells_the_whole_scene(client: Client, tmp_path: Path) -> None:
    async with house(client, tmp_path, vendor="tencent") as home:
        await home.room("standup", "1001", "1002")
        handle = await home.start("standup")
        await home.recording(handle)
        speaker = {"layout": {"kind": "speaker", "main": "1001"}}
        await handle.execute_update("set_layout", speaker)
        await handle.execute_update(
            "set_subscriptions", {"subscriptions": {"audio": {"allow": ["1001"]}}}
        )
        await handle.execute_update("set_layout", {"layout": {"kind": "grid"}})
        [task] = await home.tasks("standup")
        heard, last = (revision["layout"] for revision in task["layout_revisions"][-2:])
        assert heard["MixLayoutParams"]["MaxResolutionUserId"] == "1001"
        assert heard["SubscribeStreamUserIds"] == last["SubscribeStreamUserIds"]
        assert last["SubscribeStreamUserIds"] == {"SubscribeAudioUserIds": ["1001"]}
        assert last["MixLayoutParams"]["MixLayoutMode"] == 3


async def test_a_full_account_is_waited_for_until_a_task_ends(
    client: Client, tmp_path: Path
) -> None:
    async with house(client, tmp_path, vendor="tencent", limits={"tasks": 1}) as home:
        first = await home.start("standup")
        await home.recording(first)
        second = await home.start("retro")
        await home.until(second, lambda status: "RestrictedConcurrency" in status.evidence)
        await first.signal("stop")
        await home.recording(second)
        assert len(await home.tasks("retro")) == 1


async def test_a_task_is_replaced_before_it_takes_no_more_calls(
    skipping: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with house(skipping.client, tmp_path, vendor="tencent") as home:
        await home.room("standup", "1001")
        with skipping.with_time_skipping_disabled():
            handle = await home.start(
                "standup", vendor_options={"resource_expired_hour": 6}, max_duration="PT8H"
            )
        await home.recording(handle)
        await skipping.fast_forward(handle, timedelta(hours=5, minutes=40))
        status = await home.until(handle, lambda status: bool(status.segments[0].ended_at))
        old, new = await home.tasks("standup")
        assert old["recorder"] != new["recorder"]
        assert old["ended_at"] >= new["created_at"], "no gap"
        assert running(await home.tasks("standup")) == [new["task_id"]]
        assert status.segments[1].task_id == new["task_id"]


async def test_a_room_id_of_the_wrong_type_is_told_by_the_evidence(
    client: Client, tmp_path: Path
) -> None:
    async with house(client, tmp_path, vendor="tencent") as home:
        await home.room("7007", "1001")
        handle = await home.start("7007", vendor_options={"room_id_type": "string"})
        status = await home.recording(handle)
        assert "no anchor publishes in this room, entered as one of string type" in status.evidence


async def test_what_is_recorded_after_a_failover_belongs_to_the_session(
    client: Client, tmp_path: Path
) -> None:
    async with house(
        client, tmp_path, vendor="tencent", media=True, timings={"slice": 1.0}
    ) as home:
        await home.room("standup", "1001")
        handle = await home.start("standup")
        await home.until(handle, lambda status: "data flows" in status.evidence)
        await home.fault("now", "migrate", seconds=1.0)

        async def recovered() -> bool:
            [task] = await home.tasks("standup")
            return any("/ha1_" in key for key in task["files"])

        await home.eventually(recovered)
        await handle.signal("stop")
        result = await handle.result()
        assert result.manifest.outcome is Outcome.COMPLETE, result.manifest.reasons
        playlists = [file.key for file in result.manifest.files if file.kind == "playlist"]
        assert len(playlists) == 2
        assert len(result.segments) == 1

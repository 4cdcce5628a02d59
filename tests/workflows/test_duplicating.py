"""Vendors where a second start makes a second recording: Alibaba Cloud RTC, Huawei Cloud RTC."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from longtake.domain.session import State
from tests.house import SOMEBODY, House, house

WHILE = timedelta(minutes=2)
"""More than a session waits for a lost id."""


def running(tasks: Sequence[dict[str, Any]]) -> list[str]:
    return [task["task_id"] for task in tasks if task["ended_at"] is None]


@pytest.fixture
async def alibaba(skipping: WorkflowEnvironment, tmp_path: Path) -> AsyncGenerator[House]:
    async with house(skipping.client, tmp_path, vendor="alibaba") as built:
        yield built


@pytest.fixture
async def huawei(skipping: WorkflowEnvironment, tmp_path: Path) -> AsyncGenerator[House]:
    """At which starts that repeat one are not refused, but make a second job."""
    async with house(
        skipping.client, tmp_path, vendor="huawei", repeated_start="duplicate"
    ) as built:
        yield built


@pytest.fixture(params=["alibaba", "huawei"])
def either(request: pytest.FixtureRequest) -> House:
    return request.getfixturevalue(request.param)


async def test_a_start_in_doubt_is_never_sent_again(
    skipping: WorkflowEnvironment, either: House
) -> None:
    home = either
    await home.room("standup", "1001")
    await home.fault("start", "lost_reply", when="after", times=1)
    await home.fault("callback", "drop", times=20)
    with skipping.with_time_skipping_disabled():
        handle = await home.start("standup")
        status = await home.until(handle, lambda status: "waiting to be told" in status.evidence)
        assert len(await home.tasks("standup")) == 1
        assert status.attempts == 1
    await skipping.fast_forward(handle, WHILE)
    status = await home.recording(handle)
    lost, kept = await home.tasks("standup")
    assert (status.attempts, len(status.strays)) == (2, 1)
    assert [segment.task_id for segment in status.segments] == [kept["task_id"]]
    assert lost["ended_at"] is None, "nothing has named it yet"
    assert any("stray" in why for why in status.attention)


async def test_a_stray_is_stopped_once_an_event_names_it(
    skipping: WorkflowEnvironment, either: House
) -> None:
    home = either
    await home.room("standup", "1001")
    await home.fault("start", "lost_reply", when="after", times=1)
    await home.fault("callback", "drop", times=20)
    with skipping.with_time_skipping_disabled():
        handle = await home.start("standup")
        await home.until(handle, lambda status: "waiting to be told" in status.evidence)
    await skipping.fast_forward(handle, WHILE)
    await home.recording(handle)
    lost, kept = await home.tasks("standup")
    event = {"id": "late", "kind": "media_flowing", "at": "2026-01-01T00:00:00Z"}
    told = {"account": home.account, "room": "standup", "task_id": lost["task_id"]}
    await handle.signal("vendor_event", {**event, **told, "recorder": lost["recorder"]})
    status = await home.until(handle, lambda status: bool(status.strays[0].stopped_at))
    assert status.attention == []
    assert running(await home.tasks("standup")) == [kept["task_id"]]


async def test_an_empty_channel_is_waited_for(alibaba: House) -> None:
    home = alibaba
    handle = await home.start("standup")
    await home.eventually(lambda: home.calls("StartRtcCloudRecording"))
    assert await home.tasks("standup") == []
    await home.room("standup", *SOMEBODY)
    status = await home.recording(handle)
    assert running(await home.tasks("standup")) == [status.segments[0].task_id]
    assert (status.attempts, status.strays) == (1, [])


async def test_panes_are_made_anew_for_those_who_are_recorded_now(alibaba: House) -> None:
    home = alibaba
    await home.room("standup", "1001", "1002", "1003")
    handle = await home.start("standup", layout={"kind": "grid"})
    await home.recording(handle)
    change = {"subscriptions": {"audio": {"allow": ["1001", "1003"]}}}
    await handle.execute_update("set_subscriptions", change)
    [task] = await home.tasks("standup")
    seen = [
        [pane["UserId"] for pane in revision["layout"]["MixLayoutParams"]["UserPanes"]]
        for revision in task["layout_revisions"]
    ]
    assert seen == [["1001", "1002", "1003"], ["1001", "1003"]]


async def test_another_sessions_job_is_not_taken_for_a_lost_one(
    skipping: WorkflowEnvironment, huawei: House
) -> None:
    home = huawei
    await home.room("standup", "1001")
    with skipping.with_time_skipping_disabled():
        theirs = await home.start("standup", purpose="archive")
        await home.recording(theirs)
    [archive] = await home.tasks("standup")
    await home.advance(300)
    await home.fault("start", "reset", when="before", times=1)
    later = datetime.now(UTC) + timedelta(minutes=5)
    handle = await home.start("standup", start_at=later.isoformat())
    await home.until(handle, lambda status: status.state is State.STARTING)
    with skipping.with_time_skipping_disabled():
        # They leave and come back: a file of the other session's job ends, and one begins.
        await home.room("standup")
        await home.room("standup", "1001")
        await home.eventually(lambda: _told(home, handle, "is not ours"))
    await skipping.fast_forward(handle, WHILE)
    status = await home.recording(handle)
    assert archive["task_id"] not in [segment.task_id for segment in status.segments]
    await handle.signal("stop")
    await handle.result()
    assert running(await home.tasks("standup")) == [archive["task_id"]]
    await theirs.signal("stop")
    assert (await theirs.result()).strays == []
    assert running(await home.tasks("standup")) == []


async def test_a_job_that_is_another_ones_is_waited_for_and_the_wait_is_seen(
    skipping: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with house(skipping.client, tmp_path, vendor="huawei") as home:
        await home.room("standup", "1001")
        with skipping.with_time_skipping_disabled():
            theirs = await home.start("standup", purpose="archive")
            await home.recording(theirs)
            handle = await home.start("standup")
            status = await home.until(handle, lambda status: bool(status.attention))
        assert "another job records the same" in status.attention[0]
        await theirs.signal("stop")
        await theirs.result()
        status = await home.recording(handle)
        assert (status.attempts, status.attention) == (1, [])
        assert running(await home.tasks("standup")) == [status.segments[0].task_id]


async def test_a_stray_that_takes_the_place_is_found_in_storage_and_ended(
    skipping: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with house(
        skipping.client,
        tmp_path,
        vendor="huawei",
        media=True,
        callbacks=False,
        timings={"slice": 0.5},
    ) as home:
        await home.room("standup", "1001", publishing=False)
        await home.fault("start", "lost_reply", when="after", times=1)
        with skipping.with_time_skipping_disabled():
            handle = await home.start("standup")
            await home.until(handle, lambda status: "waiting to be told" in status.evidence)
        await skipping.fast_forward(handle, WHILE)
        with skipping.with_time_skipping_disabled():
            await home.until(handle, lambda status: "which is full" in "".join(status.attention))
            await home.room("standup", "1001")
            await home.until(handle, lambda status: bool(status.strays[0].stopped_at))
        status = await home.recording(handle)
        lost, kept = await home.tasks("standup")
        assert lost["end_reason"] == "stopped"
        assert [segment.task_id for segment in status.segments] == [kept["task_id"]]


async def _told(home: House, handle: Any, text: str) -> bool:
    return text in await home.timeline(handle)

"""What no session looks after is found, asked about, and ended; what lives is never touched."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from longtake.contracts import names
from longtake.contracts.ids import sweep_id, unclaimed_id
from longtake.contracts.payloads import RecordingResult
from longtake.contracts.sweeping import KeptEvent, KeptEvents, SweepOrder, SweepReport
from longtake.domain.events import EventKind, VendorEvent
from longtake.domain.session import EndReason
from longtake.temporal.sweeps import SweptSessions, ensure_sweeps
from tests.conformance.vendors import CONDUCT
from tests.house import House, house

AT_ONCE = timedelta(0)


def running(tasks: Sequence[dict[str, Any]]) -> list[str]:
    return [task["task_id"] for task in tasks if task["ended_at"] is None]


@pytest.fixture(params=["agora", "tencent", "alibaba", "huawei"])
async def home(
    request: pytest.FixtureRequest, skipping: WorkflowEnvironment, tmp_path: Path
) -> AsyncGenerator[House]:
    async with house(skipping.client, tmp_path, vendor=request.param) as built:
        await built.room("standup", "1001")
        yield built


@pytest.fixture
async def agora(skipping: WorkflowEnvironment, tmp_path: Path) -> AsyncGenerator[House]:
    """To whose sessions nothing is told but what the test tells."""
    async with house(skipping.client, tmp_path, callbacks=False) as built:
        await built.room("standup", "1001")
        yield built


async def swept(home: House, grace: timedelta = AT_ONCE) -> SweepReport:
    """One sweep, its waits skipped."""
    handle = await home.client.start_workflow(
        names.SWEEP,
        SweepOrder(vendor=home.vendor, account=home.account, grace=grace),
        id=f"{sweep_id(home.account)}-{datetime.now(UTC).isoformat()}",
        task_queue=home.task_queue,
        result_type=SweepReport,
    )
    return await handle.result()


async def revived(home: House) -> WorkflowHandle[Any, RecordingResult]:
    """Sweep until a session is revived: visibility lags a moment."""

    async def found() -> tuple[str, ...]:
        return (await swept(home)).revived

    [workflow_id] = await home.eventually(found)
    return home.client.get_workflow_handle(workflow_id, result_type=RecordingResult)


async def live(home: House, skipping: WorkflowEnvironment, **given: Any) -> Any:
    with skipping.with_time_skipping_disabled():
        handle = await home.start("standup", **given)
        await home.recording(handle)
    return handle


async def test_a_terminated_sessions_task_is_ended_and_its_files_are_looked_for(
    skipping: WorkflowEnvironment, home: House
) -> None:
    handle = await live(home, skipping)
    await handle.terminate("by mistake")
    assert len(running(await home.tasks("standup"))) == 1
    result = await (await revived(home)).result()
    assert result.end_reason is EndReason.ABANDONED
    assert running(await home.tasks("standup")) == []
    assert (await swept(home)).looked_at == 0, "once is enough"


async def test_a_start_whose_session_was_terminated_meanwhile_is_ended(
    skipping: WorkflowEnvironment, home: House
) -> None:
    await home.fault("start", "slow", seconds=2.0, when="before", times=1)
    with skipping.with_time_skipping_disabled():
        handle = await home.start("standup")
        await home.eventually(lambda: home.calls(CONDUCT[home.vendor].calls["start"]))
        await handle.terminate("by mistake")
        await home.eventually(lambda: home.tasks("standup"))

    async def ended() -> bool:
        await swept(home)
        return running(await home.tasks("standup")) == []

    await home.eventually(ended)


async def test_a_start_that_nobody_names_is_found_in_storage_when_a_sweep_ends_its_session(
    skipping: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with house(skipping.client, tmp_path, callbacks=False, media=True) as home:
        await home.room("standup", "1001")
        await home.fault("start", "lost_reply", when="after", times=5)
        with skipping.with_time_skipping_disabled():
            handle = await home.start("standup")
            await home.eventually(lambda: home.tasks("standup"))
            await handle.terminate("by mistake")
            await home.eventually(lambda: home.files("standup"))
        result = await (await revived(home)).result()
        assert [bool(stray.stopped_at) for stray in result.strays] == [True]
        assert running(await home.tasks("standup")) == []


async def test_what_the_end_of_a_terminated_session_starts_is_left_to_it(
    skipping: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with house(skipping.client, tmp_path, vendor="tencent") as home:
        await home.room("standup", "1001")
        await home.fault("start", "slow", seconds=1.0, when="before", times=1)
        with skipping.with_time_skipping_disabled():
            handle = await home.start("standup")
            await home.eventually(lambda: home.calls("CreateCloudRecording"))
            await handle.terminate("by mistake")
            await home.eventually(lambda: home.tasks("standup"))
        ending = await revived(home)
        await ending.result()
        for _ in range(3):
            assert (await swept(home)).revived == ()
        assert running(await home.tasks("standup")) == []


async def test_a_healthy_session_is_never_touched(
    skipping: WorkflowEnvironment, home: House
) -> None:
    handle = await live(home, skipping)
    other = await live(home, skipping, purpose="second") if home.vendor != "huawei" else None
    for _ in range(5):
        report = await swept(home)
        assert (report.looked_at, report.revived) == (0, ())
    kept = [each for each in (handle, other) if each]
    assert len(running(await home.tasks("standup"))) == len(kept)

    async def settled() -> bool:
        return not (await swept(home)).waiting

    await home.eventually(settled)  # what each session heard of the other's task is placed


async def test_the_next_session_of_the_room_is_not_what_a_sweep_ends(
    skipping: WorkflowEnvironment, home: House
) -> None:
    first = await live(home, skipping)
    await first.terminate("by mistake")
    [orphan] = running(await home.tasks("standup"))
    if home.vendor == "huawei":  # where the next job waits for the end of this one
        await (await revived(home)).result()
        second = await live(home, skipping)
    else:
        second = await live(home, skipping)
        await (await revived(home)).result()
    status = await home.status(second)
    assert running(await home.tasks("standup")) == [status.segments[-1].task_id]
    assert status.segments[-1].task_id != orphan


async def test_a_session_that_was_just_ended_is_left_alone_for_a_while(
    skipping: WorkflowEnvironment, agora: House
) -> None:
    handle = await live(agora, skipping)
    await handle.terminate("by mistake")
    for _ in range(3):
        assert (await swept(agora, grace=timedelta(hours=1))).looked_at == 0
    assert len(running(await agora.tasks("standup"))) == 1


async def test_nothing_is_ended_while_the_vendor_does_not_answer(
    skipping: WorkflowEnvironment, agora: House
) -> None:
    handle = await live(agora, skipping)
    await handle.terminate("by mistake")
    await agora.fault("query", "status", status=500, probability=1.0)

    async def looked() -> bool:
        report = await swept(agora)
        assert report.revived == ()
        return report.looked_at == 1

    await agora.eventually(looked)
    assert len(running(await agora.tasks("standup"))) == 1


async def _finished_with_a_stray(home: House, skipping: WorkflowEnvironment) -> dict[str, Any]:
    """A session that ended before anybody named what its first start left; gives that task."""
    await home.fault("start", "lost_reply", when="after", times=1)
    with skipping.with_time_skipping_disabled():
        handle = await home.start("standup")
        await home.until(handle, lambda status: "waiting to be told" in status.evidence)
    await skipping.fast_forward(handle, timedelta(minutes=3))
    await home.recording(handle)
    await handle.signal("stop")
    await skipping.fast_forward(handle, timedelta(minutes=5))
    result = await handle.result()
    assert [stray.stopped_at for stray in result.strays] == [None]
    return (await home.tasks("standup"))[0]


def _event_of(home: House, task: dict[str, Any]) -> VendorEvent:
    return VendorEvent.model_validate(
        {
            "id": f"late-{task['task_id']}",
            "kind": "media_flowing",
            "at": datetime.now(UTC),
            "account": home.account,
            "room": "standup",
            "recorder": task["recorder"],
            "task_id": task["task_id"],
        }
    )


async def test_a_stray_that_is_named_after_its_sessions_end_is_ended(
    skipping: WorkflowEnvironment, agora: House
) -> None:
    home = agora
    lost = await _finished_with_a_stray(home, skipping)
    kept = KeptEvent(event=_event_of(home, lost), vendor=home.vendor, since=datetime.now(UTC))
    await SweptSessions(home.client, home.task_queue).keep(kept)
    result = await (await revived(home)).result()
    assert [bool(stray.stopped_at) for stray in result.strays] == [True]
    assert running(await home.tasks("standup")) == []
    unclaimed = home.client.get_workflow_handle(unclaimed_id(home.account))
    await swept(home)
    assert await unclaimed.result() is not None, "nothing is kept any more, so it has ended"


async def test_what_the_receiver_hears_after_the_end_gets_a_stray_ended(
    skipping: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with house(skipping.client, tmp_path) as home:
        await home.room("standup", "1001")
        await home.fault("callback", "delay", seconds=900.0, times=50)
        await _finished_with_a_stray(home, skipping)
        await home.advance(901)
        result = await (await revived(home)).result()
        assert [bool(stray.stopped_at) for stray in result.strays] == [True]
        assert running(await home.tasks("standup")) == []


async def test_a_stray_is_placed_though_another_session_records_the_room_now(
    skipping: WorkflowEnvironment, agora: House
) -> None:
    home = agora
    lost = await _finished_with_a_stray(home, skipping)
    second = await live(home, skipping)
    await second.signal("vendor_event", _event_of(home, lost))
    await (await revived(home)).result()
    status = await home.status(second)
    assert running(await home.tasks("standup")) == [status.segments[-1].task_id]


async def test_an_event_of_a_session_that_was_not_listed_yet_is_told_to_it(
    skipping: WorkflowEnvironment, agora: House
) -> None:
    home = agora
    handle = await live(home, skipping, purpose="archive")
    [task] = await home.tasks("standup")
    event = _event_of(home, task).model_copy(
        update={"kind": EventKind.ERROR, "detail": "it is too hot"}
    )
    kept = KeptEvent(event=event, vendor=home.vendor, since=datetime.now(UTC))
    await SweptSessions(home.client, home.task_queue).keep(kept)

    async def heard() -> bool:
        await swept(home)
        return "it is too hot" in await home.timeline(handle)

    await home.eventually(heard)


async def test_an_event_of_nobody_is_kept_and_seen(agora: House) -> None:
    home = agora
    nobodys = {"recorder": "77", "task_id": "foreign"}
    event = _event_of(home, nobodys)
    sessions = SweptSessions(home.client, home.task_queue)
    for _ in range(2):  # a repeat is kept once
        await sessions.keep(KeptEvent(event=event, vendor="agora", since=datetime.now(UTC)))
    report = await swept(home)
    assert (report.waiting, report.looked_at) == (1, 0)
    handle = home.client.get_workflow_handle(unclaimed_id(home.account))
    told = await handle.query(names.EVENTS, result_type=KeptEvents)
    assert [each.event.task_id for each in told.events] == ["foreign"]
    await handle.terminate("the test is over")


async def test_each_account_has_a_schedule_that_any_worker_may_make(agora: House) -> None:
    home = agora
    for every in (timedelta(hours=1), timedelta(hours=2)):
        await ensure_sweeps(home.client, [("agora", home.account)], every, home.task_queue)
    handle = home.client.get_schedule_handle(sweep_id(home.account))
    described = await handle.describe()
    assert [spec.every for spec in described.schedule.spec.intervals] == [timedelta(hours=2)]
    await handle.trigger()

    async def ran() -> bool:
        return bool((await handle.describe()).info.recent_actions)

    await home.eventually(ran)
    await handle.delete()

"""Stop is always legal, never forgotten, and ends in one terminal state."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import CancelledError
from temporalio.testing import WorkflowEnvironment

from longtake.domain.session import EndReason, State
from tests.house import House, house


async def test_a_cancelled_workflow_stops_at_the_vendor_before_it_ends(home: House) -> None:
    await home.room("standup", "1001")
    handle = await home.start("standup")
    await home.recording(handle)
    await handle.cancel()
    with pytest.raises(WorkflowFailureError) as caught:
        await handle.result()
    assert isinstance(caught.value.cause, CancelledError)
    [task] = await home.tasks("standup")
    assert task["ended_at"]
    status = await home.status(handle)
    assert (status.state, status.end_reason) == (State.FINISHED, EndReason.CANCELLED)


async def test_a_cancel_while_the_start_is_in_flight_leaves_nothing_running(home: House) -> None:
    await home.room("standup", "1001")
    await home.fault("start", "slow", seconds=2.0, when="after", times=1)
    handle = await home.start("standup")
    await home.eventually(lambda: home.tasks("standup"))
    await handle.cancel()
    await handle.cancel()
    with pytest.raises(WorkflowFailureError):
        await handle.result()
    [task] = await home.tasks("standup")
    assert task["ended_at"]


async def test_a_stop_reaches_a_task_that_is_moving_to_another_server(home: House) -> None:
    await home.room("standup", "1001")
    handle = await home.start("standup")
    await home.recording(handle)
    await home.fault("now", "migrate", seconds=8.0)
    await handle.signal("stop")
    result = await handle.result()
    assert result.end_reason is EndReason.STOPPED
    [task] = await home.tasks("standup")
    assert task["ended_at"]
    assert [call["status"] for call in await home.calls("stop")] == [404, 200]


async def test_a_move_to_another_server_is_not_an_end(
    skipping: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with house(skipping.client, tmp_path, callbacks=False) as home:
        await home.room("standup", "1001")
        with skipping.with_time_skipping_disabled():
            handle = await home.start("standup")
        await home.recording(handle)
        await home.fault("now", "migrate", seconds=2.0)
        await skipping.fast_forward(handle, timedelta(seconds=30))
        await home.until(handle, lambda status: "does not know" in status.evidence)
        await home.advance(3)
        await skipping.fast_forward(handle, timedelta(seconds=20))
        status = await home.until(handle, lambda status: "does not know" not in status.evidence)
        assert (status.state, len(status.segments)) == (State.RECORDING, 1)


async def test_a_stop_is_heeded_whatever_its_payload_says(home: House) -> None:
    handle = await home.start("standup")
    await home.recording(handle)
    await handle.signal("stop", {"reason": 5, "colour": "red"})
    assert (await handle.result()).end_reason is EndReason.STOPPED
    assert "stop heeded, but: reason:" in await home.timeline(handle)


async def test_a_failover_wants_attention_until_the_task_is_seen_up_again(home: House) -> None:
    await home.room("standup", "1001")
    handle = await home.start("standup")
    await home.recording(handle)
    await home.fault("now", "migrate", seconds=2.0)

    async def noted() -> bool:
        return "vendor: session_failover" in await home.timeline(handle)

    await home.eventually(noted)
    status = await home.until(handle, lambda status: not status.attention)
    assert status.state is State.RECORDING
    assert len(status.segments) == 1


@pytest.mark.parametrize("call", ["start", "updateLayout", "stop"])
async def test_a_session_terminated_in_the_middle_of_a_call_leaves_the_worker_at_work(
    home: House, call: str
) -> None:
    await home.room("other", "1001")
    await home.room("standup", "1001")
    await home.fault(call, "slow", seconds=1.0, times=1)
    handle = await home.start("other")
    if call != "start":
        await home.recording(handle)
        await handle.signal("change_layout", {"layout": {"kind": "floating"}})
        await handle.signal("stop" if call == "stop" else "pause")
    await home.eventually(lambda: home.calls(call))
    await handle.terminate("by mistake")
    assert (await home.recording(await home.start("standup"))).state == "recording"

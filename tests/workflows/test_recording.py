"""One session from its start to its end, and what its caller may ask of it meanwhile."""

from __future__ import annotations

from longtake.domain.session import EndReason, State
from tests.house import House


async def test_a_room_is_recorded_until_it_is_stopped(home: House) -> None:
    await home.room("standup", "1001", "1002")
    handle = await home.start("standup")
    status = await home.recording(handle)
    assert status.applied_revision == 1
    await handle.signal("stop", {"reason": "meeting over"})
    result = await handle.result()
    assert result.end_reason is EndReason.STOPPED
    assert result.end_detail == "meeting over"
    [task] = await home.tasks("standup")
    assert task["ended_at"]
    assert [segment.task_id for segment in result.segments] == [task["task_id"]]
    assert (await home.status(handle)).state is State.FINISHED

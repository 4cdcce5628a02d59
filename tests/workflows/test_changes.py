"""However many changes come, and whenever: the last one wins, one call at a time."""

from __future__ import annotations

import asyncio
import itertools
from datetime import datetime
from typing import Any

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from longtake.contracts.payloads import Applied
from tests.house import House


def speaker(user: int) -> dict[str, Any]:
    return {"layout": {"kind": "speaker", "main": str(user)}}


def overlaps(calls: list[dict[str, Any]]) -> bool:
    spans = sorted(
        (datetime.fromisoformat(call["at"]), datetime.fromisoformat(call["finished_at"]))
        for call in calls
    )
    return any(end > begin for (_, end), (begin, _) in itertools.pairwise(spans))


async def test_a_storm_of_layouts_ends_with_the_last_one_call_at_a_time(home: House) -> None:
    await home.room("standup", *(str(user) for user in range(1001, 1006)))
    handle = await home.start("standup")
    await home.recording(handle)
    await home.fault("updateLayout", "slow", seconds=0.3, times=3)
    await home.fault("updateLayout", "status", status=500, probability=0.3)
    for user in range(100):
        await handle.signal("change_layout", speaker(1001 + user % 5))
    status = await home.until(handle, lambda status: status.applied_revision == 101)
    assert status.revision == 101
    calls = await home.calls("updateLayout")
    assert len(calls) < 60, "what was overtaken is not sent"
    assert not overlaps(calls)
    [task] = await home.tasks("standup")
    assert task["layout_revisions"][-1]["layout"]["maxResolutionUid"] == "1005"


async def test_concurrent_updates_all_hear_of_a_revision_that_holds_theirs(home: House) -> None:
    await home.room("standup", "1001", "1002", "1003")
    handle = await home.start("standup")
    await home.recording(handle)
    answers = await asyncio.gather(
        *(
            handle.execute_update("set_layout", speaker(1001 + n % 3), result_type=Applied)
            for n in range(6)
        )
    )
    assert max(answer.revision for answer in answers) == 7
    assert (await home.status(handle)).applied_revision == 7


async def test_a_layout_that_the_vendor_refuses_leaves_the_picture_and_says_why(
    home: House,
) -> None:
    await home.room("standup", "1001")
    handle = await home.start("standup")
    await home.recording(handle)
    await home.fault("updateLayout", "code", code=1028, times=1)
    with pytest.raises(WorkflowUpdateFailedError) as caught:
        await handle.execute_update("set_layout", speaker(1001), result_type=Applied)
    assert isinstance(caught.value.cause, ApplicationError)
    assert caught.value.cause.type == "InvalidRequest"
    status = await home.status(handle)
    assert status.layout is not None
    assert status.layout.kind == "grid"
    applied = await handle.execute_update("set_layout", speaker(1001), result_type=Applied)
    assert applied.revision == 3


async def test_a_layout_taken_back_while_its_answer_was_lost_is_taken_back_at_the_vendor(
    home: House,
) -> None:
    await home.room("standup", "1001", "1002")
    handle = await home.start("standup")
    await home.recording(handle)
    await home.fault("updateLayout", "lost_reply", when="after", probability=1.0)
    await handle.signal("change_layout", speaker(1001))
    await home.eventually(lambda: home.calls("updateLayout"))
    await handle.signal("change_layout", {"layout": {"kind": "grid"}})
    await home.control.delete("/_emulator/faults")
    await home.until(handle, lambda status: status.applied_revision == 3)
    [task] = await home.tasks("standup")
    assert task["layout_revisions"][-1]["layout"]["mixedVideoLayout"] == 1

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from temporalio.client import Client

from longtake.client import (
    AlreadyLive,
    RecordingClient,
    RecordingFailed,
    RecordingNotFound,
    Rejected,
)
from longtake.contracts.payloads import Applied, Extension
from longtake.domain.errors import InvalidRequest
from longtake.domain.layout import GridLayout, SpeakerLayout
from longtake.domain.recording import StreamFilter, Subscriptions
from tests.temporal.sessions import heard, listing_lags, request_for


async def test_a_live_session_is_its_rooms_lock(recordings: RecordingClient, room: str) -> None:
    session = await recordings.start(request_for(room))
    with pytest.raises(AlreadyLive) as caught:
        await recordings.start(request_for(room))
    assert caught.value.workflow_id == session.workflow_id
    await recordings.start(request_for(room, "archive"))


async def test_a_room_can_be_recorded_again_after_its_session(
    recordings: RecordingClient, room: str
) -> None:
    session = await recordings.start(request_for(room))
    await session.stop("over")
    assert (await session.result()).end_detail == room
    again = await recordings.start(request_for(room))
    assert again.workflow_id == session.workflow_id


async def test_a_session_is_listed_with_what_it_was_started_with(
    recordings: RecordingClient, room: str
) -> None:
    session = await recordings.start(request_for(room))
    async with listing_lags():
        while not (found := [each async for each in recordings.list() if each.room == room]):
            pass
    [listed] = found
    assert (listed.workflow_id, listed.vendor, listed.account) == (
        session.workflow_id,
        "acme",
        "demo",
    )
    assert listed.live


async def test_a_filter_never_lists_what_is_no_recording(
    temporal: Client, recordings: RecordingClient, room: str
) -> None:
    session = await recordings.start(request_for(room))
    other = await temporal.start_workflow("Other", id=f"other-{uuid4()}", task_queue="nobody's")
    either = f'WorkflowId = "{session.workflow_id}" OR WorkflowId = "{other.id}"'
    async with listing_lags():
        while len([each async for each in temporal.list_workflows(either)]) != 2:
            pass
    assert [each.workflow_id async for each in recordings.list(either)] == [session.workflow_id]


async def test_only_live_sessions_are_live_in_a_room(
    recordings: RecordingClient, room: str
) -> None:
    ended = await recordings.start(request_for(room, "ended"))
    await ended.stop()
    await ended.result()
    live = await recordings.start(request_for(room))
    async with listing_lags():
        while sorted([each.live async for each in recordings.list() if each.room == room]) != [
            False,
            True,
        ]:
            pass
    found = [session.workflow_id async for session in recordings.live_in("demo", room)]
    assert found == [live.workflow_id]


@pytest.mark.parametrize(
    ("room", "summary"),
    [("standup", "acme · room standup · mixed"), ("é" * 150, f"acme · room {'é' * 93}")],
)
async def test_the_summary_says_what_is_recorded_within_the_servers_limit(
    temporal: Client, recordings: RecordingClient, room: str, summary: str
) -> None:
    session = await recordings.start(request_for(room))
    described = await temporal.get_workflow_handle(session.workflow_id).describe()
    assert await described.static_summary() == summary
    assert described.raw_description.workflow_execution_info.priority.fairness_key == "demo"


async def test_a_start_that_the_server_refuses_is_the_callers_fault(
    recordings: RecordingClient,
) -> None:
    with pytest.raises(InvalidRequest, match="WorkflowId exceeds"):
        await recordings.start(request_for("🎥" * 256))


async def test_signals_carry_the_contracts_payloads(
    temporal: Client, recordings: RecordingClient, room: str
) -> None:
    await recordings.start(request_for(room))
    session = recordings.handle("demo", room)
    await session.change_layout(GridLayout())
    await session.change_subscriptions(Subscriptions(audio=StreamFilter(deny=("bot",))))
    await session.pause()
    await session.resume()
    await session.extend(Extension(by=timedelta(minutes=30)))
    told = await heard(temporal, session)
    assert [name for name, _ in told] == [
        "change_layout",
        "change_subscriptions",
        "pause",
        "resume",
        "extend",
    ]
    payloads = [payload for _, payload in told]
    assert payloads[0][0]["layout"]["kind"] == "grid"
    assert payloads[1][0]["subscriptions"]["audio"]["deny"] == ["bot"]
    assert payloads[2:4] == [[], []]
    assert payloads[4][0]["by"] == "PT30M"


async def test_an_update_answers_with_the_revision(recordings: RecordingClient, room: str) -> None:
    session = await recordings.start(request_for(room))
    assert await session.set_layout(GridLayout()) == Applied(revision=2)


async def test_a_refused_update_tells_the_rule(recordings: RecordingClient, room: str) -> None:
    session = await recordings.start(request_for(room))
    with pytest.raises(Rejected) as caught:
        await session.set_layout(SpeakerLayout())
    assert str(caught.value) == "layout.kind: acme offers grid"
    assert caught.value.code == "InvalidRequest"


async def test_queries_answer_with_the_contracts_models(
    recordings: RecordingClient, room: str
) -> None:
    session = await recordings.start(request_for(room))
    assert await session.files() is None
    assert (await session.timeline()).dropped == 3


async def test_a_room_without_a_session_is_not_found(
    recordings: RecordingClient, room: str
) -> None:
    session = recordings.handle("demo", room)
    calls = [session.pause(), session.set_layout(GridLayout()), session.status(), session.result()]
    for call in calls:
        with pytest.raises(RecordingNotFound) as caught:
            await call
        assert caught.value.workflow_id == session.workflow_id


async def test_a_session_that_is_over_takes_no_orders_and_answers_questions(
    recordings: RecordingClient, room: str
) -> None:
    session = await recordings.start(request_for(room))
    await session.stop()
    await session.result()
    with pytest.raises(RecordingNotFound):
        await session.pause()
    assert (await session.timeline()).dropped == 3


# --- the request key ------------------------------------------------------------------------------


async def test_a_start_repeated_with_its_key_is_the_same_session(
    recordings: RecordingClient, room: str
) -> None:
    session = await recordings.start(request_for(room), "meeting 7")
    assert (await recordings.start(request_for(room), "meeting 7")).workflow_id == (
        session.workflow_id
    )
    await session.stop()
    await session.result()
    again = await recordings.start(request_for(room), "meeting 7")
    with pytest.raises(RecordingNotFound):
        await again.pause()
    assert (await again.result()).end_detail == room


async def test_starts_at_once_with_one_key_are_one_session(
    temporal: Client, recordings: RecordingClient, room: str
) -> None:
    await asyncio.gather(*(recordings.start(request_for(room), "meeting 7") for _ in range(5)))
    session_id = recordings.handle("demo", room).workflow_id
    async with listing_lags():
        while not (
            found := [each async for each in recordings.list(f'WorkflowId = "{session_id}"')]
        ):
            pass
    assert len(found) == 1


@pytest.mark.parametrize("key", ["meeting 8", ""])
async def test_another_start_of_a_live_room_names_the_session_that_is_there(
    recordings: RecordingClient, room: str, key: str
) -> None:
    session = await recordings.start(request_for(room), "meeting 7")
    with pytest.raises(AlreadyLive) as caught:
        await recordings.start(request_for(room), key)
    live = recordings.handle_of(caught.value.workflow_id)
    await live.stop()
    assert (await session.result()).end_detail == room


async def test_a_new_key_records_the_room_again_after_its_session(
    temporal: Client, recordings: RecordingClient, room: str
) -> None:
    session = await recordings.start(request_for(room), "meeting 7")
    await session.stop()
    first = await session.result()
    again = await recordings.start(request_for(room), "meeting 8")
    await again.pause()
    # The handle of the first is still of the first.
    assert await session.result() == first
    assert [name for name, _ in await heard(temporal, again)] == ["pause"]


# --- the end --------------------------------------------------------------------------------------


async def test_a_session_ended_from_outside_has_failed_without_a_result(
    temporal: Client, recordings: RecordingClient, room: str
) -> None:
    session = await recordings.start(request_for(room))
    await temporal.get_workflow_handle(session.workflow_id).terminate(reason="by hand")
    with pytest.raises(RecordingFailed, match="by hand") as caught:
        await session.result()
    assert (caught.value.code, caught.value.result) == ("Terminated", None)

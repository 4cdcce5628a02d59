"""The emulator's callbacks, verified and read by our parser with the attempt's token."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from longtake.domain.errors import Unauthorized
from longtake.domain.events import EventKind, VendorEvent
from longtake.domain.ports import Attempt
from longtake.domain.recording import RecordingRequest
from longtake.vendors.alibaba.callbacks import AlibabaCallbacks
from tests.vendors.alibaba.service import PEOPLE, ROOM, Service

Make = Callable[..., RecordingRequest]
Launch = Callable[..., Awaitable[Service]]

ALL_FORMATS = {
    "output": {"storage": "archive", "formats": ["hls", "mp4"]},
    "vendor_options": {"mp3": True},
}


@pytest.mark.parametrize("mode", ["mixed", "individual"])
async def test_task_s_whole_story_is_understood(
    told: Service, ask: Make, attempt: Attempt, mode: str
) -> None:
    request = ask(mode=mode, **ALL_FORMATS)
    recorder, task = await told.up(request, attempt)
    await told.artc.advance(15)
    await told.artc.fault("migrate", "now", seconds=5)
    await told.artc.advance(15)
    await recorder.stop(request, task)
    await told.artc.advance(30)
    events = await told.heard("TaskStopped")
    whose = {(event.account, event.room, event.recorder, event.task_id) for event in events}
    assert whose == {("demo", ROOM, attempt.recorder, task.id)}
    assert len({event.id for event in events}) == len(events)
    streams = 1 if mode == "mixed" else len(PEOPLE)
    assert Counter(event.kind for event in events) == {
        EventKind.OTHER: 3,  # created, starting, stopping
        EventKind.STARTED: 2,
        EventKind.FAILOVER: 1,
        EventKind.FILES: 3 * streams,
        EventKind.DONE: 1,
    }
    now = await told.now()
    assert all(timedelta(0) <= now - event.at < timedelta(minutes=2) for event in events)
    told_of = {e.detail.split("format=")[1][:3] for e in events if e.kind is EventKind.FILES}
    assert told_of == {"HLS", "MP4", "MP3"}


async def test_media_of_vod_are_told_by_the_end_alone(
    told: Service, ask: Make, attempt: Attempt
) -> None:
    await told.ended(ask(output={"storage": "media"}), attempt)
    kinds = {event.kind for event in await told.heard("TaskStopped")}
    assert kinds == {EventKind.OTHER, EventKind.STARTED, EventKind.DONE}


@pytest.mark.parametrize(("kind", "call"), [("evict", "now"), ("never_up", "start")])
async def test_end_that_nobody_asked_for_is_heard(
    told: Service, ask: Make, attempt: Attempt, kind: str, call: str
) -> None:
    if call == "start":
        await told.artc.fault(kind, call)
    _, task = await told.up(ask(), attempt)
    if call == "now":
        await told.artc.fault(kind, call)
    await told.artc.advance(10)
    (end,) = [e for e in await told.heard("TaskStopped") if e.kind.ends]
    assert (end.task_id, end.recorder) == (task.id, attempt.recorder)


async def test_two_attempts_are_told_apart_by_their_addresses(
    told: Service, ask: Make, attempt: Attempt
) -> None:
    request = ask()
    other = attempt.model_copy(update={"recorder": "lt0123456789abcdef0124"})
    _, first = await told.up(request, attempt)
    _, second = await told.up(request, other)
    await told.calls.until(lambda: len([*told.calls.events]) == 6)
    events = list(told.read(await told.now()))
    named = {(event.recorder, event.task_id) for event in events}
    assert named == {(attempt.recorder, first.id), (other.recorder, second.id)}


async def test_payload_that_is_an_object_is_read_as_well(
    launch: Launch, ask: Make, attempt: Attempt, told: Service
) -> None:
    service = await launch(payload_as_text=False)
    service.callback_url, service.calls = told.callback_url, told.calls
    await service.ended(ask(), attempt)
    events = await service.heard("TaskStopped", "RecordFileUploaded")
    (file,) = [event for event in events if event.kind is EventKind.FILES]
    assert "format=HLS fileName=" in file.detail


# --- what befalls callbacks -----------------------------------------------------------------------


def starts(events: list[VendorEvent]) -> list[VendorEvent]:
    return [event for event in events if event.kind is EventKind.STARTED]


async def test_event_that_is_sent_twice_has_one_identity(
    told: Service, ask: Make, attempt: Attempt
) -> None:
    await told.artc.fault("double", "callback", times=3)
    await told.up(ask(), attempt)
    await told.calls.until(lambda: len(told.calls.seen) == 6)
    events = list(told.read(await told.now()))
    assert {*Counter(event.id for event in events).values()} == {2}


async def test_event_that_was_not_taken_comes_again_under_its_identity(
    told: Service, ask: Make, attempt: Attempt
) -> None:
    told.calls.refuse = 1
    await told.up(ask(), attempt)
    await told.calls.until(lambda: told.calls.seen)
    await told.artc.advance(2)
    await told.calls.until(lambda: len(told.calls.seen) == 4)
    events = list(told.read(await told.now()))
    assert sorted(Counter(event.id for event in events).values()) == [1, 1, 2]


async def test_lost_event_leaves_the_others(told: Service, ask: Make, attempt: Attempt) -> None:
    await told.artc.fault("drop", "callback")
    await told.up(ask(), attempt)
    events = await told.heard("TaskStarting", "TaskRunning")
    assert not told.calls.told("TaskCreated")
    assert len(starts(events)) == 1


@pytest.mark.parametrize("fault", [{"kind": "reorder"}, {"kind": "delay", "seconds": 60}])
async def test_event_that_comes_late_is_understood(
    told: Service, ask: Make, attempt: Attempt, fault: dict[str, Any]
) -> None:
    await told.artc.fault(call="callback", **fault)
    _, task = await told.up(ask(), attempt)
    await told.artc.advance(61)
    events = await told.heard("TaskCreated", "TaskStarting", "TaskRunning")
    assert {event.task_id for event in events} == {task.id}
    assert told.calls.events[0]["eventType"] != "TaskCreated"


async def test_forged_end_is_refused_and_the_true_event_is_not(
    told: Service, ask: Make, attempt: Attempt
) -> None:
    await told.artc.fault("forge", "callback")
    await told.up(ask(), attempt)
    await told.calls.until(lambda: told.calls.told("TaskStopped", "TaskCreated", "TaskRunning"))
    now = await told.now()
    parser = AlibabaCallbacks("demo", told.account(), lambda: now)
    refused: list[bytes] = []
    for headers, body in told.calls.seen:
        try:
            parser.verify(headers, body)
        except Unauthorized:
            refused.append(body)
    (forged,) = refused
    assert b"TaskStopped" in forged


async def test_event_of_another_key_or_another_hour_is_refused(
    told: Service, ask: Make, attempt: Attempt
) -> None:
    await told.up(ask(), attempt)
    await told.calls.until(lambda: told.calls.told("TaskRunning"))
    headers, body = told.calls.seen[0]
    now = await told.now()
    another = told.account(callback_secret="AbCdEfGh12345678")
    with pytest.raises(Unauthorized, match="does not fit"):
        AlibabaCallbacks("demo", another, lambda: now).verify(headers, body)
    for hours in (-1, 1):
        then = now + timedelta(hours=hours)
        with pytest.raises(Unauthorized, match="not of these minutes"):
            AlibabaCallbacks("demo", told.account(), lambda then=then: then).verify(headers, body)
    AlibabaCallbacks("demo", told.account(), lambda: now).verify(headers, body)

"""TRTC's callbacks: what is sent, signed how, and how often."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from longtake.emulator.stamps import milliseconds
from longtake.vendors.tencent.emulator.credentials import CALLBACK_SECRET, SDK_APP_ID
from longtake.vendors.tencent.emulator.notices import sign
from tests.emulator.emulated import Receiver
from tests.emulator.trtc import BUCKET, ROBOT, LaunchTrtc, Trtc

START, STOP, UPLOAD_START, FILE_INFO, UPLOAD_STOP, FAILOVER = 301, 302, 303, 304, 305, 306
FILE_SLICE, UPLOAD_ERROR, IMAGE_ERROR, MP4_STOP = 307, 308, 309, 310
KEY = "cbKey0123456789ABCDEFabcdef"
BODY = (
    b'{"EventGroupId":3,"EventType":302,"CallbackTs":1700000005123,"EventInfo":{"RoomId":"20015",'
    b'"EventTs":"1700000005","EventMsTs":1700000005100,"UserId":"rec_r7_01",'
    b'"TaskId":"task-Ab+9_x.","Payload":{"LeaveCode":0}}}'
)


@pytest.fixture
async def told(trtc: Trtc, receiver: Receiver) -> Trtc:
    """An emulator whose callbacks go to the receiver."""
    reply = await trtc.http.put("/_emulator/callbacks/tencent", json={"url": receiver.url})
    assert reply.status_code == 200
    return trtc


def payloads(receiver: Receiver, event: int) -> list[dict[str, Any]]:
    return [notice["EventInfo"]["Payload"] for notice in receiver.of_type(event)]


async def until(receiver: Receiver, *events: int) -> None:
    await receiver.until(lambda: all(receiver.of_type(event) for event in events))


def in_order(receiver: Receiver) -> list[int]:
    """Event types by the time of the event, which arrivals need not follow.

    Of one millisecond the start comes first: what it brings with it may arrive before it.
    """
    found = [
        (n["EventInfo"]["EventMsTs"], n["EventType"] != START, index, n["EventType"])
        for index, n in enumerate(receiver.events)
    ]
    return [event for *_, event in sorted(found)]


def test_the_signature_matches_the_vector_over_raw_bytes() -> None:
    assert len(BODY) == 212
    assert sign(BODY, KEY) == "Bvlf6PWW2rkOhUpA1mFLzAmLUcVwbKS0zs5/2Y3Heds="
    indented = json.dumps(json.loads(BODY), indent="\t").encode()
    assert len(indented) == 259
    assert sign(indented, KEY) == "lxKoMFAaUSHylg05jYlKxFHCm3jebMrj7oJgyALaMrI="


async def test_a_task_tells_its_story_in_the_documented_order(
    told: Trtc, receiver: Receiver
) -> None:
    await told.finished(await told.recording(params={"OutputFormat": 1}))
    await until(receiver, START, UPLOAD_START, FILE_SLICE, FILE_INFO, STOP, UPLOAD_STOP, MP4_STOP)
    story = in_order(receiver)
    assert story.index(FILE_SLICE) < story.index(FILE_INFO)
    assert [event for event in story if event not in {FILE_SLICE, FILE_INFO}] == [
        START,
        UPLOAD_START,
        STOP,
        UPLOAD_STOP,
        MP4_STOP,
    ]
    statuses = [payloads(receiver, event)[0] for event in (START, UPLOAD_START, UPLOAD_STOP)]
    assert statuses == [{"Status": 0}] * 3
    assert payloads(receiver, STOP) == [{"LeaveCode": 0}]


async def test_the_envelope_names_room_robot_and_task(told: Trtc, receiver: Receiver) -> None:
    task = await told.recording("standup", RoomIdType=0)
    await until(receiver, START)
    (notice,) = receiver.of_type(START)
    info = notice["EventInfo"]
    assert (notice["EventGroupId"], notice["EventType"]) == (3, START)
    assert (info["RoomId"], info["UserId"], info["TaskId"]) == ("standup", ROBOT, task)
    assert info["EventTs"] == info["EventMsTs"] // 1000
    at = datetime.fromisoformat((await told.tasks())[0]["started_at"])
    assert info["EventMsTs"] == milliseconds(at)
    assert notice["CallbackTs"] >= info["EventMsTs"]


@pytest.mark.parametrize(
    ("as_text", "room", "kind"), [(False, 7007, int), (True, "7007", str)], ids=str
)
async def test_numbers_may_come_as_text(
    launch_trtc: LaunchTrtc, receiver: Receiver, *, as_text: bool, room: object, kind: type
) -> None:
    target = {"tencent": {"url": receiver.url}}
    trtc = await launch_trtc(options={"numbers_as_text": as_text}, callbacks=target)
    await trtc.recording()
    await until(receiver, START)
    info = receiver.of_type(START)[0]["EventInfo"]
    assert info["RoomId"] == room
    assert isinstance(info["EventTs"], kind)


async def test_every_callback_is_signed_over_its_raw_body(told: Trtc, receiver: Receiver) -> None:
    await told.finished(await told.recording("会议-7", RoomIdType=0))
    await until(receiver, UPLOAD_STOP)
    for headers, body in receiver.seen:
        digest = hmac.digest(CALLBACK_SECRET.encode(), body, hashlib.sha256)
        assert headers["sign"] == base64.b64encode(digest).decode()
        assert headers["sdkappid"] == str(SDK_APP_ID)
        assert headers["content-type"] == "application/json"


async def test_a_playlist_is_told_when_it_is_made_and_when_it_is_there(
    told: Trtc, receiver: Receiver
) -> None:
    task = await told.recording(mode=1)
    await told.advance(12)
    await receiver.until(lambda: len(receiver.of_type(FILE_INFO)) == 4)
    made = payloads(receiver, FILE_SLICE)
    assert {(p["UserId"], p["TrackType"]) for p in made} == {
        ("alice", "audio"),
        ("alice", "video"),
        ("bob", "audio"),
        ("bob", "video"),
    }
    described = (await told.describe(task))["StorageFileList"]
    assert {(p["FileName"], p["BeginTimeStamp"]) for p in made} == {
        (f["FileName"], f["BeginTimeStamp"]) for f in described
    }
    uploaded = [p["FileList"] for p in payloads(receiver, FILE_INFO)]
    assert sorted(uploaded) == sorted(p["FileName"] for p in made)


@pytest.mark.parametrize(
    ("leave_code", "reason"),
    [
        (1, "removed"),
        (2, "room_closed"),
        (3, "removed_by_server"),
        (4, "room_closed_by_server"),
        (100, "timeout"),
        (101, "evicted"),
    ],
)
async def test_a_robot_leaves_with_its_code(
    told: Trtc, receiver: Receiver, leave_code: int, reason: str
) -> None:
    task = await told.recording()
    await told.fault("evict", "now", code=leave_code)
    await until(receiver, STOP)
    assert payloads(receiver, STOP) == [{"LeaveCode": leave_code}]
    assert (await told.tasks())[0]["end_reason"] == reason
    assert await told.status(task) == "Exited"


async def test_an_empty_room_ends_with_code_99(told: Trtc, receiver: Receiver) -> None:
    await told.begin()
    await told.advance(31)
    await until(receiver, STOP, UPLOAD_STOP)
    assert payloads(receiver, STOP) == [{"LeaveCode": 99}]
    assert payloads(receiver, UPLOAD_STOP) == [{"Status": 0}]


async def test_the_same_robot_again_tells_101_of_the_earlier_task(
    told: Trtc, receiver: Receiver
) -> None:
    first = await told.recording()
    await told.recording()
    await until(receiver, STOP)
    (notice,) = receiver.of_type(STOP)
    assert notice["EventInfo"]["TaskId"] == first
    assert notice["EventInfo"]["Payload"] == {"LeaveCode": 101}


async def test_a_robot_that_cannot_enter_tells_only_that(told: Trtc, receiver: Receiver) -> None:
    await told.recording(UserSig="nonsense")
    await told.advance(60)
    await until(receiver, START)
    assert [n["EventInfo"]["Payload"] for n in receiver.events] == [{"Status": 1}]


async def test_a_picture_that_cannot_be_fetched_is_told(told: Trtc, receiver: Receiver) -> None:
    url = "https://pictures.invalid/background.png"
    task = await told.recording()
    layout = {"MixLayoutMode": 3, "BackgroundImageUrl": url}
    await told.modify(task, MixLayoutParams=layout)
    await until(receiver, IMAGE_ERROR)
    assert payloads(receiver, IMAGE_ERROR) == [{"Url": url}]


async def test_single_stream_recording_fetches_no_pictures(told: Trtc, receiver: Receiver) -> None:
    url = "https://pictures.invalid/background.png"
    layout = {"MixLayoutMode": 3, "BackgroundImageUrl": url}
    task = await told.recording(mode=1, MixLayoutParams=layout)
    await told.modify(task, MixLayoutParams=layout)
    await told.delete(task)
    await until(receiver, STOP)
    assert receiver.of_type(IMAGE_ERROR) == []


async def test_a_refused_callback_is_repeated_at_once_and_then_every_ten_seconds(
    told: Trtc, receiver: Receiver
) -> None:
    receiver.refuse = 1000
    await told.begin(params={"MaxIdleTime": 86_400})
    await told.advance(0.3)
    for count in range(2, 8):
        await receiver.until(lambda n=count: len(receiver.of_type(START)) == n)
        await told.advance(10)
    tries = receiver.of_type(START)[:7]
    ages = [n["CallbackTs"] - n["EventInfo"]["EventMsTs"] for n in tries]
    assert [round(age / 10_000) for age in ages] == [0, 0, 1, 2, 3, 4, 5]
    assert len({json.dumps(n["EventInfo"]) for n in tries}) == 1


async def test_a_callback_is_dropped_when_it_is_a_minute_old(
    told: Trtc, receiver: Receiver
) -> None:
    receiver.refuse, receiver.meanwhile = 2, lambda: told.advance(25)
    await told.begin(UserSig="nonsense")
    await told.advance(0.3)
    await receiver.until(lambda: not receiver.refuse)
    receiver.meanwhile = None
    await told.advance(11)
    last = await told.recording(UserSig="nonsense")
    await receiver.until(lambda: receiver.events[-1]["EventInfo"]["TaskId"] == last)
    assert len(receiver.events) == 3


async def test_a_receiver_need_not_answer_in_json(told: Trtc, receiver: Receiver) -> None:
    receiver.text = "ok"
    await told.recording()
    await until(receiver, UPLOAD_START)
    await told.advance(60)
    assert len(receiver.of_type(START)) == 1


async def test_a_forged_end_bears_no_valid_signature(told: Trtc, receiver: Receiver) -> None:
    await told.fault("forge", "callback")
    task = await told.recording()
    await until(receiver, STOP)
    headers, body = next(s for s in receiver.seen if json.loads(s[1])["EventType"] == STOP)
    assert json.loads(body)["EventInfo"]["TaskId"] == task
    assert headers["sign"] != sign(body, CALLBACK_SECRET)
    assert (await told.tasks())[0]["ended_at"] is None


async def test_callbacks_can_be_dropped_doubled_and_delayed(told: Trtc, receiver: Receiver) -> None:
    await told.fault("drop", "callback")
    await told.recording()
    await until(receiver, UPLOAD_START)
    assert receiver.of_type(START) == []
    await told.fault("double", "callback")
    await told.recording(robot="two")
    await receiver.until(lambda: len(receiver.of_type(START)) == 2)
    await told.fault("delay", "callback", seconds=100)
    await told.recording(robot="three")
    await receiver.until(lambda: len(receiver.of_type(UPLOAD_START)) == 3)
    assert len(receiver.of_type(START)) == 2
    await told.advance(100)
    await receiver.until(lambda: len(receiver.of_type(START)) == 3)


async def test_a_reordered_callback_follows_its_successor(told: Trtc, receiver: Receiver) -> None:
    await told.fault("reorder", "callback")
    await told.recording()
    await until(receiver, START, UPLOAD_START)
    assert [n["EventType"] for n in receiver.events] == [UPLOAD_START, START]


async def test_a_failover_is_told_with_the_same_task(told: Trtc, receiver: Receiver) -> None:
    task = await told.recording()
    await told.advance(15)
    await told.fault("migrate", "now", seconds=5)
    await told.advance(20)
    await receiver.until(lambda: len(receiver.of_type(FILE_INFO)) == 2)
    (notice,) = receiver.of_type(FAILOVER)
    assert (notice["EventInfo"]["TaskId"], notice["EventInfo"]["Payload"]) == (task, {"Status": 0})
    names = [p["FileName"] for p in payloads(receiver, FILE_SLICE)]
    assert names == [f"{SDK_APP_ID}_7007.m3u8", f"ha1_{SDK_APP_ID}_7007.m3u8"]


async def test_wrong_keys_are_told_once_and_end_as_stuck(told: Trtc, receiver: Receiver) -> None:
    await told.fault("wrong_storage", "CreateCloudRecording")
    await told.finished(await told.recording())
    await until(receiver, UPLOAD_ERROR, UPLOAD_STOP)
    (error,) = payloads(receiver, UPLOAD_ERROR)
    assert {type(value) for value in error.values()} == {str}
    assert error.keys() == {"Code", "Message"}
    assert payloads(receiver, UPLOAD_STOP) == [{"Status": 1}]
    assert await told.files() == []


async def test_files_in_the_backup_are_told_as_1_and_then_2(told: Trtc, receiver: Receiver) -> None:
    task = await told.recording(params={"OutputFormat": 1})
    await told.fault("stall_upload", "now", seconds=300, backup=True)
    await told.finished(task)
    await until(receiver, UPLOAD_STOP)
    assert payloads(receiver, UPLOAD_STOP) == [{"Status": 1}]
    assert (await told.files(), receiver.of_type(MP4_STOP)) == ([], [])
    await told.advance(300)
    await until(receiver, MP4_STOP)
    assert payloads(receiver, UPLOAD_STOP) == [{"Status": 1}, {"Status": 2}]
    assert any(name.endswith(".mp4") for name in await told.files())


async def test_keys_that_may_not_read_make_no_mp4(
    launch_trtc: LaunchTrtc, receiver: Receiver
) -> None:
    keys = {"access_key": BUCKET["AccessKey"], "secret_key": BUCKET["SecretKey"], "readable": False}
    options = {"buckets": {BUCKET["Bucket"]: keys}}
    trtc = await launch_trtc(options=options, callbacks={"tencent": {"url": receiver.url}})
    await trtc.finished(await trtc.recording(params={"OutputFormat": 1}))
    await until(receiver, MP4_STOP)
    assert payloads(receiver, UPLOAD_STOP) == [{"Status": 0}]
    assert payloads(receiver, MP4_STOP) == [{"Status": 2, "FileList": []}]
    assert not any(name.endswith(".mp4") for name in await trtc.files())


async def test_each_mp4_is_told_with_its_stream_and_times(told: Trtc, receiver: Receiver) -> None:
    await told.room("7007", {"user": "alice", "screen": True})
    await told.finished(await told.recording(mode=1, params={"OutputFormat": 3}))
    await receiver.until(lambda: len(receiver.of_type(MP4_STOP)) == 2)
    found = payloads(receiver, MP4_STOP)
    assert [p["Status"] for p in found] == [0, 0]
    messages = [message for p in found for message in p["FileMessage"]]
    assert [p["FileList"] for p in found] == [[m["FileName"]] for m in messages]
    assert {(m["UserId"], m["MediaId"], m["TrackType"]) for m in messages} == {
        ("alice", "main", "audio_video"),
        ("alice", "aux", "video"),
    }
    assert all(20_000 < m["EndTimeStamp"] - m["StartTimeStamp"] < 23_000 for m in messages)


async def test_event_times_are_utc_seconds_of_the_emulators_clock(
    told: Trtc, receiver: Receiver
) -> None:
    await told.advance(86_400)
    await told.recording()
    await until(receiver, START)
    ahead = receiver.of_type(START)[0]["EventInfo"]["EventTs"] - datetime.now(UTC).timestamp()
    assert 86_000 < ahead < 87_000

"""Callbacks: what is sent, signed how, and how often."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest

from longtake.vendors.agora.emulator.credentials import CALLBACK_SECRET
from longtake.vendors.agora.emulator.notices import sign
from tests.emulator.emulated import Emulated, Receiver, Task

RECORDER_UP, UPLOADED, EXIT, FAILOVER = 40, 31, 11, 12


@pytest.fixture
async def told(emulator: Emulated, receiver: Receiver) -> Emulated:
    """An emulator whose callbacks go to the receiver."""
    reply = await emulator.http.put("/_emulator/callbacks/agora", json={"url": receiver.url})
    assert reply.status_code == 200
    return emulator


async def finished(emulator: Emulated, receiver: Receiver, **more: Any) -> Task:
    task = await emulator.recording(**more)
    await emulator.advance(20)
    await emulator.stop(task)
    await receiver.until(lambda: receiver.of_type(EXIT))
    return task


def test_signatures_match_the_published_vector() -> None:
    body = (
        b'{"eventMs":1560408533119,"eventType":10,"noticeId":"4eb720f0-8da7-11e9-a43e-53f411c2761f"'
        b',"notifyMs":1560408533119,"payload":{"a":"1","b":2},"productId":1}'
    )
    headers = sign(body, "secret")
    assert headers["Agora-Signature"] == "033c62f40f687675f17f0f41f91a40c71c0f134c"
    assert headers["Agora-Signature-V2"] == (
        "6d3320c60b11101395b7fc8f9068748808a0aa1bfa064438e39d1bc2c7d74d99"
    )


async def test_a_recording_tells_its_story(told: Emulated, receiver: Receiver) -> None:
    task = await finished(told, receiver, recordingFileConfig={"avFileType": ["hls", "mp4"]})
    await receiver.until(lambda: len(receiver.seen) >= 12)
    by_sequence = sorted(receiver.events, key=lambda notice: notice["payload"]["sequence"])
    story = [notice["eventType"] for notice in by_sequence]
    assert story == [30, 40, 42, 43, 44, 4, 43, 44, 41, 31, 33, 11]
    numbers = [notice["payload"]["sequence"] for notice in by_sequence]
    assert numbers == list(range(len(numbers)))
    assert len({notice["noticeId"] for notice in receiver.events}) == len(receiver.events)
    (uploaded,) = receiver.of_type(UPLOADED)
    assert uploaded["productId"] == 3
    payload = uploaded["payload"]
    assert (payload["cname"], payload["uid"], payload["sid"]) == ("room", "99", task.sid)
    assert payload["serviceType"] == 2
    files = payload["details"]["fileList"]
    assert payload["details"]["msgName"] == "uploaded"
    assert [f["fileName"].rsplit(".", 1)[1] for f in files] == ["mp4", "m3u8"]
    (left,) = receiver.of_type(41)
    assert left["payload"]["details"] == {"msgName": "recorder_leave", "leaveCode": 16}


async def test_every_callback_is_signed_over_its_raw_body(
    told: Emulated, receiver: Receiver
) -> None:
    await finished(told, receiver)
    for headers, body in receiver.seen:
        key = CALLBACK_SECRET.encode()
        assert headers["agora-signature"] == hmac.new(key, body, hashlib.sha1).hexdigest()
        assert headers["agora-signature-v2"] == hmac.new(key, body, hashlib.sha256).hexdigest()
        assert headers["content-type"] == "application/json"


async def test_the_secret_may_be_set_at_run_time(emulator: Emulated, receiver: Receiver) -> None:
    target = {"url": receiver.url, "secret": "mine"}
    await emulator.http.put("/_emulator/callbacks/agora", json=target)
    await emulator.recording()
    await receiver.until(lambda: receiver.seen)
    headers, body = receiver.seen[0]
    expected = hmac.new(b"mine", body, hashlib.sha256).hexdigest()
    assert headers["agora-signature-v2"] == expected


async def test_a_refused_callback_is_repeated_with_the_same_notice_id(
    told: Emulated, receiver: Receiver
) -> None:
    receiver.refuse = 2
    await told.begin()
    await told.advance(1.1)
    await receiver.until(lambda: len(receiver.seen) >= 2)
    await told.advance(5)
    await receiver.until(lambda: len(receiver.of_type(30)) >= 3)
    assert len({notice["noticeId"] for notice in receiver.of_type(30)}) == 1
    assert len({notice["notifyMs"] for notice in receiver.of_type(30)}) >= 2


async def test_a_callback_is_given_up_after_three_repeats(
    told: Emulated, receiver: Receiver
) -> None:
    receiver.refuse = 1000
    await told.begin()
    await told.advance(1.1)
    for expected in (2, 3, 4):
        await receiver.until(lambda n=expected: len(receiver.of_type(30)) >= n)
        await told.advance(20)
    await told.advance(60)
    assert len(receiver.of_type(30)) == 4


async def test_dropped_callbacks_never_come(told: Emulated, receiver: Receiver) -> None:
    await told.fault("drop", "callback", times=2)
    await told.recording()
    await receiver.until(lambda: receiver.of_type(42))
    assert receiver.of_type(30) == []
    assert receiver.of_type(RECORDER_UP) == []


async def test_a_doubled_callback_is_the_same_twice(told: Emulated, receiver: Receiver) -> None:
    await told.fault("double", "callback")
    await told.recording()
    await receiver.until(lambda: len(receiver.of_type(30)) == 2)
    one, two = receiver.of_type(30)
    assert one["noticeId"] == two["noticeId"]


async def test_a_reordered_callback_follows_its_successor(
    told: Emulated, receiver: Receiver
) -> None:
    await told.fault("reorder", "callback")
    await told.begin()
    await told.advance(1.1)
    await told.advance(1)
    await receiver.until(lambda: len(receiver.seen) >= 2)
    assert [n["eventType"] for n in receiver.events][:2] == [40, 30]


async def test_a_delayed_callback_waits(told: Emulated, receiver: Receiver) -> None:
    await told.fault("delay", "callback", seconds=100)
    await told.recording()
    await receiver.until(lambda: receiver.of_type(RECORDER_UP))
    assert receiver.of_type(30) == []
    await told.advance(100)
    await receiver.until(lambda: receiver.of_type(30))


async def test_a_forged_end_bears_no_valid_signature(told: Emulated, receiver: Receiver) -> None:
    await told.fault("forge", "callback")
    task = await told.recording()
    await receiver.until(lambda: receiver.of_type(EXIT))
    headers, body = next(s for s in receiver.seen if json.loads(s[1])["eventType"] == EXIT)
    assert json.loads(body)["payload"]["sid"] == task.sid
    genuine = hmac.new(CALLBACK_SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert headers["agora-signature-v2"] != genuine
    assert (await told.tasks())[0]["ended_at"] is None


async def test_failover_tells_the_new_uid_that_later_events_carry(
    told: Emulated, receiver: Receiver
) -> None:
    task = await told.recording()
    await told.fault("migrate", "now", seconds=5)
    await told.advance(6)
    await receiver.until(lambda: receiver.of_type(FAILOVER) and len(receiver.of_type(42)) == 2)
    new_uid = str(receiver.of_type(FAILOVER)[0]["payload"]["details"]["newUid"])
    assert new_uid != task.uid
    assert receiver.of_type(42)[-1]["payload"]["uid"] == new_uid
    assert receiver.of_type(42)[-1]["payload"]["sid"] == task.sid
    details = receiver.of_type(42)[-1]["payload"]["details"]
    assert 4000 < details["startUtcMs"] - details["discontinueUtcMs"] < 8000


@pytest.mark.parametrize(
    ("kind", "call", "details"),
    [
        ("never_up", "start", {"module": 2, "errorCode": 52, "errorLevel": 5}),
        ("wrong_storage", "start", {"module": 1, "errorCode": 32}),
        ("token_expired", "query", {"module": 0, "errorCode": 109}),
    ],
)
async def test_a_failure_is_told_with_its_module_and_code(
    told: Emulated, receiver: Receiver, kind: str, call: str, details: dict[str, int]
) -> None:
    await told.fault(kind, call)
    task = await told.recording()
    await told.query(task)
    await told.advance(3)
    await receiver.until(lambda: receiver.of_type(1))
    assert receiver.of_type(1)[0]["payload"]["details"].items() >= details.items()


async def test_a_slow_receiver_does_not_slow_the_api(told: Emulated, receiver: Receiver) -> None:
    await told.http.put(
        "/_emulator/callbacks/agora", json={"url": "http://192.0.2.1:9/unreachable"}
    )
    task = await told.recording()
    assert (await told.query(task)).elapsed.total_seconds() < 1


async def test_a_backup_is_warned_of_and_ends_as_32(told: Emulated, receiver: Receiver) -> None:
    task = await told.recording()
    await told.fault("stall_upload", "now", seconds=300, backup=True)
    await told.advance(20)
    await told.call(task, "stop", async_stop=True)
    await told.advance(2)
    await receiver.until(lambda: receiver.of_type(EXIT))
    assert receiver.of_type(2)[0]["payload"]["details"]["warnCode"] == 32
    assert [len(receiver.of_type(event)) for event in (UPLOADED, 32)] == [0, 1]


async def test_a_web_recording_tells_of_its_page_and_its_push(
    told: Emulated, receiver: Receiver
) -> None:
    page = {
        "serviceName": "web_recorder_service",
        "serviceParam": {
            "url": "https://example.com",
            "audioProfile": 0,
            "videoWidth": 640,
            "videoHeight": 360,
            "maxRecordingHour": 1,
        },
    }
    push = {
        "serviceName": "rtmp_publish_service",
        "serviceParam": {"outputs": [{"rtmpUrl": "rtmp://example.com/live"}]},
    }
    services: dict[str, Any] = {"extensionServiceConfig": {"extensionServices": [page, push]}}
    task = await told.begin(mode="web", scene=1, **services)
    await told.advance(3601 + 3)
    await receiver.until(lambda: receiver.of_type(71) and receiver.of_type(EXIT))
    assert receiver.of_type(70)[0]["payload"]["serviceType"] == 6
    assert receiver.of_type(71)[0]["payload"]["details"]["code"] == 1
    assert receiver.of_type(100)[0]["payload"]["details"]["status"] == "publishing"
    assert "fileList" not in receiver.of_type(UPLOADED)[0]["payload"]["details"]
    assert receiver.of_type(EXIT)[0]["payload"]["sid"] == task.sid


async def test_a_vod_recording_tells_of_its_video(told: Emulated, receiver: Receiver) -> None:
    service = {
        "serviceName": "aliyun_vod_service",
        "serviceParam": {
            "accessKey": "a",
            "secretKey": "s",
            "regionId": "cn-shanghai",
            "apiData": {"videoData": {"title": "My Video"}},
        },
    }
    vod = {"extensionServiceConfig": {"extensionServices": [service]}}
    await finished(told, receiver, storageConfig=None, **vod)
    await receiver.until(lambda: receiver.of_type(61))
    assert "videoId" in receiver.of_type(60)[0]["payload"]["details"]["aliVodInfo"]

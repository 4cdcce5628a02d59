"""Recording to VOD: no list, no bucket, and all the news by callback."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.emulated import Receiver
from tests.emulator.trtc import Trtc

STOP, COMMIT, VOD_STOP = 302, 311, 312


@pytest.fixture
async def told(trtc: Trtc, receiver: Receiver) -> Trtc:
    await trtc.http.put("/_emulator/callbacks/tencent", json={"url": receiver.url})
    return trtc


def payloads(receiver: Receiver, event: int) -> list[dict[str, Any]]:
    return [notice["EventInfo"]["Payload"] for notice in receiver.of_type(event)]


async def recorded(trtc: Trtc, receiver: Receiver, **more: Any) -> None:
    """A whole recording to VOD, until its last callback."""
    vod = more.pop("vod", {})
    storage = {"CloudVod": {"TencentVod": vod}}
    task = await trtc.recording(storage=storage, **more)
    await trtc.advance(15)
    assert (await trtc.describe(task))["StorageFileList"] == []
    await trtc.finished(task)
    await receiver.until(lambda: receiver.of_type(VOD_STOP))


async def test_a_mixed_recording_becomes_one_file(told: Trtc, receiver: Receiver) -> None:
    await recorded(told, receiver)
    (payload,) = payloads(receiver, COMMIT)
    file = payload["TencentVod"]
    assert payload["Status"] == 0
    assert (file["UserId"], file["TrackType"], file["MediaId"]) == ("", "audio_video", "mix")
    assert file["FileId"].isdecimal()
    assert file["VideoUrl"].startswith("https://")
    assert file["EndTimeStamp"] - file["StartTimeStamp"] > 30_000
    assert payloads(receiver, VOD_STOP) == [{"Status": 0}]


async def test_a_single_stream_recording_becomes_a_file_per_stream(
    told: Trtc, receiver: Receiver
) -> None:
    await told.room("7007", {"user": "alice", "screen": True}, "bob")
    await recorded(told, receiver, mode=1)
    files = [payload["TencentVod"] for payload in payloads(receiver, COMMIT)]
    assert {(f["UserId"], f["MediaId"], f["TrackType"]) for f in files} == {
        ("alice", "main", "audio_video"),
        ("alice", "aux", "video"),
        ("bob", "main", "audio_video"),
    }
    assert len({f["FileId"] for f in files}) == 3


async def test_nothing_reaches_a_bucket_and_no_bucket_event_is_sent(
    told: Trtc, receiver: Receiver
) -> None:
    await recorded(told, receiver)
    assert await told.files() == []
    assert [notice["EventType"] for notice in receiver.events] == [301, STOP, COMMIT, VOD_STOP]


@pytest.mark.parametrize(
    ("media_type", "stream_type", "extensions"),
    [
        (0, 0, ["mp4"]),
        (1, 0, ["m3u8"]),
        (2, 1, ["aac"]),
        (3, 0, ["m3u8", "mp4"]),
        (4, 1, ["m3u8", "aac"]),
    ],
)
async def test_the_media_type_decides_which_files_there_are(
    told: Trtc, receiver: Receiver, media_type: int, stream_type: int, extensions: list[str]
) -> None:
    params = {"StreamType": stream_type}
    vod = {"MediaType": media_type, "UserDefineRecordId": "lesson_7"}
    await recorded(told, receiver, params=params, vod=vod)
    files = [payload["TencentVod"]["CacheFile"] for payload in payloads(receiver, COMMIT)]
    assert sorted(name.rsplit(".", 1)[1] for name in files) == sorted(extensions)
    assert all(name.startswith("lesson_7__UserDefine_u_1400") for name in files)


async def test_a_failed_upload_is_told_as_in_the_sample(told: Trtc, receiver: Receiver) -> None:
    await told.fault("wrong_storage", "CreateCloudRecording")
    await recorded(told, receiver)
    (payload,) = payloads(receiver, COMMIT)
    assert payload["Status"] == 1
    assert payload["Errmsg"]
    assert payload["TencentVod"].keys() == {"UserId", "TrackType", "CacheFile"}
    assert payloads(receiver, VOD_STOP) == [{"Status": 1}]


async def test_an_empty_recording_ends_without_a_file(told: Trtc, receiver: Receiver) -> None:
    storage: dict[str, Any] = {"CloudVod": {}}
    await told.begin(storage=storage)
    await told.advance(60)
    await receiver.until(lambda: receiver.of_type(VOD_STOP))
    assert receiver.of_type(COMMIT) == []


async def test_a_stalled_upload_is_told_late(told: Trtc, receiver: Receiver) -> None:
    storage = {"CloudVod": {"TencentVod": {}}}
    task = await told.recording(storage=storage)
    await told.fault("stall_upload", "now", seconds=120)
    await told.finished(task)
    await receiver.until(lambda: receiver.of_type(STOP))
    assert receiver.of_type(COMMIT) == []
    await told.advance(120)
    await receiver.until(lambda: receiver.of_type(VOD_STOP))
    assert len(receiver.of_type(COMMIT)) == 1

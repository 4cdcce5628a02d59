"""Alibaba Cloud's own Python SDK records against the emulator, unmodified and over a socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from pathlib import Path
from typing import Any

import pytest
from alibabacloud_live20161101 import models
from alibabacloud_live20161101.client import Client
from alibabacloud_tea_openapi.exceptions import (
    ClientException,
    ServerException,
    ThrottlingException,
)
from alibabacloud_tea_openapi.models import Config

from longtake.vendors.alibaba.emulator.credentials import (
    ACCESS_KEY_ID,
    ACCESS_KEY_SECRET,
    APP_ID,
    CALLBACK_SECRET,
)
from tests.emulator.alibaba_client import NOTIFY_URL, Artc, emulated_artc


@pytest.fixture
async def artc(tmp_path: Path) -> AsyncGenerator[Artc]:
    async with emulated_artc(tmp_path) as emulator:
        yield emulator


def client(artc: Artc, *, secret: str = ACCESS_KEY_SECRET) -> Client:
    return Client(
        Config(
            access_key_id=ACCESS_KEY_ID,
            access_key_secret=secret,
            endpoint=artc.url.removeprefix("http://"),
            protocol="http",
        )
    )


async def said(call: Awaitable[Any]) -> Any:
    """The body of an answer; the SDK's annotations take any part of it for None."""
    return (await call).body


async def error(call: Awaitable[Any], kind: type[Exception] = ClientException) -> Any:
    with pytest.raises(kind) as caught:
        await call
    assert getattr(caught.value, "request_id", None)
    return caught.value


def start(channel: str = "stand up ~ 会议") -> Any:
    halves = [("alice", "0"), ("bob", "0.5")]
    return models.StartRtcCloudRecordingRequest().from_map(
        {
            "AppId": APP_ID,
            "ChannelId": channel,
            "MaxIdleTime": 600,
            "NotifyUrl": f"{NOTIFY_URL}?x=1&y=a b",
            "NotifyAuthKey": CALLBACK_SECRET,
            "NotifyFileUploadedFormat": ["hls", "MP4"],
            "SubscribeParams": {"SubscribeUserIdList": [{"UserId": u} for u, _ in halves]},
            "RecordParams": {"RecordMode": 1, "StreamType": 0, "MaxFileDuration": 3600},
            "StorageParams": {
                "StorageType": 1,
                "FileInfo": [
                    {"Format": "HLS", "FilePathPrefix": ["official"], "SliceDuration": 10},
                    {"Format": "MP4", "FilePathPrefix": ["official"]},
                ],
                "OSSParams": {
                    "OSSEndpoint": "oss-cn-shanghai.aliyuncs.com",
                    "OSSBucket": "takes",
                },
            },
            "MixTranscodeParams": {
                "AudioBitrate": 64,
                "AudioChannels": 2,
                "AudioSampleRate": 48000,
                "VideoBitrate": 1500,
                "VideoFramerate": 15,
                "VideoGop": 30,
                "VideoWidth": 1280,
                "VideoHeight": 720,
            },
            "MixLayoutParams": {
                "UserPanes": [
                    {"UserId": user, "X": x, "Y": "0", "Width": "0.5", "Height": "1"}
                    for user, x in halves
                ]
            },
        }
    )


def update(task: str, user: str) -> Any:
    pane = {"UserId": user, "X": "0", "Y": "0", "Width": "1", "Height": "1"}
    return models.UpdateRtcCloudRecordingRequest().from_map(
        {
            "TaskId": task,
            "SubscribeParams": {"SubscribeUserIdList": [{"UserId": user}]},
            "MixLayoutParams": {"UserPanes": [pane]},
        }
    )


async def test_the_official_sdk_records_from_start_to_stop(artc: Artc) -> None:
    sdk, channel = client(artc), "stand up ~ 会议"
    await artc.room(channel, "alice", {"user": "bob", "audio": False, "video": False})
    of_channel = models.DescribeChannelUsersRequest(app_id=APP_ID, channel_id=channel)
    who = await said(sdk.describe_channel_users_async(of_channel))
    assert (who.is_channel_exists, who.interactive_user_list) == (True, ["alice"])
    assert (who.live_user_number, who.live_user_list) == (1, ["bob"])
    task = (await said(sdk.start_rtc_cloud_recording_async(start()))).task_id
    await artc.advance(15)
    of_task = models.DescribeRtcCloudRecordingFilesRequest(task_id=task)
    described = (await said(sdk.describe_rtc_cloud_recording_files_async(of_task))).task_info
    assert (described.status, described.task_id) == ("RUNNING", task)
    (playlist,) = described.record_file_list.hls_file_list
    updated = await said(sdk.update_rtc_cloud_recording_async(update(task, "bob")))
    assert updated.task_id == task
    stop = models.StopRtcCloudRecordingRequest(task_id=task)
    assert (await said(sdk.stop_rtc_cloud_recording_async(stop))).task_id == task
    await artc.advance(5)
    described = (await said(sdk.describe_rtc_cloud_recording_files_async(of_task))).task_info
    assert described.status == "STOPPED"
    assert described.record_file_list.hls_file_list == [playlist]
    (film,) = described.record_file_list.mp_4file_list
    assert film.startswith(f"official/{task}/{APP_ID}_{channel}_")
    (row,) = await artc.tasks()
    assert (row["end_reason"], row["recorder"]) == ("stopped", "lt-7f3a")
    panes = row["layout_revisions"][-1]["layout"]["MixLayoutParams"]["UserPanes"]
    assert [pane["UserId"] for pane in panes] == ["bob"]


async def test_the_official_sdk_sees_what_a_start_gets_wrong(artc: Artc) -> None:
    sdk = client(artc)
    alone = await error(sdk.start_rtc_cloud_recording_async(start("nobody there")))
    assert (alone.status_code, alone.code) == (404, "InvalidParameter.ChannelId")
    wish = start()
    wish.max_idle_time = 5
    short = await error(sdk.start_rtc_cloud_recording_async(wish))
    assert (short.status_code, short.code) == (405, "InvalidParameter.MaxIdleTime")
    wish = start()
    wish.record_params = None
    bare = await error(sdk.start_rtc_cloud_recording_async(wish))
    assert (bare.status_code, bare.code) == (400, "MissingParameter")
    assert await artc.tasks() == []


async def test_the_official_sdk_sees_that_a_task_is_unknown_or_over(artc: Artc) -> None:
    sdk = client(artc)
    task = await artc.recording()
    await artc.stop(task)
    for named, code in (("unknown", "NotFound.Task"), (task, "InvalidParameter.TaskId")):
        stop = models.StopRtcCloudRecordingRequest(task_id=named)
        refused = await error(sdk.stop_rtc_cloud_recording_async(stop))
        assert (refused.status_code, refused.code) == (400, code)
        refused = await error(sdk.update_rtc_cloud_recording_async(update(named, "bob")))
        assert (refused.status_code, refused.code) == (400, code)
    of_task = models.DescribeRtcCloudRecordingFilesRequest(task_id="unknown")
    refused = await error(sdk.describe_rtc_cloud_recording_files_async(of_task))
    assert refused.code == "NotFound.Task"


async def test_the_official_sdk_sees_the_codes_of_the_gate(artc: Artc) -> None:
    stop = models.StopRtcCloudRecordingRequest(task_id="unknown")
    forged = await error(client(artc, secret="wrong").stop_rtc_cloud_recording_async(stop))
    assert forged.code == "SignatureDoesNotMatch"
    await artc.fault("code", "StopRtcCloudRecording", code="InternalError")
    broken = await error(client(artc).stop_rtc_cloud_recording_async(stop), ServerException)
    assert (broken.status_code, broken.code) == (500, "InternalError")


async def test_the_official_sdk_is_told_when_to_call_again(artc: Artc) -> None:
    await artc.fault("code", "stop", code="Throttling.User")
    stop = models.StopRtcCloudRecordingRequest(task_id="unknown")
    slowed = await error(client(artc).stop_rtc_cloud_recording_async(stop), ThrottlingException)
    assert (slowed.code, slowed.retry_after) == ("Throttling.User", 1000)


async def test_the_blocking_client_records_too(artc: Artc) -> None:
    sdk = client(artc)
    await artc.room("stand up ~ 会议", "alice", "bob")
    task = (await said(asyncio.to_thread(sdk.start_rtc_cloud_recording, start()))).task_id
    stop = models.StopRtcCloudRecordingRequest(task_id=task)
    stopped = await said(asyncio.to_thread(sdk.stop_rtc_cloud_recording, stop))
    assert stopped.task_id == task

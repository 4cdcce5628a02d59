"""Tencent's own Python SDK records against the emulator, unmodified and over a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.trtc.v20190722 import models
from tencentcloud.trtc.v20190722.trtc_client import TrtcClient

from longtake.vendors.tencent.emulator.credentials import SDK_APP_ID, SECRET_ID, SECRET_KEY
from tests.emulator.trtc import BUCKET, ROBOT, LaunchTrtc, Trtc, user_sig


def client(trtc: Trtc, *, key: str = SECRET_KEY, region: str = "ap-singapore") -> TrtcClient:
    http = HttpProfile(protocol="http", endpoint=trtc.url.removeprefix("http://"))
    return TrtcClient(Credential(SECRET_ID, key), region, ClientProfile(httpProfile=http))


async def said(call: Callable[[Any], Any], request: Any) -> Any:
    """The SDK blocks, so it calls from a thread."""
    return await asyncio.to_thread(call, request)


async def error(call: Callable[[Any], Any], request: Any) -> str:
    with pytest.raises(TencentCloudSDKException) as caught:
        await said(call, request)
    assert caught.value.get_request_id()
    return str(caught.value.get_code())


def creation() -> Any:
    request = models.CreateCloudRecordingRequest()
    request.SdkAppId, request.RoomId, request.RoomIdType = SDK_APP_ID, "standup", 0
    request.UserId, request.UserSig = ROBOT, user_sig(ROBOT)
    request.RecordParams = models.RecordParams()
    request.RecordParams.RecordMode, request.RecordParams.MaxIdleTime = 2, 60
    request.StorageParams = models.StorageParams()
    request.StorageParams.CloudStorage = models.CloudStorage()
    for name, value in BUCKET.items():
        setattr(request.StorageParams.CloudStorage, name, value)
    request.StorageParams.CloudStorage.FileNamePrefix = ["official"]
    request.MixTranscodeParams = models.MixTranscodeParams()
    video = request.MixTranscodeParams.VideoParams = models.VideoParams()
    video.Width, video.Height, video.Fps, video.BitRate, video.Gop = 1280, 720, 15, 1_500_000, 10
    return request


def of_task(kind: type, task: str) -> Any:
    request = kind()
    request.SdkAppId, request.TaskId = SDK_APP_ID, task
    return request


async def test_the_official_sdk_records_from_create_to_delete(trtc: Trtc) -> None:
    sdk = client(trtc)
    await trtc.room("standup", "alice", "bob")
    created = await said(sdk.CreateCloudRecording, creation())
    await trtc.advance(15)
    described = await said(
        sdk.DescribeCloudRecording,
        of_task(models.DescribeCloudRecordingRequest, created.TaskId),
    )
    assert (described.Status, described.TaskId) == ("InProgress", created.TaskId)
    (file,) = described.StorageFileList
    assert (file.UserId, file.TrackType) == ("", "audio_video")
    change = of_task(models.ModifyCloudRecordingRequest, created.TaskId)
    change.MixLayoutParams = models.MixLayoutParams()
    change.MixLayoutParams.MixLayoutMode = 2
    change.MixLayoutParams.MaxResolutionUserId = "alice"
    assert (await said(sdk.ModifyCloudRecording, change)).TaskId == created.TaskId
    deletion = of_task(models.DeleteCloudRecordingRequest, created.TaskId)
    assert (await said(sdk.DeleteCloudRecording, deletion)).TaskId == created.TaskId
    await trtc.advance(5)
    (row,) = await trtc.tasks()
    assert row["end_reason"] == "stopped"
    assert f"official/{created.TaskId}/{file.FileName}" in row["files"]
    assert row["layout_revisions"][-1]["layout"]["MixLayoutParams"]["MixLayoutMode"] == 2


async def test_the_official_sdk_reads_an_empty_list_of_null(launch_trtc: LaunchTrtc) -> None:
    trtc = await launch_trtc(options={"null_file_list": True})
    sdk = client(trtc)
    created = await said(sdk.CreateCloudRecording, creation())
    described = await said(
        sdk.DescribeCloudRecording,
        of_task(models.DescribeCloudRecordingRequest, created.TaskId),
    )
    assert (described.Status, described.StorageFileList) == ("Idle", None)


async def test_the_official_sdk_sees_what_a_create_lacks(trtc: Trtc) -> None:
    sdk, request = client(trtc), creation()
    request.StorageParams.CloudStorage.AccessKey = None
    assert await error(sdk.CreateCloudRecording, request) == "MissingParameter.AccessKey"
    request = creation()
    request.RecordParams.MaxIdleTime = 1
    assert await error(sdk.CreateCloudRecording, request) == "InvalidParameter.OutOfRange"
    assert await trtc.tasks() == []


@pytest.mark.parametrize("action", ["Describe", "Modify", "Delete"])
async def test_the_official_sdk_sees_that_a_task_is_gone(trtc: Trtc, action: str) -> None:
    call = getattr(client(trtc), f"{action}CloudRecording")
    request = of_task(getattr(models, f"{action}CloudRecordingRequest"), "unknown")
    assert await error(call, request) == "ResourceNotFound"


async def test_the_official_sdk_sees_the_codes_of_the_gate(trtc: Trtc) -> None:
    request = of_task(models.DescribeCloudRecordingRequest, "unknown")
    wrong_key = client(trtc, key="wrong").DescribeCloudRecording
    assert await error(wrong_key, request) == "AuthFailure.SignatureFailure"
    nowhere = client(trtc, region="eu-frankfurt").DescribeCloudRecording
    assert await error(nowhere, request) == "UnsupportedRegion"


async def test_the_official_sdk_sees_an_injected_code(trtc: Trtc) -> None:
    await trtc.fault("code", "CreateCloudRecording", code="FailedOperation.RestrictedConcurrency")
    code = await error(client(trtc).CreateCloudRecording, creation())
    assert code == "FailedOperation.RestrictedConcurrency"

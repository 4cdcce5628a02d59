"""Alibaba's error codes: their status and text, which operation may answer with which."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from random import Random
from typing import Any

from longtake.emulator.exchange import Reply

START, UPDATE, STOP, DESCRIBE, USERS = (
    "StartRtcCloudRecording",
    "UpdateRtcCloudRecording",
    "StopRtcCloudRecording",
    "DescribeRtcCloudRecordingFiles",
    "DescribeChannelUsers",
)
ACTIONS: Mapping[str, tuple[str, ...]] = {
    START: ("start",),
    UPDATE: ("layout", "subscriptions"),
    STOP: ("stop",),
    DESCRIBE: ("query",),
    USERS: (),
}
"""With the names that faults of any vendor have for them."""

MISSING = "MissingParameter"
ENTRIES = "InvalidParameter.SubscribeParams.SubscribeUserIdList"
PANES = "InvalidParameter.MixLayoutParams.UserPanes"
TRANSCODE = "InvalidParameter.MixTranscodeParams"
RECORD = "InvalidParameter.RecordParams"
STORAGE_TYPE = "InvalidParameter.StorageParams.StorageType"
FILE_INFO = "InvalidParameter.StorageParams.FileInfo"
OSS = "InvalidParameter.StorageParams.OSSParams"
VOD = "InvalidParameter.StorageParams.VodParams"
BUCKET = "NotFound.OSSBucket"
APP = "InvalidParameter.AppId"
CHANNEL = "InvalidParameter.ChannelId"
NOTIFY_URL = "InvalidParameter.NotifyUrl"
NOTIFY_KEY = "InvalidParameter.NotifyAuthKey"
NOTIFY_FORMAT = "InvalidParameter.NotifyFileUploadedFormat"
IDLE_TIME = "InvalidParameter.MaxIdleTime"
UNKNOWN_TASK = "NotFound.Task"
NOT_RUNNING = "InvalidParameter.TaskId"
UNKNOWN_PARAMETER = "InvalidParameter"
THROTTLED = "Throttling.User"

_ACCOUNT = "InvalidParameter.UserId"

_GATEWAY = {
    "Throttling": 400,
    THROTTLED: 400,
    "Throttling.Api": 400,
    "ServiceUnavailable": 503,
    "InternalError": 500,
    "InvalidTimeStamp.Expired": 400,
    "InvalidTimeStamp.Format": 400,
    "SignatureNonceUsed": 400,
    "SignatureDoesNotMatch": 400,
    "IncompleteSignature": 400,
    "InvalidAccessKeyId.NotFound": 404,
    "InvalidAccessKeyId.Inactive": 400,
    "NoPermission": 403,
    "Forbidden.RAM": 403,
    "Forbidden": 403,
    "InvalidApi.NotFound": 404,
    "InvalidAction.NotFound": 404,
}
_OF_ANY = {MISSING: 400, UNKNOWN_PARAMETER: 400, _ACCOUNT: 403} | _GATEWAY
_OF_A_SCENE = {ENTRIES: 400, PANES: 400}
_OF_A_TASK = {UNKNOWN_TASK: 400, NOT_RUNNING: 400}
_OF_A_START = _OF_A_SCENE | {
    NOTIFY_URL: 400,
    FILE_INFO: 400,
    OSS: 400,
    BUCKET: 400,
    TRANSCODE: 400,
    CHANNEL: 404,
    APP: 404,
    VOD: 405,
    NOTIFY_KEY: 405,
    IDLE_TIME: 405,
    RECORD: 405,
    STORAGE_TYPE: 405,
    NOTIFY_FORMAT: 405,
}
CODES: Mapping[str, Mapping[str, int]] = {
    START: _OF_ANY | _OF_A_START,
    UPDATE: _OF_ANY | _OF_A_TASK | _OF_A_SCENE,
    STOP: _OF_ANY | _OF_A_TASK,
    DESCRIBE: _OF_ANY | _OF_A_TASK,
    USERS: _OF_ANY | {APP: 404, CHANNEL: 404},
}
"""The status of each code, by operation."""

_STATUS = {code: status for table in CODES.values() for code, status in table.items()}

_TAILS = {
    NOTIFY_URL: "notifyUrl",
    FILE_INFO: "fileInfo of storageParams",
    OSS: "ossParams of storageParams",
    BUCKET: "ossBucket of storageParams",
    ENTRIES: "subscribeUserIdList of subscribeParams",
    PANES: "userPanes of mixLayoutParams",
    TRANSCODE: "transcodeParams",
    _ACCOUNT: "UserId",
    CHANNEL: "channelId",
    APP: "appId",
    VOD: "vodParams of storageParams",
    NOTIFY_KEY: "notifyAuthKey",
    IDLE_TIME: "maxIdleTime",
    RECORD: "recordParams",
    STORAGE_TYPE: "storageType of storageParams",
    NOTIFY_FORMAT: "notifyFileUploadedFormat",
}
"""What a message asks to check."""

_RETRY_AFTER = {"x-acs-retry-after": "1000"}  # milliseconds


class Refusal(Exception):
    """A call refused with a code, and a reason that never repeats a value of the request."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(code, reason)
        self.code, self.reason = code, reason


def answer(rng: Random, **fields: Any) -> Reply:
    return Reply(200, {"RequestId": _request_id(rng), **fields})


def failure(rng: Random, code: str, reason: str = "", *, status: int | None = None) -> Reply:
    """``status``: instead of the documented one."""
    number = _request_id(rng)
    tail = f", please check the {_TAILS[code]}." if code in _TAILS else "."
    body = {
        "RequestId": number,
        "HostId": "live.aliyuncs.com",
        "Code": code,
        "Message": f"{reason or 'The request failed'}{tail}",
        "Recommend": f"https://api.aliyun.com/troubleshoot?q={code}&product=live&requestId={number}",
    }
    headers = _RETRY_AFTER if code.startswith("Throttling") else {}
    return Reply(status or _STATUS[code], body, code, dict(headers))


def _request_id(rng: Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4)).upper()

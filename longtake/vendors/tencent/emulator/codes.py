"""Tencent's error codes: which action may answer with which, and the answer's form.

Every processed request has status 200; ``Error`` in the body is the only sign of a failure.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from random import Random
from typing import Any

from longtake.emulator.exchange import Reply

CREATE, DESCRIBE, MODIFY, DELETE = (
    "CreateCloudRecording",
    "DescribeCloudRecording",
    "ModifyCloudRecording",
    "DeleteCloudRecording",
)
ACTIONS: Mapping[str, tuple[str, ...]] = {
    CREATE: ("start",),
    DESCRIBE: ("query",),
    MODIFY: ("layout", "subscriptions"),
    DELETE: ("stop",),
}
"""With the names that faults of any vendor have for them."""

UNKNOWN_TASK = "ResourceNotFound"
OUT_OF_RANGE = "InvalidParameter.OutOfRange"
MISSING = "MissingParameter"
UNKNOWN_APP = "InvalidParameter.SdkAppId"

_INTERNAL = frozenset(
    f"InternalError.{name}"
    for name in (
        "CRInternalError",
        "DBError",
        "EsQueryError",
        "FailAccessDatabase",
        "GetRoomCacheIpError",
        "GetRoomFromCacheError",
        "HttpParaseFalied",
        "HttpParseFailed",
        "InterfaceErr",
        "InternalError",
        "MethodErr",
        "ThirdPartyCallError",
    )
)
_ANYWHERE = _INTERNAL | {
    "AuthFailure",
    "AuthFailure.InvalidAuthorization",
    "AuthFailure.SecretIdNotFound",
    "AuthFailure.SignatureExpire",
    "AuthFailure.SignatureFailure",
    "AuthFailure.TokenFailure",
    "AuthFailure.UnRealNameAuthenticated",
    "AuthFailure.UnauthorizedOperation",
    "AuthFailure.UnsupportedOperation",
    "FailedOperation",
    "FailedOperation.CRUnsupportMethod",
    "FailedOperation.DbOperationFailed",
    "FailedOperation.NotAbility",
    "FailedOperation.NotAllowed",
    "FailedOperation.QueryTaskInfoFailed",
    "FailedOperation.RequestOutdated",
    "FailedOperation.RestrictedFrequency",
    "FailedOperation.SdkAppIdNotExist",
    "FailedOperation.SdkAppIdNotUnderAppId",
    "InternalError",
    "InvalidAction",
    "InvalidParameter",
    OUT_OF_RANGE,
    UNKNOWN_APP,
    "InvalidParameterValue",
    "LimitExceeded",
    MISSING,
    "MissingParameter.SdkAppId",
    "NoSuchVersion",
    "OperationDenied.FreqOverLimit",
    "RequestLimitExceeded",
    "RequestLimitExceeded.GlobalRegionUinLimitExceeded",
    "RequestLimitExceeded.IPLimitExceeded",
    "RequestLimitExceeded.UinLimitExceeded",
    "RequestSizeLimitExceeded",
    "ResourceInsufficient",
    "ResourceInsufficient.RequestRejection",
    "ServiceUnavailable",
    "UnauthorizedOperation",
    "UnauthorizedOperation.SdkAppId",
    "UnknownParameter",
    "UnsupportedOperation",
    "UnsupportedRegion",
}
REQUIRED_TO_CREATE = frozenset(
    {
        "RoomId",
        "UserId",
        "UserSig",
        "RecordParams",
        "RecordMode",
        "StorageParams",
        "CloudStorage",
        "Vendor",
        "Region",
        "Bucket",
        "AccessKey",
        "SecretKey",
        "StreamType",
        "TaskId",
        "SdkAppId",
    }
)
"""The fields whose absence has a code of its own."""

_OF_A_TASK = _ANYWHERE | {
    UNKNOWN_TASK,
    "ResourceNotFound.ResourceNotFound",
    "FailedOperation.RoomNotExist",
    "FailedOperation.TaskFinished",
    "FailedOperation.TaskNotExist",
    "MissingParameter.RoomId",
    "MissingParameter.TaskId",
    "MissingParameter.UserId",
}
CODES: dict[str, frozenset[str]] = {
    CREATE: _ANYWHERE
    | {f"{MISSING}.{field}" for field in REQUIRED_TO_CREATE}
    | {
        "FailedOperation.RestrictedConcurrency",
        "FailedOperation.TaskExist",
        "LimitExceeded.ConcurrencyLimit",
        "UnsupportedOperation.TaskLimit",
    },
    DESCRIBE: _OF_A_TASK,
    MODIFY: _OF_A_TASK,
    DELETE: _OF_A_TASK,
}


class Refusal(Exception):
    """A call refused with a code, and a message that never repeats a value of the request."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(code, message)
        self.code, self.message = code, message


def answer(rng: Random, **fields: Any) -> Reply:
    return Reply(200, {"Response": {**fields, "RequestId": _request_id(rng)}})


def failure(rng: Random, code: str, message: str = "") -> Reply:
    error = {"Code": code, "Message": message or f"The request failed: {code}."}
    return Reply(200, {"Response": {"Error": error, "RequestId": _request_id(rng)}}, code)


def _request_id(rng: Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))

"""What every code of TRTC means for us: a total table over (action, code).

A code is `Level1` or `Level1.Level2`. The first row with the whole code decides, else the first
with its Level1: a new detail of a known kind is still of that kind. Only an answer without a code
is read by its HTTP status. Sources: TRTC API, error codes; Tencent Cloud API, common error codes.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

from longtake.domain.errors import (
    AlreadyRunning,
    AlreadyStopped,
    InvalidRequest,
    NotConfigured,
    QuotaExceeded,
    RateLimited,
    RecordingError,
    StartUnknown,
    TaskNotFound,
    Unauthorized,
    VendorUnavailable,
)

Action = Literal[
    "CreateCloudRecording",
    "DescribeCloudRecording",
    "ModifyCloudRecording",
    "DeleteCloudRecording",
]
ACTIONS: tuple[Action, ...] = (
    "CreateCloudRecording",
    "DescribeCloudRecording",
    "ModifyCloudRecording",
    "DeleteCloudRecording",
)
CREATE: Action = "CreateCloudRecording"


@dataclass(frozen=True)
class Row:
    """Codes that are known; without an action they mean the same for each."""

    means: type[RecordingError]
    meaning: str
    codes: frozenset[str] = frozenset()
    action: Action | None = None

    def fits(self, action: Action, code: str) -> bool:
        """Whether the row is about this code, given in lower case."""
        return code in self.codes and self.action in {None, action}


def _row(
    means: type[RecordingError], meaning: str, *codes: str, action: Action | None = None
) -> Row:
    return Row(means, meaning, frozenset(code.lower() for code in codes), action)


_MAYBE_DONE = (
    *("InternalError", "ServiceUnavailable", "FailedOperation"),
    *("FailedOperation.DbOperationFailed", "FailedOperation.QueryTaskInfoFailed"),
)
"""Failures inside the service: a task may have come up before them."""

_GONE = (
    *("ResourceNotFound", "ResourceNotFound.ResourceNotFound"),
    *("FailedOperation.TaskNotExist", "FailedOperation.RoomNotExist"),
)
_ENDED = "FailedOperation.TaskFinished"

TABLE: tuple[Row, ...] = (
    # Worth another try
    _row(InvalidRequest, "the service knows no such method", "InternalError.MethodErr"),
    _row(StartUnknown, "failed inside the service", *_MAYBE_DONE, action=CREATE),
    _row(VendorUnavailable, "failed inside the service", *_MAYBE_DONE),
    _row(VendorUnavailable, "no capacity", "ResourceInsufficient"),
    _row(
        VendorUnavailable,
        "signed too long ago: is the clock right?",
        "AuthFailure.SignatureExpire",
        "FailedOperation.RequestOutdated",
    ),
    _row(
        RateLimited,
        "too many calls",
        "RequestLimitExceeded",
        "FailedOperation.RestrictedFrequency",
        "OperationDenied.FreqOverLimit",
    ),
    _row(
        QuotaExceeded,
        "as many tasks run as the account may have",
        "FailedOperation.RestrictedConcurrency",
        "LimitExceeded",
        "UnsupportedOperation.TaskLimit",
    ),
    # About a task
    _row(AlreadyRunning, "the task exists", "FailedOperation.TaskExist", action=CREATE),
    _row(InvalidRequest, "the task exists", "FailedOperation.TaskExist"),
    _row(VendorUnavailable, "nothing there to record", *_GONE, _ENDED, action=CREATE),
    _row(TaskNotFound, "task unknown or over", *_GONE),
    _row(AlreadyStopped, "task over", _ENDED),
    # The operator's
    _row(Unauthorized, "credentials refused", "AuthFailure"),
    _row(Unauthorized, "the API key may not do this", "UnauthorizedOperation"),
    _row(
        NotConfigured,
        "application unknown, not this account's, or without on-cloud recording",
        "UnauthorizedOperation.SdkAppId",
        "FailedOperation.SdkAppIdNotExist",
        "FailedOperation.SdkAppIdNotUnderAppId",
        "FailedOperation.NotAbility",
        "FailedOperation.NotAllowed",
        "OperationDenied",
    ),
    # The caller's
    _row(
        InvalidRequest,
        "refused",
        "InvalidParameter",
        "InvalidParameterValue",
        "MissingParameter",
        "UnknownParameter",
        "UnsupportedOperation",
        "UnsupportedRegion",
        "FailedOperation.CRUnsupportMethod",
        "InvalidAction",
        "NoSuchVersion",
        "RequestSizeLimitExceeded",
    ),
)

_NO_OUTCOME = {
    True: Row(StartUnknown, "an answer that tells no outcome"),
    False: Row(VendorUnavailable, "an answer that tells no outcome"),
}


_TURNED_AWAY = Row(RateLimited, "too many calls")
"""By whatever stands before the service, which has seen nothing of the call."""


def explain(action: Action, code: str, status: int) -> Row:
    """The row of an answer that is no success; an empty code stands for one without a code."""
    whole = code.strip().lower()
    if not whole and status == HTTPStatus.TOO_MANY_REQUESTS:
        return _TURNED_AWAY
    for known in (whole, whole.partition(".")[0]):
        for row in TABLE:
            if row.fits(action, known):
                return row
    return _NO_OUTCOME[action == CREATE]

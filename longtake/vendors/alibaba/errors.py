"""What every code of Alibaba means for us: a total table over (operation, code).

The code decides, not the HTTP status: a wrong parameter is 400, 404 or 405, and a call too many
is 400. Only an answer without a code is read by its status. A code has parts,
`InvalidParameter.StorageParams.FileInfo`; the first row with the whole code counts, else the
first with what is left of it without its last part, and so on. Sources: StartRtcCloudRecording,
error codes; Alibaba Cloud OpenAPI, common error codes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Literal

from longtake.domain.errors import (
    AlreadyStopped,
    InvalidRequest,
    NotConfigured,
    RateLimited,
    RecordingError,
    StartUnknown,
    TaskNotFound,
    Unauthorized,
    VendorUnavailable,
)

Action = Literal[
    "StartRtcCloudRecording",
    "UpdateRtcCloudRecording",
    "StopRtcCloudRecording",
    "DescribeRtcCloudRecordingFiles",
]
START: Action = "StartRtcCloudRecording"
UPDATE: Action = "UpdateRtcCloudRecording"
STOP: Action = "StopRtcCloudRecording"
DESCRIBE: Action = "DescribeRtcCloudRecordingFiles"
ACTIONS: tuple[Action, ...] = (START, UPDATE, STOP, DESCRIBE)

EMPTY_CHANNEL_WAIT = timedelta(seconds=10)
"""Between two starts in a channel where nobody is."""


@dataclass(frozen=True)
class Row:
    """Codes that are known; without an action they mean the same for each."""

    means: type[RecordingError]
    meaning: str
    codes: frozenset[str] = frozenset()
    action: Action | None = None
    retry_after: timedelta | None = None
    """When to try again, unless the service says when."""

    def fits(self, action: Action, code: str) -> bool:
        """Whether the row is about this code, given in lower case."""
        return code in self.codes and self.action in {None, action}


def _row(
    means: type[RecordingError],
    meaning: str,
    *codes: str,
    action: Action | None = None,
    retry_after: timedelta | None = None,
) -> Row:
    return Row(means, meaning, frozenset(code.lower() for code in codes), action, retry_after)


_MAYBE_DONE = ("InternalError", "ServiceUnavailable", "SignatureNonceUsed")
"""A task may have come up before the failure, or by the first copy of a request that came twice."""

TABLE: tuple[Row, ...] = (
    # Worth another try
    _row(
        VendorUnavailable,
        "no such channel, or nobody is in it yet",
        "InvalidParameter.ChannelId",
        action=START,
        retry_after=EMPTY_CHANNEL_WAIT,
    ),
    _row(StartUnknown, "failed inside the service, or came twice", *_MAYBE_DONE, action=START),
    _row(VendorUnavailable, "failed inside the service, or came twice", *_MAYBE_DONE),
    _row(RateLimited, "too many calls", "Throttling"),
    _row(VendorUnavailable, "signed too long ago: is the clock right?", "InvalidTimeStamp"),
    # About a task
    _row(TaskNotFound, "task unknown", "NotFound.Task"),
    _row(AlreadyStopped, "task over, or not up yet", "InvalidParameter.TaskId"),
    # The operator's
    _row(
        Unauthorized,
        "credentials refused",
        "SignatureDoesNotMatch",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidSecurityToken",
        "MissingSecurityToken",
        "InvalidParameter.UserId",
    ),
    _row(Unauthorized, "the AccessKey may not do this", "NoPermission", "Forbidden"),
    _row(
        NotConfigured,
        "application, storage or callbacks are not as the worker's settings say",
        "InvalidParameter.AppId",
        "NotFound.OSSBucket",
        "InvalidParameter.StorageParams.OSSParams",
        "InvalidParameter.StorageParams.VodParams",
        "InvalidParameter.NotifyUrl",
        "InvalidParameter.NotifyAuthKey",
    ),
    # The caller's
    _row(
        InvalidRequest,
        "refused",
        "MissingParameter",
        "InvalidParameter",
        "NotFound",
        "InvalidApi.NotFound",
        "InvalidAction.NotFound",
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
    known = code.strip().lower()
    if not known and status == HTTPStatus.TOO_MANY_REQUESTS:
        return _TURNED_AWAY
    while known:
        for row in TABLE:
            if row.fits(action, known):
                return row
        known = known.rpartition(".")[0]
    return _NO_OUTCOME[action == START]

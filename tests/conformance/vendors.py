"""What the suite must know of a vendor to put the same questions to every one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Conduct:
    """How a vendor names its calls and words its refusals, and what it was told.

    Faults are given as the emulator's control surface takes them, without the call.
    """

    calls: Mapping[str, str]
    """The vendor's own names of the calls start, query, subscriptions and stop; without
    subscriptions where they cannot be changed."""
    secret: str
    """The account's key without which no call is accepted."""
    internal_error: Mapping[str, Any]
    try_again: Mapping[str, Any]
    """A failure after which the same start may be sent again."""
    full: Mapping[str, Any] | None
    """How the vendor says that it has no room for one more recording; None: it never does."""
    bad_request: Mapping[str, Any]
    large_user: Callable[[Mapping[str, Any]], str]
    """Who is shown large by a layout of the ledger."""
    most_panes: int
    own_identity: bool = True
    """Whether a task carries an identity and a path of its attempt."""
    individual_users: int = 2
    """How many of two users one session records in mode individual."""
    tells_storage_errors: bool = True


def _largest(panes: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    def width(pane: Mapping[str, Any]) -> float:
        return float(pane.get("Width") or pane.get("width") or 0)

    return max(panes, key=width)


CONDUCT: Mapping[str, Conduct] = {
    "agora": Conduct(
        calls={
            "start": "start",
            "query": "query",
            "subscriptions": "update",
            "stop": "stop",
        },
        secret="customer_secret",
        internal_error={"kind": "status", "status": 500},
        try_again={"kind": "status", "status": 500},
        full={"kind": "code", "code": 406},
        bad_request={"kind": "code", "code": 2},
        large_user=lambda layout: layout["maxResolutionUid"],
        most_panes=17,
    ),
    "tencent": Conduct(
        calls={
            "start": "CreateCloudRecording",
            "query": "DescribeCloudRecording",
            "subscriptions": "ModifyCloudRecording",
            "stop": "DeleteCloudRecording",
        },
        secret="secret_key",
        internal_error={"kind": "code", "code": "InternalError.CRInternalError"},
        try_again={"kind": "code", "code": "InternalError.CRInternalError"},
        full={"kind": "code", "code": "FailedOperation.RestrictedConcurrency"},
        bad_request={"kind": "code", "code": "InvalidParameter.OutOfRange"},
        large_user=lambda layout: layout["MixLayoutParams"]["MaxResolutionUserId"],
        most_panes=25,
    ),
    "alibaba": Conduct(
        calls={
            "start": "StartRtcCloudRecording",
            "query": "DescribeRtcCloudRecordingFiles",
            "subscriptions": "UpdateRtcCloudRecording",
            "stop": "StopRtcCloudRecording",
        },
        secret="access_key_secret",
        internal_error={"kind": "code", "code": "InternalError"},
        try_again={"kind": "code", "code": "InvalidTimeStamp.Expired"},
        full=None,
        bad_request={"kind": "code", "code": "MissingParameter"},
        large_user=lambda layout: _largest(layout["MixLayoutParams"]["UserPanes"])["UserId"],
        most_panes=17,
        tells_storage_errors=False,
    ),
    "huawei": Conduct(
        calls={
            "start": "CreateMixJob",
            "query": "ShowMixJob",
            "stop": "StopMixJob",
        },
        secret="secret_key",
        internal_error={"kind": "code", "code": "RTC.00002001"},
        try_again={"kind": "code", "code": "APIGW.0308"},
        full={"kind": "code", "code": "RTC.00001007"},
        bad_request={"kind": "code", "code": "RTC.00001004"},
        large_user=lambda layout: _largest(layout["layout_panes"])["user_id"],
        most_panes=25,
        own_identity=False,
        individual_users=1,
        tells_storage_errors=False,
    ),
}
"""One entry for each line of the registry."""

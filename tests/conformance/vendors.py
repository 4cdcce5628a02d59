"""What the suite must know of a vendor to put the same questions to every one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Conduct:
    """How a vendor names its calls and words its refusals, and what it was told.

    Faults are given as the emulator's control surface takes them, without the call.
    """

    calls: Mapping[str, str]
    """The vendor's own names of the calls start, query, subscriptions and stop."""
    secret: str
    """The account's key without which no call is accepted."""
    internal_error: Mapping[str, Any]
    full: Mapping[str, Any]
    bad_request: Mapping[str, Any]
    large_user: Callable[[Mapping[str, Any]], str]
    """Who is shown large by a layout of the ledger."""
    most_panes: int


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
        full={"kind": "code", "code": "FailedOperation.RestrictedConcurrency"},
        bad_request={"kind": "code", "code": "InvalidParameter.OutOfRange"},
        large_user=lambda layout: layout["MixLayoutParams"]["MaxResolutionUserId"],
        most_panes=25,
    ),
}
"""One entry for each line of the registry."""

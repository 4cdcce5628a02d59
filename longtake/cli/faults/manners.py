"""What the harness must know of a vendor: how it fails, what that costs, how its ledger is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, cast

Role = Literal["acquire", "start", "query", "layout", "subscriptions", "stop"]
CONTROL: frozenset[Role] = frozenset({"layout", "subscriptions", "stop"})
"""Calls that change a running task."""


@dataclass(frozen=True)
class Manners:
    """One vendor. Faults are written as the emulator's control surface takes them."""

    roles: Mapping[str, Role]
    """What its calls are for; one that changes layout and subscriptions alike is of `layout`."""
    timings: Mapping[str, float]
    """Of the emulator, in seconds: no session of a few seconds may be spent on waiting."""
    limits: Mapping[str, int]
    """Quotas of the emulator, lifted: the ledger is judged instead."""
    passing: tuple[int | str, ...]
    """Codes of a start that failed inside the service, or may be tried again."""
    throttled: frozenset[int | str]
    """Codes for too many calls, with which the vendor may say how long to wait."""
    full: int | str | None
    permanent: int | str
    """A code of start after which nothing may be tried again."""
    repeated_start: Literal["refused", "replaces", "duplicates"]
    gone_after: float
    """Seconds for which "unknown task" may mean that it is moving."""
    large_user: Callable[[Mapping[str, Any]], str | None]
    """Who is shown large by a layout of the ledger; None if it does not say."""
    own_identity: bool = True
    """Whether a task carries an identity of its attempt alone."""
    subscriptions: bool = True
    """Whether they can be changed while a recording runs."""
    by_code: bool = False
    """Whether an answer is read by its code alone: a bare HTTP status tells no outcome."""
    window: timedelta | None = None
    """How long an acquired resource may be started."""
    lost_by: frozenset[str] = frozenset({"forget"})
    """Faults after which no call reaches a task that goes on recording."""
    task_faults: tuple[str, ...] = ("migrate", "evict", "forget", "stall_upload", "never_up")


def _field(*path: str) -> Callable[[Mapping[str, Any]], str | None]:
    def find(layout: Mapping[str, Any]) -> str | None:
        found: Any = layout
        for name in path:
            found = cast("Mapping[str, Any]", found).get(name) or {}
        return found if isinstance(found, str) else None

    return find


def _largest(*path: str, user: str) -> Callable[[Mapping[str, Any]], str | None]:
    def find(layout: Mapping[str, Any]) -> str | None:
        found: Any = layout
        for name in path:
            found = cast("Mapping[str, Any]", found).get(name) or {}
        panes = cast("Sequence[Mapping[str, Any]]", found or ())
        widths = [float(pane.get("Width") or pane.get("width") or 0) for pane in panes]
        if not panes or widths.count(max(widths)) != 1:
            return None  # an even picture has nobody large
        return str(panes[widths.index(max(widths))].get(user) or "") or None

    return find


MANNERS: Mapping[str, Manners] = {
    "agora": Manners(
        roles={
            "acquire": "acquire",
            "start": "start",
            "query": "query",
            "updateLayout": "layout",
            "update": "subscriptions",
            "stop": "stop",
        },
        timings={
            "initialised": 0.05,
            "components_starting": 0.1,
            "uploader_up": 0.2,
            "recorder_up": 0.3,
            "failure": 1.0,
            "upload": 0.3,
            "stopped": 0.3,
            "exited": 0.3,
            "exiting": 0.3,
        },
        limits={"calls_per_second": 0, "channel_tasks": 0},
        passing=(62, 65, 15, 502),
        throttled=frozenset(),
        full=406,
        permanent=2,
        repeated_start="refused",
        gone_after=90,
        large_user=_field("maxResolutionUid"),
        window=timedelta(seconds=300),
        task_faults=(
            *("migrate", "evict", "forget", "stall_upload", "never_up"),
            *("token_expired", "expire_resource"),
        ),
    ),
    "tencent": Manners(
        roles={
            "CreateCloudRecording": "start",
            "DescribeCloudRecording": "query",
            "ModifyCloudRecording": "layout",
            "DeleteCloudRecording": "stop",
        },
        timings={"join": 0.1, "slice": 5.0, "upload": 0.3, "exiting": 0.3, "convert": 0.3},
        limits={"calls_per_second": 0, "tasks": 0},
        passing=("InternalError.CRInternalError", "RequestLimitExceeded"),
        throttled=frozenset({"RequestLimitExceeded"}),
        full="FailedOperation.RestrictedConcurrency",
        permanent="InvalidParameter.OutOfRange",
        repeated_start="replaces",
        by_code=True,
        gone_after=30,
        large_user=_field("MixLayoutParams", "MaxResolutionUserId"),
        lost_by=frozenset({"forget", "expire_resource"}),
        task_faults=(
            *("migrate", "evict", "forget", "stall_upload", "never_up"),
            *("token_expired", "expire_resource"),
        ),
    ),
    "alibaba": Manners(
        roles={
            "StartRtcCloudRecording": "start",
            "DescribeRtcCloudRecordingFiles": "query",
            "UpdateRtcCloudRecording": "layout",
            "StopRtcCloudRecording": "stop",
        },
        timings={"starting": 0.05, "running": 0.1, "slice": 5.0, "upload": 0.3},
        limits={"calls_per_second": 0, "users_per_second": 0},
        passing=("InvalidTimeStamp.Expired", "Throttling.User", "InternalError"),
        throttled=frozenset({"Throttling.User"}),
        full=None,
        permanent="MissingParameter",
        repeated_start="duplicates",
        by_code=True,
        gone_after=30,
        large_user=_largest("MixLayoutParams", "UserPanes", user="UserId"),
    ),
    "huawei": Manners(
        roles={
            "CreateMixJob": "start",
            "ShowMixJob": "query",
            "UpdateMixJob": "layout",
            "StopMixJob": "stop",
        },
        timings={"join": 0.1, "slice": 5.0, "upload": 0.3},
        limits={"calls_per_second": 0},
        passing=("APIGW.0308", "RTC.00002001"),
        throttled=frozenset({"APIGW.0308"}),
        full="RTC.00001007",
        permanent="RTC.00001004",
        repeated_start="duplicates",
        gone_after=30,
        large_user=_largest("layout_panes", user="user_id"),
        own_identity=False,
        subscriptions=False,
    ),
}
"""One entry for each line of the registry."""

DOUBTFUL_CODES: frozenset[int | str] = frozenset(
    {15, 62, 65, "InternalError.CRInternalError", "InternalError", "RTC.00002001"}
)
"""Of start: after these a recording may be running."""

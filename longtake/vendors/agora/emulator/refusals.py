"""Agora's numeric codes: for each call, the HTTP status and the text that go with a code.

Where no published text states the HTTP status of a service code (8, 49 aside 432, 433, 501, 1001,
1003, 1013, 1028), it is 400; code 50 comes with 206, which is documented as "part of the files is
not yet in your storage".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from longtake.emulator.exchange import Reply

ACQUIRE, START, UPDATE, UPDATE_LAYOUT, QUERY, STOP = (
    "acquire",
    "start",
    "update",
    "updateLayout",
    "query",
    "stop",
)
NCS_IP = "ncs_ip"
CALLS: Mapping[str, tuple[str, ...]] = {
    ACQUIRE: (),
    START: (),
    UPDATE: ("subscriptions",),
    UPDATE_LAYOUT: ("layout",),
    QUERY: (),
    STOP: (),
    NCS_IP: (),
}
"""With the names that faults of any vendor have for them, where those are others."""

_ANYWHERE: dict[int, tuple[int, str]] = {
    2: (400, "invalid parameter"),
    8: (400, "invalid http headers"),
}
_ON_A_RESOURCE: dict[int, tuple[int, str]] = {
    65: (206, "request not completed"),
    432: (400, "request parameters do not match the resourceId"),
    1001: (400, "failed to decrypt the resourceId"),
    1003: (400, "appid or sid does not match the resourceId"),
}
_ON_A_TASK: dict[int, tuple[int, str]] = {
    62: (504, "request timeout"),
    404: (404, "failed to find worker"),
}
CODES: dict[str, dict[int, tuple[int, str]]] = {
    ACQUIRE: _ANYWHERE
    | {
        62: (400, "cloud recording is not enabled"),
        65: (206, "request not completed"),
        400: (400, "invalid_appid"),
        401: (400, "invalid_channel_name"),
        405: (400, "no_active_status"),
        406: (400, "vendor_over_load"),
        500: (500, "internal_error"),
        501: (500, "no_worker_manager_available"),
        504: (500, "allocate_timeout"),
        1013: (400, "illegal channel name"),
    },
    START: _ANYWHERE
    | _ON_A_RESOURCE
    | {
        7: (201, "recording is already running"),
        15: (500, ""),
        53: (400, "task conflict"),
        62: (500, "request timeout"),
        433: (400, "resourceId expired"),
        502: (500, "Failed to allocate worker"),
        1013: (400, "illegal channel name"),
    },
    UPDATE: _ANYWHERE | _ON_A_RESOURCE | _ON_A_TASK,
    UPDATE_LAYOUT: _ANYWHERE
    | _ON_A_RESOURCE
    | _ON_A_TASK
    | {1028: (400, "invalid layout parameters")},
    QUERY: _ANYWHERE | _ON_A_RESOURCE | _ON_A_TASK | {501: (400, "the service is exiting")},
    STOP: _ANYWHERE
    | _ON_A_RESOURCE
    | _ON_A_TASK
    | {
        49: (400, "invalid operation"),
        50: (206, "upload not completed"),
        435: (206, "no recorded data"),
    },
    NCS_IP: {},
}


class Refusal(Exception):
    """A call refused with a code; ``ids`` are echoed beside it (cname, uid, resourceId, sid)."""

    def __init__(self, call: str, code: int, reason: str | None = None, **ids: Any) -> None:
        super().__init__(call, code)
        self.reply = coded(call, code, reason, **ids)


def coded(call: str, code: int, reason: str | None = None, **ids: Any) -> Reply:
    """The answer to ``call`` with ``code`` and the text documented for it, or ``reason``."""
    status, documented = CODES[call][code]
    known = {name: value for name, value in ids.items() if value is not None}
    body = {**known, "code": code, "reason": documented if reason is None else reason}
    return Reply(status, body, code)

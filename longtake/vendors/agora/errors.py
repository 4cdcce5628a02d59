"""What every answer of Agora means for us: a total table over (call, HTTP status, code).

Code numbers collide between calls and with HTTP statuses, so a row names what it is about.
The first row that fits decides. Sources: RESTful API reference, response status codes and
common errors; rows marked (seen) come from real traffic that the reference does not explain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from longtake.domain.errors import (
    AlreadyRunning,
    AlreadyStopped,
    InvalidRequest,
    NoRecordedData,
    NotConfigured,
    QuotaExceeded,
    RateLimited,
    RecorderBusy,
    RecordingError,
    ResourceExpired,
    StartUnknown,
    TaskNotFound,
    Unauthorized,
    VendorUnavailable,
)

Call = Literal["acquire", "start", "update", "updateLayout", "query", "stop"]
CALLS: tuple[Call, ...] = ("acquire", "start", "update", "updateLayout", "query", "stop")

BAD_APP_ID = "invalid appid"
NO_ROUTE = "no route"
_GATEWAY_TEXTS = {
    "invalid appid": BAD_APP_ID,
    "appid is invalid": BAD_APP_ID,
    "no route matched with those values": NO_ROUTE,
}

Code = int | str | None
"""The number in the body, or one of the gateway's texts; None where there is neither."""


@dataclass(frozen=True)
class Row:
    """An answer that is known: empty sets mean "any"."""

    means: type[RecordingError]
    meaning: str
    codes: frozenset[Code] = frozenset()
    statuses: range | frozenset[int] = frozenset()
    calls: frozenset[Call] = frozenset()

    def fits(self, call: Call, status: int, code: Code) -> bool:
        """Whether the row is about this answer."""
        return (
            (not self.calls or call in self.calls)
            and (not self.statuses or status in self.statuses)
            and (not self.codes or code in self.codes)
        )


def _row(
    means: type[RecordingError],
    meaning: str,
    *codes: Code,
    calls: str = "",
    status: int | range | None = None,
) -> Row:
    statuses = frozenset({status}) if isinstance(status, int) else status or frozenset[int]()
    known = frozenset[Call](call for call in CALLS if call in calls.split())
    return Row(means, meaning, frozenset(codes), statuses, known)


_TASK = "update updateLayout query stop"

TABLE: tuple[Row, ...] = (
    # Whoever calls, whatever is called
    _row(Unauthorized, "customer id or secret refused", status=401),
    _row(Unauthorized, "refused by the gateway", status=403),
    _row(NotConfigured, "a proxy wants credentials", status=407),
    _row(RateLimited, "more than 10 calls a second", status=429),
    _row(NotConfigured, "App ID unknown, mistyped, or without cloud recording", BAD_APP_ID),
    _row(NotConfigured, "no such address: is base_url right?", NO_ROUTE),
    _row(NotConfigured, "redirected: is base_url right?", status=range(300, 400)),
    # acquire
    _row(NotConfigured, "App ID unknown or without cloud recording", 400, calls="acquire"),
    _row(InvalidRequest, "invalid channel name", 401, calls="acquire"),
    _row(NotConfigured, "project not active: payment overdue?", 405, calls="acquire"),
    _row(QuotaExceeded, "peak of concurrent recordings reached", 406, calls="acquire start"),
    _row(NotConfigured, "cloud recording is not enabled", 62, calls="acquire"),
    _row(VendorUnavailable, "no capacity", 500, 501, 502, 504, 65, calls="acquire"),
    _row(NotConfigured, "no such address: is base_url right?", calls="acquire", status=404),
    # start
    _row(AlreadyRunning, "this resource has started", 7, calls="start"),
    _row(RecorderBusy, "channel and uid are being recorded", 53, calls="start"),
    _row(ResourceExpired, "resource older than 5 minutes", 433, calls="acquire start"),
    _row(ResourceExpired, "resource id not readable", 1001, calls="acquire start"),
    _row(ResourceExpired, "failed to allocate a worker", 502, calls="start", status=500),
    _row(StartUnknown, "timed out behind the gateway", 62, 65, calls="start"),
    _row(StartUnknown, "internal error (seen)", 15, calls="start"),
    _row(StartUnknown, "internal error", 500, 501, 502, 504, calls="start"),
    _row(ResourceExpired, "resource not known", 404, calls="start"),
    # calls about a task
    _row(TaskNotFound, "no worker: never up, ended, or moving", 404, calls=_TASK),
    _row(AlreadyStopped, "stopped before, thrown out, or leaving", 49, calls=_TASK),
    _row(AlreadyStopped, "stopped; uploads take longer than 20 s", 50, calls=_TASK),
    _row(AlreadyStopped, "exiting", 501, calls=_TASK),
    _row(NoRecordedData, "nobody sent a stream", 435, calls=_TASK),
    _row(VendorUnavailable, "timed out behind the gateway", 62, 65, calls=_TASK),
    _row(InvalidRequest, "resource id not the task's", 433, 1001, calls=_TASK),
    # every call
    _row(InvalidRequest, "invalid parameter", 2),
    _row(InvalidRequest, "header, method or body not acceptable", 8),
    _row(InvalidRequest, "App ID, channel or uid do not match the resource", 432),
    _row(InvalidRequest, "App ID or sid does not match the resource", 1003),
    _row(InvalidRequest, "illegal channel name", 1013),
    _row(InvalidRequest, "updateLayout's body is wrong", 1028),
    # by HTTP status alone
    _row(StartUnknown, "gateway gave up waiting", calls="start", status=408),
    _row(VendorUnavailable, "gateway gave up waiting", status=408),
    _row(ResourceExpired, "resource not known", calls="start", status=404),
    _row(TaskNotFound, "task not known", status=404),
    _row(InvalidRequest, "refused", status=range(400, 500)),
    _row(AlreadyRunning, "already running", calls="start", status=201),
    _row(StartUnknown, "an answer that tells no outcome", calls="start"),
    _row(VendorUnavailable, "an answer that tells no outcome"),
)


def explain(call: Call, status: int, code: Code) -> Row:
    """The row for an answer that is no success; there is one for every answer."""
    return next(row for row in TABLE if row.fits(call, status, code))


def gateway_code(text: str) -> Code:
    """The gateway's word for a failure, if the text is one of its known ones."""
    return _GATEWAY_TEXTS.get(text.strip().lower())

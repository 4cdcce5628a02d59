"""SparkRTC's callbacks: signature over the raw bytes, then the event in neutral terms.

One address serves an application. Every field may be absent, no event says when it happened, and
how often one is repeated is not documented. Source: SparkRTC API v2, recording callbacks.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from pydantic import ValidationError

from longtake.domain.errors import InvalidRequest, Unauthorized
from longtake.domain.events import EventKind, VendorEvent
from longtake.domain.files import FileRef
from longtake.vendorkit.lenient import Text
from longtake.vendorkit.redact import foreign_text, secrets_in
from longtake.vendorkit.wire import Received
from longtake.vendors.huawei import files
from longtake.vendors.huawei.settings import HuaweiAccount
from longtake.vendors.huawei.wire.replies import Utc

NEW_FILE = "RECORD_NEW_FILE_START"
FILE_COMPLETE = "RECORD_FILE_COMPLETE"
JOB_OVER = "CLOUD_RECORD_SERVER_OVER"
JOB_OVER_TOO = "CLOUD_RECORD_OVER"
"""So one example spells it."""

KINDS: Mapping[str, EventKind] = {
    NEW_FILE: EventKind.MEDIA_FLOWING,
    FILE_COMPLETE: EventKind.FILES,
    JOB_OVER: EventKind.ENDED,
    JOB_OVER_TOO: EventKind.ENDED,
}
_NAMES: Mapping[str, str] = {
    NEW_FILE: "file begun",
    FILE_COMPLETE: "file complete",
    JOB_OVER: "job over",
    JOB_OVER_TOO: "job over",
}
_SIGNED = ("x-rtc-rand", "x-rtc-timestamp", "x-rtc-signature")


class _Notice(Received):
    job_id: Text = ""
    stream_name: Text = ""
    app_id: Text = ""
    room_id: Text = ""
    event_type: Text = ""
    record_format: Text = ""
    detail_message: Text = ""
    start_time: Utc = None
    obs_object: Text = ""
    """The whole key; the field beside it that should name the region holds an address."""

    @property
    def kind(self) -> str:
        """The type in one spelling; one that is not known stays as it is."""
        spelled = self.event_type.strip().upper()
        return JOB_OVER if spelled == JOB_OVER_TOO else spelled

    @property
    def stream(self) -> files.Stream | None:
        """Whom the job records: the user's id stands nowhere else."""
        return files.Stream.read(self.stream_name, self.room_id)


class HuaweiCallbacks:
    """One account's callbacks."""

    receipt: Mapping[str, object] = {"status": 1, "result": "success"}
    answer_within = timedelta(seconds=5)
    """Not documented: the shortest of all vendors."""

    def __init__(
        self,
        name: str,
        account: HuaweiAccount,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`name` is the account's in the settings; `now` stamps events, which bring no time."""
        self._name = name
        self._app_id = account.app_id
        self._secret = account.callback_secret
        self._hidden = secrets_in(account)
        self._now = now

    def verify(self, headers: dict[str, str], body: bytes) -> None:
        """Refuse whatever is not signed with the application's key, or if there is no key.

        The age is not judged: the timestamp's unit is not documented, and a repeat is harmless.
        """
        if not self._secret:
            raise Unauthorized("huawei callback: the account has no callback_secret")
        given = {name.lower(): value for name, value in headers.items()}
        if not all(given.get(name) for name in _SIGNED):
            raise Unauthorized("huawei callback: not signed")
        rand, timestamp, signature = (given[name].encode(errors="replace") for name in _SIGNED)
        key = self._secret.get_secret_value().encode()
        wanted = hmac.new(key, rand + timestamp + body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(wanted.encode(), signature):
            raise Unauthorized("huawei callback: X-Rtc-Signature does not fit")

    def parse(self, body: bytes, token: str = "") -> VendorEvent | None:  # noqa: ARG002 - the port's
        """The event; unknown types are OTHER, another application's or a room's is None."""
        try:
            notice = _notice(body)
        except RecursionError:
            raise InvalidRequest("huawei callback: nested too deep") from None
        if notice.app_id not in {"", self._app_id} or not (notice.job_id or notice.stream_name):
            return None
        if not notice.room_id or not notice.kind:
            raise InvalidRequest("huawei callback: no room_id or no event_type")
        return self._event(notice)

    def _event(self, notice: _Notice) -> VendorEvent:
        stream = notice.stream
        return VendorEvent(
            id=_identity(notice),
            kind=KINDS.get(notice.kind, EventKind.OTHER),
            at=self._now(),
            account=self._name,
            room=notice.room_id,
            recorder=stream.recorder if stream else "",
            task_id=notice.job_id or (stream.job if stream else ""),
            detail=foreign_text(_detail(notice), self._hidden),
            files=_files(notice, stream),
        )


def _notice(body: bytes) -> _Notice:
    try:
        parsed: object = json.loads(body)
    except ValueError:
        raise InvalidRequest("huawei callback: the body is not JSON") from None
    try:
        return _Notice.model_validate(parsed)
    except ValidationError:
        raise InvalidRequest("huawei callback: the body is not an object") from None


def _identity(notice: _Notice) -> str:
    """The same for an event's repeats."""
    about = (notice.stream_name, notice.record_format, notice.obs_object, notice.detail_message)
    digest = hashlib.sha256(json.dumps(about).encode()).hexdigest()[:16]
    return f"{notice.job_id}:{notice.kind}:{digest}"


def _detail(notice: _Notice) -> str:
    name = _NAMES.get(notice.kind, f"event {notice.kind}")
    return " ".join(filter(None, (name, notice.record_format, notice.detail_message)))


def _files(notice: _Notice, stream: files.Stream | None) -> tuple[FileRef, ...]:
    if notice.kind != FILE_COMPLETE or not notice.obs_object:
        return ()
    by_name = files.describe(notice.obs_object.lstrip("/"))
    told = {
        "user": stream.user if stream else by_name.user,
        "begins_at": notice.start_time or by_name.begins_at,
    }
    return (by_name.model_copy(update=told),)

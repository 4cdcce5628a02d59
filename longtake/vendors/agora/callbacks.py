"""Agora's callbacks: signature over the raw bytes, then the event in neutral terms.

Source: Agora, Notification Center Service; cloud recording callbacks.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, cast

from pydantic import BeforeValidator, Field, ValidationError

from longtake.domain.errors import InvalidRequest, Unauthorized
from longtake.domain.events import EventKind, VendorEvent
from longtake.domain.files import FileRef
from longtake.vendorkit.lenient import Number, Text, Time, as_int, as_mapping, as_text
from longtake.vendorkit.redact import foreign_text, secrets_in
from longtake.vendorkit.wire import Received
from longtake.vendors.agora import files
from longtake.vendors.agora.settings import AgoraAccount
from longtake.vendors.agora.wire.replies import as_files

PRODUCT = 3
"""Cloud recording, among the products that share the notification service."""

_SIGNATURES = (
    ("agora-signature-v2", hashlib.sha256),
    ("agora-signature", hashlib.sha1),
)
"""The better one first; the other counts only where the better one is absent."""

_STORAGE_ERRORS = frozenset({32, 47, 51})
"""Of module 1, the uploader: settings wrong, upload failed, file error."""

_KINDS: Mapping[int, EventKind] = {
    1: EventKind.ERROR,
    2: EventKind.WARNING,
    4: EventKind.FILES,
    11: EventKind.ENDED,
    12: EventKind.FAILOVER,
    31: EventKind.UPLOADED,
    32: EventKind.BACKED_UP,
    34: EventKind.STORAGE_ERROR,
    40: EventKind.STARTED,
    42: EventKind.MEDIA_FLOWING,
    45: EventKind.FILES,
    70: EventKind.STARTED,
    71: EventKind.ENDED,
    72: EventKind.ERROR,
    73: EventKind.WARNING,
    81: EventKind.UPLOADED,
    90: EventKind.WARNING,
    1001: EventKind.UPLOADED,
}
"""41, the recorder has left the channel, is none of these: uploads follow, 11 is the end."""

VOD_STARTED = 60
"""ApsaraVideo for VoD has made the video, which is filled from now on."""

_STREAM_STATE = frozenset({43, 44})
_RESULTS = frozenset({81, 1001})
_DETAILS = (
    *("module", "errorLevel", "errorCode", "warnCode", "stat", "errorMsg", "status", "state"),
    *("streamUid", "exitStatus", "leaveCode", "newUid", "progress", "code", "message"),
    *("limitType", "reason", "result", "fileName"),
)
"""What of `details` is worth reading to a person, in this order."""


class _Payload(Received):
    cname: str = Field(min_length=1)
    sid: Text = ""
    uid: Text = ""
    sequence: Number = None
    service_type: Number = Field(default=None, alias="serviceType")
    sent_at: Time = Field(default=None, alias="sendts")
    details: Annotated[dict[str, Any], BeforeValidator(as_mapping)] = {}


class _Notice(Received):
    notice_id: Text = Field(default="", alias="noticeId")
    product: Number = Field(default=PRODUCT, alias="productId")
    type: int = Field(alias="eventType")
    notified_at: Time = Field(default=None, alias="notifyMs")
    payload: _Payload


class AgoraCallbacks:
    """One account's callbacks."""

    receipt: Mapping[str, object] = {"status": "success"}
    """Any JSON will do: a 200 without JSON is sent again."""
    answer_within = timedelta(seconds=10)

    def __init__(
        self,
        name: str,
        account: AgoraAccount,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`name` is the account's in the settings; `now` stamps an event without a time."""
        self._name = name
        self._secret = account.callback_secret
        self._hidden = secrets_in(account)
        self._now = now

    def verify(self, headers: dict[str, str], body: bytes) -> None:
        """Refuse whatever is not signed with the account's secret, or if there is no secret."""
        if not self._secret:  # an empty one would let anybody sign
            raise Unauthorized("agora callback: the account has no callback_secret", vendor="agora")
        given = {name.lower(): value for name, value in headers.items()}
        for header, digest in _SIGNATURES:
            if header in given:
                wanted = hmac.new(self._secret.get_secret_value().encode(), body, digest)
                signature = given[header].encode(errors="replace")
                if hmac.compare_digest(wanted.hexdigest().encode(), signature):
                    return
                raise Unauthorized(f"agora callback: {header} does not fit", vendor="agora")
        raise Unauthorized("agora callback: not signed", vendor="agora")

    def parse(self, body: bytes, token: str = "") -> VendorEvent | None:  # noqa: ARG002 - the port's
        """The event; unknown types are OTHER, what names no recording is None."""
        try:
            notice = _notice(body)
            return None if notice is None else self._event(notice)
        except RecursionError:
            raise InvalidRequest("agora callback: nested too deep") from None

    def _event(self, notice: _Notice) -> VendorEvent:
        payload = notice.payload
        return VendorEvent(
            id=_identity(notice),
            kind=_kind(notice),
            at=payload.sent_at or notice.notified_at or self._now(),
            account=self._name,
            room=payload.cname,
            recorder=payload.uid,
            task_id=payload.sid,
            detail=self._detail(notice),
            files=_files(notice),
        )

    def _detail(self, notice: _Notice) -> str:
        details = notice.payload.details
        facts = [f"{name}={details[name]}" for name in _DETAILS if name in details]
        name = details.get("msgName", f"event {notice.type}")
        return foreign_text(" ".join([str(name), *facts]), self._hidden)


def _notice(body: bytes) -> _Notice | None:
    try:
        parsed: object = json.loads(body)
    except ValueError:
        raise InvalidRequest("agora callback: the body is not JSON") from None
    given = as_mapping(parsed)
    about = as_mapping(given.get("payload"))
    if as_int(given.get("productId", PRODUCT)) != PRODUCT or not about.get("cname"):
        return None
    try:
        return _Notice.model_validate(given)
    except ValidationError as error:
        paths = ", ".join(".".join(map(str, entry["loc"])) for entry in error.errors())
        raise InvalidRequest(f"agora callback: not as documented: {paths}") from None


def _identity(notice: _Notice) -> str:
    """The same for an event's repeats.

    A resend keeps its noticeId; the second delivery of a doubled service may not, but is alike
    in task, uid, type, service and place in the sequence.
    """
    payload = notice.payload
    if not payload.sid or payload.sequence is None:
        return f"notice:{notice.notice_id}"
    place = (payload.sid, payload.uid, notice.type, payload.service_type, payload.sequence)
    return ":".join(map(str, place))


def _kind(notice: _Notice) -> EventKind:
    details = notice.payload.details
    kind = _KINDS.get(notice.type, EventKind.OTHER)
    if notice.type in _STREAM_STATE:
        receiving = as_int(details.get("state")) == 0
        return EventKind.MEDIA_FLOWING if receiving else EventKind.MEDIA_STOPPED
    if notice.type in _RESULTS:
        result = str(details.get("result"))
        if result.startswith("fail"):
            return EventKind.ERROR
        return EventKind.WARNING if result.startswith("partial") else kind
    if (
        notice.type == 1
        and as_int(details.get("module")) == 1
        and as_int(details.get("errorCode")) in _STORAGE_ERRORS
    ):
        return EventKind.STORAGE_ERROR
    return kind


def _files(notice: _Notice) -> tuple[FileRef, ...]:
    """The files with their keys.

    Every recording of ours has a path, so a name without one is not a key: it would be looked
    for in vain.
    """
    if notice.type == VOD_STARTED:
        video = as_text(as_mapping(notice.payload.details.get("aliVodInfo")).get("videoId"))
        return (FileRef(key=video, file_id=video),) if video else ()
    return files.reported(entry for entry in as_files(_file_list(notice)) if "/" in entry.file_name)


def _file_list(notice: _Notice) -> object:
    """Files are named in one list, one by one, or by user."""
    details = notice.payload.details
    if notice.type == 45:
        return details.get("fileName")
    listed: object = details.get("fileList")
    if listed is None and isinstance(details.get("uids"), list):
        users = [as_mapping(user) for user in cast("list[object]", details["uids"])]
        return [file for user in users for file in as_files(user.get("fileList"))]
    return listed

"""TRTC's callbacks: signature over the raw bytes, then the event in neutral terms.

Source: TRTC, on-cloud recording callbacks (event group 3). Delivery is at least once, or never,
and in any order.
"""

from __future__ import annotations

import base64
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
from longtake.vendorkit.lenient import Text, Time, as_int, as_mapping, as_text, as_time
from longtake.vendorkit.redact import foreign_text, plain_address, secrets_in
from longtake.vendors.tencent import files
from longtake.vendors.tencent.settings import TencentAccount
from longtake.vendors.tencent.wire.replies import (
    Answer,
    StorageFile,
    as_objects,
)

RECORDING_GROUP = 3
"""The same address may get events of rooms (1), media (2) and web pages (8)."""

STARTED, STOPPED, UPLOAD_STARTED, FIRST_FILE, UPLOADED, MIGRATED = range(301, 307)
FIRST_SLICE, UPLOAD_FAILED, NO_IMAGE, MP4_DONE, VOD_FILE, VOD_DONE = range(307, 313)

_KINDS: Mapping[int, EventKind] = {
    STOPPED: EventKind.ENDED,
    FIRST_FILE: EventKind.FILES,
    MIGRATED: EventKind.FAILOVER,
    FIRST_SLICE: EventKind.MEDIA_FLOWING,
    UPLOAD_FAILED: EventKind.STORAGE_ERROR,
    NO_IMAGE: EventKind.WARNING,
    VOD_FILE: EventKind.STORAGE_ERROR,
}
"""Whatever the status, unless the next table knows it."""

_BY_STATUS: Mapping[tuple[int, int | None], EventKind] = {
    (STARTED, 0): EventKind.STARTED,
    (STARTED, 1): EventKind.ENDED,
    (UPLOAD_STARTED, 1): EventKind.STORAGE_ERROR,
    (UPLOADED, 0): EventKind.UPLOADED,
    (UPLOADED, 1): EventKind.BACKED_UP,
    (UPLOADED, 2): EventKind.UPLOADED,
    (MP4_DONE, 0): EventKind.FILES,
    (MP4_DONE, 1): EventKind.WARNING,
    (MP4_DONE, 2): EventKind.STORAGE_ERROR,
    (VOD_FILE, 0): EventKind.FILES,
    (VOD_DONE, 0): EventKind.UPLOADED,
    (VOD_DONE, 1): EventKind.UPLOAD_FAILED,
}

_NAMES: Mapping[int, str] = {
    STARTED: "recorder started",
    STOPPED: "recorder left",
    UPLOAD_STARTED: "upload started",
    FIRST_FILE: "first playlist uploaded",
    UPLOADED: "uploads ended",
    MIGRATED: "moved to another server",
    FIRST_SLICE: "first slice",
    UPLOAD_FAILED: "upload refused by the storage",
    NO_IMAGE: "image not loaded",
    MP4_DONE: "mp4 made",
    VOD_FILE: "file for VOD",
    VOD_DONE: "VOD ended",
}
_LEAVE_CODES: Mapping[int | None, str] = {
    0: "stopped by a call",
    1: "removed from the room",
    2: "room closed",
    3: "removed from the room by the service",
    4: "room closed by the service",
    99: "no anchor for longer than the idle time",
    100: "lost the anchors' data for long",
    101: "the same robot entered again",
}
_FAILED_START = "recorder failed to start"
_DETAILS = ("Status", "LeaveCode", "Code", "Message", "Errmsg", "Url", "FileId", "VideoUrl")
"""What of a payload is worth reading to a person, in this order."""


class _Info(Answer):
    room_id: Annotated[Text, Field(min_length=1)]
    user_id: Text = ""
    task_id: Text = ""
    event_ts: Time = None
    event_ms_ts: Time = None
    payload: Annotated[dict[str, Any], BeforeValidator(as_mapping)] = {}


class _Notice(Answer):
    event_type: Annotated[int, BeforeValidator(as_int)]
    callback_ts: Time = None
    event_info: _Info


class TencentCallbacks:
    """One account's callbacks."""

    receipt: Mapping[str, object] = {"code": 0}
    """A courtesy: TRTC looks at the status alone."""
    answer_within = timedelta(seconds=5)

    def __init__(
        self,
        name: str,
        account: TencentAccount,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`name` is the account's in the settings; `now` stamps an event without a time."""
        self._name = name
        self._secret = account.callback_secret
        self._hidden = secrets_in(account)
        self._now = now

    def verify(self, headers: dict[str, str], body: bytes) -> None:
        """Refuse whatever is not signed with the account's secret, or if there is no secret."""
        if not self._secret:
            raise Unauthorized("tencent callback: the account has no callback_secret")
        given = {name.lower(): value for name, value in headers.items()}.get("sign")
        if given is None:
            raise Unauthorized("tencent callback: not signed")
        key = self._secret.get_secret_value().encode()
        wanted = base64.b64encode(hmac.new(key, body, hashlib.sha256).digest())
        if not hmac.compare_digest(wanted, given.encode(errors="replace")):
            raise Unauthorized("tencent callback: Sign does not fit")

    def parse(self, body: bytes, token: str = "") -> VendorEvent | None:  # noqa: ARG002 - the port's
        """The event; unknown types are OTHER, another group than recording is None."""
        try:
            notice = _notice(body)
            return None if notice is None else self._event(notice)
        except RecursionError:
            raise InvalidRequest("tencent callback: nested too deep") from None

    def _event(self, notice: _Notice) -> VendorEvent:
        info = notice.event_info
        return VendorEvent(
            id=_identity(notice),
            kind=_kind(notice),
            at=info.event_ms_ts or info.event_ts or notice.callback_ts or self._now(),
            account=self._name,
            room=info.room_id,
            recorder=info.user_id,
            task_id=info.task_id,
            detail=foreign_text(_detail(notice), self._hidden),
            files=_files(notice),
        )


def _notice(body: bytes) -> _Notice | None:
    try:
        parsed: object = json.loads(body)
    except ValueError:
        raise InvalidRequest("tencent callback: the body is not JSON") from None
    if not isinstance(parsed, dict):
        raise InvalidRequest("tencent callback: the body is not an object")
    if as_int(cast("dict[str, object]", parsed).get("EventGroupId")) != RECORDING_GROUP:
        return None
    try:
        return _Notice.model_validate(parsed)
    except ValidationError as error:
        paths = ", ".join(".".join(map(str, entry["loc"])) for entry in error.errors())
        raise InvalidRequest(f"tencent callback: not as documented: {paths}") from None


def _identity(notice: _Notice) -> str:
    """The same for an event's repeats: of its time of sending nothing is promised."""
    info = notice.event_info
    payload = json.dumps(info.payload, sort_keys=True)
    at = info.event_ms_ts or info.event_ts
    return ":".join(
        (
            info.task_id,
            str(notice.event_type),
            str(at and int(at.timestamp() * 1000)),
            hashlib.sha256(payload.encode()).hexdigest()[:16],
        )
    )


def _status(payload: Mapping[str, Any]) -> int | None:
    """One text calls an upload's status LeaveCode."""
    return as_int(payload.get("Status", payload.get("LeaveCode")))


def _kind(notice: _Notice) -> EventKind:
    usual = _KINDS.get(notice.event_type, EventKind.OTHER)
    return _BY_STATUS.get((notice.event_type, _status(notice.event_info.payload)), usual)


def _detail(notice: _Notice) -> str:
    kind, payload = notice.event_type, notice.event_info.payload
    name = _NAMES.get(kind, f"event {kind}")
    if kind == STARTED and _status(payload) == 1:
        name = _FAILED_START
    if kind == STOPPED:
        code = as_int(payload.get("LeaveCode"))
        name += f": {_LEAVE_CODES.get(code, 'for an unknown reason')}"
    told = {**payload, **as_mapping(payload.get("TencentVod"))}
    facts = [f"{fact}={_telling(fact, told)}" for fact in _DETAILS if as_text(told.get(fact))]
    return " ".join([name, *facts])


def _telling(fact: str, told: Mapping[str, Any]) -> str:
    """A fact; an address without its query, which may hold a signature."""
    text = as_text(told[fact])
    return plain_address(text) if fact.endswith("Url") else text


def _files(notice: _Notice) -> tuple[FileRef, ...]:
    """The files by the names that the event gives: those have no folder."""
    payload = notice.event_info.payload
    if notice.event_type == VOD_FILE:
        return _vod_file({**payload, **as_mapping(payload.get("TencentVod"))})
    if notice.event_type == FIRST_SLICE:
        entries = [payload]
    else:
        entries = as_objects(payload.get("FileMessage")) or _named(payload.get("FileList"))
    return files.reported(_file(entry) for entry in entries)


def _named(listed: object) -> list[dict[str, Any]]:
    """One name, or several: event 304 has a text, event 310 a list."""
    names = cast("list[object]", listed) if isinstance(listed, list) else [listed]
    return [{"FileName": name} for name in names]


def _vod_file(told: Mapping[str, Any]) -> tuple[FileRef, ...]:
    """VOD knows a file by its id, and by the address that it is played from."""
    key = as_text(told.get("FileId"))
    if not key:
        return ()
    address = plain_address(as_text(told.get("VideoUrl")))
    (file,) = files.reported([_file({**told, "FileName": address or key})])
    of_vod = {
        "key": key,
        "file_id": key,
        "url": address,
        "stream": "substream" if as_text(told.get("MediaId")) == "aux" else "primary",
        "seconds": _seconds(told, file.begins_at),
    }
    return (file.model_copy(update=of_vod),)


def _seconds(told: Mapping[str, Any], begins_at: datetime | None) -> float | None:
    ends_at = as_time(told.get("EndTimeStamp"))
    if begins_at is None or ends_at is None or ends_at < begins_at:
        return None
    return (ends_at - begins_at).total_seconds()


def _file(told: Mapping[str, Any]) -> StorageFile:
    """Newer events say StartTimeStamp where the list of a task says BeginTimeStamp."""
    begins_at = told.get("BeginTimeStamp", told.get("StartTimeStamp"))
    return StorageFile.model_validate({**told, "BeginTimeStamp": begins_at})

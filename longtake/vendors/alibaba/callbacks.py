"""Alibaba's callbacks: the signature of their time, then the event in neutral terms.

Source: Alibaba Cloud, cloud recording callback messages. The signature covers neither the body nor
the address, and its key is the same for all of a task's events: so an old one is refused, and an
event hastens a question to the service and decides nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, cast

from pydantic import Field, ValidationError

from longtake.domain.errors import InvalidRequest, Unauthorized
from longtake.domain.events import EventKind, VendorEvent
from longtake.vendorkit.lenient import Text, Time, as_text, as_time
from longtake.vendorkit.redact import foreign_text, secrets_in
from longtake.vendorkit.wire import Received
from longtake.vendors.alibaba.settings import AlibabaAccount

_KINDS: Mapping[str, EventKind] = {
    "TaskRunning": EventKind.STARTED,
    "TaskRecovering": EventKind.FAILOVER,
    "TaskStopped": EventKind.DONE,
    "RecordFileUploaded": EventKind.FILES,
}
"""Lists of files are final after TaskStopped: what it says of uploads includes that of the end."""

EVENTS: Mapping[str, str] = {
    "TaskCreated": "task made",
    "TaskStarting": "task starting",
    "TaskRunning": "task running",
    "TaskRecovering": "task recovering from a failure",
    "TaskStopping": "task stopping",
    "TaskStopped": "task stopped, all files uploaded",
    "RecordFileUploaded": "file uploaded",
}
_TOKEN = re.compile(r"lt[0-9a-f]{20}")
"""As `RecorderIds` of the traits writes it."""
_FACTS = 6
"""Of a payload, whose fields are not documented, so many are shown."""


class _Notice(Received):
    task_id: Annotated[Text, Field(alias="taskId", min_length=1)]
    channel_id: Annotated[Text, Field(alias="channelId", min_length=1)]
    event_type: Annotated[Text, Field(alias="eventType", min_length=1)]
    at: Annotated[Time, Field(alias="callbackTs")] = None
    payload: object = None


class AlibabaCallbacks:
    """One account's callbacks."""

    receipt: Mapping[str, object] = {"Code": 0, "Msg": "Success"}
    answer_within = timedelta(seconds=5)
    """Not documented: the shortest of all vendors."""

    def __init__(
        self,
        name: str,
        account: AlibabaAccount,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`name` is the account's in the settings; `now` gives aware times."""
        self._name = name
        self._secret = account.callback_secret
        self._max_age = timedelta(seconds=account.callback_max_age)
        self._hidden = secrets_in(account)
        self._now = now

    def verify(self, headers: dict[str, str], body: bytes) -> None:  # noqa: ARG002 - the port's
        """Refuse whatever does not carry a recent time signed with the account's secret."""
        if not self._secret:
            raise Unauthorized("alibaba callback: the account has no callback_secret")
        given = {name.lower(): value for name, value in headers.items()}
        stamp, signature = given.get("ali-live-timestamp"), given.get("ali-live-signature")
        if stamp is None or signature is None:
            raise Unauthorized("alibaba callback: not signed")
        signed = f"{stamp}|{self._secret.get_secret_value()}".encode(errors="replace")
        wanted = hashlib.md5(signed, usedforsecurity=False).hexdigest()
        if not hmac.compare_digest(wanted.encode(), signature.lower().encode(errors="replace")):
            raise Unauthorized("alibaba callback: ALI-LIVE-SIGNATURE does not fit")
        at = as_time(stamp)
        if at is None or abs(self._now() - at) > self._max_age:
            raise Unauthorized("alibaba callback: ALI-LIVE-TIMESTAMP is not of these minutes")

    def parse(self, body: bytes, token: str = "") -> VendorEvent | None:
        """The event; unknown types are OTHER. `token` is the attempt's, from the address."""
        if token and not _TOKEN.fullmatch(token):  # the signature covers no address
            raise InvalidRequest("alibaba callback: the address ends in no token of ours")
        try:
            return self._event(_notice(body), token)
        except RecursionError:
            raise InvalidRequest("alibaba callback: nested too deep") from None

    def _event(self, notice: _Notice, token: str) -> VendorEvent:
        payload = _unpacked(notice.payload)
        text = json.dumps(payload, sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        return VendorEvent(
            # Of a repeat's time nothing is promised, so it is not part of the identity.
            id=f"{notice.task_id}:{notice.event_type}:{digest}",
            kind=_KINDS.get(notice.event_type, EventKind.OTHER),
            at=notice.at or self._now(),
            account=self._name,
            room=notice.channel_id,
            recorder=token,
            task_id=notice.task_id,
            detail=foreign_text(_detail(notice.event_type, payload), self._hidden),
        )


def _notice(body: bytes) -> _Notice:
    try:
        parsed: object = json.loads(body)
    except ValueError:
        raise InvalidRequest("alibaba callback: the body is not JSON") from None
    if not isinstance(parsed, dict):
        raise InvalidRequest("alibaba callback: the body is not an object")
    try:
        return _Notice.model_validate(parsed)
    except ValidationError as error:
        paths = ", ".join(".".join(map(str, entry["loc"])) for entry in error.errors())
        raise InvalidRequest(f"alibaba callback: not as documented: {paths}") from None


def _unpacked(payload: object) -> object:
    """The payload is a text that holds JSON, or an object already."""
    if not isinstance(payload, str):
        return payload
    try:
        return json.loads(payload)
    except ValueError:
        return payload


def _detail(event_type: str, payload: object) -> str:
    """The event in words, and what of its payload can be shown: no address, which may be signed."""
    told = cast("dict[str, Any]", payload) if isinstance(payload, dict) else {}
    facts = [(name, as_text(value)) for name, value in told.items()]
    shown = [f"{name}={text}" for name, text in facts if text and "://" not in text]
    return " ".join([EVENTS.get(event_type, f"event {event_type}"), *shown[:_FACTS]])

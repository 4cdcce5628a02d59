"""Callbacks: their envelope, signature and address."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from longtake.emulator.callbacks import Insistence, Signed
from longtake.emulator.stamps import milliseconds
from longtake.vendors.alibaba.emulator.facts import Event
from longtake.vendors.alibaba.emulator.requests import Notify, last_part

_INSISTENCE = Insistence(answer_within=5, repeats=(1,), heeds_refusals=True)


@dataclass(frozen=True)
class AlibabaNotice:
    """One event of one task. ``as_text``: the payload goes as JSON in a string."""

    event: Event
    app_id: str
    channel_id: str
    task_id: str
    payload: dict[str, Any]
    notify: Notify
    as_text: bool

    @property
    def room(self) -> str:
        return self.channel_id

    @property
    def insistence(self) -> Insistence:
        return _INSISTENCE

    def address(self, target: str | None) -> str:
        """NotifyUrl; a target stands for all that precedes the last part of its path."""
        if target is None:
            return self.notify.url
        query = urlsplit(self.notify.url).query
        last = last_part(self.notify.url)
        url = f"{target.rstrip('/')}/{last}" if last else target
        return f"{url}?{query}" if query else url

    def render(self, sent_at: datetime, secret: str | None) -> Signed:
        """The envelope at ``sent_at``; unsigned where the task has no NotifyAuthKey."""
        payload = _compact(self.payload) if self.as_text else self.payload
        body = {
            "appId": self.app_id,
            "channelId": self.channel_id,
            "taskId": self.task_id,
            "eventType": self.event.value,
            "callbackTs": milliseconds(sent_at),
            "payload": payload,
        }
        headers = {"Content-Type": "application/json"}
        if key := secret or self.notify.auth_key:
            stamp = str(milliseconds(sent_at) // 1000)
            headers |= {"ALI-LIVE-TIMESTAMP": stamp, "ALI-LIVE-SIGNATURE": sign(stamp, key)}
        return Signed(headers, _compact(body).encode(errors="backslashreplace"))

    def forgery(self) -> AlibabaNotice:
        return replace(self, event=Event.STOPPED)


def sign(stamp: str, key: str) -> str:
    """MD5 of the time and the key: neither body nor address is covered."""
    return hashlib.md5(f"{stamp}|{key}".encode()).hexdigest()  # noqa: S324 - the vendor's choice


def _compact(document: dict[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)

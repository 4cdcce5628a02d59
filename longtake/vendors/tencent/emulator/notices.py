"""Callbacks of event group 3: their envelope and signature."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from longtake.emulator.callbacks import Insistence, Signed
from longtake.emulator.stamps import milliseconds
from longtake.vendors.tencent.emulator.facts import Event, LeaveCode
from longtake.vendors.tencent.emulator.rooms import Room

_GROUP = 3  # on-cloud recording
_INSISTENCE = Insistence(answer_within=5, repeats=(0, 10, 10, 10, 10, 10, 10), lifetime=60)


@dataclass(frozen=True)
class TencentNotice:
    """One event of one task. ``numbers_as_text``: EventTs, and RoomId of an integer room."""

    event: Event
    at: datetime
    sdk_app_id: int
    of_room: Room
    robot: str
    task_id: str
    payload: dict[str, Any]
    default_secret: str
    numbers_as_text: bool

    @property
    def room(self) -> str:
        return self.of_room.name

    @property
    def insistence(self) -> Insistence:
        return _INSISTENCE

    def render(self, sent_at: datetime, secret: str | None) -> Signed:
        """The envelope at ``sent_at``: a repeat differs in nothing but ``CallbackTs``."""
        seconds = milliseconds(self.at) // 1000
        number = self.of_room.numeric and not self.numbers_as_text
        info = {
            "RoomId": int(self.room) if number else self.room,
            "EventTs": str(seconds) if self.numbers_as_text else seconds,
            "EventMsTs": milliseconds(self.at),
            "UserId": self.robot,
            "TaskId": self.task_id,
            "Payload": self.payload,
        }
        envelope = {
            "EventGroupId": _GROUP,
            "EventType": int(self.event),
            "CallbackTs": milliseconds(sent_at),
            "EventInfo": info,
        }
        body = json.dumps(envelope, separators=(",", ":"), ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json",
            "Sign": sign(body, secret or self.default_secret),
            "SdkAppId": str(self.sdk_app_id),
        }
        return Signed(headers, body)

    def forgery(self) -> TencentNotice:
        payload = {"LeaveCode": int(LeaveCode.BY_API)}
        return replace(self, event=Event.RECORDER_STOP, payload=payload)


def sign(body: bytes, key: str) -> str:
    """Base64 of HMAC-SHA256 over the raw body."""
    return base64.b64encode(hmac.digest(key.encode(), body, hashlib.sha256)).decode()

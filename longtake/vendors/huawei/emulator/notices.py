"""Callbacks of recording jobs: their bodies and signature."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from longtake.emulator.callbacks import Insistence, Signed
from longtake.emulator.stamps import milliseconds

NEW_FILE = "RECORD_NEW_FILE_START"
FILE_COMPLETE = "RECORD_FILE_COMPLETE"
OVER = "CLOUD_RECORD_SERVER_OVER"

# Repeats are documented nowhere.
_INSISTENCE = Insistence(answer_within=5, repeats=(1, 5, 15, 30), wants_json=True)


@dataclass(frozen=True)
class HuaweiNotice:
    """One event of one job. ``over``: how the end is spelled."""

    event: str
    job: dict[str, Any]
    details: dict[str, Any]
    rand: str
    default_secret: str
    over: str
    timestamp_milliseconds: bool

    @property
    def room(self) -> str:
        return self.job["room_id"]

    @property
    def insistence(self) -> Insistence:
        return _INSISTENCE

    def render(self, sent_at: datetime, secret: str | None) -> Signed:
        """A repeat differs in nothing but the timestamp; an empty secret signs nothing."""
        event = self.over if self.event == OVER else self.event
        told = {**self.job, "event_type": event, **self.details}
        body = json.dumps(told, separators=(",", ":"), ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json"}
        key = self.default_secret if secret is None else secret
        if key:
            number = milliseconds(sent_at)
            stamp = str(number if self.timestamp_milliseconds else number // 1000)
            headers |= {
                "X-Rtc-Rand": self.rand,
                "X-Rtc-Timestamp": stamp,
                "X-Rtc-Signature": sign(self.rand, stamp, body, key),
            }
        return Signed(headers, body)

    def forgery(self) -> HuaweiNotice:
        return replace(self, event=OVER, details={})


def sign(rand: str, timestamp: str, body: bytes, key: str) -> str:
    """Hex of HMAC-SHA256 over the three, one after another."""
    message = rand.encode() + timestamp.encode() + body
    return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()

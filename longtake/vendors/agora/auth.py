"""Proving who calls (HTTP Basic) and letting the recorder into the room (AccessToken2).

Source: Agora, RESTful authentication; AccessToken2, version 007. All integers of a token are
little-endian; texts carry their length in two bytes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx

from longtake.vendors.agora.settings import AgoraAccount

TOKEN_LIFE = timedelta(hours=24)
"""The longest that the vendor grants; a recorder's token cannot be renewed."""

_VERSION = "007"
_RTC_SERVICE = 1
_JOIN = 1
_SALTS = 99_999_999


def basic_auth(account: AgoraAccount) -> httpx.BasicAuth:
    """The account's RESTful credentials; unrelated to App ID and App Certificate."""
    return httpx.BasicAuth(account.customer_id, account.customer_secret.get_secret_value())


@dataclass(frozen=True)
class TokenGrant:
    """Leave for one uid to join one channel and listen: a recorder publishes nothing."""

    app_id: str
    channel: str
    uid: str
    issued_at: datetime
    salt: int
    """1 to 99,999,999; makes tokens of one second differ."""
    life: timedelta = TOKEN_LIFE

    def info(self) -> bytes:
        """The signed part of the token."""
        issued, life = int(self.issued_at.timestamp()), int(self.life.total_seconds())
        service = struct.pack("<HHHI", _RTC_SERVICE, 1, _JOIN, life)
        service += _text(self.channel.encode()) + _text(self.uid.encode())
        head = _text(self.app_id.encode()) + struct.pack("<IIIH", issued, life, self.salt, 1)
        return head + service

    def token(self, certificate: str) -> str:
        """The token, signed with the App Certificate."""
        by_time = _hmac(struct.pack("<I", int(self.issued_at.timestamp())), certificate.encode())
        key = _hmac(struct.pack("<I", self.salt), by_time)
        info = self.info()
        packed = zlib.compress(_text(_hmac(key, info)) + info)
        return _VERSION + base64.b64encode(packed).decode()


def salt_of(seed: str) -> int:
    """A salt that is the same for the same seed, so that a repeated start is the same call."""
    return 1 + int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8]) % _SALTS


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def _text(text: bytes) -> bytes:
    return struct.pack("<H", len(text)) + text

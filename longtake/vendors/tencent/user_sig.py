"""Letting the robot into the room: UserSig, and PrivateMapKey where permissions are controlled.

Source: Tencent Cloud, TLS signature API version 2. Integers of a user buffer are big-endian,
its texts carry their length in two bytes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import struct
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta

ALL_PRIVILEGES = 255
_URL_SAFE = str.maketrans("+/=", "*-_")
"""Not the mapping of file names, which keeps `+`."""


@dataclass(frozen=True)
class UserSig:
    """Leave for one user to enter the application's rooms, for `life` from `issued_at`."""

    sdk_app_id: int
    user: str
    issued_at: datetime
    life: timedelta
    buffer: bytes | None = None
    """What a PrivateMapKey adds: see `room_buffer`."""

    def token(self, key: str) -> str:
        """The signature, made with the application's secret key."""
        fields: dict[str, str | int] = {
            "TLS.ver": "2.0",
            "TLS.identifier": self.user,
            "TLS.sdkappid": self.sdk_app_id,
            "TLS.expire": int(self.life.total_seconds()),
            "TLS.time": int(self.issued_at.timestamp()),
        }
        if self.buffer is not None:
            fields["TLS.userbuf"] = base64.b64encode(self.buffer).decode()
        fields["TLS.sig"] = _signature(fields, key)
        packed = zlib.compress(json.dumps(fields).encode())
        return base64.b64encode(packed).decode().translate(_URL_SAFE)


def room_buffer(sig: UserSig, room: str, *, numeric: bool) -> bytes:
    """The user buffer that turns `sig` into a PrivateMapKey for one room, with every privilege."""
    user = sig.user.encode()
    expires = int((sig.issued_at + sig.life).timestamp())
    number = int(room) if numeric else 0
    packed = struct.pack(">BH", 0 if numeric else 1, len(user)) + user
    packed += struct.pack(">5I", sig.sdk_app_id, number, expires, ALL_PRIVILEGES, 0)
    if not numeric:
        packed += struct.pack(">H", len(room.encode())) + room.encode()
    return packed


def _signature(fields: dict[str, str | int], key: str) -> str:
    signed = ("identifier", "sdkappid", "time", "expire", "userbuf")
    names = [f"TLS.{name}" for name in signed if f"TLS.{name}" in fields]
    text = "".join(f"{name}:{fields[name]}\n" for name in names)
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()

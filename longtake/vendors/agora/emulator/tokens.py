"""Reads AccessToken2 ("007"), the token by which a recorder joins a channel.

Little-endian: a string is a u16 length and its bytes; a map is a u16 count and (u16, u32) pairs.
The token is ``007`` + base64(zlib(string(signature) + signed)), where ``signed`` is the app id,
issue time, life in seconds, salt and the services. All lives are seconds from the issue time.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

TOKEN_EXPIRED = 109
TOKEN_INVALID = 110

_RTC = 1
_JOIN = 1
_LONGEST_LIFE = 24 * 3600  # seconds
_MOST_INFLATED = 64 * 1024  # bytes; a real token inflates to a few hundred


@dataclass(frozen=True)
class Rejected:
    """Why a token does not let the recorder in: code 109 or 110 of event 1."""

    code: int


@dataclass(frozen=True)
class Admitted:
    """The recorder may stay until then."""

    until: datetime


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        chunk = self._data[self._at : self._at + count]
        if len(chunk) != count:
            raise ValueError("the token breaks off")
        self._at += count
        return chunk

    def u16(self) -> int:
        return struct.unpack("<H", self.take(2))[0]

    def u32(self) -> int:
        return struct.unpack("<I", self.take(4))[0]

    def string(self) -> bytes:
        return self.take(self.u16())

    def rest(self) -> bytes:
        return self._data[self._at :]

    def privileges(self) -> dict[int, int]:
        return {self.u16(): self.u32() for _ in range(self.u16())}


@dataclass(frozen=True)
class Seat:
    """Where a recorder wants to sit: its project, the channel and its own uid."""

    app_id: str
    certificate: str
    channel: str
    uid: str


def check_token(token: str, seat: Seat, now: datetime) -> Admitted | Rejected:
    """Whether ``token`` lets a recorder into its seat at ``now``."""
    try:
        return _judge(*_unpack(token), seat, now)
    except (ValueError, binascii.Error, zlib.error):
        return Rejected(TOKEN_INVALID)


def _unpack(token: str) -> tuple[bytes, bytes]:
    """The signature, and the bytes that it signs."""
    if not token.startswith("007"):
        raise ValueError("not an AccessToken2")
    packed = base64.b64decode(token[3:], validate=True)
    content = _Reader(zlib.decompressobj().decompress(packed, _MOST_INFLATED))
    return content.string(), content.rest()


def _judge(signature: bytes, signed: bytes, seat: Seat, now: datetime) -> Admitted | Rejected:
    reader = _Reader(signed)
    app, issued, life, salt = reader.string(), reader.u32(), reader.u32(), reader.u32()
    key = hmac.digest(struct.pack("<I", issued), seat.certificate.encode(), hashlib.sha256)
    key = hmac.digest(struct.pack("<I", salt), key, hashlib.sha256)
    genuine = hmac.compare_digest(hmac.digest(key, signed, hashlib.sha256), signature)
    if not genuine or app != seat.app_id.encode() or reader.u16() < 1:
        return Rejected(TOKEN_INVALID)
    # Services are packed by number, and RTC is the lowest: if it is there it comes first.
    service, privileges = reader.u16(), reader.privileges()
    channel, uid = reader.string().decode(), reader.string().decode()
    joins = service == _RTC and channel == seat.channel and uid in {"", seat.uid}
    if not joins or _JOIN not in privileges:
        return Rejected(TOKEN_INVALID)
    lives = [life, _LONGEST_LIFE, *(limit for limit in (privileges[_JOIN],) if limit)]
    until = datetime.fromtimestamp(issued, UTC) + timedelta(seconds=min(lives))
    return Admitted(until) if until > now else Rejected(TOKEN_EXPIRED)

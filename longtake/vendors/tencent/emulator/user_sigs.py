"""Reads UserSig and PrivateMapKey, by which a robot enters a room.

A sig is a JSON object, zlib-compressed, in Base64 with ``*-_`` for ``+/=``. A PrivateMapKey is a
sig whose user buffer says which room its bearer may enter, and until when.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from longtake.vendors.tencent.emulator.rooms import Room

_MOST_INFLATED = 64 * 1024  # bytes; a real sig inflates to a few hundred
_TO_BASE64 = str.maketrans("*-_", "+/=")
_LATEST = 253_402_300_799  # the last second of the year 9999

# Privilege bits: enter the room, receive audio, receive video.
_A_RECORDER_NEEDS = 0b101010


class InvalidSig(Exception):
    """Why a sig does not let its bearer in."""


@dataclass(frozen=True)
class Bearer:
    """Who wants to enter: the application, its key, and the robot's user id."""

    sdk_app_id: int
    key: str
    user_id: str


def check_user_sig(sig: str, bearer: Bearer) -> datetime:
    """Until when ``sig`` is its bearer's.

    Raises:
        InvalidSig: it never was.
    """
    return _judged(_unpack(sig), bearer)


def check_private_map_key(sig: str, bearer: Bearer, room: Room) -> datetime:
    """As ``check_user_sig``, for the right to enter ``room``."""
    content = _unpack(sig)
    until = _judged(content, bearer)
    try:
        buffer = base64.b64decode(_text(content, "TLS.userbuf"), validate=True)
        expires = _read_buffer(buffer, bearer, room)
    except (binascii.Error, struct.error, UnicodeDecodeError) as err:
        raise InvalidSig("the user buffer breaks off") from err
    return min(until, _instant(expires))


def _unpack(sig: str) -> Mapping[str, Any]:
    try:
        packed = base64.b64decode(sig.translate(_TO_BASE64), validate=True)
        content = json.loads(zlib.decompressobj().decompress(packed, _MOST_INFLATED))
    except (ValueError, binascii.Error, zlib.error, RecursionError) as err:
        raise InvalidSig("not a sig") from err
    if not isinstance(content, dict):
        raise InvalidSig("not a sig")
    return cast("dict[str, Any]", content)


def _judged(content: Mapping[str, Any], bearer: Bearer) -> datetime:
    issued, life = _number(content, "TLS.time"), _number(content, "TLS.expire")
    signed = (
        f"TLS.identifier:{_text(content, 'TLS.identifier')}\n"
        f"TLS.sdkappid:{_number(content, 'TLS.sdkappid')}\n"
        f"TLS.time:{issued}\nTLS.expire:{life}\n"
    )
    if "TLS.userbuf" in content:
        signed += f"TLS.userbuf:{_text(content, 'TLS.userbuf')}\n"
    digest = hmac.digest(bearer.key.encode(), signed.encode(), hashlib.sha256)
    genuine = base64.b64encode(digest).decode()
    if not hmac.compare_digest(genuine.encode(), _text(content, "TLS.sig").encode()):
        raise InvalidSig("signed with another key")
    if content.get("TLS.ver") != "2.0" or content["TLS.sdkappid"] != bearer.sdk_app_id:
        raise InvalidSig("of another version or application")
    if content["TLS.identifier"] != bearer.user_id:
        raise InvalidSig("of another user")
    return _instant(issued + life)


def _read_buffer(buffer: bytes, bearer: Bearer, room: Room) -> int:
    """The expiry that the buffer tells, big-endian, if all else in it fits."""
    version, length = struct.unpack_from(">BH", buffer)
    account = buffer[3 : 3 + length].decode()
    app, number, expires, privileges, _ = struct.unpack_from(">5I", buffer, 3 + length)
    name = buffer[3 + length + 20 :]
    named = struct.pack(">H", len(room.name.encode())) + room.name.encode()
    if room.numeric:
        fits = (version, number, name) == (0, int(room.name), b"")
    else:
        fits = (version, number, name) == (1, 0, named)
    if not fits or (account, app) != (bearer.user_id, bearer.sdk_app_id):
        raise InvalidSig("for another room, user or application")
    if privileges & _A_RECORDER_NEEDS != _A_RECORDER_NEEDS:
        raise InvalidSig("without the right to enter and listen")
    return expires


def _text(content: Mapping[str, Any], field: str) -> str:
    value = content.get(field)
    if not isinstance(value, str):
        raise InvalidSig(f"{field} is no text")
    return value


def _number(content: Mapping[str, Any], field: str) -> int:
    value = content.get(field)
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidSig(f"{field} is no number")
    return value


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(min(max(seconds, 0), _LATEST), UTC)

"""The vendor's vectors, compared by content: builds of zlib compress differently."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from longtake.vendors.tencent.user_sig import UserSig, room_buffer

KEY = "test-usersig-key-0123456789abcdef"
SIG = UserSig(
    sdk_app_id=1400000123,
    user="rec_r7_01",
    issued_at=datetime.fromtimestamp(1700000000, UTC),
    life=timedelta(seconds=7200),
)
TOKEN = (
    "eJyrVgrxCdYrSy1SslJQMtIzUNJRAItkpqTmlWSmZUIkilKT44vM4w0MYdLFKdmJBQWZKUBJQxMDEDA0MobKpVYUZBalAmXM"
    "jQwMoGIlmbkgEUNzAyiAmZOZDjI-1yjStDjKtLCkzNgjyMQz3zjbLchS29kisiggND3NRzug0ss4JMTVIsgw1FapFgB36TG0"
)


def opened(token: str) -> dict[str, Any]:
    packed = base64.b64decode(token.translate(str.maketrans("*-_", "+/=")), validate=True)
    return json.loads(zlib.decompress(packed))


def test_sig_equals_the_vendor_s_vector() -> None:
    assert opened(SIG.token(KEY)) == opened(TOKEN)
    assert opened(SIG.token(KEY)) == {
        "TLS.ver": "2.0",
        "TLS.identifier": "rec_r7_01",
        "TLS.sdkappid": 1400000123,
        "TLS.expire": 7200,
        "TLS.time": 1700000000,
        "TLS.sig": "m2Y5sZ5qtv3HR4Io3kFR9+C8YrPUgfL+PyJ3TTE8R1U=",
    }


def test_sig_with_a_buffer_equals_the_vendor_s_vector() -> None:
    sig = UserSig(SIG.sdk_app_id, SIG.user, SIG.issued_at, SIG.life, buffer=b"abc")
    found = opened(sig.token(KEY))
    assert found["TLS.userbuf"] == "YWJj"
    assert found["TLS.sig"] == "nWU0mloI2c9PBkWail1PvhaT/pXJUGZxcmcrzKtqzO4="


def test_another_key_signs_otherwise() -> None:
    assert opened(SIG.token("another"))["TLS.sig"] != opened(TOKEN)["TLS.sig"]


def test_token_needs_no_quoting_in_an_address() -> None:
    tokens = [UserSig(7, f"user{n}", SIG.issued_at, SIG.life).token(KEY) for n in range(50)]
    assert not set("+/=") & set("".join(tokens))


@pytest.mark.parametrize(
    ("room", "numeric", "version", "number", "tail"),
    [
        ("4294967295", True, 0, 4294967295, b""),
        ("会议-7", False, 1, 0, b"\x00\x08" + "会议-7".encode()),
        ("123", False, 1, 0, b"\x00\x03123"),
    ],
)
def test_room_key_packs_the_room_as_its_users_know_it(
    room: str,
    numeric: bool,  # noqa: FBT001
    version: int,
    number: int,
    tail: bytes,
) -> None:
    head = struct.pack(">BH", version, 9) + b"rec_r7_01"
    body = struct.pack(">IIIII", 1400000123, number, 1700007200, 255, 0)
    assert room_buffer(SIG, room, numeric=numeric) == head + body + tail

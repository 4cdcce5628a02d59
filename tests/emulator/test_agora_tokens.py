"""AccessToken2 as the emulator reads it, against published vectors and its own refusals."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from longtake.vendors.agora.emulator.credentials import SECURED_APP_CERTIFICATE, SECURED_APP_ID
from longtake.vendors.agora.emulator.tokens import Admitted, Rejected, Seat, check_token
from tests.emulator.emulated import Emulated

RECORDER = Seat(
    "970CA35de60c44645bbae8a215061b33",
    "5CFd2fd1755d40ecb72977518be15d3b",
    "httpClient463224",
    "527841",
)
ISSUED = datetime.fromtimestamp(1_700_000_000, UTC)
TOKEN = (
    "007eJxTYLAo5JRXPp2h/K314d/uI0ujf+TutwkSTC6x0jLul554dKMCg6W5gbOjsWlKqplBsomJmYlpUlJiqkWikaGpgZ"
    "lhkrExw8fg1IZARga/xD0MjFAI4gswZJSUFDjnZKbmlZiYGRsZmbAxmBqZW5gYAgA6kyK1"
)
OFFICIAL = (
    "007eJxTYBBbsMMnKq7p9Hf/HcIX5kce9b518kCiQgSr5Zrp4X1Tu6UUGCzNDZwdjU1TUs0Mkk1MzExMk5ISUy0SjQxNDcwM"
    "k4yN3b8IMEQwMTAwMoAwBIL4CgzmKeZGxmamqUmWFsYmFqbGluapxqnGaZYpJmYGSSkpiVwMRhYWRsYmhkbmxgDCaiTj"
)


def build(seat: Seat, *, issued: int, life: int = 3600, join: int = 0) -> str:
    """A token put together by this test, byte by byte."""

    def text(raw: bytes) -> bytes:
        return struct.pack("<H", len(raw)) + raw

    service = struct.pack("<HHHI", 1, 1, 1, join) + text(seat.channel.encode())
    service += text(seat.uid.encode())
    signed = text(seat.app_id.encode()) + struct.pack("<IIIH", issued, life, 7, 1) + service
    key = hmac.digest(struct.pack("<I", issued), seat.certificate.encode(), hashlib.sha256)
    key = hmac.digest(struct.pack("<I", 7), key, hashlib.sha256)
    signature = hmac.digest(key, signed, hashlib.sha256)
    return "007" + base64.b64encode(zlib.compress(text(signature) + signed)).decode()


def test_the_published_token_admits_its_recorder_for_a_day() -> None:
    assert check_token(TOKEN, RECORDER, ISSUED) == Admitted(ISSUED + timedelta(days=1))


def test_the_official_test_token_is_understood() -> None:
    seat = replace(RECORDER, channel="7d72365eb983485397e3e3f9d460bdda", uid="2882341273")
    issued = datetime.fromtimestamp(1_111_111, UTC)
    assert check_token(OFFICIAL, seat, issued) == Admitted(issued + timedelta(seconds=600))


@pytest.mark.parametrize(
    "seat",
    [
        replace(RECORDER, channel="another"),
        replace(RECORDER, uid="1"),
        replace(RECORDER, certificate="0" * 32),
        replace(RECORDER, app_id="0" * 32),
    ],
)
def test_a_token_admits_nobody_else(seat: Seat) -> None:
    assert check_token(TOKEN, seat, ISSUED) == Rejected(110)


def test_an_expired_token_is_109() -> None:
    assert check_token(TOKEN, RECORDER, ISSUED + timedelta(days=1)) == Rejected(109)


@pytest.mark.parametrize(
    "token", ["", "006abc", "007", "007!!!", "007AAAA", TOKEN[:-8], "x" + TOKEN]
)
def test_what_is_no_token_is_110(token: str) -> None:
    assert check_token(token, RECORDER, ISSUED) == Rejected(110)


def test_the_shortest_of_all_lives_counts() -> None:
    token = build(RECORDER, issued=1_700_000_000, life=900, join=300)
    assert check_token(token, RECORDER, ISSUED) == Admitted(ISSUED + timedelta(seconds=300))


def test_no_life_is_longer_than_a_day() -> None:
    token = build(RECORDER, issued=1_700_000_000, life=10**9)
    assert check_token(token, RECORDER, ISSUED) == Admitted(ISSUED + timedelta(days=1))


def test_a_token_for_any_uid_admits_every_recorder() -> None:
    token = build(replace(RECORDER, uid=""), issued=1_700_000_000)
    assert isinstance(check_token(token, RECORDER, ISSUED), Admitted)


def secured(emulator: Emulated, *, life: int) -> str:
    emulator.app = SECURED_APP_ID
    seat = Seat(SECURED_APP_ID, SECURED_APP_CERTIFICATE, "room", "99")
    return build(seat, issued=int(datetime.now(UTC).timestamp()), life=life)


async def test_a_secured_app_records_with_a_token_until_it_expires(emulator: Emulated) -> None:
    token = secured(emulator, life=600)
    task = await emulator.recording(token=token)
    await emulator.advance(20)
    assert await emulator.status(task) == 5
    await emulator.advance(600)
    (row,) = await emulator.tasks()
    assert row["end_reason"] == "token_expired"


@pytest.mark.parametrize("token", [None, "007nonsense"])
async def test_a_secured_app_accepts_a_start_without_token_that_never_comes_up(
    emulator: Emulated, token: str | None
) -> None:
    secured(emulator, life=600)
    await emulator.room("room", "1001")
    task = await emulator.begin(token=token)
    await emulator.advance(10)
    assert (await emulator.query(task)).json()["code"] == 404
    assert (await emulator.tasks())[0]["end_reason"] == "token_refused"

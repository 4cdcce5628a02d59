"""Vectors of the vendor's documentation and its own token tests."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from longtake.vendors.agora.auth import TokenGrant, basic_auth, salt_of
from longtake.vendors.agora.settings import AgoraAccount

CERTIFICATE = "5CFd2fd1755d40ecb72977518be15d3b"
OFFICIAL = TokenGrant(
    app_id="970CA35de60c44645bbae8a215061b33",
    channel="7d72365eb983485397e3e3f9d460bdda",
    uid="2882341273",
    issued_at=datetime.fromtimestamp(1111111, UTC),
    salt=1,
    life=timedelta(seconds=600),
)
OFFICIAL_TOKEN = (
    "007eJxTYBBbsMMnKq7p9Hf/HcIX5kce9b518kCiQgSr5Zrp4X1Tu6UUGCzNDZwdjU1TUs0Mkk1MzExMk5ISUy0SjQxN"
    "DcwMk4yN3b8IMEQwMTAwMoAwBIL4CgzmKeZGxmamqUmWFsYmFqbGluapxqnGaZYpJmYGSSkpiVwMRhYWRsYmhkbmxgDCa"
    "iTj"
)
RECORDER = TokenGrant(
    app_id="970CA35de60c44645bbae8a215061b33",
    channel="httpClient463224",
    uid="527841",
    issued_at=datetime.fromtimestamp(1700000000, UTC),
    salt=12345678,
)
RECORDER_TOKEN = (
    "007eJxTYLAo5JRXPp2h/K314d/uI0ujf+TutwkSTC6x0jLul554dKMCg6W5gbOjsWlKqplBsomJmYlpUlJiqkWikaGpg"
    "ZlhkrExw8fg1IZARga/xD0MjFAI4gswZJSUFDjnZKbmlZiYGRsZmbAxmBqZW5gYAgA6kyK1"
)
RECORDER_INFO = bytes.fromhex(
    "2000393730434133356465363063343436343562626165386132313530363162333300f15365805101004e61bc0001"
    "0001000100010080510100100068747470436c69656e743436333232340600353237383431"
)


def inflated(token: str) -> bytes:
    """Builds of zlib compress differently: only what comes out can be compared."""
    return zlib.decompress(base64.b64decode(token.removeprefix("007")))


@pytest.mark.parametrize(
    ("grant", "published"), [(OFFICIAL, OFFICIAL_TOKEN), (RECORDER, RECORDER_TOKEN)]
)
def test_token_equals_the_published_vector(grant: TokenGrant, published: str) -> None:
    token = grant.token(CERTIFICATE)
    assert token.startswith("007")
    assert inflated(token) == inflated(published)


def test_signed_part_of_the_recorder_vector() -> None:
    assert RECORDER.info() == RECORDER_INFO


def test_another_certificate_signs_otherwise() -> None:
    assert inflated(RECORDER.token("0" * 32)) != inflated(RECORDER_TOKEN)


def test_salt_is_in_its_range_and_repeatable() -> None:
    salts = [salt_of(f"resource-{number}") for number in range(500)]
    assert all(1 <= salt <= 99_999_999 for salt in salts)
    assert salts == [salt_of(f"resource-{number}") for number in range(500)]
    assert len(set(salts)) > 490


def test_basic_header_equals_the_documented_example(
    make_account: Callable[..., AgoraAccount],
) -> None:
    account = make_account(customer_id="customer_id_x", customer_secret="customer_secret_y")
    request = httpx.Request("GET", "https://api.example/")
    next(basic_auth(account).auth_flow(request))
    expected = "Basic Y3VzdG9tZXJfaWRfeDpjdXN0b21lcl9zZWNyZXRfeQ=="
    assert request.headers["Authorization"] == expected

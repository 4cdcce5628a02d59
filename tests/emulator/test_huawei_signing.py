"""SDK-HMAC-SHA256 against the reference's vectors, step by step."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longtake.vendors.huawei.emulator.signing import (
    Authorization,
    SignedRequest,
    canonical_request,
)

APP = "/v2/apps/5fcdf5650a1b2c3d6f835d0d"
KEY, SECRET = "HWEXAMPLEACCESSKEY01", "hwExampleSecretKey0123456789abcdefABCDEF"
NAMES = "content-type;host;x-project-id;x-sdk-date"
H1_BODY = (
    b'{"room_id":"100","user_id":"user001","is_record_audio":true,"video_type":"CAMERASTREAM",'
    b'"select_stream_type":"FHD","max_idle_time":30,'
    b'"record_param":{"record_rule_id":"5f5e172b9016ed5b0961a43"}}'
)


def request(
    method: str,
    path: str,
    date: str,
    signature: str,
    *,
    query: str = "",
    body: bytes = b"",
    names: str = NAMES,
    **headers: str,
) -> SignedRequest:
    given = {
        "content-type": "application/json",
        "host": "rtc-api.myhuaweicloud.com",
        "x-project-id": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
        "x-sdk-date": date,
        "authorization": f"SDK-HMAC-SHA256 Access={KEY}, SignedHeaders={names}, "
        f"Signature={signature}",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return SignedRequest(method, path, query, given, body)


H1 = request(
    "POST",
    f"{APP}/individual-stream-jobs",
    "20260115T083000Z",
    "fb108b81032f263c1ba0d827b4fb437e9a2f6f7d75dcbbd1f738020cc4f42a14",
    body=H1_BODY,
    content_type="application/json;charset=utf-8",
)
H2 = request(
    "GET",
    f"{APP}/record-rules",
    "20260115T083107Z",
    "8075eb2b532dfc3ba62a90f60ebd66d208519198dba61a696e9caab9d7733bfa",
    query="limit=10&offset=0",
    names=f"{NAMES};x-security-token",
    x_security_token="hwStsToken/Example+01==",
)
H3 = request(
    "DELETE",
    f"{APP}/mix-stream-jobs/608196a2fa1b2c3d515147f32ef463b0",
    "20260115T083200Z",
    "2f82eb53ae70610ce9714972b01de51b70c1aea8b6c8dfbf2f743e46acef62d6",
)
CANONICAL = {
    "H1": (H1, "8e485f2bd733ba57567ba39c7c03dba541a163376d2b8727d54c4a279e30eeb5"),
    "H2": (H2, "5ebfb6892a1f8998a339c87f4ae8f27d9c528738039cf519543a8ad36d1ed0b9"),
    "H3": (H3, "8700edbe7b10f3a73ff89c24ed5bec0f9c98be0df2e3a0367a25e9c162ec8e87"),
}


def authorization(signed: SignedRequest) -> Authorization:
    found = Authorization.of(signed)
    assert found is not None
    return found


def fits(signed: SignedRequest) -> bool:
    return authorization(signed).fits(signed, SECRET)


def test_the_payload_of_h1_has_the_published_hash() -> None:
    assert len(H1_BODY) == 194
    expected = "0480641d5a2dbacc29cac9232c50c0438849bd0e407e37c1c52c844a2ced876d"
    assert hashlib.sha256(H1_BODY).hexdigest() == expected
    names = authorization(H1).signed_headers
    assert canonical_request(H1, names).endswith(f"\n{expected}")


@pytest.mark.parametrize("vector", CANONICAL)
def test_a_vector_is_accepted_by_its_published_steps(vector: str) -> None:
    signed, expected = CANONICAL[vector]
    names = authorization(signed).signed_headers
    assert hashlib.sha256(canonical_request(signed, names).encode()).hexdigest() == expected
    assert fits(signed)


def test_only_the_canonical_path_ends_in_a_slash() -> None:
    names = authorization(H3).signed_headers
    assert canonical_request(H3, names).split("\n")[1] == f"{H3.path}/"
    assert fits(replace(H3, path=f"{H3.path}/"))  # the route, not the signature, refuses it


@pytest.mark.parametrize(
    "change",
    [
        {"method": "GET"},
        {"path": f"{APP}/mix-stream-jobs/608196a2fa1b2c3d515147f32ef463b1"},
        {"query": "a=1"},
        {"body": b"{}"},
        *[{"headers": {**H3.headers, name: "other"}} for name in NAMES.split(";")],
    ],
    ids=str,
)
def test_any_change_of_what_is_signed_is_noticed(change: dict[str, Any]) -> None:
    assert not fits(replace(H3, **change))


def test_what_is_not_signed_may_change() -> None:
    assert fits(replace(H3, headers={**H3.headers, "accept": "*/*"}))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer x",
        f"SDK-HMAC-SHA256 Access={KEY}, SignedHeaders={NAMES}",
        f"SDK-HMAC-SHA256, Access={KEY}, SignedHeaders={NAMES}, Signature={'0' * 64}",
        f"SDK-HMAC-SHA256 Access={KEY}, SignedHeaders=host, Signature={'0' * 64}",
        f"SDK-HMAC-SHA256 Access={KEY}, SignedHeaders=x-sdk-date, Signature={'0' * 64}",
        f"SDK-HMAC-SHA256 Access={KEY}, SignedHeaders={NAMES};absent, Signature={'0' * 64}",
        f"SDK-HMAC-SHA256 Access={KEY}, SignedHeaders={NAMES}, Signature=XYZ",
    ],
)
def test_a_header_of_another_form_says_nothing(header: str) -> None:
    assert Authorization.of(replace(H3, headers={**H3.headers, "authorization": header})) is None


def test_pairs_of_the_query_are_sorted_and_encoded_anew() -> None:
    names = authorization(H2).signed_headers
    messy = replace(H2, query="b=&a=%e4%bd%a0&a=1%2F2&flag=true")
    assert canonical_request(messy, names).split("\n")[2] == "a=1%2F2&a=%E4%BD%A0&b=&flag=true"


def test_an_unsigned_payload_is_taken_by_its_word() -> None:
    names = authorization(H1).signed_headers
    unsigned = {**H1.headers, "x-sdk-content-sha256": "UNSIGNED-PAYLOAD"}
    text = canonical_request(replace(H1, headers=unsigned), names)
    assert text.endswith("\nUNSIGNED-PAYLOAD")
    empty = replace(H1, headers=unsigned, body=b"")
    assert canonical_request(empty, names).endswith(hashlib.sha256(b"").hexdigest())


@pytest.mark.parametrize("date", ["", "soon", "20260115T083200", "20261315T083200Z"])
def test_a_date_of_another_form_is_none(date: str) -> None:
    assert replace(H3, headers={**H3.headers, "x-sdk-date": date}).signed_at is None


@given(st.text(), st.text(), st.binary(max_size=20))
def test_any_path_and_query_has_a_canonical_form(path: str, query: str, body: bytes) -> None:
    names = authorization(H1).signed_headers
    text = canonical_request(replace(H1, path=f"/{path}", query=query, body=body), names)
    assert text.split("\n")[1].endswith("/")

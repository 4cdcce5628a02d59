"""The front of TRTC: what is refused before any action."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import httpx
import pytest

from longtake.vendors.tencent.emulator.credentials import SDK_APP_ID, SECRET_ID
from tests.emulator.trtc import (
    CREATE,
    DELETE,
    DESCRIBE,
    MODIFY,
    LaunchTrtc,
    Trtc,
    code,
    signed_headers,
)

BODY = json.dumps({"SdkAppId": SDK_APP_ID, "TaskId": "t"}).encode()


async def raw(trtc: Trtc, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
    reply = await trtc.http.post("/", content=body, headers=headers)
    assert reply.status_code == 200
    return reply.json()["Response"]


async def test_every_answer_is_200_with_exactly_the_type_that_the_sdk_needs(trtc: Trtc) -> None:
    reply = await trtc.http.post("/", content=BODY, headers={"X-TC-Action": DESCRIBE})
    assert (reply.status_code, reply.headers["content-type"]) == (200, "application/json")
    answer = reply.json()["Response"]
    assert answer.keys() == {"Error", "RequestId"}
    assert answer["Error"].keys() == {"Code", "Message"}


async def test_a_wrong_secret_id_and_a_wrong_key_differ(trtc: Trtc) -> None:
    seen = [
        code(await raw(trtc, BODY, signed_headers(trtc.url, DESCRIBE, BODY, secret=pair)))
        for pair in (("stranger", "k"), (SECRET_ID, "wrong"))
    ]
    assert seen == ["AuthFailure.SecretIdNotFound", "AuthFailure.SignatureFailure"]


async def test_a_body_changed_on_the_way_is_noticed(trtc: Trtc) -> None:
    headers = signed_headers(trtc.url, DESCRIBE, BODY)
    assert code(await raw(trtc, BODY + b" ", headers)) == "AuthFailure.SignatureFailure"


async def test_a_stale_signature_has_expired(trtc: Trtc) -> None:
    headers = signed_headers(trtc.url, DESCRIBE, BODY, at=int(time.time()) - 400)
    assert code(await raw(trtc, BODY, headers)) == "AuthFailure.SignatureExpire"


async def test_callers_need_not_follow_the_emulators_jumps(trtc: Trtc) -> None:
    await trtc.advance(86_400)
    assert code(await trtc.describe("t")) == "ResourceNotFound"


@pytest.mark.parametrize(
    ("header", "value", "expected"),
    [
        ("X-TC-Action", "ListCloudRecordings", "InvalidAction"),
        ("X-TC-Version", "2017-01-01", "NoSuchVersion"),
        ("X-TC-Region", "", "MissingParameter"),
        ("X-TC-Region", "eu-frankfurt", "UnsupportedRegion"),
        ("X-TC-Timestamp", "soon", "InvalidParameter"),
    ],
)
async def test_a_wrong_common_parameter_has_its_code(
    trtc: Trtc, header: str, value: str, expected: str
) -> None:
    assert code(await trtc.send(DESCRIBE, BODY, **{header: value})) == expected


@pytest.mark.parametrize(
    ("action", "region", "expected"),
    [
        (CREATE, "ap-mumbai", "UnsupportedRegion"),
        (DESCRIBE, "ap-mumbai", "ResourceNotFound"),
        (CREATE, "ap-guangzhou", "MissingParameter.RoomId"),
    ],
)
async def test_regions_depend_on_the_action(
    trtc: Trtc, action: str, region: str, expected: str
) -> None:
    assert code(await trtc.send(action, BODY, **{"X-TC-Region": region})) == expected


async def test_the_regions_can_be_set(launch_trtc: LaunchTrtc) -> None:
    trtc = await launch_trtc(options={"regions": {"others": ["ap-guangzhou"]}})
    assert code(await trtc.describe("t")) == "UnsupportedRegion"


async def test_get_is_no_method_of_recording(trtc: Trtc) -> None:
    reply = await trtc.http.get("/", headers=signed_headers(trtc.url, DESCRIBE, b""))
    assert code(reply.json()["Response"]) == "FailedOperation.CRUnsupportMethod"


async def test_a_body_over_10_mb_is_refused(trtc: Trtc) -> None:
    body = b" " * (10 * 1024 * 1024 + 1)
    assert code(await trtc.send(DESCRIBE, body)) == "RequestSizeLimitExceeded"


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'"text"', b"[" * 100_000, b"\xff\xfe"], ids=repr
)
async def test_what_is_no_json_object_is_refused(trtc: Trtc, body: bytes) -> None:
    assert code(await trtc.send(DESCRIBE, body)) == "InvalidParameter"


async def test_the_21st_call_of_an_action_in_a_second_is_refused(launch_trtc: LaunchTrtc) -> None:
    trtc = await launch_trtc(options={"limits": {"calls_per_second": 20}})
    codes = [code(a) for a in await asyncio.gather(*(trtc.describe("t") for _ in range(23)))]
    assert codes.count("ResourceNotFound") == 20
    assert codes.count("RequestLimitExceeded") == 3
    assert code(await trtc.delete("t")) == "ResourceNotFound"
    await trtc.advance(1.01)
    assert code(await trtc.describe("t")) == "ResourceNotFound"


async def test_what_was_turned_away_is_in_the_ledger(trtc: Trtc) -> None:
    await trtc.send(MODIFY, BODY, **{"X-TC-Region": "nowhere"})
    (call,) = (await trtc.ledger())["calls"]
    assert (call["call"], call["status"], call["code"]) == (MODIFY, 200, "UnsupportedRegion")
    assert call["finished_at"] is not None


async def test_hostile_text_does_not_stop_the_ledger(launch_trtc: LaunchTrtc) -> None:
    trtc = await launch_trtc(strict=True)
    body = rb'{"SdkAppId": 1400700001, "TaskId": "\ud800", "RoomId": "\udfff", "\ud801": 1}'
    assert code(await trtc.send(DELETE, body))
    assert (await trtc.ledger())["calls"][0]["task_id"] == "\ud800"


async def test_hostile_names_of_fields_are_answered(launch_trtc: LaunchTrtc) -> None:
    trtc = await launch_trtc(strict=True)
    body = rb'{"SdkAppId": 1400700001, "TaskId": "t", "\ud801": 1}'
    assert code(await trtc.send(DELETE, body)) == "InvalidParameter.OutOfRange"


async def test_both_vendors_answer_on_one_port(trtc: Trtc) -> None:
    health = (await trtc.http.get("/_emulator/health")).json()
    assert health["vendors"] == ["agora", "tencent"]
    agora = await trtc.http.post("/v1/apps/x/cloud_recording/acquire", json={})
    assert agora.status_code == 401
    assert code(await trtc.describe("t")) == "ResourceNotFound"


async def test_a_plain_request_to_the_root_is_nobodys(trtc: Trtc) -> None:
    async with httpx.AsyncClient(base_url=trtc.url, trust_env=False) as stranger:
        assert (await stranger.post("/", json={})).status_code == 404

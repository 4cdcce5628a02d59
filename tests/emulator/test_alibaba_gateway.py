"""The front of the emulated Alibaba RTC: who may call what, how, and how often."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from longtake.vendors.alibaba.emulator.codes import CODES, Refusal
from longtake.vendors.alibaba.emulator.credentials import ACCESS_KEY_ID, ACCESS_KEY_SECRET
from longtake.vendors.alibaba.emulator.options import Caller
from longtake.vendors.alibaba.emulator.signing import (
    SignedRequest,
    canonical_query,
    canonical_request,
    content_hash,
    verify,
)
from tests.emulator.alibaba_client import (
    DESCRIBE,
    START,
    STOP,
    USERS,
    Artc,
    emulated_artc,
    flat,
    mixed,
)

KEY_ID = "LTAI5tExampleAccessKey01"
SECRET = "ExampleSecret0123456789abcdefABCD"
NO_BODY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
V1 = {
    "host": "live.aliyuncs.com",
    "x-acs-action": "StopRtcCloudRecording",
    "x-acs-content-sha256": NO_BODY,
    "x-acs-date": "2026-01-15T08:30:00Z",
    "x-acs-signature-nonce": "a1b2c3d4e5f60718293a4b5c6d7e8f90",
    "x-acs-version": "2016-11-01",
}
V1_QUERY = [("TaskId", "73a1c0de-8501-4f00-8ac1-72295a000001")]
V1_SIGNATURE = "5e501c60ef984fe6955957480963fcf4b37f055c16eb6fadbe893dbaf443219e"
V1B_SIGNATURE = "6bac8409aaa7210158c48ebccf09009d27facfd589aa9f4a81cf4f01bf4f5cdf"
V2 = V1 | {
    "host": "live.ap-southeast-1.aliyuncs.com",
    "x-acs-accesskey-id": KEY_ID,
    "x-acs-action": "StartRtcCloudRecording",
    "x-acs-date": "2026-01-15T08:31:07Z",
    "x-acs-security-token": "STS.ExampleToken/+==01",
    "x-acs-signature-nonce": "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
}
V2_QUERY = [
    ("AppId", "0a1b2c3d-7074-4e5f-9ef5-85c19a400001"),
    ("ChannelId", "room 1024~测试"),
    ("MaxIdleTime", "600"),
    ("NotifyAuthKey", "mytestkeymytestkey"),
    ("NotifyFileUploadedFormat.1", "HLS"),
    ("NotifyFileUploadedFormat.2", "MP4"),
    ("NotifyUrl", "https://example.com/cb?x=1&y=a b"),
    ("RecordParams", '{"MaxFileDuration":3600,"RecordMode":0,"StreamType":0}'),
    (
        "StorageParams",
        (
            '{"FileInfo":[{"FileNamePattern":"{AppId}_{ChannelId}_{UserId}_{SourceType}_{StartTime}",'
            '"Format":"HLS","SliceDuration":30}],"OSSParams":{"OSSBucket":"mytest-bucket",'
            '"OSSEndpoint":"oss-ap-southeast-1.aliyuncs.com"},"StorageType":1}'
        ),
    ),
    (
        "SubscribeParams",
        (
            '{"SubscribeUserIdList":[{"SourceType":0,"StreamType":0,"UserId":"userA"},'
            '{"SourceType":1,"StreamType":0,"UserId":"userA"}]}'
        ),
    ),
]
V2_SIGNATURE = "009da7d78a435b8557f504467237566786a03310437b462ea2ba6d6e5c0ef7e5"


def vector(
    headers: dict[str, str], query: list[tuple[str, str]], signature: str
) -> tuple[SignedRequest, list[str]]:
    names = sorted(headers)
    authorization = (
        f"ACS3-HMAC-SHA256 Credential={KEY_ID},SignedHeaders={';'.join(names)},"
        f"Signature={signature}"
    )
    return SignedRequest("POST", headers | {"authorization": authorization}, query, b""), names


def verified(request: SignedRequest, *, secret: str = SECRET, token: str | None = None) -> str:
    at = datetime(2026, 1, 15, 8, 35, tzinfo=UTC)
    return verify(request, {KEY_ID: Caller(secret=secret, token=token)}, (at,))


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


# --- the vectors of the reference -----------------------------------------------------------------


def test_the_plain_vector_is_accepted() -> None:
    request, names = vector(V1, V1_QUERY, V1_SIGNATURE)
    digest = "01ce1a24f6b192cd77a4bdfa57c0bd81024ca47983020ba197d5687d0a2c9760"
    assert sha256(canonical_request(request, names)) == digest
    assert verified(request) == KEY_ID
    assert content_hash(b"") == NO_BODY


def test_more_headers_may_be_signed() -> None:
    more = {"accept": "application/json", "x-acs-credentials-provider": "static_ak"}
    request, _ = vector(V1 | more, V1_QUERY, V1B_SIGNATURE)
    assert verified(request) == KEY_ID


def test_the_vector_with_a_token_and_nested_parameters_is_accepted() -> None:
    request, names = vector(V2, V2_QUERY, V2_SIGNATURE)
    query = canonical_query(V2_QUERY)
    assert len(query) == 920
    assert sha256(query) == "394502d853a59c44b9c19a35ffef52cdc484d717038574f4e8dfc2eb44cd584f"
    digest = "4bb0bfe2866f799b67b6ddab3ed959f370140673303a5d00deb57833bd397a8f"
    assert sha256(canonical_request(request, names)) == digest
    assert verified(request, token="STS.ExampleToken/+==01") == KEY_ID


@pytest.mark.parametrize("part", ["header", "query", "body", "secret", "signature"])
def test_a_signature_covers_every_part(part: str) -> None:
    headers = V1 | ({"x-acs-version": "2016-11-02"} if part == "header" else {})
    query = [("TaskId", "another")] if part == "query" else V1_QUERY
    signature = "0" * 64 if part == "signature" else V1_SIGNATURE
    request, _ = vector(headers, query, signature)
    if part == "body":
        request = SignedRequest("POST", request.headers, query, b"x")
    with pytest.raises(Refusal) as caught:
        verified(request, secret="another" if part == "secret" else SECRET)
    assert caught.value.code == "SignatureDoesNotMatch"


# --- the gate -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Artc]:
    async with emulated_artc(tmp_path_factory.mktemp("artc")) as emulator:
        yield emulator


@pytest.fixture
async def artc(shared: Artc) -> Artc:
    return await shared.anew()


async def code(artc: Artc, request: httpx.Request) -> tuple[int, str]:
    reply = await artc.send(request)
    return reply.status_code, reply.json()["Code"]


def without(request: httpx.Request, header: str) -> httpx.Request:
    del request.headers[header]
    return request


OF_A_TASK = {"TaskId": "unknown"}


async def test_who_is_not_known_is_refused(artc: Artc) -> None:
    stranger = artc.request(STOP, OF_A_TASK, secret=("stranger", ACCESS_KEY_SECRET))
    assert await code(artc, stranger) == (404, "InvalidAccessKeyId.NotFound")
    liar = artc.request(STOP, OF_A_TASK, secret=(ACCESS_KEY_ID, "wrong"))
    assert await code(artc, liar) == (400, "SignatureDoesNotMatch")
    nobody = without(artc.request(STOP, OF_A_TASK), "authorization")
    assert await code(artc, nobody) == (400, "IncompleteSignature")


async def test_a_disabled_key_and_a_temporary_one_without_token_are_refused(tmp_path: Path) -> None:
    callers = {
        "off": {"secret": "s", "active": False},
        "sts": {"secret": "s", "token": "STS.token"},
    }
    async with emulated_artc(tmp_path, options={"callers": callers}) as artc:
        off = artc.request(STOP, OF_A_TASK, secret=("off", "s"))
        assert await code(artc, off) == (400, "InvalidAccessKeyId.Inactive")
        bare = artc.request(STOP, OF_A_TASK, secret=("sts", "s"))
        assert await code(artc, bare) == (404, "InvalidAccessKeyId.NotFound")
        secret = ("sts", "s")
        whole = artc.request(STOP, OF_A_TASK, secret=secret, x_acs_security_token="STS.token")
        assert await code(artc, whole) == (400, "NotFound.Task")


@pytest.mark.parametrize(
    ("minutes", "expected"), [(-16, False), (-14, True), (14, True), (16, False)]
)
async def test_a_date_may_be_fifteen_minutes_off(
    artc: Artc, minutes: int, *, expected: bool
) -> None:
    at = datetime.now(UTC) + timedelta(minutes=minutes)
    request = artc.request(STOP, OF_A_TASK, x_acs_date=f"{at:%Y-%m-%dT%H:%M:%SZ}")
    fresh = "NotFound.Task" if expected else "InvalidTimeStamp.Expired"
    assert await code(artc, request) == (400, fresh)


async def test_callers_need_not_follow_the_emulators_clock(artc: Artc) -> None:
    await artc.advance(7200)
    assert await code(artc, artc.request(STOP, OF_A_TASK)) == (400, "NotFound.Task")


async def test_a_date_of_another_form_is_refused(artc: Artc) -> None:
    request = artc.request(STOP, OF_A_TASK, x_acs_date="Fri, 20 Nov 2026 21:00:00 GMT")
    assert await code(artc, request) == (400, "InvalidTimeStamp.Format")


async def test_a_request_that_arrived_cannot_arrive_again(artc: Artc) -> None:
    await artc.room("standup", "alice", "bob")
    request = artc.request(START, flat(**mixed()))
    assert (await artc.send(request)).status_code == 200
    assert await code(artc, request) == (400, "SignatureNonceUsed")
    assert len(await artc.tasks()) == 1


async def test_a_request_that_never_arrived_may_be_sent_again(artc: Artc) -> None:
    await artc.room("standup", "alice", "bob")
    request = artc.request(START, flat(**mixed()))
    await artc.fault("reset", START)
    with pytest.raises(httpx.TransportError):
        await artc.http.send(request)
    assert (await artc.send(request)).status_code == 200
    assert len(await artc.tasks()) == 1


@pytest.mark.parametrize("name", ["x-acs-date", "x-acs-action", "host", "x-acs-signature-nonce"])
async def test_every_header_of_the_service_must_be_signed(artc: Artc, name: str) -> None:
    request = artc.request(STOP, OF_A_TASK)
    told = request.headers["authorization"]
    request.headers["authorization"] = told.replace(f"{name};", "")
    assert await code(artc, request) == (400, "IncompleteSignature")


async def test_a_body_is_hashed_but_never_read(artc: Artc) -> None:
    body = b"TaskId=unknown"
    request = artc.request(STOP, {}, body=body, content_type="application/x-www-form-urlencoded")
    assert await code(artc, request) == (400, "MissingParameter")
    request = artc.request(STOP, OF_A_TASK, body=body)
    altered = httpx.Request("POST", request.url, headers=request.headers, content=b"TaskId=UNKNOWN")
    assert await code(artc, altered) == (400, "SignatureDoesNotMatch")


async def test_a_space_may_come_as_plus(artc: Artc) -> None:
    await artc.room("stand up", "alice", "bob")
    request = artc.request(START, flat(**mixed("stand up")))
    assert "%20" in str(request.url)
    plus = httpx.URL(str(request.url).replace("%20", "+"))
    reply = await artc.send(httpx.Request("POST", plus, headers=request.headers))
    assert reply.status_code == 200


async def test_other_operations_and_versions_are_unknown(artc: Artc) -> None:
    request = artc.request("StartCloudRecord", {})
    assert await code(artc, request) == (404, "InvalidAction.NotFound")
    request = artc.request(STOP, OF_A_TASK, x_acs_version="2018-01-11")
    assert await code(artc, request) == (404, "InvalidApi.NotFound")


async def test_fifty_calls_a_second_of_each_operation_are_answered(tmp_path: Path) -> None:
    limits = {"calls_per_second": 3, "users_per_second": 5, "throttled_as": 429}
    async with emulated_artc(tmp_path, options={"limits": limits}) as artc:
        found = [await code(artc, artc.request(STOP, OF_A_TASK)) for _ in range(4)]
        assert found == [(400, "NotFound.Task")] * 3 + [(429, "Throttling.User")]
        reply = await artc.send(artc.request(STOP, OF_A_TASK))
        assert reply.headers["x-acs-retry-after"] == "1000"
        assert await code(artc, artc.request(DESCRIBE, OF_A_TASK)) == (400, "NotFound.Task")
        users = [await code(artc, artc.request(USERS, {})) for _ in range(6)]
        assert users == [(400, "MissingParameter")] * 5 + [(429, "Throttling.User")]


async def test_an_error_has_the_documented_form(artc: Artc) -> None:
    reply = await artc.send(artc.request(STOP, {"TaskId": "task-of-a-secret"}))
    body = reply.json()
    assert set(body) == {"RequestId", "HostId", "Code", "Message", "Recommend"}
    assert "task-of-a-secret" not in reply.text
    await artc.room("standup", "alice", "bob")
    wrong = await artc.start(NotifyAuthKey="hunter2")
    assert wrong["Message"].endswith(", please check the notifyAuthKey.")
    assert "hunter2" not in wrong["Message"]


@pytest.mark.parametrize("call", sorted(CODES))
async def test_every_documented_code_can_be_had(artc: Artc, call: str) -> None:
    for name, status in CODES[call].items():
        await artc.fault("code", call, code=name)
        reply = await artc.send(artc.request(call, {}))
        assert (reply.status_code, reply.json()["Code"]) == (status, name)
    rule = {"vendor": "alibaba", "call": call, "kind": "code", "code": "NoSuchCode"}
    refused = await artc.http.post("/_emulator/faults", json=rule)
    assert refused.status_code == 422


async def test_every_call_is_in_the_ledger_with_what_it_names(artc: Artc) -> None:
    task = await artc.recording(NotifyUrl="https://calls.example/cb/lt-1")
    await artc.describe(task)
    await artc.stop(task)
    await artc.stop("unknown")
    calls = (await artc.ledger())["calls"]
    told = [(c["call"], c["code"], c["task_id"], c["room"], c["recorder"]) for c in calls]
    assert told == [
        (START, None, task, "standup", "lt-1"),
        (DESCRIBE, None, task, "standup", "lt-1"),
        (STOP, None, task, "standup", "lt-1"),
        (STOP, "NotFound.Task", "unknown", None, None),
    ]


async def test_text_that_is_no_utf8_is_refused(artc: Artc) -> None:
    await artc.room("standup", "alice")
    lone = {"SubscribeParams": '{"SubscribeUserIdList":[{"UserId":"\\ud800"}]}'}
    refused = await code(artc, artc.request(START, flat(**mixed()) | lone))
    assert refused == (400, "InvalidParameter.SubscribeParams.SubscribeUserIdList")

"""Vectors made with the vendor's own signer; the bytes that are signed are those that are sent."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from longtake.vendors.alibaba.auth import (
    Acs3Auth,
    canonical_query,
    canonical_request,
    signed_names,
    string_to_sign,
)
from longtake.vendors.alibaba.client import AlibabaClient
from longtake.vendors.alibaba.settings import AlibabaAccount
from longtake.vendors.alibaba.wire.requests import StartRequest, TaskRequest

KEY_ID, KEY = "LTAI5tExampleAccessKey01", "ExampleSecret0123456789abcdefABCD"
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
STS = "STS.ExampleToken/+==01"
CST = timezone(timedelta(hours=8))

MakeAccount = Callable[..., AlibabaAccount]


class Vector(NamedTuple):
    host: str
    action: str
    at: datetime
    nonce: str
    parameters: Mapping[str, str]
    token: str | None
    signed: str
    canonical_hash: str
    signature: str


V1 = Vector(
    host="live.aliyuncs.com",
    action="StopRtcCloudRecording",
    at=datetime(2026, 1, 15, 8, 30, tzinfo=UTC),
    nonce="a1b2c3d4e5f60718293a4b5c6d7e8f90",
    parameters={"TaskId": "73a1c0de-8501-4f00-8ac1-72295a000001"},
    token=None,
    signed="host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version",
    canonical_hash="01ce1a24f6b192cd77a4bdfa57c0bd81024ca47983020ba197d5687d0a2c9760",
    signature="5e501c60ef984fe6955957480963fcf4b37f055c16eb6fadbe893dbaf443219e",
)
V1B_SIGNATURE = "6bac8409aaa7210158c48ebccf09009d27facfd589aa9f4a81cf4f01bf4f5cdf"
V2 = Vector(
    host="live.ap-southeast-1.aliyuncs.com",
    action="StartRtcCloudRecording",
    at=datetime(2026, 1, 15, 8, 31, 7, tzinfo=UTC),
    nonce="0f1e2d3c4b5a69788796a5b4c3d2e1f0",
    parameters={
        "AppId": "0a1b2c3d-7074-4e5f-9ef5-85c19a400001",
        "ChannelId": "room 1024~测试",
        "MaxIdleTime": "600",
        "NotifyAuthKey": "mytestkeymytestkey",
        "NotifyFileUploadedFormat.1": "HLS",
        "NotifyFileUploadedFormat.2": "MP4",
        "NotifyUrl": "https://example.com/cb?x=1&y=a b",
        "RecordParams": '{"MaxFileDuration":3600,"RecordMode":0,"StreamType":0}',
        "StorageParams": (
            '{"FileInfo":[{"FileNamePattern":"{AppId}_{ChannelId}_{UserId}_{SourceType}_'
            '{StartTime}","Format":"HLS","SliceDuration":30}],"OSSParams":{"OSSBucket":'
            '"mytest-bucket","OSSEndpoint":"oss-ap-southeast-1.aliyuncs.com"},"StorageType":1}'
        ),
        "SubscribeParams": (
            '{"SubscribeUserIdList":[{"SourceType":0,"StreamType":0,"UserId":"userA"},'
            '{"SourceType":1,"StreamType":0,"UserId":"userA"}]}'
        ),
    },
    token=STS,
    signed=(
        "host;x-acs-accesskey-id;x-acs-action;x-acs-content-sha256;x-acs-date;"
        "x-acs-security-token;x-acs-signature-nonce;x-acs-version"
    ),
    canonical_hash="4bb0bfe2866f799b67b6ddab3ed959f370140673303a5d00deb57833bd397a8f",
    signature="009da7d78a435b8557f504467237566786a03310437b462ea2ba6d6e5c0ef7e5",
)
V2_QUERY_HASH = "394502d853a59c44b9c19a35ffef52cdc484d717038574f4e8dfc2eb44cd584f"
VECTORS = pytest.mark.parametrize("vector", [V1, V2], ids=["V1", "V2"])


def sha256(text: str | bytes) -> str:
    return hashlib.sha256(text if isinstance(text, bytes) else text.encode()).hexdigest()


def signed(vector: Vector, make_account: MakeAccount, at: datetime | None = None) -> httpx.Request:
    request = httpx.Request(
        "POST",
        f"https://{vector.host}/?{canonical_query(vector.parameters)}",
        headers={
            "accept": "application/json",
            "x-acs-action": vector.action,
            "x-acs-version": "2016-11-01",
        },
    )
    account = make_account(security_token=vector.token)
    auth = Acs3Auth(account, lambda: at or vector.at, lambda: vector.nonce)
    next(auth.sync_auth_flow(request))
    return request


def test_query_equals_the_published_one_and_is_sent_as_it_is() -> None:
    query = canonical_query(V2.parameters)
    assert (len(query), sha256(query)) == (920, V2_QUERY_HASH)
    assert query.startswith(
        "AppId=0a1b2c3d-7074-4e5f-9ef5-85c19a400001"
        "&ChannelId=room%201024~%E6%B5%8B%E8%AF%95&MaxIdleTime=600&"
    )
    assert httpx.URL(f"https://h/?{query}").raw_path.decode() == f"/?{query}"


@VECTORS
def test_every_step_equals_the_vendor_s_own_signer(
    make_account: MakeAccount, vector: Vector
) -> None:
    request = signed(vector, make_account)
    assert request.headers["x-acs-content-sha256"] == EMPTY == sha256(request.content)
    names = signed_names(request)
    assert ";".join(names) == vector.signed
    canonical = canonical_request(request, names)
    assert sha256(canonical) == vector.canonical_hash
    assert string_to_sign(canonical) == f"ACS3-HMAC-SHA256\n{vector.canonical_hash}"


@VECTORS
@pytest.mark.parametrize("zone", [UTC, CST], ids=["UTC", "CST"])
def test_authorization_equals_the_published_vector_wherever_the_worker_runs(
    make_account: MakeAccount, vector: Vector, zone: timezone
) -> None:
    request = signed(vector, make_account, vector.at.astimezone(zone))
    assert request.headers["x-acs-date"] == f"{vector.at:%Y-%m-%dT%H:%M:%SZ}"
    assert request.headers["Authorization"] == (
        f"ACS3-HMAC-SHA256 Credential={KEY_ID},SignedHeaders={vector.signed},"
        f"Signature={vector.signature}"
    )


def test_more_signed_headers_give_the_signature_of_the_vendor_s_own_client(
    make_account: MakeAccount,
) -> None:
    request = signed(V1, make_account)
    request.headers["x-acs-credentials-provider"] = "static_ak"
    names = sorted(["accept", *signed_names(request)])
    text = string_to_sign(canonical_request(request, names))
    assert hmac.new(KEY.encode(), text.encode(), hashlib.sha256).hexdigest() == V1B_SIGNATURE


def test_request_model_writes_the_published_parameters() -> None:
    """The vector's own texts, from the model: nested objects compact, lists numbered."""
    nested = ("RecordParams", "StorageParams", "SubscribeParams")
    body: dict[str, Any] = dict(V2.parameters)
    body |= {name: json.loads(body[name]) for name in nested}
    formats = [body.pop(f"NotifyFileUploadedFormat.{number}") for number in (1, 2)]
    body["NotifyFileUploadedFormat"] = formats
    body["MaxIdleTime"] = 600
    body["NotifyUrl"] = "https://example.com/cb?x=1&y=a%20b"  # ours holds no space
    body["StorageParams"]["FileInfo"][0]["SliceNamePattern"] = "{SourceType}{Sequence}"
    body["StorageParams"]["FileInfo"].append({"Format": "MP4", "FileNamePattern": "{SourceType}"})
    found = StartRequest.model_validate(body).parameters()
    same = V2.parameters.keys() - {"NotifyUrl", "StorageParams"}
    assert {name: found[name] for name in same} == {name: V2.parameters[name] for name in same}
    assert found["StorageParams"].startswith('{"FileInfo":[{"FileNamePattern":"{AppId}_')
    assert found["StorageParams"].endswith(V2.parameters["StorageParams"].split("}],")[1])


@given(
    st.dictionaries(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8")))
)
def test_any_parameter_survives_the_query(parameters: dict[str, str]) -> None:
    query = canonical_query(parameters)
    assert re.fullmatch(r"[A-Za-z0-9._~%=&-]*", query)
    found = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    assert dict(found) == parameters
    assert httpx.URL(f"https://h/?{query}").query.decode() == query


def proven(request: httpx.Request, key: str) -> bool:
    """Check a signature from what arrived alone, as the service does."""
    found = re.fullmatch(
        r"ACS3-HMAC-SHA256 Credential=[^,]+,SignedHeaders=([^,]+),Signature=([0-9a-f]{64})",
        request.headers["Authorization"],
    )
    assert found is not None
    names, signature = found.groups()
    must = {n for n in map(str.lower, request.headers) if n.startswith("x-acs-")} | {"host"}
    assert must <= set(names.split(";"))
    pairs = parse_qsl(request.url.query.decode(), keep_blank_values=True)
    query = "&".join(f"{quote(n, safe='~')}={quote(v, safe='~')}" for n, v in sorted(pairs))
    lines = "".join(f"{name}:{request.headers[name]}\n" for name in names.split(";"))
    canonical = "\n".join(["POST", "/", query, lines, names, sha256(request.content)])
    text = f"ACS3-HMAC-SHA256\n{sha256(canonical)}"
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest() == signature


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:8400", "https://gateway.example/"])
async def test_what_arrives_is_what_was_signed(make_account: MakeAccount, base_url: str) -> None:
    arrived: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        arrived.append(request)
        return httpx.Response(200, json={"RequestId": "r"})

    http = httpx.AsyncClient(transport=httpx.MockTransport(handle))
    client = AlibabaClient(make_account(base_url=base_url), http, lambda: V1.at)
    await client.stop(TaskRequest.model_validate({"TaskId": "任务 +&=é~'"}))
    (request,) = arrived
    assert dict(parse_qsl(request.url.query.decode())) == {"TaskId": "任务 +&=é~'"}
    assert request.headers["Host"] == base_url.split("//")[1].rstrip("/")
    assert request.content == b""
    assert "content-type" not in request.headers
    assert proven(request, KEY)
    assert not proven(request, f"{KEY}x")


async def test_each_attempt_has_its_own_time_and_nonce(make_account: MakeAccount) -> None:
    seen: list[tuple[str, str]] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append((request.headers["x-acs-date"], request.headers["x-acs-signature-nonce"]))
        return httpx.Response(200, json={"RequestId": "r"})

    clock = iter([V1.at, V2.at])
    http = httpx.AsyncClient(transport=httpx.MockTransport(handle))
    client = AlibabaClient(make_account(), http, lambda: next(clock))
    request = TaskRequest.model_validate({"TaskId": "t"})
    await client.stop(request)
    await client.stop(request)
    assert [at for at, _ in seen] == ["2026-01-15T08:30:00Z", "2026-01-15T08:31:07Z"]
    assert seen[0][1] != seen[1][1]
    assert all(re.fullmatch("[0-9a-f]{32}", nonce) for _, nonce in seen)

"""Vectors made with the vendor's own signer under a frozen clock; the bytes signed are sent."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, NamedTuple

import httpx
import pytest

from longtake.vendors.tencent.auth import (
    Tc3Auth,
    canonical_request,
    signing_keys,
    string_to_sign,
)
from longtake.vendors.tencent.client import TencentClient
from longtake.vendors.tencent.settings import TencentAccount
from longtake.vendors.tencent.wire.requests import TaskRequest


class Vector(NamedTuple):
    secret: str
    host: str
    at: datetime
    body: bytes
    payload_hash: str
    canonical_hash: str
    day: str
    signature: str


A = Vector(
    secret="test-secret-{}-a",
    host="trtc.intl.tencentcloudapi.com",
    at=datetime.fromtimestamp(1700000000, UTC),
    body=b'{"SdkAppId": 1400000123, "TaskId": "task-Ab+9_x."}',
    payload_hash="04ed65289a008a4f50f0d0598dc2f6d857b2df556de5e38868ff0cc67490cc0e",
    canonical_hash="588776d95a2ea5122c547a1c32d43a45a051e0f76139185439f47e4f08b19157",
    day="2023-11-14",
    signature="a4542d39560c4b26db965c3d8d91a622e4d4dceb63e923b9359f3e4a0e315549",
)
B = Vector(
    secret="test-secret-{}-b",
    host="trtc.tencentcloudapi.com",
    at=datetime.fromtimestamp(1704067199, UTC),
    body=(
        b'{"SdkAppId": 1400000123, "RoomId": "\\u4f1a\\u8bae-7", "RoomIdType": 0, '
        b'"UserId": "rec_r7_01", "UserSig": "eJx-usersig", "RecordParams": {"RecordMode": 2, '
        b'"MaxIdleTime": 60, "StreamType": 0, "OutputFormat": 1}, "StorageParams": '
        b'{"CloudStorage": {"Vendor": 0, "Region": "ap-shanghai", "Bucket": "demo-1250000000", '
        b'"AccessKey": "cos-id", "SecretKey": "cos-key", "FileNamePrefix": ["rec", "2024"]}}}'
    ),
    payload_hash="1f8f7e0654c0bffac4db435a03fbce99c2d2c01ddd30265ba5a5dd450998e378",
    canonical_hash="15d7bcd943deb2f3b1b653498cdbad3d300acd4474dc8f866377e5e10096369d",
    day="2023-12-31",
    signature="79af11144196a0b12e7f99c4c4cd5ff1bf7c728498bd68e67dc99c8cdf3ae6c2",
)
COMPACT = b'{"SdkAppId":1400000123,"TaskId":"task-Ab+9_x."}'
COMPACT_SIGNATURE = "c46ee3ef73c3599aec31858c67383eb319c13d30351abc6faa4e74f1f2715f0a"
CST = timezone(timedelta(hours=8))

MakeAccount = Callable[..., TencentAccount]


def unsigned(vector: Vector) -> httpx.Request:
    headers = {"Content-Type": "application/json"}
    return httpx.Request("POST", f"https://{vector.host}/", content=vector.body, headers=headers)


def sha256(text: str | bytes) -> str:
    return hashlib.sha256(text if isinstance(text, bytes) else text.encode()).hexdigest()


@pytest.mark.parametrize("vector", [A, B], ids=["A", "B"])
def test_every_step_equals_the_vendor_s_own_signer(vector: Vector) -> None:
    canonical = canonical_request(unsigned(vector))
    assert canonical.rsplit("\n", 1)[-1] == vector.payload_hash == sha256(vector.body)
    assert sha256(canonical) == vector.canonical_hash
    lines = string_to_sign(canonical, vector.at).split("\n")
    assert lines == [
        "TC3-HMAC-SHA256",
        str(int(vector.at.timestamp())),
        f"{vector.day}/trtc/tc3_request",
        vector.canonical_hash,
    ]


def test_each_key_equals_the_vendor_s_own_signer() -> None:
    assert [key.hex() for key in signing_keys("test-secret-key-a", A.at)] == [
        "47d329bc56e6820e912980049df3681b760b7d92ae519827e3e12a1f986bea47",
        "076dce548aff08b3267e9203a16419e612e65ba24cf15f61d818d614e31143eb",
        "b42707c46aa87720e2d039ab3bfbec0e8be07f9c7e82971f6adfff0a02757a95",
    ]


@pytest.mark.parametrize("at", [lambda at: at, lambda at: at.astimezone(CST)], ids=["UTC", "CST"])
@pytest.mark.parametrize(
    "vector",
    [A, B, A._replace(body=COMPACT, signature=COMPACT_SIGNATURE)],
    ids=["A", "B", "compact"],
)
def test_authorization_equals_the_published_vector_wherever_the_worker_runs(
    make_account: MakeAccount, vector: Vector, at: Callable[[datetime], datetime]
) -> None:
    secrets = {f"secret_{part}": vector.secret.format(part) for part in ("id", "key")}
    request = unsigned(vector)
    auth = Tc3Auth(make_account(**secrets), lambda: at(vector.at))
    next(auth.sync_auth_flow(request))
    assert request.headers["X-TC-Timestamp"] == str(int(vector.at.timestamp()))
    assert request.headers["Authorization"] == (
        f"TC3-HMAC-SHA256 Credential={secrets['secret_id']}/{vector.day}/trtc/tc3_request,"
        f" SignedHeaders=content-type;host, Signature={vector.signature}"
    )


def proven(request: httpx.Request, body: bytes, key: str) -> bool:
    """Check a signature from what arrived alone, as the service does."""
    header = request.headers["Authorization"]
    found = re.fullmatch(
        r"TC3-HMAC-SHA256 Credential=([^/]+)/(.+), SignedHeaders=(.+), Signature=(\w+)", header
    )
    assert found is not None
    _, scope, names, signature = found.groups()
    headers = "".join(f"{name}:{request.headers[name]}\n" for name in names.split(";"))
    canonical = "\n".join(["POST", "/", "", headers, names, sha256(body)])
    stamp = request.headers["X-TC-Timestamp"]
    text = "\n".join(["TC3-HMAC-SHA256", stamp, scope, sha256(canonical)])
    secret = f"TC3{key}".encode()
    for part in (*scope.split("/"), text):
        secret = hmac.new(secret, part.encode(), hashlib.sha256).digest()
    return secret.hex() == signature


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:8400", "https://gateway.example/"])
async def test_bytes_that_arrive_are_the_bytes_that_were_signed(
    make_account: MakeAccount, base_url: str
) -> None:
    arrived: list[tuple[httpx.Request, bytes]] = []

    async def handle(request: httpx.Request) -> httpx.Response:
        arrived.append((request, await request.aread()))
        return httpx.Response(200, json={"Response": {"RequestId": "r"}})

    http = httpx.AsyncClient(transport=httpx.MockTransport(handle))
    client = TencentClient(make_account(base_url=base_url), http, lambda: A.at)
    await client.delete(TaskRequest.model_validate({"SdkAppId": 7, "TaskId": "任务-é"}))
    ((request, body),) = arrived
    assert "任务-é".encode() in body
    assert request.headers["Host"] == base_url.split("//")[1].rstrip("/")
    assert proven(request, body, "api-secret-key-value")
    assert not proven(request, body + b" ", "api-secret-key-value")


async def test_each_attempt_is_stamped_anew(make_account: MakeAccount) -> None:
    stamps: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        stamps.append(request.headers["X-TC-Timestamp"])
        return httpx.Response(200, json={"Response": {"RequestId": "r"}})

    clock = iter([A.at, B.at])
    http = httpx.AsyncClient(transport=httpx.MockTransport(handle))
    client = TencentClient(make_account(), http, lambda: next(clock))
    request = TaskRequest.model_validate({"SdkAppId": 7, "TaskId": "t"})
    await client.delete(request)
    await client.delete(request)
    assert stamps == ["1700000000", "1704067199"]


@pytest.mark.parametrize(("token", "sent"), [(None, None), ("temporary-token", "temporary-token")])
def test_temporary_credentials_travel_unsigned(
    make_account: MakeAccount, token: Any, sent: str | None
) -> None:
    secrets = {"secret_id": "test-secret-id-a", "secret_key": "test-secret-key-a"}
    request = unsigned(A)
    next(Tc3Auth(make_account(token=token, **secrets), lambda: A.at).sync_auth_flow(request))
    assert request.headers.get("X-TC-Token") == sent
    assert request.headers["Authorization"].endswith(A.signature)

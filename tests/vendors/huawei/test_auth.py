"""Vectors made with the vendor's own signer under a frozen clock; the bytes signed are sent."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

import httpx
import pytest

from longtake.vendors.huawei.auth import SdkHmacAuth, canonical_request, string_to_sign
from longtake.vendors.huawei.client import HuaweiClient
from longtake.vendors.huawei.settings import HuaweiAccount
from longtake.vendors.huawei.wire.jobs import IndividualJob

APP = "/v2/apps/5fcdf5650a1b2c3d6f835d0d"
EMPTY_HASH = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
CST = timezone(timedelta(hours=8))


class Vector(NamedTuple):
    method: str
    path: str
    content_type: str
    at: datetime
    payload_hash: str
    canonical_hash: str
    signature: str
    body: bytes = b""
    token: str | None = None


H1 = Vector(
    method="POST",
    path=f"{APP}/individual-stream-jobs",
    content_type="application/json;charset=utf-8",
    at=datetime(2026, 1, 15, 8, 30, tzinfo=UTC),
    body=(
        b'{"room_id":"100","user_id":"user001","is_record_audio":true,"video_type":"CAMERASTREAM",'
        b'"select_stream_type":"FHD","max_idle_time":30,'
        b'"record_param":{"record_rule_id":"5f5e172b9016ed5b0961a43"}}'
    ),
    payload_hash="0480641d5a2dbacc29cac9232c50c0438849bd0e407e37c1c52c844a2ced876d",
    canonical_hash="8e485f2bd733ba57567ba39c7c03dba541a163376d2b8727d54c4a279e30eeb5",
    signature="fb108b81032f263c1ba0d827b4fb437e9a2f6f7d75dcbbd1f738020cc4f42a14",
)
H2 = Vector(
    method="GET",
    path=f"{APP}/record-rules?limit=10&offset=0",
    content_type="application/json",
    at=datetime(2026, 1, 15, 8, 31, 7, tzinfo=UTC),
    token="hwStsToken/Example+01==",
    payload_hash=EMPTY_HASH,
    canonical_hash="5ebfb6892a1f8998a339c87f4ae8f27d9c528738039cf519543a8ad36d1ed0b9",
    signature="8075eb2b532dfc3ba62a90f60ebd66d208519198dba61a696e9caab9d7733bfa",
)
H3 = Vector(
    method="DELETE",
    path=f"{APP}/mix-stream-jobs/608196a2fa1b2c3d515147f32ef463b0",
    content_type="application/json",
    at=datetime(2026, 1, 15, 8, 32, tzinfo=UTC),
    payload_hash=EMPTY_HASH,
    canonical_hash="8700edbe7b10f3a73ff89c24ed5bec0f9c98be0df2e3a0367a25e9c162ec8e87",
    signature="2f82eb53ae70610ce9714972b01de51b70c1aea8b6c8dfbf2f743e46acef62d6",
)
VECTORS = pytest.mark.parametrize("vector", [H1, H2, H3], ids=["H1", "H2", "H3"])

MakeAccount = Callable[..., HuaweiAccount]


def sha256(text: str | bytes) -> str:
    return hashlib.sha256(text if isinstance(text, bytes) else text.encode()).hexdigest()


def signed(account: HuaweiAccount, vector: Vector, at: datetime) -> httpx.Request:
    url = f"https://rtc-api.myhuaweicloud.com{vector.path}"
    headers = {"Content-Type": vector.content_type}
    request = httpx.Request(vector.method, url, content=vector.body, headers=headers)
    next(SdkHmacAuth(account, lambda: at).sync_auth_flow(request))
    return request


@VECTORS
def test_every_step_equals_the_vendor_s_own_signer(
    make_account: MakeAccount, vector: Vector
) -> None:
    request = signed(make_account(security_token=vector.token), vector, vector.at)
    canonical = canonical_request(request)
    assert canonical.rsplit("\n", 1)[-1] == vector.payload_hash == sha256(vector.body)
    assert sha256(canonical) == vector.canonical_hash
    at = f"{vector.at:%Y%m%dT%H%M%SZ}"
    assert string_to_sign(request).split("\n") == ["SDK-HMAC-SHA256", at, vector.canonical_hash]


@VECTORS
@pytest.mark.parametrize("zone", [UTC, CST])
def test_authorization_equals_the_published_vector_wherever_the_worker_runs(
    make_account: MakeAccount, vector: Vector, zone: timezone
) -> None:
    account = make_account(security_token=vector.token)
    request = signed(account, vector, vector.at.astimezone(zone))
    names = "content-type;host;x-project-id;x-sdk-date"
    names += ";x-security-token" if vector.token else ""
    assert request.headers["X-Sdk-Date"] == f"{vector.at:%Y%m%dT%H%M%SZ}"
    assert request.headers["Authorization"] == (
        f"SDK-HMAC-SHA256 Access=HWEXAMPLEACCESSKEY01, SignedHeaders={names},"
        f" Signature={vector.signature}"
    )


def test_our_own_body_is_the_vector_s_byte_for_byte() -> None:
    job = IndividualJob.model_validate(
        {
            "room_id": "100",
            "user_id": "user001",
            "video_type": "CAMERASTREAM",
            "record_param": {"record_rule_id": "5f5e172b9016ed5b0961a43"},
        }
    )
    assert (job.body(), len(job.body())) == (H1.body, 194)


@pytest.mark.parametrize(
    ("path", "uri", "query"),
    [
        ("/a/b", "/a/b/", ""),
        ("/a/b/", "/a/b/", ""),
        ("/a%2Fb/c~d", "/a%2Fb/c~d/", ""),
        ("/%E4%BC%9A+x", "/%E4%BC%9A%2Bx/", ""),
        ("/a?z=1&b=&b=a%20b&b=2%2F", "/a/", "b=&b=2%2F&b=a%20b&z=1"),
    ],
)
def test_path_and_query_are_written_in_one_way(
    make_account: MakeAccount, path: str, uri: str, query: str
) -> None:
    request = signed(make_account(), H3._replace(path=path), H3.at)
    assert canonical_request(request).split("\n")[1:3] == [uri, query]


def proven(request: httpx.Request, body: bytes, key: str) -> bool:
    """Check a signature from what arrived alone, as the service does."""
    found = re.fullmatch(
        r"SDK-HMAC-SHA256 Access=(\w+), SignedHeaders=(.+), Signature=(\w{64})",
        request.headers["Authorization"],
    )
    assert found is not None
    _, names, signature = found.groups()
    path, _, query = request.url.raw_path.decode().partition("?")
    headers = "".join(f"{name}:{request.headers[name]}\n" for name in names.split(";"))
    canonical = "\n".join([request.method, f"{path}/", query, headers, names, sha256(body)])
    text = "\n".join(["SDK-HMAC-SHA256", request.headers["X-Sdk-Date"], sha256(canonical)])
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest() == signature


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:8400", "https://gateway.example/"])
async def test_bytes_that_arrive_are_the_bytes_that_were_signed(
    make_account: MakeAccount, base_url: str
) -> None:
    arrived: list[tuple[httpx.Request, bytes]] = []

    async def handle(request: httpx.Request) -> httpx.Response:
        arrived.append((request, await request.aread()))
        return httpx.Response(201, json={"job_id": "j"})

    http = httpx.AsyncClient(transport=httpx.MockTransport(handle))
    client = HuaweiClient(make_account(base_url=base_url), http, lambda: H1.at)
    job = IndividualJob.model_validate(
        {"room_id": "会议", "user_id": "é", "record_param": {"record_rule_id": "r"}}
    )
    await client.start(job)
    ((request, body),) = arrived
    assert "会议".encode() in body
    assert request.headers["Host"] == base_url.split("//")[1].rstrip("/")
    assert not request.url.path.endswith("/")
    assert proven(request, body, "hwExampleSecretKey0123456789abcdefABCDEF")
    assert not proven(request, body + b" ", "hwExampleSecretKey0123456789abcdefABCDEF")


async def test_each_attempt_is_stamped_anew(make_account: MakeAccount) -> None:
    stamps: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        stamps.append(request.headers["X-Sdk-Date"])
        return httpx.Response(204)

    clock = iter([H1.at, H3.at])
    http = httpx.AsyncClient(transport=httpx.MockTransport(handle))
    client = HuaweiClient(make_account(), http, lambda: next(clock))
    await client.stop("mix", "j")
    await client.stop("mix", "j")
    assert stamps == ["20260115T083000Z", "20260115T083200Z"]

"""One login serves all calls; it is renewed before it ends, and once when it is refused."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from longtake.domain.errors import RecordingError, StartUnknown, Unauthorized
from longtake.vendors.huawei.client import HuaweiClient
from longtake.vendors.huawei.settings import HuaweiAccount
from longtake.vendors.huawei.wire.jobs import IndividualJob

START = datetime(2026, 1, 15, 8, 30, tzinfo=UTC)
PASSWORD = "iam-password-value"
USER = {"domain": "acme", "user": "recorder", "password": PASSWORD}
NO_KEY = dict.fromkeys(["access_key", "secret_key", "project_id"])
JOB = IndividualJob.model_validate(
    {"room_id": "r", "user_id": "u", "record_param": {"record_rule_id": "x"}}
)


class Cloud:
    """IAM and SparkRTC in one: gives numbered tokens, and takes those that are not revoked."""

    def __init__(self, make_account: Callable[..., HuaweiAccount], **user: Any) -> None:
        self.now = START
        self.logins: list[dict[str, Any]] = []
        self.calls: list[httpx.Headers] = []
        self.revoked: set[str] = set()
        self.life: Any = timedelta(hours=24)
        self.login_answer: Any = None
        http = httpx.AsyncClient(transport=httpx.MockTransport(self._handle))
        account = make_account(**NO_KEY, iam={**USER, **user})
        self.client = HuaweiClient(account, http, lambda: self.now)

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)
        if request.url.host == "iam.myhuaweicloud.com":
            return self._login(request)
        self.calls.append(request.headers)
        if request.headers["X-Auth-Token"] in self.revoked:
            return httpx.Response(401, json={"error_code": "APIGW.0307", "error_msg": "renew"})
        return httpx.Response(200, json={"job_id": "j1"})

    def _login(self, request: httpx.Request) -> httpx.Response:
        assert (request.method, request.url.path) == ("POST", "/v3/auth/tokens")
        self.logins.append(json.loads(request.content))
        if isinstance(self.login_answer, Exception):
            raise self.login_answer
        if self.login_answer is not None:
            return self.login_answer
        token = f"token-number-{len(self.logins)}"
        until = self.now + self.life if isinstance(self.life, timedelta) else None
        expires_at = f"{until:%Y-%m-%dT%H:%M:%S.%fZ}" if until else self.life
        body = {"token": {"expires_at": expires_at}}
        return httpx.Response(201, json=body, headers={"X-Subject-Token": token})


MakeCloud = Callable[..., Cloud]


@pytest.fixture
def cloud(make_account: Callable[..., HuaweiAccount]) -> MakeCloud:
    return lambda **user: Cloud(make_account, **user)


@pytest.mark.parametrize(
    ("given", "scope"),
    [
        ({}, {"domain": {"name": "acme"}}),
        ({"scope": "domain"}, {"domain": {"name": "acme"}}),
        ({"scope": "cn-north-4"}, {"project": {"name": "cn-north-4"}}),
    ],
)
async def test_login_is_the_documented_one(
    cloud: MakeCloud, given: dict[str, str], scope: dict[str, Any]
) -> None:
    vendor = cloud(**given)
    await vendor.client.show("mix", "j1")
    user = {"name": "recorder", "password": PASSWORD, "domain": {"name": "acme"}}
    identity = {"methods": ["password"], "password": {"user": user}}
    assert vendor.logins == [{"auth": {"identity": identity, "scope": scope}}]
    (headers,) = vendor.calls
    assert headers["X-Auth-Token"] == "token-number-1"
    assert not {"authorization", "x-sdk-date", "x-project-id"} & headers.keys()


async def test_calls_at_once_and_later_share_one_login(cloud: MakeCloud) -> None:
    vendor = cloud()
    await asyncio.gather(*(vendor.client.show("mix", "j1") for _ in range(5)))
    vendor.now += timedelta(hours=23)
    await vendor.client.show("mix", "j1")
    assert len(vendor.logins) == 1
    assert len(vendor.calls) == 6


@pytest.mark.parametrize(
    ("life", "later"),
    [
        (timedelta(hours=24), timedelta(hours=23, minutes=50)),
        (timedelta(hours=1), timedelta(minutes=50)),
        ("nonsense", timedelta(hours=23, minutes=50)),
        (None, timedelta(hours=23, minutes=50)),
    ],
)
async def test_token_is_renewed_shortly_before_it_expires(
    cloud: MakeCloud, life: Any, later: timedelta
) -> None:
    vendor = cloud()
    vendor.life = life
    await vendor.client.show("mix", "j1")
    vendor.now += later - timedelta(seconds=1)
    await vendor.client.show("mix", "j1")
    assert len(vendor.logins) == 1
    vendor.now += timedelta(seconds=1)
    await vendor.client.show("mix", "j1")
    assert [h["X-Auth-Token"] for h in vendor.calls][-1] == "token-number-2"


async def test_refused_token_is_renewed_once_for_all_calls(cloud: MakeCloud) -> None:
    vendor = cloud()
    await vendor.client.show("mix", "j1")
    vendor.revoked.add("token-number-1")
    await asyncio.gather(*(vendor.client.show("mix", "j1") for _ in range(3)))
    assert len(vendor.logins) == 2


async def test_refusal_of_a_new_token_is_final(cloud: MakeCloud) -> None:
    vendor = cloud()
    vendor.revoked |= {f"token-number-{n}" for n in range(1, 9)}
    with pytest.raises(Unauthorized):
        await vendor.client.start(JOB)
    assert (len(vendor.logins), len(vendor.calls)) == (2, 2)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (httpx.Response(401), "Unauthorized"),
        (httpx.Response(403), "Unauthorized"),
        (httpx.Response(400), "NotConfigured"),
        (httpx.Response(404), "NotConfigured"),
        (httpx.Response(429, headers={"Retry-After": "5"}), "RateLimited"),
        (httpx.Response(500), "VendorUnavailable"),
        (httpx.Response(201), "VendorUnavailable"),  # no token in it
        (httpx.ConnectError("x"), "NotSent"),
        (httpx.ReadTimeout("x"), "NotSent"),
    ],
)
async def test_start_without_a_token_has_certainly_not_happened(
    cloud: MakeCloud, answer: Any, expected: str
) -> None:
    vendor = cloud()
    vendor.login_answer = answer
    with pytest.raises(RecordingError) as caught:
        await vendor.client.start(JOB)
    assert (caught.value.code, caught.value.in_doubt) == (expected, False)
    assert (len(vendor.logins), vendor.calls) == (1, [])
    assert caught.value.call == "KeystoneCreateUserTokenByPassword"


async def test_start_that_breaks_off_after_the_login_is_in_doubt(
    make_account: Callable[..., HuaweiAccount],
) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.host == "iam.myhuaweicloud.com":
            return httpx.Response(201, json={}, headers={"X-Subject-Token": "t"})
        raise httpx.ReadTimeout("t")

    http = httpx.AsyncClient(transport=httpx.MockTransport(handle))
    account = make_account(**NO_KEY, iam=USER)
    with pytest.raises(StartUnknown):
        await HuaweiClient(account, http, lambda: START).start(JOB)


async def test_neither_password_nor_token_reaches_an_error(cloud: MakeCloud) -> None:
    vendor = cloud()
    body = {"error": {"code": 401, "message": f"{PASSWORD} is wrong"}}
    vendor.login_answer = httpx.Response(401, json=body)
    with pytest.raises(Unauthorized) as refused:
        await vendor.client.show("mix", "j1")
    assert PASSWORD not in f"{refused.value} {refused.value.evidence()}"


async def test_token_that_is_echoed_is_hidden(make_account: Callable[..., HuaweiAccount]) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.host == "iam.myhuaweicloud.com":
            return httpx.Response(201, json={}, headers={"X-Subject-Token": "token-value"})
        body = {"error_code": "RTC.00001002", "error_msg": request.headers["X-Auth-Token"]}
        return httpx.Response(400, json=body)

    http = httpx.AsyncClient(transport=httpx.MockTransport(handle))
    client = HuaweiClient(make_account(**NO_KEY, iam=USER), http, lambda: START)
    with pytest.raises(RecordingError) as caught:
        await client.show("mix", "j1")
    assert "RTC.00001002" in str(caught.value)
    assert "token-value" not in str(caught.value)

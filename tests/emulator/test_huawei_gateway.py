"""The front of Huawei: what is refused before any call, and the tokens of IAM."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from longtake.vendors.huawei.emulator.credentials import (
    ACCESS_KEY,
    DOMAIN,
    PASSWORD,
    SECRET_KEY,
    USER,
)
from tests.emulator.huawei_client import (
    APP,
    MIX,
    NO_LIMITS,
    ONE,
    Huawei,
    LaunchHuawei,
    emulator_of_huawei,  # noqa: F401 - a fixture
    invalid,
    launcher_of_huawei,  # noqa: F401 - a fixture
    refused,
    seconds_between,
    shared_by_a_module,  # noqa: F401 - a fixture
    signed_headers,
)

JOB = f"{MIX}/unknown"
UNKNOWN = invalid(1003, 404)
WRONG = (401, "APIGW.0301")
RENEW = (401, "APIGW.0307")
JSON = {"Content-Type": "application/json"}


async def show(huawei: Huawei, **signed: Any) -> httpx.Response:
    """A query of a job that does not exist: nothing but the gate can refuse it otherwise."""
    return await huawei.http.get(JOB, headers=signed_headers(huawei.url, "GET", JOB, b"", **signed))


# -- access keys ---------------------------------------------------------------------------------


async def test_a_right_signature_is_let_in(huawei: Huawei) -> None:
    assert refused(await show(huawei)) == UNKNOWN


@pytest.mark.parametrize("key", [("STRANGER", SECRET_KEY), (ACCESS_KEY, "wrong")])
async def test_a_wrong_key_is_not(huawei: Huawei, key: tuple[str, str]) -> None:
    assert refused(await show(huawei, key=key)) == WRONG


async def test_no_credentials_at_all_are_wrong(huawei: Huawei) -> None:
    assert refused(await huawei.http.get(JOB, headers=JSON)) == WRONG


async def test_a_body_changed_on_the_way_is_noticed(huawei: Huawei) -> None:
    headers = signed_headers(huawei.url, "POST", ONE, b"{}")
    assert refused(await huawei.http.post(ONE, content=b"{ }", headers=headers)) == WRONG


@pytest.mark.parametrize(("minutes", "expected"), [(14, UNKNOWN), (16, WRONG), (-16, WRONG)])
async def test_a_date_counts_for_a_quarter_of_an_hour(
    huawei: Huawei, minutes: int, expected: tuple[int, str]
) -> None:
    at = datetime.now(UTC) - timedelta(minutes=minutes)
    assert refused(await show(huawei, at=at)) == expected


async def test_callers_need_not_follow_the_emulators_jumps(huawei: Huawei) -> None:
    await huawei.advance(86_400)
    assert refused(await show(huawei)) == UNKNOWN


async def test_another_project_is_not_allowed(huawei: Huawei) -> None:
    assert refused(await show(huawei, project="another")) == (403, "APIGW.0302")


async def test_a_temporary_key_needs_its_token_signed(launch_huawei: LaunchHuawei) -> None:
    caller = {"secret_key": "temporary", "token": "hwStsToken/Example+01=="}
    huawei = await launch_huawei(options={"limits": NO_LIMITS, "callers": {"TEMP": caller}})
    key = ("TEMP", "temporary")
    assert refused(await show(huawei, key=key, token=caller["token"])) == UNKNOWN
    assert refused(await show(huawei, key=key, token="another")) == WRONG
    assert refused(await show(huawei, key=key)) == WRONG
    unsigned = signed_headers(huawei.url, "GET", JOB, b"", key=key)
    unsigned["x-security-token"] = caller["token"]
    assert refused(await huawei.http.get(JOB, headers=unsigned)) == WRONG


async def test_the_sixth_failure_in_a_row_locks_the_key_for_five_minutes(huawei: Huawei) -> None:
    for expected in [WRONG] * 5 + [UNKNOWN] + [WRONG] * 5 + [UNKNOWN]:
        key = (ACCESS_KEY, "wrong" if expected == WRONG else SECRET_KEY)
        assert refused(await show(huawei, key=key)) == expected
    for _ in range(6):
        await show(huawei, key=(ACCESS_KEY, "wrong"))
    assert refused(await show(huawei)) == WRONG
    await huawei.advance(299)
    assert refused(await show(huawei)) == WRONG
    await huawei.advance(2)
    assert refused(await show(huawei)) == UNKNOWN


# -- IAM -----------------------------------------------------------------------------------------


def login(
    scope: dict[str, Any] | None = None, *, user: str = USER, password: str = PASSWORD
) -> dict[str, Any]:
    who = {"name": user, "password": password, "domain": {"name": DOMAIN}}
    identity = {"methods": ["password"], "password": {"user": who}}
    named = {"domain": {"name": DOMAIN}} if scope is None else scope
    return {"auth": {"identity": identity, **({"scope": named} if named else {})}}


async def token(huawei: Huawei, scope: dict[str, Any] | None = None) -> str:
    reply = await huawei.http.post("/v3/auth/tokens", json=login(scope))
    assert reply.status_code == 201, reply.text
    return reply.headers["X-Subject-Token"]


async def by_token(huawei: Huawei, text: str) -> tuple[int, str]:
    return refused(await huawei.http.get(JOB, headers={**JSON, "X-Auth-Token": text}))


@pytest.mark.parametrize("scope", [None, {"project": {"name": "cn-north-4"}}])
async def test_a_password_gives_a_token_for_a_day(
    huawei: Huawei, scope: dict[str, Any] | None
) -> None:
    text = await token(huawei, scope)
    assert await by_token(huawei, text) == UNKNOWN
    await huawei.advance(86_000)
    assert await by_token(huawei, text) == UNKNOWN
    await huawei.advance(500)
    assert await by_token(huawei, text) == RENEW


async def test_a_token_says_when_it_expires(huawei: Huawei) -> None:
    told = (await huawei.http.post("/v3/auth/tokens", json=login())).json()["token"]
    assert seconds_between(told["issued_at"], told["expires_at"]) == 86_400


async def test_a_token_of_no_scope_opens_nothing(huawei: Huawei) -> None:
    assert await by_token(huawei, await token(huawei, {})) == invalid(1001)


async def test_a_token_that_nobody_gave_is_wrong(huawei: Huawei) -> None:
    assert await by_token(huawei, "made up") == WRONG


async def test_tokens_can_be_made_void(huawei: Huawei) -> None:
    text = await token(huawei)
    assert (await huawei.fault("token_expired", "now"))["hits"] == 1
    assert await by_token(huawei, text) == RENEW
    assert await by_token(huawei, await token(huawei)) == UNKNOWN


@pytest.mark.parametrize(
    "body",
    [
        login(password="wrong"),
        login(user="stranger"),
        login({"domain": {"name": "another"}}),
    ],
)
async def test_a_wrong_password_or_scope_gives_no_token(
    huawei: Huawei, body: dict[str, Any]
) -> None:
    reply = await huawei.http.post("/v3/auth/tokens", json=body)
    assert (reply.status_code, reply.json()["error"]["code"]) == (401, 401)
    assert "x-subject-token" not in reply.headers


@pytest.mark.parametrize("body", [{}, {"auth": {}}, {"auth": {"identity": {"methods": ["totp"]}}}])
async def test_a_login_of_another_form_is_a_bad_request(
    huawei: Huawei, body: dict[str, Any]
) -> None:
    assert (await huawei.http.post("/v3/auth/tokens", json=body)).status_code == 400


async def test_a_login_is_in_the_ledger_and_faults_strike_it(huawei: Huawei) -> None:
    await huawei.fault("status", "KeystoneCreateUserTokenByPassword", status=503)
    assert (await huawei.http.post("/v3/auth/tokens", json=login())).status_code == 503
    (call,) = await huawei.calls()
    assert (call["call"], call["status"]) == ("KeystoneCreateUserTokenByPassword", 503)


# -- form and rate -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v2/apps"),
        ("GET", ONE),
        ("PATCH", JOB),
        ("GET", f"{JOB}/"),
        ("POST", "/v2/APPS/a/mix-stream-jobs"),
        ("GET", "/v2/rtc-ops/bucket"),
    ],
)
async def test_what_is_no_operation_is_no_api(huawei: Huawei, method: str, path: str) -> None:
    assert refused(await huawei.call(method, path)) == (404, "APIGW.0101")


async def test_a_body_over_12_mb_is_refused(huawei: Huawei) -> None:
    body = b" " * (12 * 1024 * 1024 + 1)
    assert refused(await huawei.send("POST", ONE, body)) == (413, "APIGW.0201")


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'"text"', b"[" * 100_000, b"\xff\xfe"], ids=repr
)
async def test_what_is_no_json_object_is_malformed(huawei: Huawei, body: bytes) -> None:
    assert refused(await huawei.send("POST", ONE, body)) == invalid(1002)


async def test_the_content_type_is_json(huawei: Huawei) -> None:
    text = await token(huawei)
    headers = {"X-Auth-Token": text}
    assert refused(await huawei.http.get(JOB, headers=headers)) == invalid(1005)
    for form, expected in (
        ("text/plain", invalid(1002)),
        ("application/json;charset=utf-8", UNKNOWN),
        ("Application/JSON; charset=UTF-8", UNKNOWN),
    ):
        reply = await huawei.http.get(JOB, headers={**headers, "Content-Type": form})
        assert refused(reply) == expected


async def test_the_eleventh_call_on_jobs_in_a_second_is_throttled(
    launch_huawei: LaunchHuawei,
) -> None:
    huawei = await launch_huawei(options={"limits": {}})
    replies = await asyncio.gather(*(show(huawei) for _ in range(13)))
    seen = [refused(reply) for reply in replies]
    assert (seen.count(UNKNOWN), seen.count((429, "APIGW.0308"))) == (10, 3)
    assert (await huawei.call("GET", f"{APP}/record-rules")).status_code == 200
    await huawei.advance(1.01)
    assert refused(await show(huawei)) == UNKNOWN


@pytest.mark.parametrize(
    ("limit", "path", "seconds"),
    [
        ("settings_per_minute", f"{APP}/record-rules", 60),
        ("buckets_per_second", "/v2/rtc-ops/buckets", 1),
    ],
)
async def test_other_calls_have_limits_of_their_own(
    launch_huawei: LaunchHuawei, limit: str, path: str, seconds: float
) -> None:
    huawei = await launch_huawei(options={"limits": {**NO_LIMITS, limit: 2}})
    statuses = [(await huawei.call("GET", path)).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    await huawei.advance(seconds - 0.5)
    if seconds > 1:
        assert (await huawei.call("GET", path)).status_code == 429
    await huawei.advance(1)
    assert (await huawei.call("GET", path)).status_code == 200


async def test_the_gateway_may_spell_its_codes_otherwise(
    huawei: Huawei, launch_huawei: LaunchHuawei
) -> None:
    await huawei.fault("code", "query", code="APIG.0308")
    assert refused(await show(huawei)) == (429, "APIG.0308")
    other = await launch_huawei(options={"gateway": "APIG"})
    assert refused(await other.call("GET", "/v2/apps")) == (404, "APIG.0101")


async def test_what_was_turned_away_is_in_the_ledger(huawei: Huawei) -> None:
    await show(huawei, key=(ACCESS_KEY, "wrong"))
    (call,) = await huawei.calls()
    assert (call["call"], call["status"], call["code"]) == ("ShowMixJob", *WRONG)
    assert call["finished_at"] is not None


async def test_hostile_text_does_not_stop_the_ledger(huawei: Huawei) -> None:
    body = rb'{"room_id": "\ud800", "user_id": "\udfff", "\ud801": 1}'
    assert (await huawei.send("POST", ONE, body)).status_code == 400
    assert (await huawei.calls())[0]["room"] == "\ud800"


async def test_three_vendors_answer_on_one_port(huawei: Huawei) -> None:
    health = (await huawei.http.get("/_emulator/health")).json()
    assert health["vendors"] == ["agora", "huawei", "tencent"]
    agora = await huawei.http.post("/v1/apps/x/cloud_recording/acquire", json={})
    assert agora.status_code == 401

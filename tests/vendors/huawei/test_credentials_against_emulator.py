"""Keys and tokens against the emulator's gateway and IAM, which lock keys that fail too often."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from longtake.domain.errors import (
    NotConfigured,
    NotSent,
    RateLimited,
    RecordingError,
    Unauthorized,
    VendorUnavailable,
)
from longtake.domain.events import TaskPhase
from longtake.domain.ports import Attempt, Task
from longtake.domain.recording import RecordingRequest
from longtake.vendors.huawei.adapter import HuaweiRecorder
from longtake.vendors.huawei.emulator.credentials import ACCESS_KEY, PASSWORD, SECRET_KEY
from tests.emulator.huawei_client import NO_LIMITS
from tests.vendors.huawei.service import LOG_IN, Launch, Service

Make = Callable[..., RecordingRequest]

CREATE, SHOW = "CreateMixJob", "ShowMixJob"
RENEW = "APIGW.0307"


async def _start(recorder: HuaweiRecorder, request: RecordingRequest, attempt: Attempt) -> str:
    return await recorder.start(request, request.first_scene(), attempt)


# -- keys ------------------------------------------------------------------------------------------


async def test_refused_key_is_tried_once_and_not_locked(
    service: Service, make_request: Make, attempt: Attempt
) -> None:
    wrong = service.recorder(secret_key="wrong-secret-value")
    for tries in range(1, 6):
        with pytest.raises(Unauthorized) as failure:
            await _start(wrong, make_request(), attempt)
        assert failure.value.vendor_code == "APIGW.0301"
        assert not failure.value.retryable
        assert "wrong-secret-value" not in str(failure.value)
        assert len(await service.calls(CREATE)) == tries
    await service.up(make_request(), attempt)


async def test_sixth_refusal_locks_the_key_for_five_minutes(
    service: Service, make_request: Make, attempt: Attempt
) -> None:
    wrong = service.recorder(secret_key="wrong-secret-value")
    for _ in range(6):
        with pytest.raises(Unauthorized):
            await _start(wrong, make_request(), attempt)
    with pytest.raises(Unauthorized):
        await service.up(make_request(), attempt)
    await service.huawei.advance(301)
    await service.up(make_request(), attempt)


async def test_unknown_key_is_refused(
    service: Service, make_request: Make, attempt: Attempt
) -> None:
    with pytest.raises(Unauthorized):
        await _start(service.recorder(access_key="STRANGER"), make_request(), attempt)


async def test_temporary_credentials_need_their_token(
    launch: Launch, make_request: Make, attempt: Attempt
) -> None:
    caller = {"secret_key": SECRET_KEY, "token": "hwStsToken/Example+01=="}
    service = await launch(callers={ACCESS_KEY: caller})
    request = make_request()
    recorder = service.recorder(security_token=caller["token"])
    _, task = await service.up(request, attempt, recorder)
    await recorder.stop(request, task)
    for wrong in ({}, {"security_token": "another-token"}):
        with pytest.raises(Unauthorized) as failure:
            await _start(service.recorder(**wrong), request, attempt)
        assert "another-token" not in str(failure.value)


@pytest.mark.parametrize("path", ["", "/"])
async def test_address_may_end_in_a_slash(
    service: Service, make_request: Make, attempt: Attempt, path: str
) -> None:
    recorder = service.recorder(base_url=f"{service.huawei.url}{path}")
    await service.up(make_request(), attempt, recorder)


# -- tokens ----------------------------------------------------------------------------------------


async def test_one_login_serves_all_calls(
    service: Service, make_request: Make, attempt: Attempt
) -> None:
    request, recorder = make_request(), service.by_token()
    unknown = Task(attempt=attempt, id="0" * 32)
    seen = await asyncio.gather(*(recorder.query(request, unknown) for _ in range(5)))
    assert {each.phase for each in seen} == {TaskPhase.MISSING}
    _, task = await service.up(request, attempt, recorder)
    await recorder.stop(request, task)
    assert len(await service.calls(LOG_IN)) == 1


@pytest.mark.parametrize("scope", ["domain", "cn-north-4"])
async def test_token_may_be_for_the_account_or_a_project(
    service: Service, make_request: Make, attempt: Attempt, scope: str
) -> None:
    await service.up(make_request(), attempt, service.by_token(scope=scope))


@pytest.mark.parametrize("gateway", ["APIGW", "APIG"])
async def test_token_that_was_revoked_is_renewed_once(
    launch: Launch, make_request: Make, attempt: Attempt, gateway: str
) -> None:
    service = await launch(gateway=gateway)
    request = make_request()
    recorder, task = await service.up(request, attempt, service.by_token())
    await service.huawei.fault("token_expired", "now")
    asked = (recorder.query(request, task) for _ in range(4))
    assert {seen.phase for seen in await asyncio.gather(*asked)} == {TaskPhase.RUNNING}
    assert len(await service.calls(LOG_IN)) == 2


async def test_start_with_a_revoked_token_makes_one_job(
    service: Service, make_request: Make, attempt: Attempt
) -> None:
    recorder = service.by_token()
    await recorder.query(make_request(), Task(attempt=attempt, id="0" * 32))
    await service.huawei.fault("token_expired", "now")
    await service.up(make_request(), attempt, recorder)
    assert [call["status"] for call in await service.calls(CREATE)] == [401, 201]
    assert len(await service.huawei.tasks()) == 1


async def test_token_ends_after_a_day_and_is_renewed(
    service: Service, make_request: Make, attempt: Attempt
) -> None:
    request = make_request()
    recorder, task = await service.up(request, attempt, service.by_token())
    await service.huawei.advance(86_401)
    assert (await recorder.query(request, task)).phase is TaskPhase.RUNNING
    assert len(await service.calls(LOG_IN)) == 2


async def test_short_token_is_renewed_before_it_ends(
    launch: Launch, make_request: Make, attempt: Attempt
) -> None:
    service = await launch(timings={"token": 599})
    request = make_request()
    recorder, task = await service.up(request, attempt, service.by_token())
    await recorder.query(request, task)
    assert [call["call"] for call in await service.calls()] == [LOG_IN, CREATE, LOG_IN, SHOW]


@pytest.mark.parametrize("code", [RENEW, "APIGW.0301"])
async def test_token_that_stays_refused_is_no_loop(
    service: Service, make_request: Make, attempt: Attempt, code: str
) -> None:
    await service.huawei.fault("code", CREATE, code=code, times=9)
    with pytest.raises(Unauthorized) as failure:
        await _start(service.by_token(), make_request(), attempt)
    assert failure.value.vendor_code == code
    made = [call["call"] for call in await service.calls()]
    assert made == [LOG_IN, CREATE, LOG_IN, CREATE]


async def test_caller_that_is_not_allowed_is_not_renewed(
    service: Service, make_request: Make, attempt: Attempt
) -> None:
    await service.huawei.fault("code", CREATE, code="APIGW.0302")
    with pytest.raises(Unauthorized):
        await _start(service.by_token(), make_request(), attempt)
    assert len(await service.calls()) == 2


@pytest.mark.parametrize(
    "wrong", [{"password": "wrong-password"}, {"user": "stranger"}, {"domain": "another"}]
)
async def test_refused_login_is_tried_once(
    service: Service, make_request: Make, attempt: Attempt, wrong: dict[str, str]
) -> None:
    with pytest.raises(Unauthorized) as failure:
        await _start(service.by_token(**wrong), make_request(), attempt)
    assert (failure.value.call, failure.value.vendor_code) == (LOG_IN, "401")
    assert not {"wrong-password", PASSWORD} & set(str(failure.value).split())
    assert [call["call"] for call in await service.calls()] == [LOG_IN]


@pytest.mark.parametrize(
    ("kind", "fields", "expected"),
    [
        ("status", {"status": 503}, VendorUnavailable),
        ("status", {"status": 403}, Unauthorized),
        ("status", {"status": 400}, NotConfigured),
        ("status", {"status": 429, "headers": {"Retry-After": "7"}}, RateLimited),
        ("lost_reply", {}, NotSent),
        ("reset", {}, NotSent),
    ],
)
async def test_login_that_fails_leaves_no_start_in_doubt(
    *,
    service: Service,
    make_request: Make,
    attempt: Attempt,
    kind: str,
    fields: dict[str, Any],
    expected: type[RecordingError],
) -> None:
    recorder = service.by_token()
    await service.huawei.fault(kind, LOG_IN, **fields)
    with pytest.raises(expected) as failure:
        await _start(recorder, make_request(), attempt)
    assert not failure.value.in_doubt
    assert await service.calls(CREATE) == []
    await service.up(make_request(), attempt, recorder)


async def test_body_of_a_login_may_be_broken(
    service: Service, make_request: Make, attempt: Attempt
) -> None:
    await service.huawei.fault("corrupt_reply", LOG_IN)
    await service.up(make_request(), attempt, service.by_token())


async def test_keys_and_tokens_are_limited_alike(
    launch: Launch, make_request: Make, attempt: Attempt
) -> None:
    service = await launch(limits={**NO_LIMITS, "calls_per_second": 1})
    recorder, request = service.by_token(), make_request()
    task = Task(attempt=attempt, id=await _start(recorder, request, attempt))
    with pytest.raises(RateLimited):
        await recorder.query(request, task)

"""One attempt a call; every way in which it can fail ends in the class that says what is next."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from longtake.domain.errors import RecordingError
from longtake.vendors.agora.client import AgoraClient
from longtake.vendors.agora.settings import AgoraAccount
from longtake.vendors.agora.wire.requests import (
    AcquireRequest,
    StartRequest,
    StopRequest,
    UpdateLayoutRequest,
    UpdateRequest,
)

RESOURCE, SID = "RES/1?x", "38f8e3cfdc474cd56fc1ceba380d7e1a"
WHO = {"cname": "room", "uid": "4000000001", "mode": "mix"}
ACQUIRE = AcquireRequest.model_validate(WHO)
STOP = StopRequest.model_validate(WHO)
LAYOUT = UpdateLayoutRequest.model_validate({**WHO, "clientRequest": {}})
UPDATE = UpdateRequest.model_validate(
    {
        **WHO,
        "clientRequest": {
            "streamSubscribe": {"audioUidList": {"subscribeAudioUids": ["#allstream#"]}}
        },
    }
)
START = StartRequest.model_validate(
    {
        **WHO,
        "clientRequest": {
            "token": "007-the-token",
            "recordingConfig": {},
            "storageConfig": {
                "vendor": 1,
                "region": 0,
                "bucket": "b",
                "accessKey": "storage-access-key",
                "secretKey": "storage-secret-key",
            },
        },
    }
)


class Wire:
    """A vendor that answers what it is told, and keeps what it was asked."""

    def __init__(self, account: AgoraAccount, answer: Any) -> None:
        self.requests: list[httpx.Request] = []
        self.answer = answer
        self.now = datetime(2026, 1, 2, tzinfo=UTC)
        http = httpx.AsyncClient(transport=httpx.MockTransport(self._handle))
        self.client = AgoraClient(account, http, lambda: self.now)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer: Any = self.answer(request) if callable(self.answer) else self.answer
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def call(self, name: str) -> Any:
        match name:
            case "acquire":
                return await self.client.acquire(ACQUIRE)
            case "start":
                return await self.client.start(RESOURCE, START)
            case "update":
                return await self.client.update(RESOURCE, SID, UPDATE)
            case "updateLayout":
                return await self.client.update_layout(RESOURCE, SID, LAYOUT)
            case "query":
                return await self.client.query(RESOURCE, SID, "mix")
            case _:
                return await self.client.stop(RESOURCE, SID, STOP)

    async def failure(self, name: str) -> RecordingError:
        with pytest.raises(RecordingError) as caught:
            await self.call(name)
        return caught.value


CALLS = ("acquire", "start", "update", "updateLayout", "query", "stop")


@pytest.fixture
def wire(make_account: Callable[..., AgoraAccount]) -> Callable[..., Wire]:
    return lambda answer, **account: Wire(make_account(**account), answer)


def reply(status: int, body: Any, **headers: str) -> httpx.Response:
    return httpx.Response(status, json=body, headers=headers)


@pytest.mark.parametrize(
    ("call", "method", "path"),
    [
        ("acquire", "POST", "/acquire"),
        ("start", "POST", "/resourceid/RES%2F1%3Fx/mode/mix/start"),
        ("update", "POST", f"/resourceid/RES%2F1%3Fx/sid/{SID}/mode/mix/update"),
        ("updateLayout", "POST", f"/resourceid/RES%2F1%3Fx/sid/{SID}/mode/mix/updateLayout"),
        ("query", "GET", f"/resourceid/RES%2F1%3Fx/sid/{SID}/mode/mix/query"),
        ("stop", "POST", f"/resourceid/RES%2F1%3Fx/sid/{SID}/mode/mix/stop"),
    ],
)
async def test_call_goes_to_its_address_with_credentials(
    wire: Callable[..., Wire], call: str, method: str, path: str
) -> None:
    vendor = wire(reply(200, {"resourceId": "R", "sid": SID, "serverResponse": {"status": 4}}))
    await vendor.call(call)
    (request,) = vendor.requests
    base = b"/v1/apps/970CA35de60c44645bbae8a215061b33/cloud_recording"
    assert request.url.host == "api.agora.io"
    assert (request.method, request.url.raw_path) == (method, base + path.encode())
    assert request.headers["Content-Type"] == "application/json;charset=utf-8"
    assert request.headers["Authorization"].startswith("Basic ")
    assert bool(request.content) == (method == "POST")


async def test_stop_has_time_for_the_uploads(wire: Callable[..., Wire]) -> None:
    vendor = wire(reply(200, {"serverResponse": {"status": 4}}))
    await vendor.call("query")
    await vendor.call("stop")
    reads = [request.extensions["timeout"]["read"] for request in vendor.requests]
    assert reads == [10, 30]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "error",
    [
        httpx.ConnectError("[Errno -2] Name or service not known"),
        httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED]"),
        httpx.ConnectTimeout("t"),
        httpx.PoolTimeout("t"),
        httpx.ProxyError("p"),
    ],
)
async def test_what_never_left_is_not_sent(
    wire: Callable[..., Wire], call: str, error: Exception
) -> None:
    vendor = wire(error)
    assert (await vendor.failure(call)).code == "NotSent"
    assert len(vendor.requests) == 1


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "error",
    [
        httpx.WriteError("broken pipe"),
        httpx.WriteTimeout("t"),
        httpx.ReadError("reset"),
        httpx.ReadTimeout("t"),
        httpx.RemoteProtocolError("Server disconnected without sending a response."),
        httpx.LocalProtocolError("l"),
        httpx.DecodingError("d"),
    ],
)
async def test_what_may_have_arrived_leaves_a_start_in_doubt(
    wire: Callable[..., Wire], call: str, error: Exception
) -> None:
    vendor = wire(error)
    failure = await vendor.failure(call)
    assert failure.code == ("StartUnknown" if call == "start" else "VendorUnavailable")
    assert failure.retryable
    assert len(vendor.requests) == 1  # repeating is Temporal's business


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("content", [b"", b"<html>oops</html>", b'{"resourceId": "R', b"[]", b"7"])
async def test_answer_that_cannot_be_read_tells_no_outcome(
    wire: Callable[..., Wire], call: str, content: bytes
) -> None:
    vendor = wire(httpx.Response(200, content=content))
    failure = await vendor.failure(call)
    assert failure.code == ("StartUnknown" if call == "start" else "VendorUnavailable")
    assert "oops" not in str(failure)


@pytest.mark.parametrize("call", ["acquire", "start", "query"])
async def test_answer_without_its_heart_tells_no_outcome(
    wire: Callable[..., Wire], call: str
) -> None:
    failure = await wire(reply(200, {"cname": "room", "sid": ""})).failure(call)
    assert failure.code == ("StartUnknown" if call == "start" else "VendorUnavailable")


async def test_old_and_new_success_bodies_are_both_read(wire: Callable[..., Wire]) -> None:
    old = {"code": 200, "resourceId": "R", "sid": SID}
    new = {"cname": "room", "uid": "1", "resourceId": "R", "sid": SID}
    for body in (old, new):
        assert (await wire(reply(200, body)).call("start")).sid == SID


async def test_repeated_start_succeeds_when_the_answer_has_the_sid(
    wire: Callable[..., Wire],
) -> None:
    with_sid = reply(201, {"code": 7, "reason": "already", "sid": SID})
    assert (await wire(with_sid).call("start")).sid == SID
    for sid in ({}, {"sid": ""}):
        failure = await wire(reply(201, {"code": 7, **sid})).failure("start")
        assert failure.code == "AlreadyRunning"


async def test_stop_that_outlasts_the_uploads_is_no_failure(wire: Callable[..., Wire]) -> None:
    stopped = await wire(reply(206, {"code": 50, "reason": "uploading"})).call("stop")
    assert stopped.server_response.uploading_status == ""


@pytest.mark.parametrize(
    ("call", "answer", "expected", "code"),
    [
        ("acquire", (400, {"message": "invalid appid"}), "NotConfigured", "invalid appid"),
        ("acquire", (401, {"message": "Unauthorized"}), "Unauthorized", "401"),
        ("acquire", (429, {"message": "API rate limit exceeded"}), "RateLimited", "429"),
        ("start", (400, {"code": "433", "reason": "expired"}), "ResourceExpired", "433"),
        ("start", (400, {"code": 53, "reason": "task conflict"}), "RecorderBusy", "53"),
        ("start", (500, {"code": 15, "sid": ""}), "StartUnknown", "15"),
        ("query", (404, {"code": 404, "reason": "failed to find worker"}), "TaskNotFound", "404"),
        ("stop", (206, {"code": 435, "reason": "no recorded data"}), "NoRecordedData", "435"),
        ("stop", (400, {"code": 49, "serverResponse": {}}), "AlreadyStopped", "49"),
        ("query", (200, {"code": 501, "reason": "exiting"}), "AlreadyStopped", "501"),
    ],
)
async def test_refusal_carries_the_vendor_s_code(
    wire: Callable[..., Wire], call: str, answer: tuple[int, Any], expected: str, code: str
) -> None:
    failure = await wire(reply(*answer, **{"X-Request-Id": "req-7"})).failure(call)
    assert failure.code == expected
    known = {"vendor": "agora", "call": call, "vendor_code": code, "request_id": "req-7"}
    assert known.items() <= failure.evidence().items()


async def test_older_services_hide_their_words_deeper(wire: Callable[..., Wire]) -> None:
    body = {
        "code": 404,
        "serverResponse": {
            "command": "StopCloudRecorder",
            "payload": {"message": "failed to find worker"},
        },
    }
    assert "failed to find worker" in str(await wire(reply(404, body)).failure("stop"))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), ("Fri, 02 Jan 2026 00:00:30 GMT", 30), ("soon", None), ("-3", None)],
)
async def test_retry_after_is_honoured(
    wire: Callable[..., Wire], header: str, seconds: int | None
) -> None:
    failure = await wire(reply(429, {}, **{"Retry-After": header})).failure("query")
    assert failure.retry_after == (None if seconds is None else timedelta(seconds=seconds))


async def test_no_secret_reaches_an_error_or_a_log(
    wire: Callable[..., Wire], caplog: pytest.LogCaptureFixture
) -> None:
    echo = (
        "bad: 007-the-token storage-secret-key storage-access-key customer-secret-value\n\x1b[31m"
    )
    with caplog.at_level(logging.DEBUG):
        failure = await wire(reply(400, {"code": 2, "reason": echo + "x" * 900})).failure("start")
    shown = f"{failure} {failure!r} {failure.evidence()} {caplog.text}"
    for secret in (
        "007-the-token",
        "storage-secret-key",
        "storage-access-key",
        "customer-secret-value",
        "Basic ",
        "\x1b",
    ):
        assert secret not in shown
    assert len(str(failure)) < 400


async def test_failed_host_is_passed_over_by_the_next_call(wire: Callable[..., Wire]) -> None:
    def answer(request: httpx.Request) -> Any:
        if request.url.host == "api.agora.io":
            return httpx.ConnectError("down")
        return reply(200, {"resourceId": "R"})

    vendor = wire(answer)
    assert (await vendor.failure("acquire")).code == "NotSent"
    assert (await vendor.call("acquire")).resource_id == "R"
    assert (await vendor.call("acquire")).resource_id == "R"
    hosts = [request.url.host for request in vendor.requests]
    assert hosts == ["api.agora.io", "api.sd-rtn.com", "api.sd-rtn.com"]
    vendor.now += timedelta(minutes=1)
    await vendor.failure("acquire")
    assert vendor.requests[-1].url.host == "api.agora.io"


async def test_dead_gateway_counts_as_a_failed_host(wire: Callable[..., Wire]) -> None:
    vendor = wire(httpx.Response(503, text="no upstream"))
    for _ in range(2):
        await vendor.failure("query")
    assert [r.url.host for r in vendor.requests] == ["api.agora.io", "api.sd-rtn.com"]


async def test_refusal_and_a_full_pool_do_not_blame_the_host(wire: Callable[..., Wire]) -> None:
    answers = [httpx.PoolTimeout("full"), reply(500, {"code": 500}), reply(400, {"code": 2})]
    vendor = wire(lambda _: answers.pop(0))
    for _ in range(3):
        await vendor.failure("acquire")
    assert {r.url.host for r in vendor.requests} == {"api.agora.io"}


async def test_explicit_address_is_the_only_one(wire: Callable[..., Wire]) -> None:
    vendor = wire(httpx.ConnectError("down"), base_url="http://127.0.0.1:8400")
    for _ in range(3):
        await vendor.failure("query")
    assert {str(r.url)[:21] for r in vendor.requests} == {"http://127.0.0.1:8400"}


@pytest.mark.parametrize("call", ["acquire", "start", "updateLayout", "stop"])
async def test_a_refusal_that_cannot_be_read_is_not_taken_for_final(
    wire: Callable[..., Wire], call: str
) -> None:
    failure = await wire(httpx.Response(400, content=b'{"code": 43')).failure(call)
    assert failure.code == ("StartUnknown" if call == "start" else "VendorUnavailable")

"""One attempt a call; every way in which it can fail ends in the class that says what is next."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from longtake.domain.errors import RecordingError
from longtake.vendorkit.http import open_client
from longtake.vendors.alibaba.client import AlibabaClient
from longtake.vendors.alibaba.settings import AlibabaAccount
from longtake.vendors.alibaba.wire.requests import StartRequest, TaskRequest, UpdateRequest

USERS = {"SubscribeUserIdList": [{"UserId": "ada"}]}
TASK = TaskRequest.model_validate({"TaskId": "73a1c0de-8501"})
UPDATE = UpdateRequest.model_validate({"TaskId": "73a1c0de-8501", "SubscribeParams": USERS})
START = StartRequest.model_validate(
    {
        "AppId": "app",
        "ChannelId": "room 7",
        "SubscribeParams": USERS,
        "RecordParams": {"RecordMode": 0},
        "StorageParams": {"StorageType": 2, "VodParams": {}},
        "NotifyUrl": "https://calls.example/a/lt01",
        "NotifyAuthKey": "mytestkeymytestkey",
    }
)
SECRETS = ("mytestkeymytestkey", "ExampleSecret0123456789abcdefABCD", "temporary-token")
CALLS = {
    "start": "StartRtcCloudRecording",
    "update": "UpdateRtcCloudRecording",
    "stop": "StopRtcCloudRecording",
    "describe": "DescribeRtcCloudRecordingFiles",
}
FINE = {"TaskId": "task-1", "TaskInfo": {"Status": "RUNNING"}, "RequestId": "req-1"}


class Wire:
    """A vendor that answers what it is told, and keeps what it was asked."""

    def __init__(self, account: AlibabaAccount, answer: Any) -> None:
        self.requests: list[httpx.Request] = []
        self.answer = answer
        now = datetime(2026, 1, 2, tzinfo=UTC)
        http = httpx.AsyncClient(transport=httpx.MockTransport(self._handle))
        self.client = AlibabaClient(account, http, lambda: now)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def call(self, name: str) -> Any:
        match name:
            case "start":
                return await self.client.start(START)
            case "update":
                return await self.client.update(UPDATE)
            case "stop":
                return await self.client.stop(TASK)
            case _:
                return await self.client.describe(TASK)

    async def failure(self, name: str) -> RecordingError:
        with pytest.raises(RecordingError) as caught:
            await self.call(name)
        return caught.value


MakeWire = Callable[..., Wire]


@pytest.fixture
def wire(make_account: Callable[..., AlibabaAccount]) -> MakeWire:
    return lambda answer, **account: Wire(make_account(**account), answer)


def refusal(
    code: Any, status: int = 400, message: str = "no", headers: dict[str, str] | None = None
) -> httpx.Response:
    body = {"Code": code, "Message": message, "RequestId": "req-7", "HostId": "h", "Recommend": "x"}
    return httpx.Response(status, json=body, headers=headers)


@pytest.mark.parametrize("call", CALLS)
async def test_call_names_its_operation_and_has_no_body(wire: MakeWire, call: str) -> None:
    vendor = wire(httpx.Response(200, json=FINE), region="ap-southeast-1", timeout=7)
    await vendor.call(call)
    (request,) = vendor.requests
    assert (request.method, request.url.path, request.content) == ("POST", "/", b"")
    expected = {
        "accept": "application/json",
        "host": "live.ap-southeast-1.aliyuncs.com",
        "x-acs-action": CALLS[call],
        "x-acs-version": "2016-11-01",
        "x-acs-date": "2026-01-02T00:00:00Z",
    }
    assert expected.items() <= dict(request.headers).items()
    assert request.extensions["timeout"]["read"] == 7


async def test_parameters_travel_in_the_query(wire: MakeWire) -> None:
    vendor = wire(httpx.Response(200, json=FINE))
    await vendor.call("start")
    assert dict(parse_qsl(vendor.requests[0].url.query.decode())) == {
        "AppId": "app",
        "ChannelId": "room 7",
        "SubscribeParams": '{"SubscribeUserIdList":[{"StreamType":0,"UserId":"ada"}]}',
        "RecordParams": '{"RecordMode":0,"StreamType":0}',
        "StorageParams": '{"StorageType":2,"VodParams":{}}',
        "NotifyUrl": "https://calls.example/a/lt01",
        "NotifyAuthKey": "mytestkeymytestkey",
        "MaxIdleTime": "300",
    }


@pytest.mark.parametrize(
    ("account", "url"),
    [
        ({}, "https://live.aliyuncs.com/"),
        ({"region": "ap-southeast-1"}, "https://live.ap-southeast-1.aliyuncs.com/"),
        ({"region": "us-east-1"}, "https://live.us-east-1.aliyuncs.com/"),
        ({"base_url": "http://127.0.0.1:8400"}, "http://127.0.0.1:8400/"),
    ],
)
async def test_call_goes_where_the_account_says(
    wire: MakeWire, account: dict[str, Any], url: str
) -> None:
    vendor = wire(httpx.Response(200, json=FINE), **account)
    await vendor.call("stop")
    assert str(vendor.requests[0].url) == f"{url}?TaskId=73a1c0de-8501"


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "error",
    [
        httpx.ConnectError("[Errno -2] Name or service not known"),
        httpx.ConnectTimeout("t"),
        httpx.PoolTimeout("t"),
        httpx.ProxyError("p"),
    ],
)
async def test_what_never_left_is_not_sent(wire: MakeWire, call: str, error: Exception) -> None:
    vendor = wire(error)
    assert (await vendor.failure(call)).code == "NotSent"
    assert len(vendor.requests) == 1


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "error",
    [
        httpx.WriteError("broken pipe"),
        httpx.ReadError("reset"),
        httpx.ReadTimeout("t"),
        httpx.RemoteProtocolError("Server disconnected without sending a response."),
    ],
)
async def test_what_may_have_arrived_leaves_a_start_in_doubt(
    wire: MakeWire, call: str, error: Exception
) -> None:
    vendor = wire(error)
    failure = await vendor.failure(call)
    assert failure.code == ("StartUnknown" if call == "start" else "VendorUnavailable")
    assert len(vendor.requests) == 1  # repeating is Temporal's business


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "answer",
    [
        *(
            httpx.Response(200, content=content)
            for content in (
                *(b"", b"<html>oops</html>", b'{"TaskId', b"[]", b"7", b"null", b"{}"),
                *(b"[" * 100_000, b'{"Code": 5}', b'{"Code": [1], "TaskId": "t"}'),
            )
        ),
        *(httpx.Response(status, text="oops") for status in (301, 400, 404, 500, 502, 504)),
        *(httpx.Response(status, json=FINE) for status in (201, 302, 500)),
    ],
)
async def test_answer_that_tells_no_outcome_is_in_doubt_for_a_start_only(
    wire: MakeWire, call: str, answer: httpx.Response
) -> None:
    failure = await wire(answer).failure(call)
    assert failure.code == ("StartUnknown" if call == "start" else "VendorUnavailable")
    assert "oops" not in str(failure)


async def test_start_that_a_gateway_turned_away_for_too_many_calls_did_not_happen(
    wire: MakeWire,
) -> None:
    turned_away = httpx.Response(429, text="oops", headers={"Retry-After": "7"})
    failure = await wire(turned_away).failure("start")
    assert (failure.code, failure.retry_after) == ("RateLimited", timedelta(seconds=7))


@pytest.mark.parametrize("task", [None, "", 5, [], "x" * 513])
async def test_start_without_a_usable_task_id_is_in_doubt(wire: MakeWire, task: Any) -> None:
    answer = httpx.Response(200, json={"TaskId": task, "RequestId": "r"})
    assert (await wire(answer).failure("start")).code == "StartUnknown"


@pytest.mark.parametrize("status", [200, 400, 404, 405, 500])
@pytest.mark.parametrize(
    ("call", "code", "expected"),
    [
        ("start", "InvalidParameter.RecordParams", "InvalidRequest"),
        ("start", "InvalidParameter.ChannelId", "VendorUnavailable"),
        ("start", "InternalError", "StartUnknown"),
        ("start", "SignatureDoesNotMatch", "Unauthorized"),
        ("describe", "NotFound.Task", "TaskNotFound"),
        ("update", "InternalError", "VendorUnavailable"),
        ("stop", "InvalidParameter.TaskId", "AlreadyStopped"),
        ("stop", "Throttling.User", "RateLimited"),
    ],
)
async def test_failure_is_read_from_the_code_whatever_the_status(
    wire: MakeWire, call: str, code: str, expected: str, status: int
) -> None:
    failure = await wire(refusal(code, status)).failure(call)
    assert failure.evidence() == {
        "vendor": "alibaba",
        "call": CALLS[call],
        "vendor_code": code,
        "request_id": "req-7",
        **({"in_doubt": "yes"} if expected == "StartUnknown" else {}),
    }
    assert failure.code == expected
    assert code in str(failure)


@pytest.mark.parametrize(
    ("code", "headers", "wait"),
    [
        ("Throttling", {"x-acs-retry-after": "1500"}, timedelta(milliseconds=1500)),
        ("Throttling", {"x-acs-retry-after": "0"}, timedelta(0)),
        ("Throttling", {"Retry-After": "7"}, timedelta(seconds=7)),
        ("Throttling", {"x-acs-retry-after": "soon", "Retry-After": "7"}, timedelta(seconds=7)),
        ("Throttling", {"x-acs-retry-after": "99999999999"}, None),
        ("Throttling", {}, None),
        ("InvalidParameter.ChannelId", {}, timedelta(seconds=10)),
        ("InvalidParameter.ChannelId", {"x-acs-retry-after": "2000"}, timedelta(seconds=2)),
    ],
)
async def test_pause_is_the_one_that_the_service_asks_for(
    wire: MakeWire, code: str, headers: dict[str, str], wait: timedelta | None
) -> None:
    failure = await wire(refusal(code, headers=headers)).failure("start")
    assert failure.retry_after == wait


async def test_status_is_the_code_where_the_body_has_none(wire: MakeWire) -> None:
    failure = await wire(httpx.Response(504)).failure("describe")
    assert (failure.vendor_code, failure.code) == ("504", "VendorUnavailable")


async def test_no_secret_reaches_an_error_or_a_log(
    wire: MakeWire, caplog: pytest.LogCaptureFixture
) -> None:
    echo = f"bad: {' '.join(SECRETS)}\n\x1b[31m{'x' * 900}"
    # httpx writes addresses at INFO, query included: whoever runs this silences it (worker.py).
    with caplog.at_level(logging.WARNING):
        vendor = wire(refusal(f"Odd {SECRETS[0]}", message=echo), security_token=SECRETS[2])
        failure = await vendor.failure("start")
    shown = f"{failure} {failure!r} {failure.evidence()} {caplog.text}"
    assert [secret for secret in (*SECRETS, "\x1b", "ACS3-HMAC") if secret in shown] == []
    assert len(str(failure)) < 400


async def test_call_over_a_real_socket_is_answered(
    make_account: Callable[..., AlibabaAccount],
) -> None:
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        body = b'{"TaskId": "task-1", "RequestId": "r"}'
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
        writer.write(b"Content-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(body), body))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, open_client() as http:
        account = make_account(base_url=f"http://127.0.0.1:{port}")
        client = AlibabaClient(account, http, lambda: datetime(2026, 1, 2, tzinfo=UTC))
        assert (await client.start(START)).task_id == "task-1"
    assert seen[0].startswith(b"POST /?AppId=app&ChannelId=room%207&MaxIdleTime=300&")
    assert f"Host: 127.0.0.1:{port}\r\n".encode() in seen[0]
    assert b"Content-Length: 0\r\n" in seen[0]

"""One attempt a call; every way in which it can fail ends in the class that says what is next."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from longtake.domain.errors import RecordingError
from longtake.vendorkit.http import open_client
from longtake.vendors.tencent.client import TencentClient
from longtake.vendors.tencent.settings import TencentAccount
from longtake.vendors.tencent.wire.requests import CreateRequest, ModifyRequest, TaskRequest

TASK = TaskRequest.model_validate({"SdkAppId": 1400000123, "TaskId": "task-Ab+9_x."})
MODIFY = ModifyRequest.model_validate({"SdkAppId": 1400000123, "TaskId": "task-Ab+9_x."})
CREATE = CreateRequest.model_validate(
    {
        "SdkAppId": 1400000123,
        "RoomId": "room",
        "RoomIdType": 0,
        "UserId": "rec_r7_01",
        "UserSig": "eJx-the-user-sig",
        "PrivateMapKey": "eJx-the-map-key",
        "RecordParams": {"RecordMode": 1},
        "StorageParams": {
            "CloudStorage": {
                "Vendor": 0,
                "Region": "ap-shanghai",
                "Bucket": "b-1",
                "AccessKey": "bucket-access-key",
                "SecretKey": "bucket-secret-key",
            }
        },
    }
)
SECRETS = (
    *("eJx-the-user-sig", "eJx-the-map-key", "bucket-access-key", "bucket-secret-key"),
    *("api-secret-key-value", "application-key-value", "temporary-token", "Signature="),
)
LENGTH = b"content-length:"
CALLS = ("create", "describe", "modify", "delete")
ACTIONS = {name: f"{name.capitalize()}CloudRecording" for name in CALLS}
FINE = {"TaskId": "task-1", "Status": "Idle", "RequestId": "req-1"}


class Wire:
    """A vendor that answers what it is told, and keeps what it was asked."""

    def __init__(self, account: TencentAccount, answer: Any) -> None:
        self.requests: list[httpx.Request] = []
        self.answer = answer
        now = datetime(2026, 1, 2, tzinfo=UTC)
        http = httpx.AsyncClient(transport=httpx.MockTransport(self._handle))
        self.client = TencentClient(account, http, lambda: now)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def call(self, name: str) -> Any:
        return await called(self.client, name)

    async def failure(self, name: str) -> RecordingError:
        with pytest.raises(RecordingError) as caught:
            await self.call(name)
        return caught.value


async def called(client: TencentClient, name: str) -> Any:
    match name:
        case "create":
            return await client.create(CREATE)
        case "describe":
            return await client.describe(TASK)
        case "modify":
            return await client.modify(MODIFY)
        case _:
            return await client.delete(TASK)


MakeWire = Callable[..., Wire]


@pytest.fixture
def wire(make_account: Callable[..., TencentAccount]) -> MakeWire:
    return lambda answer, **account: Wire(make_account(**account), answer)


def reply(fields: Any, status: int = 200, **headers: str) -> httpx.Response:
    return httpx.Response(status, json={"Response": fields}, headers=headers)


def refusal(code: Any, message: str = "no", status: int = 200) -> httpx.Response:
    return reply({"Error": {"Code": code, "Message": message}, "RequestId": "req-7"}, status)


@pytest.mark.parametrize("call", CALLS)
async def test_call_names_its_action_in_the_headers(wire: MakeWire, call: str) -> None:
    vendor = wire(reply(FINE), region="ap-guangzhou", language="zh-CN")
    await vendor.call(call)
    (request,) = vendor.requests
    assert (request.method, str(request.url)) == ("POST", "https://trtc.intl.tencentcloudapi.com/")
    expected = {
        "content-type": "application/json",
        "host": "trtc.intl.tencentcloudapi.com",
        "x-tc-action": ACTIONS[call],
        "x-tc-version": "2019-07-22",
        "x-tc-region": "ap-guangzhou",
        "x-tc-language": "zh-CN",
        "x-tc-timestamp": "1767312000",
    }
    assert expected.items() <= dict(request.headers).items()
    assert json.loads(request.content)["SdkAppId"] == 1400000123
    assert request.extensions["timeout"]["read"] == 9


@pytest.mark.parametrize(
    ("account", "url"),
    [
        ({}, "https://trtc.intl.tencentcloudapi.com/"),
        ({"region_host": True}, "https://trtc.ap-singapore.tencentcloudapi.com/"),
        (
            {"site": "mainland", "region": "ap-shanghai"},
            "https://trtc.tencentcloudapi.com/",
        ),
        ({"base_url": "http://127.0.0.1:8400"}, "http://127.0.0.1:8400/"),
    ],
)
async def test_call_goes_where_the_account_says(
    wire: MakeWire, account: dict[str, Any], url: str
) -> None:
    vendor = wire(reply(FINE), **account)
    await vendor.call("describe")
    assert str(vendor.requests[0].url) == url


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
    assert failure.code == ("StartUnknown" if call == "create" else "VendorUnavailable")
    assert len(vendor.requests) == 1  # repeating is Temporal's business


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "answer",
    [
        *(
            httpx.Response(200, content=content)
            for content in (
                *(b"", b"<html>oops</html>", b'{"Response": {"TaskId', b"[]", b"7", b"null"),
                *(b"{}", b'{"Response": null}', b'{"Response": {}}', b"[" * 100_000),
                *(b'{"Response": {"Error": 5}}', b'{"Response": {"Error": {"Code": [1]}}}'),
                b'{"TaskId": "t"}',
            )
        ),
        *(httpx.Response(status, text="oops") for status in (301, 400, 404, 500, 502, 504)),
        *(reply(FINE, status) for status in (201, 302, 500)),
    ],
)
async def test_answer_that_tells_no_outcome_is_in_doubt_for_a_start_only(
    wire: MakeWire, call: str, answer: httpx.Response
) -> None:
    failure = await wire(answer).failure(call)
    assert failure.code == ("StartUnknown" if call == "create" else "VendorUnavailable")
    assert "oops" not in str(failure)


async def test_start_that_a_gateway_turned_away_for_too_many_calls_did_not_happen(
    wire: MakeWire,
) -> None:
    turned_away = httpx.Response(429, text="oops", headers={"Retry-After": "7"})
    failure = await wire(turned_away).failure("create")
    assert (failure.code, failure.retry_after) == ("RateLimited", timedelta(seconds=7))


@pytest.mark.parametrize("task", [None, "", 5, [], "x" * 513])
async def test_start_without_a_usable_task_id_is_in_doubt(wire: MakeWire, task: Any) -> None:
    failure = await wire(reply({"TaskId": task, "RequestId": "r"})).failure("create")
    assert failure.code == "StartUnknown"


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize(
    ("call", "code", "expected"),
    [
        ("create", "FailedOperation.RestrictedConcurrency", "QuotaExceeded"),
        ("create", "InternalError.CRInternalError", "StartUnknown"),
        ("create", "InValidParameter.SdkAppId", "InvalidRequest"),
        ("create", "AuthFailure.SignatureFailure", "Unauthorized"),
        ("describe", "ResourceNotFound", "TaskNotFound"),
        ("modify", "InternalError.CRInternalError", "VendorUnavailable"),
        ("delete", "FailedOperation.TaskFinished", "AlreadyStopped"),
        ("delete", "RequestLimitExceeded", "RateLimited"),
    ],
)
async def test_failure_is_read_from_the_body_whatever_the_status(
    wire: MakeWire, call: str, code: str, expected: str, status: int
) -> None:
    failure = await wire(refusal(code, status=status)).failure(call)
    assert failure.evidence() == {
        "vendor": "tencent",
        "call": ACTIONS[call],
        "vendor_code": code,
        "request_id": "req-7",
        **({"in_doubt": "yes"} if expected == "StartUnknown" else {}),
    }
    assert failure.code == expected
    assert code in str(failure)


async def test_status_is_the_code_where_the_body_has_none(wire: MakeWire) -> None:
    failure = await wire(httpx.Response(504, headers={"Retry-After": "7"})).failure("describe")
    assert (failure.vendor_code, failure.retry_after) == ("504", timedelta(seconds=7))


async def test_unknown_fields_and_an_absent_list_are_forgiven(wire: MakeWire) -> None:
    fields = {"Status": "InProgress", "StorageFileList": None, "RecorderKey": "k", "New": [1]}
    found = await wire(reply(fields)).call("describe")
    assert (found.status, found.storage_file_list) == ("InProgress", ())


async def test_no_secret_reaches_an_error_or_a_log(
    wire: MakeWire, caplog: pytest.LogCaptureFixture
) -> None:
    echo = f"bad: {' '.join(SECRETS)}\n\x1b[31m{'x' * 900}"
    fields = {
        "Error": {"Code": f"Odd {SECRETS[0]}", "Message": echo},
        "RequestId": f"r {SECRETS[3]}",
    }
    with caplog.at_level(logging.DEBUG):
        failure = await wire(reply(fields), token="temporary-token").failure("create")
    shown = f"{failure} {failure!r} {failure.evidence()} {caplog.text}"
    hidden = [secret for secret in SECRETS if secret != "Signature="]
    assert [secret for secret in (*hidden, "\x1b", "TC3-HMAC") if secret in shown] == []
    assert len(str(failure)) < 400


async def test_call_over_a_real_socket_is_answered(
    make_account: Callable[..., TencentAccount],
) -> None:
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line[:15].lower() == LENGTH)
        seen.append(head + await reader.readexactly(length))
        body = b'{"Response": {"TaskId": "task-1", "RequestId": "r"}}'
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
        writer.write(b"Content-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(body), body))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, open_client() as http:
        account = make_account(base_url=f"http://127.0.0.1:{port}")
        client = TencentClient(account, http, lambda: datetime(2026, 1, 2, tzinfo=UTC))
        assert (await client.create(CREATE)).task_id == "task-1"
    assert b"X-TC-Action: CreateCloudRecording\r\n" in seen[0]
    assert seen[0].endswith(CREATE.body())
    assert f"Host: 127.0.0.1:{port}\r\n".encode() in seen[0]

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
from longtake.vendors.huawei.client import HuaweiClient
from longtake.vendors.huawei.settings import HuaweiAccount
from longtake.vendors.huawei.wire.jobs import IndividualJob, IndividualUpdate, MixJob, MixUpdate
from longtake.vendors.huawei.wire.rules import RecordRule

APP = "5fcdf5650a1b2c3d6f835d0d"
RULE = {"record_rule_id": "rule-1"}
RTMP = "rtmp://push.example/live/stream-key-value"
INDIVIDUAL = IndividualJob.model_validate(
    {
        "room_id": "r",
        "user_id": "u",
        "publish_param": {"rtmp_urls": [RTMP]},
        "record_param": RULE,
    }
)
MIX = MixJob.model_validate(
    {"mix_param": {"room_id": "r", "encode_template": "audio_only"}, "record_param": RULE}
)
CHANGE = MixUpdate.model_validate({"mix_param": {"max_idle_time": 60}})
SWAP = IndividualUpdate.model_validate({"record_param": RULE})
RECORD_RULE = RecordRule.model_validate(
    {
        "obs_addr": {"location": "cn-north-4", "project_id": "p", "bucket": "b"},
        "record_formats": ["HLS"],
        "hls_config": {"record_cycle": 0},
    }
)
CALLS: dict[str, tuple[Callable[[HuaweiClient], Any], str, str]] = {
    "CreateIndividualStreamJob": (
        lambda client: client.start(INDIVIDUAL),
        *("POST", "/individual-stream-jobs"),
    ),
    "ShowIndividualStreamJob": (
        lambda client: client.show("individual", "j1"),
        *("GET", "/individual-stream-jobs/j1"),
    ),
    "UpdateIndividualStreamJob": (
        lambda client: client.update("j1", SWAP),
        *("PUT", "/individual-stream-jobs/j1"),
    ),
    "StopIndividualStreamJob": (
        lambda client: client.stop("individual", "j1"),
        *("DELETE", "/individual-stream-jobs/j1"),
    ),
    "CreateMixJob": (lambda client: client.start(MIX), "POST", "/mix-stream-jobs"),
    "ShowMixJob": (lambda client: client.show("mix", "j1"), "GET", "/mix-stream-jobs/j1"),
    "UpdateMixJob": (lambda client: client.update("j1", CHANGE), "PUT", "/mix-stream-jobs/j1"),
    "StopMixJob": (lambda client: client.stop("mix", "j1"), "DELETE", "/mix-stream-jobs/j1"),
    "CreateRecordRule": (
        lambda client: client.create_rule(RECORD_RULE),
        *("POST", "/record-rules"),
    ),
    "ListRecordRules": (
        lambda client: client.list_rules(page=2, limit=5),
        *("GET", "/record-rules?offset=2&limit=5"),
    ),
    "ShowRecordRule": (lambda client: client.show_rule("x/y"), "GET", "/record-rules/x%2Fy"),
    "UpdateRecordRule": (
        lambda client: client.update_rule("r1", RECORD_RULE),
        *("PUT", "/record-rules/r1"),
    ),
    "DeleteRecordRule": (
        lambda client: client.delete_rule("r1"),
        *("DELETE", "/record-rules/r1"),
    ),
}
STARTS = ("CreateIndividualStreamJob", "CreateMixJob")
SILENT = ("StopIndividualStreamJob", "StopMixJob", "DeleteRecordRule")
"""Answered without a body."""
FINE = {"job_id": "j1", "state": "RUNNING", "rule_id": "r1", "rules": []}
SECRETS = (
    *("hwExampleSecretKey0123456789abcdefABCDEF", "0123456789abcdef0123456789ABCDEF"),
    *("temporary-token", RTMP),
)


class Wire:
    """A vendor that answers what it is told, and keeps what it was asked."""

    def __init__(self, account: HuaweiAccount, answer: Any) -> None:
        self.requests: list[httpx.Request] = []
        self.answer = answer
        now = datetime(2026, 1, 2, tzinfo=UTC)
        http = httpx.AsyncClient(transport=httpx.MockTransport(self._handle))
        self.client = HuaweiClient(account, http, lambda: now)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def call(self, name: str) -> Any:
        return await CALLS[name][0](self.client)

    async def failure(self, name: str) -> RecordingError:
        with pytest.raises(RecordingError) as caught:
            await self.call(name)
        return caught.value


MakeWire = Callable[..., Wire]


@pytest.fixture
def wire(make_account: Callable[..., HuaweiAccount]) -> MakeWire:
    return lambda answer, **account: Wire(make_account(**account), answer)


def refusal(
    code: Any, message: str = "no", status: int = 400, request_id: str = ""
) -> httpx.Response:
    body = {"error_code": code, "error_msg": message}
    return httpx.Response(status, json=body, headers={"X-request-Id": request_id})


@pytest.mark.parametrize("call", CALLS)
async def test_call_goes_to_its_documented_address(wire: MakeWire, call: str) -> None:
    vendor = wire(httpx.Response(204 if call in SILENT else 200, json=FINE))
    await vendor.call(call)
    (request,) = vendor.requests
    _, method, path = CALLS[call]
    expected = f"https://rtc-api.myhuaweicloud.com/v2/apps/{APP}{path}"
    assert (request.method, str(request.url)) == (method, expected)
    typed = "application/json;charset=utf-8" if request.content else "application/json"
    assert request.headers["Content-Type"] == typed
    assert bool(request.content) == (method in {"POST", "PUT"})
    assert request.headers["X-Project-Id"] == "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
    assert request.extensions["timeout"]["read"] == 10


async def test_temporary_credentials_are_sent_and_signed(wire: MakeWire) -> None:
    vendor = wire(httpx.Response(204), security_token="temporary-token")
    await vendor.call("StopMixJob")
    (request,) = vendor.requests
    assert request.headers["X-Security-Token"] == "temporary-token"
    assert "x-security-token," in request.headers["Authorization"]


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
    assert failure.code == ("StartUnknown" if call in STARTS else "VendorUnavailable")
    assert len(vendor.requests) == 1  # repeating is Temporal's business


UNREADABLE = (b"", b"<html>oops</html>", b'{"job_id', b"[]", b"7", b"null", b"[" * 100_000)


@pytest.mark.parametrize("call", [call for call in CALLS if call not in SILENT])
@pytest.mark.parametrize(
    "answer",
    [
        *(httpx.Response(200, content=content) for content in UNREADABLE),
        *(httpx.Response(status, text="oops") for status in (100, 500, 502, 504)),
    ],
)
async def test_answer_that_tells_no_outcome_is_in_doubt_for_a_start_only(
    wire: MakeWire, call: str, answer: httpx.Response
) -> None:
    failure = await wire(answer).failure(call)
    assert failure.code == ("StartUnknown" if call in STARTS else "VendorUnavailable")
    assert "oops" not in str(failure)


@pytest.mark.parametrize("call", STARTS)
@pytest.mark.parametrize(
    "job", [None, "", [], {}, True, "x" * 129, "a/b", "a b", "../x", "a\n", 1e999]
)
async def test_start_without_a_usable_job_id_is_in_doubt(
    wire: MakeWire, call: str, job: Any
) -> None:
    answer = httpx.Response(201, content=json.dumps({"job_id": job}).encode())
    assert (await wire(answer).failure(call)).code == "StartUnknown"


@pytest.mark.parametrize(("job", "told"), [("608196a2", "608196a2"), (1, "1"), ("a-b_c.d", None)])
async def test_job_s_id_is_text_however_it_came(wire: MakeWire, job: Any, told: str | None) -> None:
    started = await wire(httpx.Response(201, json={"job_id": job})).call("CreateMixJob")
    assert started.job_id == (told or job)


@pytest.mark.parametrize("call", SILENT)
@pytest.mark.parametrize("answer", [httpx.Response(204), httpx.Response(200, text="done")])
async def test_stop_needs_no_body(wire: MakeWire, call: str, answer: httpx.Response) -> None:
    vendor = wire(answer)
    await vendor.call(call)
    assert len(vendor.requests) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"error_code": "RTC.00001003", "error_msg": "InvalidParameterValue"},
        {"errorCode": "RTC.00001003", "errorMsg": "InvalidParameterValue"},
        {"code": "RTC.00001003", "message": "InvalidParameterValue"},
        {"error": {"code": "RTC.00001003", "message": "InvalidParameterValue"}},
        {"error_code": None, "detail": {"error_code": "RTC.00001003", "error_msg": "Invalid"}},
    ],
)
async def test_refusal_is_read_in_every_spelling(wire: MakeWire, body: dict[str, Any]) -> None:
    answer = httpx.Response(400, json=body, headers={"X-request-Id": "req-7"})
    failure = await wire(answer).failure("CreateMixJob")
    assert failure.evidence() == {
        "vendor": "huawei",
        "call": "CreateMixJob",
        "vendor_code": "RTC.00001003",
        "request_id": "req-7",
    }
    assert failure.code == "InvalidRequest"
    assert "refused; RTC.00001003 (Invalid" in str(failure)


@pytest.mark.parametrize(
    ("call", "code", "status", "expected"),
    [
        ("CreateMixJob", "RTC.00001006", 400, "QuotaExceeded"),
        ("CreateMixJob", "RTC.00002001", 500, "StartUnknown"),
        ("CreateIndividualStreamJob", "RTC.00001003", 404, "NotConfigured"),
        ("ShowMixJob", "RTC.00001003", 404, "TaskNotFound"),
        ("StopMixJob", "RTC.00001009", 400, "AlreadyStopped"),
        ("StopMixJob", "APIGW.0308", 429, "RateLimited"),
        ("ShowRecordRule", "RTC.00001003", 404, "NotConfigured"),
        ("DeleteRecordRule", "RTC.00001013", 400, "InvalidRequest"),
    ],
)
async def test_refusal_means_what_it_is_about(
    wire: MakeWire, call: str, code: str, status: int, expected: str
) -> None:
    assert (await wire(refusal(code, status=status)).failure(call)).code == expected


async def test_status_is_the_code_where_the_body_has_none(wire: MakeWire) -> None:
    failure = await wire(httpx.Response(429, headers={"Retry-After": "7"})).failure("ShowMixJob")
    assert (failure.vendor_code, failure.retry_after) == ("429", timedelta(seconds=7))


async def test_refused_key_is_not_tried_again(wire: MakeWire) -> None:
    vendor = wire(refusal("APIGW.0301", status=401))
    assert (await vendor.failure("ShowMixJob")).code == "Unauthorized"
    assert len(vendor.requests) == 1


async def test_unknown_and_odd_fields_of_a_job_are_forgiven(wire: MakeWire) -> None:
    body = {"state": "RUNNING", "mix_param": None, "stop_time": "soon", "stop_reason": 5, "new": []}
    found = await wire(httpx.Response(200, json=body)).call("ShowMixJob")
    assert (found.state, found.stop_time, found.stop_reason) == ("RUNNING", None, "5")
    assert found.mix_param.layout_template == ""


async def test_rules_tell_which_files_they_make(wire: MakeWire) -> None:
    rule = {"rule_id": "r1", "record_formats": ["HLS", "MP4"], "obs_addr": {"bucket": "b"}}
    odd = {"rule_id": 7, "record_formats": None}
    answer = httpx.Response(200, json={"rules": [rule, None, odd]})
    found = await wire(answer).call("ListRecordRules")
    assert [(r.rule_id, r.record_formats) for r in found.rules] == [
        ("r1", ("HLS", "MP4")),
        ("7", ()),
    ]


async def test_no_secret_reaches_an_error_or_a_log(
    wire: MakeWire, caplog: pytest.LogCaptureFixture
) -> None:
    echo = f"bad: {' '.join(SECRETS)}\n\x1b[31m{'x' * 900}"
    answer = refusal(f"Odd {SECRETS[3]}", echo, request_id=f"r {SECRETS[0]}")
    with caplog.at_level(logging.DEBUG):
        vendor = wire(answer, security_token="temporary-token")
        failure = await vendor.failure("CreateIndividualStreamJob")
    shown = f"{failure} {failure!r} {failure.evidence()} {caplog.text} {INDIVIDUAL!r}"
    assert [secret for secret in (*SECRETS, "\x1b", "Signature=") if secret in shown] == []
    assert RTMP.encode() in vendor.requests[0].content
    assert len(str(failure)) < 400


async def test_call_over_a_real_socket_is_answered(
    make_account: Callable[..., HuaweiAccount],
) -> None:
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        if seen[-1].startswith(b"POST"):
            await reader.readexactly(len(MIX.body()))
            writer.write(b'HTTP/1.1 201 Created\r\nContent-Length: 15\r\n\r\n{"job_id":"j1"}')
        else:
            writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, open_client() as http:
        account = make_account(base_url=f"http://127.0.0.1:{port}")
        client = HuaweiClient(account, http, lambda: datetime(2026, 1, 2, tzinfo=UTC))
        assert (await client.start(MIX)).job_id == "j1"
        await client.stop("mix", "j1")
    assert seen[0].startswith(f"POST /v2/apps/{APP}/mix-stream-jobs HTTP/1.1\r\n".encode())
    assert seen[1].startswith(f"DELETE /v2/apps/{APP}/mix-stream-jobs/j1 HTTP/1.1\r\n".encode())
    assert f"Host: 127.0.0.1:{port}\r\n".encode() in seen[0]
    assert b"Content-Length" not in seen[1]

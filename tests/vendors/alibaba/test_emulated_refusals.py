"""What the emulator refuses, loses or delays, and what the session must hear of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from longtake.domain.errors import (
    AlreadyRunning,
    NotConfigured,
    RateLimited,
    RecordingError,
    StartUnknown,
    Unauthorized,
    VendorUnavailable,
)
from longtake.domain.events import TaskPhase
from longtake.domain.ports import Attempt, Task
from longtake.domain.recording import RecordingRequest
from longtake.vendors.alibaba.adapter import AlibabaRecorder
from longtake.vendors.alibaba.client import AlibabaClient
from longtake.vendors.alibaba.emulator.codes import CODES, DESCRIBE, START, STOP, UPDATE
from longtake.vendors.alibaba.emulator.credentials import ACCESS_KEY_ID, ACCESS_KEY_SECRET
from longtake.vendors.alibaba.errors import ACTIONS
from longtake.vendors.alibaba.wire.requests import StartRequest
from tests.vendors.alibaba.service import ADA, ROOM, UP, Service

Make = Callable[..., RecordingRequest]
Launch = Callable[..., Awaitable[Service]]


# --- answers that are lost ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "lost_reply"},
        {"kind": "corrupt_reply"},
        {"kind": "reset", "when": "after"},
        {"kind": "status", "status": 502, "when": "after", "body": "<html>Bad Gateway</html>"},
        {"kind": "slow", "seconds": 3600, "when": "after"},
    ],
    ids=lambda fault: fault["kind"],
)
async def test_lost_start_reply_leaves_one_task_that_is_told_by_event_and_by_file(
    told: Service, ask: Make, attempt: Attempt, fault: dict[str, Any]
) -> None:
    request = ask()
    recorder = await told.recorder(timeout=0.5 if fault["kind"] == "slow" else 10)
    recorder.traits(request)
    await told.artc.fault(call="start", **fault)
    with pytest.raises(StartUnknown) as failure:
        await recorder.start(request, request.first_scene(), attempt)
    assert failure.value.in_doubt
    with pytest.raises(AlreadyRunning):
        await recorder.recover(request, request.first_scene(), attempt)
    (event, *_) = await told.heard("TaskCreated")
    assert event.recorder == attempt.recorder
    task = Task(attempt=attempt, id=event.task_id)
    await told.artc.advance(35)
    made = await told.made()
    assert made["task_id"] == task.id
    assert {recorder.task_id_in(attempt, request, key) for key in made["files"]} == {task.id}
    await recorder.stop(request, task)
    assert len(await told.artc.tasks()) == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "reset"},
        {"kind": "status", "status": 503, "body": {"message": "no code"}},
        {"kind": "code", "code": "InternalError"},
        {"kind": "code", "code": "ServiceUnavailable"},
    ],
    ids=lambda fault: str(fault.get("code", fault["kind"])),
)
async def test_start_that_may_have_had_its_effect_is_in_doubt(
    service: Service, ask: Make, attempt: Attempt, fault: dict[str, Any]
) -> None:
    await service.artc.fault(call="start", **fault)
    with pytest.raises(StartUnknown):
        await service.begin(ask(), attempt)
    assert await service.artc.tasks() == []


@pytest.mark.parametrize("call", ["query", "layout", "stop"])
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "lost_reply"},
        {"kind": "corrupt_reply"},
        {"kind": "reset"},
        {"kind": "status", "status": 504},
        {"kind": "code", "code": "InternalError"},
    ],
    ids=lambda fault: fault["kind"],
)
async def test_other_call_without_an_answer_is_tried_again(
    service: Service, ask: Make, attempt: Attempt, call: str, fault: dict[str, Any]
) -> None:
    request = ask()
    recorder, task = await service.up(request, attempt)
    await service.artc.fault(call=call, **fault)
    with pytest.raises(VendorUnavailable):
        await _all_of(recorder, request, task)
    await service.artc.advance(10)
    assert (await recorder.query(request, task)).phase in {TaskPhase.RUNNING, TaskPhase.ENDED}


async def _all_of(recorder: AlibabaRecorder, request: RecordingRequest, task: Task) -> None:
    await recorder.query(request, task)
    await recorder.apply(request, task, request.first_scene(), "layout")
    await recorder.stop(request, task)


class Between(httpx.AsyncBaseTransport):
    """A gateway between us and the service."""

    def __init__(self) -> None:
        self.inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self.inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self.inner.aclose()


class Repeating(Between):
    """It sends every request again, as it is."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        first = await super().handle_async_request(request)
        await first.aread()
        return await super().handle_async_request(request)


class Marking(Between):
    """It adds a header which nobody signed."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.headers["x-acs-via"] = "gateway"
        return await super().handle_async_request(request)


async def test_start_that_came_twice_is_in_doubt_and_one_task(
    told: Service, ask: Make, attempt: Attempt
) -> None:
    async with httpx.AsyncClient(transport=Repeating()) as told.http:
        with pytest.raises(StartUnknown) as failure:
            await told.begin(ask(), attempt)
    assert failure.value.vendor_code == "SignatureNonceUsed"
    (event, *_) = await told.heard("TaskCreated")
    assert event.task_id == (await told.made())["task_id"]


# --- who calls ------------------------------------------------------------------------------------


async def test_header_that_a_gateway_adds_spoils_the_signature(
    service: Service, ask: Make, attempt: Attempt
) -> None:
    async with httpx.AsyncClient(transport=Marking()) as service.http:
        with pytest.raises(Unauthorized) as failure:
            await service.begin(ask(), attempt)
    assert failure.value.vendor_code == "IncompleteSignature"


@pytest.mark.parametrize(
    ("account", "code"),
    [
        ({"access_key_secret": "wrong-secret"}, "SignatureDoesNotMatch"),
        ({"access_key_id": "LTAInobody"}, "InvalidAccessKeyId.NotFound"),
        ({"security_token": "of-nobody"}, "InvalidAccessKeyId.NotFound"),
    ],
)
async def test_wrong_credentials_are_refused_and_not_shown(
    service: Service, ask: Make, attempt: Attempt, account: dict[str, str], code: str
) -> None:
    with pytest.raises(Unauthorized) as failure:
        await service.begin(ask(), attempt, **account)
    assert (failure.value.vendor_code, failure.value.call) == (code, START)
    assert failure.value.request_id
    shown = f"{failure.value} {failure.value.evidence()}"
    assert not any(value in shown for value in (*account.values(), ROOM, ADA))


async def test_temporary_credentials_need_their_token(
    launch: Launch, ask: Make, attempt: Attempt
) -> None:
    token = "STS.Example/+==01 ~"
    service = await launch(callers={ACCESS_KEY_ID: {"secret": ACCESS_KEY_SECRET, "token": token}})
    await service.begin(ask(), attempt, security_token=token)
    for wrong in (None, "STS.Another"):
        with pytest.raises(Unauthorized):
            await service.begin(ask(), attempt, security_token=wrong)


async def test_disabled_access_key_is_refused(launch: Launch, ask: Make, attempt: Attempt) -> None:
    service = await launch(callers={ACCESS_KEY_ID: {"secret": ACCESS_KEY_SECRET, "active": False}})
    with pytest.raises(Unauthorized) as failure:
        await service.begin(ask(), attempt)
    assert failure.value.vendor_code == "InvalidAccessKeyId.Inactive"


@pytest.mark.parametrize(("minutes", "taken"), [(-14, True), (14, True), (-16, False), (16, False)])
async def test_clock_may_be_fifteen_minutes_off(
    service: Service, ask: Make, attempt: Attempt, minutes: int, *, taken: bool
) -> None:
    request, now = ask(), await service.now() + timedelta(minutes=minutes)
    recorder = AlibabaRecorder(
        "demo", service.account(), service.storage, service.http, lambda: now
    )
    start = recorder.start(request, request.first_scene(), attempt)
    if taken:
        assert await start
        return
    with pytest.raises(VendorUnavailable) as failure:
        await start
    assert failure.value.vendor_code == "InvalidTimeStamp.Expired"
    assert failure.value.retryable


async def test_call_too_many_waits_as_long_as_the_service_says(
    launch: Launch, ask: Make, attempt: Attempt
) -> None:
    service = await launch(limits={"calls_per_second": 1})
    request = ask()
    recorder, _ = await service.begin(request, attempt)
    with pytest.raises(RateLimited) as failure:
        await recorder.start(request, request.first_scene(), attempt)
    assert failure.value.vendor_code == "Throttling.User"
    assert failure.value.retry_after == timedelta(seconds=1)
    await service.artc.advance(1)
    await recorder.start(request, request.first_scene(), attempt)


# --- what is called for ---------------------------------------------------------------------------


async def test_start_waits_for_somebody_to_join(
    service: Service, ask: Make, attempt: Attempt
) -> None:
    await service.artc.room(ROOM)
    with pytest.raises(VendorUnavailable) as failure:
        await service.begin(ask(), attempt)
    assert failure.value.vendor_code == "InvalidParameter.ChannelId"
    assert failure.value.retry_after == timedelta(seconds=10)
    assert not failure.value.in_doubt
    await service.artc.room(ROOM, ADA)
    await service.begin(ask(), attempt)


WRONG_SETTINGS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "InvalidParameter.AppId": ({}, {"app_id": "another"}),
    "NotFound.OSSBucket": ({"buckets": ["takes"]}, {}),
    "InvalidParameter.StorageParams.OSSParams": ({"region": "us-east-1"}, {}),
}
"""The emulator's options and ours, by the code that they lead to."""


@pytest.mark.parametrize("code", WRONG_SETTINGS)
async def test_what_the_settings_have_wrong_is_the_operator_s(
    launch: Launch, ask: Make, attempt: Attempt, code: str
) -> None:
    options, account = WRONG_SETTINGS[code]
    service = await launch(**options)
    with pytest.raises(NotConfigured) as failure:
        await service.begin(ask(), attempt, **account)
    assert failure.value.vendor_code == code
    assert await service.artc.tasks() == []


async def test_bucket_of_the_account_s_own_region_is_found(
    launch: Launch, ask: Make, attempt: Attempt
) -> None:
    service = await launch(region="ap-southeast-1")
    await service.begin(ask(output={"storage": "singapore"}), attempt, region="ap-southeast-1")


@pytest.fixture
async def wish(service: Service, ask: Make, attempt: Attempt) -> StartRequest:
    """A start that would be accepted."""
    recorder, request = await service.recorder(callback_url="https://calls.invalid/cb"), ask()
    return recorder._translation(request).start(request.first_scene(), attempt)


def spoilt(wish: StartRequest, path: str, value: Any) -> StartRequest:
    """The start with another value there, which no rule of ours has seen."""

    def replace(part: Any, steps: list[str]) -> Any:
        first, *rest = steps
        if isinstance(part, tuple):
            return tuple(replace(entry, steps) for entry in part)
        new = replace(getattr(part, first), rest) if rest else value
        return part.model_copy(update={first: new})

    return replace(wish, path.split("."))


ENTRIES, FILES = "subscribe_params.subscribe_user_id_list", "storage_params.file_info"
BROKEN: dict[str, list[tuple[str, Any]]] = {
    "MissingParameter": [
        (name, None)
        for name in ("app_id", "channel_id", "subscribe_params", "record_params", "storage_params")
    ],
    "InvalidParameter.NotifyUrl": [("notify_url", "ftp://calls.invalid/")],
    "InvalidParameter.NotifyAuthKey": [("notify_auth_key", SecretStr("short"))],
    "InvalidParameter.NotifyFileUploadedFormat": [("notify_file_uploaded_format", ("MP4",))],
    "InvalidParameter.MaxIdleTime": [("max_idle_time", 9), ("max_idle_time", 14_401)],
    "InvalidParameter.RecordParams": [
        ("record_params.record_mode", 2),
        ("record_params.max_file_duration", 179),
    ],
    "InvalidParameter.SubscribeParams.SubscribeUserIdList": [
        (ENTRIES, ()),
        (f"{ENTRIES}.stream_type", 3),
        (f"{ENTRIES}.user_id", "the same"),
    ],
    "InvalidParameter.MixLayoutParams.UserPanes": [
        ("mix_layout_params", None),
        ("mix_layout_params.user_panes.user_id", "mallory"),
        ("mix_layout_params.user_panes.width", "1.1"),
    ],
    "InvalidParameter.MixTranscodeParams": [
        ("mix_transcode_params", None),
        ("mix_transcode_params.video_gop", 61),
    ],
    "InvalidParameter.StorageParams.StorageType": [("storage_params.storage_type", 3)],
    "InvalidParameter.StorageParams.FileInfo": [
        (f"{FILES}.slice_duration", 31),
        (f"{FILES}.file_path_prefix", ("x" * 240,) * 5),
        (f"{FILES}.file_path_prefix", ("x" * 241,)),
        (f"{FILES}.file_path_prefix", ("a", "..")),
        (f"{FILES}.file_name_pattern", "{StartTime}{Sequence}"),
        (f"{FILES}.file_name_pattern", "{StartTime}{Date}"),
    ],
    "InvalidParameter.StorageParams.OSSParams": [("storage_params.oss_params.oss_bucket", "a/b")],
    "InvalidParameter.StorageParams.VodParams": [("storage_params.storage_type", 2)],
}
"""By the code that it provokes: what is put where in a start that would be accepted."""


@pytest.mark.parametrize("code", BROKEN)
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")  # of what is broken on purpose
async def test_refusal_that_a_broken_start_provokes_is_understood(
    service: Service, wish: StartRequest, code: str
) -> None:
    now = await service.now()
    client = AlibabaClient(service.account(), service.http, lambda: now)
    for path, value in BROKEN[code]:
        with pytest.raises(RecordingError) as failure:
            await client.start(spoilt(wish, path, value))
        assert failure.value.vendor_code == code, path
        assert code in MEANINGS[failure.value.code]
    assert await service.artc.tasks() == []
    await client.start(wish)


MEANINGS: dict[str, tuple[str, ...]] = {
    "InvalidRequest": (
        *("MissingParameter", "InvalidParameter", "InvalidApi.NotFound", "InvalidAction.NotFound"),
        *(
            f"InvalidParameter.{name}"
            for name in (
                "SubscribeParams.SubscribeUserIdList",
                "MixLayoutParams.UserPanes",
                "MixTranscodeParams",
                "RecordParams",
                "StorageParams.StorageType",
                "StorageParams.FileInfo",
                "NotifyFileUploadedFormat",
                "MaxIdleTime",
            )
        ),
    ),
    "NotConfigured": (
        *("NotFound.OSSBucket", "InvalidParameter.AppId", "InvalidParameter.NotifyUrl"),
        *("InvalidParameter.NotifyAuthKey", "InvalidParameter.StorageParams.OSSParams"),
        "InvalidParameter.StorageParams.VodParams",
    ),
    "Unauthorized": (
        *("SignatureDoesNotMatch", "IncompleteSignature", "InvalidParameter.UserId"),
        *("InvalidAccessKeyId.NotFound", "InvalidAccessKeyId.Inactive"),
        *("NoPermission", "Forbidden.RAM", "Forbidden"),
    ),
    "RateLimited": ("Throttling", "Throttling.User", "Throttling.Api"),
    "VendorUnavailable": (
        *("InvalidTimeStamp.Expired", "InvalidTimeStamp.Format", "InvalidParameter.ChannelId"),
    ),
    "StartUnknown": ("InternalError", "ServiceUnavailable", "SignatureNonceUsed"),
    "TaskNotFound": ("NotFound.Task",),
    "AlreadyStopped": ("InvalidParameter.TaskId",),
}
"""As docs/vendors/alibaba.md has them."""


def test_every_code_of_the_emulator_has_a_meaning() -> None:
    known = {code for codes in MEANINGS.values() for code in codes}
    assert {code for action in ACTIONS for code in CODES[action]} == known


@pytest.mark.parametrize("action", ACTIONS)
async def test_emulated_code_ends_in_its_class(
    service: Service, ask: Make, attempt: Attempt, action: str
) -> None:
    request = ask()
    recorder, task = await service.up(request, attempt)
    calls: dict[str, Callable[[], Awaitable[Any]]] = {
        START: lambda: recorder.start(request, request.first_scene(), attempt),
        UPDATE: lambda: recorder.apply(request, task, request.first_scene(), "layout"),
        STOP: lambda: recorder.stop(request, task),
        DESCRIBE: lambda: recorder.query(request, task),
    }
    for meaning, codes in MEANINGS.items():
        for code in [code for code in codes if code in CODES[action]]:
            await service.artc.fault("code", action, code=code)
            heard = await _heard(calls[action])
            assert heard == (_meant(meaning, action), code), code
    assert len(await service.artc.tasks()) == 1


def _meant(meaning: str, action: str) -> str:
    """Only a start can be in doubt, and what is said of a task answers a question about it."""
    if action != START and meaning == "StartUnknown":
        return "VendorUnavailable"
    if action == STOP and meaning == "AlreadyStopped":
        return "VendorUnavailable"  # the task is running, which is asked
    if action == DESCRIBE:
        return {"TaskNotFound": "missing", "AlreadyStopped": "ended"}.get(meaning, meaning)
    return meaning


async def _heard(call: Callable[[], Awaitable[Any]]) -> tuple[str, str]:
    try:
        seen = await call()
    except RecordingError as error:
        return error.code, error.vendor_code
    return seen.phase.value, seen.detail.split(";")[1].split()[0]


async def test_task_is_stopped_though_its_stop_was_refused_in_error(
    service: Service, ask: Make, attempt: Attempt
) -> None:
    request = ask()
    recorder, task = await service.up(request, attempt)
    await service.artc.fault("code", "stop", code="InvalidParameter.TaskId")
    with pytest.raises(VendorUnavailable):
        await recorder.stop(request, task)
    await recorder.stop(request, task)
    await service.artc.advance(UP)
    assert (await service.made())["end_reason"] == "stopped"

"""What the emulator refuses and what faults do to calls and jobs, each in its class of error."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from typing import Any

import pytest

from longtake.domain.errors import (
    AlreadyRunning,
    AlreadyStopped,
    QuotaExceeded,
    RecordingError,
    StartUnknown,
    TaskNotFound,
    VendorUnavailable,
)
from longtake.domain.events import TaskPhase
from longtake.domain.ports import Attempt, Task
from longtake.domain.recording import RecordingRequest
from longtake.emulator.faults import CallbackFault, kinds, parse_fault
from longtake.vendors.huawei.emulator.codes import CODES
from longtake.vendors.huawei.wire.rules import RecordRule
from tests.emulator.huawei_client import APP, NO_LIMITS
from tests.vendors.huawei.service import Launch, Service

ALICE = {"mode": "individual", "subscriptions": {"audio": {"allow": ["alice"]}}}
MODES = {"mixed": {}, "individual": ALICE}
DRAWN = {"changeable_layout": True, "users": ["alice", "bob"]}

Make = Callable[..., RecordingRequest]
by_mode = pytest.mark.parametrize("mode", MODES)


# -- refusals that a caller can provoke ------------------------------------------------------------


async def _start(service: Service, request: RecordingRequest, attempt: Attempt) -> Any:
    return await service.recorder().start(request, request.first_scene(), attempt)


async def _unknown_rule(service: Service, request: RecordingRequest, attempt: Attempt) -> Any:
    service.storage["archive"] = service.storage["archive"].model_copy(
        update={"record_rule_id": "none"}
    )
    await _start(service, request, attempt)


async def _unknown_app(service: Service, request: RecordingRequest, attempt: Attempt) -> Any:
    await service.recorder(app_id="none").start(request, request.first_scene(), attempt)


async def _stopped_app(service: Service, request: RecordingRequest, attempt: Attempt) -> Any:
    assert (await service.huawei.call("POST", f"{APP}/disable")).is_success
    await _start(service, request, attempt)


async def _unknown_job(service: Service, request: RecordingRequest, attempt: Attempt) -> Any:
    await service.recorder().stop(request, Task(attempt=attempt, id="0" * 32))


async def _ended_job(service: Service, request: RecordingRequest, attempt: Attempt) -> Any:
    recorder, task = await service.up(request, attempt)
    await recorder.stop(request, task)
    await recorder.stop(request, task)


async def _change_of_an_ended_job(
    service: Service, request: RecordingRequest, attempt: Attempt
) -> Any:
    changeable = request.model_copy(update={"vendor_options": DRAWN})
    recorder, task = await service.up(changeable, attempt)
    await recorder.stop(changeable, task)
    await recorder.apply(changeable, task, changeable.first_scene(), "layout")


async def _unlisted_encoding(service: Service, request: RecordingRequest, attempt: Attempt) -> Any:
    unlisted = {"encode_template": "1920x1080_60_9000"}
    await _start(service, request.model_copy(update={"vendor_options": unlisted}), attempt)


def _rule(prefix: str = "{stream}") -> RecordRule:
    place = {"location": "cn-north-4", "project_id": "p", "bucket": "takes"}
    hls = {"record_cycle": 0, "record_prefix": prefix}
    given = {"obs_addr": place, "record_formats": ["HLS"], "hls_config": hls}
    return RecordRule.model_validate(given)


async def _rule_in_use(service: Service, request: RecordingRequest, attempt: Attempt) -> Any:
    await service.profile(_rule(), "")
    await service.up(request, attempt)
    await service.client().delete_rule(service.storage["archive"].record_rule_id)


async def _unknown_variable(service: Service, _: RecordingRequest, __: Attempt) -> Any:
    await service.client().create_rule(_rule("{room}"))


async def _deleted_rule(service: Service, _: RecordingRequest, __: Attempt) -> Any:
    await service.client().delete_rule("longtake-takes")
    await service.client().show_rule("longtake-takes")


async def _huge_body(service: Service, _: RecordingRequest, __: Attempt) -> Any:
    await service.client().create_rule(_rule("x" * 12_582_912))


async def _wrong_key(service: Service, request: RecordingRequest, attempt: Attempt) -> Any:
    recorder = service.recorder(secret_key="wrong-secret")
    await recorder.start(request, request.first_scene(), attempt)


async def _another_project(service: Service, request: RecordingRequest, attempt: Attempt) -> Any:
    recorder = service.recorder(project_id="another")
    await recorder.start(request, request.first_scene(), attempt)


PROVOKED: list[tuple[Callable[..., Awaitable[Any]], str, str]] = [
    (_unknown_rule, "RTC.00001003", "InvalidRequest"),
    (_unlisted_encoding, "RTC.00001003", "InvalidRequest"),
    (_unknown_variable, "RTC.00001003", "InvalidRequest"),
    (_unknown_app, "RTC.00001003", "NotConfigured"),
    (_deleted_rule, "RTC.00001003", "NotConfigured"),
    (_unknown_job, "RTC.00001003", "TaskNotFound"),
    (_ended_job, "RTC.00001009", "AlreadyStopped"),
    (_change_of_an_ended_job, "RTC.00001009", "AlreadyStopped"),
    (_rule_in_use, "RTC.00001013", "InvalidRequest"),
    (_stopped_app, "RTC.00001016", "NotConfigured"),
    (_huge_body, "APIGW.0201", "InvalidRequest"),
    (_wrong_key, "APIGW.0301", "Unauthorized"),
    (_another_project, "APIGW.0302", "Unauthorized"),
]


@pytest.mark.parametrize(
    ("provoke", "code", "expected"), PROVOKED, ids=[row[0].__name__.strip("_") for row in PROVOKED]
)
async def test_provoked_refusal_ends_in_its_class(
    *,
    service: Service,
    make_request: Make,
    attempt: Attempt,
    provoke: Callable[..., Awaitable[Any]],
    code: str,
    expected: str,
) -> None:
    with pytest.raises(RecordingError) as failure:
        await provoke(service, make_request(), attempt)
    assert (failure.value.code, failure.value.vendor_code) == (expected, code)
    assert failure.value.request_id
    assert not failure.value.in_doubt


async def test_quota_of_jobs_is_waited_for(
    launch: Launch, make_request: Make, attempt: Attempt
) -> None:
    service = await launch(limits={**NO_LIMITS, "jobs": 1})
    await service.up(make_request(), attempt)
    with pytest.raises(QuotaExceeded, match=r"RTC\.00001007"):
        await service.up(make_request(room="retro"), attempt)


@pytest.mark.parametrize("gateway", ["APIGW", "APIG"])
async def test_eleventh_call_of_a_second_is_worth_another_try(
    launch: Launch, make_request: Make, attempt: Attempt, gateway: str
) -> None:
    service = await launch(limits={}, gateway=gateway)
    task, recorder = Task(attempt=attempt, id="0" * 32), service.recorder()
    asked = (recorder.stop(make_request(), task) for _ in range(12))
    seen = await asyncio.gather(*asked, return_exceptions=True)
    limited = [error for error in seen if not isinstance(error, TaskNotFound)]
    assert len(limited) == 2
    for error in limited:
        assert isinstance(error, RecordingError)
        assert (error.code, error.vendor_code) == ("RateLimited", f"{gateway}.0308")


async def test_rules_are_made_listed_changed_and_deleted(service: Service) -> None:
    client = service.client()
    made = await client.create_rule(_rule())
    assert (await client.show_rule(made.rule_id)).record_formats == ("HLS",)
    assert (await client.create_rule(_rule("rec/{stream}"))).rule_id == made.rule_id
    assert (await client.update_rule(made.rule_id, _rule())).rule_id == made.rule_id
    pages = [(await client.list_rules(page=page, limit=1)).rules for page in range(2)]
    assert [[rule.rule_id for rule in page] for page in pages] == [[made.rule_id], []]
    await client.delete_rule(made.rule_id)
    assert (await client.list_rules()).rules == ()


# -- every documented code, by a fault -------------------------------------------------------------

FAULTY = "RTC.00002001"
CLASSES = {
    "RTC.00001001": "Unauthorized",
    "RTC.00001002": "InvalidRequest",
    "RTC.00001003": "InvalidRequest",
    "RTC.00001004": "InvalidRequest",
    "RTC.00001005": "InvalidRequest",
    "RTC.00001006": "QuotaExceeded",
    "RTC.00001007": "QuotaExceeded",
    "RTC.00001009": "AlreadyStopped",
    "RTC.00001010": "InvalidRequest",
    "RTC.00001016": "NotConfigured",
    "APIGW.0101": "InvalidRequest",
    "APIGW.0201": "InvalidRequest",
    "APIGW.0301": "Unauthorized",
    "APIGW.0302": "Unauthorized",
    "APIGW.0307": "Unauthorized",
    "APIGW.0308": "RateLimited",
    FAULTY: "VendorUnavailable",
}
NOT_FOUND = {"RTC.00001003": "TaskNotFound"}
STEPS: dict[str, tuple[str, str, dict[str, str]]] = {
    "CreateMixJob": ("mixed", "start", {FAULTY: "StartUnknown"}),
    "CreateIndividualStreamJob": ("individual", "start", {FAULTY: "StartUnknown"}),
    "StopMixJob": ("mixed", "stop", NOT_FOUND),
    "StopIndividualStreamJob": ("individual", "stop", NOT_FOUND),
    "UpdateMixJob": ("mixed", "apply", {}),
    "ShowMixJob": ("mixed", "apply", NOT_FOUND),
}


@pytest.mark.parametrize(
    ("call", "code"),
    [(call, code) for call in STEPS for code in sorted({*CODES[call], FAULTY})],
)
async def test_documented_code_ends_in_its_class(
    service: Service, make_request: Make, attempt: Attempt, call: str, code: str
) -> None:
    mode, step, otherwise = STEPS[call]
    options = {"vendor_options": DRAWN} if mode == "mixed" else {}
    request, recorder = make_request(**MODES[mode], **options), service.recorder()
    scene_, task = request.first_scene(), Task(attempt=attempt, id="unknown")
    if step != "start":
        _, task = await service.up(request, attempt, recorder)
    steps: dict[str, Callable[[], Awaitable[Any]]] = {
        "start": lambda: recorder.start(request, scene_, attempt),
        "stop": lambda: recorder.stop(request, task),
        "apply": lambda: recorder.apply(request, task, scene_, "layout"),
    }
    await service.huawei.fault("code", call, code=code)
    with pytest.raises(RecordingError) as failure:
        await steps[step]()
    expected = {**CLASSES, **otherwise}[code]
    assert (failure.value.code, failure.value.vendor_code) == (expected, code)
    assert (failure.value.call, bool(failure.value.request_id)) == (call, True)


# -- faults ----------------------------------------------------------------------------------------

LOST: list[tuple[str, dict[str, Any], bool]] = [
    ("lost_reply", {}, True),
    ("corrupt_reply", {}, True),
    ("reset", {"when": "after"}, True),
    ("reset", {"when": "before"}, False),
    ("status", {"status": 504}, False),
    ("status", {"status": 502, "when": "after", "body": "<html>"}, True),
    ("slow", {"seconds": 30}, True),
]


def patience(kind: str) -> dict[str, float]:
    """Settings for a fault: real seconds are waited for nothing but what is slow."""
    return {"timeout": 0.5} if kind == "slow" else {}


@by_mode
@pytest.mark.parametrize(("kind", "fields", "made"), LOST)
async def test_start_without_its_answer_is_in_doubt_and_never_repeated(
    *,
    service: Service,
    make_request: Make,
    attempt: Attempt,
    mode: str,
    kind: str,
    fields: dict[str, Any],
    made: bool,
) -> None:
    request, recorder = make_request(**MODES[mode]), service.recorder(**patience(kind))
    await service.huawei.fault(kind, "start", **fields)
    with pytest.raises(StartUnknown):
        await recorder.start(request, request.first_scene(), attempt)
    await service.huawei.advance(31)  # what was slow happens, too
    assert len(await service.huawei.tasks()) == made
    with pytest.raises(AlreadyRunning):
        await recorder.recover(request, request.first_scene(), attempt)
    assert len(await service.calls()) == 1


@pytest.mark.parametrize(
    ("call", "kind", "fields"),
    [
        (call, kind, fields)
        for call in ("query", "layout", "stop")
        for kind, fields, _ in LOST
        if (call, kind) != ("stop", "corrupt_reply")  # there is no body that could be broken
    ],
)
async def test_call_without_its_answer_may_be_repeated(
    *,
    service: Service,
    make_request: Make,
    attempt: Attempt,
    call: str,
    kind: str,
    fields: dict[str, Any],
) -> None:
    request, recorder = make_request(vendor_options=DRAWN), service.recorder(**patience(kind))
    _, task = await service.up(request, attempt)
    await service.huawei.fault(kind, call, **fields)
    calls: dict[str, Callable[[], Awaitable[Any]]] = {
        "query": lambda: recorder.query(request, task),
        "layout": lambda: recorder.apply(request, task, request.first_scene(), "layout"),
        "stop": lambda: recorder.stop(request, task),
    }
    with pytest.raises(VendorUnavailable):
        await calls[call]()
    await service.huawei.advance(31)  # what was slow happens, too


STRUCK = {
    "evict": (TaskPhase.FAILED, AlreadyStopped),
    "forget": (TaskPhase.MISSING, TaskNotFound),
    "migrate": (TaskPhase.RUNNING, None),
    "stall_upload": (TaskPhase.RUNNING, None),
    "wrong_storage": (TaskPhase.RUNNING, None),
    "expire_resource": (TaskPhase.RUNNING, None),
    "token_expired": (TaskPhase.RUNNING, None),
}
"""How a job is seen that a fault strikes, and how its stop is refused, if it is."""


@by_mode
@pytest.mark.parametrize("kind", STRUCK)
async def test_job_that_is_struck_is_seen_as_the_vendor_tells(
    *,
    service: Service,
    make_request: Make,
    attempt: Attempt,
    mode: str,
    kind: str,
) -> None:
    phase, refusal = STRUCK[kind]
    request = make_request(**MODES[mode])
    recorder, task = await service.up(request, attempt, service.by_token())
    timed = {"seconds": 20} if kind in {"migrate", "stall_upload"} else {}
    await service.huawei.fault(kind, "now", **timed)
    assert (await recorder.query(request, task)).phase is phase
    with pytest.raises(refusal) if refusal else nullcontext():
        await recorder.stop(request, task)


@by_mode
async def test_job_that_never_comes_up_has_failed(
    service: Service, make_request: Make, attempt: Attempt, mode: str
) -> None:
    await service.huawei.fault("never_up", "start")
    request = make_request(**MODES[mode])
    recorder, task = await service.up(request, attempt)
    seen = await recorder.query(request, task)
    assert (seen.phase, seen.detail) == (TaskPhase.FAILED, "STOPPED: failed inside the service")


def test_every_kind_of_fault_is_met_here_or_among_the_callbacks() -> None:
    usual: dict[str, Any] = {"seconds": 1, "status": 500, "code": FAULTY}
    found = {
        kind: parse_fault(
            {"kind": kind, **{k: v for k, v in usual.items() if k in fields and kind != "evict"}}
        )
        for kind, fields in kinds().items()
    }
    of_calls = {kind for kind, fault in found.items() if not isinstance(fault, CallbackFault)}
    assert of_calls == {kind for kind, _, _ in LOST} | STRUCK.keys() | {"code", "never_up"}

"""The front of the service: routes, callers, rates, and the form of bodies."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import parse_qsl, unquote

from starlette.requests import Request
from starlette.responses import Response

from longtake.emulator import faults
from longtake.emulator.exchange import Exchange, Reply
from longtake.emulator.faults import TaskFault
from longtake.emulator.ledger import CallRecord
from longtake.emulator.rate import RateWindow
from longtake.emulator.world import World
from longtake.vendors.huawei.emulator import codes, iam
from longtake.vendors.huawei.emulator.access import Doorkeeper
from longtake.vendors.huawei.emulator.account import Account, Call
from longtake.vendors.huawei.emulator.codes import CALLS, Refusal, failure
from longtake.vendors.huawei.emulator.desk import Desk
from longtake.vendors.huawei.emulator.jobs import Jobs
from longtake.vendors.huawei.emulator.options import HuaweiOptions
from longtake.vendors.huawei.emulator.recording import Recording
from longtake.vendors.huawei.emulator.signing import SignedRequest

_LARGEST_BODY = 12 * 1024 * 1024  # bytes
_APP = "/v2/apps/{app_id}"
_ROUTES = {
    codes.START_ONE: ("POST", f"{_APP}/individual-stream-jobs"),
    codes.SHOW_ONE: ("GET", f"{_APP}/individual-stream-jobs/{{job_id}}"),
    codes.UPDATE_ONE: ("PUT", f"{_APP}/individual-stream-jobs/{{job_id}}"),
    codes.STOP_ONE: ("DELETE", f"{_APP}/individual-stream-jobs/{{job_id}}"),
    codes.START_MIX: ("POST", f"{_APP}/mix-stream-jobs"),
    codes.SHOW_MIX: ("GET", f"{_APP}/mix-stream-jobs/{{job_id}}"),
    codes.UPDATE_MIX: ("PUT", f"{_APP}/mix-stream-jobs/{{job_id}}"),
    codes.STOP_MIX: ("DELETE", f"{_APP}/mix-stream-jobs/{{job_id}}"),
    codes.ADD_RULE: ("POST", f"{_APP}/record-rules"),
    codes.LIST_RULES: ("GET", f"{_APP}/record-rules"),
    codes.SHOW_RULE: ("GET", f"{_APP}/record-rules/{{rule_id}}"),
    codes.UPDATE_RULE: ("PUT", f"{_APP}/record-rules/{{rule_id}}"),
    codes.DELETE_RULE: ("DELETE", f"{_APP}/record-rules/{{rule_id}}"),
    codes.SET_CALLBACK: ("PUT", f"{_APP}/record-callback"),
    codes.SHOW_CALLBACK: ("GET", f"{_APP}/record-callback"),
    codes.SET_AUTO: ("PUT", f"{_APP}/auto-record-mode"),
    codes.SHOW_AUTO: ("GET", f"{_APP}/auto-record-mode"),
    codes.DISMISS: ("POST", f"{_APP}/rooms/{{room_id}}/dismiss"),
    codes.REMOVE_USERS: ("POST", f"{_APP}/rooms/{{room_id}}/batch-remove-users"),
    codes.ENABLE: ("POST", f"{_APP}/enable"),
    codes.DISABLE: ("POST", f"{_APP}/disable"),
    codes.LIST_BUCKETS: ("GET", "/v2/rtc-ops/buckets"),
    codes.LIST_OBJECTS: ("GET", "/v2/rtc-ops/buckets/objects"),
    codes.AUTHORISE: ("PUT", "/v2/rtc-ops/buckets/authentication"),
    codes.LOG_IN: ("POST", "/v3/auth/tokens"),
}
_PATTERNS = {
    call: (method, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)))
    for call, (method, path) in _ROUTES.items()
}
_WITH_BODY = frozenset(
    {call for call, (method, _) in _ROUTES.items() if method in {"POST", "PUT"}}
) - {codes.DISMISS, codes.ENABLE, codes.DISABLE}


@dataclass(frozen=True)
class _Route:
    call: str
    parts: Mapping[str, str]


class HuaweiEmulator:
    """The vendor as the emulator mounts it: RTC and IAM on one port."""

    name = "huawei"
    calls = CALLS
    leave_codes = frozenset[int]()

    def __init__(self, world: World, options: HuaweiOptions, *, strict: bool) -> None:
        self._world, self._options, self._strict = world, options, strict
        self.reset()

    def matches(self, request: Request) -> bool:
        """By path, in any case: a path in the wrong case is still a mistake made with Huawei."""
        path = request.url.path.lower()
        return path.startswith(("/v2/apps", "/v2/rtc-ops", "/v3/auth/tokens"))

    async def handle(self, request: Request) -> Response:
        body = await request.body()
        route = _route(request)
        if route is None:
            return self._failure(Refusal(codes.NO_SUCH_API)).response()
        record = self._recorded(route, _lenient(body))
        try:
            self._check_at_the_gate(request, record, body)
        except Refusal as refusal:
            return self._turned_away(record, refusal)
        exchange = Exchange(
            self._world, self, request, record, creates_task=record.call in codes.STARTS
        )

        async def effect() -> Reply:
            try:
                return self._run(request, route, record, body)
            except Refusal as refusal:
                return self._failure(refusal)

        return await exchange.run(effect)

    def reset(self) -> None:
        """Forget all that was ever done here."""
        account = Account(self._world, self._options)
        self._doorkeeper = Doorkeeper(self._world, self._options)
        self._jobs = Jobs(self._world, self._options, account, strict=self._strict)
        self._desk = Desk(self._world, account, self._jobs, strict=self._strict)
        self._rates = self._fresh_rates()

    # -- faults ----------------------------------------------------------------------------------

    def knows_code(self, call: str, code: int | str) -> bool:
        return isinstance(code, str) and codes.knows(call, code)

    def coded_reply(self, record: CallRecord, code: int | str) -> Reply:
        gateway = "APIG" if str(code).startswith("APIG.") else self._options.gateway
        refusal = codes.as_documented(record.call, str(code))
        return failure(self._world.rng, refusal, gateway=gateway)

    def afflict(self, record: CallRecord, fault: TaskFault) -> bool:
        if isinstance(fault, faults.TokenExpired):
            return self._doorkeeper.void_tokens() > 0
        recording = self._jobs.recording(record.task_id)
        return recording is not None and _strike(recording, fault)

    def afflict_running(self, room: str | None, fault: TaskFault) -> int:
        if isinstance(fault, faults.TokenExpired):
            return self._doorkeeper.void_tokens()
        return sum(_strike(recording, fault) for recording in self._jobs.running(room))

    # -- the gate --------------------------------------------------------------------------------

    def _check_at_the_gate(self, request: Request, record: CallRecord, body: bytes) -> None:
        if len(body) > _LARGEST_BODY:
            raise Refusal(codes.TOO_LARGE)
        headers = {name.decode(): _text(value) for name, value in request.headers.raw}
        if record.call != codes.LOG_IN:
            path, query = _text(request.scope["raw_path"]), _text(request.scope["query_string"])
            signed = SignedRequest(request.method, path, query, headers, body)
            clocks = (self._world.clock.now(), datetime.now(UTC))
            self._doorkeeper.admit(signed, clocks)
            if not self._rate_of(record.call).admits(record.at):
                raise Refusal(codes.THROTTLED)
        _check_content_type(headers.get("content-type"))

    def _fresh_rates(self) -> dict[str, RateWindow]:
        limits = self._options.limits
        return {
            "jobs": RateWindow(limits.calls_per_second),
            "rooms": RateWindow(limits.rooms_per_minute, seconds=60),
            "buckets": RateWindow(limits.buckets_per_second),
            "settings": RateWindow(limits.settings_per_minute, seconds=60),
        }

    def _rate_of(self, call: str) -> RateWindow:
        if call in codes.JOB_CALLS:
            return self._rates["jobs"]
        if call in codes.ROOM_CALLS:
            return self._rates["rooms"]
        return self._rates["buckets" if call in codes.BUCKET_CALLS else "settings"]

    def _turned_away(self, record: CallRecord, refusal: Refusal) -> Response:
        reply = self._failure(refusal)
        record.status, record.code = reply.status, reply.code
        record.finished_at = self._world.clock.now()
        return reply.response()

    def _failure(self, refusal: Refusal) -> Reply:
        return failure(self._world.rng, refusal, gateway=self._options.gateway)

    # -- the call --------------------------------------------------------------------------------

    def _run(self, request: Request, route: _Route, record: CallRecord, body: bytes) -> Reply:
        document: Mapping[str, Any] = _document(body) if route.call in _WITH_BODY else {}
        if route.call == codes.LOG_IN:
            return iam.log_in(self._doorkeeper, self._options.iam, document)
        query = dict(parse_qsl(_text(request.scope["query_string"]), keep_blank_values=True))
        call = Call(record, route.parts, query, document)
        server = self._jobs if route.call in codes.JOB_CALLS else self._desk
        return server.run(call)

    def _recorded(self, route: _Route, document: Mapping[str, Any]) -> CallRecord:
        """Whose call this is: told by the body, the path, or the job that it names."""
        record = CallRecord(
            self.name,
            route.call,
            self._world.clock.now(),
            app=route.parts.get("app_id"),
            room=route.parts.get("room_id"),
            task_id=route.parts.get("job_id"),
        )
        if route.call in codes.STARTS:
            mixed = route.call == codes.START_MIX
            subject: Any = document.get("mix_param") if mixed else document
            fields = cast("dict[str, Any]", subject) if isinstance(subject, dict) else {}
            record.room = _id(fields.get("room_id"))
            record.recorder = "mix" if mixed else f"user:{_id(fields.get('user_id'))}"
        elif (recording := self._jobs.recording(record.task_id)) is not None:
            record.room, record.recorder = recording.facts.room, recording.facts.recorder
        self._world.ledger.calls.append(record)
        return record


def _strike(recording: Recording, fault: TaskFault) -> bool:
    """Let a fault strike one job; False if it no longer can."""
    if recording.ended_at is not None or recording.forgotten:
        return False
    match fault:
        case faults.Migrate():
            return recording.interrupt(fault.seconds)
        case faults.Evict():
            recording.leave("evicted")
        case faults.Forget():
            recording.forgotten = True
        case faults.StallUpload():
            recording.uploads.stall(fault.seconds, backup=False)
        case faults.WrongStorage():
            recording.uploads.refused = True
        case faults.NeverUp() if recording.up_at is None:
            recording.never_come_up()
        case _:
            return False
    return True


def _route(request: Request) -> _Route | None:
    """Of the path as it came: what is percent-encoded separates nothing."""
    path = _text(request.scope["raw_path"])
    for call, (method, pattern) in _PATTERNS.items():
        if request.method == method and (found := pattern.fullmatch(path)):
            return _Route(call, {name: unquote(part) for name, part in found.groupdict().items()})
    return None


def _check_content_type(content_type: str | None) -> None:
    if content_type is None:
        raise Refusal(codes.MISSING, "MissingParameter: Content-Type")
    if content_type.split(";")[0].strip().lower() != "application/json":
        raise Refusal(codes.MALFORMED, "Content-Type: application/json")


def _document(body: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as err:
        raise Refusal(codes.MALFORMED, "the body is not JSON") from err
    if not isinstance(document, dict):
        raise Refusal(codes.MALFORMED, "the body is not a JSON object")
    return cast("dict[str, Any]", document)


def _lenient(body: bytes) -> Mapping[str, Any]:
    """The body's object, or an empty one: only to say whose call this is."""
    try:
        return _document(body)
    except Refusal:
        return {}


def _id(value: Any) -> str | None:
    """An id, which may come as a number."""
    return str(value) if isinstance(value, str) or type(value) is int else None


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")

"""The front of the service: common parameters, signature, rate, and the form of bodies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import Response

from longtake.emulator import faults
from longtake.emulator.exchange import Exchange, Reply
from longtake.emulator.faults import TaskFault
from longtake.emulator.ledger import CallRecord
from longtake.emulator.rate import RateWindow
from longtake.emulator.world import World
from longtake.vendors.tencent.emulator.codes import (
    ACTIONS,
    CODES,
    CREATE,
    MISSING,
    Refusal,
    failure,
)
from longtake.vendors.tencent.emulator.facts import EVICTIONS, LeaveCode
from longtake.vendors.tencent.emulator.options import TencentOptions
from longtake.vendors.tencent.emulator.recording import Recording
from longtake.vendors.tencent.emulator.service import Call, TencentService
from longtake.vendors.tencent.emulator.signing import SignedRequest, verify

_VERSION = "2019-07-22"
_LARGEST_BODY = 10 * 1024 * 1024  # bytes
_NO_ACTION = "unknown"


class TencentEmulator:
    """The vendor as the emulator mounts it."""

    name = "tencent"
    calls = ACTIONS
    leave_codes = EVICTIONS

    def __init__(self, world: World, options: TencentOptions, *, strict: bool) -> None:
        self._world, self._options = world, options
        self._service = TencentService(world, options, strict=strict)
        self._rates = self._fresh_rates()

    def matches(self, request: Request) -> bool:
        """One path for all; what tells Tencent apart are its headers."""
        headers = request.headers
        marked = "x-tc-action" in headers or headers.get("authorization", "").startswith("TC3-")
        return request.url.path == "/" and marked

    async def handle(self, request: Request) -> Response:
        body = await request.body()
        document = _lenient(body)
        record = self._recorded(request, document)
        try:
            self._check_at_the_gate(request, record, body)
        except Refusal as refusal:
            return self._turned_away(record, refusal)
        exchange = Exchange(self._world, self, request, record, creates_task=record.call == CREATE)

        async def effect() -> Reply:
            try:
                return self._service.run(Call(record, _document(body)))
            except Refusal as refusal:
                return failure(self._world.rng, refusal.code, refusal.message)

        return await exchange.run(effect)

    def reset(self) -> None:
        self._service.reset()
        self._rates = self._fresh_rates()

    # -- faults ----------------------------------------------------------------------------------

    def knows_code(self, call: str, code: int | str) -> bool:
        tables = CODES.values() if call == "*" else [CODES.get(call, frozenset[str]())]
        return any(code in table for table in tables)

    def coded_reply(self, record: CallRecord, code: int | str) -> Reply:  # noqa: ARG002 - the port's
        return failure(self._world.rng, str(code))

    def afflict(self, record: CallRecord, fault: TaskFault) -> bool:
        recording = self._service.recording(record.task_id)
        return recording is not None and self._strike(recording, fault)

    def afflict_running(self, room: str | None, fault: TaskFault) -> int:
        return sum(self._strike(recording, fault) for recording in self._service.running(room))

    def _strike(self, recording: Recording, fault: TaskFault) -> bool:
        """Let a fault strike one task; False if it no longer can."""
        if recording.left_at is not None or recording.forgotten:
            return False
        match fault:
            case faults.Migrate():
                return recording.migrate(fault.seconds)
            case faults.Evict():
                code = LeaveCode.REMOVED if fault.code is None else LeaveCode(fault.code)
                recording.leave(code)
            case faults.Forget():
                recording.forgotten = True
            case faults.StallUpload():
                recording.delivery.stall(fault.seconds, backup=fault.backup)
            case faults.WrongStorage():
                recording.delivery.refuse()
            case faults.TokenExpired():
                recording.void_user_sig()
            case faults.ExpireResource():
                recording.api_until = self._world.clock.now()
            case faults.NeverUp() if recording.up_at is None:
                recording.never_come_up()
            case _:
                return False
        return True

    # -- the gate --------------------------------------------------------------------------------

    def _check_at_the_gate(self, request: Request, record: CallRecord, body: bytes) -> None:
        headers = request.headers
        if len(body) > _LARGEST_BODY:
            raise Refusal("RequestSizeLimitExceeded", "The body is larger than 10 MB.")
        if record.call not in ACTIONS:
            raise Refusal("InvalidAction", "X-TC-Action: no action of this service")
        if headers.get("x-tc-version") != _VERSION:
            raise Refusal("NoSuchVersion", f"X-TC-Version: {_VERSION}")
        if request.method != "POST":
            raise Refusal("FailedOperation.CRUnsupportMethod", "The method is POST.")
        clocks = (self._world.clock.now(), datetime.now(UTC))
        verify(SignedRequest(request.method, headers, body), self._options.callers, clocks)
        self._check_region(headers.get("x-tc-region"), record.call)
        if not self._rates[record.call].admits(record.at):
            raise Refusal("RequestLimitExceeded", "Too many requests in this second.")

    def _check_region(self, region: str | None, action: str) -> None:
        if not region:
            raise Refusal(MISSING, "X-TC-Region is needed.")
        regions = self._options.regions
        if region not in (regions.create if action == CREATE else regions.others):
            raise Refusal("UnsupportedRegion", "X-TC-Region: not a region of this action")

    def _turned_away(self, record: CallRecord, refusal: Refusal) -> Response:
        reply = failure(self._world.rng, refusal.code, refusal.message)
        record.status, record.code = reply.status, reply.code
        record.finished_at = self._world.clock.now()
        return reply.response()

    def _fresh_rates(self) -> dict[str, RateWindow]:
        limit = self._options.limits.calls_per_second
        return {action: RateWindow(limit) for action in ACTIONS}

    # -- the call --------------------------------------------------------------------------------

    def _recorded(self, request: Request, document: Mapping[str, Any]) -> CallRecord:
        """Whose call this is: told by the body, or else by the task that it names."""
        action = request.headers.get("x-tc-action", _NO_ACTION)
        task_id = None if action == CREATE else document.get("TaskId")
        app = document.get("SdkAppId")
        record = CallRecord(
            self.name,
            action,
            self._world.clock.now(),
            app=str(app) if isinstance(app, int) else None,
            task_id=task_id if isinstance(task_id, str) else None,
        )
        room, robot = document.get("RoomId"), document.get("UserId")
        if (recording := self._service.recording(record.task_id)) is not None:
            room, robot = recording.facts.request.room_id, recording.facts.request.user_id
        record.room = room if isinstance(room, str) else None
        record.recorder = robot if isinstance(robot, str) else None
        self._world.ledger.calls.append(record)
        return record


def _document(body: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as err:
        raise Refusal("InvalidParameter", "The body is not JSON.") from err
    if not isinstance(document, dict):
        raise Refusal("InvalidParameter", "The body is not a JSON object.")
    return cast("dict[str, Any]", document)


def _lenient(body: bytes) -> Mapping[str, Any]:
    """The body's object, or an empty one: only to say whose call this is."""
    try:
        return _document(body)
    except Refusal:
        return {}

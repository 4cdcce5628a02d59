"""The front of the service: action, version, signature and rate."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from longtake.emulator import faults
from longtake.emulator.exchange import Exchange, Reply
from longtake.emulator.faults import TaskFault
from longtake.emulator.ledger import CallRecord
from longtake.emulator.rate import RateWindow
from longtake.emulator.world import World
from longtake.vendors.alibaba.emulator.codes import (
    ACTIONS,
    CODES,
    START,
    THROTTLED,
    USERS,
    Refusal,
    failure,
)
from longtake.vendors.alibaba.emulator.options import AlibabaOptions
from longtake.vendors.alibaba.emulator.recording import Recording
from longtake.vendors.alibaba.emulator.service import AlibabaService, Call
from longtake.vendors.alibaba.emulator.signing import LARGEST_SKEW, SignedRequest, verify
from longtake.vendors.alibaba.emulator.wire import Parameters

_VERSION = "2016-11-01"
_NO_ACTION = "unknown"
_REGIONS = {
    "live.aliyuncs.com": "cn-shanghai",
    "live.ap-southeast-1.aliyuncs.com": "ap-southeast-1",
    "live.us-east-1.aliyuncs.com": "us-east-1",
}
"""Of the addresses that the service has."""


class AlibabaEmulator:
    """The vendor as the emulator mounts it."""

    name = "alibaba"
    calls = ACTIONS
    leave_codes = frozenset[int]()

    def __init__(self, world: World, options: AlibabaOptions, *, strict: bool) -> None:
        self._world, self._options, self._strict = world, options, strict
        self._service = AlibabaService(world, options)
        self._rates = self._fresh_rates()
        self._nonces: dict[str, datetime] = {}

    def matches(self, request: Request) -> bool:
        """One path for all; what tells Alibaba apart are its headers."""
        headers = request.headers
        marked = "x-acs-action" in headers or headers.get("authorization", "").startswith("ACS3-")
        return request.url.path == "/" and marked

    async def handle(self, request: Request) -> Response:
        body = await request.body()
        pairs = parse_qsl(request.url.query, keep_blank_values=True)
        parameters = Parameters(dict(pairs), strict=self._strict)
        record = self._recorded(request, parameters)
        signed = SignedRequest(request.method, _joined(request), pairs, body)
        try:
            self._check_at_the_gate(signed, record)
        except Refusal as refusal:
            return self._turned_away(record, refusal)
        exchange = Exchange(self._world, self, request, record, creates_task=record.call == START)

        async def effect() -> Reply:
            try:
                self._use_nonce(signed)
                return self._service.run(Call(record, parameters, self._region(signed)))
            except Refusal as refusal:
                return failure(self._world.rng, refusal.code, refusal.reason)

        return await exchange.run(effect)

    def reset(self) -> None:
        self._service.reset()
        self._rates = self._fresh_rates()
        self._nonces.clear()

    # -- faults ----------------------------------------------------------------------------------

    def knows_code(self, call: str, code: int | str) -> bool:
        tables = CODES.values() if call == "*" else [CODES.get(call, {})]
        return any(code in table for table in tables)

    def coded_reply(self, record: CallRecord, code: int | str) -> Reply:  # noqa: ARG002 - the port's
        return failure(self._world.rng, str(code))

    def afflict(self, record: CallRecord, fault: TaskFault) -> bool:
        recording = self._service.recording(record.task_id)
        return recording is not None and self._strike(recording, fault)

    def afflict_running(self, room: str | None, fault: TaskFault) -> int:
        return sum(self._strike(recording, fault) for recording in self._service.running(room))

    def _strike(self, recording: Recording, fault: TaskFault) -> bool:
        """Let a fault strike one task; False if it no longer can, or never could."""
        if recording.record.ended_at is not None or recording.forgotten:
            return False
        match fault:
            case faults.Migrate():
                return recording.recover(fault.seconds)
            case faults.Evict():
                recording.end("evicted")
            case faults.Forget():
                recording.forgotten = True
            case faults.StallUpload():
                recording.delivery.stall(fault.seconds)
            case faults.WrongStorage():
                recording.delivery.refuse()
            case faults.NeverUp() if recording.record.started_at is None:
                recording.doomed = True
            case _:
                return False
        return True

    # -- the gate --------------------------------------------------------------------------------

    def _check_at_the_gate(self, signed: SignedRequest, record: CallRecord) -> None:
        if record.call not in ACTIONS:
            raise Refusal("InvalidAction.NotFound", "x-acs-action: no operation of this service")
        if signed.headers.get("x-acs-version") != _VERSION or signed.method != "POST":
            raise Refusal("InvalidApi.NotFound", f"The operation is called by POST in {_VERSION}")
        clocks = (self._world.clock.now(), datetime.now(UTC))
        verify(signed, self._options.callers, clocks)
        if not self._rates[record.call].admits(record.at):
            raise Refusal(THROTTLED, "Too many calls in this second")

    def _use_nonce(self, signed: SignedRequest) -> None:
        """A request that a fault stopped before its effect has not used its nonce up."""
        now = self._world.clock.now()
        kept = self._nonces.items()
        self._nonces = {nonce: at for nonce, at in kept if now - at <= 2 * LARGEST_SKEW}
        nonce = signed.headers["x-acs-signature-nonce"]
        if nonce in self._nonces:
            raise Refusal("SignatureNonceUsed", "The nonce was used before")
        self._nonces[nonce] = now

    def _region(self, signed: SignedRequest) -> str:
        host = signed.headers.get("host", "").split(":")[0]
        return _REGIONS.get(host, self._options.region)

    def _turned_away(self, record: CallRecord, refusal: Refusal) -> Response:
        status = self._options.limits.throttled_as if refusal.code == THROTTLED else None
        reply = failure(self._world.rng, refusal.code, refusal.reason, status=status)
        record.status, record.code = reply.status, reply.code
        record.finished_at = self._world.clock.now()
        return reply.response()

    def _fresh_rates(self) -> dict[str, RateWindow]:
        limits = self._options.limits
        own = {USERS: limits.users_per_second}
        return {action: RateWindow(own.get(action, limits.calls_per_second)) for action in ACTIONS}

    # -- the call --------------------------------------------------------------------------------

    def _recorded(self, request: Request, parameters: Parameters) -> CallRecord:
        """Whose call this is: told by its parameters, or else by the task that it names."""
        action = request.headers.get("x-acs-action", _NO_ACTION)
        task_id = None if action == START else parameters.get("TaskId")
        record = CallRecord(
            self.name,
            action,
            self._world.clock.now(),
            app=parameters.get("AppId"),
            room=parameters.get("ChannelId"),
            task_id=task_id,
        )
        if (recording := self._service.recording(task_id)) is not None:
            record.app = recording.facts.request.app_id
            record.room = recording.facts.request.channel_id
            record.recorder = recording.facts.request.attempt
        self._world.ledger.calls.append(record)
        return record


def _joined(request: Request) -> Mapping[str, str]:
    """Headers by their names in lower case; of one that came twice, the first."""
    return {name: request.headers[name] for name in request.headers}

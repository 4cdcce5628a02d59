"""The front of the service: routes, credentials, the rate limit, and the form of bodies."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast, get_args

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from longtake.emulator import faults
from longtake.emulator.exchange import Exchange, Reply
from longtake.emulator.faults import TaskFault
from longtake.emulator.ledger import CallRecord
from longtake.emulator.rate import RateWindow
from longtake.emulator.world import World
from longtake.vendors.agora.emulator.options import AgoraOptions
from longtake.vendors.agora.emulator.recording import Recording
from longtake.vendors.agora.emulator.refusals import (
    CALLS,
    CODES,
    NCS_IP,
    QUERY,
    START,
    Refusal,
    coded,
)
from longtake.vendors.agora.emulator.requests import Envelope, parse
from longtake.vendors.agora.emulator.service import AgoraService, Call
from longtake.vendors.agora.emulator.start_request import Mode

_ROOT = r"/v1/apps/(?P<app>[^/]+)/cloud_recording"
_RESOURCE = _ROOT + r"/resourceid/(?P<resource_id>[^/]+)"
_TASK = _RESOURCE + r"/sid/(?P<sid>[^/]+)/mode/(?P<mode>[^/]+)"
_ROUTES: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    ("acquire", "POST", re.compile(_ROOT + "/acquire")),
    ("start", "POST", re.compile(_RESOURCE + "/mode/(?P<mode>[^/]+)/start")),
    ("update", "POST", re.compile(_TASK + "/update")),
    ("updateLayout", "POST", re.compile(_TASK + "/updateLayout")),
    ("query", "GET", re.compile(_TASK + "/query")),
    ("stop", "POST", re.compile(_TASK + "/stop")),
    (NCS_IP, "GET", re.compile("/v[12]/ncs/ip")),
)
_APP_ID = re.compile(r"[0-9A-Fa-f]{32}")
_JSON = re.compile(r"application/json(\s*;\s*charset=utf-8)?", re.IGNORECASE)
_JSON_TO_THE_LETTER = frozenset({"application/json", "application/json;charset=utf-8"})


@dataclass(frozen=True)
class _Route:
    call: str
    parts: Mapping[str, str]


class AgoraEmulator:
    """The vendor as the emulator mounts it."""

    name = "agora"
    calls = CALLS
    leave_codes = frozenset[int]()

    def __init__(self, world: World, options: AgoraOptions, *, strict: bool) -> None:
        self._world, self._options, self._strict = world, options, strict
        self._service = AgoraService(world, options, strict=strict)
        self._rate = RateWindow(options.limits.calls_per_second)

    def matches(self, request: Request) -> bool:
        """By path, in any case: a path in the wrong case is still a mistake made with Agora."""
        return request.url.path.lower().startswith(("/v1/apps", "/v1/ncs", "/v2/ncs"))

    async def handle(self, request: Request) -> Response:
        route = _route(request)
        if route is None:
            return _gateway_error(404, "no Route matched with those values")
        record = self._recorded(route)
        if refused := self._refused_at_the_gate(request, record):
            record.status = refused.status_code
            record.finished_at = self._world.clock.now()
            return refused
        body = await request.body()
        document = _lenient(body)
        self._identify(record, document)
        exchange = Exchange(
            self._world,
            self,
            request,
            record,
            creates_task=route.call == START,
            of_resource=(faults.ExpireResource,),
        )
        return await exchange.run(lambda: self._effect(request, route, record, body))

    def reset(self) -> None:
        self._service.reset()
        self._rate = RateWindow(self._options.limits.calls_per_second)

    # -- faults ----------------------------------------------------------------------------------

    def knows_code(self, call: str, code: int | str) -> bool:
        tables = CODES.values() if call == "*" else [CODES.get(call, {})]
        return any(code in table for table in tables)

    def coded_reply(self, record: CallRecord, code: int | str) -> Reply:
        ids = {"cname": record.room, "uid": record.recorder, "sid": record.task_id}
        return coded(record.call, int(code), **ids)

    def afflict(self, record: CallRecord, fault: TaskFault) -> bool:
        if isinstance(fault, faults.ExpireResource):
            resource = self._service.resource(record.resource_id)
            if resource is None or resource.sid is not None:
                return False
            resource.expires_at = self._world.clock.now()
            return True
        recording = self._service.recording(record.task_id)
        return recording is not None and _strike(recording, fault)

    def afflict_running(self, room: str | None, fault: TaskFault) -> int:
        return sum(_strike(recording, fault) for recording in self._service.running(room))

    # -- the gate --------------------------------------------------------------------------------

    def _refused_at_the_gate(self, request: Request, record: CallRecord) -> Response | None:
        authorization = request.headers.get("authorization")
        if authorization is None:
            return _gateway_error(401, "Unauthorized")
        if not self._authentic(authorization):
            return _gateway_error(401, "Invalid authentication credentials")
        if not self._rate.admits(record.at):
            return _gateway_error(429, "API rate limit exceeded")
        return None

    def _authentic(self, authorization: str) -> bool:
        scheme, _, encoded = authorization.partition(" ")
        try:
            customer, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        known = self._options.customers.get(customer)
        matches = hmac.compare_digest(secret.encode(), (known or "").encode())
        return scheme == "Basic" and known is not None and matches

    # -- the call --------------------------------------------------------------------------------

    async def _effect(
        self, request: Request, route: _Route, record: CallRecord, body: bytes
    ) -> Reply:
        if route.call == NCS_IP:
            host = request.url.hostname or "127.0.0.1"
            return Reply(200, {"data": {"service": {"hosts": [{"primaryIP": host}]}}})
        try:
            if not _APP_ID.fullmatch(route.parts["app"]):
                return Reply(400, {"message": "invalid appid"})
            return await self._service.run(self._call(request, route, record, body))
        except Refusal as refusal:
            return refusal.reply

    def _call(self, request: Request, route: _Route, record: CallRecord, body: bytes) -> Call:
        envelope = None
        if route.call != QUERY:
            envelope = self._envelope(request, route.call, body)
        mode = route.parts.get("mode")
        if mode is not None and mode not in get_args(Mode):
            raise Refusal(route.call, 2, f"{route.call.capitalize()}: invalid mode value!")
        return Call(
            record,
            route.parts["app"],
            envelope,
            envelope.client_request if envelope else {},
            route.parts.get("resource_id"),
            route.parts.get("sid"),
            cast("Mode | None", mode),
        )

    def _envelope(self, request: Request, call: str, body: bytes) -> Envelope:
        content_type = request.headers.get("content-type", "")
        fits = (
            content_type in _JSON_TO_THE_LETTER
            if self._strict
            else _JSON.fullmatch(content_type) is not None
        )
        if not fits:
            raise Refusal(call, 8)
        try:
            document = json.loads(body)
        except (ValueError, RecursionError) as err:
            raise Refusal(call, 8, "the body is not JSON") from err
        if not isinstance(document, dict):
            raise Refusal(call, 2)
        fields = cast("dict[str, Any]", document)
        return parse(call, Envelope, fields, strict=self._strict)

    def _recorded(self, route: _Route) -> CallRecord:
        record = CallRecord(
            self.name,
            route.call,
            self._world.clock.now(),
            app=route.parts.get("app"),
            resource_id=route.parts.get("resource_id"),
            task_id=route.parts.get("sid"),
        )
        self._world.ledger.calls.append(record)
        return record

    def _identify(self, record: CallRecord, document: Mapping[str, Any]) -> None:
        """Whose call this is: told by the body, or else by the recording that it names."""
        room, recorder = document.get("cname"), document.get("uid")
        recording = self._service.recording(record.task_id)
        if recording is not None and room is None:
            room, recorder = recording.facts.cname, recording.facts.uid
        record.room = room if isinstance(room, str) else None
        record.recorder = recorder if isinstance(recorder, str) else None


def _strike(recording: Recording, fault: TaskFault) -> bool:
    """Let a fault strike one recording; False if it no longer can."""
    if recording.left_at is not None or recording.forgotten:
        return False
    match fault:
        case faults.Migrate():
            recording.migrate(fault.seconds)
        case faults.Evict():
            recording.evict()
        case faults.Forget():
            recording.forgotten = True
        case faults.StallUpload():
            recording.uploads.stall(fault.seconds, backup=fault.backup)
        case faults.WrongStorage():
            recording.uploads.refused = True
        case faults.TokenExpired():
            recording.expire_token()
        case faults.NeverUp() if recording.up_at is None:
            recording.never_come_up()
        case _:
            return False
    return True


def _route(request: Request) -> _Route | None:
    path = request.scope["path"]
    for call, method, pattern in _ROUTES:
        if request.method == method and (found := pattern.fullmatch(path)):
            return _Route(call, found.groupdict())
    return None


def _lenient(body: bytes) -> Mapping[str, Any]:
    """The body's object, or an empty one: only to say whose call this is."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", document) if isinstance(document, dict) else {}


def _gateway_error(status: int, message: str) -> Response:
    return JSONResponse({"message": message}, status)

"""The control surface, ``/_emulator/*``: rooms, time, faults, callbacks and the ledger."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from longtake.emulator.faults import (
    CALLBACK,
    NOW,
    Code,
    Evict,
    Fault,
    Rule,
    TaskFault,
    kinds,
    parse_fault,
)
from longtake.emulator.ledger import rfc3339
from longtake.emulator.rooms import Person
from longtake.emulator.settings import CallbackTarget
from longtake.emulator.world import World

if TYPE_CHECKING:
    from longtake.emulator.app import Vendor


class RoomState(BaseModel):
    """Everybody in a room; replaces whoever was there."""

    model_config = ConfigDict(extra="forbid")

    participants: list[Person]


class Advance(BaseModel):
    """How far to move the clock, in seconds (at most a year)."""

    model_config = ConfigDict(extra="forbid")

    advance: Annotated[float, Field(ge=0, le=366 * 86400)]


class Target(BaseModel):
    """Where a vendor's callbacks go; a null url sends none, a null secret is the default one."""

    model_config = ConfigDict(extra="forbid")

    url: str | None
    secret: str | None = None


class Refused(Exception):
    """A control request that is not understood."""

    def __init__(self, errors: Sequence[Mapping[str, Any]], status: int = 422) -> None:
        super().__init__(status)
        self.response = JSONResponse({"errors": list(errors)}, status)


def routes(world: World, vendors: Mapping[str, Vendor]) -> list[Route]:
    surface = Control(world, vendors)
    return [
        Route("/health", surface.health),
        Route("/ledger", surface.ledger),
        Route("/clock", surface.time),
        Route("/clock", surface.advance, methods=["POST"]),
        Route("/reset", surface.reset, methods=["POST"]),
        Route("/faults", surface.list_faults),
        Route("/faults", surface.add_fault, methods=["POST"]),
        Route("/faults", surface.clear_faults, methods=["DELETE"]),
        Route("/rooms/{vendor}/{room:path}", surface.room),
        Route("/rooms/{vendor}/{room:path}", surface.put_room, methods=["PUT"]),
        Route("/callbacks/{vendor}", surface.put_callbacks, methods=["PUT"]),
    ]


class Control:
    """The endpoints; each answers JSON, and 422 with the path and the rule it broke."""

    def __init__(self, world: World, vendors: Mapping[str, Vendor]) -> None:
        self._world = world
        self._vendors = vendors

    async def health(self, _request: Request) -> Response:
        return JSONResponse({"status": "ok", "vendors": sorted(self._vendors), **self._time()})

    async def ledger(self, _request: Request) -> Response:
        # In ASCII: callers can send, and the ledger keep, text that has no UTF-8.
        content = json.dumps(self._world.ledger.as_json())
        return Response(content, media_type="application/json")

    async def time(self, _request: Request) -> Response:
        return JSONResponse(self._time())

    async def advance(self, request: Request) -> Response:
        try:
            wish = Advance.model_validate(await _document(request))
        except (ValidationError, Refused) as err:
            return _refusal(err, sorted(Advance.model_fields))
        await self._world.clock.advance(wish.advance)
        return JSONResponse(self._time())

    async def reset(self, _request: Request) -> Response:
        for vendor in self._vendors.values():
            vendor.reset()
        self._world.reset()
        return JSONResponse(self._time())

    async def room(self, request: Request) -> Response:
        try:
            vendor = self._vendor(request)
        except Refused as err:
            return err.response
        return self._room_state(vendor, request.path_params["room"])

    async def put_room(self, request: Request) -> Response:
        try:
            vendor = self._vendor(request)
            state = RoomState.model_validate(await _document(request))
        except (ValidationError, Refused) as err:
            return _refusal(err, ["participants", *Person.model_fields])
        self._world.rooms.put(vendor, request.path_params["room"], state.participants)
        return self._room_state(vendor, request.path_params["room"])

    async def put_callbacks(self, request: Request) -> Response:
        try:
            vendor = self._vendor(request)
            target = Target.model_validate(await _document(request))
        except (ValidationError, Refused) as err:
            return _refusal(err, sorted(Target.model_fields))
        url = target.url
        directed = None if url is None else CallbackTarget(url=url, secret=target.secret)
        self._world.callbacks.direct(vendor, directed)
        return JSONResponse({"vendor": vendor, "url": url})

    async def list_faults(self, _request: Request) -> Response:
        return JSONResponse({"faults": [_shown(rule) for rule in self._world.faults.rules]})

    async def clear_faults(self, _request: Request) -> Response:
        self._world.faults.clear()
        return JSONResponse({"faults": []})

    async def add_fault(self, request: Request) -> Response:
        document: Any = None
        try:
            document = await _document(request)
            fault = parse_fault(document)
            self._check_names(fault)
        except (ValidationError, Refused) as err:
            kind = _kind(document)
            return _refusal(err, _allowed_fields(kind), kind)
        rule = self._world.faults.add(fault)
        if fault.call == NOW and isinstance(fault, TaskFault):
            self._strike_now(rule, fault)
        return JSONResponse(_shown(rule), 201)

    def _strike_now(self, rule: Rule, fault: TaskFault) -> None:
        for name, vendor in self._vendors.items():
            if fault.vendor in {"*", name}:
                rule.hits += vendor.afflict_running(fault.room, fault)
        self._world.faults.rules.remove(rule)

    def _check_names(self, fault: Fault) -> None:
        """A rule that can never strike is a mistake in the test, so it is refused."""
        named = [v for name, v in self._vendors.items() if fault.vendor in {"*", name}]
        if not named:
            raise Refused([_broken("vendor", "unknown vendor", ["*", *sorted(self._vendors)])])
        calls = {"*", CALLBACK, NOW}.union(*(_names(vendor) for vendor in named))
        if fault.call not in calls:
            raise Refused([_broken("call", "unknown call", sorted(calls))])
        if isinstance(fault, Code) and not any(_knows(v, fault.call, fault.code) for v in named):
            raise Refused([_broken("code", f"not a code of {fault.call!r}", None)])
        if isinstance(fault, Evict) and fault.code is not None:
            leaves = sorted(frozenset[int]().union(*(vendor.leave_codes for vendor in named)))
            if fault.code not in leaves:
                raise Refused([_broken("code", "not a code for leaving", [str(c) for c in leaves])])

    def _vendor(self, request: Request) -> str:
        name: str = request.path_params["vendor"]
        if name not in self._vendors:
            raise Refused([_broken("vendor", "unknown vendor", sorted(self._vendors))], 404)
        return name

    def _room_state(self, vendor: str, room: str) -> Response:
        people = [person.model_dump() for person in self._world.rooms.people(vendor, room)]
        return JSONResponse({"vendor": vendor, "room": room, "participants": people})

    def _time(self) -> dict[str, str]:
        return {"now": rfc3339(self._world.clock.now())}


def _names(vendor: Vendor) -> set[str]:
    """Every name of its calls."""
    return {name for own, also in vendor.calls.items() for name in (own, *also)}


def _knows(vendor: Vendor, name: str, code: int | str) -> bool:
    """Whether ``code`` is documented for a call of that name."""
    owns = [own for own, also in vendor.calls.items() if name in (own, *also)]
    return any(vendor.knows_code(own, code) for own in owns or [name])


def _shown(rule: Rule) -> dict[str, Any]:
    return {"id": rule.number, "hits": rule.hits, **rule.fault.model_dump(exclude_none=True)}


async def _document(request: Request) -> Any:
    try:
        return json.loads(await request.body())
    except ValueError as err:
        raise Refused([_broken("", "the body must be JSON", None)]) from err


def _refusal(err: ValidationError | Refused, allowed: Sequence[str], kind: str = "") -> Response:
    """The answer to a broken document; ``kind`` is its discriminator's value, if it has one."""
    if isinstance(err, Refused):
        return err.response
    problems = err.errors(include_url=False, include_context=False)
    return Refused([_broken(_path(p, kind), p["msg"], allowed) for p in problems]).response


def _path(problem: ErrorDetails, kind: str) -> str:
    if problem["type"].startswith("union_tag"):
        return "kind"
    steps = [str(step) for step in problem["loc"]]
    return ".".join(steps[1:] if kind and steps[:1] == [kind] else steps)


def _broken(path: str, rule: str, allowed: Sequence[str] | None) -> dict[str, Any]:
    return {"path": path, "rule": rule} | ({} if allowed is None else {"allowed": list(allowed)})


def _kind(document: Any) -> str:
    fields = cast("dict[str, Any]", document) if isinstance(document, dict) else {}
    return str(fields.get("kind", ""))


def _allowed_fields(kind: str) -> list[str]:
    """The fields of ``kind``, or every kind if it does not exist."""
    every = kinds()
    return every.get(kind, sorted(every))

"""The application: every vendor on one port, told apart by path and headers."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Protocol

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from longtake.domain.errors import InvalidRequest, invalid_request
from longtake.emulator import control
from longtake.emulator.exchange import Afflictable
from longtake.emulator.faults import TaskFault
from longtake.emulator.settings import EmulatorSettings
from longtake.emulator.world import World


class Vendor(Afflictable, Protocol):
    """One emulated vendor. Clients cannot be given a path prefix, so it claims its requests."""

    @property
    def name(self) -> str: ...

    @property
    def leave_codes(self) -> frozenset[int]:
        """The codes that ``evict`` may name."""
        ...

    def matches(self, request: Request) -> bool: ...

    async def handle(self, request: Request) -> Response: ...

    def afflict_running(self, room: str | None, fault: TaskFault) -> int:
        """Let ``fault`` strike the running tasks at once, only in ``room`` if given; how many."""
        ...

    def reset(self) -> None: ...


VendorFactory = Callable[[World, EmulatorSettings], Vendor]


def create_app(settings: EmulatorSettings, vendors: Mapping[str, VendorFactory]) -> Starlette:
    """An emulator of ``vendors``, each made by its factory under its own name.

    Raises:
        InvalidRequest: ``settings.vendors`` names another vendor, or an option that its vendor does
        not have.
    """
    if strangers := sorted(settings.vendors.keys() - vendors.keys()):
        raise InvalidRequest(f"{strangers[0]}: the vendors are {', '.join(vendors)}")
    world = World(settings)
    emulated = {name: _created(name, world, settings, vendors[name]) for name in vendors}

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        response = await _answer(request, emulated)
        await response(scope, receive, send)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            for vendor in emulated.values():
                vendor.reset()
            await world.close()

    surface = Mount("/_emulator", routes=control.routes(world, emulated))
    return Starlette(routes=[surface, Mount("/", app=dispatch)], lifespan=lifespan)


def _created(name: str, world: World, settings: EmulatorSettings, create: VendorFactory) -> Vendor:
    try:
        return create(world, settings)
    except ValidationError as error:
        raise invalid_request(error, root=name) from None


async def _answer(request: Request, vendors: Mapping[str, Vendor]) -> Response:
    for vendor in vendors.values():
        if vendor.matches(request):
            return await vendor.handle(request)
    return JSONResponse({"message": "no Route matched with those values"}, 404)

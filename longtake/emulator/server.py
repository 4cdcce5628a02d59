"""Serving over real sockets, which a fault may tear."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

# l_onoff = 1, l_linger = 0: closing discards what is unsent and answers with RST instead of FIN.
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)

_BACKLOG = 2048


class _TearableProtocol(H11Protocol):
    """HTTP/1.1 whose requests know their transport, so that a fault can hang up."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


async def hang_up(request: Request, *, reset: bool) -> Response:
    """Close the request's connection without an answer: by RST, or else by FIN.

    The returned response is never seen; it lets the application end the request normally.
    """
    transport: asyncio.Transport = request.state.transport
    if reset:
        peer: socket.socket = transport.get_extra_info("socket")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        transport.abort()
    else:
        transport.close()
    while (await request.receive())["type"] != "http.disconnect":
        pass
    return Response(status_code=204)


_KEPT_ALIVE = 75
"""Seconds that an idle connection stays open: longer than clients keep one, or they would send into
a closing one now and then."""


def server(app: ASGIApp, host: str, port: int) -> uvicorn.Server:
    """A uvicorn server on which faults can tear connections; port 0 picks a free one."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=_TearableProtocol,
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        backlog=_BACKLOG,
        timeout_keep_alive=_KEPT_ALIVE,
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)


class _EmbeddedServer(uvicorn.Server):
    """A server that leaves the process's signals to the program that embeds it."""

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        await self._serve(sockets)


@asynccontextmanager
async def running(app: ASGIApp, host: str = "127.0.0.1") -> AsyncGenerator[str]:
    """Serve ``app`` on a free port in the current event loop; yields the base URL."""
    # The protocol is named because asyncio sets TCP_NODELAY only on sockets that name it: without,
    # each answer waits 40 ms for the caller's delayed acknowledgement.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind((host, 0))
        listener.listen(_BACKLOG)
        embedded = _EmbeddedServer(server(app, host, 0).config)
        serving = asyncio.create_task(embedded.serve([listener]))
        try:
            while not embedded.started:
                if serving.done():
                    await serving
                await asyncio.sleep(0.005)
            yield f"http://{host}:{listener.getsockname()[1]}"
        finally:
            embedded.should_exit = True
            await serving

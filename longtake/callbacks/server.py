"""Serving the receiver until the process is told to stop."""

from __future__ import annotations

import uvicorn
from starlette.types import ASGIApp

_KEPT_ALIVE = 75
"""Seconds: longer than a reverse proxy keeps an idle connection, or it would send into a closing
one."""


async def serve(app: ASGIApp, *, host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM; requests under way are finished first."""
    # uvicorn's own access log would hold query strings.
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        access_log=False,
        server_header=False,
        log_config=None,
        timeout_keep_alive=_KEPT_ALIVE,
    )
    await uvicorn.Server(config).serve()

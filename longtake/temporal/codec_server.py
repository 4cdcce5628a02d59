"""Opens sealed payloads for Temporal's UI and command: `POST /decode` and `POST /encode`.

The protocol is theirs: JSON `{"payloads": [...]}` in and out, bytes in base64. Whoever asks shows
the token, as `Authorization: Bearer TOKEN` or, for a UI without logins, which sends no such header,
at the path's beginning: `/TOKEN/decode`. No answer and no log holds a payload or the token.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable, Sequence

from google.protobuf import json_format
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.converter import PayloadCodec

from longtake.temporal.codec import CodecError

READ_WITHIN = 10.0
"""Seconds for a body to come."""
_HEADERS = ("authorization", "content-type", "x-namespace")
"""What the UI sends beside its body."""
_HANG_UP = {"connection": "close"}
"""Else a server would go on to read what nobody wants."""

_log = logging.getLogger(__name__)

_Work = Callable[[Sequence[Payload]], Awaitable[list[Payload]]]


def create_app(
    codec: PayloadCodec, *, token: str, origins: Sequence[str], max_body_bytes: int
) -> Starlette:
    """The server. Browsers may call it from pages of these origins only."""
    server = _CodecServer(codec, token, max_body_bytes)
    ways = {"decode": server.decode, "encode": server.encode}
    return Starlette(
        routes=[
            *(Route(f"/{name}", way, methods=["POST"]) for name, way in ways.items()),
            *(Route(f"/{{token}}/{name}", way, methods=["POST"]) for name, way in ways.items()),
            Route("/health", server.health),
        ],
        middleware=[
            Middleware(
                CORSMiddleware,
                allow_origins=list(origins),
                allow_methods=["POST"],
                allow_headers=list(_HEADERS),
                # A UI that is told to send its cookies along accepts no answer without it.
                allow_credentials=True,
            )
        ],
    )


class _CodecServer:
    def __init__(self, codec: PayloadCodec, token: str, max_body_bytes: int) -> None:
        self._codec = codec
        self._token = token.encode()
        self._max_body_bytes = max_body_bytes

    async def decode(self, request: Request) -> JSONResponse:
        """Payloads as they were before they were sealed."""
        return await self._answer(request, self._codec.decode)

    async def encode(self, request: Request) -> JSONResponse:
        """Sealed payloads: what a person types into the UI's forms passes here."""
        return await self._answer(request, self._codec.encode)

    async def health(self, _request: Request) -> JSONResponse:
        """The process answers."""
        return JSONResponse({"status": "ok"})

    async def _answer(self, request: Request, work: _Work) -> JSONResponse:
        self._check_token(request)
        payloads = _parsed(await self._body(request))
        try:
            done = await work(payloads)
        except CodecError as err:
            _log.warning("%s", err)
            raise HTTPException(400) from None
        return JSONResponse(json_format.MessageToDict(Payloads(payloads=done)))

    def _check_token(self, request: Request) -> None:
        scheme, _, shown = request.headers.get("authorization", "").partition(" ")
        if "token" in request.path_params:
            shown = request.path_params["token"]
        elif scheme.lower() != "bearer":
            shown = ""
        if not hmac.compare_digest(shown.strip().encode(errors="replace"), self._token):
            raise HTTPException(401, headers={"www-authenticate": "Bearer", **_HANG_UP})

    async def _body(self, request: Request) -> bytes:
        received = bytearray()
        try:
            async with asyncio.timeout(READ_WITHIN):
                async for chunk in request.stream():
                    received += chunk
                    if len(received) > self._max_body_bytes:
                        raise HTTPException(413, headers=_HANG_UP)
        except TimeoutError:
            raise HTTPException(408, headers=_HANG_UP) from None
        except ClientDisconnect:
            raise HTTPException(400) from None
        return bytes(received)


def _parsed(body: bytes) -> Sequence[Payload]:
    try:
        # A newer UI may send more than this version of the message knows.
        return json_format.Parse(body, Payloads(), ignore_unknown_fields=True).payloads
    except (json_format.ParseError, UnicodeDecodeError):
        raise HTTPException(400) from None

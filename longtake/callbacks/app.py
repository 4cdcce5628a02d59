"""`POST /callbacks/{vendor}/{account}`, and what a load balancer asks.

A vendor sends again whatever is not answered by 200 within some seconds (Agora: 10), so only
what a repeat can mend is answered otherwise: 503 while Temporal is away. Logs hold neither
bodies nor query strings.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from temporalio.client import Client
from temporalio.service import RPCError

from longtake.callbacks.delivery import Delivery
from longtake.domain.errors import RecordingError
from longtake.domain.events import VendorEvent
from longtake.domain.ports import CallbackParser
from longtake.settings import Settings
from longtake.temporal.client import Recordings

DELIVER_WITHIN = timedelta(seconds=5)
"""Half of what Agora waits for an answer."""
READY_WITHIN = timedelta(seconds=2)

_log = logging.getLogger(__name__)

Parsers = Mapping[tuple[str, str], CallbackParser]
"""By the vendor's slug and the account's name."""


def parsers_of(settings: Settings) -> Parsers:
    """A parser for every account."""
    return {
        (account.vendor.slug, name): account.vendor.callbacks(name, account.settings)
        for name, account in settings.accounts.items()
    }


def create_app(parsers: Parsers, client: Client, *, max_body_bytes: int) -> Starlette:
    """The receiver. `client` has the pydantic data converter; it is borrowed, and may be lazy."""
    receiver = _Receiver(parsers, client, max_body_bytes)
    return Starlette(
        routes=[
            Route("/callbacks/{vendor}/{account}", receiver.receive, methods=["POST"]),
            Route("/callbacks/{vendor}/{account}/{token}", receiver.receive, methods=["POST"]),
            Route("/health", receiver.health),
            Route("/ready", receiver.ready),
        ]
    )


class _Receiver:
    def __init__(self, parsers: Parsers, client: Client, max_body_bytes: int) -> None:
        self._parsers = parsers
        self._client = client
        self._max_body_bytes = max_body_bytes
        self._delivery = Delivery(Recordings(client))
        self._seen: Counter[str] = Counter()

    async def receive(self, request: Request) -> JSONResponse:
        """One callback: 200 also when no session wants it, because no repeat would change that."""
        vendor, account = request.path_params["vendor"], request.path_params["account"]
        parser = self._parsers.get((vendor, account))
        if parser is None:
            raise HTTPException(404, "no such account")
        content_type = request.headers.get("content-type", "").partition(";")[0]
        if content_type.strip().lower() != "application/json":
            raise HTTPException(415, "application/json is expected")
        body = await self._body(request)
        self._verify(parser, request, body)
        event = self._parse(parser, body, request.path_params.get("token", ""))
        if event is None:
            return self._answer("ignored")
        if await self._deliver(vendor, account, event):
            return self._answer("delivered")
        _log.warning(
            "unclaimed callback: vendor=%s account=%s room=%r task=%r recorder=%r kind=%s id=%r",
            *(vendor, account, event.room, event.task_id, event.recorder, event.kind, event.id),
        )
        return self._answer("unclaimed")

    async def health(self, _request: Request) -> JSONResponse:
        """The process answers; `callbacks` counts those received since it started."""
        return JSONResponse({"status": "ok", "callbacks": dict(self._seen)})

    async def ready(self, _request: Request) -> JSONResponse:
        """Whether a callback could be delivered now."""
        try:
            async with asyncio.timeout(READY_WITHIN.total_seconds()):
                serving = await self._client.service_client.check_health()
        except (RPCError, RuntimeError, TimeoutError):  # RuntimeError: it never connected
            serving = False
        if not serving:
            raise HTTPException(503, "Temporal does not answer")
        return JSONResponse({"status": "ready"})

    async def _body(self, request: Request) -> bytes:
        received = bytearray()
        try:
            async for chunk in request.stream():
                received += chunk
                if len(received) > self._max_body_bytes:
                    raise HTTPException(413, f"at most {self._max_body_bytes} bytes are taken")
        except ClientDisconnect:
            raise HTTPException(400, "the body ended early") from None
        return bytes(received)

    def _verify(self, parser: CallbackParser, request: Request, body: bytes) -> None:
        try:
            parser.verify(dict(request.headers), body)
        except RecordingError as err:
            self._refused(request, err)
            raise HTTPException(401) from None

    def _parse(self, parser: CallbackParser, body: bytes, token: str) -> VendorEvent | None:
        try:
            return parser.parse(body, token)
        except (RecordingError, ValueError):  # pydantic's and json's errors are ValueErrors
            self._seen["malformed"] += 1
            raise HTTPException(400, "not a callback of this vendor") from None

    async def _deliver(self, vendor: str, account: str, event: VendorEvent) -> int:
        try:
            async with asyncio.timeout(DELIVER_WITHIN.total_seconds()):
                return await self._delivery.deliver(account, event)
        except (RPCError, RuntimeError, TimeoutError) as err:
            self._seen["postponed"] += 1
            _log.warning(
                "callback postponed, Temporal does not answer: vendor=%s account=%s id=%r: %s",
                *(vendor, account, event.id, type(err).__name__),
            )
            raise HTTPException(503, "try again later") from None

    def _refused(self, request: Request, err: RecordingError) -> None:
        self._seen["refused"] += 1
        _log.warning(
            "callback refused: vendor=%s account=%s: %s",
            *(request.path_params["vendor"], request.path_params["account"], err.code),
        )

    def _answer(self, status: str) -> JSONResponse:
        self._seen[status] += 1
        return JSONResponse({"status": status})

"""`POST /callbacks/{vendor}/{account}[/{token}]`, and what monitoring and load balancers ask.

A vendor sends again what it is not told to be taken, so only what a repeat can mend is answered
by 503: Temporal is away, or the body came too slowly. No answer and no log holds a body, a query
string, a token or a secret.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import timedelta

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from temporalio.client import Client
from temporalio.service import RPCError

from longtake.callbacks.delivery import Delivery, Unclaimed
from longtake.callbacks.intake import NotTaken, joined_headers, only_json, read_body
from longtake.callbacks.metrics import Metrics, Outcome
from longtake.client import RecordingClient
from longtake.domain.errors import RecordingError
from longtake.domain.events import VendorEvent
from longtake.domain.ports import CallbackParser
from longtake.settings import Settings

PATIENCE = 0.5
"""Of the time that a vendor waits for its answer, so much is ours; networks have the rest."""
READY_WITHIN = timedelta(seconds=2)
NAME_LIMIT = 1024
"""Characters of an id or a room. A request's room has at most 256, and the ids that a vendor makes
have less; a session's history must not be filled by longer ones."""

_log = logging.getLogger(__name__)

Parsers = Mapping[tuple[str, str], CallbackParser]
"""By the vendor's slug and the account's name."""


def parsers_of(settings: Settings) -> Parsers:
    """A parser for every account."""
    return {
        (account.vendor.slug, name): account.vendor.callbacks(name, account.settings)
        for name, account in settings.accounts.items()
    }


def create_app(
    parsers: Parsers, client: Client, unclaimed: Unclaimed, *, max_body_bytes: int
) -> Starlette:
    """The receiver. `client` has the pydantic data converter; it is borrowed, and may be lazy.

    `unclaimed` is given every event that no live session took.
    """
    receiver = _Receiver(parsers, client, unclaimed, max_body_bytes)
    return Starlette(
        routes=[
            Route("/callbacks/{vendor}/{account}", receiver.receive, methods=["POST"]),
            Route("/callbacks/{vendor}/{account}/{token}", receiver.receive, methods=["POST"]),
            Route("/health", receiver.health),
            Route("/ready", receiver.ready),
            Route("/metrics", receiver.metrics),
        ]
    )


class _Receiver:
    def __init__(
        self, parsers: Parsers, client: Client, unclaimed: Unclaimed, max_body_bytes: int
    ) -> None:
        self._parsers = parsers
        self._client = client
        self._unclaimed = unclaimed
        self._max_body_bytes = max_body_bytes
        self._delivery = Delivery(RecordingClient(client))
        self._metrics = Metrics(parsers)

    async def receive(self, request: Request) -> JSONResponse:
        """One callback: 200 also when no session wants it, because no repeat would change that."""
        vendor, account = request.path_params["vendor"], request.path_params["account"]
        parser = self._parsers.get((vendor, account))
        if parser is None:
            raise HTTPException(404)
        with self._metrics.answering(vendor, account):
            try:
                async with asyncio.timeout(PATIENCE * parser.answer_within.total_seconds()):
                    outcome = await self._take(request, vendor, account, parser)
            except (NotTaken, TimeoutError) as err:
                why = err if isinstance(err, NotTaken) else NotTaken.too_late()
                self._metrics.received(vendor, account, why.outcome)
                _log.warning(
                    "callback not taken: vendor=%s account=%s status=%d: %s",
                    *(vendor, account, why.status_code, why.reason),
                )
                raise why from None
        self._metrics.received(vendor, account, outcome)
        return JSONResponse(parser.receipt)

    async def _take(
        self, request: Request, vendor: str, account: str, parser: CallbackParser
    ) -> Outcome:
        headers = joined_headers(request)
        only_json(headers)
        body = await read_body(request, self._max_body_bytes)
        _verify(parser, headers, body)
        event = _parse(parser, body, request.path_params.get("token", ""))
        if event is None:
            return Outcome.IGNORED
        outcome = await self._deliver(vendor, account, event)
        self._metrics.event(vendor, account, event.kind)
        return outcome

    async def _deliver(self, vendor: str, account: str, event: VendorEvent) -> Outcome:
        try:
            if await self._delivery.deliver(account, event):
                return Outcome.DELIVERED
            await self._unclaimed(vendor, account, event)
        except (RPCError, RuntimeError) as err:  # RuntimeError: it never connected
            raise NotTaken(503, Outcome.POSTPONED, type(err).__name__) from None
        _log.warning(
            "unclaimed callback: vendor=%s account=%s room=%r task=%r kind=%s id=%r",
            *(vendor, account, event.room, event.task_id, event.kind, event.id),
        )
        return Outcome.UNCLAIMED

    async def health(self, _request: Request) -> JSONResponse:
        """The process answers."""
        return JSONResponse({"status": "ok"})

    async def ready(self, _request: Request) -> JSONResponse:
        """Whether a callback could be delivered now."""
        try:
            async with asyncio.timeout(READY_WITHIN.total_seconds()):
                serving = await self._client.service_client.check_health()
        except (RPCError, RuntimeError, TimeoutError):
            serving = False
        if not serving:
            raise HTTPException(503, "Temporal does not answer")
        return JSONResponse({"status": "ready"})

    async def metrics(self, request: Request) -> Response:
        """What Prometheus reads."""
        content, content_type = self._metrics.page(request.headers.get("accept", ""))
        return Response(content, headers={"content-type": content_type})


def _verify(parser: CallbackParser, headers: dict[str, str], body: bytes) -> None:
    try:
        parser.verify(headers, body)
    except RecordingError as err:
        raise NotTaken(401, Outcome.REFUSED, err.code) from None


def _parse(parser: CallbackParser, body: bytes, token: str) -> VendorEvent | None:
    try:
        event = parser.parse(body, token)
    except (RecordingError, ValueError) as err:  # pydantic's and json's errors are ValueErrors
        raise NotTaken(400, Outcome.MALFORMED, type(err).__name__) from None
    names = (event.id, event.room, event.recorder, event.task_id) if event else ()
    if any(len(name) > NAME_LIMIT for name in names):
        raise NotTaken(400, Outcome.MALFORMED, "an id is too long")
    return event

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from temporalio.client import Client
from temporalio.common import SearchAttributeKey
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from longtake.callbacks.app import create_app
from longtake.contracts import names
from longtake.domain.errors import Unauthorized
from longtake.domain.events import VendorEvent
from longtake.domain.recording import Output, RecordingRequest
from longtake.temporal.client import Recordings, RecordingSession
from longtake.temporal.devserver import temporal_binary
from longtake.temporal.runner import workflow_runner

from .session import HEARD, KeepingSession

SECRET = b"the-callback-secret"
MAX_BODY_BYTES = 2_000

_KEYS = {
    "Keyword": SearchAttributeKey.for_keyword,
    "KeywordList": SearchAttributeKey.for_keyword_list,
    "Bool": SearchAttributeKey.for_bool,
}


class AcmeCallbacks:
    """A parser of the smallest vendor there can be: its body is an event, its header a digest."""

    def verify(self, headers: dict[str, str], body: bytes) -> None:
        if not hmac.compare_digest(headers.get("acme-signature", ""), signature(body)):
            raise Unauthorized("the signature is wrong or absent")

    def parse(self, body: bytes) -> VendorEvent | None:
        event = json.loads(body)
        return None if event == {} else VendorEvent.model_validate(event)


def signature(body: bytes) -> str:
    return hmac.new(SECRET, body, hashlib.sha256).hexdigest()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def temporal() -> AsyncGenerator[Client]:
    """A server, and a worker whose sessions keep what they are told."""
    attributes = [_KEYS[kind](name) for name, kind in names.SEARCH_ATTRIBUTES.items()]
    async with (
        await WorkflowEnvironment.start_local(
            data_converter=pydantic_data_converter,
            search_attributes=attributes,
            dev_server_existing_path=str(temporal_binary()),
            dev_server_log_level="error",
        ) as server,
        Worker(
            server.client,
            task_queue=names.TASK_QUEUE,
            workflows=[KeepingSession],
            workflow_runner=workflow_runner(strict=True),
        ),
    ):
        yield server.client


@pytest.fixture
def recordings(temporal: Client) -> Recordings:
    return Recordings(temporal)


@pytest_asyncio.fixture
async def receiver(temporal: Client) -> AsyncIterator[httpx.AsyncClient]:
    async with receiver_of(temporal) as http:
        yield http


def receiver_of(client: Client) -> httpx.AsyncClient:
    """The receiver for the account `demo` of the vendor `acme`."""
    parsers = {("acme", "demo"): AcmeCallbacks()}
    app = create_app(parsers, client, max_body_bytes=MAX_BODY_BYTES)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://receiver")


def request_for(room: str, purpose: str | None = None, account: str = "demo") -> RecordingRequest:
    return RecordingRequest(
        vendor="acme", account=account, room=room, purpose=purpose, output=Output(storage="s")
    )


@pytest.fixture
def room() -> str:
    """A room of the test's own, with every character that a query might stumble over."""
    return f"{uuid4().hex[:8]} \"quoted\" 'twice' 100%_\\"


def event_of(room: str, **fields: Any) -> VendorEvent:
    known = {"id": "e1", "kind": "started", "at": "2026-11-20T09:00:00Z", "account": "demo"}
    return VendorEvent.model_validate({**known, "room": room, **fields})


Posts = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
def post(receiver: httpx.AsyncClient) -> Posts:
    return lambda event, **how: post_to(receiver, event, **how)


async def post_to(
    http: httpx.AsyncClient,
    event: VendorEvent | bytes,
    *,
    path: str = "/callbacks/acme/demo",
    **headers: str,
) -> httpx.Response:
    """Send an event as its vendor does; `headers` replace what the vendor would send."""
    body = event if isinstance(event, bytes) else event.model_dump_json().encode()
    sent = {"content_type": "application/json", "acme_signature": signature(body), **headers}
    return await http.post(
        path, content=body, headers={name.replace("_", "-"): sent[name] for name in sent}
    )


def listing_lags() -> asyncio.Timeout:
    """For a loop that lists until the list is right: each turn asks the server again."""
    return asyncio.timeout(20)


async def heard(client: Client, session: RecordingSession) -> list[tuple[str, list[Any]]]:
    """What a session was told: the server answers a query after every signal before it."""
    return await client.get_workflow_handle(session.workflow_id).query(HEARD)

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families
from temporalio.client import Client

from longtake.callbacks.app import create_app
from longtake.callbacks.delivery import Unclaimed
from longtake.domain.errors import Unauthorized
from longtake.domain.events import VendorEvent

SECRET = b"the-callback-secret"
MAX_BODY_BYTES = 3_000


class AcmeCallbacks:
    """A parser of the smallest vendor there can be: its body is an event, its header a digest."""

    receipt: Mapping[str, object] = {"acme": "thanks"}
    answer_within = timedelta(seconds=4)

    def verify(self, headers: dict[str, str], body: bytes) -> None:
        if not hmac.compare_digest(headers.get("acme-signature", ""), signature(body)):
            raise Unauthorized("the signature is wrong or absent")

    def parse(self, body: bytes, token: str = "") -> VendorEvent | None:
        event = json.loads(body)
        if event == {}:
            return None
        known = VendorEvent.model_validate(event)
        return known.model_copy(update={"recorder": token}) if token else known


def signature(body: bytes) -> str:
    return hmac.new(SECRET, body, hashlib.sha256).hexdigest()


async def forget(*_: object) -> None:
    """Keeps no unclaimed event."""


@pytest_asyncio.fixture
async def receiver(temporal: Client) -> AsyncIterator[httpx.AsyncClient]:
    async with receiver_of(temporal) as http:
        yield http


def receiver_of(client: Client, unclaimed: Unclaimed = forget) -> httpx.AsyncClient:
    """The receiver for the account `demo` of the vendor `acme`."""
    parsers = {("acme", "demo"): AcmeCallbacks()}
    app = create_app(parsers, client, unclaimed, max_body_bytes=MAX_BODY_BYTES)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://receiver")


def event_of(room: str, **fields: Any) -> VendorEvent:
    known = {"id": "e1", "kind": "started", "at": "2026-11-20T09:00:00Z", "account": "demo"}
    return VendorEvent.model_validate({**known, "room": room, **fields})


async def samples(http: httpx.AsyncClient, name: str, label: str = "") -> dict[str, float]:
    """What `/metrics` tells: a metric's values that are not 0, by one of its labels."""
    answer = await http.get("/metrics")
    assert answer.status_code == 200
    return {
        sample.labels.get(label, ""): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if sample.name == name and sample.value
    }


async def outcomes(http: httpx.AsyncClient) -> dict[str, float]:
    return await samples(http, "longtake_callbacks_received_total", "outcome")


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

"""Temporal is killed while a vendor has news: its repeats bring them once Temporal is back."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from temporalio.client import WorkflowHandle

from longtake.client import connect
from longtake.contracts import names
from longtake.emulator.server import running
from longtake.temporal.devserver import DevServer
from tests.callbacks.vendors import VOICES, parser_of
from tests.house import PATIENCE, House, house

PERSISTENT = [slug for slug in VOICES if slug != "alibaba"]
"""Alibaba repeats an event once, a second later: no outage that a test can time is so short."""


class Line:
    """The way from the vendor to the receiver, where each callback and its answer are noted."""

    def __init__(self, home: House) -> None:
        self.last: dict[str, int] = {}
        """Of each event, by id, the status of the last answer."""
        self.postponed: set[str] = set()
        self.slowest = 0.0
        self._home = home
        self._parser = parser_of(home.vendor)
        self._news = asyncio.Condition()

    async def carry(self, request: Request) -> Response:
        body, began = await request.body(), asyncio.get_running_loop().time()
        async with httpx.AsyncClient(timeout=PATIENCE) as http:
            answer = await http.post(
                f"{self._home.receiver}{self._home.callbacks_path}",
                content=body,
                headers=request.headers,
            )
        self.slowest = max(self.slowest, asyncio.get_running_loop().time() - began)
        event = self._parser.parse(body)
        assert event is not None
        self.last[event.id] = answer.status_code
        if answer.status_code == 503:
            self.postponed.add(event.id)
        async with self._news:
            self._news.notify_all()
        return Response(answer.content, answer.status_code, media_type="application/json")

    async def until_postponed(self) -> None:
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(lambda: self.postponed)

    async def until_taken(self) -> None:
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(lambda: set(self.last.values()) == {200})


@asynccontextmanager
async def line_of(home: House) -> AsyncGenerator[Line]:
    line = Line(home)
    app = Starlette(routes=[Route("/", line.carry, methods=["POST"])])
    async with running(app) as url:
        answer = await home.control.put(f"/_emulator/callbacks/{home.vendor}", json={"url": url})
        assert answer.is_success
        yield line


async def heard(handle: WorkflowHandle[Any, Any]) -> set[str]:
    """The ids of the events in the session's history."""
    signals = [
        event.workflow_execution_signaled_event_attributes
        async for event in handle.fetch_history_events()
    ]
    return {
        json.loads(told.input.payloads[0].data)["id"]
        for told in signals
        if told.signal_name == names.VENDOR_EVENT
    }


async def all_heard(line: Line, handle: WorkflowHandle[Any, Any]) -> bool:
    """A signal that comes while a workflow task runs is in the history after that task."""
    return line.last.keys() <= await heard(handle)


@pytest.mark.parametrize("slug", PERSISTENT)
async def test_events_of_an_outage_are_delivered_after_it(slug: str, tmp_path: Path) -> None:
    store = tmp_path / "temporal.db"
    async with AsyncExitStack() as servers:
        server = DevServer(db_filename=store, search_attributes=names.SEARCH_ATTRIBUTES)
        await servers.enter_async_context(server)
        client = await connect(server.address, "default")
        async with house(client, tmp_path, vendor=slug) as home, line_of(home) as line:
            await home.room("standup", "1001", publishing=False)
            handle = await home.start("standup")
            await home.recording(handle)
            server.kill()
            assert await server.wait() == -signal.SIGKILL
            await home.room("standup", "1001", "1002")  # the news: media flows
            await line.until_postponed()
            again = DevServer(port=server.port, db_filename=store)
            await servers.enter_async_context(again)
            await home.advance(10)  # until most vendors' next repeat
            await line.until_taken()
            assert await home.eventually(lambda: all_heard(line, handle))
            assert line.slowest < VOICES[slug].answer_within

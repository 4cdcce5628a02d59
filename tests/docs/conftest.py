"""What the examples of the documentation run against."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from temporalio.service import RPCError

from longtake.client import RecordingClient, RecordingSession, connect
from longtake.contracts import names
from longtake.contracts.ids import workflow_id
from longtake.temporal.devserver import DevServer
from tests.docs.examples import PATIENCE, bash
from tests.house import House, house, working


@dataclass
class Reader:
    """Somebody who copies the examples, with the addresses of this run in them."""

    home: House
    http_url: str
    known: dict[str, Any] = field(default_factory=dict)
    """What the Python examples have defined so far."""
    request_key: str = ""
    """Of this test's start: the session of an earlier one is over and would be found again."""

    @property
    def session(self) -> RecordingSession:
        """Of the room in the examples."""
        return RecordingClient(self.home.client).handle(self.home.account, "standup")

    def here(self, text: str) -> str:
        """The example with this run's addresses and names."""
        home = self.home
        for documented, ours in (
            ("127.0.0.1:7233", home.client.service_client.config.target_host),
            ("http://127.0.0.1:7243", self.http_url),
            ("http://127.0.0.1:8400", home.emulator),
            (workflow_id("demo", ""), workflow_id(home.account, "")),
            ("standup of 31 January", self.request_key),
            ('"account": "demo"', f'"account": "{home.account}"'),
            ('"storage": "demo"', '"storage": "bucket"'),
            ('"demo", "standup"', f'"{home.account}", "standup"'),
            ('account="demo"', f'account="{home.account}"'),
            ('storage="demo"', 'storage="bucket"'),
        ):
            text = text.replace(documented, ours)
        return text

    async def shell(self, text: str) -> str:
        """Run a block; gives what it wrote, fails when a command of it does."""
        return await bash(self.here(text), self.home.folder, self._environment())

    async def python(self, text: str) -> None:
        """Run a block as a coroutine's body; its names stay known."""
        code = compile(self.here(text), "example", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        running: Coroutine[Any, Any, Any] | None = eval(code, self.known)
        if running is not None:
            async with asyncio.timeout(PATIENCE):
                await running

    def _environment(self) -> dict[str, str]:
        return {
            "TEMPORAL_ADDRESS": self.home.client.service_client.config.target_host,
            "LONGTAKE_SETTINGS": str(self.home.settings_path),
        }


@pytest.fixture(scope="session")
async def everything(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Reader]:
    """Temporal with its HTTP API, emulator, receiver, and a worker on the public task queue."""
    folder = tmp_path_factory.mktemp("reader")
    async with DevServer(search_attributes=names.SEARCH_ATTRIBUTES) as server:
        client = await connect(server.address, "default")
        async with house(client, folder, in_process=False) as home:
            home.task_queue = names.TASK_QUEUE
            async with working(home, client):
                await home.room("standup", "1001", "1002")
                yield Reader(home, server.http_url)


@pytest.fixture
async def reader(everything: Reader) -> AsyncGenerator[Reader]:
    """The room in the examples is free before each test, also after one that failed."""
    everything.request_key = uuid4().hex
    yield everything
    handle = everything.home.client.get_workflow_handle(everything.session.workflow_id)
    with suppress(RPCError):  # none was started, or it is over
        await handle.terminate()

"""Sessions that keep what they are told, on a server of their own; and how to speak of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from temporalio.client import Client
from temporalio.common import SearchAttributeKey
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from longtake.client import RecordingSession
from longtake.contracts import names
from longtake.domain.recording import Output, RecordingRequest
from longtake.temporal.devserver import temporal_binary
from longtake.temporal.runner import workflow_runner
from tests.temporal.keeping import HEARD, KeepingSession

_KEYS = {
    "Keyword": SearchAttributeKey.for_keyword,
    "KeywordList": SearchAttributeKey.for_keyword_list,
    "Bool": SearchAttributeKey.for_bool,
}


@asynccontextmanager
async def keeping_sessions() -> AsyncGenerator[Client]:
    """A server, and a worker on the public queue whose sessions keep what they are told."""
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


def request_for(room: str, purpose: str | None = None, account: str = "demo") -> RecordingRequest:
    return RecordingRequest(
        vendor="acme", account=account, room=room, purpose=purpose, output=Output(storage="s")
    )


def listing_lags() -> asyncio.Timeout:
    """For a loop that lists until the list is right: each turn asks the server again."""
    return asyncio.timeout(20)


async def heard(client: Client, session: RecordingSession) -> list[tuple[str, list[Any]]]:
    """What a session was told: the server answers a query after every signal before it."""
    return await client.get_workflow_handle(session.workflow_id).query(HEARD)

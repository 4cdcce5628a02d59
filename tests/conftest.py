"""The Temporal server of the whole test run, and clients to it."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment
from temporalio.testing._timeskipping import TimeSkippingConfig

from longtake.contracts import names
from longtake.temporal.client import connect
from longtake.temporal.devserver import FAST_FLAGS, temporal_binary

ENOUGH_SKIPS = 10**6
"""The server stops skipping after 200 skips of a session, without a word."""


@pytest.fixture(scope="session")
async def skipping() -> AsyncGenerator[WorkflowEnvironment]:
    """A real server; workflows started through this environment's client skip time."""
    attributes = [
        f"--search-attribute={name}={kind}" for name, kind in names.SEARCH_ATTRIBUTES.items()
    ]
    async with await WorkflowEnvironment.start_time_skipping_v2(
        dev_server_existing_path=str(temporal_binary()),
        ts_config=TimeSkippingConfig(max_session_skip_count=ENOUGH_SKIPS),
        data_converter=pydantic_data_converter,
        dev_server_log_level="error",
        dev_server_extra_args=[*FAST_FLAGS, *attributes],
    ) as environment:
        yield environment


@pytest.fixture(scope="session")
async def client(skipping: WorkflowEnvironment) -> Client:
    """A client of the same server whose workflows live in real time."""
    return await connect(skipping.client.service_client.config.target_host, "default")

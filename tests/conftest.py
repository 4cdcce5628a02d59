"""The Temporal servers of the whole test run, and clients to them."""

from __future__ import annotations

import re
import signal
from collections.abc import AsyncGenerator
from functools import cache
from uuid import uuid4

import httpx
import pytest
from httpx._transports import default as transports
from hypothesis import HealthCheck, settings
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment
from temporalio.testing._timeskipping import TimeSkippingConfig

from longtake.client import RecordingClient, connect
from longtake.contracts import names
from longtake.temporal.devserver import FAST_FLAGS, temporal_binary
from tests.temporal.sessions import keeping_sessions

ENOUGH_SKIPS = 10**6
"""The server stops skipping after 200 skips of a session, without a word."""

CONTINUE_AFTER = 900
"""Events of a session until the server suggests to continue as new, 4096 by default: reached
sooner, it is tested in less time. Each skip adds two events, so skipped hours need them too."""


settings.register_profile(
    "busy machine",  # that shares its cores: how long something takes there tells nothing of it
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("busy machine")

# Clients of one process share what they know of authorities: each would read it anew, in 20 ms.
transports.create_ssl_context = cache(httpx.create_ssl_context)  # type: ignore[attr-defined]

WAITING = {"conformance", "e2e", "faults", "schedules", "workflows"}
"""Folders of tests that wait more than they work."""

LONGEST = ("test_runs.py", "test_demo.py")
"""Files whose tests take half a minute and more, the longest first."""


def pytest_configure() -> None:
    """A shell that runs something in the background has it ignore Ctrl-C, and all that it starts:
    the commands that are tested must not.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Processes share tests out by name: an address in one would differ in each of them."""
    for mark in metafunc.definition.iter_markers("parametrize"):
        if isinstance(ids := mark.kwargs.get("ids"), list):
            ids[:] = [re.sub(r"\b0x[0-9a-f]+", "0x", str(given)) for given in ids]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give each process some of the longest tests in its first half, and of those that wait.

    Each begins with a run of the list as it stands, and takes from others what is left: it would
    else have nothing but waiting ones at the end, or the others a long one to wait for.
    """
    long = [item for name in LONGEST for item in items if item.path.name == name]
    short = spread([item for item in items if item.path.name not in LONGEST])
    processes = getattr(config, "workerinput", {}).get("workercount", 1)
    share = -(-len(items) // processes)
    dealt: list[pytest.Item] = []
    for number in range(processes):
        longest = long[number::processes]
        own, short = short[: share - len(longest)], short[share - len(longest) :]
        # Not all at once: each of them keeps a core busy by itself.
        before = number * share // processes // 2
        dealt += [*own[:before], *longest, *own[before:]]
    items[:] = dealt


def spread(items: list[pytest.Item]) -> list[pytest.Item]:
    """The tests that wait, one at a time, with as many of the others after each."""
    waiting = [item for item in items if WAITING & set(item.path.parts)]
    others = [item for item in items if not WAITING & set(item.path.parts)]
    step = len(others) // (len(waiting) or 1) + 1
    runs = [others[at : at + step] for at in range(0, len(others), step)]
    runs += [[] for _ in range(len(waiting) - len(runs))]
    return [
        item for number, some in enumerate(runs) for item in (*waiting[number : number + 1], *some)
    ]


@pytest.fixture(scope="session")
async def skipping() -> AsyncGenerator[WorkflowEnvironment]:
    """A real server; workflows started through this environment's client skip time."""
    async with await skipping_server() as environment:
        yield environment


async def skipping_server(tries: int = 5) -> WorkflowEnvironment:
    """A server whose workflows skip time, to be entered.

    Servers that start together may pick the same port for themselves: then one panics.
    """
    attributes = [
        f"--search-attribute={name}={kind}" for name, kind in names.SEARCH_ATTRIBUTES.items()
    ]
    limit = f"limit.historyCount.suggestContinueAsNew={CONTINUE_AFTER}"
    try:
        return await WorkflowEnvironment.start_time_skipping_v2(
            dev_server_existing_path=str(temporal_binary()),
            ts_config=TimeSkippingConfig(max_session_skip_count=ENOUGH_SKIPS),
            data_converter=pydantic_data_converter,
            dev_server_log_level="error",
            dev_server_extra_args=[*FAST_FLAGS, "--dynamic-config-value", limit, *attributes],
        )
    except RuntimeError:
        if tries == 1:
            raise
        return await skipping_server(tries - 1)


@pytest.fixture(scope="session")
async def client(skipping: WorkflowEnvironment) -> Client:
    """A client of the same server whose workflows live in real time."""
    return await connect(skipping.client.service_client.config.target_host, "default")


@pytest.fixture(scope="session")
async def temporal() -> AsyncGenerator[Client]:
    """A client of a second server, whose sessions do nothing but keep what they are told."""
    async with keeping_sessions() as client:
        yield client


@pytest.fixture
def recordings(temporal: Client) -> RecordingClient:
    return RecordingClient(temporal)


@pytest.fixture
def room() -> str:
    """A room of the test's own, with every character that a query might stumble over."""
    return f"{uuid4().hex[:8]} \"quoted\" 'twice' 100%_\\"

"""Every test of this folder is run once for each vendor of the registry."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest
from temporalio.client import Client

from longtake.vendors import REGISTRY
from tests.conformance.vendors import CONDUCT, Conduct
from tests.house import SOMEBODY, House, house


@pytest.fixture(params=sorted(REGISTRY))
def vendor(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def conduct(vendor: str) -> Conduct:
    return CONDUCT[vendor]


class Build(Protocol):
    """Gives a house of the vendor under test; the arguments are those of `house`."""

    def __call__(self, client: Client, **options: Any) -> AbstractAsyncContextManager[House]: ...


@pytest.fixture
def build(vendor: str, tmp_path: Path) -> Build:
    @asynccontextmanager
    async def build(client: Client, **options: Any) -> AsyncGenerator[House]:
        async with house(client, tmp_path, vendor=vendor, **options) as built:
            # Somebody who sends nothing: not every vendor records a room that nobody is in.
            await built.room("standup", *SOMEBODY, publishing=False)
            yield built

    return build


@pytest.fixture
async def home(client: Client, build: Build) -> AsyncGenerator[House]:
    """Emulator without media, receiver and worker, in this process."""
    async with build(client) as built:
        yield built

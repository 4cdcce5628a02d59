"""A house on the public task queue, and the command line as a user runs it."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
from temporalio.client import Client

from longtake.contracts import names
from tests.cli.commands import Longtake
from tests.house import House, house, working


@pytest.fixture(scope="session")
async def home(client: Client, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[House]:
    """Emulator, receiver and worker; `longtake` commands start sessions on the public queue."""
    folder = tmp_path_factory.mktemp("home")
    async with house(client, folder, in_process=False) as built:
        built.task_queue = names.TASK_QUEUE
        async with working(built, client):
            yield built


@pytest.fixture
def longtake(home: House) -> Longtake:
    """Commands with the house's settings."""
    return Longtake(home.folder, {"LONGTAKE_SETTINGS": str(home.settings_path)})

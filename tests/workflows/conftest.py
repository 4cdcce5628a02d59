"""A house for each test."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from temporalio.client import Client

from tests.house import House, house


@pytest.fixture
async def home(client: Client, tmp_path: Path) -> AsyncGenerator[House]:
    """Emulator without media, receiver and worker, in this process."""
    async with house(client, tmp_path) as built:
        yield built

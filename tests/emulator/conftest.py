"""Fixtures: emulators with the settings a test asks for, and a callback receiver."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from longtake.emulator.server import running
from longtake.vendors.agora.emulator.credentials import APP_ID
from tests.emulator.emulated import Emulated, Launch, Receiver, emulated
from tests.emulator.trtc import LaunchTrtc, Trtc, emulated_trtc


@pytest.fixture
async def launch(tmp_path: Path) -> AsyncGenerator[Launch]:
    """Starts emulators with the settings a test asks for; without rate limit or media."""
    async with AsyncExitStack() as stack:

        async def start(**settings: Any) -> Emulated:
            return await stack.enter_async_context(emulated(tmp_path / "data", **settings))

        yield start


@pytest.fixture(scope="session")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Emulated]:
    async with emulated(tmp_path_factory.mktemp("emulator")) as running_for_all:
        yield running_for_all


@pytest.fixture
async def emulator(shared: Emulated) -> Emulated:
    """The usual emulator, as new: no media, no rate limit."""
    assert (await shared.http.post("/_emulator/reset")).status_code == 200
    shared.app = APP_ID
    return shared


@pytest.fixture
async def launch_trtc(tmp_path: Path) -> AsyncGenerator[LaunchTrtc]:
    """Starts emulators of TRTC with the options a test asks for."""
    async with AsyncExitStack() as stack:

        async def start(**settings: Any) -> Trtc:
            return await stack.enter_async_context(emulated_trtc(tmp_path / "data", **settings))

        yield start


@pytest.fixture(scope="session")
async def shared_trtc(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Trtc]:
    async with emulated_trtc(tmp_path_factory.mktemp("trtc")) as running_for_all:
        yield running_for_all


@pytest.fixture
async def trtc(shared_trtc: Trtc) -> Trtc:
    """The usual emulator of TRTC, as new: no media, no rate limit."""
    assert (await shared_trtc.http.post("/_emulator/reset")).status_code == 200
    return shared_trtc


@pytest.fixture
async def receiver() -> AsyncGenerator[Receiver]:
    receiver = Receiver()
    app = Starlette(routes=[Route("/ncs", receiver.__call__, methods=["POST"])])
    async with running(app) as url:
        receiver.url = f"{url}/ncs"
        yield receiver

"""A worker may be started before the server that it works for."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import uuid4

import pytest
from temporalio.client import Client

import worker
from longtake.cli.faults.wire import Wire
from longtake.cli.polled import Queue, is_polled
from longtake.settings import load


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    while True:
        if await true():
            return
        await asyncio.sleep(0.05)


async def test_a_worker_waits_for_a_server_that_is_not_there_yet(
    client: Client, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    port, queue = free_port(), f"waiting-{uuid4().hex[:8]}"
    path = tmp_path / "longtake.toml"
    path.write_text(f'[temporal]\naddress = "127.0.0.1:{port}"\n[worker]\nsweep_seconds = 0\n')
    stop = asyncio.Event()

    async def told() -> bool:
        return "trying again" in caplog.text

    working = asyncio.create_task(worker.run(load(path, {}), queue, stop))
    try:
        async with asyncio.timeout(60):
            await until(told)
            target = int(client.service_client.config.target_host.rpartition(":")[2])
            async with Wire(port, target):
                polled = Queue(queue, workflows=True)
                await until(lambda: is_polled(client, client.namespace, polled))
                stop.set()
                await working
    finally:
        working.cancel()

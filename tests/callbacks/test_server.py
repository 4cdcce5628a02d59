from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from longtake.processes import ChildProcess

PROGRAM = """
import asyncio, logging, sys
from longtake.callbacks.app import create_app
from longtake.callbacks.server import serve
from longtake.client import connect
from tests.callbacks.conftest import AcmeCallbacks

async def main():
    client = await connect("127.0.0.1:1", "default", lazy=True)
    parsers = {("acme", "demo"): AcmeCallbacks()}
    app = create_app(parsers, client, None, max_body_bytes=1000)
    await serve(app, host="127.0.0.1", port=int(sys.argv[1]))

logging.basicConfig(level=logging.DEBUG)
asyncio.run(main())
"""


ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def serving(log: Path) -> AsyncGenerator[tuple[int, ChildProcess]]:
    """A receiver in a process of its own; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as chosen:
        port = chosen.getsockname()[1]
    process = await ChildProcess.start(sys.executable, "-c", PROGRAM, str(port), log=log, cwd=ROOT)
    try:
        await first_answer(f"http://127.0.0.1:{port}/health?token=in-the-query")
        yield port, process
    finally:
        process.kill()
        await process.wait()
    written = read(log)
    assert "in-the-query" not in written
    assert "Traceback" not in written


def read(log: Path) -> str:
    return log.read_text()


async def test_it_serves_until_told_to_stop_and_logs_no_request(tmp_path: Path) -> None:
    async with serving(tmp_path / "log") as (_, process):
        process.terminate()
        assert await process.wait() == -signal.SIGTERM


@pytest.mark.parametrize(
    ("content_type", "status"), [("application/json", 413), ("text/plain", 415)]
)
async def test_it_hangs_up_on_a_body_that_it_does_not_want(
    tmp_path: Path, content_type: str, status: int
) -> None:
    head = f"POST /callbacks/acme/demo HTTP/1.1\r\nHost: receiver\r\nContent-Type: {content_type}"
    async with serving(tmp_path / "log") as (port, _), asyncio.timeout(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"{head}\r\nContent-Length: 1000000000\r\n\r\n".encode() + b" " * 2000)
        answer = await reader.read()  # to the end of the connection, though more was announced
        writer.close()
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())


async def test_it_answers_in_time_while_a_body_stalls(tmp_path: Path) -> None:
    async with serving(tmp_path / "log") as (port, _), asyncio.timeout(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            b"POST /callbacks/acme/demo HTTP/1.1\r\nHost: receiver\r\n"
            b"Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
        )
        answer = await reader.read()
        writer.close()
    assert answer.startswith(b"HTTP/1.1 503 ")


async def first_answer(url: str) -> httpx.Response:
    async with httpx.AsyncClient() as http, asyncio.timeout(20):
        while True:
            try:
                return await http.get(url)
            except httpx.ConnectError:  # not listening yet
                await asyncio.sleep(0.02)

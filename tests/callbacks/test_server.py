from __future__ import annotations

import asyncio
import signal
import socket
import sys
from pathlib import Path

import httpx

from longtake.processes import ChildProcess

PROGRAM = """
import asyncio, logging, sys
from longtake.callbacks.app import create_app
from longtake.callbacks.server import serve
from longtake.temporal.client import connect

async def main():
    client = await connect("127.0.0.1:1", "default", lazy=True)
    app = create_app({}, client, max_body_bytes=1)
    await serve(app, host="127.0.0.1", port=int(sys.argv[1]))

logging.basicConfig(level=logging.DEBUG)
asyncio.run(main())
"""


async def test_it_serves_until_told_to_stop_and_logs_no_request(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as chosen:
        port = chosen.getsockname()[1]
    log = tmp_path / "log"
    process = await ChildProcess.start(sys.executable, "-c", PROGRAM, str(port), log=log)
    try:
        answer = await first_answer(f"http://127.0.0.1:{port}/health?token=in-the-query")
        assert answer.json()["status"] == "ok"
        process.terminate()
        assert await process.wait() == -signal.SIGTERM
    finally:
        process.kill()
        await process.wait()
    assert "in-the-query" not in log.read_text()
    assert "Traceback" not in log.read_text()


async def first_answer(url: str) -> httpx.Response:
    async with httpx.AsyncClient() as http, asyncio.timeout(20):
        while True:
            try:
                return await http.get(url)
            except httpx.ConnectError:  # not listening yet
                await asyncio.sleep(0.02)

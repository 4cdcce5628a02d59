"""A receiver goes on while its accounts change."""

from __future__ import annotations

import hashlib
import hmac
import os
import signal
import socket
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest_asyncio

from longtake.processes import ChildProcess
from tests.house import pauses

ROOT = Path(__file__).parents[2]
ACCOUNT = """
[accounts.{name}]
vendor = "agora"
app_id = "00000000000000000000000000000000"
customer_id = "c"
customer_secret = "s"
callback_secret = "file:{name}.secret"
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def write_settings(folder: Path, *names: str) -> None:
    head = '[temporal]\naddress = "127.0.0.1:1"\n'
    accounts = "".join(ACCOUNT.format(name=name) for name in names)
    (folder / "longtake.toml").write_text(head + accounts)


@pytest_asyncio.fixture
async def receiver(tmp_path: Path) -> AsyncGenerator[tuple[httpx.AsyncClient, ChildProcess]]:
    """`longtake callbacks`, without a Temporal: what is signed well is answered by 503."""
    (tmp_path / "demo.secret").write_text("the old secret")
    write_settings(tmp_path, "demo")
    port = free_port()
    process = await ChildProcess.start(
        *(sys.executable, "-m", "longtake.cli", "callbacks", "--port", str(port)),
        *("--settings", tmp_path / "longtake.toml"),
        log=tmp_path / "receiver.log",
        cwd=ROOT,
        grace=5,
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
            await eventually(lambda: is_up(http))
            yield http, process
    finally:
        await process.stop()


async def is_up(http: httpx.AsyncClient) -> bool:
    try:
        return (await http.get("/health")).is_success
    except httpx.HTTPError:
        return False


async def eventually(ready: Callable[[], Awaitable[bool]]) -> None:
    async for _ in pauses():
        if await ready():
            return
    raise AssertionError("waited in vain")


async def takes(http: httpx.AsyncClient, account: str, secret: str) -> bool:
    return await status_of(http, account, secret) == 503


async def status_of(http: httpx.AsyncClient, account: str, secret: str) -> int:
    body = b'{"noticeId": "1", "productId": 3, "eventType": 40, "payload": {"cname": "r"}}'
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"content-type": "application/json", "agora-signature-v2": signature}
    answer = await http.post(f"/callbacks/agora/{account}", content=body, headers=headers)
    return answer.status_code


async def test_receiver_takes_up_a_secret_and_an_account(
    receiver: tuple[httpx.AsyncClient, ChildProcess], tmp_path: Path
) -> None:
    http, process = receiver
    assert await status_of(http, "demo", "the old secret") == 503
    assert await status_of(http, "more", "another secret") == 404
    (tmp_path / "demo.secret").write_text("the new secret")
    (tmp_path / "more.secret").write_text("another secret")
    write_settings(tmp_path, "demo", "more")
    os.kill(process.pid, signal.SIGHUP)
    await eventually(lambda: takes(http, "more", "another secret"))
    assert await status_of(http, "demo", "the old secret") == 401
    assert await status_of(http, "demo", "the new secret") == 503
    assert "secret" not in (tmp_path / "receiver.log").read_text()

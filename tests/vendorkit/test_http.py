from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from longtake.domain.errors import NotSent, StartUnknown
from longtake.vendorkit.http import (
    REST,
    HostPool,
    open_client,
    retry_after,
    transport_failure,
)
from longtake.vendorkit.pace import ALONE, Pace

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def failure_against(serve: Serve, patience: float = 5) -> Exception:
    """What a POST to a raw server on a real socket ends in."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        return await failure_at(f"http://127.0.0.1:{port}/start?key=hidden", patience)
    finally:
        server.close()


async def failure_at(url: str, patience: float = 5) -> Exception:
    async with open_client() as client:
        with pytest.raises(httpx.RequestError) as caught:
            await client.post(url, content=b"{}", timeout=patience)
    return transport_failure(caught.value, vendor="v", call="start", maybe_done=StartUnknown)


async def _read_head(reader: asyncio.StreamReader) -> None:
    await reader.readuntil(b"\r\n\r\n")


async def test_refused_connection_was_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert isinstance(await failure_at(f"http://127.0.0.1:{port}/"), NotSent)


async def test_unknown_name_was_not_sent() -> None:
    assert isinstance(await failure_at("http://no-such-host.invalid/"), NotSent)


async def test_failed_tls_handshake_was_not_sent() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"this is no TLS\r\n")
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        assert isinstance(await failure_at(f"https://127.0.0.1:{port}/"), NotSent)
    finally:
        server.close()


async def test_connection_closed_after_the_request_leaves_doubt() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _read_head(reader)
        writer.close()

    failure = await failure_against(hang_up)
    assert isinstance(failure, StartUnknown)
    assert "hidden" not in str(failure)


async def test_reset_after_the_request_leaves_doubt() -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _read_head(reader)
        writer.transport.abort()

    assert isinstance(await failure_against(reset), StartUnknown)


async def test_answer_that_breaks_off_leaves_doubt() -> None:
    async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _read_head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        writer.close()

    assert isinstance(await failure_against(break_off), StartUnknown)


async def test_silence_leaves_doubt() -> None:
    over = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    failure = await failure_against(silent, patience=0.05)
    over.set()
    assert isinstance(failure, StartUnknown)


async def test_environment_does_not_change_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _read_head(reader)
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with open_client() as client:
        response = await client.get(f"http://127.0.0.1:{port}/")
    server.close()
    assert response.status_code == 302  # nor is a redirect followed


async def test_calls_of_an_account_leave_no_closer_than_its_rate() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _read_head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    began = time.monotonic()
    async with server, open_client(pace=Pace(50, lambda: ALONE)) as client:
        await asyncio.gather(*(client.get(url) for _ in range(6)))
    assert time.monotonic() - began >= 5 / 50


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def test_pool_prefers_its_first_host_and_passes_over_a_failed_one() -> None:
    clock = Clock()
    pool = HostPool(["a", "b"], clock)
    assert pool.pick() == "a"
    pool.failed("a")
    assert pool.pick() == "b"
    clock.now += REST
    assert pool.pick() == "a"


def test_pool_with_all_hosts_failed_tries_the_longest_rested() -> None:
    clock = Clock()
    pool = HostPool(["a", "b", "c"], clock)
    for host in ("b", "a", "c"):
        pool.failed(host)
        clock.now += timedelta(seconds=1)
    assert pool.pick() == "b"


def test_pool_forgives_a_host_that_worked() -> None:
    pool = HostPool(["a", "b"], Clock())
    pool.failed("a")
    pool.worked("a")
    assert pool.pick() == "a"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ({}, None),
        ({"Retry-After": "0"}, timedelta(0)),
        ({"Retry-After": " 12 "}, timedelta(seconds=12)),
        ({"Retry-After": "Thu, 01 Jan 2026 00:01:00 GMT"}, timedelta(minutes=1)),
        ({"Retry-After": "Thu, 01 Jan 2025 00:00:00 GMT"}, timedelta(0)),
        ({"Retry-After": "99999999999"}, None),
        ({"Retry-After": "1.5"}, None),
        ({"Retry-After": "nonsense"}, None),
    ],
)
def test_retry_after_is_read(header: dict[str, str], expected: timedelta | None) -> None:
    assert retry_after(httpx.Headers(header), datetime(2026, 1, 1, tzinfo=UTC)) == expected

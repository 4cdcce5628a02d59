"""A wire leads to its target, and a cut resets what is open and refuses what is new."""

from __future__ import annotations

import asyncio
import socket

import pytest

from longtake.cli.faults.wire import Wire


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await reader.readline():
        writer.write(line)
    writer.close()


async def test_a_cut_resets_open_connections_refuses_new_ones_and_ends() -> None:
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    target, port = server.sockets[0].getsockname()[1], free_port()
    async with server, Wire(port, target) as wire:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"said\n")
        assert await reader.readline() == b"said\n"
        cutting = asyncio.create_task(wire.cut(0.3))
        with pytest.raises(ConnectionResetError):
            await reader.read()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        await cutting
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"again\n")
        assert await reader.readline() == b"again\n"
        writer.close()

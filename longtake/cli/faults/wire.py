"""A connection that can be cut: what the workers reach of Temporal and of the vendor."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from typing import Self

from longtake.cli.options import HOST

_CHUNK = 65_536


class Wire:
    """A port that leads to another one, for as long as the `async with` block."""

    def __init__(self, port: int, target: int) -> None:
        """Both ports are on the loopback."""
        self._port = port
        self._target = target
        self._server: asyncio.Server | None = None
        self._open = set[asyncio.StreamWriter]()

    async def __aenter__(self) -> Self:
        await self._listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._sever()

    async def cut(self, seconds: float) -> None:
        """Reset every connection, and refuse new ones for a while."""
        self._sever()
        await asyncio.sleep(seconds)
        await self._listen()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._lead, HOST, self._port)

    def _sever(self) -> None:
        if self._server:
            self._server.close()
        for writer in self._open:
            # Without lingering the other side is told by a reset, not by an orderly end.
            connection = writer.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            far_reader, far_writer = await asyncio.open_connection(HOST, self._target)
            self._open.add(far_writer)
            try:
                await asyncio.gather(_pass(reader, far_writer), _pass(far_reader, writer))
            finally:
                self._open.discard(far_writer)
                far_writer.transport.abort()
        except OSError:
            pass  # a target that is down refuses, and so does its wire
        finally:
            self._open.discard(writer)
            writer.transport.abort()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
    with suppress(OSError, RuntimeError):
        writer.write_eof()

"""The command line in a process of its own: exit codes are a part of what it promises."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMAND = Path(sys.executable).with_name("longtake")
PATIENCE = 40.0
"""Seconds for a command; a second is usual."""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        assert self.code == 0, self.err
        return json.loads(self.out)


class Longtake:
    """Runs commands in a folder, with an environment of their own."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        clean = {key: value for key, value in os.environ.items() if key != "LONGTAKE_SETTINGS"}
        self._env = {**clean, "COLUMNS": "100", **env}
        self._folder = folder

    async def start(self, *arguments: str) -> asyncio.subprocess.Process:
        """Begin a command."""
        return await asyncio.create_subprocess_exec(
            *(COMMAND, *arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self._env,
            cwd=self._folder,
        )

    async def __call__(self, *arguments: str, patience: float = PATIENCE) -> Ended:
        """Run a command to its end."""
        return await ended(await self.start(*arguments), patience)


async def ended(process: asyncio.subprocess.Process, patience: float = PATIENCE) -> Ended:
    """Wait for a command's end; one that takes too long is killed, and the test fails."""
    try:
        async with asyncio.timeout(patience):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


async def line_with(process: asyncio.subprocess.Process, words: str) -> None:
    """Wait until a command writes `words` to standard output."""
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE):
        while words not in (line := (await process.stdout.readline()).decode()):
            assert line, f"it ended without {words!r}"

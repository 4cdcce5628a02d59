"""The command line in a process of its own: exit codes are a part of what it promises."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from longtake.cli import main

COMMAND = Path(sys.executable).with_name("longtake")
PATIENCE = 40.0
"""Seconds for a command; a second is usual."""
OUTPUTS = ("out", "err")

# Python needs half a second to read the command's code: a process that has read it, and has done
# nothing else, is forked for each command.
FORKED = multiprocessing.get_context("forkserver")
FORKED.set_forkserver_preload(["longtake.cli", __name__])


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
        """Begin a command, as a shell does."""
        return await asyncio.create_subprocess_exec(
            *(COMMAND, *arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self._env,
            cwd=self._folder,
        )

    async def __call__(self, *arguments: str, patience: float = PATIENCE) -> Ended:
        """Run a command to its end; one that takes too long is killed, and the test fails."""
        with tempfile.TemporaryDirectory() as written:
            process = FORKED.Process(
                target=_command, args=(arguments, self._folder, self._env, written)
            )
            process.start()
            try:
                await asyncio.to_thread(process.join, patience)
                code = process.exitcode
            finally:
                process.kill()
                process.join()
                process.close()
            out, err = _texts(written)
        if code is None:
            raise TimeoutError(f"longtake {' '.join(arguments)}\n{out}{err}")
        return Ended(code, out, err)


def _command(arguments: tuple[str, ...], folder: Path, env: dict[str, str], written: str) -> None:
    """In the new process: what its shell would have prepared, then the command."""
    for descriptor, name in enumerate(OUTPUTS, start=1):
        with Path(written, name).open("wb") as file:
            os.dup2(file.fileno(), descriptor)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = [str(COMMAND), *arguments]
    main()


def _texts(written: str) -> list[str]:
    return [Path(written, name).read_text() for name in OUTPUTS]


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

"""Child processes that never outlive their parent, not even one killed with ``kill -9``."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Self, cast

from longtake.processes import guard


class ChildProcess:
    """A running command under a guard (see ``guard.py``); made by ``start``.

    ``pid`` is the command's own process id, not the guard's.
    """

    def __init__(self, pid: int, guard_process: asyncio.subprocess.Process) -> None:
        self.pid = pid
        self._guard = guard_process

    @classmethod
    async def start(
        cls,
        *command: str | Path,
        log: Path | None = None,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        grace: float = 10.0,
    ) -> Self:
        """Start ``command``; when its parent ends it gets SIGTERM, and SIGKILL ``grace`` s later.

        Both its outputs are appended to ``log``, or go to the parent's standard error. It runs in
        a session of its own: a Ctrl-C at the terminal reaches the parent alone, which decides the
        order of stopping. Raises ``OSError`` when the command cannot be started.
        """
        output = None if log is None else log.open("ab")
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", guard.__file__, str(grace), *map(str, command)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=output,
                env=env,
                cwd=cwd,
                start_new_session=True,
            )
        finally:
            if output is not None:
                output.close()
        reports = cast("asyncio.StreamReader", process.stdout)  # PIPE was asked for
        try:
            reported = int(await reports.readline())
        except BaseException:
            _close(process)
            raise
        if reported <= 0:
            await process.wait()
            raise OSError(-reported, os.strerror(-reported), str(command[0]))
        return cls(reported, process)

    @property
    def exit_code(self) -> int | None:
        """``None`` while it runs; minus the signal's number when a signal ended it."""
        return self._guard.returncode

    def terminate(self) -> None:
        """Send SIGTERM, with no deadline. Nothing happens once it has ended."""
        self._order(guard.TERMINATE)

    def kill(self) -> None:
        """Send SIGKILL. Nothing happens once it has ended."""
        self._order(guard.KILL)

    async def wait(self) -> int:
        """Wait for the end; the exit code, or minus the signal's number."""
        return await self._guard.wait()

    async def stop(self) -> int:
        """Send SIGTERM, after the grace SIGKILL, and wait for the end."""
        _close(self._guard)
        return await self.wait()

    def _order(self, order: bytes) -> None:
        # Through the guard, which has not reaped it yet: a pid of ours could be another's by now.
        if self._guard.returncode is None:
            _orders(self._guard).write(order)


def _close(process: asyncio.subprocess.Process) -> None:
    _orders(process).close()


def _orders(process: asyncio.subprocess.Process) -> asyncio.StreamWriter:
    return cast("asyncio.StreamWriter", process.stdin)  # PIPE was asked for

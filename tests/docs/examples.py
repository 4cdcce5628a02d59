"""Runs the shell's part of an example."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

PATIENCE = 30.0
"""Seconds for one example; most take a tenth."""


async def bash(
    text: str,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    *,
    patience: float = PATIENCE,
) -> str:
    """Run a block in `folder`; gives what it wrote, fails when a command of it does."""
    process = await asyncio.create_subprocess_exec(
        *("bash", "-euo", "pipefail", "-c", text),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **_here(), **(environment or {})},
        cwd=folder,
    )
    async with asyncio.timeout(patience):
        out, _ = await process.communicate()
    told = out.decode()
    assert process.returncode == 0, f"{text}\n{told}"
    return told


def _here() -> dict[str, str]:
    """The commands of this environment first, and no proxy between them and this machine."""
    scripts = Path(sys.executable).parent
    return {"PATH": f"{scripts}:{os.environ['PATH']}", "no_proxy": "127.0.0.1"}

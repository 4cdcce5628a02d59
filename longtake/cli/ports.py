"""Ports of the loopback: the usual one where it is free, the user's own, or any."""

from __future__ import annotations

import fcntl
import os
import socket
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from longtake.cli.exits import Code, Exit
from longtake.cli.options import HOST


def choose(wanted: Mapping[str, tuple[int, int | None]]) -> tuple[dict[str, int], list[str]]:
    """A free port for each name, and a line for each usual one that was taken.

    `wanted`: by name the usual port and, if the user gave one, that. Exit: it is taken.
    """
    chosen: dict[str, int] = {}
    lines: list[str] = []
    # Each is held until the last is chosen, so that all differ.
    with ExitStack() as held:
        for name, (usual, named) in wanted.items():
            listener = held.enter_context(socket.socket())
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            free = _claimed(usual) if named is None else True
            if not (free and _bind(listener, usual if named is None else named)):
                if named is not None:
                    raise Exit(Code.USAGE, f"--{name}-port: {named} is taken")
                _bind(listener, 0)
                lines.append(f"port {usual} is taken: {name} listens on {_port(listener)}")
            chosen[name] = _port(listener)
    return chosen, lines


def _claimed(port: int) -> bool:
    """Whether no other command is about to listen there: it has chosen long before it listens."""
    lock = Path(tempfile.gettempdir()) / f"longtake-{os.getuid()}-port-{port}.lock"
    held = os.open(lock, os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(held)
        return False
    return True  # held until this process ends


def _bind(listener: socket.socket, port: int) -> bool:
    try:
        listener.bind((HOST, port))
        listener.listen()
    except OSError:
        return False
    return True


def _port(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])

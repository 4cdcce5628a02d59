"""The process between a parent and its child; ends the child when the parent is gone.

Run as a script: ``guard.py GRACE COMMAND [ARGUMENT ...]``. The parent holds the other end of
standard input: each byte is an order, its end means that the parent is dead or wants the child
stopped. Standard output carries one line: the child's pid, or ``-ERRNO`` if it did not start.
The child writes to the guard's standard error; the guard ends as the child ended.

A pipe, because the kernel closes it even after ``kill -9`` of the parent, on Linux and macOS
alike. It starts without site packages, so it may import the standard library only.
"""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from types import FrameType

TERMINATE, KILL = b"T", b"K"


def _stop(child: subprocess.Popen[bytes], grace: float) -> None:
    child.terminate()
    try:
        child.wait(grace)
    except subprocess.TimeoutExpired:
        child.kill()


def _obey(child: subprocess.Popen[bytes], grace: float) -> None:
    while order := os.read(0, 1):
        if order == KILL:
            child.kill()
        else:
            child.terminate()
    _stop(child, grace)


def _report(number: int) -> None:
    with suppress(BrokenPipeError):  # a parent that died meanwhile: what it left is to be ended
        os.write(1, f"{number}\n".encode())


def _end_like(code: int) -> None:
    if code >= 0:
        sys.exit(code)
    if -code != signal.SIGKILL:
        signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)


def main() -> None:
    """Start the child, report its pid, pass orders on, end as it ends."""
    grace, command = float(sys.argv[1]), sys.argv[2:]
    try:
        child = subprocess.Popen(  # noqa: S603  # the parent's own command, no shell
            command, stdin=subprocess.DEVNULL, stdout=sys.stderr
        )
    except OSError as err:
        _report(-(err.errno or errno.EINVAL))
        return

    # Threads stop the child, because the main one must stay in wait().
    def on_sigterm(_number: int, _frame: FrameType | None) -> None:
        threading.Thread(target=_stop, args=(child, grace), daemon=True).start()

    signal.signal(signal.SIGTERM, on_sigterm)
    _report(child.pid)
    threading.Thread(target=_obey, args=(child, grace), daemon=True).start()
    _end_like(child.wait())


if __name__ == "__main__":
    main()

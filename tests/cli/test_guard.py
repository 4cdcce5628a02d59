"""A child ends with its parent, whenever that dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from longtake.processes import guard


def test_a_child_ends_though_its_parent_died_before_it_heard_of_it() -> None:
    read, write = os.pipe()
    os.close(read)
    child = [sys.executable, "-c", "import time; time.sleep(60)"]
    with subprocess.Popen(
        [sys.executable, guard.__file__, "10", *child], stdin=subprocess.PIPE, stdout=write
    ) as process:
        os.close(write)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(30) == -signal.SIGTERM, "as the child ended"

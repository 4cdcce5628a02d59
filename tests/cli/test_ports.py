"""Which ports a stack listens on."""

from __future__ import annotations

import socket
import subprocess
import sys

from longtake.cli import ports

CHOOSE = "from longtake.cli import ports; print(ports.choose({{'ui': ({port}, None)}})[0]['ui'])"


def test_a_port_that_another_command_has_chosen_is_not_chosen_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        usual = int(listener.getsockname()[1])
    chosen, notes = ports.choose({"ui": (usual, None)})
    assert (chosen["ui"], notes) == (usual, [])
    other = subprocess.run(
        [sys.executable, "-c", CHOOSE.format(port=usual)], capture_output=True, check=True
    )
    assert int(other.stdout) != usual

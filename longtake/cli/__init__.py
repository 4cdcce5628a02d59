"""The command `longtake`.

Exit codes:

      0  done
      1  what was asked for failed: the session failed or its files are not all there, a check
         of the demo failed, doctor found a fault, no worker answers
      2  wrong usage, or an invalid request or settings: the text names the field
      3  no such session, or it is over and takes no more orders
      4  the room has a live session already
      5  Temporal cannot be reached
    130  interrupted; servers (up, emulator, callbacks) end with 0 on Ctrl-C
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress

import typer

from longtake.cli import faults, layout, questions, schedule, serve, session
from longtake.cli.demo import demo
from longtake.cli.doctor import doctor
from longtake.cli.exits import Code, exit_for
from longtake.cli.merge import merge
from longtake.cli.schema import schema

_EPILOG = (
    "Exit codes: 0 done; 1 what was asked for failed; 2 wrong usage, or an invalid request or"
    " settings; 3 no such session; 4 the room is being recorded already; 5 Temporal cannot be"
    " reached; 130 interrupted."
)

app = typer.Typer(
    name="longtake",
    help="Cloud recordings of real-time rooms, each one a durable workflow.",
    epilog=_EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_HERE, _SESSIONS = "On this machine", "Recordings"
app.command(rich_help_panel=_HERE)(serve.up)
app.command(rich_help_panel=_HERE)(demo)
app.command(rich_help_panel=_HERE)(serve.emulator)
app.command(rich_help_panel=_HERE)(serve.callbacks)
app.command("codec-server", rich_help_panel=_HERE)(serve.codec_server)
app.command(rich_help_panel=_HERE)(doctor)
app.command(rich_help_panel=_HERE)(schema)
app.add_typer(faults.app, name="faults", rich_help_panel=_HERE)
app.command(rich_help_panel=_SESSIONS)(session.record)
app.add_typer(layout.app, name="layout", rich_help_panel=_SESSIONS)
app.command(rich_help_panel=_SESSIONS)(session.pause)
app.command(rich_help_panel=_SESSIONS)(session.resume)
app.command(rich_help_panel=_SESSIONS)(session.extend)
app.command(rich_help_panel=_SESSIONS)(session.stop)
app.add_typer(schedule.app, name="schedule", rich_help_panel=_SESSIONS)
app.command(rich_help_panel=_SESSIONS)(questions.status)
app.command("list", rich_help_panel=_SESSIONS)(questions.list_)
app.command(rich_help_panel=_SESSIONS)(questions.files)
app.command(rich_help_panel=_SESSIONS)(merge)


def main() -> None:
    """Run the command line and leave the process with its code."""
    code = run(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # the reader of a pipe may be gone
            stream.flush()
    # The Temporal SDK's own threads may abort the interpreter's exit: leave without it.
    os._exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run one command; gives its exit code. Errors go to standard error, without traceback."""
    try:
        app(list(arguments), prog_name="longtake")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else Code.DONE
    except Exception as err:  # noqa: BLE001 - the outermost place: what is left is a bug
        expected = exit_for(err)
        if expected is None:
            traceback.print_exc()
            return Code.FAILED
        if expected.message:
            print(f"longtake: {expected.message}", file=sys.stderr)
        return expected.code
    return Code.DONE

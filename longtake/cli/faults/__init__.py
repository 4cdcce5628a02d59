"""The command `faults run`: many sessions, a hostile vendor, killed processes, and a verdict.

plan: what will go wrong, from a seed. manners, menu: what a vendor can do to a session. stage: the
processes. wire: their connections. drive: the application. sweeping: sweeps beside it. witness,
evidence: what was left behind. judge, judge_sessions, judge_calls: the invariants. plain, compare:
the pattern without recovery. report: all of it in words.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from longtake.cli.emulated import VendorOption
from longtake.cli.exits import Code, Exit
from longtake.cli.options import STATE_FOLDER, run

app = typer.Typer(no_args_is_help=True, help="Break the vendor and the processes, and judge.")


@app.command("run")
def faults_run(
    *,
    vendor: VendorOption = "agora",
    sessions: Annotated[int, typer.Option(min=1, help="How many.")] = 40,
    seed: Annotated[int, typer.Option(help="Decides everything that goes wrong.")] = 1,
    kills: Annotated[
        int, typer.Option(min=0, help="How many kill -9 of workers and of the Temporal server.")
    ] = 4,
    cuts: Annotated[
        int,
        typer.Option(min=0, help="How often connections to the vendor or to Temporal are cut."),
    ] = 6,
    rate: Annotated[
        float, typer.Option(min=1, help="Calls per second that the account may make.")
    ] = 10.0,
    longest: Annotated[
        float,
        typer.Option(min=0, help="Leave out faults that delay a session's end longer, in seconds."),
    ] = 300.0,
    within: Annotated[
        float, typer.Option(min=1, help="Seconds from the last order until every session is over.")
    ] = 400.0,
    plain: Annotated[
        bool, typer.Option("--plain/--no-plain", help="Run the plain pattern for comparison.")
    ] = True,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="The report as data.")
    ] = None,
) -> None:
    """Record many rooms while the vendor fails and processes are killed, then check invariants.

    Ends with 0 only if no invariant of Longtake is broken. Needs a checkout: workers are killed.
    """
    from longtake.cli.faults.report import as_json, show  # noqa: PLC0415 - extras of their own
    from longtake.cli.faults.runner import Wish, carry_out  # noqa: PLC0415

    wish = Wish(vendor, sessions, seed, kills, cuts, rate, within, longest, plain)
    console = Console()
    outcome = run(carry_out(wish, STATE_FOLDER / "faults" / f"{vendor}-{seed}", _teller(console)))
    show(console, outcome)
    if json_file is not None:
        json_file.write_text(json.dumps(as_json(outcome), indent=1) + "\n", encoding="utf-8")
    if not outcome.kept:
        broken = Counter({v.number: v.violations for v in outcome.verdicts if v.violations})
        told = ", ".join(f"{number} ({count}x)" for number, count in sorted(broken.items()))
        raise Exit(Code.FAILED, f"broken invariants: {told}; seed {seed}")


def _teller(console: Console) -> Callable[[str], None]:
    return lambda what: console.print(Text(what, style="dim"))

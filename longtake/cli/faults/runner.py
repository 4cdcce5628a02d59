"""One run: Longtake's column, then the plain pattern's, on stages of their own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from temporalio.client import Client

from longtake.cli.faults.compare import Column, column
from longtake.cli.faults.drive import LongtakeApplication, Played, play, request_of
from longtake.cli.faults.evidence import Evidence, Ledger, lost_rooms, struck_by
from longtake.cli.faults.judge import judge
from longtake.cli.faults.manners import MANNERS
from longtake.cli.faults.plain import QUEUES, PlainApplication
from longtake.cli.faults.plan import Plan, make_plan
from longtake.cli.faults.report import Outcome
from longtake.cli.faults.stage import LONGTAKE, WORKERS, Stage, plain_cast
from longtake.cli.faults.sweeping import Sweeps
from longtake.cli.faults.witness import settled_ledger, witness

Tell = Callable[[str], None]

_TOGETHER = 20
"""So few sessions leave room for both columns at the same time."""

_PLAIN_WITHIN = 200.0
"""Its three activities give up after a minute each."""


@dataclass(frozen=True)
class Wish:
    """What is to be run."""

    vendor: str
    sessions: int
    seed: int
    kills: int
    cuts: int
    rate: float
    within: float
    longest: float
    plain: bool

    @property
    def command(self) -> str:
        """Runs the same again."""
        return (
            f"longtake faults run --vendor {self.vendor} --sessions {self.sessions}"
            f" --seed {self.seed} --kills {self.kills} --cuts {self.cuts} --rate {self.rate:g}"
            f" --longest {self.longest:g} --within {self.within:g}"
            f" --{'' if self.plain else 'no-'}plain"
        )


async def carry_out(wish: Wish, folder: Path, tell: Tell) -> Outcome:
    """Run and judge; `folder` keeps the server's file and the logs."""
    began = time.monotonic()
    plan = make_plan(
        wish.vendor,
        sessions=wish.sessions,
        seed=wish.seed,
        kills=wish.kills,
        cuts=wish.cuts,
        workers=WORKERS,
        longest=wish.longest,
    )
    quiet = asyncio.Event()
    recording = asyncio.create_task(_longtake(wish, plan, folder / "longtake", tell, quiet))
    columns = list[Column]()
    try:
        if wish.plain:
            if wish.sessions > _TOGETHER:
                # Once sessions only wait, the machine is free for the other column.
                await _first(recording, quiet)
            columns.append(await _plain(wish, plan, folder / "plain", tell))
        evidence = await recording
    finally:
        recording.cancel()
        await asyncio.gather(recording, return_exceptions=True)
    outcomes = [run.outcome for run in evidence.runs if not run.revived]
    lost = lost_rooms(evidence.manners, evidence.struck)
    columns.append(column("Longtake", outcomes, evidence.over, lost))
    return Outcome(
        plan=plan,
        evidence=evidence,
        verdicts=judge(evidence),
        columns=columns,
        seconds=time.monotonic() - began,
        command=wish.command,
    )


async def _first(recording: asyncio.Task[Evidence], quiet: asyncio.Event) -> None:
    """Wait for either; raises what the recording raised."""
    waiting = asyncio.ensure_future(quiet.wait())
    await asyncio.wait({recording, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if recording.done():
        recording.result()


async def _longtake(
    wish: Wish, plan: Plan, folder: Path, tell: Tell, quiet: asyncio.Event
) -> Evidence:
    async with Stage(folder, wish.vendor, wish.seed, wish.rate, LONGTAKE, tell) as stage:
        tell(f"{len(plan.sessions)} sessions")
        application = LongtakeApplication(wish.vendor)
        sweeps = Sweeps(stage.client, wish.vendor)
        sweeping = asyncio.create_task(sweeps.go_on())
        try:
            played = await play(plan, stage, application, wish.within, quiet)
        finally:
            sweeping.cancel()
            await asyncio.gather(sweeping, return_exceptions=True)
        await sweeps.finish(wish.within)
        evidence = await witness(stage, plan, played, rate=wish.rate, within=wish.within)
        await stage.check_alive()
        return evidence


async def _plain(wish: Wish, plan: Plan, folder: Path, tell: Tell) -> Column:
    """The same rooms, faults and kills for the plain pattern."""
    cast = plain_cast(QUEUES)
    async with Stage(folder, wish.vendor, wish.seed, wish.rate, cast, tell) as stage:
        tell(f"{len(plan.sessions)} plain recordings")
        application = PlainApplication(partial(request_of, wish.vendor))
        played = await play(plan, stage, application, _PLAIN_WITHIN, asyncio.Event())
        struck = struck_by([*await stage.emulator.faults(), *played.strikes])
        lost = lost_rooms(MANNERS[wish.vendor], struck)
        ledger = Ledger.read(wish.vendor, await settled_ledger(stage))
        await stage.check_alive()
        return column("plain", await _outcomes(stage.client, played), ledger, lost)


async def _outcomes(client: Client, played: Played) -> list[str]:
    """How each execution ended, as Temporal says."""
    outcomes = list[str]()
    for handles in played.handles.values():
        for handle in handles:
            run_id = handle.first_execution_run_id
            described = await client.get_workflow_handle(handle.id, run_id=run_id).describe()
            outcomes.append(described.status.name.lower() if described.status else "unknown")
    return outcomes

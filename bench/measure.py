"""Figures of one opponent on a stage: throughput, latencies, what stays open, and recovery."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from temporalio.client import WorkflowHandle
from temporalio.testing._timeskipping import TimeSkipper, TimeSkippingConfig

from bench.drive import Load, Timings, arrive, drive, session
from bench.histories import Left, left_by
from bench.stage import Kept, Stage, Who, stage

SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
SETTLED = 12.0
"""Seconds after the last start until every session has been seen up."""
WATCHED = 20.0
"""Seconds over which idle sessions are watched."""
SAMPLES = 60
_UNTIL_UP = ("initialised", "components_starting", "uploader_up", "recorder_up")
_STARTING = 50
"""Sessions that are being opened at a time."""


def shares(seconds: Sequence[float]) -> dict[str, float]:
    """Percentiles, in milliseconds."""
    ordered = sorted(seconds)
    return {
        name: 1000 * ordered[min(int(len(ordered) * share), len(ordered) - 1)]
        for name, share in SHARES.items()
    }


async def throughput(who: Who, kept: Kept, sessions: int, in_flight: int) -> dict[str, float]:
    """Sessions per second, percentiles in ms, and CPU seconds per session by process."""
    async with stage(who, kept) as on:
        await drive(on, in_flight, in_flight)  # caches and connections are warm then
        return _figures(await drive(on, sessions, in_flight))


async def steady(who: Who, kept: Kept, sessions: int, per_second: float) -> dict[str, float]:
    """As `throughput`, of sessions that come at a rate: the load is the same for both."""
    async with stage(who, kept) as on:
        await drive(on, 20, 20)
        return _figures(await arrive(on, sessions, per_second))


def _figures(load: Load) -> dict[str, float]:
    figures = {"sessions/s": load.per_second}
    for name, seconds in vars(load.timings).items():
        if seconds:
            figures |= {f"{name} {share} ms": told for share, told in shares(seconds).items()}
    return figures | {f"{kind} CPU s": cpu / load.sessions for kind, cpu in load.cpu.items()}


async def history(who: Who) -> Left:
    """What one session leaves."""
    async with stage(who) as on:
        workflow_id = await session(on, Timings())
        return await left_by(on.client.get_workflow_handle(workflow_id))


async def day() -> Left:
    """What one of ours leaves that lasts 24 hours, which are skipped."""
    # The vendor's clock goes on as it is: data must flow when the session asks first.
    prompt = {**dict.fromkeys(_UNTIL_UP, 0.01), "slice": 0.5, "upload": 0.01}
    async with stage("ours", timings=prompt) as on:
        await on.vendor.enter("a-day")
        config = TimeSkippingConfig(max_session_skip_count=10**6)
        on.client = TimeSkipper(on.client, config=config).client
        handle = await on.start("a-day", max_duration="PT24H")
        await handle.result()
        return await left_by(handle)


@dataclass(frozen=True)
class Standing:
    """A number of sessions that are open and idle."""

    sessions: int
    worker_kb: float
    """Memory of the worker per session, above what it took with none."""
    server_kb: float
    worker_cpu: float
    """CPU seconds per second."""
    server_cpu: float
    polls: float
    """Per second."""
    layout_ms: dict[str, float]
    stop_ms: dict[str, float]

    @property
    def polls_per_core(self) -> float:
        """Polls that a core's worth of worker would make."""
        return self.polls / self.worker_cpu if self.worker_cpu else 0.0


async def standing(who: Who, sessions: int) -> Standing:
    """Open so many sessions, watch them, and signal some of them."""
    async with stage(who) as on:
        await drive(on, 20, 20)
        before = on.usage()
        handles = await opened(on, sessions)
        await asyncio.sleep(SETTLED)
        begin, polled, began = on.usage(), on.vendor.polls, time.perf_counter()
        await asyncio.sleep(WATCHED)
        after, seconds = on.usage(), time.perf_counter() - began
        polls = (on.vendor.polls - polled) / seconds
        timings = Timings()
        for number in range(min(SAMPLES, sessions)):
            await _signalled(on, handles, number, timings)
        return Standing(
            sessions=sessions,
            worker_kb=(after["worker"].memory - before["worker"].memory) / sessions,
            server_kb=(after["server"].memory - before["server"].memory) / sessions,
            worker_cpu=(after["worker"].cpu - begin["worker"].cpu) / seconds,
            server_cpu=(after["server"].cpu - begin["server"].cpu) / seconds,
            polls=polls,
            layout_ms=shares(timings.layout),
            stop_ms=shares(timings.stop),
        )


async def opened(on: Stage, sessions: int) -> list[WorkflowHandle[Any, Any]]:
    """Sessions that record, in rooms `room-0` and on."""
    gate = asyncio.Semaphore(_STARTING)

    async def one(number: int) -> WorkflowHandle[Any, Any]:
        async with gate:
            await on.vendor.enter(f"room-{number}")
            handle = await on.start(f"room-{number}")
            await on.vendor.call_of(f"room-{number}", 1)
            return handle

    return await asyncio.gather(*(one(number) for number in range(sessions)))


async def _signalled(
    on: Stage, handles: Sequence[WorkflowHandle[Any, Any]], number: int, timings: Timings
) -> None:
    room, handle = f"room-{number}", handles[number]
    asked = time.time()
    await on.change_layout(handle, 0)
    timings.layout.append((await on.vendor.call_of(room, 2))[1] - asked)
    asked = time.time()
    await on.stop(handle)
    timings.stop.append((await on.vendor.call_of(room, 3))[1] - asked)


async def recovery(who: Who) -> float:
    """Seconds from `kill -9` of the worker, replaced at once, to the next signal's vendor call."""
    async with stage(who) as on:
        [handle] = await opened(on, 1)
        await asyncio.sleep(8)  # ours has been seen up
        killed = time.time()
        on.workers.pop().kill()
        await on.change_layout(handle, 0)
        await on.hire()
        call, at = await on.vendor.call_of("room-0", 2)
        assert call == "layout", call
        return at - killed

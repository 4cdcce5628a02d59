"""The load: sessions of acquire, start, three layouts, stop and files, so many at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import count

from bench.stage import Stage

LAYOUTS = 3
_NUMBERS = count()
"""Of rooms: no two sessions of a run have the same."""


@dataclass
class Timings:
    """Seconds from what a caller did until the vendor was called for it, one of each session."""

    start: list[float] = field(default_factory=list[float])
    layout: list[float] = field(default_factory=list[float])
    update: list[float] = field(default_factory=list[float])
    """Of a layout that was asked for by an update."""
    stop: list[float] = field(default_factory=list[float])


@dataclass
class Load:
    """What a run of sessions took."""

    sessions: int
    seconds: float
    timings: Timings
    cpu: dict[str, float]
    """CPU seconds by kind of process."""

    @property
    def per_second(self) -> float:
        return self.sessions / self.seconds


async def drive(on: Stage, sessions: int, in_flight: int) -> Load:
    """Run so many sessions, so many of them at a time: as fast as they go."""
    left = iter(range(sessions))

    async def one_after_another(timings: Timings) -> None:
        for _ in left:
            await session(on, timings)

    return await _load(on, sessions, one_after_another, in_flight)


async def arrive(on: Stage, sessions: int, per_second: float) -> Load:
    """Run so many sessions that come at a rate, however long each takes; each has an update."""
    numbers = count()

    async def one_in_time(timings: Timings) -> None:
        await asyncio.sleep(next(numbers) / per_second)
        await session(on, timings, updates=True)

    return await _load(on, sessions, one_in_time, sessions)


async def _load(
    on: Stage, sessions: int, part: Callable[[Timings], Awaitable[None]], parts: int
) -> Load:
    timings = Timings()
    before, began = on.usage(), time.perf_counter()
    await asyncio.gather(*(part(timings) for _ in range(parts)))
    seconds, after = time.perf_counter() - began, on.usage()
    cpu = {kind: after[kind].cpu - before[kind].cpu for kind in before}
    return Load(sessions, seconds, timings, cpu)


async def session(on: Stage, timings: Timings, *, updates: bool = False) -> str:
    """One whole session; each order is given when the vendor has been called for the one before.

    Gives the workflow's id.
    """
    room, calls = f"load-{next(_NUMBERS)}", count()
    asked = time.time()
    handle = await on.start(room)
    for wanted in ("acquire", "start"):
        call, at = await on.vendor.call_of(room, next(calls))
        assert call == wanted, f"{call} for {wanted}"
    timings.start.append(at - asked)
    for number in range(LAYOUTS):
        asked = time.time()
        await on.change_layout(handle, number)
        call, at = await on.vendor.call_of(room, next(calls))
        assert call == "layout", f"{call} for a layout"
        timings.layout.append(at - asked)
    if updates:
        asked = time.time()
        update = asyncio.create_task(on.set_layout(handle, LAYOUTS))
        call, at = await on.vendor.call_of(room, next(calls))
        assert call == "layout", f"{call} for an update"
        timings.update.append(at - asked)
        await update
    asked = time.time()
    await on.stop(handle)
    call, at = await on.vendor.call_of(room, next(calls))
    assert call == "stop", f"{call} for a stop"
    timings.stop.append(at - asked)
    await handle.result()
    return handle.id

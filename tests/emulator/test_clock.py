"""The clock: order, sleepers, jumps."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from longtake.emulator.clock import Clock


async def test_what_falls_due_runs_in_order_at_its_own_time() -> None:
    clock, seen = Clock(), list[tuple[str, datetime]]()
    begun = clock.now()
    for name, seconds in (("late", 50), ("early", 10), ("never", 90)):
        clock.after(seconds, lambda name=name: seen.append((name, clock.now())))
    await clock.advance(60)
    assert [name for name, _ in seen] == ["early", "late"]
    gaps = [round((when - begun).total_seconds()) for _, when in seen]
    assert gaps == [10, 50]
    assert clock.now() - begun >= timedelta(seconds=60)
    clock.reset()


async def test_a_timer_set_by_a_timer_falls_due_in_the_same_jump() -> None:
    clock, seen = Clock(), list[int]()

    def again(count: int) -> None:
        seen.append(count)
        clock.after(10, lambda: again(count + 1))

    clock.after(10, lambda: again(1))
    await clock.advance(45)
    assert seen == [1, 2, 3, 4]
    clock.reset()


async def test_an_advance_wakes_sleepers_and_waits_for_what_they_start() -> None:
    clock, seen = Clock(), list[str]()

    async def sleeper() -> None:
        await clock.sleep(30)
        seen.append("woken")
        await clock.sleep(30)
        seen.append("again")

    task = asyncio.create_task(sleeper())
    await clock.advance(61)
    assert seen == ["woken", "again"]
    await task


async def test_an_advance_waits_for_asynchronous_work() -> None:
    clock, seen = Clock(), list[str]()

    async def work() -> None:
        await asyncio.sleep(0.05)  # longer than the turns that an advance gives to others
        seen.append("done")

    clock.after(1, work)
    await clock.advance(2)
    assert seen == ["done"]


async def test_a_cancelled_timer_never_runs() -> None:
    clock, seen = Clock(), list[str]()
    clock.after(1, lambda: seen.append("ran")).cancel()
    await clock.advance(2)
    assert seen == []


async def test_repeating_work_skips_the_far_part_of_a_jump() -> None:
    clock, rounds = Clock(), list[datetime]()

    def work() -> None:
        rounds.append(clock.now())
        clock.at(clock.next_round(15), work)

    clock.at(clock.next_round(15), work)
    begun = clock.now()
    await clock.advance(86_400)
    assert len(rounds) == 9
    assert rounds[-1] - begun >= timedelta(seconds=86_400)
    clock.reset()


async def test_a_failing_timer_does_not_stop_the_clock() -> None:
    clock, seen = Clock(), asyncio.Event()
    clock.after(0.01, lambda: 1 / 0)  # type: ignore[arg-type, return-value]
    clock.after(0.02, seen.set)
    async with asyncio.timeout(2):
        await seen.wait()


async def test_reset_returns_to_the_wall_clock() -> None:
    clock = Clock()
    await clock.advance(3600)
    clock.reset()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=1)

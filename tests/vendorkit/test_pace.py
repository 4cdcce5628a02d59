"""Shares of a limit, and what a process may send of it."""

from __future__ import annotations

import asyncio
import math
from bisect import bisect_right
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longtake.vendorkit.pace import (
    ALONE,
    CALLER,
    MARGIN,
    NOWHERE,
    ON_ITS_WAY,
    Caller,
    Departure,
    Pace,
    Place,
    Window,
    share,
)

LIMITS = st.integers(1, 30)
SIZES = st.integers(1, 12)
CALL = st.tuples(
    st.sampled_from([0.0, 0.0, 0.0, 0.01, 0.3, 2.0]),  # seconds until it is asked for
    st.sampled_from([0.0, 0.0, 0.001, 0.05, 0.4, 3.0, math.inf]),  # to connect; inf: never
    st.sampled_from([0.0, 0.002, 0.05, ON_ITS_WAY]),  # until the vendor counts it, and answers
)


def places(size: int) -> list[Place]:
    return [Place(rank, size) for rank in range(size)]


@given(LIMITS, SIZES)
def test_shares_add_up_to_the_limit(limit: int, size: int) -> None:
    assert sum(share(limit, place) for place in places(size)) == limit


@given(LIMITS, SIZES, st.data())
def test_nobody_gains_when_another_joins(limit: int, size: int, data: st.DataObject) -> None:
    rank = data.draw(st.integers(0, size - 1))
    for later in (rank, rank + 1):  # the newcomer may sort before or behind
        assert share(limit, Place(later, size + 1)) <= share(limit, Place(rank, size))


def counted(
    calls: int, seconds: float, orders: Iterable[tuple[float, float, float]]
) -> list[float]:
    """When the vendor counts calls that are asked for one after the other."""
    window, now, ahead = Window(), 0.0, list[tuple[float, Callable[[], None]]]()
    times = list[float]()

    def pass_until(moment: float) -> None:
        while ahead and (first := min(ahead, key=lambda one: one[0]))[0] <= moment:
            ahead.remove(first)
            first[1]()

    def send(departure: Departure, connecting: float, on_its_way: float) -> None:
        left = now + connecting
        ahead.append((left, lambda: departure.leave(left)))
        ahead.append((left + on_its_way, lambda: departure.answer(left + on_its_way)))
        times.append(left + on_its_way)

    for pause, connecting, on_its_way in orders:
        now += pause
        pass_until(now)
        while (ready := window.ready_at(now, calls, seconds)) > now:
            now = min([ready, *(at for at, _ in ahead)])
            pass_until(now)
        departure = Departure(window, "start", lambda: None)
        window.depart(departure, now, seconds / calls)
        if connecting == math.inf:
            departure.settle()
        else:
            send(departure, connecting, on_its_way)
    return times


def most_in(seconds: float, times: Sequence[float]) -> int:
    """The most in any window of that length."""
    ordered = sorted(times)
    return max(
        (bisect_right(ordered, at) - bisect_right(ordered, at - seconds) for at in ordered),
        default=0,
    )


@given(LIMITS, SIZES, st.data())
def test_no_second_sees_more_than_the_limit(limit: int, size: int, data: st.DataObject) -> None:
    fleet = list[float]()
    for place in places(size):
        if calls := share(limit, place):
            phase = data.draw(st.floats(0, 1.5))
            orders = data.draw(st.lists(CALL, max_size=20))
            fleet += [phase + at for at in counted(calls, 1 + MARGIN, orders)]
    assert most_in(1, fleet) <= limit


@pytest.mark.parametrize("calls", [1, 3, 10, 50])
@pytest.mark.parametrize("took", [0.002, 0.2])
def test_a_backlog_uses_the_limit(calls: int, took: float) -> None:
    times = counted(calls, 1 + MARGIN, [(0, 0, took)] * 800)
    assert 199 / (times[-1] - times[600]) >= 0.95 * calls


@asynccontextmanager
async def gone(pace: Pace, *urgencies: int) -> AsyncGenerator[list[int]]:
    """The urgencies of calls in the order in which they went."""
    order = list[int]()

    async def one(urgency: int) -> None:
        CALLER.set(Caller("", urgency, lambda: order.append(urgency)))
        (await pace.turn()).settle()

    tasks = [asyncio.create_task(one(urgency)) for urgency in urgencies]
    await asyncio.sleep(0)
    yield order
    await asyncio.gather(*tasks)


async def test_a_stop_goes_before_polls_that_wait_in_the_same_process() -> None:
    pace = Pace(500, lambda: ALONE)
    async with gone(pace, 4, 4, 4, 1) as order:
        pass
    assert order == [4, 1, 4, 4]


async def test_nothing_goes_before_the_process_knows_its_place() -> None:
    place = NOWHERE
    pace = Pace(500, lambda: place)
    async with gone(pace, 3) as order:
        assert order == []
        place = Place(0, 2)
        pace.nudge()
    assert order == [3]


async def test_a_call_that_is_given_up_takes_no_turn() -> None:
    place = NOWHERE
    pace = Pace(0.1, lambda: place)
    given_up = asyncio.create_task(pace.turn())
    async with gone(pace, 4) as order:
        given_up.cancel()
        place = ALONE
        pace.nudge()
    assert order == [4]


async def test_refusals_slow_the_pace_and_it_recovers(monkeypatch: pytest.MonkeyPatch) -> None:
    pace = Pace(100, lambda: ALONE)
    whole = pace.per_second
    pace.ease(None)
    pace.ease(None)  # of the same second
    assert pace.per_second == pytest.approx(whole / 2, rel=0.01)
    began = asyncio.get_running_loop().time()
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: began + 60)
    assert pace.per_second == whole


async def test_a_rest_that_the_vendor_asks_for_is_kept() -> None:
    pace = Pace(1000, lambda: ALONE)
    began = asyncio.get_running_loop().time()
    pace.ease(timedelta(seconds=0.05))
    (await pace.turn()).settle()
    assert asyncio.get_running_loop().time() - began >= 0.05

"""A worker takes in what it may soon send, and what is sent holds nothing up."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, cast

import pytest
from temporalio import activity
from temporalio.client import Client
from temporalio.common import MetricMeter, RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.worker import SlotReleaseContext, SlotReserveContext, Worker

from longtake.temporal.intake import Intake, PacedCalls, intake_tuner
from longtake.vendorkit.pace import ALONE, NOWHERE, Pace, Place

ASKING = cast("SlotReserveContext", None)
RELEASED = cast("SlotReleaseContext", None)
AHEAD = 2


async def slots(intake: Intake, wanted: int) -> list[asyncio.Task[Any]]:
    """Those of the wanted slots that are there without anything else happening."""
    tasks = [asyncio.create_task(intake.reserve_slot(ASKING)) for _ in range(wanted)]
    for _ in range(5):
        await asyncio.sleep(0)
    return [task for task in tasks if task.done() or not task.cancel()]


@pytest.fixture
async def pace() -> Pace:
    return Pace(5, lambda: ALONE)


async def test_no_more_is_taken_in_than_may_soon_be_sent(pace: Pace) -> None:
    intake = Intake(pace)
    assert len(await slots(intake, 5)) == AHEAD
    assert len(await slots(intake, 5)) == 0


async def test_a_long_call_that_was_sent_leaves_room_for_the_next(pace: Pace) -> None:
    intake = Intake(pace)
    await slots(intake, AHEAD)
    with intake.call("stop", urgency=1):
        (await pace.turn()).settle()
        assert len(await slots(intake, 5)) == 1


async def test_a_call_that_ended_unsent_leaves_room_for_the_next(pace: Pace) -> None:
    intake = Intake(pace)
    await slots(intake, AHEAD)
    with intake.call("stop", urgency=1):
        pass
    intake.release_slot(RELEASED)
    await asyncio.sleep(0)
    assert len(await slots(intake, 5)) == 1


async def test_a_process_without_a_place_takes_nothing_in() -> None:
    place = NOWHERE
    pace = Pace(5, lambda: place)
    intake = Intake(pace)
    waiting = asyncio.create_task(intake.reserve_slot(ASKING))
    await asyncio.sleep(0)
    assert not waiting.done()
    place = Place(1, 2)
    pace.nudge()
    await waiting
    place = Place(5, 6)  # the sixth of six who share five calls
    assert len(await slots(intake, 5)) == 0


@activity.defn
async def refused() -> None:
    raise ApplicationError("slower", type="RateLimited")


async def test_the_pace_slows_when_the_vendor_says_that_it_is_too_fast(
    client: Client, pace: Pace
) -> None:
    before = pace.per_second
    intake = Intake(pace)
    async with Worker(
        client,
        task_queue="intake",
        activities=[refused],
        tuner=intake_tuner(intake),
        interceptors=[PacedCalls("demo", pace, intake, MetricMeter.noop)],
    ):
        handle = await client.start_activity(
            refused,
            id="refused",
            task_queue="intake",
            retry_policy=RetryPolicy(maximum_attempts=1),
            start_to_close_timeout=timedelta(seconds=10),
        )
        with pytest.raises(Exception, match="failed"):
            await handle.result()
    assert pace.per_second < 0.6 * before

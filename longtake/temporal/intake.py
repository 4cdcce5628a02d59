"""What a worker takes in of an account's calls: no more than it may soon send.

What is queued at the server goes to whichever worker is free, the most urgent first; what a worker
has taken in can do neither. So a worker asks for a call when there is room before its pace. Calls
that were sent and are not answered, a stop of twenty seconds among them, hold nothing up.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Any

from temporalio import activity
from temporalio.common import MetricMeter
from temporalio.exceptions import ApplicationError
from temporalio.worker import (
    ActivityInboundInterceptor,
    CustomSlotSupplier,
    ExecuteActivityInput,
    FixedSizeSlotSupplier,
    Interceptor,
    SlotMarkUsedContext,
    SlotPermit,
    SlotReleaseContext,
    SlotReserveContext,
    WorkerTuner,
)

from longtake.contracts import metrics
from longtake.domain.errors import RateLimited
from longtake.vendorkit.pace import CALLER, Caller, Pace

AHEAD = 0.3
"""Seconds' worth of calls that are asked for or taken in before their turn: as long as a task takes
from a distant server. At least two, for the pace not to wait for the next one."""
UNDER_WAY = 400
"""Calls of an account that a worker has under way at the most."""
USUAL = 3
"""The urgency of a call that has none, as Temporal has it."""


class Intake(CustomSlotSupplier):
    """Slots for the calls of one account; the arguments that it ignores are the SDK's."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._held = 0
        """Slots that are asked for, filled, or whose end is on its way to the server."""
        self._sent = 0
        """Calls under way that had their turn."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news = asyncio.Event()
        pace.listen(self._news.set)

    @property
    def _free(self) -> bool:
        share = self._pace.share
        ahead = max(2, math.ceil(AHEAD * self._pace.per_second))
        return share > 0 and self._held < UNDER_WAY and self._held - self._sent < ahead

    @contextmanager
    def call(self, kind: str, urgency: int) -> Generator[None]:
        """Around an activity: once it has its turn, there is room for the next."""
        sent = False

        def left() -> None:
            nonlocal sent
            if not sent:
                sent = True
                self._sent += 1
                self._news.set()

        before = CALLER.set(Caller(kind, urgency, left))
        try:
            yield
        finally:
            CALLER.reset(before)
            self._sent -= sent

    async def reserve_slot(self, ctx: SlotReserveContext) -> SlotPermit:  # noqa: ARG002
        self._loop = asyncio.get_running_loop()
        while not self._free:
            self._news.clear()
            await self._news.wait()
        self._held += 1
        return SlotPermit()

    def try_reserve_slot(self, ctx: SlotReserveContext) -> SlotPermit | None:  # noqa: ARG002
        """None: nothing passes by the queue."""
        return None

    def mark_slot_used(self, ctx: SlotMarkUsedContext) -> None:
        """Nothing to do: a slot counts from when it is asked for."""

    def release_slot(self, ctx: SlotReleaseContext) -> None:  # noqa: ARG002
        """Called on a thread of the SDK's."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed already
                self._loop.call_soon_threadsafe(self._released)

    def _released(self) -> None:
        self._held -= 1
        self._news.set()


class PacedCalls(Interceptor):
    """Lets an account's activities call as urgently as they are, and slows them when they must."""

    def __init__(self, account: str, pace: Pace, intake: Intake, meter: MetricMeter) -> None:
        self.pace = pace
        self.intake = intake
        gauge = meter.create_gauge_float(metrics.PACE, unit="calls per second")
        self.gauge = gauge.with_additional_attributes({"account": account})

    def intercept_activity(
        self,
        next: ActivityInboundInterceptor,  # noqa: A002 - the SDK's name
    ) -> ActivityInboundInterceptor:
        return _PacedCall(next, self)


class _PacedCall(ActivityInboundInterceptor):
    def __init__(self, inner: ActivityInboundInterceptor, calls: PacedCalls) -> None:
        super().__init__(inner)
        self._calls = calls

    async def execute_activity(
        self,
        input: ExecuteActivityInput,  # noqa: A002 - the SDK's name
    ) -> Any:
        pace, info = self._calls.pace, activity.info()
        urgency = info.priority.priority_key or USUAL
        try:
            with easing(pace), self._calls.intake.call(info.activity_type, urgency):
                return await self.next.execute_activity(input)
        finally:
            self._calls.gauge.set(pace.per_second)


@contextmanager
def easing(pace: Pace) -> Generator[None]:
    """Around a call: a vendor that says that it has too many slows those that follow."""
    try:
        yield
    except ApplicationError as err:
        if err.type == RateLimited.__name__:
            pace.ease(err.next_retry_delay)
        raise


def intake_tuner(intake: Intake) -> WorkerTuner:
    """For a worker that does nothing but an account's calls."""
    none = FixedSizeSlotSupplier(1)
    return WorkerTuner.create_composite(
        workflow_supplier=none,
        activity_supplier=intake,
        local_activity_supplier=none,
        nexus_supplier=none,
    )

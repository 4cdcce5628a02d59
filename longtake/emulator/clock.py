"""The emulator's clock: the wall clock plus an offset, and the timers that hang on it."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

Action = Callable[[], Awaitable[None] | None]

_log = logging.getLogger(__name__)

_LONGEST_REPLAYED = timedelta(seconds=120)
"""How far into a jump work that repeats is still done each time; then it skips to the end."""

# Turns of the event loop given to code that a timer woke, so that what it does next (an answer,
# a further timer) still happens at the timer's own instant and not at the end of the jump.
_SETTLING_TURNS = 20


@dataclass(order=True)
class Timer:
    """Something due at an instant; ``cancel`` makes it a no-op."""

    due: datetime
    order: int
    action: Action = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        self.cancelled = True


@dataclass(frozen=True)
class Jump:
    """An ``advance`` in progress: the instant it began at and the instant it leads to."""

    began: datetime
    target: datetime


class Clock:
    """UTC time that can be moved forward; whatever falls due on the way runs, in order."""

    def __init__(self) -> None:
        self.jump: Jump | None = None
        self._offset = timedelta()
        self._frozen: datetime | None = None
        self._timers: list[Timer] = []
        self._order = itertools.count()
        self._alarm: asyncio.TimerHandle | None = None
        self._advancing = asyncio.Lock()
        self._running: set[asyncio.Task[None]] = set()
        self._sleepers: set[asyncio.Event] = set()

    def now(self) -> datetime:
        return self._frozen or datetime.now(UTC) + self._offset

    def at(self, when: datetime, action: Action) -> Timer:
        """Run ``action`` at ``when``; it must not wait for the clock itself.

        In a jump the clock stands still until a coroutine returned by ``action`` has ended.
        """
        timer = Timer(when, next(self._order), action)
        heapq.heappush(self._timers, timer)
        if self._timers[0] is timer:
            self._arm()
        return timer

    def after(self, seconds: float, action: Action) -> Timer:
        return self.at(self.now() + timedelta(seconds=seconds), action)

    def next_round(self, seconds: float) -> datetime:
        """When work that repeats every ``seconds`` and was just done is due again.

        A jump of hours must not do it a thousand times: beyond 120 s of a jump it is due once, at
        the jump's end.
        """
        due = self.now() + timedelta(seconds=seconds)
        jump = self.jump
        if jump and due - jump.began > _LONGEST_REPLAYED and due < jump.target:
            return jump.target
        return due

    async def sleep(self, seconds: float) -> None:
        """Wait ``seconds`` of this clock: an advance past them wakes the sleeper."""
        woken = asyncio.Event()
        timer = self.after(seconds, woken.set)
        self._sleepers.add(woken)
        try:
            await woken.wait()
        finally:
            self._sleepers.discard(woken)
            timer.cancel()

    async def advance(self, seconds: float) -> datetime:
        """Move ``seconds`` forward through everything that falls due; the new time."""
        async with self._advancing:
            began = self.now()
            target = began + timedelta(seconds=seconds)
            self.jump, self._frozen = Jump(began, target), began
            try:
                await self._run_until(target)
                self._offset = target - datetime.now(UTC)
            finally:
                self.jump = self._frozen = None
                self._arm()
            return target

    def reset(self) -> None:
        """Back to the wall clock, with no timers; whoever sleeps is woken."""
        self._timers.clear()
        for woken in self._sleepers:
            woken.set()
        self._offset = timedelta()
        self._arm()
        for task in self._running:
            task.cancel()

    async def _run_until(self, target: datetime) -> None:
        await _settle()
        while self._timers and self._timers[0].due <= target:
            timer = heapq.heappop(self._timers)
            if timer.cancelled:
                continue
            self._frozen = max(self.now(), timer.due)
            outcome = timer.action()
            if outcome is not None:
                await outcome
            await _settle()
        self._frozen = target

    def _arm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self._timers and self._frozen is None:
            delay = (self._timers[0].due - self.now()).total_seconds()
            loop = asyncio.get_running_loop()
            self._alarm = loop.call_later(max(delay, 0.0), self._fire_due)

    def _fire_due(self) -> None:
        self._alarm = None
        if self._frozen is not None:
            return  # an advance has taken over; it arms the clock again when it ends
        while self._timers and self._timers[0].due <= self.now():
            timer = heapq.heappop(self._timers)
            if not timer.cancelled:
                self._spawn(timer)
        self._arm()

    def _spawn(self, timer: Timer) -> None:
        try:
            outcome = timer.action()
        except Exception:  # noqa: BLE001 - one task's bug must not stop everybody's clock
            _log.exception("a timer of the emulator failed")
            return
        if outcome is not None:
            task = asyncio.ensure_future(_finish(outcome))
            self._running.add(task)
            task.add_done_callback(self._running.discard)


async def _finish(outcome: Awaitable[None]) -> None:
    try:
        await outcome
    except Exception:  # noqa: BLE001 - as above
        _log.exception("a timer of the emulator failed")


async def _settle() -> None:
    for _ in range(_SETTLING_TURNS):
        await asyncio.sleep(0)

"""The timers of one task, which end with it."""

from __future__ import annotations

from collections.abc import Callable

from longtake.emulator.clock import Clock, Timer


class Timers:
    """What a running task has planned."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._planned: list[Timer] = []
        self._over = False

    def later(self, seconds: float, action: Callable[[], None]) -> Timer:
        return self.keep(self._clock.after(seconds, action))

    def keep(self, timer: Timer) -> Timer:
        self._planned.append(timer)
        return timer

    def every(self, seconds: float, action: Callable[[], None]) -> None:
        """Again and again until the end; in a long jump not each time (``Clock.next_round``)."""

        def again() -> None:
            if not self._over:
                action()
                self.every(seconds, action)

        self._clock.at(self._clock.next_round(seconds), again)

    def end(self) -> None:
        self._over = True
        for timer in self._planned:
            timer.cancel()
        self._planned.clear()

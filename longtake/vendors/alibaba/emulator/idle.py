"""Notices what has sent nothing for too long."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable
from typing import Generic, TypeVar

from longtake.emulator.clock import Timer
from longtake.emulator.timers import Timers

Key = TypeVar("Key", bound=Hashable)


class IdleWatch(Generic[Key]):
    """One timer for each stream that sends nothing; ``on_idle`` is told when it rings."""

    def __init__(self, timers: Timers, seconds: float, on_idle: Callable[[Key], None]) -> None:
        self._timers, self._seconds, self._on_idle = timers, seconds, on_idle
        self._running: dict[Key, Timer] = {}

    def see(self, watched: Collection[Key], sending: Collection[Key]) -> None:
        """Of the streams ``watched`` from now on, these are ``sending``."""
        for key in [k for k in self._running if k in sending or k not in watched]:
            self._running.pop(key).cancel()
        for key in watched:
            if key not in sending and key not in self._running:
                self._running[key] = self._timers.later(self._seconds, lambda k=key: self._ring(k))

    def _ring(self, key: Key) -> None:
        self._running.pop(key, None)
        self._on_idle(key)

"""A vendor's limit of calls per second, or per minute."""

from __future__ import annotations

import time
from collections import deque
from datetime import datetime, timedelta


class RateWindow:
    """Admits at most ``limit`` calls within any ``seconds``, or all if it is 0.

    Refused calls are not counted. The time is over when it has passed on either clock: the
    emulator's may be told to jump, and stands still while it does.
    """

    def __init__(self, limit: int, *, seconds: float = 1) -> None:
        self._limit, self._seconds = limit, seconds
        self._admitted: deque[tuple[datetime, float]] = deque()

    def admits(self, now: datetime) -> bool:
        """Whether a call that arrives at the emulator's ``now`` is within the limit."""
        real = time.monotonic()
        begin, real_begin = now - timedelta(seconds=self._seconds), real - self._seconds
        while self._admitted and (
            self._admitted[0][0] <= begin or self._admitted[0][1] <= real_begin
        ):
            self._admitted.popleft()
        if 0 < self._limit <= len(self._admitted):
            return False
        if self._limit:
            self._admitted.append((now, real))
        return True

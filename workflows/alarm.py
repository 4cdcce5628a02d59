"""A timer for the soonest of several moments."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from temporalio import workflow


class Alarm:
    """One timer, kept while its moment stays: a timer set anew at every wake costs history."""

    def __init__(self) -> None:
        self._moment: datetime | None = None
        self._timer: asyncio.Task[None] | None = None

    def set(self, moment: datetime | None, why: str = "") -> None:
        """Ring at `moment`, and no more at the one before.

        The server counts in whole milliseconds and may ring a moment early: an alarm that rang
        before its moment is set anew, or whoever waits for it would spin.
        """
        if moment == self._moment and not self.rang:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._moment, self._timer = moment, None
        if moment is not None:
            left = max(moment - workflow.now(), timedelta(0))
            self._timer = asyncio.create_task(workflow.sleep(left, summary=why))

    @property
    def rang(self) -> bool:
        return self._timer is not None and self._timer.done()

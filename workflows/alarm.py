"""A timer for the soonest of several moments."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from temporalio import workflow

SOON = timedelta(milliseconds=1)
"""The shortest timer: a wait that is long over still needs one, so that the history holds it."""


class Alarm:
    """One timer, kept while its moment stays: a timer set anew at every wake costs history."""

    def __init__(self) -> None:
        self._moment: datetime | None = None
        self._timer: asyncio.Task[None] | None = None

    def set(self, moment: datetime | None, why: str = "") -> None:
        """Ring at `moment`, and no more at the one before."""
        if moment == self._moment:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._moment, self._timer = moment, None
        if moment is not None:
            left = max(moment - workflow.now(), SOON)
            self._timer = asyncio.create_task(workflow.sleep(left, summary=why))

    @property
    def is_set(self) -> bool:
        """Whether it will ring, or rang."""
        return self._moment is not None

    @property
    def rang(self) -> datetime | None:
        """The moment, once it has come."""
        return self._moment if self._timer is not None and self._timer.done() else None

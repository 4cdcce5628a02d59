"""Begins new files where MaxFileDuration ends the old ones."""

from __future__ import annotations

from collections.abc import Sequence

from longtake.emulator.clock import Clock, Timer
from longtake.emulator.stage import Stage
from longtake.emulator.takes import Takes


class Reel:
    """Everything that one task takes. All streams begin new files together.

    limit: seconds of a file. takes: one for each set of HLS files.
    """

    def __init__(self, clock: Clock, limit: float, takes: Sequence[Takes]) -> None:
        self._clock, self._limit, self._takes = clock, limit, takes
        self._stage: Stage | None = None
        self._timer: Timer | None = None

    def show(self, stage: Stage | None) -> None:
        """The stage from now on; None while nothing is recorded."""
        self._stage = stage
        for takes in self._takes:
            takes.show(stage)
        if stage and stage.tracks and self._timer is None:
            self._timer = self._clock.after(self._limit, self._split)

    def end(self) -> None:
        self.show(None)
        if self._timer is not None:
            self._timer.cancel()

    def _split(self) -> None:
        stage, self._timer = self._stage, None
        self.show(None)
        for takes in self._takes:
            takes.move()
        self.show(stage)

"""Files in the making: which slices each one holds, and when a new one begins.

A file ends when its cycle is full, and when the stream was interrupted for longer than the rule
lets it be continued.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from longtake.emulator.clock import Clock, Timer
from longtake.emulator.takes import Slice
from longtake.vendors.huawei.emulator.rules import Format, HlsConfig, Mp4Config


@dataclass
class Reel:
    """One file; ``stem`` is its key without extension."""

    form: Format
    stem: str
    began: datetime
    pieces: list[Slice] = field(default_factory=list[Slice])

    @property
    def key(self) -> str:
        return f"{self.stem}.{'m3u8' if self.form == 'HLS' else 'mp4'}"

    @property
    def seconds(self) -> float:
        """Of media, without gaps."""
        return sum(piece.seconds for piece in self.pieces)

    @property
    def ended(self) -> datetime:
        return self.pieces[-1].end if self.pieces else self.began


class Reels:
    """The files of one format, one after another.

    on_open: told of each that begins. on_close: told of each that is full or given up.
    """

    def __init__(
        self,
        clock: Clock,
        form: Format,
        config: HlsConfig | Mp4Config,
        stem_of: Callable[[datetime], str],
        *,
        on_open: Callable[[Reel], None],
        on_close: Callable[[Reel], None],
    ) -> None:
        merged = config.record_max_duration_to_merge_file
        self._clock, self.stem_of = clock, stem_of
        self._form: Format = form
        self._cycle = config.record_cycle or math.inf
        self._patience = math.inf if merged == -1 else float(merged)
        self._on_open, self._on_close = on_open, on_close
        self._patient: Timer | None = None
        self._flowing = False
        self.open: Reel | None = None

    def flows(self) -> None:
        """The stream begins, or comes back."""
        self._flowing = True
        if self._patient is not None:
            self._patient.cancel()
            self._patient = None
        self._go_on()

    def ebbs(self) -> None:
        """The stream is interrupted."""
        self._flowing = False
        if self._patience == 0:
            self.close()
        elif self._patience < math.inf:
            self._patient = self._clock.after(self._patience, self.close)

    def add(self, cut: Sequence[Slice]) -> None:
        if self.open is None:
            return
        self.open.pieces += cut
        if (self.open.ended - self.open.began).total_seconds() >= self._cycle:
            self.close()
            # Not at once: the stream may end with this very slice.
            self._clock.after(0, self._go_on)

    def end(self) -> None:
        """No stream comes any more."""
        self._flowing = False
        if self._patient is not None:
            self._patient.cancel()
        self.close()

    def close(self) -> None:
        reel, self.open = self.open, None
        if reel is not None:
            self._on_close(reel)

    def _go_on(self) -> None:
        if self._flowing and self.open is None:
            now = self._clock.now()
            self.open = Reel(self._form, self.stem_of(now), now)
            self._on_open(self.open)

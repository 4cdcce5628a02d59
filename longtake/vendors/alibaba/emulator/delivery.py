"""What a task needs of the place that its files go to."""

from __future__ import annotations

from typing import Any, Protocol

from longtake.emulator.stage import Stage


class Delivery(Protocol):
    """A bucket or VOD."""

    def show(self, stage: Stage | None) -> None:
        """What is recorded from now on; None for nothing."""
        ...

    def refuse(self) -> None:
        """The place takes nothing from now on."""
        ...

    def stall(self, seconds: float) -> None:
        """Deliver nothing for ``seconds``."""
        ...

    def close(self) -> None:
        """The recording is over."""
        ...

    def listing(self) -> dict[str, Any]:
        """``RecordFileList`` of Describe."""
        ...

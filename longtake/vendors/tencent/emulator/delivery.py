"""What a task needs of the place that its files go to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from longtake.emulator.takes import Slice


class Delivery(Protocol):
    """A bucket or VOD."""

    def open(self) -> None:
        """The robot has entered the room."""
        ...

    def add(self, cut: Sequence[Slice]) -> None: ...

    def refuse(self) -> None:
        """The place takes nothing from now on."""
        ...

    def stall(self, seconds: float, *, backup: bool) -> None:
        """Deliver nothing for ``seconds``; with ``backup``, to a store of the vendor's own."""
        ...

    def close(self) -> None:
        """The robot has left: no more slices come."""
        ...

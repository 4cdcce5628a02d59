"""The vendor-neutral world that every emulated vendor acts in."""

from __future__ import annotations

import random

from longtake.emulator.callbacks import CallbackSender
from longtake.emulator.clock import Clock
from longtake.emulator.faults import FaultPlan
from longtake.emulator.ledger import Ledger
from longtake.emulator.rooms import Rooms
from longtake.emulator.settings import EmulatorSettings
from longtake.emulator.store import ObjectStore


class World:
    """Time, chance, rooms, the ledger, the store and the faults of one emulator."""

    def __init__(self, settings: EmulatorSettings) -> None:
        self.settings = settings
        self.clock = Clock()
        self.rng = random.Random(settings.seed)  # noqa: S311 - repeatable ids, not secrets
        self.rooms = Rooms()
        self.ledger = Ledger()
        self.faults = FaultPlan(self.rng)
        self.callbacks = CallbackSender(self.clock, self.faults, settings.callbacks)
        self.store = (
            ObjectStore(settings.data, placeholders=settings.placeholders)
            if settings.data and settings.media
            else None
        )

    def hex_id(self, digits: int) -> str:
        return f"{self.rng.getrandbits(4 * digits):0{digits}x}"

    def reset(self) -> None:
        """Forget everything but the settings."""
        self.clock.reset()
        self.rooms.reset()
        self.ledger.reset()
        self.faults.clear()
        self.callbacks.reset()
        self.rng.seed(self.settings.seed)

    async def close(self) -> None:
        self.clock.reset()
        await self.callbacks.close()

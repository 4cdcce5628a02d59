"""What an occurrence of a schedule asks about its room."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from temporalio import activity

from activities.failures import ask_again
from longtake.contracts import names
from longtake.contracts.scheduling import Occupant, RoomQuestion

LOOK_EVERY = timedelta(seconds=5)


class Rooms(Protocol):
    """The sessions of rooms, by their workflow id."""

    async def occupant(self, workflow_id: str) -> Occupant:
        """The live session of the room."""
        ...


class ScheduledActivities:
    """Looks at a room's live session."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    @activity.defn(name=names.OCCUPANT)
    async def occupant(self, question: RoomQuestion) -> Occupant:
        """Who records the room now."""
        return await self._rooms.occupant(question.workflow_id)

    @activity.defn(name=names.VACATED)
    async def vacated(self, question: RoomQuestion) -> Occupant:
        """Wait until nobody records the room; gives that nobody."""
        found = await self._rooms.occupant(question.workflow_id)
        if found.run_id:
            raise ask_again(LOOK_EVERY, f"{question.workflow_id} is live, run {found.run_id}")
        return found

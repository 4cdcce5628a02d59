"""From a verified event to the sessions of its room."""

from __future__ import annotations

from contextlib import suppress

from longtake.domain.events import VendorEvent
from longtake.temporal.client import RecordingNotFound, Recordings


class Delivery:
    """Tells the sessions of a room what their vendor says.

    Which of them an event is about, and whether it was heard before, each session decides.
    """

    def __init__(self, recordings: Recordings) -> None:
        """`recordings` are those of the namespace that the workers serve."""
        self._recordings = recordings

    async def deliver(self, account: str, event: VendorEvent) -> int:
        """Signal every live session of the event's room; gives how many there were.

        temporalio's RPCError, or RuntimeError from a lazy client: Temporal cannot be asked now.
        """
        told = await self._tell_listed(account, event)
        return told or await self._tell_newest(account, event)

    async def _tell_listed(self, account: str, event: VendorEvent) -> int:
        told = 0
        async for session in self._recordings.live_in(account, event.room):
            with suppress(RecordingNotFound):  # it ended since it was listed
                await session.vendor_event(event)
                told += 1
        return told

    async def _tell_newest(self, account: str, event: VendorEvent) -> int:
        """The list lags: a session that has just begun is reached by its id alone."""
        try:
            await self._recordings.handle(account, event.room).vendor_event(event)
        except RecordingNotFound:
            return 0
        return 1

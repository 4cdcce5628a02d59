"""From a verified event to the sessions of its room."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

from longtake.client import RecordingClient, RecordingNotFound, RecordingSession
from longtake.domain.events import VendorEvent


class Unclaimed(Protocol):
    """Keeps an event that no live session took: it may be all that is known of a stray task."""

    def __call__(self, vendor: str, account: str, event: VendorEvent, /) -> Awaitable[None]:
        """Return once it is kept for certain: the vendor is then told that it was taken.

        temporalio's RPCError or RuntimeError: it could not be kept now, the vendor shall repeat it.
        """
        ...


class Delivery:
    """Tells the sessions of a room what their vendor says.

    Which of them an event is about, and whether it was heard before, each session decides.
    """

    def __init__(self, recordings: RecordingClient) -> None:
        """`recordings` are those of the namespace that the workers serve."""
        self._recordings = recordings

    async def deliver(self, account: str, event: VendorEvent) -> int:
        """Signal every live session of the event's room; gives how many there were.

        temporalio's RPCError, or RuntimeError from a lazy client: Temporal cannot be asked now.
        """
        newest = self._recordings.handle(account, event.room)
        listed = {
            session.workflow_id: session
            async for session in self._recordings.live_in(account, event.room)
        }
        # The list lags: a session that has just begun is reached by its id alone.
        sessions = {newest.workflow_id: newest, **listed}.values()
        return sum([await _tell(session, event) for session in sessions])


async def _tell(session: RecordingSession, event: VendorEvent) -> bool:
    """Whether it was there to be told: it may have ended since it was listed."""
    try:
        await session.vendor_event(event)
    except RecordingNotFound:
        return False
    return True

from __future__ import annotations

from collections.abc import AsyncIterator

from temporalio.client import Client

from longtake.callbacks.delivery import Delivery
from longtake.client import RecordingClient, RecordingSession
from tests.callbacks.conftest import event_of
from tests.temporal.sessions import heard, request_for


class ListedAs(RecordingClient):
    """Recordings whose list lags: it shows these sessions, whatever is true."""

    def __init__(self, client: Client, *listed: RecordingSession) -> None:
        super().__init__(client)
        self._listed = listed

    async def live_in(self, account: str, room: str) -> AsyncIterator[RecordingSession]:
        for session in self._listed:
            yield session


async def test_a_session_that_is_not_listed_yet_is_reached(temporal: Client, room: str) -> None:
    recordings = ListedAs(temporal)
    session = await recordings.start(request_for(room))
    assert await Delivery(recordings).deliver("demo", event_of(room)) == 1
    assert len(await heard(temporal, session)) == 1


async def test_a_session_that_is_not_listed_yet_is_reached_beside_one_that_is(
    temporal: Client, room: str
) -> None:
    listed = await RecordingClient(temporal).start(request_for(room, "archive"))
    begun = await RecordingClient(temporal).start(request_for(room))
    assert await Delivery(ListedAs(temporal, listed)).deliver("demo", event_of(room)) == 2
    assert [len(await heard(temporal, session)) for session in (listed, begun)] == [1, 1]


async def test_a_session_that_is_still_listed_after_its_end_is_passed_by(
    temporal: Client, recordings: RecordingClient, room: str
) -> None:
    ended = await recordings.start(request_for(room, "ended"))
    await ended.stop()
    await ended.result()
    live = await recordings.start(request_for(room, "live"))
    listing = ListedAs(temporal, ended, live)
    assert await Delivery(listing).deliver("demo", event_of(room)) == 1
    assert len(await heard(temporal, live)) == 1


async def test_a_listed_session_is_told_once(temporal: Client, room: str) -> None:
    session = await RecordingClient(temporal).start(request_for(room))
    assert await Delivery(ListedAs(temporal, session)).deliver("demo", event_of(room)) == 1
    assert len(await heard(temporal, session)) == 1

"""The Python client against real sessions: followed to their end, and told why they failed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from temporalio.client import Client

from longtake.client import RecordingClient, RecordingFailed, RecordingSession
from longtake.contracts.payloads import RecordingStatus
from longtake.domain.files import Outcome
from longtake.domain.layout import SpeakerLayout
from longtake.domain.session import EndReason, State
from tests.house import PATIENCE, House, house, working


@asynccontextmanager
async def watching(session: RecordingSession) -> AsyncGenerator[AsyncIterator[RecordingStatus]]:
    """What the session's watch yields; a test that waits in vain for it fails."""
    async with asyncio.timeout(PATIENCE):
        yield session.watch()


async def next_with(told: AsyncIterator[RecordingStatus], state: State) -> RecordingStatus:
    async for status in told:
        if status.state is state:
            return status
    raise AssertionError(f"the watch ended before {state}")


async def begun(home: House) -> RecordingSession:
    await home.room("standup", "1001")
    handle = await home.start("standup")
    return RecordingClient(home.client).handle_of(handle.id)


async def test_a_watch_tells_each_change_and_ends_with_the_session(home: House) -> None:
    session = await begun(home)
    async with watching(session) as told:
        await next_with(told, State.RECORDING)
        await session.set_layout(SpeakerLayout(main="1001"))
        async for status in told:
            if status.applied_revision == 2:
                break
        await session.stop("over")
        rest = [status async for status in told]
    assert rest[-1].state is State.FINISHED
    assert rest[-1] == await session.status()
    assert all(one != other for one, other in pairwise(rest))


async def test_a_watch_outlives_its_worker_and_goes_on_with_the_next(
    client: Client, tmp_path: Path
) -> None:
    async with house(client, tmp_path, in_process=False) as home:
        session = await begun(home)
        async with watching(session) as told:
            async with working(home, client):
                await next_with(told, State.RECORDING)
            await session.stop("nobody is there to hear it")
            async with working(home, client):
                finished = await next_with(told, State.FINISHED)
                assert [status async for status in told] == []
    assert finished.end_reason is EndReason.STOPPED


async def test_a_watch_follows_a_session_that_continues_as_new(home: House) -> None:
    session = await begun(home)
    [handle] = home.started
    first_run = (await handle.describe()).run_id
    async with watching(session) as told:
        await next_with(told, State.RECORDING)
        while (await handle.describe()).run_id == first_run:
            await asyncio.gather(*(session.change_layout(SpeakerLayout()) for _ in range(20)))
        await session.stop()
        await next_with(told, State.FINISHED)
        assert [status async for status in told] == []


async def test_a_watch_of_a_session_that_is_over_tells_its_last_status(home: House) -> None:
    session = await begun(home)
    await session.stop()
    await session.result()
    async with watching(session) as told:
        assert [status.state async for status in told] == [State.FINISHED]


async def test_a_failed_session_tells_why_and_what_it_left(client: Client, tmp_path: Path) -> None:
    async with house(client, tmp_path, account={"customer_secret": "0" * 32}) as home:
        session = await begun(home)
        with pytest.raises(RecordingFailed) as caught:
            await session.result()
    assert caught.value.code == "Unauthorized"
    assert caught.value.result is not None
    assert caught.value.result.manifest.outcome is Outcome.FAILED

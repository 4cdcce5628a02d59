"""Worker processes that know of each other share an account's rate, and never go above it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from temporalio.client import Client

from longtake.contracts import names
from longtake.temporal.fleet import Fleet
from longtake.vendorkit.pace import NOWHERE, Place
from tests.house import House, house

RATE = 10
SESSIONS = 12


class Member:
    """A process, as far as the roll call goes."""

    def __init__(self) -> None:
        self.places: list[Place] = []
        self._news = asyncio.Event()

    @property
    def share(self) -> tuple[int, int] | None:
        """Its rank among how many; None if it has no place."""
        last = self.places[-1] if self.places else NOWHERE
        return None if last == NOWHERE else (last.rank, last.size)

    def told(self, place: Place) -> None:
        self.places.append(place)
        self._news.set()

    async def has(self, *shares: tuple[int, int]) -> None:
        async with asyncio.timeout(60):
            while self.share not in shares:
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def joining(client: Client, queue: str) -> AsyncGenerator[Member]:
    member = Member()
    call = asyncio.create_task(Fleet(client, queue).answer(member.told))
    yield member
    call.cancel()


async def test_a_newcomer_waits_for_the_others_and_a_dead_one_is_forgotten(client: Client) -> None:
    queue = f"fleet-{uuid4().hex[:8]}"
    async with joining(client, queue) as first:
        await first.has((0, 1))
        async with joining(client, queue) as second:
            await second.has((0, 2), (1, 2))
            assert second.places[0] == NOWHERE
            assert first.share in {(0, 2), (1, 2)} - {second.share}
        await first.has((0, 1))


async def test_a_killed_process_of_this_machine_is_not_waited_for(
    client: Client, tmp_path: Path
) -> None:
    async with house(client, tmp_path, in_process=False) as home:
        killed = await home.worker_process()
        await home.recording(await home.start("first"))
        killed.kill()
        await killed.wait()
        member = Member()
        queue = names.fleet_queue(home.task_queue)
        call = asyncio.create_task(Fleet(client, queue).answer(member.told))
        await member.has((0, 1))
        call.cancel()
        assert NOWHERE not in member.places


async def refused(home: House) -> list[dict[str, Any]]:
    calls = (await home.ledger())["calls"]
    return [call for call in calls if call["status"] == 429]


async def test_two_workers_keep_to_the_limit_after_a_quiet_time(
    client: Client, tmp_path: Path
) -> None:
    async with house(
        client,
        tmp_path,
        in_process=False,
        callbacks=False,
        limits={"calls_per_second": RATE},
        account={"calls_per_second": RATE},
    ) as home:
        workers = [await home.worker_process() for _ in range(2)]
        try:
            first = await home.start("first")  # both are at work by the time it records
            await home.recording(first)
            handles = [await home.start(f"room-{number}") for number in range(SESSIONS)]
            for handle in handles:
                await home.recording(handle)
            assert await refused(home) == []
        finally:
            for each in workers:
                await each.stop()

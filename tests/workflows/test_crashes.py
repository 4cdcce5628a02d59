"""Processes are killed with -9; recordings are neither doubled nor left behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from temporalio.client import Client

from longtake.client import connect
from longtake.contracts import names
from longtake.domain.session import EndReason
from longtake.temporal.devserver import DevServer
from tests.house import House, house


@pytest.fixture
async def home(client: Client, tmp_path: Path) -> AsyncGenerator[House]:
    """A house without a worker: the test starts its own, as processes."""
    async with house(client, tmp_path, in_process=False) as built:
        yield built


async def test_a_worker_killed_while_recording_misses_no_order(home: House) -> None:
    await home.room("standup", "1001")
    first = await home.worker_process()
    handle = await home.start("standup")
    await home.recording(handle)
    first.kill()
    await first.wait()
    await handle.signal("change_layout", {"layout": {"kind": "speaker", "main": "1001"}})
    second = await home.worker_process()
    await home.until(handle, lambda status: status.applied_revision == 2)
    await handle.signal("stop")
    assert (await handle.result()).end_reason is EndReason.STOPPED
    [task] = await home.tasks("standup")
    assert task["ended_at"]
    await second.stop()


async def test_a_worker_told_to_stop_hears_its_start_to_the_end(home: House) -> None:
    await home.room("standup", "1001")
    await home.fault("start", "slow", seconds=2.0, when="after", times=1)
    first = await home.worker_process()
    handle = await home.start("standup")
    await home.eventually(lambda: home.tasks("standup"))
    stopping = asyncio.create_task(first.stop())
    await stopping
    second = await home.worker_process()
    await home.recording(handle)
    assert len(await home.calls("start")) == 1, "the answer was heard, nothing was repeated"
    await handle.signal("stop")
    await handle.result()
    await second.stop()


async def test_a_temporal_server_killed_and_restarted_goes_on_with_the_session(
    tmp_path: Path,
) -> None:
    options = {
        "db_filename": tmp_path / "temporal.db",
        "search_attributes": names.SEARCH_ATTRIBUTES,
    }
    async with DevServer(**options) as server:
        client = await connect(server.address, "default")
        async with house(client, tmp_path, in_process=False) as home:
            await home.room("standup", "1001")
            working = await home.worker_process()
            handle = await home.start("standup")
            status = await home.recording(handle)
            server.kill()
            await server.wait()
            async with DevServer(port=server.port, **options):
                await handle.signal(
                    "change_layout", {"layout": {"kind": "speaker", "main": "1001"}}
                )
                await home.until(handle, lambda status: status.applied_revision == 2)
                await handle.signal("stop")
                result = await handle.result()
                assert [s.task_id for s in result.segments] == [s.task_id for s in status.segments]
                [task] = await home.tasks("standup")
                assert task["ended_at"]
                await working.stop()
                home.started.clear()

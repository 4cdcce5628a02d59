"""How late sessions begin that are all due in the same second, at a vendor's rate of calls.

    .venv/bin/python -m tests.schedules.punctuality --sessions 50 --rate 10

The bound is the rate's own: N acquires and N starts at R calls a second take 2N/R seconds, however
well they are ordered; the last session cannot begin sooner.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from temporalio.client import ScheduleSpec

from longtake.contracts import names
from longtake.contracts.ids import workflow_id
from longtake.contracts.payloads import RecordingStatus
from longtake.contracts.scheduling import ScheduledOrder
from longtake.temporal.connection import Connection, connect_by
from longtake.temporal.schedules import Plan, Schedules
from longtake.temporal.timing import exact
from tests.conftest import skipping_server
from tests.house import House, house

SHARES = {"p50": 0.5, "p95": 0.95, "max": 1.0}
LEAD = timedelta(seconds=10)
"""To make the schedules before they are due."""


async def measured(home: House, sessions: int) -> Mapping[str, list[float]]:
    """Seconds from due to the vendor's yes, and to when a recorder is known to be up."""
    schedules = Schedules(home.client, home.task_queue)
    due = (datetime.now(UTC) + LEAD).replace(microsecond=0)
    rooms = [f"room-{number}" for number in range(sessions)]
    for room in rooms:
        await home.room(room, "1001")
        order = ScheduledOrder(request=home.request(room), duration=timedelta(minutes=10))
        await schedules.create(Plan(room, order, ScheduleSpec(calendars=exact([due]))))
    assert datetime.now(UTC) < due, "making the schedules took too long"
    await asyncio.sleep((due - datetime.now(UTC)).total_seconds() + 3 * sessions / home_rate(home))
    late: dict[str, list[float]] = {"started": [], "up": []}
    for room in rooms:
        handle = home.client.get_workflow_handle(workflow_id(home.account, room))
        segment = (await home.until(handle, is_up)).segments[0]
        assert segment.up_at is not None
        late["started"].append((segment.accepted_at - due).total_seconds())
        late["up"].append((segment.up_at - due).total_seconds())
    for room in rooms:
        handle = home.client.get_workflow_handle(workflow_id(home.account, room))
        await handle.signal(names.STOP, {"reason": "measured"})
        await schedules.delete(home.account, room)
    for room in rooms:
        await home.client.get_workflow_handle(workflow_id(home.account, room)).result()
    return {what: sorted(seconds) for what, seconds in late.items()}


def is_up(status: RecordingStatus) -> bool:
    return any(segment.up_at for segment in status.segments)


def home_rate(home: House) -> float:
    """Calls a second."""
    return home.settings().accounts[home.account].settings.calls_per_second


def at(late: Sequence[float], share: float) -> float:
    return late[min(int(share * len(late)), len(late) - 1)]


async def main(sessions: int, rate: float) -> None:
    async with await skipping_server() as server:
        address = server.client.service_client.config.target_host
        client = await connect_by(Connection(address, "default"))
        with tempfile.TemporaryDirectory() as folder:
            account = {"calls_per_second": rate}
            async with house(client, Path(folder), account=account, in_process=False) as home:
                worker = await home.worker_process()
                try:
                    late = await measured(home, sessions)
                finally:
                    await worker.stop()
    lines = [f"{sessions} sessions due in one second at {rate:g} calls/s; seconds late:"]
    for what, seconds in late.items():
        told = ", ".join(f"{name} {at(seconds, share):.1f}" for name, share in SHARES.items())
        lines.append(f"  {what:<8} {told}")
    starts = sessions / rate
    lines.append(f"  bound    N starts {starts:.1f}, N acquires and N starts {2 * starts:.1f}")
    sys.stdout.write("\n".join([*lines, ""]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("--rate", type=float, default=10)
    given = parser.parse_args()
    asyncio.run(main(given.sessions, given.rate))
    sys.stdout.flush()
    os._exit(0)  # the SDK's own threads may abort the interpreter's exit

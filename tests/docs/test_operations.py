"""The saved queries of the page find what they say, at a real server."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowFailureError, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from longtake.contracts import names
from longtake.domain.session import State
from tests.docs.pages import page, tables
from tests.house import House, house

VIEWS = {
    row[0].partition(":")[0]: row[1].strip("`")
    for head, *rows in tables(page("docs/operations.md"))
    if head == ["view", "query"]
    for row in rows
}
EXPECTED = {
    "recording now": {"healthy", "stray"},
    "needs attention": {"stray"},
    "stuck": {"stuck"},
    "ended badly today": {"failed", "terminated"},
}


def at_the_time(view: str) -> str:
    """The query with the time that a reader would put in."""
    then = datetime.now(UTC)
    if view == "ended badly today":
        then -= timedelta(hours=1)  # not midnight, which may be a second ago
    return re.sub(r"2026-01-31T[\d:]+Z", then.isoformat(), VIEWS[view])


async def stray(skipping: WorkflowEnvironment, home: House) -> WorkflowHandle[Any, Any]:
    """A session that records, and has lost an attempt."""
    await home.fault("start", "lost_reply", when="after", times=1)
    with skipping.with_time_skipping_disabled():
        session = await home.start("stray")
    await home.until(session, lambda status: "waiting to be told" in status.evidence)
    await skipping.fast_forward(session, timedelta(minutes=3))
    await home.until(session, lambda status: bool(status.attention))
    return session


async def test_each_view_finds_its_sessions_and_no_others(
    skipping: WorkflowEnvironment, tmp_path: Path
) -> None:
    assert VIEWS.keys() == EXPECTED.keys()
    async with house(skipping.client, tmp_path, callbacks=False) as home:
        with skipping.with_time_skipping_disabled():
            failed = await home.start("failed", output={"storage": "nowhere"})
            for room in ("healthy", "stopped", "terminated"):
                await home.recording(await home.start(room))
        await stray(skipping, home)
        _, healthy, stopped, terminated, _ = home.started
        await stopped.signal(names.STOP)
        await stopped.result()
        await terminated.terminate("by mistake")
        try:
            await failed.result()
        except WorkflowFailureError:
            pass
        else:
            raise AssertionError("it should have failed")
        await home.fault("start", "status", status=500, probability=1.0)
        with skipping.with_time_skipping_disabled():
            stuck = await home.start("stuck")
        await home.until(stuck, lambda status: status.state is State.STARTING)
        await home.recording(healthy)
        for view, rooms in EXPECTED.items():
            await finds(home, view, rooms)


async def finds(home: House, view: str, rooms: set[str]) -> None:
    """Temporal's list follows within a second or two."""
    query = f'({at_the_time(view)}) AND RecordingAccount = "{home.account}"'

    async def found() -> bool:
        listed = home.client.list_workflows(query)
        return {each.id.rpartition(":")[2] async for each in listed} == rooms

    assert await home.eventually(found), view

"""A session followed from outside, without asking where nothing has happened."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowHandle, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from longtake.contracts import names
from longtake.contracts.payloads import RecordingStatus

_TASK_DONE = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
"""All that a session knows it learns in a task of its workflow."""

_SHORTEST, _LONGEST = 0.25, 8.0
"""Seconds between two tries while a server or a worker is away."""

_LASTING = {
    RPCStatusCode.NOT_FOUND,
    RPCStatusCode.PERMISSION_DENIED,
    RPCStatusCode.UNAUTHENTICATED,
    RPCStatusCode.INVALID_ARGUMENT,
}
"""Refusals that waiting does not mend."""


async def statuses(client: Client, workflow_id: str, run_id: str) -> AsyncIterator[RecordingStatus]:
    """The status now and after each change, until the session that began with this run is over."""
    told: RecordingStatus | None = None
    while run_id:
        run, last = client.get_workflow_handle(workflow_id, run_id=run_id), HistoryEvent()
        async for page in _pages(run):
            last = page[-1]
            if not any(event.event_type == _TASK_DONE for event in page):
                continue
            status = await _status(run)
            if status is not None and status != told:
                told = status
                yield status
        run_id = last.workflow_execution_continued_as_new_event_attributes.new_execution_run_id


async def _pages(run: WorkflowHandle[Any, Any]) -> AsyncIterator[list[HistoryEvent]]:
    """The run's events as they come, to its end; after a failure those before come again."""
    events, pause = run.fetch_history_events(wait_new_event=True), _Pause()
    while True:
        try:
            await events.fetch_next_page()
        except RPCError as err:
            await pause.after(err)
            # The place in the list may be forgotten by a server that comes back.
            events = run.fetch_history_events(wait_new_event=True)
            continue
        pause = _Pause()
        if page := list(events.current_page or ()):
            yield page
        if events.next_page_token is None:
            return


async def _status(run: WorkflowHandle[Any, Any]) -> RecordingStatus | None:
    """What the session answers once it can; None when it fails to, which its next event mends."""
    pause = _Pause()
    while True:
        try:
            return await run.query(names.STATUS, result_type=RecordingStatus)
        except WorkflowQueryFailedError:
            return None
        except RPCError as err:
            await pause.after(err)


class _Pause:
    """Grows from one failure in a row to the next."""

    def __init__(self) -> None:
        self._seconds = _SHORTEST

    async def after(self, error: RPCError) -> None:
        """Wait; a refusal that lasts is raised again."""
        if error.status in _LASTING:
            raise error
        await asyncio.sleep(self._seconds)
        self._seconds = min(2 * self._seconds, _LONGEST)

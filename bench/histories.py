"""What a session leaves in Temporal: events, bytes and billable actions."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle

_ONE_ACTION = {
    "WORKFLOW_EXECUTION_STARTED",
    "WORKFLOW_EXECUTION_SIGNALED",
    "WORKFLOW_EXECUTION_UPDATE_ACCEPTED",
    "ACTIVITY_TASK_SCHEDULED",
    "TIMER_STARTED",
    "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES",
    "MARKER_RECORDED",
    "START_CHILD_WORKFLOW_EXECUTION_INITIATED",
    "WORKFLOW_EXECUTION_CONTINUED_AS_NEW",
}
"""As Temporal Cloud counts them; several local activities of one workflow task are one marker each
here, which is the dearer reading. An activity's repeated attempts count one each."""


@dataclass(frozen=True)
class Left:
    """Of one session."""

    events: int
    bytes: int
    actions: int
    kinds: dict[str, int]


async def left_by(handle: WorkflowHandle[object, object]) -> Left:
    """Read the session's history."""
    kinds, size, actions = Counter[str](), 0, 0
    async for event in handle.fetch_history_events():
        name = EventType.Name(event.event_type).removeprefix("EVENT_TYPE_")
        if name == "WORKFLOW_EXECUTION_TIME_SKIPPING_TRANSITIONED":
            continue  # the measurement's own
        kinds[name] += 1
        size += event.ByteSize()
        actions += name in _ONE_ACTION
        actions += max(event.activity_task_started_event_attributes.attempt - 1, 0)
    return Left(kinds.total(), size, actions, dict(kinds))

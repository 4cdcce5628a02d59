"""A start, once for each request key."""

from __future__ import annotations

from typing import Any

from temporalio.client import Client, WorkflowHandle
from temporalio.common import (
    Priority,
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from longtake.client.errors import AlreadyLive
from longtake.contracts import names
from longtake.contracts.ids import workflow_id
from longtake.contracts.payloads import RecordingResult
from longtake.domain.errors import InvalidRequest
from longtake.domain.recording import RecordingRequest
from longtake.domain.session import State

SUMMARY_BYTES = 200
"""Temporal's API documents 400 bytes of JSON, where a quote takes two; a room may have 1,024."""

STATE = SearchAttributeKey.for_keyword("RecordingState")
VENDOR = SearchAttributeKey.for_keyword("RecordingVendor")
ACCOUNT = SearchAttributeKey.for_keyword("RecordingAccount")
ROOM = SearchAttributeKey.for_keyword("RecordingRoom")


async def start_recording(
    client: Client, request: RecordingRequest, request_key: str = ""
) -> WorkflowHandle[Any, RecordingResult]:
    """Start the session of the request's room; see `RecordingClient.start`."""
    session_id = workflow_id(request.account, request.room, request.purpose)
    if request_key and (known := await _started_by(client, session_id, request_key)):
        return known
    try:
        return await client.start_workflow(
            names.WORKFLOW,
            request,
            id=session_id,
            task_queue=names.TASK_QUEUE,
            result_type=RecordingResult,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            search_attributes=TypedSearchAttributes([*attributes_of(request), _state_of(request)]),
            memo={names.REQUEST_KEY: request_key} if request_key else None,
            static_summary=_summary(request),
            # No account's burst of starts may hold up another account's.
            priority=Priority(fairness_key=request.account),
        )
    except WorkflowAlreadyStartedError as err:
        # An earlier call with this key may have arrived between our question and our start.
        if request_key and (known := await _started_by(client, session_id, request_key)):
            return known
        raise AlreadyLive(session_id) from err
    except RPCError as err:
        if err.status == RPCStatusCode.INVALID_ARGUMENT:
            raise InvalidRequest(f"request: {err.message}") from err
        raise


def attributes_of(request: RecordingRequest) -> TypedSearchAttributes:
    """By which a session is found from its first moment on."""
    return TypedSearchAttributes(
        [
            SearchAttributePair(VENDOR, request.vendor),
            SearchAttributePair(ACCOUNT, request.account),
            SearchAttributePair(ROOM, request.room),
        ]
    )


def _state_of(request: RecordingRequest) -> SearchAttributePair[str]:
    """What the session would say first: an update is spared."""
    state = State.SCHEDULED if request.start_at else State.STARTING
    return SearchAttributePair(STATE, state.value)


async def _started_by(
    client: Client, session_id: str, request_key: str
) -> WorkflowHandle[Any, RecordingResult] | None:
    """The room's live or else last session, if it was started with this key."""
    try:
        found = await client.get_workflow_handle(session_id).describe()
    except RPCError as err:
        if err.status == RPCStatusCode.NOT_FOUND:
            return None
        raise
    if await found.memo_value(names.REQUEST_KEY, None) != request_key:
        return None
    first = found.raw_description.workflow_execution_info.first_run_id
    return WorkflowHandle(client, session_id, result_run_id=first, result_type=RecordingResult)


def _summary(request: RecordingRequest) -> str:
    text = f"{request.vendor} · room {request.room} · {request.mode}"
    return text.encode()[:SUMMARY_BYTES].decode(errors="ignore")

"""Every recording session of a namespace."""

from __future__ import annotations

import atexit
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from temporalio.client import Client, WorkflowExecution
from temporalio.common import SearchAttributeKey
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.runtime import Runtime

from longtake.client.session import RecordingSession
from longtake.client.starting import ACCOUNT, ROOM, VENDOR, start_recording
from longtake.contracts import names
from longtake.contracts.ids import workflow_id
from longtake.contracts.payloads import RecordingResult
from longtake.domain.recording import RecordingRequest

_STATE = SearchAttributeKey.for_keyword("RecordingState")
_END_REASON = SearchAttributeKey.for_keyword("RecordingEndReason")
_NEEDS_ATTENTION = SearchAttributeKey.for_bool("RecordingNeedsAttention")


async def connect(
    address: str,
    namespace: str = "default",
    *,
    runtime: Runtime | None = None,
    lazy: bool = False,
) -> Client:
    """A client of a server that needs no credentials. `address` is `host:port`.

    `lazy` connects at the first call. For TLS, API keys or sealed payloads see
    `longtake.temporal.connection.connect_by`.
    """
    _end_gently()
    return await Client.connect(
        address,
        namespace=namespace,
        data_converter=pydantic_data_converter,
        runtime=runtime,
        lazy=lazy,
    )


@cache
def _end_gently() -> None:
    """Leave the SDK's threads the moment in which they end: a client cannot be closed, and an
    interpreter that ends before them is aborted, now and then.
    """
    atexit.register(time.sleep, 0.05)


@dataclass(frozen=True)
class ListedRecording:
    """A session as the server lists it; what it has not told yet is empty."""

    workflow_id: str
    run_id: str
    vendor: str
    account: str
    room: str
    state: str
    end_reason: str
    needs_attention: bool
    live: bool
    started_at: datetime
    closed_at: datetime | None


class RecordingClient:
    """Every recording session of a namespace."""

    def __init__(self, client: Client) -> None:
        """The client is `connect`'s, or any with the pydantic data converter."""
        self._client = client

    async def start(self, request: RecordingRequest, request_key: str = "") -> RecordingSession:
        """Start the session of the request's room.

        With a `request_key`, which is one question more to the server, a start whose answer was
        lost may be repeated: as long as the room's live or last session was started with the
        key, it is that session. To record again, use another key.

        AlreadyLive: the room has a live session, of another key. InvalidRequest: the server
        refuses the start, say for an id that is too long.
        """
        handle = await start_recording(self._client, request, request_key)
        return RecordingSession(self._client, handle)

    def handle(self, account: str, room: str, purpose: str | None = None) -> RecordingSession:
        """The room's session, live or else the last one; nothing is asked yet."""
        return self.handle_of(workflow_id(account, room, purpose))

    def handle_of(self, workflow_id: str) -> RecordingSession:
        """The session with this workflow id; nothing is asked yet."""
        handle = self._client.get_workflow_handle(workflow_id, result_type=RecordingResult)
        return RecordingSession(self._client, handle)

    async def list(self, query: str = "") -> AsyncIterator[ListedRecording]:
        """Sessions, the newest first; `query` is a visibility filter such as
        `RecordingState = "recording"`. The list lags a moment behind the sessions.
        """
        ours = f'WorkflowType = "{names.WORKFLOW}"'
        both = f"{ours} AND ({query})" if query.strip() else ours
        async for found in self._client.list_workflows(both):
            yield _listed(found)

    async def live_in(self, account: str, room: str) -> AsyncIterator[RecordingSession]:
        """The live sessions of a room, one for each purpose.

        By id, which is percent-encoded: no spelling of a room's name in a visibility query finds
        a name with a double quote or a backslash at its end (server 1.32 on SQLite).
        """
        room_id = workflow_id(account, room)
        ids = f'(WorkflowId = "{room_id}" OR WorkflowId STARTS_WITH "{room_id}:")'
        async for found in self.list(f'{ids} AND ExecutionStatus = "Running"'):
            yield self.handle_of(found.workflow_id)


def _listed(found: WorkflowExecution) -> ListedRecording:
    told = found.typed_search_attributes
    return ListedRecording(
        workflow_id=found.id,
        run_id=found.run_id,
        vendor=told.get(VENDOR, ""),
        account=told.get(ACCOUNT, ""),
        room=told.get(ROOM, ""),
        state=told.get(_STATE, ""),
        end_reason=told.get(_END_REASON, ""),
        needs_attention=told.get(_NEEDS_ATTENTION, False),
        live=found.close_time is None,
        started_at=found.start_time,
        closed_at=found.close_time,
    )

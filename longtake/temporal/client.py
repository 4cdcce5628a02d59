"""Recordings from the outside: started, signalled and asked by name.

It needs no worker code, only the contract; any other Temporal client can do the same.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast

from pydantic import BaseModel
from temporalio.client import (
    Client,
    WorkflowExecution,
    WorkflowHandle,
    WorkflowUpdateFailedError,
)
from temporalio.common import (
    Priority,
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.runtime import Runtime
from temporalio.service import RPCError, RPCStatusCode

from longtake.contracts import names
from longtake.contracts.ids import workflow_id
from longtake.contracts.payloads import (
    Applied,
    Extension,
    LayoutChange,
    RecordingResult,
    RecordingStatus,
    StopOrder,
    SubscriptionsChange,
    Timeline,
)
from longtake.domain.errors import InvalidRequest
from longtake.domain.events import VendorEvent
from longtake.domain.files import Manifest
from longtake.domain.layout import Layout
from longtake.domain.recording import RecordingRequest, Subscriptions

_AnswerT = TypeVar("_AnswerT", bound=BaseModel)
_FILES = cast("type[Manifest | None]", Manifest | None)

SUMMARY_BYTES = 200
"""Temporal's API documents 400 bytes of JSON, where a quote takes two; a room may have 1,024."""

_VENDOR = SearchAttributeKey.for_keyword("RecordingVendor")
_ACCOUNT = SearchAttributeKey.for_keyword("RecordingAccount")
_ROOM = SearchAttributeKey.for_keyword("RecordingRoom")
_STATE = SearchAttributeKey.for_keyword("RecordingState")
_END_REASON = SearchAttributeKey.for_keyword("RecordingEndReason")
_NEEDS_ATTENTION = SearchAttributeKey.for_bool("RecordingNeedsAttention")


class RecordingNotFound(Exception):
    """No recording session has this workflow id, or it is over and takes no more orders."""

    def __init__(self, workflow_id: str) -> None:
        """The id that was looked for."""
        super().__init__(f"no recording session {workflow_id!r} is there to ask")
        self.workflow_id = workflow_id


class AlreadyLive(Exception):
    """The room is being recorded: a live session is the room's lock."""

    def __init__(self, workflow_id: str) -> None:
        """The id of the live session."""
        super().__init__(f"the room is being recorded already, by the session {workflow_id!r}")
        self.workflow_id = workflow_id


class Rejected(Exception):
    """The session refused a change, or could not carry it out; the text is the session's own.

    `code` is the class of the error taxonomy, such as InvalidRequest.
    """

    def __init__(self, message: str, code: str) -> None:
        """`message` names the field and the rule."""
        super().__init__(message)
        self.code = code


async def connect(
    address: str, namespace: str, *, runtime: Runtime | None = None, lazy: bool = False
) -> Client:
    """A client that speaks our payloads. `address` is `host:port`.

    `runtime` carries metrics. `lazy` connects at the first call, so that a program may start
    before the server does; a worker cannot use such a client.
    """
    return await Client.connect(
        address,
        namespace=namespace,
        data_converter=pydantic_data_converter,
        runtime=runtime,
        lazy=lazy,
    )


async def start_recording(
    client: Client, request: RecordingRequest
) -> WorkflowHandle[Any, RecordingResult]:
    """Start the session of the request's room.

    AlreadyLive: the room has a live session. InvalidRequest: the server refuses the start, say
    for an id that is too long.
    """
    session_id = workflow_id(request.account, request.room, request.purpose)
    try:
        return await client.start_workflow(
            names.WORKFLOW,
            request,
            id=session_id,
            task_queue=names.TASK_QUEUE,
            result_type=RecordingResult,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            search_attributes=attributes_of(request),
            static_summary=_summary(request),
            # No account's burst of starts may hold up another account's.
            priority=Priority(fairness_key=request.account),
        )
    except WorkflowAlreadyStartedError as err:
        raise AlreadyLive(session_id) from err
    except RPCError as err:
        if err.status == RPCStatusCode.INVALID_ARGUMENT:
            raise InvalidRequest(f"request: {err.message}") from err
        raise


def attributes_of(request: RecordingRequest) -> TypedSearchAttributes:
    """By which a session is found from its first moment on."""
    return TypedSearchAttributes(
        [
            SearchAttributePair(_VENDOR, request.vendor),
            SearchAttributePair(_ACCOUNT, request.account),
            SearchAttributePair(_ROOM, request.room),
        ]
    )


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


class Recordings:
    """Every recording session of a namespace."""

    def __init__(self, client: Client) -> None:
        """The client is `connect`'s, or any with the pydantic data converter."""
        self._client = client

    async def start(self, request: RecordingRequest) -> RecordingSession:
        """See `start_recording`."""
        return RecordingSession(await start_recording(self._client, request))

    def handle(self, account: str, room: str, purpose: str | None = None) -> RecordingSession:
        """The room's session, live or else the last one; nothing is asked yet."""
        return self.handle_of(workflow_id(account, room, purpose))

    def handle_of(self, workflow_id: str) -> RecordingSession:
        """The session with this workflow id; nothing is asked yet."""
        return RecordingSession(
            self._client.get_workflow_handle(workflow_id, result_type=RecordingResult)
        )

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


class RecordingSession:
    """One session. Orders raise RecordingNotFound when it is over; questions outlive it.

    Signals are accepted at once and noted in the timeline should they break a rule; updates
    need a running worker and answer when the vendor shows the change.
    """

    def __init__(self, handle: WorkflowHandle[Any, RecordingResult]) -> None:
        """`handle` is of the workflow id, without a run id: orders outlive continue-as-new."""
        self._handle = handle

    @property
    def workflow_id(self) -> str:
        """`recording:{account}:{room}[:{purpose}]`."""
        return self._handle.id

    async def change_layout(self, layout: Layout) -> None:
        """Signal: show this from now on."""
        await self._signal(names.CHANGE_LAYOUT, LayoutChange(layout=layout))

    async def change_subscriptions(self, subscriptions: Subscriptions) -> None:
        """Signal: record these users from now on."""
        await self._signal(
            names.CHANGE_SUBSCRIPTIONS, SubscriptionsChange(subscriptions=subscriptions)
        )

    async def pause(self) -> None:
        """Signal."""
        await self._signal(names.PAUSE)

    async def resume(self) -> None:
        """Signal."""
        await self._signal(names.RESUME)

    async def extend(self, extension: Extension) -> None:
        """Signal: a new end."""
        await self._signal(names.EXTEND, extension)

    async def stop(self, reason: str = "") -> None:
        """Signal: end the session; legal in every state."""
        await self._signal(names.STOP, StopOrder(reason=reason))

    async def vendor_event(self, event: VendorEvent) -> None:
        """Signal: a verified callback."""
        await self._signal(names.VENDOR_EVENT, event)

    async def set_layout(self, layout: Layout) -> Applied:
        """Update: answers once the vendor shows the layout; Rejected says which rule it breaks."""
        return await self._update(names.SET_LAYOUT, LayoutChange(layout=layout))

    async def set_subscriptions(self, subscriptions: Subscriptions) -> Applied:
        """Update: answers once the vendor records them; Rejected says which rule it breaks."""
        return await self._update(
            names.SET_SUBSCRIPTIONS, SubscriptionsChange(subscriptions=subscriptions)
        )

    async def status(self) -> RecordingStatus:
        """Query."""
        return await self._query(names.STATUS, RecordingStatus)

    async def files(self) -> Manifest | None:
        """Query; None until the files were checked."""
        with self._found():
            return await self._handle.query(names.FILES, result_type=_FILES)

    async def timeline(self) -> Timeline:
        """Query."""
        return await self._query(names.TIMELINE, Timeline)

    async def result(self) -> RecordingResult:
        """Wait for the end; temporalio's WorkflowFailureError when the session failed."""
        with self._found():
            return await self._handle.result()

    async def _signal(self, name: str, *payload: BaseModel) -> None:
        with self._found():
            await self._handle.signal(name, args=payload)

    async def _update(self, name: str, change: BaseModel) -> Applied:
        try:
            with self._found():
                # One of its overloads, for methods of several arguments, has no type.
                return await self._handle.execute_update(  # pyright: ignore[reportUnknownMemberType]
                    name, change, result_type=Applied
                )
        except WorkflowUpdateFailedError as err:
            cause = err.cause
            code = cause.type if isinstance(cause, ApplicationError) else None
            raise Rejected(getattr(cause, "message", str(cause)), code or "") from err

    async def _query(self, name: str, answer: type[_AnswerT]) -> _AnswerT:
        with self._found():
            return await self._handle.query(name, result_type=answer)

    @contextmanager
    def _found(self) -> Generator[None]:
        try:
            yield
        except RPCError as err:
            if err.status == RPCStatusCode.NOT_FOUND:
                raise RecordingNotFound(self._handle.id) from err
            raise


def _summary(request: RecordingRequest) -> str:
    text = f"{request.vendor} · room {request.room} · {request.mode}"
    return text.encode()[:SUMMARY_BYTES].decode(errors="ignore")


def _listed(found: WorkflowExecution) -> ListedRecording:
    told = found.typed_search_attributes
    return ListedRecording(
        workflow_id=found.id,
        run_id=found.run_id,
        vendor=told.get(_VENDOR, ""),
        account=told.get(_ACCOUNT, ""),
        room=told.get(_ROOM, ""),
        state=told.get(_STATE, ""),
        end_reason=told.get(_END_REASON, ""),
        needs_attention=told.get(_NEEDS_ATTENTION, False),
        live=found.close_time is None,
        started_at=found.start_time,
        closed_at=found.close_time,
    )

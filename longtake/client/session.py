"""One recording session: orders to it, and questions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from pydantic import BaseModel
from temporalio.client import (
    Client,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowUpdateFailedError,
)
from temporalio.exceptions import ApplicationError, CancelledError, TerminatedError
from temporalio.exceptions import TimeoutError as TimedOut
from temporalio.service import RPCError, RPCStatusCode

from longtake.client.errors import RecordingFailed, RecordingNotFound, Rejected
from longtake.client.watching import statuses
from longtake.contracts import names
from longtake.contracts.payloads import (
    Applied,
    Carried,
    Extension,
    LayoutChange,
    RecordingResult,
    RecordingStatus,
    StopOrder,
    SubscriptionsChange,
    Timeline,
)
from longtake.domain.events import VendorEvent
from longtake.domain.files import Manifest
from longtake.domain.layout import Layout
from longtake.domain.recording import Subscriptions

_AnswerT = TypeVar("_AnswerT", bound=BaseModel)
_FILES = cast("type[Manifest | None]", Manifest | None)

_ENDED_FROM_OUTSIDE: Mapping[type[BaseException], str] = {
    CancelledError: "Cancelled",
    TerminatedError: "Terminated",
    TimedOut: "TimedOut",
}


class RecordingSession:
    """One session. Orders raise RecordingNotFound when it is over; questions outlive it.

    Signals are accepted at once and noted in the timeline should they break a rule; updates
    need a running worker and answer when the vendor shows the change.
    """

    def __init__(self, client: Client, handle: WorkflowHandle[Any, RecordingResult]) -> None:
        """`handle` is of the workflow id, without a run id: orders outlive continue-as-new."""
        self._client = client
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

    async def stop(self, reason: str = "", *, discard: bool = False) -> None:
        """Signal: end the session; legal in every state.

        `discard` deletes what it recorded. It may follow a stop, until the session is over.
        """
        await self._signal(names.STOP, StopOrder(reason=reason, discard=discard))

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

    async def everything(self) -> Carried:
        """Query: all that the session knows; its shape follows the release, not the contract."""
        return await self._query(names.SESSION, Carried)

    async def timeline(self) -> Timeline:
        """Query."""
        return await self._query(names.TIMELINE, Timeline)

    async def result(self) -> RecordingResult:
        """Wait for the end; RecordingFailed when there is no result."""
        try:
            with self._found():
                return await self._handle.result()
        except WorkflowFailureError as err:
            raise _failed(self._handle.id, err.cause) from err

    async def watch(self) -> AsyncIterator[RecordingStatus]:
        """The status now, then after each change; ends with the session.

        It holds one long poll at the server, and asks the worker once for each of the session's
        own steps, so that nothing is asked while nothing happens. The history so far is read
        once. Where a worker or the server is away it waits for them, also for the last status.
        """
        with self._found():
            run_id = self._handle.result_run_id or (await self._handle.describe()).run_id
            async for status in statuses(self._client, self._handle.id, run_id):
                yield status

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


def _failed(workflow_id: str, cause: BaseException) -> RecordingFailed:
    message = getattr(cause, "message", str(cause))
    if not isinstance(cause, ApplicationError):
        code = _ENDED_FROM_OUTSIDE.get(type(cause), type(cause).__name__)
        return RecordingFailed(workflow_id, code, message)
    details = cause.details
    result = RecordingResult.model_validate(details[0]) if details else None
    return RecordingFailed(workflow_id, cause.type or "", message, result)

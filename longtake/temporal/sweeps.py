"""The sweep's view of Temporal: closed sessions, kept events, and the schedule of each account."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    WorkflowExecution,
    WorkflowQueryFailedError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from longtake.client import RecordingClient, RecordingNotFound
from longtake.client.starting import attributes_of
from longtake.contracts import names
from longtake.contracts.ids import sweep_id, unclaimed_id, workflow_id
from longtake.contracts.payloads import Carried
from longtake.contracts.sweeping import (
    Claimed,
    ClosedSession,
    KeptEvent,
    KeptEvents,
    SweepOrder,
)
from longtake.domain.events import VendorEvent

ROOM_HISTORY = 20
"""Of a room's closed sessions, the newest so many are asked whose an event is."""


class SweptSessions:
    """Implements `activities.sweep.Sessions`. The client has the pydantic data converter."""

    def __init__(self, client: Client, task_queue: str = names.TASK_QUEUE) -> None:
        """`task_queue` is where sessions run."""
        self._client = client
        self._task_queue = task_queue
        self._recordings = RecordingClient(client)

    async def ended_from_outside(
        self, account: str, since: datetime
    ) -> AsyncIterator[ClosedSession]:
        """Sessions that closed without finishing, the newest first."""
        query = (
            f'WorkflowType = "{names.WORKFLOW}" AND RecordingAccount = "{account}"'
            ' AND ExecutionStatus IN ("Terminated", "TimedOut", "Failed")'
            f' AND RecordingState != "finished" AND CloseTime > "{since.isoformat()}"'
        )
        async for found in self._client.list_workflows(query):
            if closed := _closed(found):
                yield closed

    async def closed_in(self, account: str, room: str) -> AsyncIterator[ClosedSession]:
        """Sessions of a room that are over, however they ended, the newest first."""
        room_id = workflow_id(account, room)
        ids = f'(WorkflowId = "{room_id}" OR WorkflowId STARTS_WITH "{room_id}:")'
        over = ' AND ExecutionStatus != "Running" AND ExecutionStatus != "ContinuedAsNew"'
        found = self._client.list_workflows(ids + over, limit=ROOM_HISTORY)
        async for each in found:
            if closed := _closed(each):
                yield closed

    async def carried(self, workflow_id: str, run_id: str) -> Carried | None:
        """All that a run of a session knows; None if it cannot be told."""
        handle = self._client.get_workflow_handle(workflow_id, run_id=run_id)
        try:
            return await handle.query(names.SESSION, result_type=Carried)
        except WorkflowQueryFailedError:
            return None  # it failed before it knew anything
        except RPCError as err:
            if err.status == RPCStatusCode.NOT_FOUND:
                return None
            raise

    async def latest(self, workflow_id: str) -> tuple[ClosedSession | None, Carried] | None:
        """The last run of a session: None for the first if it lives; None if there is none."""
        try:
            last = await self._client.get_workflow_handle(workflow_id).describe()
        except RPCError as err:
            if err.status == RPCStatusCode.NOT_FOUND:
                return None
            raise
        carried = await self.carried(workflow_id, last.run_id)
        return carried and (_closed(last), carried)

    async def live_in(self, account: str, room: str) -> AsyncIterator[tuple[str, Carried]]:
        """The live sessions of a room: workflow id, and all that it knows."""
        async for session in self._recordings.live_in(account, room):
            latest = await self.latest(session.workflow_id)
            if latest and latest[0] is None:
                yield session.workflow_id, latest[1]

    async def tell(self, workflow_id: str, kept: KeptEvent) -> None:
        """Pass an event to a session; one that is over meanwhile needs it no more."""
        with suppress(RecordingNotFound):
            await self._recordings.handle_of(workflow_id).vendor_event(kept.event)

    async def unclaimed(self, account: str) -> tuple[KeptEvent, ...]:
        """The events that are kept."""
        handle = self._client.get_workflow_handle(unclaimed_id(account))
        try:
            if (await handle.describe()).close_time is not None:
                return ()
            return (await handle.query(names.EVENTS, result_type=KeptEvents)).events
        except RPCError as err:
            if err.status == RPCStatusCode.NOT_FOUND:
                return ()
            raise

    async def claim(self, account: str, events: tuple[str, ...]) -> None:
        """Keep these no longer."""
        handle = self._client.get_workflow_handle(unclaimed_id(account))
        await handle.signal(names.CLAIMED, Claimed(ids=events))

    async def keep(self, kept: KeptEvent) -> None:
        """Keep an event that no session claimed, until a sweep has placed it.

        One that says that its task is over leaves a sweep nothing to do.
        """
        if kept.event.kind.ends or not kept.event.task_id:
            return
        await self._client.start_workflow(
            names.UNCLAIMED,
            KeptEvents(),
            id=unclaimed_id(kept.event.account),
            task_queue=self._task_queue,
            start_signal=names.VENDOR_EVENT,
            start_signal_args=[kept],
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )

    async def is_known(self, workflow_id: str) -> bool:
        """Whether a workflow of this id runs or ran."""
        try:
            await self._client.get_workflow_handle(workflow_id).describe()
        except RPCError as err:
            if err.status == RPCStatusCode.NOT_FOUND:
                return False
            raise
        return True

    async def revive(self, workflow_id: str, carried: Carried) -> bool:
        """Let a session go on under an id of its own; False if that was done already."""
        try:
            await self._client.start_workflow(
                names.WORKFLOW,
                carried,
                id=workflow_id,
                task_queue=self._task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                search_attributes=attributes_of(carried.request),
                static_summary=f"the end of {carried.request.room}'s recording, by a sweep",
            )
        except WorkflowAlreadyStartedError:
            return False
        return True


def keeper(
    client: Client, task_queue: str = names.TASK_QUEUE
) -> Callable[[str, str, VendorEvent], Awaitable[None]]:
    """What the receiver does with an event that no live session took."""
    sessions = SweptSessions(client, task_queue)

    async def keep(vendor: str, _account: str, event: VendorEvent) -> None:
        await sessions.keep(KeptEvent(event=event, vendor=vendor, since=datetime.now(UTC)))

    return keep


async def ensure_sweeps(
    client: Client, accounts: Iterable[tuple[str, str]], every: timedelta, task_queue: str
) -> None:
    """A schedule for each account, given as vendor and name; one that is there is brought up to
    date. Any number of workers may do so at once.
    """
    for vendor, account in accounts:
        schedule = _schedule(SweepOrder(vendor=vendor, account=account), every, task_queue)
        try:
            await client.create_schedule(sweep_id(account), schedule)
        except ScheduleAlreadyRunningError:
            handle = client.get_schedule_handle(sweep_id(account))
            await handle.update(lambda _, schedule=schedule: ScheduleUpdate(schedule))


def _schedule(order: SweepOrder, every: timedelta, task_queue: str) -> Schedule:
    action = ScheduleActionStartWorkflow(
        names.SWEEP,
        order,
        id=sweep_id(order.account),
        task_queue=task_queue,
        static_summary=f"sweep of {order.vendor} · {order.account}",
    )
    return Schedule(
        action=action,
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every)]),
        policy=SchedulePolicy(
            # What a sweep missed, the next one sees.
            overlap=ScheduleOverlapPolicy.SKIP,
            catchup_window=timedelta(minutes=1),
        ),
    )


def _closed(found: WorkflowExecution) -> ClosedSession | None:
    if found.close_time is None:
        return None
    return ClosedSession(
        workflow_id=found.id, run_id=found.run_id, closed_at=found.close_time.astimezone(UTC)
    )

"""Schedules of recordings from the outside, and the rooms that their occurrences ask about."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, cast

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleBackfill,
    ScheduleDescription,
    ScheduleHandle,
    ScheduleListDescription,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleState,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.common import Priority, SearchAttributeKey
from temporalio.service import RPCError, RPCStatusCode

from longtake.client.starting import attributes_of
from longtake.contracts import names
from longtake.contracts.ids import occurrence_id, schedule_id
from longtake.contracts.scheduling import Occupant, ScheduledOrder, Window
from longtake.domain.errors import InvalidRequest
from longtake.temporal.timing import moments_of

PREFIX = "schedule:"
PAUSED = "paused: "
"""Begins the note of a schedule whose occurrences are skipped, for those who only list."""

SERVERS_CATCH_UP = timedelta(days=365)
"""The server drops what it is too late for without a trace: an occurrence shall say so itself."""

WINDOWS = 10
"""Backfills that an order remembers."""

_ROOM = SearchAttributeKey.for_keyword("RecordingRoom")
_ACCOUNT = SearchAttributeKey.for_keyword("RecordingAccount")
_STATE = SearchAttributeKey.for_keyword("RecordingState")
_DUE = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")

Change = Literal["created", "updated", "unchanged"]


class ScheduleNotFound(Exception):
    """There is no schedule of this id."""

    def __init__(self, schedule_id: str) -> None:
        """The id that was looked for."""
        super().__init__(f"no schedule {schedule_id!r}")


class ScheduleExists(Exception):
    """A schedule of this id is there already."""

    def __init__(self, schedule_id: str) -> None:
        """The id that is taken."""
        super().__init__(f"there is a schedule {schedule_id!r} already; delete it first")


class SchedulePaused(Exception):
    """What a paused schedule starts is skipped."""

    def __init__(self, schedule_id: str) -> None:
        """The paused one's id."""
        super().__init__(f"{schedule_id!r} is paused: resume it first")


@dataclass(frozen=True)
class Origin:
    """Of which calendar's event a schedule was made; empty for one made by hand."""

    calendar: str = ""
    uid: str = ""
    when: str = ""
    """In words."""


@dataclass(frozen=True)
class ListedSchedule:
    """A schedule as the server lists it, which lags a moment behind."""

    id: str
    name: str
    account: str
    room: str
    when: str
    calendar: str
    uid: str
    paused: bool
    note: str
    next: tuple[datetime, ...]


@dataclass(frozen=True)
class ListedOccurrence:
    """What became of an occurrence; one that is not decided yet has no outcome."""

    workflow_id: str
    run_id: str
    due: datetime
    outcome: str
    reason: str
    session: str


@dataclass(frozen=True)
class ShownSchedule:
    """All that there is to see of a schedule."""

    id: str
    name: str
    order: ScheduledOrder
    origin: Origin
    zone: str
    paused: bool
    note: str
    next: tuple[datetime, ...]
    occurrences: tuple[ListedOccurrence, ...]
    lost: int
    """Occurrences that the server itself dropped, being late by more than it catches up."""


@dataclass(frozen=True)
class Plan:
    """A schedule to be: its name, what it starts, and when."""

    name: str
    order: ScheduledOrder
    spec: ScheduleSpec
    origin: Origin = field(default_factory=Origin)

    @property
    def id(self) -> str:
        """`schedule:{account}:{name}`."""
        return schedule_id(self.order.request.account, self.name)


class Schedules:
    """The schedules of a namespace."""

    def __init__(self, client: Client, task_queue: str = names.TASK_QUEUE) -> None:
        """`task_queue` is where sessions run."""
        self._client = client
        self._task_queue = task_queue

    async def create(self, plan: Plan, note: str = "") -> None:
        """ScheduleExists; InvalidRequest when the server refuses the times."""
        try:
            with _refusals(plan):
                await self._client.create_schedule(
                    plan.id,
                    self._schedule(plan, ScheduleState(note=note or None)),
                    memo={
                        "name": plan.name,
                        "when": plan.origin.when,
                        "calendar": plan.origin.calendar,
                        "uid": plan.origin.uid,
                    },
                    search_attributes=attributes_of(plan.order.request),
                )
        except ScheduleAlreadyRunningError:
            raise ScheduleExists(plan.id) from None

    async def put(self, plan: Plan, now: datetime, *, dry: bool = False) -> Change:
        """Make a schedule be as planned; whoever paused it, it stays paused. `dry`: only tell."""
        handle = self._client.get_schedule_handle(plan.id)
        try:
            there = await handle.describe()
        except RPCError as err:
            if err.status != RPCStatusCode.NOT_FOUND:
                raise
            if not dry:
                await self.create(plan)
            return "created"
        order = await self._order(there)
        kept = {"paused": order.paused, "forgiven": order.forgiven, "schedule": plan.name}
        wanted = replace(plan, order=plan.order.model_copy(update=kept))
        if order == wanted.order and _same_times(there.schedule.spec, plan.spec, now):
            return "unchanged"
        if not dry:
            with _refusals(plan):
                await handle.update(
                    lambda seen: ScheduleUpdate(
                        self._schedule(wanted, seen.description.schedule.state),
                        attributes_of(plan.order.request),
                    )
                )
        return "updated"

    async def list(self, account: str = "", calendar: str = "") -> AsyncIterator[ListedSchedule]:
        """Schedules of recordings, of one account and of one calendar if they are named."""
        begins = schedule_id(account, "") if account else PREFIX
        async for found in await self._client.list_schedules():
            if found.id.startswith(begins):
                listed = _listed(found, await found.memo())
                if not calendar or listed.calendar == calendar:
                    yield listed

    async def show(self, account: str, name: str, occurrences: int = 10) -> ShownSchedule:
        """One schedule with its latest occurrences."""
        with self._found(account, name) as handle:
            there = await handle.describe()
        order, memo, state = await self._order(there), await there.memo(), there.schedule.state
        return ShownSchedule(
            id=there.id,
            name=name,
            order=order,
            origin=_origin(memo),
            zone=there.schedule.spec.time_zone_name or "UTC",
            paused=state.paused or order.paused is not None,
            note=state.note or "",
            next=tuple(_utc(at) for at in there.info.next_action_times),
            occurrences=tuple([each async for each in self._occurrences(there.id, occurrences)]),
            lost=there.info.num_actions_missed_catchup_window,
        )

    async def pause(self, account: str, name: str, reason: str) -> None:
        """Let every occurrence be skipped, and say so."""
        await self._change(
            account, name, lambda _: {"paused": reason}, f"{PAUSED}{reason or 'no reason'}"
        )

    async def resume(self, account: str, name: str, note: str) -> None:
        """Let occurrences start sessions again, also if the schedule was paused in Temporal."""
        await self._change(account, name, lambda _: {"paused": None}, note, unpause=True)

    async def trigger(self, account: str, name: str) -> None:
        """An occurrence that is due now. SchedulePaused."""
        with self._found(account, name) as handle:
            if (await self._order(await handle.describe())).paused is not None:
                raise SchedulePaused(schedule_id(account, name))
            await handle.trigger(overlap=ScheduleOverlapPolicy.ALLOW_ALL)

    async def backfill(self, account: str, name: str, window: Window) -> None:
        """Have what was due in the window, its ends included, once more: what is left of it."""
        await self._change(
            account,
            name,
            lambda order: {"forgiven": (*order.forgiven, window)[-WINDOWS:]},
            None,
        )
        with self._found(account, name) as handle:
            await handle.backfill(
                ScheduleBackfill(
                    start_at=window.start - timedelta(milliseconds=1),
                    end_at=window.end + timedelta(milliseconds=1),
                    overlap=ScheduleOverlapPolicy.ALLOW_ALL,
                )
            )

    async def delete(self, account: str, name: str) -> None:
        """Delete it; sessions that it started live on."""
        with self._found(account, name) as handle:
            await handle.delete()

    async def occupant(self, workflow_id: str) -> Occupant:
        """Implements `activities.scheduled.Rooms`."""
        try:
            found = await self._client.get_workflow_handle(workflow_id).describe()
        except RPCError as err:
            if err.status == RPCStatusCode.NOT_FOUND:
                return Occupant()
            raise
        if found.close_time is not None:
            return Occupant()
        return Occupant(run_id=found.run_id, since=_utc(found.start_time))

    async def _change(
        self,
        account: str,
        name: str,
        change: Callable[[ScheduledOrder], Mapping[str, Any]],
        note: str | None,
        *,
        unpause: bool = False,
    ) -> None:
        """Replace fields of what the schedule starts."""

        async def changed(seen: ScheduleUpdateInput) -> ScheduleUpdate:
            schedule = seen.description.schedule
            order = await self._order(seen.description)
            order = order.model_copy(update=dict(change(order)))
            state = schedule.state
            if note is not None:
                state = replace(state, note=note or None)
            if unpause:
                state = replace(state, paused=False)
            action = self._action(order, name)
            return ScheduleUpdate(replace(schedule, action=action, state=state))

        with self._found(account, name) as handle:
            await handle.update(changed)

    def _schedule(self, plan: Plan, state: ScheduleState) -> Schedule:
        return Schedule(
            action=self._action(plan.order, plan.name),
            spec=plan.spec,
            policy=SchedulePolicy(
                # Both are decided by the occurrence, which leaves a record.
                overlap=ScheduleOverlapPolicy.ALLOW_ALL,
                catchup_window=SERVERS_CATCH_UP,
            ),
            state=state,
        )

    def _action(self, order: ScheduledOrder, name: str) -> ScheduleActionStartWorkflow:
        request = order.request
        summary = f"{request.vendor} · room {request.room}, by {name}"
        return ScheduleActionStartWorkflow(
            names.SCHEDULED,
            order.model_copy(update={"schedule": name}),
            id=occurrence_id(request.account, name),
            task_queue=self._task_queue,
            typed_search_attributes=attributes_of(request),
            static_summary=summary.encode()[:200].decode(errors="ignore"),
            priority=Priority(fairness_key=request.account),
        )

    async def _order(self, there: ScheduleDescription) -> ScheduledOrder:
        """What a schedule starts; it comes as it is kept, encoded."""
        action = cast("ScheduleActionStartWorkflow", there.schedule.action)
        [order] = await self._client.data_converter.decode(action.args, [ScheduledOrder])
        return order

    async def _occurrences(self, schedule_id: str, limit: int) -> AsyncIterator[ListedOccurrence]:
        query = f'WorkflowType = "{names.SCHEDULED}" AND TemporalScheduledById = "{schedule_id}"'
        async for found in self._client.list_workflows(query, limit=limit):
            told, memo = found.typed_search_attributes, await found.memo()
            yield ListedOccurrence(
                workflow_id=found.id,
                run_id=found.run_id,
                due=_utc(told.get(_DUE) or found.start_time),
                outcome=told.get(_STATE, ""),
                reason=str(memo.get("reason", "")),
                session=str(memo.get("session", "")),
            )

    @contextmanager
    def _found(self, account: str, name: str) -> Generator[ScheduleHandle]:
        wanted = schedule_id(account, name)
        try:
            yield self._client.get_schedule_handle(wanted)
        except RPCError as err:
            if err.status == RPCStatusCode.NOT_FOUND:
                raise ScheduleNotFound(wanted) from err
            raise


@contextmanager
def _refusals(plan: Plan) -> Generator[None]:
    """The server's own check of times: it knows cron and zones best."""
    try:
        yield
    except RPCError as err:
        if err.status == RPCStatusCode.INVALID_ARGUMENT:
            raise InvalidRequest(f"schedule {plan.name}: {err.message}") from err
        raise


def _same_times(there: ScheduleSpec, wanted: ScheduleSpec, now: datetime) -> bool:
    """Whether two lists of exact moments agree from now on."""
    ours, theirs = moments_of(wanted), moments_of(there)
    if ours is None or theirs is None:
        return False
    return {at for at in ours if at > now} == {at for at in theirs if at > now}


def _listed(found: ScheduleListDescription, memo: Mapping[str, Any]) -> ListedSchedule:
    told, origin = found.typed_search_attributes, _origin(memo)
    state = found.schedule.state if found.schedule else None
    note = (state.note if state else "") or ""
    info = found.info
    return ListedSchedule(
        id=found.id,
        name=str(memo.get("name", "")) or found.id.rpartition(":")[2],
        account=told.get(_ACCOUNT, ""),
        room=told.get(_ROOM, ""),
        when=origin.when,
        calendar=origin.calendar,
        uid=origin.uid,
        paused=bool(state and state.paused) or note.startswith(PAUSED),
        note=note,
        next=tuple(_utc(at) for at in info.next_action_times) if info else (),
    )


def _origin(memo: Mapping[str, Any]) -> Origin:
    return Origin(**{key: str(memo.get(key, "")) for key in ("calendar", "uid", "when")})


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)

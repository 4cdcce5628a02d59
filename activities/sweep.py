"""Temporal's side of a sweep: sessions that are over, and events that no session claimed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from temporalio import activity

from longtake.contracts import names
from longtake.contracts.ids import swept_id
from longtake.contracts.payloads import Carried
from longtake.contracts.sweeping import (
    ClosedSession,
    KeptEvent,
    Revival,
    Revived,
    Survey,
    Suspicion,
    SweepOrder,
)
from longtake.domain.events import TaskPhase, VendorEvent
from longtake.domain.ports import Task
from longtake.domain.session import EndReason, Session, State

LOOK_BACK = timedelta(days=3)
"""So far back are closed sessions looked at, and so long are unclaimed events kept."""

MOVING_FOR = timedelta(minutes=3)
"""A task that the vendor does not know may be moving to another server: longer than that it is
gone."""

MOST = 20
"""Sessions that one sweep looks at; the next one looks at the others."""


class Sessions(Protocol):
    """Every session of the namespace, live or over."""

    def ended_from_outside(self, account: str, since: datetime) -> AsyncIterator[ClosedSession]:
        """Sessions that closed without finishing, the newest first."""
        ...

    def closed_in(self, account: str, room: str) -> AsyncIterator[ClosedSession]:
        """Sessions of a room that are over, however they ended, the newest first."""
        ...

    async def carried(self, workflow_id: str, run_id: str) -> Carried | None:
        """All that a run of a session knows; None if it cannot be told."""
        ...

    async def latest(self, workflow_id: str) -> tuple[ClosedSession | None, Carried] | None:
        """The last run of a session: None for the first if it lives; None if there is none."""
        ...

    def live_in(self, account: str, room: str) -> AsyncIterator[tuple[str, Carried]]:
        """The live sessions of a room: workflow id, and all that it knows."""
        ...

    async def tell(self, workflow_id: str, kept: KeptEvent) -> None:
        """Pass an event to a session; one that is over meanwhile needs it no more."""
        ...

    async def keep(self, kept: KeptEvent) -> None:
        """Keep an event until it is placed."""
        ...

    async def unclaimed(self, account: str) -> tuple[KeptEvent, ...]:
        """The events that are kept."""
        ...

    async def claim(self, account: str, events: tuple[str, ...]) -> None:
        """Keep these no longer."""
        ...

    async def is_known(self, workflow_id: str) -> bool:
        """Whether a workflow of this id runs or ran."""
        ...

    async def revive(self, workflow_id: str, carried: Carried) -> bool:
        """Let a session go on under an id of its own; False if that was done already."""
        ...


class SweepActivities:
    """What a sweep asks of Temporal."""

    def __init__(self, sessions: Sessions, now: Callable[[], datetime]) -> None:
        self._sessions = sessions
        self._now = now

    @activity.defn(name=names.SURVEY)
    async def survey(self, order: SweepOrder) -> Survey:
        """Find what no session looks after; place the events that can be placed."""
        suspicions = [each async for each in self._abandoned(order)]
        kept = await self._sessions.unclaimed(order.account)
        notes: list[str] = []
        placed: list[str] = []
        for task_id, events in _by_task(kept).items():
            suspicion, told = await self._place(events[-1])
            if suspicion is not None and len(suspicions) < MOST:
                suspicions.append(suspicion)
            if told:
                placed += [each.event.id for each in events]
                notes.append(f"{len(events)} events of task {task_id}: {told}")
        if placed:
            await self._sessions.claim(order.account, tuple(placed))
        waiting = len(kept) - len(placed)
        return Survey(suspicions=tuple(suspicions), notes=tuple(notes), waiting=waiting)

    @activity.defn(name=names.KEEP)
    async def keep(self, kept: KeptEvent) -> None:
        """Keep what a session heard of a task that is not its own."""
        await self._sessions.keep(kept)

    @activity.defn(name=names.REVIVE)
    async def revive(self, revival: Revival) -> Revived:
        """Start the workflow that ends the session, unless it has come to life again, or a stray
        is over already.
        """
        suspicion, event = revival.suspicion, revival.suspicion.event
        phases = {seen.phase for seen in revival.seen.values()}
        if event and all(phase.over or phase is TaskPhase.MISSING for phase in phases):
            if self._now() - event.at > MOVING_FOR:
                await self._let_go(event)
            return Revived()
        carried = await self._sessions.carried(suspicion.workflow_id, suspicion.run_id)
        if carried is None or await self._goes_on(suspicion.workflow_id, suspicion.key):
            return Revived()
        session = self._at_its_end(carried.session, revival)
        late = suspicion.event.task_id if suspicion.event else ""
        workflow_id = swept_id(suspicion.key, late)
        begun = await self._sessions.revive(
            workflow_id, Carried(request=carried.request, session=session)
        )
        return Revived(workflow_id=workflow_id if begun else "")

    async def _let_go(self, event: VendorEvent) -> None:
        """Keep nothing more of the event's task."""
        kept = await self._sessions.unclaimed(event.account)
        ids = tuple(each.event.id for each in kept if each.event.task_id == event.task_id)
        await self._sessions.claim(event.account, ids)

    async def _abandoned(self, order: SweepOrder) -> AsyncIterator[Suspicion]:
        now, found = self._now(), 0
        async for closed in self._sessions.ended_from_outside(order.account, now - LOOK_BACK):
            if now - closed.closed_at < order.grace or found == MOST:
                continue
            carried = await self._sessions.carried(closed.workflow_id, closed.run_id)
            if carried is None or not carried.session.attempts:
                continue
            key = carried.session.key
            if await self._sessions.is_known(swept_id(key)):
                continue
            if not await self._goes_on(closed.workflow_id, key):
                found += 1
                why = "was ended from outside"
                yield _suspicion(closed, carried, why, _open_tasks(carried.session))

    async def _goes_on(self, workflow_id: str, key: str) -> bool:
        """Whether the very session lives on in another run, as after a reset."""
        latest = await self._sessions.latest(workflow_id)
        return latest is not None and latest[0] is None and latest[1].session.key == key

    async def _place(self, kept: KeptEvent) -> tuple[Suspicion | None, str]:
        """Whose an event is; gives what follows, and why it need not be kept any more."""
        event = kept.event
        async for workflow_id, live in self._sessions.live_in(event.account, event.room):
            if live.session.could_be_of(event):
                await self._sessions.tell(workflow_id, kept)
                return None, f"told to {workflow_id}"
        async for closed, carried in self._over(event):
            if closed is None:
                heir = swept_id(carried.session.key)
                await self._sessions.tell(heir, kept)
                return None, f"told to {heir}"
            suspicion, told = await self._left(closed, carried, kept)
            if suspicion or told:
                return suspicion, told
        if self._now() - kept.since > LOOK_BACK:
            return None, "belongs to nobody known, and is old"
        return None, ""

    async def _over(
        self, event: VendorEvent
    ) -> AsyncIterator[tuple[ClosedSession | None, Carried]]:
        """Closed sessions that an event may be of; each as what a sweep let end for it, which went
        on with all that it knew. None for the run: that lives. One that was ended from outside is
        left until it has been let end.
        """
        async for closed in self._sessions.closed_in(event.account, event.room):
            carried = await self._sessions.carried(closed.workflow_id, closed.run_id)
            if carried is not None and carried.session.could_be_of(event):
                if heir := await self._sessions.latest(swept_id(carried.session.key)):
                    yield heir
                elif carried.session.state is State.FINISHED:
                    yield closed, carried

    async def _left(
        self, closed: ClosedSession, carried: Carried, kept: KeptEvent
    ) -> tuple[Suspicion | None, str]:
        """What a session that is over has to do with an event's task, likewise."""
        event, session = kept.event, carried.session
        session.abandon(self._now())
        if any(segment.task.id == event.task_id for segment in session.segments):
            return None, f"known to {closed.workflow_id}, which ends its own tasks"
        session.hear(event, self._now())
        stray = next((s for s in session.strays if s.task_id == event.task_id), None)
        if stray is None:
            return None, ""
        if stray.settled or await self._sessions.is_known(swept_id(session.key, event.task_id)):
            return None, f"a stray of {closed.workflow_id}, ended"
        task = Task(attempt=stray.attempt, id=event.task_id)
        why = f"left a stray, which the vendor now names: {event.task_id}"
        return _suspicion(closed, carried, why, (task,), event), ""

    def _at_its_end(self, session: Session, revival: Revival) -> Session:
        """The session as it stands when only its end is left to do."""
        now, suspicion = self._now(), revival.suspicion
        session.abandon(now)
        if suspicion.event is not None:
            session.hear(suspicion.event, now)
        for segment in session.segments:
            if segment.ended_at is None and segment.task.id in revival.seen:
                segment.observe(revival.seen[segment.task.id], now)
        session.end(EndReason.ABANDONED, suspicion.why)
        session.note(f"revived by a sweep: {suspicion.why}", now, warning=True)
        session.failure = None
        session.state, session.since = State.STOPPING, now
        return session


def _by_task(kept: Sequence[KeptEvent]) -> dict[str, list[KeptEvent]]:
    tasks: dict[str, list[KeptEvent]] = {}
    for each in kept:
        tasks.setdefault(each.event.task_id, []).append(each)
    return tasks


def _open_tasks(session: Session) -> tuple[Task, ...]:
    return tuple(segment.task for segment in session.segments if segment.ended_at is None)


def _suspicion(
    closed: ClosedSession,
    carried: Carried,
    why: str,
    tasks: tuple[Task, ...],
    event: VendorEvent | None = None,
) -> Suspicion:
    return Suspicion(
        workflow_id=closed.workflow_id,
        run_id=closed.run_id,
        key=carried.session.key,
        why=why,
        request=carried.request,
        tasks=tasks,
        event=event,
    )

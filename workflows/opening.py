"""From nothing to a vendor task whose id is known: acquire, start, and a start whose answer
was lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from longtake.contracts import names
    from longtake.contracts.payloads import (
        Acquired,
        AcquireInput,
        Started,
        StartInput,
        WatchInput,
    )
    from longtake.domain.events import Observation
    from longtake.domain.ports import Attempt, Task
    from longtake.domain.recording import Scene
    from longtake.domain.segment import Segment
    from longtake.domain.session import Failure, State
    from workflows import measures, policies
    from workflows.calls import CANCELLED, give_up
    from workflows.claiming import claimed
    from workflows.desk import Desk, SessionFailed
    from workflows.policies import Policy
    from workflows.searching import begin_search


async def open_segment(desk: Desk) -> Segment | None:
    """Start attempts until the vendor has accepted one; None when the session ends first."""
    while not desk.ending:
        attempt = desk.session.open_attempt(desk.request.output.path_prefix, desk.now)
        scene = desk.session.scene
        task = await _Opening(desk, attempt, scene).task()
        desk.session.opening = None
        if task:
            return _accepted(desk, task, scene)
    return None


def _accepted(desk: Desk, task: Task, scene: Scene) -> Segment:
    segment = desk.session.open_segment(task, scene, desk.now)
    measures.accepted(desk.request, desk.session, segment)
    desk.note(f"attempt {task.attempt.number} accepted as task {task.called}")
    desk.move(State.CONFIRMING, "accepted; the recorder is not seen up yet", passing=True)
    return segment


class _Opening:
    """One attempt: as many acquires and starts as it takes, all under one identity.

    The identity is what keeps it one recording: the vendor either refuses the second start of
    a recorder or lets it replace the first.
    """

    def __init__(self, desk: Desk, attempt: Attempt, scene: Scene) -> None:
        self._desk = desk
        self._attempt = attempt
        self._doubted: Attempt | None = None
        """The attempt with the first resource that may have started a recording."""
        self._scene = scene
        self._since = desk.now
        self._failures = 0
        self._last_starts = 0
        """Sent since the session is ending."""
        self._refused_as_full = ""
        self._found: str | None = None
        """The task of a start in doubt, from storage."""

    async def task(self) -> Task | None:
        """The task; None when the session ends, or when the attempt became a stray."""
        desk = self._desk
        lapses = await self._reserved()
        while not self._named() and (not desk.ending or self._asks_by_starting):
            if not self._attempt.resource and desk.traits.resource_window:
                lapses = await self._acquire(desk.traits.resource_window)
                continue
            outcome = await self._start(lapses)
            if isinstance(outcome, Started):
                return Task(attempt=self._attempt, id=outcome.task_id)
            if outcome.code == "AlreadyRunning":
                desk.session.doubt(self._attempt)
                return await self._find(self._attempt)
            if outcome.code == "RecorderBusy":
                # By the first doubted start, which nothing after it can have repeated.
                return await self._find(self._doubted or self._attempt)
            await self._after(outcome)
            if self._doubted and desk.traits.repeated_start == "duplicates":
                break  # only the vendor's event or a stored file can tell what became of it
        if self._doubted is None or (self._settled_later and not self._named()):
            return None
        return await self._find(self._doubted)

    async def _reserved(self) -> datetime | None:
        """Take what was reserved as the request was checked; gives until when it may be started."""
        desk, reserved = self._desk, self._desk.reserved
        desk.reserved = None
        if isinstance(reserved, Failure):
            self._tell(State.ACQUIRING, "reserving a recorder")
            await self._after(reserved)
            if reserved.code != policies.FULL:
                await self._pause(policies.ACQUIRE_AGAIN, "before a recorder is asked for again")
        elif reserved is not None:
            resource, lapses = reserved
            self._attempt = self._attempt.model_copy(update={"resource": resource})
            return lapses
        return None

    @property
    def _settled_later(self) -> bool:
        """Whether the session's end settles what is left in doubt: see `settle_doubts`."""
        return self._desk.traits.repeated_start == "replaces"

    @property
    def _asks_by_starting(self) -> bool:
        """Whether an ending session sends its start in doubt again, to learn what is to be ended:
        if the first recorded, it is refused; if not, its own task is known.
        """
        return (
            self._doubted is not None
            and self._desk.traits.repeated_start == "refused"
            and bool(self._attempt.resource)
            and self._last_starts < policies.LAST_STARTS
        )

    async def _acquire(self, window: timedelta) -> datetime | None:
        """Reserve a resource; gives until when it may be started."""
        desk = self._desk
        self._tell(State.ACQUIRING, "reserving a recorder")
        asked = desk.now
        handle = desk.call(
            names.ACQUIRE,
            AcquireInput(request=desk.request, attempt=self._attempt),
            Acquired,
            self._patience(policies.ACQUIRE),
            f"acquire for attempt {self._attempt.number}",
        )
        outcome = await desk.unless_ending(handle)
        if isinstance(outcome, Failure):
            await self._after(outcome)
            return None
        self._refused_as_full = ""
        self._attempt = self._attempt.model_copy(update={"resource": outcome.resource})
        return asked + window - policies.WINDOW_MARGIN

    async def _start(self, lapses: datetime | None) -> Started | Failure:
        """Send the start; Temporal repeats it only while it is refused for certain."""
        desk = self._desk
        self._tell(State.STARTING, "start sent")
        policy = self._patience(policies.START)
        if lapses is not None:
            policy = policies.within(policy, max(lapses - desk.now, policy.one_try))
        if desk.ending:
            policy = policies.within(policy, policies.LAST_START_WAIT)
            self._last_starts += 1
        handle = desk.call(
            names.START,
            StartInput(
                request=desk.request,
                scene=self._scene,
                attempt=self._attempt,
                not_after=lapses,
                recover=self._doubted is not None,
            ),
            Started,
            policy,
            f"start attempt {self._attempt.number} as {self._attempt.recorder}",
        )
        desk.session.opening = self._attempt
        goes_on = self._goes_on()
        await desk.wait(lambda: handle.done() or not goes_on())
        if not handle.done():
            give_up(handle)
        return await desk.outcome(handle)

    def _patience(self, policy: Policy) -> Policy:
        """How long a call is repeated before the session hears of its failure."""
        return policies.queued(policy) if self._refused_as_full else policy

    def _tell(self, state: State, what: str) -> None:
        """Show what the attempt is at; as long as the vendor is full, that."""
        waiting = self._refused_as_full
        acquired = self._desk.session.state is State.ACQUIRING and not self._failures
        told = waiting or f"attempt {self._attempt.number}: {what}"
        self._desk.move(state, told, passing=acquired and state is State.STARTING)

    async def _after(self, failure: Failure) -> None:
        """Make ready for the next call after one that failed."""
        if failure.in_doubt:
            self._doubted = self._doubted or self._attempt
            self._desk.session.doubt(self._attempt)
        self._take_in(failure)
        if failure.code == "ResourceExpired":
            self._attempt = self._attempt.model_copy(update={"resource": ""})
        elif failure.in_doubt:
            pauses = policies.DOUBT_PAUSES
            again = self._last_starts or self._failures
            pause = pauses[min(again, len(pauses)) - 1]
            await self._pause(pause, "before the start is repeated")
        elif failure.code == policies.FULL and not self._refused_as_full:
            self._refused_as_full = f"waiting for the vendor, which is full: {failure.message}"
            self._desk.attend_to("start", self._refused_as_full)
            await self._pause(policies.FULL_PAUSE, "before the vendor is asked again")
        if failure.code == policies.FULL and not self._named():
            await self._look_for_lost()

    async def _look_for_lost(self) -> None:
        """The place that is missing may be the one that a lost recording takes."""
        session = self._desk.session
        stray = session.nameless(self._attempt.recorder)
        if self._doubted:
            self._found = await self._search(self._doubted)
        elif stray and session.storage_readable:
            stray.task_id = await self._search(stray.attempt) or ""

    async def _pause(self, length: timedelta, why: str) -> None:
        goes_on = self._goes_on()
        await self._desk.wait(lambda: not goes_on(), self._desk.now + length, why)

    def _goes_on(self) -> Callable[[], bool]:
        """Tells until an event names the task or the session's end begins."""
        desk, ended_before = self._desk, self._desk.ending
        return lambda: not self._named() and desk.ending == ended_before

    def _named(self) -> bool:
        """Whether an event has named the task of a start in doubt: then nothing is repeated."""
        sighted = self._desk.session.sighted(self._attempt.recorder)
        return bool(self._doubted and (sighted or self._found))

    def _take_in(self, failure: Failure) -> None:
        """Go on after a failure that may pass; end the session on one that will not."""
        desk = self._desk
        if failure.code not in {*policies.PASSING, CANCELLED}:
            if self._doubted and not self._settled_later:
                desk.lose(self._doubted)
            raise SessionFailed(failure)
        if failure.code == CANCELLED:
            return
        text = f"{failure.code}: {failure.message}"
        desk.note(text, warning=True)
        desk.move(desk.session.state, text)
        self._failures += 1
        if self._failures >= policies.ATTENTION_AFTER_FAILURES:
            desk.attend_to("start", f"no start since {self._since:%H:%M:%S} UTC: {failure.message}")

    async def _find(self, attempt: Attempt) -> Task | None:
        """Wait for an event or a stored file to name the task of a start in doubt.

        The recording is running meanwhile; control calls wait. An attempt that nobody names
        becomes a stray, and the next one begins under another identity.
        """
        desk = self._desk
        desk.note(f"attempt {attempt.number} may be recording, its id was lost", warning=True)
        desk.move(State.STARTING, "recording runs at the vendor; waiting to be told its id")
        task_id = desk.session.sighted(attempt.recorder) or self._found
        until = desk.now + policies.LOST_ID_WAIT
        while task_id := task_id or await self._search(attempt, until):
            if await claimed(desk, Task(attempt=attempt, id=task_id), over_too=False):
                desk.note(f"attempt {attempt.number} found again")
                return await self._paired(attempt, task_id)
            task_id = desk.session.sighted(attempt.recorder)
        desk.lose(attempt)
        desk.attend_to(
            "stray", f"attempt {attempt.number} is a stray: it may be recording, id unknown"
        )
        return None

    async def _paired(self, attempt: Attempt, task_id: str) -> Task:
        """The task with the resource it was started under: the vendor takes it with no other."""
        desk = self._desk
        doubts = desk.session.doubts.get(attempt.recorder, [])
        for resource in doubts if len(doubts) > 1 else ():
            pair = attempt.model_copy(update={"resource": resource})
            task = Task(attempt=pair, id=task_id)
            handle = desk.call(
                names.WATCH,
                WatchInput(
                    request=desk.request, task=task, known=None, every=desk.traits.confirm_every
                ),
                Observation,
                policies.within(policies.WATCH, policies.ROUNDS_END),
                f"ask under which resource task {task.called} was started",
            )
            outcome = await desk.outcome(handle)
            if isinstance(outcome, Observation) or outcome.code != "InvalidRequest":
                return task
        return Task(attempt=attempt, id=task_id)

    async def _search(self, attempt: Attempt, until: datetime | None = None) -> str | None:
        """Wait for the task's id from either side, the vendor's events or storage."""
        desk, search = self._desk, begin_search(self._desk, attempt)
        await desk.wait(
            lambda: bool(desk.session.sighted(attempt.recorder) or (search and _found(search))),
            until or desk.now + policies.LOST_ID_WAIT,
            "for the lost task id",
        )
        if search:
            give_up(search)
            found = await desk.outcome(search)
            if isinstance(found, Started):
                return found.task_id
            if found.code != CANCELLED:
                desk.note(f"storage tells no id: {found.message}", warning=True)
        return desk.session.sighted(attempt.recorder)


def _found(search: asyncio.Task[Started]) -> bool:
    """A search that failed ends nothing: the vendor's event may still come."""
    return search.done() and not search.cancelled() and search.exception() is None

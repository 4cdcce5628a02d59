"""What every part of a session works on: its state, its inbox, its calls and its public face."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import SearchAttributeKey

with workflow.unsafe.imports_passed_through():
    from longtake.contracts.payloads import CheckInput
    from longtake.domain.events import Observation, VendorEvent
    from longtake.domain.files import Manifest
    from longtake.domain.ports import Attempt
    from longtake.domain.recording import RecordingRequest
    from longtake.domain.segment import Segment
    from longtake.domain.session import EndReason, Failure, Session, State
    from longtake.domain.traits import Traits
    from workflows import measures, policies
    from workflows.alarm import SOON
    from workflows.calls import call, give_up, outcome
    from workflows.details import details
    from workflows.policies import Policy

T = TypeVar("T")

TASK_IDS_SHOWN = 20
STEPS = 6
"""Of the parts of a session that wait for one another, until one moment's news went through all."""

_END = {State.STOPPING, State.COLLECTING, State.FINISHED}
_STATE = SearchAttributeKey.for_keyword("RecordingState")
_END_REASON = SearchAttributeKey.for_keyword("RecordingEndReason")
_TASK_IDS = SearchAttributeKey.for_keyword_list("RecordingTaskId")
_ATTENTION = SearchAttributeKey.for_bool("RecordingNeedsAttention")
_NAMES = {
    "vendor": SearchAttributeKey.for_keyword("RecordingVendor"),
    "account": SearchAttributeKey.for_keyword("RecordingAccount"),
    "room": SearchAttributeKey.for_keyword("RecordingRoom"),
}


class SessionFailed(Exception):
    """Raised inside a session when the vendor's answer leaves nothing to try."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class Desk:
    """One session at work."""

    def __init__(
        self,
        request: RecordingRequest,
        session: Session,
        inbox: Collection[tuple[str, tuple[Any, ...]]],
    ) -> None:
        """`inbox`: signals that nobody has read yet."""
        self.request = request
        self.session = session
        self.refused: dict[int, str] = {}
        """Why the vendor refused a revision, for the update that waits for it."""
        self.wished: dict[str, int] = {}
        """The revision that last changed a part of the scene."""
        self.closings: dict[int, asyncio.Task[None]] = {}
        """Segments whose end is under way, by number."""
        self.strange: deque[VendorEvent] = deque()
        """What the vendor said of tasks that are not ours, to be passed on."""
        self.reserved: tuple[str, datetime] | Failure | None = None
        """A resource for the first attempt, and until when it may be started; or why not."""
        self.looked: tuple[CheckInput, Manifest] | None = None
        """What was looked for when the last task was stopped, and found."""
        self.hunting = False
        """Whether strays are being stopped."""
        self._inbox = inbox
        self._shown: dict[str, Any] = {}
        self._publishing = False
        self._told = session.state
        """Which state others know."""
        self._ends_slowly = False
        self._beside: list[asyncio.Task[None]] = []
        self.stirs = 0
        """Counts what a waiting part may want to look at."""
        self._reached = session.submitted_at

    # --- time and news -------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """For stamps and for the length of timers; never to be compared with a moment."""
        return workflow.now()

    @property
    def reached(self) -> datetime:
        """The latest moment whose timer rang: what decisions compare with.

        The time of a workflow task may be that of the task before when the workflow was evicted
        and a query came between; a replay then sees another time, and must not decide otherwise.
        """
        return self._reached

    def reach(self, moment: datetime) -> None:
        """A timer set for `moment` rang."""
        self._reached = max(self._reached, moment)

    @property
    def traits(self) -> Traits:
        """How the vendor behaves; known once the request was prepared."""
        traits = self.session.traits
        assert traits is not None, "nothing is sent before"  # noqa: S101 - for the type checker
        return traits

    @property
    def ending(self) -> bool:
        return self.session.end_reason is not None

    def end(self, reason: EndReason, detail: str = "") -> None:
        """Decide that the session ends, and wake whoever waits."""
        if not self.ending:
            self.session.end(reason, detail)
            self.note(f"ending: {detail or reason}")
        self.stir()

    def stir(self) -> None:
        """Something changed that a waiting part may want to look at."""
        self.stirs += 1
        self.publish()

    async def wait(
        self, ready: Callable[[], bool], until: datetime | None = None, why: str = ""
    ) -> bool:
        """Whether `ready` came true before `until`."""
        timeout = None if until is None else max(until - self.now, SOON)
        if timeout and timeout > policies.TOLD_AFTER and self._told != self.session.state:
            self.lasts()
        try:
            await workflow.wait_condition(ready, timeout=timeout, timeout_summary=why or None)
        except TimeoutError:
            self.reach(until or self.reached)
            return ready()
        return True

    async def pause(self, length: timedelta, why: str) -> None:
        """Wait, unless the session ends first."""
        if length > timedelta(0):
            await self.wait(lambda: self.ending, self.now + length, why)

    async def deadline(self) -> None:
        """End the session at its deadline, which may be moved later while this waits."""
        waited_for = None
        while waited_for != self.session.deadline:
            waited_for = self.session.deadline
            await self.wait(lambda: False, waited_for, "until the deadline")
        at_the_hour = self.session.deadline == self.request.stop_at
        self.end(EndReason.STOP_AT if at_the_hour else EndReason.MAX_DURATION)

    def may_continue_as_new(self) -> bool:
        """Whether nothing is under way that a new run would lose."""
        closed = all(task.done() for task in self.closings.values())
        return closed and not self._inbox and not self.strange and workflow.all_handlers_finished()

    def beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin what goes on beside the session's own course."""
        self._beside = [task for task in self._beside if not task.done() or task.exception()]
        self._beside.append(asyncio.create_task(work))

    @property
    def broken(self) -> BaseException | None:
        """A defect in what goes on beside the session: it must fail the task, not go unseen."""
        ended = (task.exception() for task in self._beside if task.done())
        return next((error for error in ended if error is not None), None)

    # --- calls ---------------------------------------------------------------------------

    def call(
        self, name: str, order: Any, gives: type[T], policy: Policy, summary: str
    ) -> asyncio.Task[T]:
        """Start an activity of the session; see `workflows.calls`."""
        return call(self.request, name, order, gives, policy, summary=summary)

    async def outcome(self, handle: asyncio.Task[T]) -> T | Failure:
        """What an activity gave, or why it failed, as data."""
        return await outcome(handle)

    async def unless_ending(self, handle: asyncio.Task[T]) -> T | Failure:
        """As `outcome`; when the session ends first, the activity is asked to give up."""
        await self.wait(lambda: handle.done() or self.ending)
        if not handle.done():
            give_up(handle)
        return await self.outcome(handle)

    # --- what others see -----------------------------------------------------------------

    def note(self, text: str, *, warning: bool = False) -> None:
        """Add a line to the timeline."""
        self.session.note(text, self.now, warning=warning)
        if warning:
            workflow.logger.warning(text)

    def move(self, state: State, evidence: str, *, passing: bool = False) -> None:
        """Enter a state, or renew its evidence; while another segment records, only that.

        One that is `passing` is not told to others before it lasts: see `lasts`.
        """
        overlapping = self.session.live is not None and self.session.live.seen.phase.up
        opening = {State.ACQUIRING, State.STARTING, State.CONFIRMING}
        if overlapping and state in opening and self.session.state is State.RECORDING:
            state = State.RECORDING
        before = self.session.state
        if self.session.move(state, evidence, self.now) and before != state:
            self.note(f"{state}: {evidence}")
        if not passing or self._ends_slowly:
            self._told = self.session.state
        self.publish()

    def lasts(self) -> None:
        """The state goes on for a while: others are to know it."""
        self._told = self.session.state
        self.publish()

    def ends_slowly(self) -> None:
        """The end takes longer than it should: from now on others are told how far it is."""
        self._ends_slowly = True
        self.lasts()

    def attend_to(self, topic: str, why: str) -> None:
        """Ask for a person's eye, until `calm` says that the topic is over."""
        if self.session.attention.get(topic) != why:
            self.session.attention[topic] = why
            self.note(why, warning=True)
            self.publish()

    def lose(self, attempt: Attempt) -> None:
        """An attempt became a stray: it may be recording under an id nobody was told."""
        before = len(self.session.strays)
        self.session.lose(attempt, self.now)
        measures.strays(self.request, len(self.session.strays) - before)

    def observe(self, segment: Segment, seen: Observation) -> None:
        """The vendor told how a task is."""
        up_before = segment.up_at
        segment.observe(seen, self.now)
        if segment.up_at != up_before:
            measures.came_up(self.request, self.session)

    def calm(self, topic: str) -> None:
        """What wanted a person's eye is over."""
        if self.session.attention.pop(topic, None):
            self.publish()

    def publish(self) -> None:
        """Others are to see what changed, once everything that goes on at this moment has."""
        if not self._publishing:
            self._publishing = True
            self.beside(self._publish_soon())

    async def _publish_soon(self) -> None:
        """Publish a burst of changes as one."""
        for _ in range(STEPS):
            await workflow.wait_condition(lambda: True)
        self.publish_now()

    def publish_now(self) -> None:
        """Search attributes, only those that changed, and the page in the Temporal UI."""
        self._publishing = False
        session = self.session
        wanted: dict[SearchAttributeKey[Any], Any] = {_ATTENTION: bool(session.attention)}
        if self._told is session.state:
            wanted[_STATE] = session.state.value
            # The newest only: the server takes 2 KiB of them, and ends a session that sends more.
            newest = session.segments[-TASK_IDS_SHOWN:]
            wanted[_TASK_IDS] = [segment.task.id for segment in newest]
            if session.end_reason and session.state in _END:
                wanted[_END_REASON] = session.end_reason.value
        if not self._shown:
            # A caller may have said some of it already: Longtake's own client does.
            given = workflow.info().typed_search_attributes
            said = {key.name: given.get(key) for key in (_STATE, *_NAMES.values())}
            self._shown = {name: value for name, value in said.items() if value is not None}
            wanted |= {key: str(getattr(self.request, field)) for field, key in _NAMES.items()}
        changed = [
            key.value_set(value)
            for key, value in wanted.items()
            if value != self._shown.get(key.name, [] if key is _TASK_IDS else False)
        ]
        if changed:
            self._shown |= {key.name: value for key, value in wanted.items()}
            # The method's own overloads have no type for a list of updates of several kinds.
            workflow.upsert_search_attributes(changed)  # pyright: ignore[reportUnknownMemberType]
        workflow.set_current_details(details(self.request, session))


async def settled(task: asyncio.Task[Any]) -> None:
    """Wait for a task of our own that was told to finish."""
    await workflow.wait_condition(task.done)
    task.result()

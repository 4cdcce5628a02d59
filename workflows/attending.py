"""A segment from its acceptance to its end: is it up, is it alive, does it show the scene?"""

from __future__ import annotations

import asyncio
from datetime import datetime
from enum import Enum, auto

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from longtake.contracts import names
    from longtake.contracts.payloads import WatchInput
    from longtake.domain.errors import ASK_AGAIN
    from longtake.domain.events import Observation, TaskPhase
    from longtake.domain.segment import Segment, Verdict
    from longtake.domain.session import UNTIL_SEEN_UP, Failure, State
    from workflows import policies
    from workflows.alarm import SOON, Alarm
    from workflows.calls import CANCELLED, TIMED_OUT, give_up
    from workflows.closing import begin_closing
    from workflows.desk import Desk, settled
    from workflows.following import Following


class Over(Enum):
    """Why a segment is not attended any more."""

    ENDING = auto()
    """The session ends."""
    PAUSED = auto()
    ROTATE = auto()
    """The task's own life is nearly over: the next one takes its place."""
    NOT_UP = auto()
    DEAD = auto()
    TOO_LONG = auto()
    """The history is long enough: continue as new."""


class Attendance:
    """One live segment, and the earlier one that it relieves."""

    def __init__(self, desk: Desk, segment: Segment, relieved: Segment | None) -> None:
        self._desk = desk
        self._traits = desk.traits
        self._segment = segment
        self._relieved = relieved
        self._watch: asyncio.Task[Observation] | None = None
        self._watch_ends: datetime | None = None
        """When the watch ends without an answer: no timer is needed for that moment."""
        first = segment.up_at is None and not segment.announced
        self._watch_again = segment.accepted_at + self._traits.confirm_first if first else None
        self._hasten = False
        self._alarm = Alarm()

    async def until_over(self) -> Over:
        """Attend to the segment until it must be left."""
        following = Following(self._desk, self._segment)
        follow = asyncio.create_task(following.until_closed())
        while True:
            known = self._desk.stirs
            if (over := self._over()) is not None:
                break
            await self._keep_watch()
            self._alarm.set(*self._next_moment())
            await workflow.wait_condition(
                lambda known=known: self._has_news(known) or follow.done()
            )
            if follow.done():
                follow.result()  # it ends before us by a defect only
            if self._alarm.rang is not None:
                self._desk.reach(self._alarm.rang)
            await self._read_watch()
            self._show_state()
        following.close()
        if over is not Over.ENDING:
            self._alarm.set(None)
            await self.drop_watch()
        elif self._watch is not None:
            # It lapses with the session, for nothing. A cancel would cost a workflow task, and the
            # stop would wait for that.
            self._watch.add_done_callback(_whatever_came)
        await settled(follow)
        return over

    def _has_news(self, known: int) -> bool:
        answered = self._watch is not None and self._watch.done()
        return self._desk.stirs != known or answered or self._alarm.rang is not None

    def hear(self, segment: Segment) -> None:
        """The vendor said something about the segment: ask at once what it means."""
        if segment is self._segment:
            self._hasten = True

    # --- judging ---------------------------------------------------------------------------

    def _over(self) -> Over | None:
        desk, segment = self._desk, self._segment
        if desk.ending:
            return Over.ENDING
        verdict, _ = segment.judge(self._traits, desk.reached)
        if verdict is not Verdict.GO_ON:
            return Over.NOT_UP if verdict is Verdict.NOT_UP else Over.DEAD
        if desk.session.scene.on_hold and not self._traits.native_hold:
            return Over.PAUSED
        if not self._alone:
            return None
        if workflow.info().is_continue_as_new_suggested() and desk.may_continue_as_new():
            return Over.TOO_LONG
        rotation = self._rotation()
        return Over.ROTATE if rotation is not None and desk.reached >= rotation else None

    @property
    def _alone(self) -> bool:
        """Whether the segment is up and has taken over from the one before."""
        return self._relieved is None and self._segment.up_at is not None

    def _rotation(self) -> datetime | None:
        life = self._traits.task_life
        return None if life is None else self._segment.accepted_at + life

    def _next_moment(self) -> tuple[datetime | None, str]:
        """When to look again though nothing happened, and what for."""
        rotation = self._rotation()
        moments = [(self._watch_again, "to ask the vendor again")]
        if self._watch is None or self._turns != self._watch_ends:
            up = self._segment.up_at is not None
            why = (
                "until the missing recorder counts as gone" if up else "for the recorder to come up"
            )
            moments.append((self._turns, why))
        if self._alone and rotation and rotation < self._desk.session.deadline:
            moments.append((rotation, "until the task is replaced"))
        ahead = [(moment, why) for moment, why in moments if moment and moment > self._desk.reached]
        return min(ahead, default=(None, ""))

    @property
    def _turns(self) -> datetime | None:
        """When the evidence amounts to something else by itself."""
        return self._segment.judge(self._traits, self._desk.reached)[1]

    # --- watching --------------------------------------------------------------------------

    async def drop_watch(self) -> None:
        """Ask the vendor no more."""
        if self._watch is not None:
            give_up(self._watch)
            await self._desk.outcome(self._watch)
            self._watch = None

    async def _keep_watch(self) -> None:
        desk, segment, traits = self._desk, self._segment, self._traits
        known: Observation | None = segment.seen
        if self._hasten:
            self._hasten = False
            self._watch_again = None
            await self.drop_watch()
            # What the vendor complained of is over once it says so, though that is no news.
            known = None if UNTIL_SEEN_UP in desk.session.attention else known
        waiting = self._watch_again is not None and desk.reached < self._watch_again
        if self._watch is not None or waiting:
            return
        self._watch_again = None
        longest = None
        if segment.up_at is None:
            every = traits.confirm_every
        elif self._data_flows:
            every = traits.poll_every * (policies.SELDOM if segment.heard else 1)
            longest = 2 * every
        elif segment.seen.phase.up:
            every = min(policies.ASK_FOR_DATA, traits.poll_every)
        else:
            every = min(policies.ASK_SOONER, traits.poll_every)
        policy, self._watch_ends = policies.WATCH, self._turns
        if self._watch_ends is not None:
            policy = policies.within(policy, max(self._watch_ends - desk.now, SOON))
        self._watch = desk.call(
            names.WATCH,
            WatchInput(
                request=desk.request,
                task=segment.task,
                known=known,
                every=every,
                longest=longest,
            ),
            Observation,
            policy,
            f"watch task {segment.task.called}, every {every.total_seconds():.0f} s",
        )

    @property
    def _data_flows(self) -> bool:
        """By the vendor's answer, or by its events where no answer tells."""
        seen, told = self._segment.seen.phase, self._traits.data_by_events
        heard = told and self._segment.had_data
        return seen is TaskPhase.FLOWING or (seen is TaskPhase.RUNNING and heard)

    async def _read_watch(self) -> None:
        desk, watch = self._desk, self._watch
        if watch is None or not watch.done():
            return
        self._watch = None
        seen = await desk.outcome(watch)
        if isinstance(seen, Failure):
            desk.lasts()
            if seen.code not in {CANCELLED, TIMED_OUT, ASK_AGAIN}:
                desk.attend_to("watch", f"cannot ask the vendor: {seen.code}: {seen.message}")
            self._watch_again = self._watch_ends or desk.now + self._traits.poll_every
            return
        desk.calm("watch")
        if seen.phase.up:
            desk.calm(UNTIL_SEEN_UP)
        else:
            desk.lasts()
        desk.observe(self._segment, seen)

    def _show_state(self) -> None:
        desk, segment = self._desk, self._segment
        phase, detail = segment.seen.phase, segment.seen.detail
        if segment.up_at is None:
            return
        if self._relieved is not None and phase.up:
            begin_closing(desk, self._relieved)
            self._relieved = None
        if phase.up:
            desk.calm("start")
        held = segment.shown.on_hold
        evidence = {
            TaskPhase.RUNNING: "recorder is up, waiting for media to be stored",
            TaskPhase.MISSING: "vendor does not know the task now: ended, or moving",
        }.get(phase, f"task is {phase}")
        if self._data_flows:
            evidence = "data flows"
        desk.move(
            State.PAUSED if held else State.RECORDING,
            f"on hold at the vendor ({detail})" if held else f"{evidence} ({detail})",
        )


def _whatever_came(watch: asyncio.Task[Observation]) -> None:
    """Else the event loop complains of a failure that nobody looked at."""
    if not watch.cancelled():
        watch.exception()

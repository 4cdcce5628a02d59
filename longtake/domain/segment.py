"""What becomes of an attempt: a segment, whose task is known, or a stray, which may be running."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from longtake.domain.events import Observation, TaskPhase
from longtake.domain.files import FileRef, Uploading, each_once
from longtake.domain.model import Kept
from longtake.domain.ports import Attempt, Stopped, Task
from longtake.domain.recording import Scene, ScenePart
from longtake.domain.traits import Traits

SHORTEST_FILE = timedelta(seconds=2)
"""A task that was ended sooner may have left nothing, though media flowed."""


class Verdict(StrEnum):
    """What a segment's evidence amounts to."""

    GO_ON = "go_on"
    NOT_UP = "not_up"
    OVER = "over"


class Stray(Kept):
    """An attempt that may have left a recording running under an id that was never told."""

    attempt: Attempt
    since: datetime
    resources: list[str] = []
    """Under which its start may have had its effect; the vendor takes a stop with no other."""
    task_id: str = ""
    end_heard: bool = False
    """Whether the vendor's own event said that the task is over."""
    stopped_at: datetime | None = None
    beyond_reach: str = ""
    """Why the vendor will not let us stop it."""

    @property
    def settled(self) -> bool:
        """Whether nothing more can be done about it."""
        return self.stopped_at is not None or bool(self.beyond_reach)


class Sighting(Kept):
    """A task that an event named, under a recorder of ours that has no segment yet."""

    recorder: str
    task_id: str
    first_at: datetime
    over: bool = False
    data: bool = False
    """Whether an event said that data flows."""


class Segment(Kept):
    """One vendor task: when it ran, what it last showed, what it left."""

    number: int
    task: Task
    accepted_at: datetime
    shown: Scene
    """What the vendor was last told successfully."""
    unsure: list[ScenePart] = []
    """Parts of which a later call may have had its effect all the same."""
    seen: Observation
    changed_at: datetime
    """Since when `seen.phase` is what it is."""
    up_at: datetime | None = None
    stopping_at: datetime | None = None
    """When it was first to be stopped: the vendor's answer may take several tries."""
    ended_at: datetime | None = None
    stop_confirmed: bool = False
    """Whether the vendor answered a stop: "unknown task" may also mean one out of reach."""
    end_detail: str = ""
    heard: bool = False
    """Whether an event of it has come."""
    announced: bool = False
    """Whether an event named the task before its start was answered: it can be asked about."""
    end_heard: bool = False
    """Whether the vendor's own event said that the task is over."""
    had_data: bool = False
    """Whether anything of it ever reached storage."""
    uploading: Uploading = "unknown"
    reported: tuple[FileRef, ...] = ()
    upload_errors: list[str] = []
    """What the vendor said of files that it could not store."""

    @property
    def leaves_files(self) -> bool:
        """Whether something must be in storage: data came, for longer than a file needs."""
        until = self.stopping_at or self.ended_at or self.accepted_at
        return self.had_data and until - self.accepted_at >= SHORTEST_FILE

    def observe(self, seen: Observation, now: datetime) -> None:
        """Take in the vendor's answer to a query."""
        if seen.phase != self.seen.phase:
            self.changed_at = now
        if seen.phase.up and self.up_at is None:
            self.up_at = now
        self.seen = seen
        self.had_data = self.had_data or seen.phase is TaskPhase.FLOWING
        self.add_files(seen.files)

    def add_files(self, files: tuple[FileRef, ...]) -> None:
        """Remember what the vendor named, each key once."""
        self.reported = each_once(*self.reported, *files)

    def close(self, stopped: Stopped, now: datetime, *, confirmed: bool) -> None:
        """Record the end, and whether the vendor confirmed it as the answer to a stop."""
        self.ended_at = self.ended_at or now
        self.stop_confirmed = confirmed
        self.end_detail = self.end_detail or stopped.detail
        if stopped.uploading != "unknown":
            self.uploading = stopped.uploading
        self.add_files(stopped.files)

    def judge(self, traits: Traits, now: datetime) -> tuple[Verdict, datetime | None]:
        """What the evidence amounts to, and when it would amount to something else by itself."""
        phase = self.seen.phase
        if phase.over:
            return (Verdict.OVER if self.up_at else Verdict.NOT_UP), None
        if self.up_at is None:
            given_up = self.accepted_at + traits.confirm_within
            if now >= given_up or (phase is TaskPhase.MISSING and self.end_heard):
                return Verdict.NOT_UP, None
            return Verdict.GO_ON, given_up
        if phase.up:
            return Verdict.GO_ON, None
        decided = self.changed_at + traits.missing_grace
        if now >= decided or (phase is TaskPhase.MISSING and self.end_heard):
            return Verdict.OVER, None
        return Verdict.GO_ON, decided

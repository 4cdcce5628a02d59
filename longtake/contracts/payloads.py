"""The messages of a session: what callers send, what activities take and give.

A payload is a row in a history: fields are only added, with defaults.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import Field, model_validator

from longtake.domain.discarding import Discard
from longtake.domain.events import Observation
from longtake.domain.files import FileRef, Manifest, Uploading, each_once
from longtake.domain.layout import Layout
from longtake.domain.model import Asked, Kept
from longtake.domain.ports import Attempt, Stopped, Task
from longtake.domain.recording import (
    Duration,
    Moment,
    RecordingRequest,
    Scene,
    ScenePart,
    Subscriptions,
)
from longtake.domain.session import EndReason, Failure, LayoutRevision, Note, Session, State
from longtake.domain.traits import Traits


class LayoutChange(Asked):
    """`change_layout`, `set_layout`: the whole new layout."""

    layout: Layout


class SubscriptionsChange(Asked):
    """`change_subscriptions`, `set_subscriptions`: who is recorded from now on."""

    subscriptions: Subscriptions


class NoFields(Asked):
    """`pause` and `resume` take nothing."""


class Extension(Asked):
    """`extend`: a new end, by a duration or at a time."""

    by: Duration | None = None
    until: Moment | None = None

    @model_validator(mode="after")
    def _one_of_the_two(self) -> Extension:
        if (self.by is None) == (self.until is None):
            raise ValueError("give either by or until")
        return self


class StopOrder(Asked):
    """`stop`: end the session; the reason is kept for the record."""

    reason: str = Field(default="", max_length=200)
    discard: bool = False
    """Delete what was recorded, once the vendor has stored it."""


class Applied(Kept):
    """Answer of an update: the revision that the vendor's picture now has."""

    revision: int


class SegmentStatus(Kept):
    """One vendor task, as `status` shows it."""

    number: int
    task_id: str
    recorder: str
    path: str
    phase: str
    accepted_at: datetime
    up_at: datetime | None
    ended_at: datetime | None
    end_detail: str
    uploading: Uploading
    """What the vendor last said of the files: it is no proof, the manifest is."""
    revision: int


class StrayStatus(Kept):
    """An attempt that may have left a recording behind."""

    attempt: int
    recorder: str
    since: datetime
    task_id: str
    stopped_at: datetime | None


class RecordingStatus(Kept):
    """Answer of the query `status`."""

    state: State
    since: datetime
    evidence: str
    evidence_at: datetime
    due_at: datetime
    deadline: datetime
    revision: int
    applied_revision: int
    """0 until a recording runs."""
    layout: Layout | None
    subscriptions: Subscriptions
    on_hold: bool
    attempts: int
    segments: list[SegmentStatus]
    strays: list[StrayStatus]
    warning: str
    attention: list[str]
    end_reason: EndReason | None
    failure: Failure | None
    discard: Discard | None = None
    """That its files are to be deleted, and what was."""

    @classmethod
    def of(cls, session: Session) -> RecordingStatus:
        """The session as a caller sees it."""
        applied = session.segments[-1].shown.revision if session.segments else 0
        return cls(
            state=session.state,
            since=session.since,
            evidence=session.evidence,
            evidence_at=session.evidence_at,
            due_at=session.due_at,
            deadline=session.deadline,
            revision=session.scene.revision,
            applied_revision=applied,
            layout=session.scene.layout,
            subscriptions=session.scene.subscriptions,
            on_hold=session.scene.on_hold,
            attempts=len(session.attempts),
            segments=segments_of(session),
            strays=strays_of(session),
            warning=session.warning,
            attention=list(session.attention.values()),
            end_reason=session.end_reason,
            failure=session.failure,
            discard=session.discard,
        )


class RecordingResult(Kept):
    """What the workflow returns: how it ended, and a checked list of files."""

    end_reason: EndReason
    end_detail: str
    manifest: Manifest
    segments: list[SegmentStatus]
    strays: list[StrayStatus]
    revisions: int
    lateness: timedelta | None
    """From when the recording was due until the first recorder was up."""
    layout_revisions: list[LayoutRevision] = []
    """Which layout was shown from when on: the last 200 changes."""
    discard: Discard | None = None
    """The audit, where the recording was to be discarded."""

    @classmethod
    def of(cls, session: Session, manifest: Manifest) -> RecordingResult:
        """The finished session in short."""
        ups = [segment.up_at for segment in session.segments if segment.up_at]
        return cls(
            end_reason=session.end_reason or EndReason.FAILED,
            end_detail=session.end_detail,
            manifest=manifest,
            segments=segments_of(session),
            strays=strays_of(session),
            revisions=session.scene.revision,
            lateness=min(ups) - session.due_at if ups else None,
            layout_revisions=list(session.layout_revisions),
            discard=session.discard,
        )


class Timeline(Kept):
    """Answer of the query `timeline`."""

    notes: list[Note]
    dropped: int


def segments_of(session: Session) -> list[SegmentStatus]:
    """Every vendor task of the session."""
    return [
        SegmentStatus(
            number=segment.number,
            task_id=segment.task.id,
            recorder=segment.task.attempt.recorder,
            path=segment.task.attempt.path,
            phase=segment.seen.phase,
            accepted_at=segment.accepted_at,
            up_at=segment.up_at,
            ended_at=segment.ended_at,
            end_detail=segment.end_detail,
            uploading=segment.uploading,
            revision=segment.shown.revision,
        )
        for segment in session.segments
    ]


def strays_of(session: Session) -> list[StrayStatus]:
    """Every attempt of the session that may have left a recording behind."""
    return [
        StrayStatus(
            attempt=stray.attempt.number,
            recorder=stray.attempt.recorder,
            since=stray.since,
            task_id=stray.task_id,
            stopped_at=stray.stopped_at,
        )
        for stray in session.strays
    ]


# --- the workflow ------------------------------------------------------------------------


class Carried(Kept):
    """What a session hands to its next run when its history has grown long."""

    request: RecordingRequest
    session: Session


# --- activities ---------------------------------------------------------------------------


class PrepareInput(Kept):
    """Check a request, and reserve a resource for its first attempt if one is needed now."""

    request: RecordingRequest
    session: str
    """Its key, of which the attempt's identity is made."""
    at: datetime
    acquire: bool
    """Whether the recording is due."""


class Prepared(Kept):
    """What the worker's settings add to a request."""

    traits: Traits
    storage_readable: bool
    resource: str = ""
    """Reserved for the first attempt; empty if the session is to see to that itself."""
    refused: Failure | None = None
    """Why none could be reserved."""


class AcquireInput(Kept):
    """Reserve a resource for an attempt."""

    request: RecordingRequest
    attempt: Attempt


class StartInput(Kept):
    """Start an attempt at the request with this scene."""

    request: RecordingRequest
    scene: Scene
    attempt: Attempt
    not_after: datetime | None = None
    """Until when the attempt's resource may be started."""
    recover: bool = False
    """Whether an earlier start of the attempt is in doubt."""


class Acquired(Kept):
    """What acquire gave."""

    resource: str


class Started(Kept):
    """What start gave."""

    task_id: str


class ApplyInput(Kept):
    """Make the task show one part of `scene`."""

    request: RecordingRequest
    task: Task
    scene: Scene
    part: ScenePart


class WatchInput(Kept):
    """Ask until there is news: an answer unlike `known`."""

    request: RecordingRequest
    task: Task
    known: Observation | None
    every: timedelta
    longest: timedelta | None = None
    """To which `every` may stretch while the account's calls wait for their turn."""
    made_after: datetime | None = None
    """A task that the vendor made earlier is not the one that is meant: it is missing."""


class FindTaskInput(Kept):
    """Look in storage for the id of an attempt whose start was lost."""

    request: RecordingRequest
    attempt: Attempt
    written_after: datetime | None = None
    """Older files are others'."""
    known: tuple[str, ...] = ()
    """Tasks that it is not."""


class SegmentFiles(Kept):
    """What one segment is said to have left."""

    number: int
    task: Task
    reported: tuple[FileRef, ...]
    had_data: bool
    """Whether files must be there though none was reported."""


class LeftBehind(Kept):
    """Where files of a session may lie: in an attempt's own path, or under a task's own names."""

    attempt: Attempt
    task_id: str = ""
    segment: int = 0
    """0 for an attempt that became none."""


class CheckInput(Kept):
    """Compare what is said with what storage holds.

    Unless `final`, missing files are a reason to look again later, not an answer.
    """

    request: RecordingRequest
    segments: tuple[SegmentFiles, ...]
    final: bool = False
    session: str = ""
    """The session's key, which names the folder of its files; empty where no document is wanted."""
    besides: tuple[LeftBehind, ...] = ()
    """Attempts that became no segment."""
    failed: bool = False
    """Whether the session failed before it had a segment."""

    def told(self, task: Task, files: tuple[FileRef, ...]) -> CheckInput:
        """The same, once the vendor has named these files of a task's."""
        segments = tuple(
            part.model_copy(update={"reported": each_once(*part.reported, *files)})
            if part.task == task
            else part
            for part in self.segments
        )
        return self.model_copy(update={"segments": segments})


class StopInput(Kept):
    """End one task."""

    request: RecordingRequest
    task: Task
    files: CheckInput | None = None
    """What to look for at once if the vendor says that all is stored; None while more is coming."""


class TaskStopped(Stopped):
    """The vendor's answer, and what was seen then."""

    manifest: Manifest | None = None
    """The checked list; None unless all was there already."""


class DiscardInput(Kept):
    """Delete what a session left, and nothing else.

    Unless `final`, a file that cannot be deleted is a reason to try again, not an answer.
    """

    request: RecordingRequest
    folder: str
    """The session's own: manifests, merged files and, where vendors let us choose, all others."""
    parts: tuple[LeftBehind, ...] = ()
    keys: tuple[str, ...] = ()
    """Files of ours that lie elsewhere."""
    final: bool = False

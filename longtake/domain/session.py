"""One recording session: its states, what it knows of its vendor tasks, and how it learns.

A session has numbered *attempts* (every start ever sent), *segments* (vendor tasks whose id is
known) and *strays* (attempts that may have left a recording whose id nobody was told).
Everything here is pure: time comes in as an argument, nothing goes out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from longtake.domain.discarding import Discard
from longtake.domain.events import EventKind, Observation, TaskPhase, VendorEvent
from longtake.domain.files import Manifest
from longtake.domain.model import Kept
from longtake.domain.ports import Attempt, Task, attempt
from longtake.domain.recording import Scene
from longtake.domain.segment import Segment, Sighting, Stray
from longtake.domain.traits import Traits

SEGMENTS_KEPT = 100
TIMELINE_KEPT = 200
HEARD_KEPT = 500
SIGHTINGS_KEPT = 20
DATA = frozenset({EventKind.MEDIA_FLOWING, EventKind.FILES})
"""Events that tell of data, where no answer of the vendor does."""
UNTIL_SEEN_UP = "vendor"
"""The topic of what a vendor's event complains of, until its answer says that the task is up."""
STRANGERS_KEPT = 50
REVISIONS_KEPT = 200
UPLOAD_ERRORS_KEPT = 20


class State(StrEnum):
    """Where the session stands; forward only, save that a new attempt begins at `acquiring`."""

    SCHEDULED = "scheduled"
    ACQUIRING = "acquiring"
    STARTING = "starting"
    CONFIRMING = "confirming"
    RECORDING = "recording"
    PAUSED = "paused"
    STOPPING = "stopping"
    COLLECTING = "collecting"
    FINISHED = "finished"


_OPENING = {State.ACQUIRING, State.STARTING}
TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.SCHEDULED: frozenset({*_OPENING, State.STOPPING}),
    State.ACQUIRING: frozenset({State.STARTING, State.STOPPING}),
    State.STARTING: frozenset({State.ACQUIRING, State.CONFIRMING, State.STOPPING}),
    State.CONFIRMING: frozenset({*_OPENING, State.RECORDING, State.PAUSED, State.STOPPING}),
    State.RECORDING: frozenset({*_OPENING, State.PAUSED, State.STOPPING}),
    State.PAUSED: frozenset({*_OPENING, State.RECORDING, State.STOPPING}),
    State.STOPPING: frozenset({State.COLLECTING}),
    State.COLLECTING: frozenset({State.FINISHED}),
    State.FINISHED: frozenset(),
}


class EndReason(StrEnum):
    """Why the session ended."""

    STOPPED = "stopped"
    STOP_AT = "stop_at"
    MAX_DURATION = "max_duration"
    CANCELLED = "cancelled"
    ENDED_BY_VENDOR = "ended_by_vendor"
    FAILED = "failed"
    ABANDONED = "abandoned"
    """Its workflow was ended from outside; what it left was ended later, by a sweep."""


class Note(Kept):
    """A line of the timeline."""

    at: datetime
    text: str
    warning: bool = False


class Failure(Kept):
    """Why a session failed, with the vendor's own code."""

    code: str
    message: str
    vendor_code: str = ""
    in_doubt: bool = False
    """Of a start: whether a recording may be running all the same."""


class LayoutRevision(Kept):
    """From when on a segment showed a revision of the scene."""

    revision: int
    layout: str = ""
    """Its kind; empty where nothing is arranged."""
    segment: int
    at: datetime


class Session(Kept):
    """Everything that must survive a worker, a server and continue-as-new."""

    key: str
    """Tells this session's attempts from every other session's."""
    submitted_at: datetime
    due_at: datetime
    deadline: datetime
    state: State = State.SCHEDULED
    since: datetime
    evidence: str = ""
    evidence_at: datetime
    scene: Scene
    """What the caller wants shown; a running segment's `shown` follows it."""
    traits: Traits | None = None
    storage_readable: bool = False
    attempts: list[Attempt] = []
    opening: Attempt | None = None
    """The attempt whose start is under way, with its resource, until it is known what became of
    it."""
    segments: list[Segment] = []
    strays: list[Stray] = []
    doubts: dict[str, list[str]] = {}
    """Resources under which a recorder of ours may have been started, by recorder."""
    doubted: dict[str, int] = {}
    """The last attempt of which a start was in doubt, by recorder."""
    sightings: list[Sighting] = []
    strangers: list[str] = []
    """Tasks of the room that are nobody's here, and were passed on to be placed."""
    foreign: list[str] = []
    """Tasks that go by an identity of ours, and are another session's."""
    heard: list[str] = []
    layout_revisions: list[LayoutRevision] = []
    """What was shown when; the oldest go first."""
    timeline: list[Note] = []
    dropped_notes: int = 0
    warning: str = ""
    attention: dict[str, str] = {}
    """Why a person should look, by topic; empty while nobody need."""
    end_reason: EndReason | None = None
    end_detail: str = ""
    failure: Failure | None = None
    manifest: Manifest | None = None
    discard: Discard | None = None
    """Set when the caller wants nothing of the recording to be left."""

    @property
    def live(self) -> Segment | None:
        """The segment that records, or may yet."""
        for segment in reversed(self.segments):
            if segment.ended_at is None:
                return segment
        return None

    def note(self, text: str, now: datetime, *, warning: bool = False) -> None:
        """Add a line to the timeline; the oldest lines go first when it is full."""
        self.timeline.append(Note(at=now, text=text, warning=warning))
        if len(self.timeline) > TIMELINE_KEPT:
            del self.timeline[0]
            self.dropped_notes += 1
        if warning:
            self.warning = text

    def move(self, state: State, evidence: str, now: datetime) -> bool:
        """Enter `state`, unless the session may not go there any more.

        A refused move is no error: it is how a late event finds that it is late.
        """
        if state != self.state:
            if state not in TRANSITIONS[self.state]:
                return False
            self.state, self.since = state, now
        self.evidence, self.evidence_at = evidence, now
        return True

    def open_attempt(self, base_path: str, now: datetime, recorder: str | None = None) -> Attempt:
        """Number the next attempt and give it the identity under which it can be found.

        A recorder that may be in the room is started again, unless another one is recording.
        """
        assert self.traits is not None, "traits are known before anything is sent"  # noqa: S101
        number = len(self.attempts) + 1
        if recorder is None and self.live is None and self.attempts:
            last = self.attempts[-1].recorder
            recorder = last if last in self.suspects else None
        opened = attempt(self.traits, self.key, number, base_path, now, recorder=recorder or "")
        self.attempts.append(opened)
        return opened

    @property
    def suspects(self) -> list[str]:
        """Recorders that may be in the room, where starting one again puts out its double.

        Suspect is a recorder of which a start was in doubt, or a task ended without the vendor's
        own word. Proof of the contrary is a task of that attempt or a later one that was seen up,
        and goes on or ended for certain.
        """
        if self.traits is None or self.traits.repeated_start != "replaces":
            return []
        since = dict(self.doubted)
        for segment in self.segments:
            attempt = segment.task.attempt
            if segment.ended_at and not self._ended_for_certain(segment):
                since[attempt.recorder] = max(attempt.number, since.get(attempt.recorder, 0))
        return [recorder for recorder, number in since.items() if not self._proof(recorder, number)]

    def _ended_for_certain(self, segment: Segment) -> bool:
        """Of a recorder that was ever in doubt only an answered stop of a task that was up is
        certain: another end may be the double's doing.
        """
        if segment.task.attempt.recorder in self.doubted:
            return segment.stop_confirmed and segment.seen.phase.up
        return segment.stop_confirmed or segment.end_heard or segment.seen.phase.over

    def _proof(self, recorder: str, since: int) -> bool:
        return any(
            segment.task.attempt.recorder == recorder
            and segment.task.attempt.number >= since
            and segment.up_at is not None
            and (segment.ended_at is None or self._ended_for_certain(segment))
            for segment in self.segments
        )

    @property
    def _shared(self) -> bool:
        """Whether the vendor's events may be of another session though they name our recorder."""
        return self.traits is not None and self.traits.recorder_ids.shared

    def last_attempt(self, recorder: str) -> Attempt:
        """The newest attempt of a recorder of ours."""
        return next(a for a in reversed(self.attempts) if a.recorder == recorder)

    def open_segment(self, task: Task, shown: Scene, now: datetime) -> Segment:
        """Record that the vendor accepted an attempt under `task.id`."""
        segment = Segment(
            number=self.segments[-1].number + 1 if self.segments else 1,
            task=task,
            accepted_at=now,
            shown=shown,
            seen=Observation(phase=TaskPhase.STARTING, at=now),
            changed_at=now,
        )
        self.segments.append(segment)
        self.show(segment, shown, now)
        self._forget_empty_segments()
        self._settle_sightings(task.attempt, now)
        return segment

    def show(self, segment: Segment, scene: Scene, now: datetime) -> None:
        """The vendor shows a scene from now on."""
        segment.shown = scene
        kind = scene.layout.kind if scene.layout else ""
        self.layout_revisions.append(
            LayoutRevision(revision=scene.revision, layout=kind, segment=segment.number, at=now)
        )
        del self.layout_revisions[:-REVISIONS_KEPT]

    def _forget_empty_segments(self) -> None:
        """Bound the record of a room that stays empty for days: what left nothing is dropped."""
        empty = [s for s in self.segments if s.ended_at and not s.had_data and not s.reported]
        for segment in empty[: max(0, len(self.segments) - SEGMENTS_KEPT)]:
            self.segments.remove(segment)

    def lose(self, attempt: Attempt, now: datetime) -> None:
        """List an attempt as a stray: it may be recording under an id nobody was told."""
        self._add_stray(attempt, now)
        self._settle_sightings(attempt, now)

    def doubt(self, attempt: Attempt) -> None:
        """Remember a start that may have had its effect."""
        self.doubted[attempt.recorder] = attempt.number
        known = self.doubts.setdefault(attempt.recorder, [])
        if attempt.resource not in known:
            known.append(attempt.resource)

    def abandon(self, now: datetime) -> None:
        """Take into account that the session was ended from outside, whatever was under way: the
        answer to a start that was sent went nowhere.
        """
        attempt, self.opening = self.opening, None
        if attempt is None:
            return
        self.doubt(attempt)
        if self.traits is None or self.traits.repeated_start != "replaces":
            self.lose(attempt, now)

    def disown(self, task_id: str, now: datetime) -> None:
        """Forget a task that turned out to be another session's; the next one seen is looked at."""
        self.foreign.append(task_id)
        del self.foreign[:-SIGHTINGS_KEPT]
        self.sightings = [s for s in self.sightings if s.task_id != task_id]
        for stray in [s for s in self.strays if s.task_id == task_id]:
            stray.task_id, stray.end_heard = "", False
            self._settle_sightings(stray.attempt, now)

    def nameless(self, recorder: str) -> Stray | None:
        """A stray of the recorder of which nobody told the task's id."""
        nameless = (s for s in self.strays if not s.task_id)
        return next((s for s in nameless if s.attempt.recorder == recorder), None)

    def sighted(self, recorder: str) -> str | None:
        """The newest task that events named under a recorder of ours, unless it is over."""
        seen = [s for s in self.sightings if s.recorder == recorder and not s.over]
        return max(seen, key=lambda sighting: sighting.first_at).task_id if seen else None

    def end(self, reason: EndReason, detail: str = "") -> None:
        """Decide that the session ends; the first reason stays."""
        if self.end_reason is None:
            self.end_reason, self.end_detail = reason, detail

    def wish(self, now: datetime, what: str, **change: object) -> int:
        """Accept a change of the scene; gives its revision."""
        revision = self.scene.revision + 1
        self.scene = self.scene.model_copy(update={**change, "revision": revision})
        self.note(f"revision {revision}: {what}", now)
        return revision

    def ask_to_discard(self, reason: str, now: datetime) -> None:
        """Decide that nothing of the recording is to be left; the first order stays."""
        if self.discard is None:
            self.discard = Discard(asked_at=now, reason=reason)
            told = f": {reason}" if reason else ""
            self.note(f"to be discarded{told}", now)

    def hear(self, event: VendorEvent, now: datetime) -> Segment | None:
        """Take in a verified callback, once, whenever it comes and in whatever order.

        Gives the segment that it is about, when its task is one of ours and not over.
        """
        if event.id in self.heard or not self.concerns(event):
            return None
        self.heard.append(event.id)
        del self.heard[:-HEARD_KEPT]
        self._sight(event, now)
        for stray in self.strays:
            if stray.task_id and stray.task_id == event.task_id:
                stray.end_heard = stray.end_heard or event.kind.ends
        segment = next((s for s in self.segments if s.task.id == event.task_id), None)
        if segment is None:
            return None
        return self._learn(segment, event, now)

    def is_stranger(self, event: VendorEvent) -> bool:
        """Whether an event names a task that is nobody's here; told once for each task."""
        if not event.task_id or event.kind.ends or event.task_id in self.strangers:
            return False
        if self.could_be_of(event):
            return False
        self.strangers.append(event.task_id)
        del self.strangers[:-STRANGERS_KEPT]
        return True

    def could_be_of(self, event: VendorEvent) -> bool:
        """Whether the event's task is this session's, or one that it misses."""
        ours = self.known_tasks - {*self.foreign}
        if event.task_id in ours or not self.concerns(event):
            return event.task_id in ours
        if not self._shared or not self.attempts:
            return True
        settled = self._settled(self.last_attempt(event.recorder))
        return event.task_id not in self.foreign and (not settled or self._missing(event.recorder))

    def concerns(self, event: VendorEvent) -> bool:
        """Whether an event is about this session, or may be where others share its identity.

        By task id first: after a failover the vendor shows another recorder.
        """
        return any(event.task_id == segment.task.id for segment in self.segments) or any(
            event.recorder == attempt.recorder for attempt in self.attempts
        )

    def _sight(self, event: VendorEvent, now: datetime) -> None:
        """Place a task that is not known yet: it is being looked for, or it is a stray."""
        ours = any(attempt.recorder == event.recorder for attempt in self.attempts)
        if not ours or not event.task_id or event.task_id in self.known_tasks:
            return
        attempt = self.last_attempt(event.recorder)
        settled = self._settled(attempt)
        if settled and self._shared and not self._missing(event.recorder):
            return  # it is another session's
        sighting = next((s for s in self.sightings if s.task_id == event.task_id), None)
        if sighting is None:
            sighting = Sighting(recorder=event.recorder, task_id=event.task_id, first_at=event.at)
            self.sightings.append(sighting)
        sighting.first_at = min(sighting.first_at, event.at)
        sighting.over = sighting.over or event.kind.ends
        sighting.data = sighting.data or event.kind in DATA
        if settled:
            self._settle_sightings(attempt, now)

    def _missing(self, recorder: str) -> bool:
        """Whether a task of the recorder is still to be found, or to be known for ours."""
        return any(s.attempt.recorder == recorder and not s.settled for s in self.strays)

    def _settled(self, attempt: Attempt) -> bool:
        """Whether it is known what became of an attempt, or known that nobody tells."""
        settled = [s.task.attempt for s in self.segments] + [s.attempt for s in self.strays]
        return any(other.number == attempt.number for other in settled)

    @property
    def known_tasks(self) -> set[str]:
        """Tasks that are ours, and such as are not."""
        ours = {s.task.id for s in self.segments} | {s.task_id for s in self.strays}
        return (ours | {*self.foreign}) - {""}

    def _settle_sightings(self, attempt: Attempt, now: datetime) -> None:
        """An attempt is settled: each task that was seen of it is its segment's, or a stray."""
        for sighting in [s for s in self.sightings if s.recorder == attempt.recorder]:
            segment = next((s for s in self.segments if s.task.id == sighting.task_id), None)
            if segment is not None:
                segment.announced, segment.end_heard = True, sighting.over
                segment.had_data |= sighting.data and self._told_by_events
            stray = self.nameless(attempt.recorder)
            if sighting.task_id not in self.known_tasks:
                if stray is None and self._shared:
                    continue  # another session's, or ours if the one named before is not
                stray = stray or self._add_stray(attempt, now)
                stray.task_id = sighting.task_id
                # Of a shared identity the vendor is asked first whether it is ours.
                stray.stopped_at = now if sighting.over and not self._shared else None
            self.sightings.remove(sighting)
        del self.sightings[:-SIGHTINGS_KEPT]

    def _add_stray(self, attempt: Attempt, now: datetime) -> Stray:
        resources = self.doubts.get(attempt.recorder) or [attempt.resource]
        stray = Stray(attempt=attempt, since=now, resources=list(resources))
        self.strays.append(stray)
        return stray

    def _attend_to(self, topic: str, why: str, now: datetime) -> None:
        self.attention[topic] = why
        self.note(why, now, warning=True)

    @property
    def _told_by_events(self) -> bool:
        return self.traits is not None and self.traits.data_by_events

    def _learn(self, segment: Segment, event: VendorEvent, now: datetime) -> Segment | None:
        segment.heard = True
        segment.add_files(event.files)
        match event.kind:
            case EventKind.UPLOADED:
                segment.uploading = "uploaded"
                self.attention.pop("uploads", None)
            case EventKind.BACKED_UP if segment.uploading != "uploaded":
                segment.uploading = "backed_up"
                self._attend_to("uploads", "uploads: in the vendor's own backup", now)
            case EventKind.UPLOAD_FAILED if segment.uploading != "uploaded":
                segment.uploading = "failed"
                self._fail_upload(segment, event, now)
            case EventKind.ENDED:
                segment.end_heard = True
            case EventKind.DONE:
                segment.end_heard, segment.uploading = True, "uploaded"
                self.attention.pop("uploads", None)
            case kind if kind in DATA and self._told_by_events:
                segment.had_data = True
            case EventKind.STORAGE_ERROR:
                self._fail_upload(segment, event, now)
            case EventKind.ERROR | EventKind.FAILOVER if segment.ended_at is None:
                self._attend_to(UNTIL_SEEN_UP, f"vendor: {event.detail}", now)
            case EventKind.ERROR | EventKind.WARNING | EventKind.FAILOVER:
                self.note(f"vendor: {event.detail}", now)
            case _:
                pass
        return segment if segment.ended_at is None else None

    def _fail_upload(self, segment: Segment, event: VendorEvent, now: datetime) -> None:
        segment.upload_errors.append(event.detail)
        del segment.upload_errors[:-UPLOAD_ERRORS_KEPT]
        self._attend_to("storage", f"storage: {event.detail}", now)

"""What a run left behind, in one shape: the vendor's ledger, and what each session tells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from longtake.cli.faults.manners import MANNERS, Manners, Role
from longtake.contracts.payloads import RecordingStatus
from longtake.domain.files import Manifest

FAR = datetime(2200, 1, 1, tzinfo=UTC)
"""The end of what has not ended."""

HELD = ""
"""What a rule yields for each thing that it looks at, beside the violations in words."""

_CHANGED_OVER = timedelta(seconds=2)
"""In which a recorder that enters again puts out the first one, and the vendor ends its task."""


@dataclass(frozen=True)
class Task:
    """A recording task of the ledger."""

    id: str
    room: str
    recorder: str
    created: datetime
    entered: datetime | None = None
    """When the recorder was in the room, and began to record."""
    ended: datetime | None = None
    why: str = ""
    files: tuple[str, ...] = ()
    layouts: tuple[Mapping[str, Any], ...] = ()

    @property
    def until(self) -> datetime:
        return self.ended or FAR

    def together_with(self, later: Task) -> timedelta:
        """How long this task and one that was made after it both ran.

        One recorder is in a room once: a later task of it counts from its entry, which puts the
        first one out, and not at all if it never came.
        """
        begun = later.entered or FAR if self.recorder == later.recorder else later.created
        together = min(self.until, later.until) - begun
        replaced = self.recorder == later.recorder and together <= _CHANGED_OVER
        return timedelta(0) if replaced else max(together, timedelta(0))


@dataclass(frozen=True)
class Call:
    """A call of the ledger; `role` is what it is for, None for one that concerns no recording."""

    role: Role | None
    at: datetime
    room: str
    name: str = ""
    task: str = ""
    resource: str = ""
    recorder: str = ""
    finished: datetime | None = None
    status: int | None = None
    code: int | str | None = None
    delivered: bool = True
    faults: tuple[str, ...] = ()

    @property
    def until(self) -> datetime:
        return self.finished or FAR

    @property
    def told_success(self) -> bool:
        """Whether the caller was told, in an answer that nothing spoilt, that it was done."""
        done = self.status is not None and 200 <= self.status < 300 and self.code is None
        return done and self.delivered and not set(self.faults) - {"slow"}


@dataclass(frozen=True)
class Ledger:
    """The vendor's side of a run."""

    tasks: tuple[Task, ...]
    calls: tuple[Call, ...]

    @classmethod
    def read(cls, vendor: str, document: Mapping[str, Sequence[Mapping[str, Any]]]) -> Ledger:
        """From the emulator's JSON."""
        manners = MANNERS[vendor]
        return cls(
            tuple(_task(task) for task in document["tasks"]),
            tuple(_call(manners, call) for call in document["calls"]),
        )

    def of_room(self, room: str) -> list[Task]:
        """Every task of a room, in order of time."""
        return sorted((t for t in self.tasks if t.room == room), key=lambda task: task.created)

    def calls_of(self, room: str, *roles: Role) -> list[Call]:
        """Every call of some kinds about a room, in order of time."""
        chosen = (call for call in self.calls if call.room == room and call.role in roles)
        return sorted(chosen, key=lambda call: call.at)


@dataclass(frozen=True)
class Kill:
    """A process that was really killed, and when the next one answered; or connections that were
    cut, and when new ones were taken again.
    """

    what: str
    """`worker`, `server`, `wire to vendor`, `wire to temporal`."""
    at: datetime
    back: datetime


@dataclass(frozen=True)
class Run:
    """One session: an execution of the workflow, as Temporal and the session tell of it."""

    room: str
    workflow_id: str
    run_id: str
    began: datetime
    ended: datetime | None
    outcome: str
    """Of Temporal: completed, failed, running, ..."""
    status: RecordingStatus | None = None
    """The session's own answer; None when it gave none."""
    manifest: Manifest | None = None
    timeline: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()
    """Names of the callers' signals that are in the history."""
    replay: str = ""
    """Why the history does not replay; empty when it does."""
    revived: bool = False
    """Whether a sweep began it, to end what a session had left."""

    @property
    def until(self) -> datetime:
        return self.ended or FAR

    @property
    def called(self) -> str:
        return f"{self.room}/{self.run_id[:8]}"

    def task_ids(self) -> set[str]:
        """Tasks that the session names as its own, strays included."""
        if self.status is None:
            return set()
        ids = {segment.task_id for segment in self.status.segments}
        return (ids | {stray.task_id for stray in self.status.strays}) - {""}

    def segment_ids(self) -> list[str]:
        """Tasks that the session says it recorded with."""
        return [segment.task_id for segment in self.status.segments] if self.status else []

    def recorders(self) -> set[str]:
        """Identities under which the session recorded."""
        if self.status is None:
            return set()
        segments = {segment.recorder for segment in self.status.segments}
        return segments | {stray.recorder for stray in self.status.strays}

    def nameless(self) -> set[str]:
        """Identities of strays whose task nobody named."""
        strays = self.status.strays if self.status else ()
        return {stray.recorder for stray in strays if not stray.task_id}


@dataclass(frozen=True)
class Struck:
    """A fault rule, and how often it struck."""

    room: str
    kind: str
    call: str
    when: str
    hits: int
    code: str = ""


@dataclass(frozen=True)
class Evidence:
    """All that is judged. `over`: the ledger once every session was over; `end`: once every room
    was empty for longer than the vendor records an empty room.
    """

    vendor: str
    rate: float
    within: float
    runs: tuple[Run, ...]
    over: Ledger
    end: Ledger
    struck: tuple[Struck, ...] = ()
    kills: tuple[Kill, ...] = ()
    refused_starts: Mapping[str, int] = field(default_factory=dict[str, int])
    """Second starts that were refused because the room was live, by room."""
    others: Mapping[str, str] = field(default_factory=dict[str, str])
    """Every other workflow, the sweeps above all, by id: why it does not replay, or nothing."""
    leaks: tuple[str, ...] = ()
    """Where a secret was found: its name, never itself."""
    scanned: int = 0
    """Bytes that were searched for secrets."""

    @property
    def manners(self) -> Manners:
        return MANNERS[self.vendor]

    def rooms(self) -> list[str]:
        """Every room that was recorded."""
        return sorted({run.room for run in self.runs} | {task.room for task in self.over.tasks})

    def of_room(self, room: str) -> list[Run]:
        """Every session of a room, in order of time."""
        return sorted((run for run in self.runs if run.room == room), key=lambda run: run.began)

    def struck_in(self, room: str) -> list[Struck]:
        """What went wrong in a room."""
        return [struck for struck in self.struck if struck.hits and struck.room == room]

    def forgotten(self, room: str) -> bool:
        """Whether the vendor has lost sight of a task of the room, which no call ends."""
        return room in lost_rooms(self.manners, self.struck)

    def killed_between(
        self,
        begin: datetime,
        end: datetime,
        before: timedelta = timedelta(seconds=1),
    ) -> bool:
        """Whether a process was killed, or a connection cut, then or shortly before."""
        return any(kill.back >= begin - before and kill.at <= end for kill in self.kills)


def _task(told: Mapping[str, Any]) -> Task:
    return Task(
        id=told["task_id"],
        room=told["room"],
        recorder=told["recorder"],
        created=moment(told["created_at"]),
        entered=_moment_or_none(told["started_at"]),
        ended=_moment_or_none(told["ended_at"]),
        why=told["end_reason"] or "",
        files=tuple(told["files"]),
        layouts=tuple(revision["layout"] for revision in told["layout_revisions"]),
    )


def _call(manners: Manners, told: Mapping[str, Any]) -> Call:
    return Call(
        role=manners.roles.get(told["call"]),
        name=told["call"],
        at=moment(told["at"]),
        finished=_moment_or_none(told["finished_at"]),
        room=told["room"] or "",
        task=told["task_id"] or "",
        resource=told["resource_id"] or "",
        recorder=told["recorder"] or "",
        status=told["status"],
        code=told["code"],
        delivered=told["delivered"],
        faults=tuple(told["faults"]),
    )


def struck_by(rules: Iterable[Mapping[str, Any]]) -> tuple[Struck, ...]:
    """From the emulator's list of rules, or from its answers to those that strike at once."""
    return tuple(
        Struck(
            room=rule.get("room") or "",
            kind=rule["kind"],
            call=rule["call"],
            when=rule["when"],
            hits=rule["hits"],
            code=str(rule.get("code") or rule.get("status") or ""),
        )
        for rule in rules
    )


def lost_rooms(manners: Manners, struck: Iterable[Struck]) -> set[str]:
    """Rooms of which the vendor has lost sight of a task."""
    return {each.room for each in struck if each.hits and each.kind in manners.lost_by}


def moment(text: str) -> datetime:
    """A time of the ledger."""
    return datetime.fromisoformat(text)


def _moment_or_none(text: str | None) -> datetime | None:
    return moment(text) if text else None

"""What is known of a task: the vendor's answer to a question, and the vendor's own events."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from longtake.domain.files import FileRef
from longtake.domain.model import Kept


class TaskPhase(StrEnum):
    """Where a vendor task stands, in the vendor's own words reduced to seven."""

    STARTING = "starting"
    RUNNING = "running"
    """Up; nobody need be publishing yet."""
    FLOWING = "flowing"
    """Up, and data has reached storage."""
    ENDING = "ending"
    ENDED = "ended"
    FAILED = "failed"
    MISSING = "missing"
    """The vendor does not know the task: never came up, ended, or moving to another server."""

    @property
    def up(self) -> bool:
        """Whether the recorder is in the room."""
        return self in {TaskPhase.RUNNING, TaskPhase.FLOWING}

    @property
    def over(self) -> bool:
        """Whether the vendor itself says that the task is done."""
        return self in {TaskPhase.ENDED, TaskPhase.FAILED}


class Observation(Kept):
    """One answer to "how is this task?"."""

    phase: TaskPhase
    at: datetime
    detail: str = ""
    on_hold: bool = False
    files: tuple[FileRef, ...] = ()
    began_at: datetime | None = None
    """When the vendor made the task, where its answer tells."""

    def same_news(self, other: Observation | None) -> bool:
        """Whether `other` told the session as much: times and growing lists are no news."""
        return other is not None and (self.phase, self.on_hold) == (other.phase, other.on_hold)


class EventKind(StrEnum):
    """What a vendor's event is about."""

    STARTED = "started"
    MEDIA_FLOWING = "media_flowing"
    MEDIA_STOPPED = "media_stopped"
    FILES = "files"
    UPLOADED = "uploaded"
    BACKED_UP = "backed_up"
    UPLOAD_FAILED = "upload_failed"
    """Its uploads are over, and not all of them succeeded."""
    ENDED = "ended"
    DONE = "done"
    """Ended, and all its files are uploaded."""
    FAILOVER = "failover"
    WARNING = "warning"
    ERROR = "error"
    STORAGE_ERROR = "storage_error"
    OTHER = "other"

    @property
    def ends(self) -> bool:
        """Whether it is told of tasks that have left the room."""
        return self in {
            EventKind.ENDED,
            EventKind.DONE,
            EventKind.UPLOADED,
            EventKind.BACKED_UP,
            EventKind.UPLOAD_FAILED,
        }

    def hastens(self, known: TaskPhase) -> bool:
        """Whether the vendor should be asked at once what this means for a task in that phase."""
        if self is EventKind.FILES:
            return known is TaskPhase.RUNNING
        return self in {
            EventKind.STARTED,
            EventKind.ENDED,
            EventKind.DONE,
            EventKind.FAILOVER,
            EventKind.ERROR,
        }


class VendorEvent(Kept):
    """A verified callback, in neutral terms. It hastens; it never decides.

    `recorder` is the attempt's identity as the vendor echoes it; `id` tells repeats apart.
    """

    id: str
    kind: EventKind
    at: datetime
    account: str
    room: str
    recorder: str = ""
    task_id: str = ""
    detail: str = ""
    files: tuple[FileRef, ...] = ()

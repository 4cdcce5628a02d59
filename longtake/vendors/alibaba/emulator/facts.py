"""What is fixed about a task, and how its states are told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum

from longtake.vendors.alibaba.emulator.naming import Names
from longtake.vendors.alibaba.emulator.requests import StartRequest


class Event(StrEnum):
    """``eventType`` of callbacks."""

    CREATED = "TaskCreated"
    STARTING = "TaskStarting"
    RUNNING = "TaskRunning"
    RECOVERING = "TaskRecovering"
    STOPPING = "TaskStopping"
    STOPPED = "TaskStopped"
    FILE_UPLOADED = "RecordFileUploaded"


class Status(Enum):
    """The states of a task. Describe documents all but the first."""

    STARTING = "STARTING"
    RUNNING = "RUNNING"
    RECOVERING = "RECOVERING"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"

    @property
    def takes_calls(self) -> bool:
        """Whether an update or a stop finds it running."""
        return self in {Status.RUNNING, Status.RECOVERING}


@dataclass(frozen=True)
class Facts:
    """What never changes."""

    task_id: str
    request: StartRequest
    names: Names
    created_at: datetime

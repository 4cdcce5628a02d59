"""The messages of scheduled recordings: what a schedule starts, and what became of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from pydantic import Field, model_validator

from longtake.contracts.ids import workflow_id
from longtake.domain.model import Kept
from longtake.domain.recording import DEFAULT_MAX_DURATION, Duration, Moment, RecordingRequest

Overlap = Literal["skip", "wait", "replace"]
"""What an occurrence does when the room has a live session: leave it alone, start when it ends,
or stop it and start."""

CATCH_UP = timedelta(minutes=5)
LONGEST_ID = 1_000
"""Bytes of a workflow id, as the server takes them by default."""


class Outcome(StrEnum):
    """What became of an occurrence; each is its workflow's RecordingState."""

    STARTED = "started"
    MISSED = "missed"
    """Too late: nothing could begin in time."""
    OVERLAPPED = "overlapped"
    """Another session recorded the room."""
    SKIPPED = "skipped"
    """The schedule was paused."""


class Window(Kept):
    """A stretch of time, its ends included."""

    start: Moment
    end: Moment


class ScheduledOrder(Kept):
    """Start one session for each time that the schedule names."""

    request: RecordingRequest
    """Without times of its own: the schedule gives them."""
    duration: Duration
    catch_up: timedelta = Field(default=CATCH_UP, ge=timedelta(0))
    """An occurrence that begins later than this after it was due is missed."""
    jitter: timedelta = Field(default=timedelta(0), ge=timedelta(0))
    """By which the schedule itself may start it later: no lateness."""
    overlap: Overlap = "skip"
    schedule: str = ""
    paused: str | None = None
    """Why occurrences are skipped; None if they are not."""
    forgiven: tuple[Window, ...] = ()
    """Occurrences due in these are not too late while any of their time is left: a backfill."""

    @model_validator(mode="after")
    def _consistent(self) -> ScheduledOrder:
        own = {
            "start_at": self.request.start_at,
            "stop_at": self.request.stop_at,
            "max_duration": self.request.max_duration != DEFAULT_MAX_DURATION,
        }
        for name, given in own.items():
            if given:
                raise ValueError(f"request.{name}: a schedule gives each session its own times")
        if len(self.session_id) > LONGEST_ID:
            raise ValueError(
                f"request.room: the session's id would have {len(self.session_id)} characters,"
                f" at most {LONGEST_ID} are allowed"
            )
        return self

    @property
    def session_id(self) -> str:
        """The workflow id of the room's session, which is the room's lock."""
        return workflow_id(self.request.account, self.request.room, self.request.purpose)

    def is_forgiven(self, due: datetime) -> bool:
        """Whether a backfill asked for what was due then."""
        return any(window.start <= due <= window.end for window in self.forgiven)


class RoomQuestion(Kept):
    """Who records the room whose session has this id?"""

    workflow_id: str


class Occupant(Kept):
    """The live session of a room; without a run id there is none."""

    run_id: str = ""
    since: datetime | None = None


class Occurrence(Kept):
    """The result of an occurrence."""

    outcome: Outcome
    reason: str
    due: datetime
    lateness: timedelta
    """From when it was due until this was decided."""
    session: str = ""
    """The workflow id of the session that was started, or that was in the way."""

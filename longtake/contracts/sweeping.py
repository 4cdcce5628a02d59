"""The messages of the sweep: what no session looks after, and what became of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from longtake.domain.events import Observation, VendorEvent
from longtake.domain.model import Kept
from longtake.domain.ports import Task
from longtake.domain.recording import RecordingRequest


class SweepOrder(Kept):
    """Look after one account."""

    vendor: str
    account: str
    grace: timedelta = timedelta(minutes=2)
    """So long is a session left alone that was ended from outside: a person may restart it, and
    answers to its last calls may be under way."""


class ClosedSession(Kept):
    """A run of a session that is over."""

    workflow_id: str
    run_id: str
    closed_at: datetime


class KeptEvent(Kept):
    """A verified callback that no session claimed when it came."""

    event: VendorEvent
    vendor: str
    since: datetime


class KeptEvents(Kept):
    """All that is kept of an account, the oldest first."""

    events: tuple[KeptEvent, ...] = ()
    dropped: int = 0
    """Of events that came when there was no room for more."""


class Claimed(Kept):
    """Events that need not be kept any more, by id."""

    ids: tuple[str, ...]


class Suspicion(Kept):
    """A session that is over and has not seen all of its tasks end."""

    workflow_id: str
    run_id: str
    key: str
    """The session's own, which another run of it would share."""
    why: str
    request: RecordingRequest
    tasks: tuple[Task, ...]
    event: VendorEvent | None = None
    """What the vendor said of a task after the session was over."""


class Survey(Kept):
    """What a look at Temporal's side shows."""

    suspicions: tuple[Suspicion, ...] = ()
    notes: tuple[str, ...] = ()
    waiting: int = 0
    """Events that are kept on, because nobody is known to whom they belong."""


class Revival(Kept):
    """End a suspicious session for it: what the vendor said of its tasks, by task id."""

    suspicion: Suspicion
    seen: dict[str, Observation]


class Revived(Kept):
    """The workflow that ends the session, empty when there was no need any more."""

    workflow_id: str = ""


class SweepReport(Kept):
    """What one sweep found and did, in words."""

    looked_at: int = 0
    revived: tuple[str, ...] = ()
    waiting: int = 0
    notes: tuple[str, ...] = ()

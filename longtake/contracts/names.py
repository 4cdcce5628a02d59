"""The names that other programs know. Changing one strands running sessions."""

from __future__ import annotations

from datetime import timedelta

WORKFLOW = "Recording"
SWEEP = "Sweep"
UNCLAIMED = "Unclaimed"
MERGE = "Merge"
SCHEDULED = "ScheduledRecording"
TASK_QUEUE = "longtake"
"""Where sessions run; the other queues' names derive from the session's own."""


def media_queue(task_queue: str) -> str:
    """The task queue of a fleet's work on files."""
    return f"{task_queue}-media"


def fleet_queue(task_queue: str) -> str:
    """The queue by which a fleet's processes know of each other; nothing is ever put into it."""
    return f"{task_queue}:fleet"


def account_queue(task_queue: str, account: str) -> str:
    """The task queue of one account's vendor calls: the server limits its rate fleet-wide."""
    return f"{task_queue}-{account}"


# Signals
CHANGE_LAYOUT = "change_layout"
CHANGE_SUBSCRIPTIONS = "change_subscriptions"
PAUSE = "pause"
RESUME = "resume"
EXTEND = "extend"
STOP = "stop"
VENDOR_EVENT = "vendor_event"
CLAIMED = "claimed"

# Updates
SET_LAYOUT = "set_layout"
SET_SUBSCRIPTIONS = "set_subscriptions"

# Queries
STATUS = "status"
FILES = "files"
TIMELINE = "timeline"
SESSION = "session"
EVENTS = "events"
PROGRESS = "progress"

# Activities
PREPARE = "recording.prepare"
ACQUIRE = "recording.acquire"
START = "recording.start"
APPLY = "recording.apply"
WATCH = "recording.watch"
STOP_TASK = "recording.stop"
FIND_TASK = "files.find_task"
CHECK_FILES = "files.check"
DISCARD = "files.discard"
PLAN_MERGE = "merge.plan"
MAKE_MERGED = "merge.make"
LIST_MERGED = "merge.list"
SURVEY = "sweep.survey"
REVIVE = "sweep.revive"
KEEP = "sweep.keep"
OCCUPANT = "scheduled.occupant"
VACATED = "scheduled.vacated"

# Memo
REQUEST_KEY = "request_key"
"""What tells a repeated start from another one; the caller chooses it."""

# Search attributes: name -> Temporal type
SEARCH_ATTRIBUTES = {
    "RecordingVendor": "Keyword",
    "RecordingAccount": "Keyword",
    "RecordingRoom": "Keyword",
    "RecordingState": "Keyword",
    "RecordingEndReason": "Keyword",
    "RecordingTaskId": "KeywordList",
    "RecordingNeedsAttention": "Bool",
}

STICKY_TIMEOUT = timedelta(seconds=1)
"""After a worker's death the next workflow task waits this long for it, 10 s by default."""

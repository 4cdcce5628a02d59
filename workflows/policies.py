"""Every timeout, retry policy and priority of a session, with its reason."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityCancellationType

ROUNDS_END = timedelta(minutes=5)
"""A vendor that is away is asked in rounds of this length: between two rounds the session says
in its timeline what the last answer was, inside one Temporal's own retries do the work."""


@dataclass(frozen=True)
class Policy:
    """How one kind of activity is run."""

    one_try: timedelta
    """Start to close: also how long a killed worker's try goes unnoticed."""
    retry: RetryPolicy
    priority: int
    """1 before 5, wherever the account's rate makes calls wait."""
    all_tries: timedelta | None = None
    silence: timedelta | None = None
    """After so long without a heartbeat a try's worker counts as dead."""
    cancellation: ActivityCancellationType = ActivityCancellationType.TRY_CANCEL


def _backoff(first: float, longest: float) -> RetryPolicy:
    return RetryPolicy(
        initial_interval=timedelta(seconds=first),
        backoff_coefficient=2,
        maximum_interval=timedelta(seconds=longest),
    )


PREPARE = Policy(one_try=timedelta(seconds=12), retry=_backoff(1, 10), priority=2)

FULL = "QuotaExceeded"

DIED = ["TemporalTimeout:StartToClose", "TemporalTimeout:Heartbeat"]

ACQUIRE_AGAIN = timedelta(seconds=3)

ACQUIRE = Policy(
    one_try=timedelta(seconds=12),
    retry=replace(_backoff(ACQUIRE_AGAIN.seconds, 60), non_retryable_error_types=[FULL]),
    # After starts: what is acquired lapses, and a thousand sessions that all acquire first would
    # not come to start in time.
    priority=3,
    all_tries=ROUNDS_END,
    # Cancelled when the session ends first: an unused resource is free and lapses by itself.
)

SILENCE = timedelta(seconds=6)
"""Three heartbeats: soon enough to recover a start inside its window."""

START = Policy(
    one_try=timedelta(seconds=12),
    # 3, 6, 12, ... seconds are the vendors' own advice for an internal error. A try that ends
    # without a word, because its worker died, may have started a recording: the session decides.
    # So it does when the vendor is full, because a person should see what is waited for.
    retry=replace(_backoff(3, 60), non_retryable_error_types=[*DIED, FULL]),
    priority=2,
    all_tries=ROUNDS_END,
    silence=SILENCE,
    # A try in flight is heard to its end: its answer is the only place that names the task.
    cancellation=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
)

PASSING = {
    "NotSent",
    "QuotaExceeded",
    "RateLimited",
    "ResourceExpired",
    "StartUnknown",
    "TimedOut",
    "VendorUnavailable",
}
"""Failures of acquire and start after which the same is tried again; every other one is final."""

SETTLING_STARTS = 5
"""How often a recorder that may be in the room is started again at the end, to put it out."""

ENTERS_SOON = timedelta(seconds=2)
"""How often a recorder that is to put out its double is asked whether it is in the room."""

LAST_STARTS = 3
LAST_START_WAIT = timedelta(seconds=30)
"""How often, and for how long each, an ending session sends a start in doubt again where a second
recording is refused: the answer tells whether anything is to be ended, sooner than silence does."""

FULL_PAUSE = timedelta(seconds=3)
"""After the first refusal of a vendor that is full; what follows is in `queued`."""

DOUBT_PAUSES = tuple(timedelta(seconds=seconds) for seconds in (3, 6, 12, 24, 48, 60))
"""Before a start in doubt is repeated as the vendor allows; the last one repeats."""

WINDOW_MARGIN = timedelta(seconds=15)
"""Kept of the resource's window, so that the last try ends inside it."""

APPLY = Policy(
    one_try=timedelta(seconds=12),
    retry=_backoff(1, 10),
    priority=2,
    all_tries=timedelta(seconds=60),
    # One call at a time per task: the next waits until this one is certainly over.
    cancellation=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
)

APPLY_YIELDS = timedelta(seconds=2)
"""How long a change that is being retried may hold up a newer one."""

APPLY_AGAIN = timedelta(seconds=10)
"""After a change that failed for another reason than the change itself."""

WATCH = Policy(one_try=timedelta(seconds=12), retry=_backoff(5, 120), priority=4)

ATTENTION_AFTER = timedelta(minutes=2)
"""A stop that takes longer wants a person's eye."""

STOP = Policy(
    # A stop that waits for uploads takes up to 20 s and more.
    one_try=timedelta(seconds=40),
    retry=_backoff(1, 30),
    priority=1,
    # Then it is told that it takes so long, and sent again.
    all_tries=ATTENTION_AFTER,
    silence=SILENCE,
)

STOP_AGAIN = timedelta(seconds=10)
"""Between two stops of a task that the vendor does not know now, while it may be moving."""

STOP_SELDOM = timedelta(minutes=5)
"""The longest pause between stops that the vendor refuses: never forgotten, at little cost."""

FIND_TASK = Policy(one_try=timedelta(seconds=30), retry=_backoff(5, 30), priority=3)

CHECK_FILES = Policy(
    # A month of slices is listed a thousand at a time; a page may take as long as a client waits.
    one_try=timedelta(minutes=10),
    retry=_backoff(5, 60),
    priority=3,
    silence=timedelta(minutes=1),
)

DISCARD = Policy(
    # A day's slices go in batches, each with a heartbeat.
    one_try=timedelta(minutes=10),
    retry=_backoff(2, 60),
    priority=3,
    all_tries=ROUNDS_END,
    silence=timedelta(seconds=30),
)

DISCARD_PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 10))
"""Between rounds of deleting that failed: a person is asked for meanwhile, and may help. After the
last one what is left is listed."""

MEDIA_GRACE = timedelta(seconds=5)
"""Events overtake each other: a file's may come after the word that all files are stored."""

PLAN_MERGE = Policy(
    one_try=timedelta(minutes=10),
    retry=_backoff(2, 60),
    priority=3,
    all_tries=ROUNDS_END,
    silence=timedelta(seconds=30),
)

MAKE_MERGED = Policy(
    # Copying takes seconds. Pictures encoded anew take about as long as they play, and a worker
    # makes one file at a time.
    one_try=timedelta(hours=12),
    # A file over which workers die, or storage stays away, is left out of the merge in the end.
    retry=replace(_backoff(2, 60), maximum_attempts=8),
    priority=5,
    silence=timedelta(seconds=30),
    # Whoever cancels means to delete: nothing may be published after that.
    cancellation=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
)

LIST_MERGED = Policy(
    one_try=timedelta(minutes=2), retry=_backoff(2, 60), priority=3, all_tries=ROUNDS_END
)

SURVEY = Policy(
    one_try=timedelta(minutes=1), retry=_backoff(2, 20), priority=4, all_tries=ROUNDS_END
)

KEEP = Policy(one_try=timedelta(seconds=10), retry=_backoff(1, 30), priority=5)

REVIVE = Policy(
    one_try=timedelta(seconds=20), retry=_backoff(2, 20), priority=2, all_tries=ROUNDS_END
)

ROOM = Policy(one_try=timedelta(seconds=10), retry=_backoff(1, 10), priority=2)
"""Who records a room: Temporal itself answers. Bounded by the occurrence's own end."""

LOOK = Policy(
    # One answer to one question; a vendor that is away is asked again by the next sweep.
    one_try=timedelta(seconds=12),
    retry=_backoff(5, 30),
    priority=4,
    all_tries=timedelta(minutes=2),
)

SECOND_LOOK = timedelta(seconds=30)
"""Between two answers of the vendor before a sweep lets a session's tasks be ended."""

LOST_ID_WAIT = timedelta(seconds=90)
"""For an event or a stored file to name a task whose start was lost: the first slice is due
after 15 s, an event sooner. After this the attempt is a stray and the next one begins."""

CLOCKS_APART = timedelta(minutes=1)
"""By which the clocks of the vendor, of storage and ours may differ without a task of ours being
taken for an earlier one."""

STRAY_WAIT = timedelta(seconds=60)
"""How long an ending session waits for the ids of its strays."""

TOLD_AFTER = timedelta(seconds=5)
"""What the end may take before others are told how far it is: each change of a search attribute is
work for the server."""

ATTENTION_AFTER_FAILURES = 5
"""So does a start that failed so often: about a minute of 3, 6, 12 and 24 seconds."""

RESTART_PAUSES = tuple(timedelta(seconds=seconds) for seconds in (0, 2, 5, 15, 30, 60, 120, 300))
"""Between one segment's abnormal end and the next start; the last one repeats."""

ASK_SOONER = timedelta(seconds=10)
"""Between two questions about a task that is missing or ending."""

SELDOM = 3
"""By how much polls are fewer where the vendor's events arrive: they tell of an end sooner."""

ASK_FOR_DATA = timedelta(seconds=30)
"""Between two questions about a task that is up, of which no data has come yet."""


def queued(policy: Policy) -> Policy:
    """The same policy in a queue: the session has said that the vendor is full."""
    final = [code for code in policy.retry.non_retryable_error_types or () if code != FULL]
    retry = replace(_backoff(6, 60), non_retryable_error_types=final)
    return replace(policy, retry=retry, priority=3)  # what records already goes first


def within(policy: Policy, left: timedelta) -> Policy:
    """The same policy, ended by what remains of a window."""
    return replace(policy, all_tries=left)

"""Invariants about calls: what was sent to the vendor, when, and after which answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from longtake.cli.faults.evidence import HELD, Call, Evidence, Run
from longtake.cli.faults.manners import CONTROL
from longtake.domain.layout import SpeakerLayout

_START_SPACING = timedelta(seconds=3)
_STOP_SPACING = timedelta(seconds=1)
_EARLY = timedelta(milliseconds=150)
"""By which clocks, roundings and the way to the vendor may shorten a pause."""
_HEARD = timedelta(seconds=20)
"""How long after a kill a call may still be repeated for it: a try, and the silence after it."""
_ON_THE_WAY = 0.2
"""Seconds by which the way from a worker to the vendor differs between calls, on a busy machine:
what was sent in so much more than a second may arrive within one."""
_ONE_SECOND = timedelta(seconds=1)
_PERMANENT = frozenset({"InvalidRequest", "Unauthorized", "NotConfigured"})


def resources_are_fresh(evidence: Evidence) -> Iterator[str]:
    """4. Excused: the same start again when the answer to the first one may not have been heard,
    because it was spoilt or its hearer was killed: that is the recovery.
    """
    window = evidence.manners.window
    if window is None:
        return
    acquired = {
        call.resource: call.until
        for call in evidence.over.calls
        if call.role == "acquire" and call.resource
    }
    answered = dict[str, Call]()
    for call in sorted(evidence.over.calls, key=lambda call: call.at):
        if call.role != "start" or not call.resource:
            continue
        yield HELD
        since = acquired.get(call.resource)
        if since is None:
            yield f"{call.room}: start with a resource that was never acquired"
        elif call.at - since > window:
            age = (call.at - since).total_seconds()
            yield f"{call.room}: start with a resource of {age:.0f} s"
        first = answered.get(call.resource)
        if first is not None and not _unheard(evidence, first, call):
            yield f"{call.room}: start with a resource that had started task {first.task[:10]}"
        if call.told_success:
            answered[call.resource] = call


def _unheard(evidence: Evidence, first: Call, second: Call) -> bool:
    """Whether the answer to `first` may have gone to a process that was killed."""
    return evidence.killed_between(first.at, second.at, before=_HEARD)


def nothing_after_the_stop(evidence: Evidence) -> Iterator[str]:
    """5. Excused: a second order whose first answer may not have been heard."""
    for task, calls in _by_task(evidence).items():
        confirmed = next((c for c in calls if c.role == "stop" and c.told_success), None)
        if confirmed is None:
            continue
        yield HELD
        for call in calls:
            late = call.role in CONTROL and call.at > confirmed.until
            if late and not _unheard(evidence, confirmed, call):
                yield f"{call.room}: {call.name} to task {task[:10]} after its stop was confirmed"


def layouts_follow(evidence: Evidence) -> Iterator[str]:
    """6. Judged where the session says that the vendor shows its last wish."""
    for run in evidence.runs:
        yield from _last_layout(evidence, run)
    for task, calls in _by_task(evidence).items():
        changes = [call for call in calls if call.role in {"layout", "subscriptions"}]
        for first, second in pairwise(changes):
            if second.at < first.until and not _unheard(evidence, first, second):
                yield f"{second.room}: two changes of task {task[:10]} in flight at once"


def _last_layout(evidence: Evidence, run: Run) -> Iterator[str]:
    status = run.status
    if status is None or not status.segments or status.applied_revision != status.revision:
        return
    if not isinstance(status.layout, SpeakerLayout) or not status.layout.main:
        return
    last = status.segments[-1].task_id
    told = next((task.layouts for task in evidence.over.tasks if task.id == last), ())
    yield HELD
    shown = [large for layout in told if (large := evidence.manners.large_user(layout))]
    if not shown or shown[-1] != status.layout.main:
        seen = shown[-1] if shown else "nobody"
        yield f"{run.called}: wished {status.layout.main} large, the vendor shows {seen}"


def errors_are_heeded(evidence: Evidence) -> Iterator[str]:
    """7. A session fails for a permanent error only, and after one it starts nothing more."""
    for run in evidence.runs:
        if run.outcome == "failed":
            yield from _failure(run)
    for room in evidence.rooms():
        starts = evidence.over.calls_of(room, "start")
        yield from _after_permanent(evidence, room, starts)
        yield from _spacing(evidence, starts, _START_SPACING, "start")
    for calls in _by_task(evidence).values():
        stops = [call for call in calls if call.role == "stop"]
        yield from _spacing(evidence, stops, _STOP_SPACING, "stop")


def _failure(run: Run) -> Iterator[str]:
    yield HELD
    failure = run.status.failure if run.status else None
    if failure is None or failure.code not in _PERMANENT:
        code = failure.code if failure else "no reason"
        yield f"{run.called}: failed for {code}, which is no permanent error"


def _after_permanent(evidence: Evidence, room: str, starts: Sequence[Call]) -> Iterator[str]:
    """A later session of the room may start, of course."""
    for first, second in pairwise(starts):
        if first.code != evidence.manners.permanent or "code" not in first.faults:
            continue
        yield HELD
        same = [run for run in evidence.of_room(room) if run.began <= first.at <= run.until]
        heard = not _unheard(evidence, first, second)
        if heard and any(second.at <= run.until for run in same):
            yield f"{room}: started again after {first.code}"


def _spacing(
    evidence: Evidence, calls: Sequence[Call], usual: timedelta, what: str
) -> Iterator[str]:
    """Between a failure that may pass and the next try with the same resource or task."""
    for first, second in pairwise(calls):
        spoilt = bool({"status", "code", "reset", "lost_reply", "corrupt_reply"} & {*first.faults})
        same = first.resource == second.resource and first.recorder == second.recorder
        if not spoilt or not same or first.finished is None:
            continue
        yield HELD
        pause = second.at - first.finished
        # Of too many calls the vendor may say how long to wait: a second, at the least.
        throttled = first.status == 429 or first.code in evidence.manners.throttled
        least = min(usual, _ONE_SECOND) if throttled else usual
        if pause < least - _EARLY and not _unheard(evidence, first, second):
            yield (
                f"{first.room}: {what} again {pause.total_seconds():.2f} s after"
                f" {', '.join(first.faults)}"
            )


def rate_is_kept(evidence: Evidence) -> Iterator[str]:
    """8. The queue admits a burst of one second's worth on top; each of the two workers spaces what
    it sends, so that no more than the rate comes from either.
    """
    times = sorted(call.at for call in evidence.over.calls if call.role is not None)
    begin = 0
    worst: tuple[int, datetime] | None = None
    for end, at in enumerate(times):
        yield HELD
        while at - times[begin] >= _ONE_SECOND:
            begin += 1
        most = evidence.rate * (2 + _ON_THE_WAY)
        count = end - begin + 1
        if count > most and (worst is None or count > worst[0]):
            worst = (count, at)
    if worst is not None:
        yield f"{worst[0]} calls in the second before {worst[1]:%H:%M:%S}"


def _by_task(evidence: Evidence) -> dict[str, list[Call]]:
    """Calls about a task, in order of time."""
    found = defaultdict[str, list[Call]](list)
    for call in sorted(evidence.over.calls, key=lambda call: call.at):
        if call.task and call.role in CONTROL:
            found[call.task].append(call)
    return found

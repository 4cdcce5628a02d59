"""Invariants about sessions and their tasks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations, pairwise

from longtake.cli.faults.evidence import HELD, Evidence, Run, Task
from longtake.domain.files import Outcome
from longtake.domain.session import EndReason, State

_STARTS_HEARD = timedelta(seconds=2)
"""Around a start in which a kill may keep its answer from being heard."""
_CALLBACK_KINDS = {"double", "reorder", "delay", "forge", "drop"}


def one_task_at_a_time(evidence: Evidence) -> Iterator[str]:
    """1. Excused: a task that is listed as a stray, one that the vendor itself lost sight of, and
    the moment in which a repeated start replaces the first.
    """
    for room in evidence.rooms():
        if evidence.forgotten(room):
            continue
        yield HELD
        for first, second in combinations(evidence.over.of_room(room), 2):
            overlap = first.together_with(second)
            if not overlap or _stray(evidence, first) or _stray(evidence, second):
                continue
            both = {first.ended, second.ended}
            for_ = "for ever" if both == {None} else f"for {overlap.total_seconds():.1f} s"
            yield f"{room}: tasks {_short(first)} and {_short(second)} ran together {for_}"


def _stray(evidence: Evidence, task: Task) -> bool:
    """Whether a session of the task's room lists it as a stray, by id or by identity."""
    for run in evidence.of_room(task.room):
        strays = run.status.strays if run.status else ()
        if task.id in {stray.task_id for stray in strays}:
            return True
        if task.recorder in run.nameless() and task.id not in run.segment_ids():
            return True
    return False


def every_task_has_an_owner(evidence: Evidence) -> Iterator[str]:
    """2. Where a start may be repeated to replace the first, the identity alone names the task of
    the first, which has ended by it.
    """
    for task in evidence.over.tasks:
        yield HELD
        if task.room not in {run.room for run in evidence.runs}:
            yield f"{task.room}: task {_short(task)} is in a room that nobody records"
            continue
        owners = [run for run in evidence.runs if _owns(evidence, run, task)]
        # A sweep lets a session go on with all that it had.
        owners = [run for run in owners if run.revived] or owners
        if not owners:
            yield f"{task.room}: task {_short(task)} ({_fate(task)}) is in no session's record"
        elif len(owners) > 1:
            both = " and ".join(run.called for run in owners)
            yield f"{task.room}: task {_short(task)} is claimed by {both}"


def _owns(evidence: Evidence, run: Run, task: Task) -> bool:
    if task.id in run.task_ids():
        return True
    # What a sweep lets end began before it.
    since = evidence.of_room(run.room)[0].began if run.revived else run.began
    if run.room != task.room or not since <= task.created <= run.until:
        return False
    if task.recorder in run.nameless():
        return True
    replaced = evidence.manners.repeated_start == "replaces" and task.ended is not None
    return replaced and task.recorder in run.recorders()


def nothing_left_running(evidence: Evidence) -> Iterator[str]:
    """3. A stray, or a task that the vendor lost sight of, may run on until the vendor's idle time
    ends it; after that nothing may.
    """
    for task in evidence.over.tasks:
        yield HELD
        if task.ended is None and not _stray(evidence, task) and not evidence.forgotten(task.room):
            yield f"{task.room}: task {_short(task)} still runs, and no session lists it"
    for task in evidence.end.tasks:
        if task.ended is None:
            yield f"{task.room}: task {_short(task)} outlived even the vendor's idle time"


def complete_is_complete(evidence: Evidence) -> Iterator[str]:
    """9. Everything that the vendor ever stored of the session's tasks is in its manifest."""
    files = {task.id: task.files for task in evidence.end.tasks}
    for run in evidence.runs:
        if run.manifest is None or run.manifest.outcome is not Outcome.COMPLETE:
            continue
        yield HELD
        known = {file.key for file in run.manifest.files}
        stored = {key for task in run.segment_ids() for key in files.get(task, ())}
        if lacking := sorted(stored - known):
            yield f"{run.called}: called complete without {len(lacking)} files, as {lacking[0]}"


def paths_are_apart(evidence: Evidence) -> Iterator[str]:
    """10."""
    written = dict[str, Task]()
    for task in evidence.end.tasks:
        for key in task.files:
            yield HELD
            other = written.setdefault(key, task)
            if other.id != task.id:
                yield f"{key} was written by tasks {_short(other)} and {_short(task)}"
    paths = dict[str, tuple[str, Run]]()
    for run in evidence.runs if evidence.manners.own_identity else ():
        if run.revived:
            continue  # its paths are those of the session that it ends
        for segment in run.status.segments if run.status else ():
            recorder, other_run = paths.setdefault(segment.path, (segment.recorder, run))
            if segment.path and (recorder, other_run.run_id) != (segment.recorder, run.run_id):
                yield f"path {segment.path} is of {other_run.called} and of {run.called}"


def callbacks_change_nothing(evidence: Evidence) -> Iterator[str]:
    """11. Judged where callbacks alone were spoilt: there a session must end as it was told to,
    with a task for each stretch between pauses. Excused: more tasks, where a start was killed.
    """
    for run in evidence.runs:
        kinds = {struck.kind for struck in evidence.struck_in(run.room)}
        if run.ended is None or run.status is None or not kinds or not kinds <= _CALLBACK_KINDS:
            continue
        if run.outcome == "terminated" or run.revived:
            continue
        yield HELD
        spoilt = ", ".join(sorted(kinds))
        if run.outcome != "completed" or run.status.end_reason is not EndReason.STOPPED:
            yield f"{run.called}: ended {run.outcome}/{run.status.end_reason} under {spoilt}"
        starts = evidence.over.calls_of(run.room, "start")
        killed = any(
            evidence.killed_between(call.at, call.until + _STARTS_HEARD, _STARTS_HEARD)
            for call in starts
        )
        if len(run.status.segments) > 1 + run.signals.count("resume") and not killed:
            yield f"{run.called}: {len(run.status.segments)} tasks under {spoilt}"


def one_session_per_room(evidence: Evidence) -> Iterator[str]:
    """12."""
    for room in evidence.rooms():
        yield from [HELD] * evidence.refused_starts.get(room, 0)
        for first, second in pairwise(evidence.of_room(room)):
            yield HELD
            if second.began < first.until:
                yield f"{room}: {first.called} and {second.called} were live together"


def stops_end_sessions(evidence: Evidence) -> Iterator[str]:
    """13. A session may also have failed before, for a reason that it names. One that is terminated
    says nothing more; that a sweep ends for it what it left is seen by 3.
    """
    for run in evidence.runs:
        if run.ended is None or "stop" not in run.signals or run.outcome == "terminated":
            continue
        yield HELD
        if run.status is None:
            yield f"{run.called}: says nothing of its end"
        elif run.status.state is not State.FINISHED:
            yield f"{run.called}: closed as {run.outcome} in the state {run.status.state}"
        elif run.outcome == "failed" and run.status.failure is None:
            yield f"{run.called}: failed, and does not say why"
        elif run.outcome == "completed" and run.status.end_reason is not EndReason.STOPPED:
            yield f"{run.called}: was told to stop, and ended as {run.status.end_reason}"
        elif run.outcome not in {"completed", "failed"}:
            yield f"{run.called}: ended as {run.outcome}"


def no_secret_leaked(evidence: Evidence) -> Iterator[str]:
    """14."""
    yield HELD
    yield from evidence.leaks
    if not evidence.scanned:
        yield "nothing was searched for secrets"


def histories_replay(evidence: Evidence) -> Iterator[str]:
    """15."""
    for run in evidence.runs:
        yield HELD
        if run.replay:
            yield f"{run.called}: {run.replay}"
    for name, replay in evidence.others.items():
        yield HELD
        if replay:
            yield f"{name}: {replay}"


def sessions_end(evidence: Evidence) -> Iterator[str]:
    """16."""
    for run in evidence.runs:
        yield HELD
        if run.ended is None:
            state = run.status.state if run.status else "unknown"
            evidence_text = run.status.evidence if run.status else ""
            yield (
                f"{run.called}: still {state} {evidence.within:.0f} s after the last order"
                f" ({evidence_text})"
            )


def _short(task: Task) -> str:
    return task.id[:10] if len(task.id) > 12 else task.id


def _fate(task: Task) -> str:
    return "running" if task.ended is None else f"ended: {task.why}"

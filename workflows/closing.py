"""The end: tasks stopped, strays hunted, files collected."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from longtake.contracts import names
    from longtake.contracts.payloads import (
        CheckInput,
        SegmentFiles,
        Started,
        StartInput,
        StopInput,
        TaskStopped,
        WatchInput,
    )
    from longtake.domain.errors import ASK_AGAIN
    from longtake.domain.events import Observation, TaskPhase
    from longtake.domain.files import REPORTED_AT_ONCE, Manifest, Outcome, unverified
    from longtake.domain.ports import Stopped, Task
    from longtake.domain.recording import Scene
    from longtake.domain.segment import Segment, Stray
    from longtake.domain.session import Failure
    from workflows import policies
    from workflows.alarm import Alarm
    from workflows.calls import TIMED_OUT, give_up
    from workflows.claiming import claimed
    from workflows.desk import Desk, settled
    from workflows.discarding import left_behind
    from workflows.searching import begin_search


BESIDES = 1000
"""Attempts that became no segment, of which a check looks for files: the last ones, so that they
and what the vendor reported fit into a payload."""

ENDED = Stopped(detail="ended at the vendor")
"""What stands for the answer to a stop where the vendor knows the task no more."""


def begin_closing(desk: Desk, segment: Segment, *, gone: bool = False) -> asyncio.Task[None]:
    """Begin to end a segment's task, beside whatever else goes on; once per segment."""
    if segment.number not in desk.closings:
        desk.closings[segment.number] = asyncio.create_task(_close(desk, segment, gone=gone))
    return desk.closings[segment.number]


async def close(desk: Desk, segment: Segment, *, gone: bool = False) -> None:
    """End a segment's task and know that it ended, however long that takes.

    `gone`: the session has watched long enough to take the vendor's next "unknown task" as
    the end.
    """
    await settled(begin_closing(desk, segment, gone=gone))


async def _close(desk: Desk, segment: Segment, *, gone: bool) -> None:
    stopped = ENDED
    if not segment.seen.phase.over:
        segment.stopping_at = segment.stopping_at or desk.now
        if segment.task.attempt.recorder in desk.session.suspects:
            await _let_it_enter(desk, segment)
        files = _all_files(desk) if _is_last(desk, segment) else None
        outcome = await _stop_for_good(
            desk, segment.task, lambda: segment.end_heard, gone=gone, files=files
        )
        stopped = outcome if isinstance(outcome, Stopped) else stopped
        if files and isinstance(outcome, TaskStopped) and outcome.manifest:
            desk.looked = files.told(segment.task, outcome.files), outcome.manifest
    segment.close(stopped, desk.now, confirmed=stopped is not ENDED)
    desk.note(f"task {segment.task.called} is over: {segment.end_detail or 'stopped'}")
    desk.stir()


def _is_last(desk: Desk, segment: Segment) -> bool:
    """Whether nothing of the session's is recording besides: with this task's end all is stored."""
    session = desk.session
    others = [other for other in session.segments if other is not segment and not other.ended_at]
    clear = not (others or session.suspects or session.strays)
    return desk.ending and clear and session.storage_readable


async def _let_it_enter(desk: Desk, segment: Segment) -> None:
    """See a recorder in the room that is to put out its double: stopped before, it puts out nobody.

    Data proves it at once. That the vendor calls it up does so only after a while: some do from the
    start's acceptance.
    """
    entered = segment.accepted_at + desk.traits.confirm_first
    while segment.seen.phase is not TaskPhase.FLOWING and not segment.seen.phase.over:
        in_time = desk.reached < entered
        order = WatchInput(
            request=desk.request,
            task=segment.task,
            known=segment.seen if in_time else None,
            every=policies.ENTERS_SOON,
        )
        left = max(entered - desk.now, policies.ENTERS_SOON)
        policy = policies.within(policies.WATCH, left if in_time else policies.ROUNDS_END)
        summary = f"see task {segment.task.called} in the room before it is stopped"
        seen = await desk.outcome(desk.call(names.WATCH, order, Observation, policy, summary))
        if isinstance(seen, Observation):
            desk.observe(segment, seen)
        elif in_time:
            await desk.wait(lambda: False, entered, "for the recorder to enter the room")
        if not in_time:
            return


async def _stop_for_good(
    desk: Desk,
    task: Task,
    end_heard: Callable[[], bool],
    *,
    gone: bool = False,
    final: Collection[str] = (),
    files: CheckInput | None = None,
) -> Stopped | Failure:
    """Stop until the vendor confirms, or refuses for one of the reasons in `final`.

    `files` are looked for at once, where the vendor says with its answer that all is stored.

    "Unknown task" proves the end only when it lasts: a task that is moving to another server
    is unknown for a while, and goes on recording and billing.
    """
    patience = Alarm()
    topic, again = f"stop {task.id}", policies.STOP_AGAIN
    while True:
        outcome = await _stop(desk, task, files)
        if isinstance(outcome, Stopped) or outcome.code in final:
            break
        if outcome.code != "TaskNotFound":
            desk.attend_to(topic, f"task {task.called} not stopped yet: {outcome.message}")
            again = min(2 * again, policies.STOP_SELDOM)
        elif gone or end_heard() or patience.rang:
            outcome = ENDED
            break
        elif not patience.is_set:
            patience.set(
                desk.now + desk.traits.missing_grace, "until the unknown task counts as gone"
            )
        await desk.wait(end_heard, desk.now + again, "to stop the task again")
    patience.set(None)
    desk.calm(topic)
    return outcome


async def _stop(desk: Desk, task: Task, files: CheckInput | None) -> TaskStopped | Failure:
    handle = desk.call(
        names.STOP_TASK,
        StopInput(request=desk.request, task=task, files=files),
        TaskStopped,
        policies.STOP,
        f"stop task {task.called}",
    )
    return await desk.outcome(handle)


async def settle_doubts(desk: Desk) -> None:
    """End what may be in the room, where starting its recorder again does that.

    The new task's id is known, so it can be stopped; the one before ends by it.
    """
    for recorder in desk.session.suspects:
        await _settle(desk, recorder)


async def _settle(desk: Desk, recorder: str) -> None:
    session = desk.session
    for pause in policies.DOUBT_PAUSES[: policies.SETTLING_STARTS]:
        if recorder not in session.suspects:
            return
        await desk.wait(
            lambda: bool(session.sighted(recorder)),
            desk.now + pause,
            "for the id of a start in doubt",
        )
        failure = await _put_out(desk, recorder)
        if failure and failure.code not in policies.PASSING:
            break
    if recorder in session.suspects:
        desk.lose(session.last_attempt(recorder))


async def _put_out(desk: Desk, recorder: str) -> Failure | None:
    """End a task of the recorder, once its entry has put out any other."""
    session = desk.session
    named, scene = session.sighted(recorder), session.scene
    if named:
        task: Task | Failure = Task(attempt=session.last_attempt(recorder), id=named)
    else:
        task = await _start_again(desk, recorder, scene)
    if isinstance(task, Failure):
        return task
    segment = session.open_segment(task, scene, desk.now)
    await close(desk, segment, gone=segment.up_at is None)
    return None


async def _start_again(desk: Desk, recorder: str, scene: Scene) -> Task | Failure:
    session = desk.session
    attempt = session.open_attempt(desk.request.output.path_prefix, desk.now, recorder)
    desk.note(f"attempt {attempt.number} puts out {recorder}, which may be recording")
    order = StartInput(request=desk.request, scene=scene, attempt=attempt, recover=True)
    policy = policies.within(policies.queued(policies.START), policies.LOST_ID_WAIT)
    summary = f"start {recorder} again"
    started = await desk.outcome(desk.call(names.START, order, Started, policy, summary))
    if isinstance(started, Started):
        return Task(attempt=attempt, id=started.task_id)
    if started.in_doubt:
        session.doubt(attempt)
    return started


def named_stray(desk: Desk) -> Stray | None:
    """A stray whose id is known, and which is still to be stopped."""
    return next((s for s in desk.session.strays if s.task_id and not s.settled), None)


async def hunt_strays(desk: Desk) -> None:
    """Stop strays whose ids are known; runs beside everything else."""
    while stray := named_stray(desk):
        if not await claimed(desk, Task(attempt=stray.attempt, id=stray.task_id), over_too=True):
            continue
        await _stop_stray(desk, stray)
        if all(stray.stopped_at for stray in desk.session.strays):
            desk.calm("stray")
        desk.stir()
    desk.hunting = False


async def _stop_stray(desk: Desk, stray: Stray) -> None:
    """Stop it with each resource that may be its own; the vendor takes no other."""
    refusal = "no resource is known"
    for resource in stray.resources:
        attempt = stray.attempt.model_copy(update={"resource": resource})
        outcome = await _stop_for_good(
            desk,
            Task(attempt=attempt, id=stray.task_id),
            lambda: stray.end_heard,
            final={"InvalidRequest"},
        )
        if isinstance(outcome, Stopped):
            stray.stopped_at = desk.now
            desk.note(f"stray of attempt {stray.attempt.number} stopped: task {stray.task_id}")
            return
        refusal = outcome.message
    stray.beyond_reach = refusal
    desk.attend_to("stray", f"task {stray.task_id} cannot be stopped: {refusal}")


async def await_strays(desk: Desk) -> None:
    """Let the hunt end: in time for strays that nobody named, without limit for the others."""
    strays = desk.session.strays
    if strays:
        until = max(stray.since for stray in strays) + policies.LOST_ID_WAIT + policies.STRAY_WAIT
        nameless = [stray for stray in strays if not stray.task_id and not stray.settled]
        searches = {s.attempt.number: begin_search(desk, s.attempt) for s in nameless}
        naming = [
            asyncio.create_task(_name(desk, stray, search))
            for stray in nameless
            if (search := searches[stray.attempt.number])
        ]
        await desk.wait(lambda: all(s.settled for s in strays), until, "for the ids of strays")
        for search in filter(None, searches.values()):
            give_up(search)
        await asyncio.gather(*naming)
        await desk.wait(lambda: all(s.settled for s in strays if s.task_id))
    if not all(stray.stopped_at for stray in strays):
        desk.attend_to("stray", "a stray may still be recording: its id was never told")


async def _name(desk: Desk, stray: Stray, search: asyncio.Task[Started]) -> None:
    found = await desk.outcome(search)
    if isinstance(found, Started) and not stray.task_id:
        stray.task_id = found.task_id
        desk.stir()


async def collect(desk: Desk) -> Manifest:
    """Wait until the files are in storage, and grade what is there."""
    session = desk.session
    if not session.segments and not (session.strays and session.storage_readable):
        return _nothing(desk)
    if not session.storage_readable:
        return unverified(
            desk.request.output.storage, {s.number: s.reported for s in session.segments}
        )
    await _uploads_settled(desk)
    if desk.looked and desk.looked[0] == _all_files(desk):
        return desk.looked[1]
    outcome = await _check(desk, until=desk.traits.files_within)
    if isinstance(outcome, Failure) and outcome.code not in {TIMED_OUT, ASK_AGAIN}:
        desk.attend_to("files", f"cannot check the files: {outcome.message}")
    if isinstance(outcome, Failure):
        outcome = await _check(desk, until=None)
    if isinstance(outcome, Manifest):
        return outcome
    if not session.segments:
        return _nothing(desk)
    manifest = unverified(
        desk.request.output.storage, {s.number: s.reported for s in session.segments}
    )
    return manifest.model_copy(update={"reasons": (f"{outcome.code}: {outcome.message}",)})


def _nothing(desk: Desk) -> Manifest:
    outcome = Outcome.FAILED if desk.session.failure else Outcome.EMPTY
    return Manifest(
        outcome=outcome, storage=desk.request.output.storage, reasons=("nothing was recorded",)
    )


async def _uploads_settled(desk: Desk) -> None:
    """Wait for the vendor's word that nothing more comes, for as long as it may stay silent."""
    segments, longest = desk.session.segments, desk.traits.uploads_within
    if longest and segments:
        ended = max(segment.ended_at or desk.now for segment in segments)
        await desk.wait(
            lambda: all(segment.uploading != "unknown" for segment in segments),
            ended + longest,
            "for the vendor to say that its uploads are done",
        )


async def _check(desk: Desk, until: timedelta | None) -> Manifest | Failure:
    """Look for the files: until they are all there, or once and for all."""
    order = _all_files(desk).model_copy(update={"final": until is None})
    policy = policies.within(policies.CHECK_FILES, until or policies.ROUNDS_END)
    summary = "check the files" if until else "list the files as they are"
    return await desk.outcome(desk.call(names.CHECK_FILES, order, Manifest, policy, summary))


def _all_files(desk: Desk) -> CheckInput:
    """What is said of the session's files by now."""
    session = desk.session
    told = REPORTED_AT_ONCE // max(len(session.segments), 1)
    parts = tuple(
        SegmentFiles(
            number=segment.number,
            task=segment.task,
            reported=segment.reported[:told],
            had_data=segment.leaves_files,
        )
        for segment in session.segments
    )
    return CheckInput(
        request=desk.request,
        segments=parts,
        session="" if session.discard else session.key,  # a discard leaves no document
        besides=tuple(left for left in left_behind(session) if not left.segment)[-BESIDES:],
        failed=session.failure is not None,
    )

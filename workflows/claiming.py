"""Whose is a task that goes by an identity of ours? Where others share it, the vendor is asked."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from longtake.contracts import names
    from longtake.contracts.payloads import WatchInput
    from longtake.domain.events import Observation, TaskPhase
    from longtake.domain.ports import Task
    from workflows import policies
    from workflows.desk import Desk


async def claimed(desk: Desk, task: Task, *, over_too: bool) -> bool:
    """Whether the task can be what its attempt started; if not, the session disowns it.

    A task is another session's if the vendor made it before the attempt was opened, or does not
    know it; and, unless `over_too`, if it is over: a late event of the recording before ours must
    not be taken for news of ours. A vendor that is away is asked until it answers: a wrong guess
    would end somebody else's recording, or leave ours running.
    """
    opened = task.attempt.opened_at
    if not desk.traits.recorder_ids.shared or opened is None:
        return True
    order = WatchInput(
        request=desk.request,
        task=task,
        known=None,
        every=desk.traits.confirm_every,
        made_after=opened - policies.CLOCKS_APART,
    )
    summary = f"ask whether task {task.called} is of attempt {task.attempt.number}"
    handle = desk.call(names.WATCH, order, Observation, policies.WATCH, summary)
    seen = await desk.outcome(handle)
    told = isinstance(seen, Observation)
    if told and seen.phase is not TaskPhase.MISSING and (over_too or not seen.phase.over):
        return True
    why = seen.detail if told else seen.message
    desk.note(f"task {task.called} is not ours: {why}")
    desk.session.disown(task.id, desk.now)
    return False

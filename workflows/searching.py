"""The search in storage for a task whose id was lost."""

from __future__ import annotations

import asyncio

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from longtake.contracts import names
    from longtake.contracts.payloads import FindTaskInput, Started
    from longtake.domain.ports import Attempt
    from workflows import policies
    from workflows.desk import Desk


def begin_search(desk: Desk, attempt: Attempt) -> asyncio.Task[Started] | None:
    """Look for the task of an attempt until a file names it; None where none can be read."""
    if not desk.session.storage_readable:
        return None
    shared = desk.traits.recorder_ids.shared and attempt.opened_at
    return desk.call(
        names.FIND_TASK,
        FindTaskInput(
            request=desk.request,
            attempt=attempt,
            written_after=shared - policies.CLOCKS_APART if shared else None,
            known=tuple(sorted(desk.session.known_tasks)),
        ),
        Started,
        policies.FIND_TASK,
        f"look in storage for the task of attempt {attempt.number}",
    )

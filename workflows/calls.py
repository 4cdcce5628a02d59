"""Activities as a workflow starts them: on which queue, how urgent, and what came of them."""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import Priority
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    TimeoutError,  # noqa: A004 - Temporal's own
    TimeoutType,
    is_cancelled_exception,
)

with workflow.unsafe.imports_passed_through():
    from longtake.contracts import names
    from longtake.domain.errors import NO_TURN
    from longtake.domain.recording import RecordingRequest
    from longtake.domain.session import Failure
    from workflows.policies import Policy

T = TypeVar("T")

_ON_FILES = {
    names.FIND_TASK,
    names.CHECK_FILES,
    names.DISCARD,
    names.PLAN_MERGE,
    names.MAKE_MERGED,
    names.LIST_MERGED,
}

_DIRECT = {names.ACQUIRE, names.START, names.APPLY, names.STOP_TASK, names.CHECK_FILES}
"""What is asked for on the session's own queue first: most of the time nothing waits."""

_GIVEN_UP = "given up, because the session ends"

CANCELLED = "Cancelled"
TIMED_OUT = "TimedOut"


def call(
    request: RecordingRequest,
    name: str,
    order: Any,
    gives: type[T],
    policy: Policy,
    *,
    summary: str,
) -> asyncio.Task[T]:
    """Start an activity for a recording; `give_up` ends it."""

    def begun(queue: str) -> workflow.ActivityHandle[T]:
        return workflow.start_activity(
            name,
            order,
            result_type=gives,
            task_queue=queue,
            start_to_close_timeout=policy.one_try,
            schedule_to_close_timeout=policy.all_tries,
            heartbeat_timeout=policy.silence,
            retry_policy=policy.retry,
            cancellation_type=policy.cancellation,
            priority=Priority(priority_key=policy.priority, fairness_key=_fairness_key(request)),
            summary=summary,
        )

    async def directly() -> T:
        try:
            return await begun(workflow.info().task_queue)
        except ActivityError as err:
            if not isinstance(err.cause, ApplicationError) or err.cause.type != NO_TURN:
                raise
        return await begun(_queue(name, request.account))

    if name in _DIRECT:
        return asyncio.create_task(directly())
    return begun(_queue(name, request.account))


async def outcome(handle: asyncio.Task[T]) -> T | Failure:
    """What an activity gave, or why it failed, as data."""
    try:
        return await handle
    except ActivityError as err:
        return failure_of(err)
    except asyncio.CancelledError as err:
        # Given up before it was asked for; else the worker only puts this copy of the session away.
        if err.args != (_GIVEN_UP,):
            raise
        return failure_of(err)


def give_up(handle: asyncio.Task[Any]) -> None:
    """Ask an activity to end, as its policy has it."""
    handle.cancel(_GIVEN_UP)


def failure_of(err: ActivityError | asyncio.CancelledError) -> Failure:
    """The class of our own taxonomy, or CANCELLED or TIMED_OUT where Temporal gave up."""
    if is_cancelled_exception(err):
        return Failure(code=CANCELLED, message=_GIVEN_UP)
    cause = err.__cause__
    if isinstance(cause, ApplicationError):
        facts: dict[str, str] = cause.details[0] if cause.details else {}
        return Failure(
            code=cause.type or "Unknown",
            message=cause.message,
            vendor_code=facts.get("vendor_code", ""),
            in_doubt=bool(facts.get("in_doubt")),
        )
    # One that ran out of time in the queue was not begun, and its earlier tries were refused.
    waited = isinstance(cause, TimeoutError) and cause.type is TimeoutType.SCHEDULE_TO_START
    return Failure(code=TIMED_OUT, message=str(cause), in_doubt=not waited)


def _fairness_key(request: RecordingRequest) -> str:
    """The tenant, else the account; the server takes 64 bytes."""
    tenant = request.labels.get("tenant") or request.account
    return tenant.encode()[:64].decode(errors="ignore")


def _queue(activity: str, account: str) -> str:
    """Vendor calls go to the account's queue, files to the media queue, the rest to our own."""
    own = workflow.info().task_queue
    if activity in {names.KEEP, names.PREPARE}:
        return own
    if activity in _ON_FILES:
        return names.media_queue(own)
    return names.account_queue(own, account)

"""The plain pattern, for comparison: a start with a retry policy, and nothing that recovers.

    python -m longtake.cli.faults.plain --settings FILE

works on its own task queues. The calls are Longtake's own adapters; what is missing is what
Longtake adds to them.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.worker import Worker

from longtake.cli.faults.plan import Order, SessionPlan
from longtake.client import AlreadyLive
from longtake.contracts.ids import session_key
from longtake.domain.errors import RecordingError
from longtake.domain.model import Kept
from longtake.domain.ports import Attempt, Recorder, Task
from longtake.domain.recording import RecordingRequest
from longtake.settings import Settings, load
from longtake.temporal.connection import connect_by
from longtake.temporal.runner import workflow_runner
from longtake.vendorkit.http import open_client

WORKFLOW, QUEUE = "PlainRecording", "plain"
CALLS = "plain-calls"
QUEUES = (QUEUE, CALLS)


class PlainOrder(Kept):
    """One recording."""

    request: RecordingRequest
    seconds: float
    """From its start to its stop."""


class PlainCall(Kept):
    """What the three activities take."""

    request: RecordingRequest
    key: str
    resource: str = ""
    task_id: str = ""


@workflow.defn(name=WORKFLOW)
class PlainRecording:
    """Acquire, start, wait, stop: each an activity, with Temporal's retries and no more."""

    @workflow.run
    async def run(self, order: PlainOrder) -> str:
        """Give the task's id."""
        info = workflow.info()
        call = PlainCall(request=order.request, key=session_key(info.workflow_id, info.run_id))
        call = call.model_copy(update={"resource": await _do("plain.acquire", call)})
        call = call.model_copy(update={"task_id": await _do("plain.start", call)})
        await workflow.sleep(order.seconds)
        await _do("plain.stop", call)
        return call.task_id


async def _do(name: str, call: PlainCall) -> str:
    return await workflow.execute_activity(
        name,
        call,
        result_type=str,
        task_queue=CALLS,
        start_to_close_timeout=timedelta(seconds=12),
        schedule_to_close_timeout=timedelta(seconds=60),
    )


class PlainActivities:
    """One vendor call each."""

    def __init__(self, settings: Settings, stack: AsyncExitStack) -> None:
        """The http clients are closed with the stack."""
        self._settings = settings
        self._stack = stack
        self._recorders: dict[str, Recorder] = {}

    @activity.defn(name="plain.acquire")
    async def acquire(self, call: PlainCall) -> str:
        """Reserve a resource, where the vendor has that."""
        recorder, attempt = await self._who(call)
        if recorder.traits(call.request).resource_window is None:
            return ""
        return await _told(recorder.acquire(call.request, attempt))

    @activity.defn(name="plain.start")
    async def start(self, call: PlainCall) -> str:
        """Start the recording."""
        recorder, attempt = await self._who(call)
        return await _told(recorder.start(call.request, call.request.first_scene(), attempt))

    @activity.defn(name="plain.stop")
    async def stop(self, call: PlainCall) -> str:
        """Stop the recording; that it is over already is well."""
        recorder, attempt = await self._who(call)
        task = Task(attempt=attempt, id=call.task_id)
        try:
            return (await _told(recorder.stop(call.request, task))).detail
        except ApplicationError as err:
            if err.type in {"AlreadyStopped", "NoRecordedData", "TaskNotFound"}:
                return err.message
            raise

    async def _who(self, call: PlainCall) -> tuple[Recorder, Attempt]:
        name = call.request.account
        if name not in self._recorders:
            http = await self._stack.enter_async_context(open_client())
            spec, account = self._settings.account(name)
            storage = self._settings.storage_at(spec.slug)
            self._recorders[name] = spec.recorder(
                name, account, storage, http, lambda: datetime.now(UTC)
            )
        recorder = self._recorders[name]
        identity = recorder.traits(call.request).recorder_ids.identity(call.key, 1)
        attempt = Attempt(
            number=1, recorder=identity, path=f"{call.key}/a1", resource=call.resource
        )
        return recorder, attempt


async def _told(call: Any) -> Any:
    """The vendor's answer; a definite no is not retried, everything else is."""
    try:
        return await call
    except RecordingError as err:
        raise ApplicationError(str(err), type=err.code, non_retryable=not err.retryable) from None


class PlainApplication:
    """Starts plain recordings; they take no orders, and stop when their time is over."""

    def __init__(self, request: Callable[[str], RecordingRequest]) -> None:
        """`request` makes one for a room."""
        self._request = request

    async def start(self, client: Client, session: SessionPlan) -> Any:
        """See `Application`."""
        workflow_id = f"plain:{session.room}"
        order = PlainOrder(request=self._request(session.room), seconds=session.stop_at)
        try:
            return await client.start_workflow(
                WORKFLOW,
                order,
                id=workflow_id,
                task_queue=QUEUE,
                id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            )
        except WorkflowAlreadyStartedError as err:
            raise AlreadyLive(workflow_id) from err

    async def order(self, handle: Any, order: Order) -> None:
        """The plain pattern has its stop in itself."""


async def work(settings: Settings) -> None:
    """Work until killed."""
    client = await _connected(settings)
    async with AsyncExitStack() as stack:
        calls = PlainActivities(settings, stack)
        rate = max(account.settings.calls_per_second for account in settings.accounts.values())
        sessions = Worker(
            client,
            task_queue=QUEUE,
            workflows=[PlainRecording],
            workflow_runner=workflow_runner(),
            sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),
        )
        activities = Worker(
            client,
            task_queue=CALLS,
            activities=[calls.acquire, calls.start, calls.stop],
            max_task_queue_activities_per_second=rate,
            disable_eager_activity_execution=True,
        )
        await asyncio.gather(sessions.run(), activities.run())


async def _connected(settings: Settings) -> Client:
    while True:
        try:
            return await connect_by(settings.connection)
        except RuntimeError:  # its server, or the way to it, is down
            await asyncio.sleep(1)


def main(arguments: list[str]) -> None:
    """The worker's process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", type=Path, required=True)
    given = parser.parse_args(arguments)
    asyncio.run(work(load(given.settings, os.environ)))


if __name__ == "__main__":
    # By its real name: the workflow's class must not be one of `__main__`.
    from longtake.cli.faults.plain import main as real_main

    real_main(sys.argv[1:])

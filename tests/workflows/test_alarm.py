"""An alarm rings at its moment, with one timer for it."""

from __future__ import annotations

import uuid
from datetime import timedelta

from temporalio import workflow
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from temporalio.worker import Worker

from longtake.temporal.runner import workflow_runner

with workflow.unsafe.imports_passed_through():
    from workflows.alarm import Alarm

MOMENTS = 20


@workflow.defn(name="TestAlarm")
class AlarmWorkflow:
    @workflow.run
    async def run(self) -> bool:
        """Whether the alarm rang at each moment, some of them past, and never for a later one."""
        alarm, right = Alarm(), True
        for number in range(MOMENTS):
            moment = workflow.now() + timedelta(microseconds=2_047 * (number - 3))
            alarm.set(moment + timedelta(hours=1), "a later moment")
            alarm.set(moment, "a moment")
            alarm.set(moment, "the same moment")
            right = right and alarm.rang is None
            await workflow.wait_condition(lambda: alarm.rang is not None)
            right = right and alarm.rang == moment
        return right


async def test_an_alarm_rings_once_for_its_moment(client: Client) -> None:
    queue = str(uuid.uuid4())
    async with Worker(
        client, task_queue=queue, workflows=[AlarmWorkflow], workflow_runner=workflow_runner()
    ):
        handle = await client.start_workflow("TestAlarm", id=queue, task_queue=queue)
        assert await handle.result()
    history = await handle.fetch_history()
    timers = sum(e.event_type == EventType.EVENT_TYPE_TIMER_STARTED for e in history.events)
    assert timers == MOMENTS, "a moment that stays keeps its timer"

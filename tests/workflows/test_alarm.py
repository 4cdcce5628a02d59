"""An alarm rings at its moment, and whoever waits for it never spins."""

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
    async def run(self) -> int:
        """Wait for moments between two milliseconds; gives how often the alarm rang."""
        alarm, rings = Alarm(), 0
        for number in range(MOMENTS):
            moment = workflow.now() + timedelta(microseconds=20_000 + 47 * number + 1)
            while workflow.now() < moment:
                alarm.set(moment, "a moment")
                alarm.set(moment, "the same moment")
                await workflow.wait_condition(lambda: alarm.rang)
                rings += 1
        return rings


async def test_waiting_for_an_alarm_ends_also_when_it_rings_early(client: Client) -> None:
    queue = str(uuid.uuid4())
    async with Worker(
        client, task_queue=queue, workflows=[AlarmWorkflow], workflow_runner=workflow_runner()
    ):
        handle = await client.start_workflow("TestAlarm", id=queue, task_queue=queue)
        rings = await handle.result()
    history = await handle.fetch_history()
    timers = sum(e.event_type == EventType.EVENT_TYPE_TIMER_STARTED for e in history.events)
    assert timers == rings >= MOMENTS, "a moment that stays keeps its timer"

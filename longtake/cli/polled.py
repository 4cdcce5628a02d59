"""Which task queues settings need a worker on, and whether one polls them."""

from __future__ import annotations

from dataclasses import dataclass

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from longtake.contracts import names
from longtake.settings import Settings


@dataclass(frozen=True)
class Queue:
    """A task queue and the kind of work that is taken from it."""

    name: str
    workflows: bool


def queues_of(settings: Settings) -> list[Queue]:
    """Sessions, files, and the vendor calls of each account."""
    return [
        Queue(names.TASK_QUEUE, workflows=True),
        Queue(names.media_queue(names.TASK_QUEUE), workflows=False),
        *(
            Queue(names.account_queue(names.TASK_QUEUE, account), workflows=False)
            for account in settings.accounts
        ),
    ]


async def is_polled(client: Client, namespace: str, queue: Queue) -> bool:
    """Whether a worker asked for work there within the last minutes."""
    kind = TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY
    if queue.workflows:
        kind = TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW
    described = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=namespace, task_queue=TaskQueue(name=queue.name), task_queue_type=kind
        )
    )
    return bool(described.pollers)

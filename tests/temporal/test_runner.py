from __future__ import annotations

import pytest
from temporalio.client import Client
from temporalio.worker import Worker

from longtake.temporal.runner import workflow_runner
from tests.temporal.careless import Careless


async def test_strict_names_the_module_that_was_not_passed_through(temporal: Client) -> None:
    with pytest.raises(RuntimeError, match="Careless") as caught:
        Worker(
            temporal,
            task_queue="runner",
            workflows=[Careless],
            workflow_runner=workflow_runner(strict=True),
        )
    assert "idna" in str(caught.value.__cause__)


async def test_a_worker_in_production_takes_what_strict_refuses(temporal: Client) -> None:
    Worker(temporal, task_queue="runner", workflows=[Careless], workflow_runner=workflow_runner())

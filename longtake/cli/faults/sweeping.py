"""Sweeps beside the sessions, with less patience than the worker's own schedule has."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import Client, WorkflowFailureError
from temporalio.common import WorkflowIDConflictPolicy

from longtake.cli.emulated import ACCOUNT
from longtake.cli.faults.drive import insisted
from longtake.contracts import names
from longtake.contracts.ids import sweep_id
from longtake.contracts.sweeping import SweepOrder, SweepReport

GRACE = timedelta(seconds=5)
"""So long is a session left alone that was terminated."""
_PAUSE = 5.0


@dataclass
class Sweeps:
    """One sweep after the other, for as long as sessions are played, and until all is swept."""

    client: Client
    vendor: str
    _made: int = 0

    async def go_on(self) -> None:
        """Sweep until cancelled."""
        while True:
            await self.sweep()
            await asyncio.sleep(_PAUSE)

    async def finish(self, within: float) -> None:
        """Sweep until nothing is left to be ended, and every end is over, or time is up."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                await asyncio.sleep(GRACE.total_seconds())
                while await self.sweep():
                    pass  # one that found something has taken its time
                # A sweep that was interrupted has told nobody of those that it revived.
                query = f'WorkflowType = "{names.WORKFLOW}" AND ExecutionStatus = "Running"'
                async for found in self.client.list_workflows(query):
                    with suppress(WorkflowFailureError):
                        await insisted(self.client.get_workflow_handle(found.id).result)

    async def sweep(self) -> bool:
        """Sweep once; whether sessions had left anything."""
        self._made += 1
        return (await insisted(self._swept)).looked_at > 0

    async def _swept(self) -> SweepReport:
        return await self.client.execute_workflow(
            names.SWEEP,
            SweepOrder(vendor=self.vendor, account=ACCOUNT, grace=GRACE),
            id=f"{sweep_id(ACCOUNT)}-{self._made}",
            task_queue=names.TASK_QUEUE,
            result_type=SweepReport,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )

"""A look at one account on a schedule: does the vendor record what no session looks after?

A sweep never ends a task by itself, and never on one fact. Temporal says that the session is over
and has not seen the task end; the vendor says, twice, how the task is. Then the session is revived
at its end: it stops what runs, as every session does, and collects the files.
"""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from longtake.contracts import names
    from longtake.contracts.payloads import WatchInput
    from longtake.contracts.sweeping import (
        Revival,
        Revived,
        Survey,
        Suspicion,
        SweepOrder,
        SweepReport,
    )
    from longtake.domain.events import Observation
    from longtake.domain.session import Failure
    from workflows import policies
    from workflows.calls import call, outcome
    from workflows.policies import Policy

T = TypeVar("T")


@workflow.defn(name=names.SWEEP)
class SweepWorkflow:
    """One sweep."""

    def __init__(self) -> None:
        self._notes: list[str] = []

    @workflow.run
    async def run(self, order: SweepOrder) -> SweepReport:
        """Look at Temporal's side, then at the vendor's, then end what is left."""
        survey = await self._ask(names.SURVEY, order, Survey, policies.SURVEY, "look at sessions")
        self._notes += survey.notes
        self._show(survey, ())
        sure = await asyncio.gather(*(self._certain(each) for each in survey.suspicions))
        revived = [workflow_id for each in sure if each and (workflow_id := await self._end(each))]
        self._show(survey, revived)
        return SweepReport(
            looked_at=len(survey.suspicions),
            revived=tuple(revived),
            waiting=survey.waiting,
            notes=tuple(self._notes),
        )

    async def _certain(self, suspicion: Suspicion) -> Revival | None:
        """The suspicion with the vendor's second answer about each task; None if it has none."""
        await self._look(suspicion)
        await workflow.sleep(policies.SECOND_LOOK, summary="before the vendor is asked again")
        seen = await self._look(suspicion)
        if len(seen) < len(suspicion.tasks):
            return None
        return Revival(suspicion=suspicion, seen=seen)

    async def _look(self, suspicion: Suspicion) -> dict[str, Observation]:
        """What the vendor says of each task, as far as it answers."""
        seen: dict[str, Observation] = {}
        for task in suspicion.tasks:
            question = WatchInput(
                request=suspicion.request, task=task, known=None, every=policies.SECOND_LOOK
            )
            summary = f"ask how task {task.called} is"
            answer = await outcome(
                call(
                    suspicion.request,
                    names.WATCH,
                    question,
                    Observation,
                    policies.LOOK,
                    summary=summary,
                )
            )
            if isinstance(answer, Failure):
                self._notes.append(f"task {task.called}: cannot ask the vendor: {answer.message}")
            else:
                seen[task.id] = answer
        return seen

    async def _end(self, revival: Revival) -> str:
        """Let the session end what it left; gives the workflow that does."""
        suspicion = revival.suspicion
        revived = await self._ask(
            names.REVIVE, revival, Revived, policies.REVIVE, f"revive {suspicion.workflow_id}"
        )
        told = ", ".join(
            f"task `{task_id}` is {seen.phase}" for task_id, seen in revival.seen.items()
        )
        by = revived.workflow_id
        how = f"ended by `{by}`" if by else "nothing to do any more"
        self._notes.append(f"`{suspicion.workflow_id}` {suspicion.why}; {told}; {how}")
        return revived.workflow_id

    async def _ask(self, name: str, order: Any, gives: type[T], policy: Policy, summary: str) -> T:
        return await workflow.execute_activity(
            name,
            order,
            result_type=gives,
            start_to_close_timeout=policy.one_try,
            schedule_to_close_timeout=policy.all_tries,
            retry_policy=policy.retry,
            summary=summary,
        )

    def _show(self, survey: Survey, revived: tuple[str, ...] | list[str]) -> None:
        lines = [
            f"## Sessions that left something: {len(survey.suspicions)}, ended: {len(revived)}",
            f"Events that belong to nobody known: {survey.waiting}",
            "\n".join(f"- {note}" for note in self._notes),
        ]
        workflow.set_current_details("\n\n".join(lines))

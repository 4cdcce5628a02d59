"""The merge of a session's single streams: plan, then each file, made and published."""

from __future__ import annotations

from temporalio import workflow
from temporalio.common import Priority
from temporalio.exceptions import ChildWorkflowError, WorkflowAlreadyStartedError

with workflow.unsafe.imports_passed_through():
    from longtake.contracts import names
    from longtake.contracts.merging import ListOrder, MakeOrder, MergeOrder, MergeProgress
    from longtake.domain.files import LISTED, Manifest, Outcome
    from longtake.domain.merging import (
        LeftOut,
        Made,
        MergePlan,
        MergeResult,
        PlannedFile,
        with_merged,
    )
    from longtake.domain.session import Failure
    from workflows import policies
    from workflows.calls import CANCELLED, call, outcome
    from workflows.desk import Desk


@workflow.defn(name=names.MERGE)
class MergeWorkflow:
    """One merge. It grades what came of it, and never fails for a file's sake.

    Cancelled, it ends with what was made until then.
    """

    def __init__(self) -> None:
        self._progress = MergeProgress()

    @workflow.run
    async def run(self, order: MergeOrder) -> MergeResult:
        """Each file is an activity: what is done stays done, whoever dies."""
        plan = await outcome(
            call(
                order.request,
                names.PLAN_MERGE,
                order,
                MergePlan,
                policies.PLAN_MERGE,
                summary="list the parts, plan the files",
            )
        )
        if isinstance(plan, Failure):
            lost = LeftOut(key=order.folder, why=f"{plan.code}: {plan.message}")
            return MergeResult(outcome=Outcome.FAILED, left_out=(lost,))
        self._progress.files = len(plan.files)
        self._progress.total = sum(file.seconds for file in plan.files)
        made: list[Made] = []
        for file in plan.files:
            one = await self._made(order, plan, file)
            if isinstance(one, Failure):
                why = f"{one.code}: {one.message}"
                lost = LeftOut(key=f"{plan.folder}/{file.name}", why=why)
                made.append(Made(left_out=(lost,)))
                if one.code == CANCELLED:
                    break
            else:
                made.append(one)
        return await self._listed(order, MergeResult.of(plan, made))

    async def _made(self, order: MergeOrder, plan: MergePlan, file: PlannedFile) -> Made | Failure:
        self._progress.making = file.name
        made = await outcome(
            call(
                order.request,
                names.MAKE_MERGED,
                MakeOrder(order=order, folder=plan.folder, name=file.name),
                Made,
                policies.MAKE_MERGED,
                summary=f"make {file.name}, {file.seconds:.0f} s",
            )
        )
        self._progress.making = ""
        self._progress.done += file.seconds
        self._progress.files_done += 1
        return made

    async def _listed(self, order: MergeOrder, result: MergeResult) -> MergeResult:
        """The result with a manifest that has its files; without one if it cannot be written."""
        if not result.files or not order.document:
            return result
        manifest = await outcome(
            call(
                order.request,
                names.LIST_MERGED,
                ListOrder(order=order, result=result),
                Manifest,
                policies.LIST_MERGED,
                summary="write the manifest anew",
            )
        )
        if isinstance(manifest, Failure):
            return result
        return result.model_copy(update={"manifest": manifest})

    @workflow.query(name=names.PROGRESS, description="How far the merge is")
    def progress(self) -> MergeProgress:
        return self._progress


async def merge(desk: Desk, manifest: Manifest) -> Manifest:
    """Merge as the request asks; gives the manifest with the merged files.

    A merge that comes to nothing wants a person's eye, and changes the recording's grade in no way.
    """
    options, session = desk.request.output.merge, desk.session
    if options is None or not session.segments or session.discard is not None:
        return manifest
    if not session.storage_readable:
        desk.attend_to("merge", "nothing was merged: storage cannot be read from here")
        return manifest
    desk.move(session.state, "merging the files")
    order = MergeOrder.of(desk.request, session, options, manifest.document)
    try:
        child = await workflow.start_child_workflow(
            names.MERGE,
            order,
            id=order.workflow_id,
            result_type=MergeResult,
            static_summary="merge the files",
            priority=Priority(fairness_key=desk.request.account),
        )
        await desk.wait(lambda: child.done() or session.discard is not None)
        if not child.done():
            child.cancel()  # what it made until now must be listed, to be deleted
        result = await child
    except (ChildWorkflowError, WorkflowAlreadyStartedError) as err:
        cause = err.cause if isinstance(err, ChildWorkflowError) else None
        desk.attend_to("merge", f"the merge failed: {cause or err}"[:300])
        return manifest
    if result.left_out:
        desk.attend_to("merge", result.in_short())
    merged = with_merged(manifest, result)
    return result.manifest or merged.model_copy(update={"files": merged.files[:LISTED]})

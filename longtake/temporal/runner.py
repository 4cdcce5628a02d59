"""The workflow sandbox of the tests and the replays; the worker does without."""

from __future__ import annotations

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import SandboxImportNotificationPolicy


def workflow_runner(*, strict: bool = False) -> SandboxedWorkflowRunner:
    """The default sandbox, with `longtake` passed through like pydantic already is.

    A module that is not passed through is executed anew for every workflow: 54 KB more per open
    session, and classes that are not the ones the data converter knows. `strict` is for tests:
    a workflow that imports such a module fails when its worker is made, by the module's name.
    """
    restrictions = SandboxRestrictions.default.with_passthrough_modules("longtake")
    if strict:
        restrictions = restrictions.with_import_notification_policy(
            SandboxImportNotificationPolicy.WARN_ON_DYNAMIC_IMPORT
            | SandboxImportNotificationPolicy.RAISE_ON_UNINTENTIONAL_PASSTHROUGH
        )
    return SandboxedWorkflowRunner(restrictions=restrictions)

"""A discard: what the session left is deleted, and the audit stays."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from longtake.contracts import names
    from longtake.contracts.payloads import DiscardInput, LeftBehind
    from longtake.domain.discarding import ON_DEMAND, Deleted, Discard, after_discard
    from longtake.domain.files import Manifest
    from longtake.domain.session import Failure, Session
    from workflows import policies
    from workflows.desk import Desk


async def discard(desk: Desk, audit: Discard, manifest: Manifest) -> Manifest:
    """Delete what the manifest lists and what lies in the attempts' own paths.

    Gives the manifest of what is left. Unless the vendor has said that its uploads are done,
    storage is looked at again when it says so, or when its time for uploads is over.
    """
    session = desk.session
    if why := _beyond_reach(desk):
        desk.attend_to("discard", f"nothing was deleted: {why}")
        audit.left, audit.done_at = manifest.count, desk.now
        return manifest.model_copy(update={"reasons": (f"not discarded: {why}", *manifest.reasons)})
    desk.move(session.state, "deleting the files")
    deleted = await _delete(desk, manifest)
    audit.add(deleted, manifest)
    if _more_may_come(session):
        ended = max(segment.ended_at or desk.now for segment in session.segments)
        until = ended + desk.traits.files_within
        desk.move(session.state, f"deleted; files may still come until {until:%H:%M:%S} UTC")
        await desk.wait(lambda: not _more_may_come(session), until, "for files that come late")
        deleted = await _delete(desk, manifest)
        audit.add(deleted, manifest)
    after = after_discard(manifest, audit, deleted)
    audit.left, audit.done_at = after.count, desk.now
    if after.count:
        desk.attend_to("discard", f"{after.count} files are left of a discarded session")
    else:
        desk.calm("discard")
    desk.note(after.reasons[0])
    return after


def _beyond_reach(desk: Desk) -> str:
    """Why nothing can be deleted from here, if so."""
    if desk.session.traits is None or desk.session.storage_readable:
        return ""
    if not desk.traits.to_bucket:
        return f"the files are {ON_DEMAND}"
    return "storage cannot be reached from here"


def _more_may_come(session: Session) -> bool:
    """Whether the vendor may still put files into storage, as far as it has told."""
    told = all(segment.uploading in {"uploaded", "nothing"} for segment in session.segments)
    settled = all(stray.stopped_at for stray in session.strays)
    return bool(session.segments) and not (told and settled)


async def _delete(desk: Desk, manifest: Manifest) -> Deleted:
    folder = "/".join(filter(None, [desk.request.output.path_prefix, desk.session.key]))
    listed = [file.key for file in manifest.files if file.size is not None]
    elsewhere = [key for key in listed if not key.startswith(f"{folder}/")]
    order = DiscardInput(
        request=desk.request,
        folder=folder,
        parts=left_behind(desk.session),
        keys=tuple(elsewhere),
    )
    for pause in policies.DISCARD_PAUSES:
        outcome = await _order(desk, order)
        if isinstance(outcome, Deleted):
            return outcome
        desk.attend_to("discard", f"cannot delete the files yet: {outcome.message}")
        await desk.wait(lambda: False, desk.now + pause, "to delete again")
    outcome = await _order(desk, order.model_copy(update={"final": True}))
    if isinstance(outcome, Deleted):
        return outcome
    return Deleted(left=manifest.files, left_count=manifest.count, why=outcome.message)


async def _order(desk: Desk, order: DiscardInput) -> Deleted | Failure:
    summary = "delete what can be deleted" if order.final else "delete the files"
    handle = desk.call(names.DISCARD, order, Deleted, policies.DISCARD, summary)
    return await desk.outcome(handle)


def left_behind(session: Session) -> tuple[LeftBehind, ...]:
    """Each attempt's own path; where attempts have none, each task that is known."""
    segments = {segment.task.attempt.number: segment.number for segment in session.segments}
    paths = [
        LeftBehind(attempt=attempt, segment=segments.get(attempt.number, 0))
        for attempt in session.attempts
        if attempt.path
    ]
    tasks = [(s.task.attempt, s.task.id, s.number) for s in session.segments]
    tasks += [(s.attempt, s.task_id, 0) for s in session.strays if s.task_id]
    named = [
        LeftBehind(attempt=attempt, task_id=task_id, segment=number)
        for attempt, task_id, number in tasks
        if not attempt.path
    ]
    return (*paths, *named)

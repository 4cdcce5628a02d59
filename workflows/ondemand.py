"""The end of a session whose files become media of a vendor's video-on-demand."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from longtake.contracts import names
    from longtake.contracts.payloads import WatchInput
    from longtake.domain.events import Observation
    from longtake.domain.files import Manifest, Outcome
    from longtake.domain.ondemand import graded
    from longtake.domain.segment import Segment
    from workflows import policies
    from workflows.desk import Desk


async def collect_media(desk: Desk) -> Manifest:
    """Wait until the vendor has told what it keeps, and grade what was told."""
    segments = desk.session.segments
    ended = max(segment.ended_at or desk.now for segment in segments)
    await desk.wait(
        lambda: all(segment.uploading != "unknown" for segment in segments),
        ended + desk.traits.uploads_within,
        "for the vendor to say that its files are in video-on-demand",
    )
    await desk.wait(lambda: False, desk.now + policies.MEDIA_GRACE, "for events that came late")
    for segment in segments:
        await _ask(desk, segment)
    manifest = graded(desk.request.output.storage, segments)
    if manifest.outcome is Outcome.PARTIAL:
        desk.attend_to("files", "; ".join(manifest.reasons[1:])[:300])
    return manifest


async def _ask(desk: Desk, segment: Segment) -> None:
    """Some vendors tell of media only when they are asked, and of all of them only at the end."""
    order = WatchInput(
        request=desk.request, task=segment.task, known=None, every=desk.traits.poll_every
    )
    policy = policies.within(policies.WATCH, policies.ROUNDS_END)
    summary = f"ask what task {segment.task.called} left in video-on-demand"
    seen = await desk.outcome(desk.call(names.WATCH, order, Observation, policy, summary))
    if isinstance(seen, Observation):
        segment.add_files(seen.files)

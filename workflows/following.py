"""A vendor's picture follows the caller's wishes: one call at a time, the latest wins."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from longtake.contracts import names
    from longtake.contracts.payloads import ApplyInput
    from longtake.domain.events import TaskPhase
    from longtake.domain.recording import SCENE_PARTS, Scene, ScenePart
    from longtake.domain.segment import Segment
    from longtake.domain.session import Failure
    from workflows import policies
    from workflows.calls import CANCELLED, give_up
    from workflows.desk import Desk


class Following:
    """One segment's scene, part by part: each part is one vendor call, and refused by itself."""

    def __init__(self, desk: Desk, segment: Segment) -> None:
        self._desk = desk
        self._segment = segment
        self._closed = False
        self._sent_early: set[ScenePart] = set()
        """What was taken before the recorder was seen up: it is sent again once it is."""
        self._refused_early = False

    def close(self) -> None:
        """Send nothing more; what is in flight is waited for."""
        self._closed = True
        self._desk.stir()

    async def until_closed(self) -> None:
        """Send whatever the vendor does not show yet, until `close`."""
        while True:
            await workflow.wait_condition(lambda: self._closed or self._behind())
            if self._closed:
                return
            if self._segment.seen.phase.up:
                self._segment.unsure += self._sent_early.difference(self._segment.unsure)
                self._sent_early.clear()
            part = self._difference(self._desk.session.scene)
            if part is None:
                self._shows(self._desk.session.scene)
            else:
                await self._send(part)

    def _behind(self) -> bool:
        """Whether anything is to be sent. A recorder may take changes before it is seen up; one
        that refuses is left alone until then.
        """
        wanted, segment = self._desk.session.scene, self._segment
        if wanted.on_hold and not self._desk.traits.native_hold:
            return False  # the segment ends instead
        if segment.seen.phase.up:
            return wanted.revision > segment.shown.revision or bool(self._sent_early)
        waits = self._refused_early or segment.seen.phase is not TaskPhase.STARTING
        return wanted.revision > segment.shown.revision and not waits

    def _difference(self, scene: Scene) -> ScenePart | None:
        """The first part that the vendor does not show for certain."""
        segment = self._segment
        for part in SCENE_PARTS:
            if part in segment.unsure or getattr(scene, part) != getattr(segment.shown, part):
                return part
        return None

    def _shows(self, scene: Scene) -> None:
        self._desk.session.show(self._segment, scene, self._desk.now)
        self._desk.note(f"revision {scene.revision} applied")
        self._desk.stir()

    async def _send(self, part: ScenePart) -> None:
        desk, segment, scene = self._desk, self._segment, self._desk.session.scene
        # A vendor that takes all parts at once must be told the others as they are.
        asked = segment.shown.model_copy(
            update={part: getattr(scene, part), "revision": scene.revision}
        )
        early = not segment.seen.phase.up
        handle = desk.call(
            names.APPLY,
            ApplyInput(request=desk.request, task=segment.task, scene=asked, part=part),
            type(None),
            policies.APPLY,
            f"apply {part} of revision {scene.revision}",
        )

        def newer() -> bool:
            return desk.session.scene.revision > scene.revision

        await desk.wait(lambda: handle.done() or newer() or self._closed)
        if not handle.done() and not self._closed:
            await desk.wait(lambda: handle.done() or self._closed, desk.now + policies.APPLY_YIELDS)
        if not handle.done():
            give_up(handle)
        outcome = await desk.outcome(handle)
        segment.unsure = [other for other in segment.unsure if other != part]
        if early and isinstance(outcome, Failure):
            self._refused_early = True
            segment.unsure.append(part)
        elif not isinstance(outcome, Failure):
            if early:
                self._sent_early.add(part)
            segment.shown = segment.shown.model_copy(update={part: getattr(scene, part)})
            if self._difference(scene) is None:
                self._shows(scene)
        elif outcome.code == "InvalidRequest":
            self._refuse(part, scene, outcome)
        else:
            # The call may have had its effect: whatever is wished next is sent, also the old.
            segment.unsure.append(part)
            if outcome.code != CANCELLED:
                desk.note(f"{part} not applied yet: {outcome.message}", warning=True)
                await desk.wait(lambda: self._closed or newer(), desk.now + policies.APPLY_AGAIN)

    def _refuse(self, part: ScenePart, scene: Scene, failure: Failure) -> None:
        """The vendor will not show this part: it stays as it was, the other parts go on."""
        desk, wanted = self._desk, self._desk.session.scene
        revision = desk.wished.get(part, scene.revision)
        desk.refused[revision] = failure.message
        desk.note(
            f"{part} of revision {revision} refused by the vendor: {failure.message}", warning=True
        )
        if getattr(wanted, part) == getattr(scene, part):
            kept = getattr(self._segment.shown, part)
            desk.session.scene = wanted.model_copy(update={part: kept})
        desk.stir()

"""One recording session, from acquire to checked files."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from longtake.contracts import ids, names
    from longtake.contracts.payloads import (
        Applied,
        Carried,
        Extension,
        LayoutChange,
        NoFields,
        Prepared,
        PrepareInput,
        RecordingResult,
        RecordingStatus,
        StopOrder,
        SubscriptionsChange,
        Timeline,
    )
    from longtake.contracts.sweeping import KeptEvent
    from longtake.domain.errors import InvalidRequest, invalid_request
    from longtake.domain.events import VendorEvent
    from longtake.domain.files import Manifest
    from longtake.domain.ondemand import with_media
    from longtake.domain.recording import LONGEST, RecordingRequest
    from longtake.domain.segment import Segment
    from longtake.domain.session import EndReason, Failure, Session, State
    from workflows import measures, policies
    from workflows.attending import Attendance, Over
    from workflows.closing import (
        await_strays,
        close,
        collect,
        hunt_strays,
        named_stray,
        settle_doubts,
    )
    from workflows.desk import Desk, SessionFailed
    from workflows.discarding import discard
    from workflows.merge import merge
    from workflows.ondemand import collect_media
    from workflows.opening import open_segment


@workflow.defn(name=names.WORKFLOW)
class RecordingWorkflow:
    """The live workflow is the room's lock: its id is the room's."""

    _desk: Desk

    @workflow.init
    def __init__(self, *order: Any) -> None:
        """`order`: one RecordingRequest, or what a run before carried over.

        Taken as it came: a request that breaks a rule must fail with our own words.
        """
        self._inbox: deque[tuple[str, tuple[Any, ...]]] = deque()
        self._attendance: Attendance | None = None
        self._refusal = ""
        try:
            self._desk = _desk(_only(order), self._inbox)
        except ValidationError as err:
            self._refusal = str(invalid_request(err))
        except InvalidRequest as err:
            self._refusal = str(err)

    @workflow.run
    async def run(self, *order: Any) -> RecordingResult:  # noqa: ARG002 - `__init__` read it
        """Record the room as asked, and go on with a session that continued as new.

        A cancel request is a stop: the session ends in order, then reports itself cancelled.
        """
        if self._refusal:
            raise ApplicationError(self._refusal, type="InvalidRequest", non_retryable=True)
        desk = self._desk
        work = asyncio.create_task(self._session())
        cancelled = False
        while not work.done():
            try:
                await workflow.wait_condition(lambda: work.done() or desk.broken is not None)
            except asyncio.CancelledError:
                if workflow.cancellation_reason() is None:
                    raise  # the worker only puts this copy of the session away
                cancelled = True
                desk.end(EndReason.CANCELLED, workflow.cancellation_reason() or "")
            if broken := desk.broken:
                raise broken
        manifest = work.result()
        desk.stir()
        desk.publish_now()
        await workflow.wait_condition(workflow.all_handlers_finished)
        if cancelled:
            raise asyncio.CancelledError
        result = RecordingResult.of(desk.session, manifest)
        if failure := desk.session.failure:
            raise ApplicationError(
                f"{failure.message}", result, type=failure.code, non_retryable=True
            )
        return result

    # --- the session -------------------------------------------------------------------------

    async def _session(self) -> Manifest:
        desk = self._desk
        try:
            await self._prepare()
            desk.beside(self._read())
            desk.beside(desk.deadline())
            await self._until_due()
            await self._record()
        except SessionFailed as failed:
            desk.session.failure = failed.failure
            desk.end(EndReason.FAILED, f"{failed.failure.code}: {failed.failure.message}")
        ending = f"ending: {desk.session.end_detail or desk.session.end_reason}"
        desk.move(State.STOPPING, ending, passing=True)
        desk.beside(self._if_slow())
        await self._close_all()
        await settle_doubts(desk)
        await await_strays(desk)
        desk.move(State.COLLECTING, "waiting for the files in storage", passing=True)
        manifest = await merge(desk, await self._collect())
        await workflow.wait_condition(lambda: not self._inbox)  # a discard may be in it
        if desk.session.discard is not None:
            manifest = await discard(desk, desk.session.discard, manifest)
        desk.session.manifest = manifest
        desk.move(State.FINISHED, f"files {manifest.outcome}")
        measures.ended(desk.request, desk.session, manifest.outcome)
        return manifest

    async def _collect(self) -> Manifest:
        desk = self._desk
        if desk.session.segments and not desk.traits.to_bucket:
            return await collect_media(desk)
        return with_media(await collect(desk), desk.session.segments)

    async def _prepare(self) -> None:
        """Resolve names and check the vendor's rules in the worker, before anything is sent."""
        desk, session = self._desk, self._desk.session
        if session.traits is not None:
            return
        measures.announce(desk.request)
        asked = desk.now
        order = PrepareInput(
            request=desk.request,
            session=session.key,
            at=asked,
            acquire=session.due_at == session.submitted_at,
        )
        summary = "check the request against settings and the vendor's rules"
        prepared = await desk.outcome(
            desk.call(names.PREPARE, order, Prepared, policies.PREPARE, summary)
        )
        if isinstance(prepared, Failure):
            raise SessionFailed(prepared)
        session.traits = prepared.traits
        session.storage_readable = prepared.storage_readable
        desk.reserved = prepared.refused
        if prepared.resource and prepared.traits.resource_window:
            lapses = asked + prepared.traits.resource_window - policies.WINDOW_MARGIN
            desk.reserved = prepared.resource, lapses

    async def _until_due(self) -> None:
        desk = self._desk
        if desk.session.state is State.SCHEDULED and desk.request.start_at is not None:
            desk.move(State.SCHEDULED, f"due at {desk.session.due_at:%Y-%m-%d %H:%M:%S} UTC")
            await desk.wait(lambda: desk.ending, desk.session.due_at, "until the recording is due")

    async def _record(self) -> None:
        """Keep one segment recording until the session ends."""
        desk = self._desk
        segment, relieved, mishaps = desk.session.live, None, 0
        while not desk.ending:
            segment = segment or await open_segment(desk)
            if segment is None:
                return
            match await self._attend(segment, relieved):
                case Over.ENDING:
                    return
                case Over.TOO_LONG:
                    if desk.may_continue_as_new():  # still, after its last calls have settled
                        workflow.continue_as_new(
                            Carried(request=desk.request, session=desk.session)
                        )
                    continue
                case Over.ROTATE:
                    desk.note(f"task {segment.task.called} is near the end of its life")
                    segment, relieved = None, segment
                    continue
                case Over.PAUSED:
                    await self._paused()
                    mishaps = 0
                case over:
                    mishaps = await self._mishap(segment, over, mishaps)
            segment = None
            if relieved is not None and relieved.ended_at is not None:
                relieved = None

    async def _attend(self, segment: Segment, relieved: Segment | None) -> Over:
        self._attendance = Attendance(self._desk, segment, relieved)
        return await self._attendance.until_over()

    async def _if_slow(self) -> None:
        """From when the end takes longer than it should, others know of it, and nobody watches."""
        await workflow.sleep(policies.TOLD_AFTER, summary="until others are told of the end")
        self._desk.ends_slowly()
        if self._attendance is not None:
            await self._attendance.drop_watch()

    async def _close_all(self) -> None:
        for segment in self._desk.session.segments:
            if segment.ended_at is None:
                await close(self._desk, segment)

    async def _paused(self) -> None:
        """Where the vendor cannot hold a task, a pause is the gap between two segments."""
        desk = self._desk
        await self._close_all()
        await settle_doubts(desk)
        desk.move(State.PAUSED, "no task runs; resume starts the next segment")
        await desk.wait(lambda: desk.ending or not desk.session.scene.on_hold)

    async def _mishap(self, segment: Segment, over: Over, mishaps: int) -> int:
        """A segment that never came up, or died: end it for certain, then try again."""
        desk = self._desk
        await close(desk, segment, gone=True)
        if over is Over.NOT_UP:
            desk.attend_to("start", f"task {segment.task.called} was accepted, but never came up")
        else:
            desk.note(
                f"task {segment.task.called} ended by itself: {segment.seen.detail}", warning=True
            )
            if desk.request.on_abnormal_end == "finish":
                desk.end(EndReason.ENDED_BY_VENDOR, segment.seen.detail)
                return mishaps
        mishaps = 1 if segment.had_data else mishaps + 1
        pause = policies.RESTART_PAUSES[min(mishaps, len(policies.RESTART_PAUSES)) - 1]
        await desk.pause(pause, "before the next segment")
        return mishaps

    # --- what callers ask ----------------------------------------------------------------------

    @workflow.signal(name=names.CHANGE_LAYOUT, description="Show another layout from now on")
    def change_layout(self, *payload: Any) -> None:
        self._inbox.append((names.CHANGE_LAYOUT, payload))

    @workflow.signal(name=names.CHANGE_SUBSCRIPTIONS, description="Record other users from now on")
    def change_subscriptions(self, *payload: Any) -> None:
        self._inbox.append((names.CHANGE_SUBSCRIPTIONS, payload))

    @workflow.signal(name=names.PAUSE, description="Record nothing until `resume`")
    def pause(self, *payload: Any) -> None:
        self._inbox.append((names.PAUSE, payload))

    @workflow.signal(name=names.RESUME, description="Go on after `pause`")
    def resume(self, *payload: Any) -> None:
        self._inbox.append((names.RESUME, payload))

    @workflow.signal(name=names.EXTEND, description='Move the end: {"by": "PT30M"} or {"until": …}')
    def extend(self, *payload: Any) -> None:
        self._inbox.append((names.EXTEND, payload))

    @workflow.signal(name=names.STOP, description="End the recording and collect its files")
    def stop(self, *payload: Any) -> None:
        self._inbox.append((names.STOP, payload))

    @workflow.signal(name=names.VENDOR_EVENT, description="A verified callback, from the receiver")
    def vendor_event(self, *payload: Any) -> None:
        self._inbox.append((names.VENDOR_EVENT, payload))

    @workflow.signal(dynamic=True, description="Anything else is noted and ignored")
    def unknown_signal(self, name: str, args: Sequence[RawValue]) -> None:  # noqa: ARG002 - its shape is fixed
        self._inbox.append((name, ()))

    @workflow.update(
        name=names.SET_LAYOUT, description="Show another layout; answers once it shows"
    )
    async def set_layout(self, *change: Any) -> Applied:
        wished = LayoutChange.model_validate(_only(change))
        return await self._shown(f"layout {wished.layout.kind}", layout=wished.layout)

    @set_layout.validator
    def _may_set_layout(self, *change: Any) -> None:
        with _rejections():
            self._check(layout=LayoutChange.model_validate(_only(change)).layout)

    @workflow.update(
        name=names.SET_SUBSCRIPTIONS, description="Record other users; answers once it does"
    )
    async def set_subscriptions(self, *change: Any) -> Applied:
        wished = SubscriptionsChange.model_validate(_only(change))
        return await self._shown("subscriptions", subscriptions=wished.subscriptions)

    @set_subscriptions.validator
    def _may_set_subscriptions(self, *change: Any) -> None:
        with _rejections():
            wished = SubscriptionsChange.model_validate(_only(change))
            self._check(subscriptions=wished.subscriptions)

    @workflow.query(name=names.STATUS, description="State, evidence, segments, strays")
    def status(self) -> RecordingStatus:
        return RecordingStatus.of(self._desk.session)

    @workflow.query(name=names.FILES, description="The checked list of files, when there is one")
    def files(self) -> Manifest | None:
        return self._desk.session.manifest

    @workflow.query(name=names.SESSION, description="Everything that the session knows")
    def everything(self) -> Carried:
        return Carried(request=self._desk.request, session=self._desk.session)

    @workflow.query(name=names.TIMELINE, description="What happened, line by line")
    def timeline(self) -> Timeline:
        session = self._desk.session
        return Timeline(notes=session.timeline, dropped=session.dropped_notes)

    # --- reading the inbox -----------------------------------------------------------------------

    async def _read(self) -> None:
        """Take in signals one by one, in every state of the session, and see to named strays."""
        desk, inbox = self._desk, self._inbox
        while True:
            await workflow.wait_condition(
                lambda: bool(inbox) or (not desk.hunting and named_stray(desk) is not None)
            )
            if not inbox:
                desk.hunting = True
                desk.beside(hunt_strays(desk))
            while inbox:
                name, payload = inbox.popleft()
                try:
                    self._take_in(name, _only(payload))
                except ValidationError as err:
                    self._ignore(name, str(invalid_request(err)))
                except InvalidRequest as err:
                    self._ignore(name, str(err))
            desk.stir()

    def _take_in(self, name: str, payload: Any) -> None:
        match name:
            case names.CHANGE_LAYOUT:
                layout = LayoutChange.model_validate(payload).layout
                self._wish(f"layout {layout.kind}", layout=layout)
            case names.CHANGE_SUBSCRIPTIONS:
                wished = SubscriptionsChange.model_validate(payload).subscriptions
                self._wish("subscriptions", subscriptions=wished)
            case names.PAUSE | names.RESUME:
                NoFields.model_validate(payload)
                self._hold(on_hold=name == names.PAUSE)
            case names.EXTEND:
                self._extend(Extension.model_validate(payload))
            case names.STOP:
                self._stop(payload)
            case names.VENDOR_EVENT:
                self._hear(VendorEvent.model_validate(payload))
            case _:
                raise InvalidRequest("no such signal")

    def _ignore(self, name: str, why: str) -> None:
        self._desk.note(f"signal {name} ignored: {why}", warning=True)

    def _check(self, **change: object) -> None:
        """Refuse what cannot be shown: by the session's state, its mode, the vendor's rules."""
        desk = self._desk
        if desk.ending:
            raise InvalidRequest("the session is ending")
        if "layout" in change and desk.request.mode != "mixed":
            raise InvalidRequest(f"layout belongs to mode 'mixed', not to {desk.request.mode!r}")
        if desk.session.traits is not None:
            desk.session.traits.check(desk.session.scene.model_copy(update=change))

    def _wish(self, what: str, **change: object) -> int:
        desk = self._desk
        self._check(**change)
        revision = desk.session.wish(desk.now, what, **change)
        desk.wished |= dict.fromkeys(change, revision)
        desk.stir()
        return revision

    def _hold(self, *, on_hold: bool) -> None:
        if self._desk.session.scene.on_hold != on_hold:
            self._wish("pause" if on_hold else "resume", on_hold=on_hold)

    def _stop(self, payload: Any) -> None:
        """End the session, also by an order that breaks a rule: a stop is never ignored, and an
        order to delete is never guessed.
        """
        try:
            order = StopOrder.model_validate(payload)
        except ValidationError as err:
            order = StopOrder()
            self._desk.note(f"stop heeded, but: {invalid_request(err)}", warning=True)
        if order.discard:
            self._desk.session.ask_to_discard(order.reason, self._desk.now)
        self._desk.end(EndReason.STOPPED, order.reason)

    def _extend(self, extension: Extension) -> None:
        desk = self._desk
        until = extension.until or desk.session.deadline + (extension.by or timedelta(0))
        if until <= desk.session.deadline:
            raise InvalidRequest(f"until: must be later than {desk.session.deadline.isoformat()}")
        if until > desk.session.due_at + LONGEST:
            raise InvalidRequest(f"until: a session lasts at most {LONGEST.days} days")
        desk.session.deadline = until
        desk.note(f"extended to {until:%Y-%m-%d %H:%M:%S} UTC")

    async def _pass_on(self) -> None:
        """Give away what the vendor says of tasks that are not ours: a sweep will place it."""
        desk = self._desk
        while desk.strange:
            event = desk.strange[0]
            kept = KeptEvent(event=event, vendor=desk.request.vendor, since=desk.now)
            await desk.outcome(
                desk.call(
                    names.KEEP,
                    kept,
                    type(None),
                    policies.KEEP,
                    f"keep what was said of task {event.task_id}, which is not ours",
                )
            )
            desk.strange.popleft()

    def _hear(self, event: VendorEvent) -> None:
        if self._desk.session.is_stranger(event):
            self._desk.strange.append(event)
            if len(self._desk.strange) == 1:
                self._desk.beside(self._pass_on())
        segment = self._desk.session.hear(event, self._desk.now)
        if segment is None or self._attendance is None:
            return
        if event.kind.hastens(segment.seen.phase):
            self._attendance.hear(segment)

    async def _shown(self, what: str, **change: object) -> Applied:
        """Wish, and wait: the revision that is shown once this one is."""
        desk = self._desk
        # Before the vendor's rules are known nothing can be checked against them.
        await workflow.wait_condition(lambda: desk.session.traits is not None or desk.ending)
        with _rejections():
            revision = self._wish(what, **change)

        def shown() -> int:
            return desk.session.live.shown.revision if desk.session.live else 0

        await workflow.wait_condition(
            lambda: shown() >= revision or revision in desk.refused or desk.ending
        )
        if revision in desk.refused:
            raise ApplicationError(desk.refused[revision], type="InvalidRequest")
        if shown() < revision:
            raise ApplicationError("the session ended first", type="AlreadyStopped")
        return Applied(revision=shown())


@contextmanager
def _rejections() -> Generator[None]:
    """An update that breaks a rule is answered with the rule."""
    try:
        yield
    except ValidationError as err:
        raise ApplicationError(str(invalid_request(err)), type="InvalidRequest") from None
    except InvalidRequest as err:
        raise ApplicationError(str(err), type=err.code) from None


def _desk(order: Any, inbox: deque[tuple[str, tuple[Any, ...]]]) -> Desk:
    if isinstance(order, dict) and "session" in order:
        carried = Carried.model_validate(order)
        return Desk(carried.request, carried.session, inbox)
    request = RecordingRequest.model_validate(order)
    return Desk(request, _new_session(request), inbox)


def _new_session(request: RecordingRequest) -> Session:
    info = workflow.info()
    now = workflow.now()
    return Session(
        key=ids.session_key(info.workflow_id, info.first_execution_run_id),
        submitted_at=now,
        due_at=_due(request, now),
        deadline=request.deadline(now),
        since=now,
        evidence_at=now,
        scene=request.first_scene(),
    )


def _due(request: RecordingRequest, now: datetime) -> datetime:
    return max(request.start_at, now) if request.start_at else now


def _only(payload: tuple[Any, ...]) -> Any:
    """The one payload of a start, a signal or an update; none at all stands for no fields."""
    if len(payload) > 1:
        raise InvalidRequest(f"takes one object, {len(payload)} were sent")
    return payload[0] if payload and payload[0] is not None else {}

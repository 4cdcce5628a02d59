"""The vendor calls of a session: one activity each, one vendor call a try."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import nullcontext, suppress
from datetime import datetime, timedelta
from typing import Any, TypeVar

from temporalio import activity

from activities.directory import Directory
from activities.failures import ask_again, in_doubt, temporal_failures
from activities.measures import count_poll, counted
from activities.places import Places
from longtake.contracts import names
from longtake.contracts.payloads import (
    Acquired,
    AcquireInput,
    ApplyInput,
    CheckInput,
    Prepared,
    PrepareInput,
    Started,
    StartInput,
    StopInput,
    TaskStopped,
    WatchInput,
)
from longtake.domain.errors import (
    AlreadyStopped,
    NoRecordedData,
    RecordingError,
    ResourceExpired,
    StartUnknown,
)
from longtake.domain.events import Observation, TaskPhase
from longtake.domain.files import Manifest
from longtake.domain.ports import Attempt, Recorder, Stopped, attempt
from longtake.domain.recording import RecordingRequest
from longtake.domain.session import Failure

T = TypeVar("T")

HEARTBEAT_EVERY = 2.0  # seconds

STRETCH = 10
"""Of the time that a poll waited for its turn, how much later the next one is asked for."""


_NOTHING_MORE = {"uploaded", "nothing"}
"""What vendors say of uploads when none is to come."""


class RecordingActivities:
    """Everything a session asks of a vendor."""

    def __init__(
        self,
        directory: Directory,
        now: Callable[[], datetime],
        look: Callable[[CheckInput], Awaitable[Manifest | None]],
        places: Places | None = None,
    ) -> None:
        """`look` for files that are all there; `places` are shared by a process's activities."""
        self._directory = directory
        self._now = now
        self._look = look
        self._places = places or Places()

    @activity.defn(name=names.PREPARE)
    async def prepare(self, order: PrepareInput) -> Prepared:
        """Check the request against settings and the vendor's rules, before anything is sent."""
        request = order.request
        with temporal_failures():
            recorder = self._recorder(request)
            traits = recorder.traits(request)
            traits.check(request.first_scene())
            store = self._directory.store(request.output.storage)
        first = attempt(traits, order.session, 1, request.output.path_prefix, order.at)
        resource: str | Failure = ""
        if order.acquire and traits.resource_window is not None:
            resource = await self._reserved(recorder, request, first)
        refused = isinstance(resource, Failure)
        return Prepared(
            traits=traits,
            storage_readable=traits.to_bucket and store is not None,
            resource="" if refused else resource,
            refused=resource if refused else None,
        )

    async def _reserved(
        self, recorder: Recorder, request: RecordingRequest, first: Attempt
    ) -> str | Failure:
        """A resource for the first attempt, or why there is none: the session decides what next."""
        try:
            with self._places.asked(request.account), counted(request, "acquire"):
                return await recorder.acquire(request, first)
        except RecordingError as err:
            return Failure(code=err.code, message=str(err), vendor_code=err.vendor_code)

    @activity.defn(name=names.ACQUIRE)
    async def acquire(self, order: AcquireInput) -> Acquired:
        """Reserve a resource for an attempt."""
        with temporal_failures():
            recorder = self._recorder(order.request)
            with self._places.asked(order.request.account), counted(order.request, "acquire"):
                resource = await recorder.acquire(order.request, order.attempt)
            return Acquired(resource=resource)

    @activity.defn(name=names.START)
    async def start(self, order: StartInput) -> Started:
        """Start an attempt, or learn what became of an earlier start of it.

        A failure that leaves a doubt goes back to the session at once: only a start that was
        refused for certain is tried again here.
        """
        with temporal_failures(final=in_doubt):
            recorder = self._recorder(order.request)
            if order.not_after is not None and self._now() > order.not_after:
                raise ResourceExpired("the resource was acquired too long ago")
            send = recorder.recover if order.recover else recorder.start
            what = "recover" if order.recover else "start"
            # What a start in doubt has become is asked whether there is a place or not.
            place = nullcontext() if order.recover else self._places.asked(order.request.account)
            try:
                with place, counted(order.request, what):
                    call = send(order.request, order.scene, order.attempt)
                    started = Started(task_id=await _to_its_end(call))
            except RecordingError:
                raise
            except Exception as err:
                # A defect of ours says nothing of what the vendor did.
                activity.logger.exception("a start broke")
                raise StartUnknown(f"unexpected {type(err).__name__}", call="start") from err
        self._places.free(order.request.account)
        return started

    @activity.defn(name=names.APPLY)
    async def apply(self, order: ApplyInput) -> None:
        """Make a running task show another scene."""
        with temporal_failures():
            recorder = self._recorder(order.request)
            with counted(order.request, "apply"):
                await recorder.apply(order.request, order.task, order.scene, order.part)

    @activity.defn(name=names.WATCH)
    async def watch(self, order: WatchInput) -> Observation:
        """Ask how a task is until the answer is news."""
        every = _stretched(order)
        with temporal_failures(every=every):
            recorder = self._recorder(order.request)
            with counted(order.request, "query"):
                seen = await recorder.query(order.request, order.task)
        if order.made_after and seen.began_at and seen.began_at < order.made_after:
            detail = f"made at {seen.began_at:%H:%M:%S} UTC, before it was asked for"
            seen = Observation(phase=TaskPhase.MISSING, at=seen.at, detail=detail)
        news = not seen.same_news(order.known)
        count_poll(order.request, news=news)
        if not news:
            raise ask_again(every, f"no change: {seen.detail or seen.phase}")
        return seen

    @activity.defn(name=names.STOP_TASK)
    async def stop(self, order: StopInput) -> TaskStopped:
        """End a task; that it has ended already is what was wanted."""
        with temporal_failures():
            recorder = self._recorder(order.request)
            try:
                with counted(order.request, "stop"):
                    stopped = await _to_its_end(recorder.stop(order.request, order.task))
            except NoRecordedData as err:
                stopped = Stopped(uploading="nothing", detail=str(err))
            except AlreadyStopped as err:
                stopped = Stopped(detail=str(err))
        self._places.free(order.request.account)
        manifest = None
        if order.files is not None and stopped.uploading in _NOTHING_MORE:
            manifest = await self._look(order.files.told(order.task, stopped.files))
        return TaskStopped(**dict(stopped), manifest=manifest)

    def _recorder(self, request: RecordingRequest) -> Recorder:
        return self._directory.recorder(request.vendor, request.account)


def _stretched(order: WatchInput) -> timedelta:
    """The interval to the next poll: longer while the account's queue makes polls wait."""
    if order.longest is None:
        return order.every
    info = activity.info()
    waited = info.started_time - info.current_attempt_scheduled_time
    return min(order.every + STRETCH * waited, order.longest)


async def _to_its_end(call: Coroutine[Any, Any, T]) -> T:
    """Hear a call that was sent to its end, also while the worker shuts down or the session is
    cancelled: the answer may be the only place where the task's id is told.
    """
    task = asyncio.ensure_future(call)
    while True:
        with suppress(asyncio.CancelledError):
            await asyncio.wait({task}, timeout=HEARTBEAT_EVERY)
        if task.done():
            return task.result()
        activity.heartbeat()  # a killed worker is noticed by its silence

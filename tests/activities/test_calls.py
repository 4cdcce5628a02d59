"""The vendor calls beside the start: prepare, acquire, apply, watch and stop."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.recording import RecordingActivities
from longtake.contracts.payloads import (
    Acquired,
    AcquireInput,
    ApplyInput,
    CheckInput,
    Prepared,
    PrepareInput,
    SegmentFiles,
    StopInput,
    TaskStopped,
    WatchInput,
)
from longtake.domain.errors import (
    AlreadyStopped,
    NoRecordedData,
    QuotaExceeded,
    RateLimited,
    TaskNotFound,
    VendorUnavailable,
)
from longtake.domain.events import Observation, TaskPhase
from longtake.domain.files import FileRef, Manifest, Outcome
from longtake.domain.ports import Stopped
from longtake.domain.session import Failure
from longtake.domain.traits import RecorderIds, Traits
from tests.activities.fakes import (
    ATTEMPT,
    NOON,
    REQUEST,
    SCENE,
    TASK,
    FakeDirectory,
    FakeRecorder,
    FakeStore,
    Looks,
    Tries,
)

EVERY = timedelta(seconds=30)
KNOWN, NAMED = FileRef(key="takes/one/a.m3u8"), FileRef(key="takes/one/a.ts")
RUNNING = Observation(phase=TaskPhase.RUNNING, at=NOON)


def traits(*layouts: str) -> Traits:
    moment = timedelta(seconds=1)
    return Traits(
        vendor="acme",
        recorder_ids=RecorderIds(style="number"),
        confirm_first=moment,
        confirm_every=moment,
        confirm_within=moment,
        missing_grace=moment,
        poll_every=moment,
        files_within=moment,
        layouts=frozenset(layouts),
    )


def activities(
    recorder: FakeRecorder, store: FakeStore | None = None, looks: Looks | None = None
) -> RecordingActivities:
    return RecordingActivities(FakeDirectory(recorder, store), lambda: NOON, looks or Looks())


def watching(known: Observation | None = RUNNING, **more: Any) -> WatchInput:
    return WatchInput(request=REQUEST, task=TASK, known=known, every=EVERY, **more)


def preparing(*, acquire: bool = True) -> PrepareInput:
    return PrepareInput(request=REQUEST, session="0badcafe", at=NOON, acquire=acquire)


async def refusal_of(tries: Tries, recorder: FakeRecorder, order: WatchInput) -> ApplicationError:
    with pytest.raises(ApplicationError) as caught:
        await tries.next(activities(recorder).watch, order)
    return caught.value


# --- prepare, acquire, apply ----------------------------------------------------------------


@pytest.mark.parametrize("store", [None, FakeStore({})])
async def test_preparing_tells_the_vendors_traits_and_whether_storage_is_readable(
    store: FakeStore | None,
) -> None:
    known = traits("grid")
    told = await Tries().next(activities(FakeRecorder(traits=known), store).prepare, preparing())
    assert told == Prepared(traits=known, storage_readable=store is not None)


async def test_a_scene_that_the_vendor_cannot_show_is_refused_before_anything_is_sent() -> None:
    recorder = FakeRecorder(traits=traits("speaker"))
    with pytest.raises(ApplicationError, match=r"layout\.kind: acme offers speaker") as caught:
        await Tries().next(activities(recorder).prepare, preparing())
    assert (caught.value.type, recorder.calls) == ("InvalidRequest", [])


async def test_preparing_a_recording_that_is_due_reserves_a_resource_for_its_first_attempt() -> (
    None
):
    reserving = traits("grid").model_copy(update={"resource_window": timedelta(minutes=5)})
    recorder = FakeRecorder(traits=reserving, acquire="r9")
    told = await Tries().next(activities(recorder).prepare, preparing())
    later = await Tries().next(activities(recorder).prepare, preparing(acquire=False))
    assert (told.resource, told.refused, later.resource) == ("r9", None, "")
    assert recorder.calls == ["acquire"]


async def test_a_resource_that_was_refused_leaves_the_session_to_decide() -> None:
    reserving = traits("grid").model_copy(update={"resource_window": timedelta(minutes=5)})
    full = QuotaExceeded("acme acquire: full", vendor="acme", vendor_code="406")
    recorder = FakeRecorder(traits=reserving, acquire=full)
    told = await Tries().next(activities(recorder).prepare, preparing())
    assert told.resource == ""
    assert told.refused == Failure(
        code="QuotaExceeded", message="acme acquire: full", vendor_code="406"
    )


async def test_acquire_gives_the_resource() -> None:
    order = AcquireInput(request=REQUEST, attempt=ATTEMPT)
    told = await Tries().next(activities(FakeRecorder(acquire="r9")).acquire, order)
    assert told == Acquired(resource="r9")


async def test_an_account_of_another_vendor_is_refused() -> None:
    other = REQUEST.model_copy(update={"vendor": "other"})
    order = AcquireInput(request=other, attempt=ATTEMPT)
    recorder = FakeRecorder(acquire="r9")
    with pytest.raises(ApplicationError) as caught:
        await Tries().next(activities(recorder).acquire, order)
    assert (caught.value.type, caught.value.non_retryable) == ("InvalidRequest", True)
    assert recorder.calls == []


async def test_a_refused_change_says_why() -> None:
    order = ApplyInput(request=REQUEST, task=TASK, scene=SCENE, part="layout")
    with pytest.raises(ApplicationError) as caught:
        await Tries().next(activities(FakeRecorder(apply=TaskNotFound("gone"))).apply, order)
    assert (caught.value.type, caught.value.non_retryable) == ("TaskNotFound", True)


# --- watch -----------------------------------------------------------------------------------


async def test_a_watch_asks_until_there_is_news() -> None:
    later = RUNNING.model_copy(update={"at": NOON + EVERY, "files": (FileRef(key="a.ts"),)})
    recorder, tries = FakeRecorder(query=later), Tries()
    for _ in range(3):
        again = await refusal_of(tries, recorder, watching())
        assert (again.type, again.next_retry_delay) == ("AskAgain", EVERY)
    flowing = recorder.answers["query"] = Observation(phase=TaskPhase.FLOWING, at=NOON)
    assert await tries.next(activities(recorder).watch, watching()) == flowing
    assert recorder.calls == ["query"] * 4


@pytest.mark.parametrize(
    ("known", "seen"),
    [
        (None, RUNNING),
        (RUNNING, RUNNING.model_copy(update={"on_hold": True})),
        (RUNNING, Observation(phase=TaskPhase.MISSING, at=NOON)),
    ],
)
async def test_a_watch_gives_what_the_session_does_not_know(
    known: Observation | None, seen: Observation
) -> None:
    recorder = FakeRecorder(query=seen)
    assert await Tries().next(activities(recorder).watch, watching(known)) == seen


@pytest.mark.parametrize(
    ("made", "phase"),
    [(NOON, TaskPhase.RUNNING), (NOON - EVERY, TaskPhase.MISSING), (None, TaskPhase.RUNNING)],
)
async def test_a_task_made_before_it_was_asked_for_is_not_the_one_that_is_meant(
    made: datetime | None, phase: TaskPhase
) -> None:
    recorder = FakeRecorder(query=RUNNING.model_copy(update={"began_at": made}))
    order = watching(None, made_after=NOON)
    assert (await Tries().next(activities(recorder).watch, order)).phase is phase


async def test_a_watch_that_fails_asks_again_at_its_own_pace_unless_told_otherwise() -> None:
    recorder, tries = FakeRecorder(query=VendorUnavailable("HTTP 500")), Tries()
    failure = await refusal_of(tries, recorder, watching())
    assert (failure.type, failure.next_retry_delay) == ("VendorUnavailable", EVERY)
    recorder.answers["query"] = RateLimited("slower", retry_after=2 * EVERY)
    assert (await refusal_of(tries, recorder, watching())).next_retry_delay == 2 * EVERY


@pytest.mark.parametrize(
    ("longest", "waited", "delay"),
    [
        (None, timedelta(seconds=2), EVERY),
        (2 * EVERY, timedelta(0), EVERY),
        (2 * EVERY, timedelta(seconds=2), EVERY + timedelta(seconds=20)),
        (2 * EVERY, timedelta(minutes=5), 2 * EVERY),
    ],
)
async def test_a_poll_that_waited_for_its_turn_comes_again_later(
    longest: timedelta | None, waited: timedelta, delay: timedelta
) -> None:
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(
        environment.info, current_attempt_scheduled_time=NOON, started_time=NOON + waited
    )
    order = watching(longest=longest)
    with pytest.raises(ApplicationError) as caught:
        await environment.run(activities(FakeRecorder(query=RUNNING)).watch, order)
    assert caught.value.next_retry_delay == delay


# --- stop ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Stopped(uploading="uploaded"), Stopped(uploading="uploaded")),
        (NoRecordedData("nobody came"), Stopped(uploading="nothing", detail="nobody came")),
        (AlreadyStopped("exiting"), Stopped(detail="exiting")),
    ],
)
async def test_a_task_that_is_over_is_stopped(answer: Stopped | Exception, told: Stopped) -> None:
    order = StopInput(request=REQUEST, task=TASK)
    stopped = await Tries().next(activities(FakeRecorder(stop=answer)).stop, order)
    assert stopped == TaskStopped(**dict(told))


@pytest.mark.parametrize(
    "answer", [Stopped(uploading="uploaded", files=(NAMED, KNOWN)), NoRecordedData("")]
)
async def test_files_are_looked_for_as_soon_as_the_vendor_says_that_no_more_will_come(
    answer: Stopped | Exception,
) -> None:
    part = SegmentFiles(number=1, task=TASK, reported=(KNOWN,), had_data=True)
    order = StopInput(
        request=REQUEST, task=TASK, files=CheckInput(request=REQUEST, segments=(part,))
    )
    looks = Looks(Manifest(outcome=Outcome.COMPLETE, storage="bucket"))
    stopped = await Tries().next(activities(FakeRecorder(stop=answer), looks=looks).stop, order)
    assert stopped.manifest == looks.found
    assert [look.segments[0].reported for look in looks.orders] == [(KNOWN, *stopped.files[:1])]


@pytest.mark.parametrize(
    "answer",
    [
        Stopped(),
        Stopped(uploading="backed_up"),
        Stopped(uploading="failed"),
        AlreadyStopped("exiting"),
    ],
)
async def test_no_files_are_looked_for_while_more_may_come(answer: Stopped | Exception) -> None:
    looks, files = Looks(), CheckInput(request=REQUEST, segments=())
    order = StopInput(request=REQUEST, task=TASK, files=files)
    await Tries().next(activities(FakeRecorder(stop=answer), looks=looks).stop, order)
    assert looks.orders == []


async def test_a_task_that_the_vendor_does_not_know_is_not_stopped() -> None:
    order = StopInput(request=REQUEST, task=TASK)
    with pytest.raises(ApplicationError) as caught:
        await Tries().next(activities(FakeRecorder(stop=TaskNotFound("moving"))).stop, order)
    assert caught.value.type == "TaskNotFound"

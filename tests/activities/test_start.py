"""A start is sent only while it is certain that no try before it left a recording."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError

from activities.recording import RecordingActivities
from longtake.contracts.payloads import AttemptInput, Started
from longtake.domain.errors import ERRORS, StartUnknown, VendorUnavailable
from tests.activities.fakes import ATTEMPT, NOON, REQUEST, SCENE, FakeDirectory, FakeRecorder, Tries

ORDER = AttemptInput(request=REQUEST, scene=SCENE, attempt=ATTEMPT)
REFUSED = VendorUnavailable("HTTP 500", vendor="acme", call="start", vendor_code="500")
LOST = StartUnknown("no answer", vendor="acme", call="start")


@pytest.fixture
def recorder() -> FakeRecorder:
    return FakeRecorder(start="t1", recover="t1")


@pytest.fixture
def activities(recorder: FakeRecorder) -> RecordingActivities:
    return RecordingActivities(FakeDirectory(recorder), lambda: NOON)


@pytest.fixture
def tries() -> Tries:
    return Tries()


async def failing(
    tries: Tries, activities: RecordingActivities, order: AttemptInput = ORDER
) -> ApplicationError:
    with pytest.raises(ApplicationError) as caught:
        await tries.next(activities.start, order)
    return caught.value


async def test_a_first_try_sends_a_start(
    tries: Tries, activities: RecordingActivities, recorder: FakeRecorder
) -> None:
    assert await tries.next(activities.start, ORDER) == Started(task_id="t1")
    assert recorder.calls == ["start"]


async def test_a_try_that_left_no_mark_is_recovered(
    tries: Tries, activities: RecordingActivities, recorder: FakeRecorder
) -> None:
    tries.die()
    assert await tries.next(activities.start, ORDER) == Started(task_id="t1")
    assert recorder.calls == ["recover"]


async def test_a_refused_try_is_sent_again(
    tries: Tries, activities: RecordingActivities, recorder: FakeRecorder
) -> None:
    recorder.answers["start"] = REFUSED
    for _ in range(2):
        assert "in_doubt" not in (await failing(tries, activities)).details[0]
    recorder.answers["start"] = "t2"
    assert await tries.next(activities.start, ORDER) == Started(task_id="t2")
    assert recorder.calls == ["start", "start", "start"]


async def test_a_mark_of_an_earlier_try_does_not_vouch_for_the_last_one(
    tries: Tries, activities: RecordingActivities, recorder: FakeRecorder
) -> None:
    recorder.answers["start"] = REFUSED
    await failing(tries, activities)
    tries.die()
    await tries.next(activities.start, ORDER)
    assert recorder.calls == ["start", "recover"]


@pytest.mark.parametrize("code", ["StartUnknown", "AlreadyRunning", "RecorderBusy"])
async def test_a_try_in_doubt_is_recovered(
    tries: Tries, activities: RecordingActivities, recorder: FakeRecorder, code: str
) -> None:
    recorder.answers["start"] = ERRORS[code]("it may run")
    assert (await failing(tries, activities)).details[0]["in_doubt"] == "yes"
    await tries.next(activities.start, ORDER)
    assert recorder.calls == ["start", "recover"]


async def test_a_doubt_outlives_a_definite_no(
    tries: Tries, activities: RecordingActivities, recorder: FakeRecorder
) -> None:
    recorder.answers |= {"start": LOST, "recover": REFUSED}
    await failing(tries, activities)
    for _ in range(2):
        failure = await failing(tries, activities)
        assert (failure.type, failure.details[0]["in_doubt"]) == ("VendorUnavailable", "yes")
    assert recorder.calls == ["start", "recover", "recover"]


async def test_a_bug_leaves_its_try_in_doubt(
    tries: Tries, activities: RecordingActivities, recorder: FakeRecorder
) -> None:
    recorder.answers["start"] = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        await tries.next(activities.start, ORDER)
    await tries.next(activities.start, ORDER)
    assert recorder.calls == ["start", "recover"]


@pytest.mark.parametrize("died", [False, True])
async def test_nothing_is_sent_when_the_resources_time_has_passed(
    tries: Tries, activities: RecordingActivities, recorder: FakeRecorder, *, died: bool
) -> None:
    if died:
        tries.die()
    late = ORDER.model_copy(update={"not_after": NOON - timedelta(microseconds=1)})
    failure = await failing(tries, activities, late)
    assert (failure.type, failure.non_retryable) == ("ResourceExpired", True)
    assert ("in_doubt" in failure.details[0]) is died
    assert recorder.calls == []


async def test_a_start_is_sent_until_the_resources_time_has_passed(
    tries: Tries, activities: RecordingActivities, recorder: FakeRecorder
) -> None:
    await tries.next(activities.start, ORDER.model_copy(update={"not_after": NOON}))
    assert recorder.calls == ["start"]


async def test_a_cancelled_start_is_heard_to_its_end(
    tries: Tries, activities: RecordingActivities, recorder: FakeRecorder
) -> None:
    answer = recorder.answers["start"] = asyncio.get_running_loop().create_future()
    environment, started = tries.begin(activities.start, ORDER)
    await recorder.called.wait()
    environment.cancel()
    await asyncio.sleep(0)
    assert not started.done()
    answer.set_result("t3")
    assert await started == Started(task_id="t3")

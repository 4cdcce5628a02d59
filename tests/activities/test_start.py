"""A start is sent only where nothing can have started before; a doubt goes to the session."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError

from activities.recording import RecordingActivities
from longtake.contracts.payloads import Started, StartInput
from longtake.domain.errors import ERRORS, VendorUnavailable
from tests.activities.fakes import (
    ATTEMPT,
    NOON,
    REQUEST,
    SCENE,
    FakeDirectory,
    FakeRecorder,
    Looks,
    Tries,
)

ORDER = StartInput(request=REQUEST, scene=SCENE, attempt=ATTEMPT)
RECOVERY = ORDER.model_copy(update={"recover": True})
IN_DOUBT = {"StartUnknown", "AlreadyRunning", "RecorderBusy"}
TRIED_AGAIN = {"QuotaExceeded", "RateLimited", "VendorUnavailable", "NotSent"}


@pytest.fixture
def recorder() -> FakeRecorder:
    return FakeRecorder(start="t1", recover="t1")


@pytest.fixture
def activities(recorder: FakeRecorder) -> RecordingActivities:
    return RecordingActivities(FakeDirectory(recorder), lambda: NOON, Looks())


@pytest.fixture
def tries() -> Tries:
    return Tries()


async def failing(
    tries: Tries, activities: RecordingActivities, order: StartInput = ORDER
) -> ApplicationError:
    with pytest.raises(ApplicationError) as caught:
        await tries.next(activities.start, order)
    return caught.value


@pytest.mark.parametrize(("order", "call"), [(ORDER, "start"), (RECOVERY, "recover")])
async def test_a_start_in_doubt_is_recovered_and_no_other(
    tries: Tries,
    activities: RecordingActivities,
    recorder: FakeRecorder,
    order: StartInput,
    call: str,
) -> None:
    assert await tries.next(activities.start, order) == Started(task_id="t1")
    assert recorder.calls == [call]


@pytest.mark.parametrize("code", ERRORS)
async def test_a_failure_is_tried_again_only_if_it_leaves_no_doubt(
    tries: Tries, activities: RecordingActivities, recorder: FakeRecorder, code: str
) -> None:
    recorder.answers["start"] = ERRORS[code]("what happened")
    failure = await failing(tries, activities)
    assert failure.type == code
    assert failure.non_retryable is (code not in TRIED_AGAIN)
    assert ("in_doubt" in failure.details[0]) is (code in IN_DOUBT)


async def test_a_refused_start_is_sent_again(
    tries: Tries, activities: RecordingActivities, recorder: FakeRecorder
) -> None:
    recorder.answers["start"] = VendorUnavailable("HTTP 503")
    for _ in range(2):
        await failing(tries, activities)
    recorder.answers["start"] = "t2"
    assert await tries.next(activities.start, ORDER) == Started(task_id="t2")
    assert recorder.calls == ["start", "start", "start"]


@pytest.mark.parametrize("order", [ORDER, RECOVERY], ids=["start", "recovery"])
async def test_nothing_is_sent_when_the_resources_time_has_passed(
    tries: Tries, activities: RecordingActivities, recorder: FakeRecorder, order: StartInput
) -> None:
    late = order.model_copy(update={"not_after": NOON - timedelta(microseconds=1)})
    failure = await failing(tries, activities, late)
    assert (failure.type, failure.non_retryable) == ("ResourceExpired", True)
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


async def test_a_start_for_another_vendors_account_is_refused_for_good(
    tries: Tries, activities: RecordingActivities, recorder: FakeRecorder
) -> None:
    other = REQUEST.model_copy(update={"vendor": "other"})
    failure = await failing(tries, activities, ORDER.model_copy(update={"request": other}))
    assert (failure.type, failure.non_retryable) == ("InvalidRequest", True)
    assert recorder.calls == []

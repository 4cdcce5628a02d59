"""Sessions that wait for a place at a full vendor ask for it one at a time."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.places import ASK_EVERY
from activities.recording import RecordingActivities
from longtake.contracts.payloads import Started, StartInput, StopInput
from longtake.domain.errors import QuotaExceeded
from longtake.domain.ports import Stopped
from tests.activities.fakes import (
    ATTEMPT,
    NOON,
    REQUEST,
    SCENE,
    TASK,
    FakeDirectory,
    FakeRecorder,
    Looks,
)

ORDER = StartInput(request=REQUEST, scene=SCENE, attempt=ATTEMPT)
FULL = QuotaExceeded("no place")
MOMENT = timedelta(seconds=1)


class Account:
    """An account at a vendor that is full."""

    def __init__(self) -> None:
        self.recorder = FakeRecorder(start=FULL, recover="t1", stop=Stopped())
        self._activities = RecordingActivities(FakeDirectory(self.recorder), lambda: NOON, Looks())

    async def start(self, after: timedelta, *, attempt: int, recover: bool = False) -> object:
        """A session's try; the failure's class, or what the vendor gave."""
        environment = ActivityEnvironment()
        environment.info = dataclasses.replace(
            environment.info, attempt=attempt, current_attempt_scheduled_time=NOON + after
        )
        order = ORDER.model_copy(update={"recover": recover})
        try:
            return await environment.run(self._activities.start, order)
        except ApplicationError as err:
            return err.type

    async def stop(self) -> None:
        order = StopInput(request=REQUEST, task=TASK)
        await ActivityEnvironment().run(self._activities.stop, order)

    def starts(self) -> int:
        return self.recorder.calls.count("start")


@pytest.fixture
async def full() -> Account:
    account = Account()
    await account.start(0 * MOMENT, attempt=1)
    return account


async def test_of_all_who_wait_one_asks_at_a_time(full: Account) -> None:
    told = [await full.start(number * MOMENT, attempt=2) for number in range(20)]
    assert set(told) == {"QuotaExceeded"}
    assert full.starts() == 1 + 19 // (ASK_EVERY / MOMENT)


async def test_a_sessions_first_start_is_always_sent(full: Account) -> None:
    await full.start(MOMENT, attempt=1)
    assert full.starts() == 2


async def test_a_place_that_was_set_free_is_asked_for_at_once(full: Account) -> None:
    await full.stop()
    full.recorder.answers["start"] = "t2"
    assert await full.start(MOMENT, attempt=2) == Started(task_id="t2")


async def test_a_start_in_doubt_is_asked_about_though_there_is_no_place(full: Account) -> None:
    assert await full.start(MOMENT, attempt=2, recover=True) == Started(task_id="t1")

"""The port `Recorder`, asked directly: what the session relies on, whoever the vendor is."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime

import pytest
from temporalio.client import Client

import worker
from longtake.domain.errors import AlreadyStopped, RecordingError, TaskNotFound
from longtake.domain.events import TaskPhase
from longtake.domain.ports import Attempt, Recorder, Task
from tests.conformance.conftest import Build
from tests.conformance.vendors import Conduct
from tests.house import House


@pytest.fixture
async def home(client: Client, build: Build) -> AsyncGenerator[House]:
    async with build(client, in_process=False) as built:
        yield built


@pytest.fixture
async def recorder(home: House) -> AsyncGenerator[Recorder]:
    accounts = worker.Accounts(home.settings(), lambda: datetime.now(UTC))
    yield accounts.recorder(home.vendor, home.account)
    await accounts.aclose()


async def _started(home: House, recorder: Recorder) -> Task:
    request = home.request("standup")
    traits = recorder.traits(request)
    attempt = Attempt(number=1, recorder=traits.recorder_ids.identity("k", 1), path="k/a1")
    if traits.resource_window is not None:
        resource = await recorder.acquire(request, attempt)
        attempt = attempt.model_copy(update={"resource": resource})
    task_id = await recorder.start(request, request.first_scene(), attempt)
    return Task(attempt=attempt, id=task_id)


async def test_an_unknown_task_is_missing_not_an_error(home: House, recorder: Recorder) -> None:
    task = await _started(home, recorder)
    await home.fault("now", "forget")
    seen = await recorder.query(home.request("standup"), task)
    assert seen.phase is TaskPhase.MISSING


async def test_a_stop_of_an_unknown_task_says_so(home: House, recorder: Recorder) -> None:
    task = await _started(home, recorder)
    await home.fault("now", "forget")
    with pytest.raises(TaskNotFound):
        await recorder.stop(home.request("standup"), task)


async def test_a_stop_of_an_ended_task_is_told_from_other_failures(
    home: House, recorder: Recorder
) -> None:
    task = await _started(home, recorder)
    await home.fault("now", "evict")
    await home.advance(5)
    with pytest.raises((TaskNotFound, AlreadyStopped)):
        await recorder.stop(home.request("standup"), task)


async def test_a_lost_starts_task_can_be_read_from_its_files(
    client: Client, build: Build, conduct: Conduct
) -> None:
    async with build(client, in_process=False, media=True, timings={"slice": 0.5}) as home:
        accounts = worker.Accounts(home.settings(), lambda: datetime.now(UTC))
        recorder = accounts.recorder(home.vendor, home.account)
        await home.room("standup", "1001")
        task = await _started(home, recorder)

        async def stored() -> list[str]:
            [record] = await home.tasks("standup")
            return record["files"]

        keys = await home.eventually(stored)
        found = {recorder.task_id_in(task.attempt, home.request("standup"), key) for key in keys}
        assert found == {task.id}
        begins = recorder.key_prefixes(home.request("standup"), task.attempt, task.id)
        assert all(key.startswith(begins) for key in keys)
        other = task.attempt.model_copy(update={"path": "k/a2"})
        theirs = recorder.task_id_in(other, home.request("standup"), keys[0])
        assert (theirs is None) is conduct.own_identity
        elsewhere = home.request("standup-2")
        assert recorder.task_id_in(other, elsewhere, keys[0]) is None
        await accounts.aclose()


async def test_every_failure_names_vendor_call_and_code_and_no_secret(
    home: House, recorder: Recorder
) -> None:
    task = await _started(home, recorder)
    await home.fault("now", "forget")
    with pytest.raises(RecordingError) as caught:
        await recorder.stop(home.request("standup"), task)
    evidence = caught.value.evidence()
    assert evidence["vendor"] == home.vendor
    assert evidence["vendor_code"]
    assert evidence["call"]

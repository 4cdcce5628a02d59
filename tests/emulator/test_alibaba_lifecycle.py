"""The life of an Alibaba task, from start to the last status, and what can befall it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from longtake.vendors.alibaba.emulator.credentials import APP_ID
from tests.emulator.alibaba_client import (
    HALVES,
    START,
    UPDATE,
    USERS,
    Artc,
    emulated_artc,
    entries,
    flat,
    individual,
    mixed,
    oss,
)

UNKNOWN, OVER = "NotFound.Task", "InvalidParameter.TaskId"
SILENT = {"audio": False, "video": False}


@pytest.fixture(scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Artc]:
    async with emulated_artc(tmp_path_factory.mktemp("artc")) as emulator:
        yield emulator


@pytest.fixture
async def artc(shared: Artc) -> Artc:
    return await shared.anew()


async def reasons(artc: Artc) -> dict[str, str | None]:
    return {row["task_id"]: row["end_reason"] for row in await artc.tasks()}


async def test_a_task_runs_from_start_to_stop(artc: Artc) -> None:
    task = await artc.recording()
    assert await artc.status(task) == "RUNNING"
    await artc.advance(20)
    assert (await artc.stop(task))["TaskId"] == task
    assert await artc.status(task) == "STOPPING"
    await artc.advance(2)
    assert await artc.status(task) == "STOPPED"
    (row,) = await artc.tasks()
    assert (row["vendor"], row["task_id"], row["resource_id"]) == ("alibaba", task, "")
    assert (row["app"], row["room"], row["recorder"]) == (APP_ID, "standup", "")
    assert row["end_reason"] == "stopped"
    assert row["created_at"] < row["started_at"] < row["ended_at"]


@pytest.mark.parametrize(
    ("changed", "attempt"),
    [
        ({"NotifyUrl": "https://calls.example/cb/main/lt-7f%203a?x=/y"}, "lt-7f 3a"),
        (
            {
                "NotifyUrl": "https://calls.example/",
                "StorageParams": oss({"Format": "HLS", "FilePathPrefix": ["a", "lt-2"]}),
            },
            "lt-2",
        ),
        ({"StorageParams": oss({"Format": "MP4", "FilePathPrefix": ["lt-3"]})}, "lt-3"),
        ({}, ""),
    ],
)
async def test_the_ledger_tells_attempts_apart(
    artc: Artc, changed: dict[str, Any], attempt: str
) -> None:
    await artc.begin(**changed)
    ledger = await artc.ledger()
    assert [row["recorder"] for row in ledger["tasks"] + ledger["calls"]] == [attempt] * 2


async def test_a_second_start_makes_a_second_task(artc: Artc) -> None:
    first, second = await artc.recording(), await artc.recording()
    assert first != second
    assert [await artc.status(first), await artc.status(second)] == ["RUNNING", "RUNNING"]
    await artc.stop(first)
    assert await reasons(artc) == {first: "stopped", second: None}


async def test_racing_starts_make_a_task_each(artc: Artc) -> None:
    await artc.room("standup", "alice", "bob")
    started = await asyncio.gather(*[artc.start() for _ in range(5)])
    assert len({answer["TaskId"] for answer in started}) == 5


@pytest.fixture
async def slow(tmp_path: Path) -> AsyncGenerator[Artc]:
    """An emulator whose tasks take a minute to start."""
    async with emulated_artc(tmp_path, options={"timings": {"running": 60}}) as emulator:
        yield emulator


async def test_an_accepted_task_does_not_run_yet(slow: Artc) -> None:
    task = await slow.recording()
    assert await slow.status(task) == "STARTING"
    assert (await slow.update(task, SubscribeParams=entries("bob")))["Code"] == OVER
    await slow.advance(60)
    assert await slow.status(task) == "RUNNING"


async def test_a_task_can_be_stopped_while_it_starts(slow: Artc) -> None:
    task = await slow.recording()
    assert (await slow.stop(task))["TaskId"] == task
    await slow.advance(5)
    assert await slow.status(task) == "STOPPED"
    assert (await slow.tasks())[0]["started_at"] is None


async def test_options_tell_a_start_otherwise_and_forbid_to_stop_it(tmp_path: Path) -> None:
    options = {
        "stop_needs_running": True,
        "starting_status": "RECOVERING",
        "timings": {"running": 60},
    }
    async with emulated_artc(tmp_path, options=options) as artc:
        task = await artc.recording()
        assert await artc.status(task) == "RECOVERING"
        assert (await artc.stop(task))["Code"] == OVER
        await artc.advance(60)
        assert "Code" not in await artc.stop(task)


async def test_a_task_that_is_over_is_told_but_not_stopped_again(artc: Artc) -> None:
    task = await artc.recording()
    await artc.stop(task)
    for _ in range(2):
        assert (await artc.stop(task))["Code"] == OVER
        assert (await artc.update(task, SubscribeParams=entries("bob")))["Code"] == OVER
        await artc.advance(5)
    assert await artc.status(task) == "STOPPED"


async def test_a_task_of_three_days_ago_is_unknown(artc: Artc) -> None:
    task = await artc.recording()
    await artc.stop(task)
    await artc.advance(3 * 86_400 - 60)
    assert await artc.status(task) == "STOPPED"
    await artc.advance(60)
    assert await artc.status(task) == UNKNOWN
    assert (await artc.stop(task))["Code"] == UNKNOWN


async def test_a_task_lives_72_hours(artc: Artc) -> None:
    task = await artc.recording()
    await artc.advance(72 * 3600 - 2)
    assert await artc.status(task) == "RUNNING"
    await artc.advance(2)
    assert await reasons(artc) == {task: "life_over"}


async def test_silence_of_all_subscribed_ends_a_mixed_task(artc: Artc) -> None:
    await artc.room("standup", "alice", "bob", "not subscribed")
    task = await artc.recording(MaxIdleTime=60)
    await artc.room("standup", {"user": "alice", **SILENT}, "not subscribed")
    await artc.advance(59)
    assert await artc.status(task) == "RUNNING"
    await artc.advance(2)
    assert await reasons(artc) == {task: "idle"}


async def test_who_publishes_again_in_time_keeps_the_task_running(artc: Artc) -> None:
    task = await artc.recording(MaxIdleTime=10)
    for _ in range(3):
        await artc.room("standup")
        await artc.advance(9)
        await artc.room("standup", "bob")
        await artc.advance(9)
    assert await artc.status(task) == "RUNNING"


async def test_only_what_is_recorded_counts_against_idleness(artc: Artc) -> None:
    await artc.room("standup", {"user": "alice", "audio": False}, "bob")
    heard = entries({"UserId": "alice", "StreamType": 1})
    task = await artc.recording(
        RecordParams={"RecordMode": 1, "StreamType": 1}, SubscribeParams=heard, MixLayoutParams=None
    )
    await artc.advance(301)
    assert await reasons(artc) == {task: "idle"}


async def test_the_usual_idle_time_is_300_seconds(artc: Artc) -> None:
    await artc.room("standup", {"user": "alice", **SILENT})
    await artc.begin()
    await artc.advance(7200)
    (row,) = await artc.tasks()
    up, left = (datetime.fromisoformat(row[key]) for key in ("started_at", "ended_at"))
    assert left - up == timedelta(seconds=300)


async def test_individual_streams_are_idle_one_by_one(artc: Artc) -> None:
    task = await artc.recording(**individual("alice", "bob"), MaxIdleTime=60)
    await artc.advance(31)
    await artc.room("standup", "bob")
    await artc.advance(90)
    assert await artc.status(task) == "RUNNING"
    await artc.room("standup", "alice", "bob")
    await artc.room("standup", "alice")
    await artc.advance(61)
    assert await reasons(artc) == {task: "idle"}


async def test_an_update_replaces_both_groups(artc: Artc) -> None:
    task = await artc.recording()
    whole = {"UserId": "bob", "X": "0", "Y": "0", "Width": "1", "Height": "1"}
    groups = {"SubscribeParams": entries("bob"), "MixLayoutParams": {"UserPanes": [whole]}}
    assert (await artc.update(task, **groups))["TaskId"] == task
    (row,) = await artc.tasks()
    created, updated = row["layout_revisions"]
    assert (created["call"], created["layout"]["MixLayoutParams"]["UserPanes"]) == (START, HALVES)
    assert (updated["call"], updated["layout"]) == (UPDATE, groups)


async def test_a_stream_that_an_update_adds_keeps_an_individual_task_running(artc: Artc) -> None:
    await artc.room("standup", "alice", "bob")
    task = await artc.recording(**individual("alice"), MaxIdleTime=10)
    await artc.room("standup", "bob")
    await artc.advance(5)
    await artc.update(task, SubscribeParams=entries("bob"))
    await artc.advance(30)
    assert await artc.status(task) == "RUNNING"


async def test_a_stream_that_comes_back_by_an_update_is_idle_from_then_on(artc: Artc) -> None:
    await artc.room("standup", "bob")
    task = await artc.recording(**individual("alice", "bob"), MaxIdleTime=10)
    await artc.advance(5)
    await artc.update(task, SubscribeParams=entries("bob"))
    await artc.advance(3)
    await artc.update(task, SubscribeParams=entries("alice", "bob"))
    await artc.advance(5)
    await artc.room("standup", "alice", "bob")
    await artc.finished(task)
    assert len((await artc.listed(task))["HlsFileList"]) == 2


async def test_a_channel_exists_some_seconds_longer_than_its_users_stay(artc: Artc) -> None:
    await artc.room("standup", "alice", {"user": "bob", **SILENT})
    users = await artc.call(USERS, AppId=APP_ID, ChannelId="standup")
    assert (users["InteractiveUserList"], users["LiveUserList"]) == (["alice"], ["bob"])
    await artc.room("standup")
    users = await artc.call(USERS, AppId=APP_ID, ChannelId="standup")
    assert (users["IsChannelExists"], users["InteractiveUserNumber"]) == (True, 0)
    assert (await artc.start())["Code"] == "InvalidParameter.ChannelId"
    await artc.advance(6)
    users = await artc.call(USERS, AppId=APP_ID, ChannelId="standup")
    assert users["IsChannelExists"] is False
    never = await artc.call(USERS, AppId=APP_ID, ChannelId="never")
    assert never["IsChannelExists"] is False


# --- faults ---------------------------------------------------------------------------------------


async def test_a_start_whose_answer_is_lost_leaves_a_task(artc: Artc) -> None:
    await artc.room("standup", "alice", "bob")
    await artc.fault("lost_reply", "start")
    request = artc.request(START, flat(**mixed()))
    with pytest.raises(httpx.TransportError):
        await artc.http.send(request)
    again = await artc.send(request)
    assert again.json()["Code"] == "SignatureNonceUsed"
    assert len(await artc.tasks()) == 1


async def test_a_task_that_recovers_answers_calls_meanwhile(artc: Artc) -> None:
    task = await artc.recording()
    await artc.fault("migrate", "now", seconds=20)
    assert await artc.status(task) == "RECOVERING"
    whole = {"UserId": "bob", "X": "0", "Y": "0", "Width": "1", "Height": "1"}
    panes = {"UserPanes": [whole]}
    groups = {"SubscribeParams": entries("bob"), "MixLayoutParams": panes}
    assert "Code" not in await artc.update(task, **groups)
    await artc.advance(21)
    assert await artc.status(task) == "RUNNING"


async def test_a_task_that_recovers_can_be_stopped(artc: Artc) -> None:
    task = await artc.recording()
    await artc.fault("migrate", "now", seconds=20)
    assert "Code" not in await artc.stop(task)
    await artc.advance(30)
    assert await artc.status(task) == "STOPPED"


async def test_a_task_can_be_ended_from_outside(artc: Artc) -> None:
    task = await artc.recording()
    await artc.fault("evict", "now", room="standup")
    await artc.advance(5)
    assert await artc.status(task) == "STOPPED"
    assert await reasons(artc) == {task: "evicted"}


async def test_a_forgotten_task_goes_on_recording(artc: Artc) -> None:
    task = await artc.recording()
    await artc.fault("forget", "query")
    assert await artc.status(task) == UNKNOWN
    assert (await artc.stop(task))["Code"] == UNKNOWN
    await artc.room("standup")
    await artc.advance(301)
    assert await reasons(artc) == {task: "idle"}


async def test_a_task_may_never_come_up(artc: Artc) -> None:
    await artc.fault("never_up", "start")
    task = await artc.recording()
    assert await artc.status(task) == "STOPPED"
    assert await reasons(artc) == {task: "never_up"}


async def test_a_refusing_bucket_leaves_no_files(artc: Artc) -> None:
    await artc.fault("wrong_storage", "start")
    task = await artc.recording()
    await artc.advance(60)
    await artc.stop(task)
    assert await artc.status(task) == "STOPPING"
    await artc.advance(11)
    assert await artc.status(task) == "STOPPED"
    assert (await artc.listed(task))["HlsFileList"] == []


async def test_stalled_uploads_keep_a_task_stopping(artc: Artc) -> None:
    task = await artc.recording()
    await artc.fault("stall_upload", "now", seconds=120)
    await artc.advance(60)
    await artc.stop(task)
    await artc.advance(30)
    assert await artc.status(task) == "STOPPING"
    await artc.advance(31)
    assert await artc.status(task) == "STOPPED"
    assert len((await artc.listed(task))["HlsFileList"]) == 1


@pytest.mark.parametrize("kind", ["token_expired", "expire_resource"])
async def test_what_alibaba_does_not_have_cannot_be_spoilt(artc: Artc, kind: str) -> None:
    task = await artc.recording()
    assert (await artc.fault(kind, "now"))["hits"] == 0
    assert await artc.status(task) == "RUNNING"


async def test_a_reset_forgets_every_task(artc: Artc) -> None:
    task = await artc.recording()
    await artc.anew()
    assert await artc.status(task) == UNKNOWN
    assert await artc.tasks() == []

"""The life of a TRTC task, from create to the last status."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from longtake.vendors.tencent.emulator.credentials import SDK_APP_ID
from tests.emulator.trtc import (
    CREATE,
    DELETE,
    DESCRIBE,
    MODIFY,
    ROBOT,
    LaunchTrtc,
    Trtc,
    code,
    user_sig,
)

GONE = "ResourceNotFound"


async def test_a_task_runs_from_create_to_delete(trtc: Trtc) -> None:
    task = await trtc.recording()
    assert await trtc.status(task) == "InProgress"
    await trtc.advance(20)
    assert (await trtc.delete(task))["TaskId"] == task
    assert await trtc.status(task) == "Exited"
    await trtc.advance(2)
    assert await trtc.status(task) == GONE
    (row,) = await trtc.tasks()
    assert (row["vendor"], row["task_id"], row["resource_id"]) == ("tencent", task, "")
    assert (row["app"], row["room"], row["recorder"]) == (str(SDK_APP_ID), "7007", ROBOT)
    assert row["end_reason"] == "stopped"
    assert row["created_at"] < row["started_at"] < row["ended_at"]


async def test_every_call_is_in_the_ledger_with_what_it_names(trtc: Trtc) -> None:
    task = await trtc.recording()
    await trtc.describe(task)
    await trtc.modify(task)
    await trtc.delete(task)
    await trtc.delete("unknown")
    calls = (await trtc.ledger())["calls"]
    told = [(c["call"], c["code"], c["task_id"], c["room"], c["recorder"]) for c in calls]
    assert told == [
        (CREATE, None, task, "7007", ROBOT),
        (DESCRIBE, None, task, "7007", ROBOT),
        (MODIFY, None, task, "7007", ROBOT),
        (DELETE, None, task, "7007", ROBOT),
        (DELETE, GONE, "unknown", None, None),
    ]
    assert {c["status"] for c in calls} == {200}
    assert {c["app"] for c in calls} == {str(SDK_APP_ID)}


async def test_task_ids_look_like_production_and_repeat_with_the_seed(
    launch_trtc: LaunchTrtc,
) -> None:
    runs: list[list[str]] = []
    for _ in range(2):
        trtc = await launch_trtc(seed=3)
        runs.append([await trtc.begin(robot=f"r{n}") for n in range(12)])
    assert runs[0] == runs[1]
    assert all(83 <= len(task) <= 88 for task in runs[0])
    assert set("+-.") <= set("".join(runs[0]))


async def test_a_task_is_idle_until_an_anchor_sends_data(trtc: Trtc) -> None:
    await trtc.room("7007", {"user": "alice", "audio": False, "video": False})
    task = await trtc.begin()
    await trtc.advance(15)
    assert await trtc.status(task) == "Idle"
    await trtc.room("7007", "alice")
    assert await trtc.status(task) == "InProgress"


async def test_the_integer_room_and_the_string_room_of_a_number_differ(trtc: Trtc) -> None:
    await trtc.room("123", "alice")
    wrong = await trtc.begin("123", "in_the_string_room", RoomIdType=0)
    right = await trtc.begin("123", "in_the_integer_room", RoomIdType=1)
    await trtc.advance(15)
    assert [await trtc.status(wrong), await trtc.status(right)] == ["Idle", "InProgress"]


async def test_the_string_room_of_a_number_is_addressed_in_quotes(trtc: Trtc) -> None:
    await trtc.room('"123"', "alice")
    text = await trtc.begin("123", "in_the_string_room", RoomIdType=0)
    number = await trtc.begin("123", "in_the_integer_room")
    await trtc.advance(15)
    assert [await trtc.status(text), await trtc.status(number)] == ["InProgress", "Idle"]


@pytest.mark.parametrize("name", ["standup", "0123", "4294967296", "会议-7"])
async def test_a_room_that_is_no_32_bit_number_is_a_string_room(trtc: Trtc, name: str) -> None:
    task = await trtc.recording(name, RoomIdType=0)
    assert await trtc.status(task) == "InProgress"


async def test_an_empty_room_ends_the_task_after_max_idle_time(trtc: Trtc) -> None:
    task = await trtc.recording(params={"MaxIdleTime": 60})
    await trtc.room("7007")
    await trtc.advance(59)
    assert await trtc.status(task) == "InProgress"
    await trtc.advance(2)
    assert await trtc.status(task) == "Exited"
    assert (await trtc.tasks())[0]["end_reason"] == "idle"


async def test_a_robot_in_a_room_that_stays_empty_leaves_at_its_time(trtc: Trtc) -> None:
    await trtc.begin(params={"MaxIdleTime": 100})
    await trtc.advance(7200)
    (row,) = await trtc.tasks()
    up, left = (datetime.fromisoformat(row[key]) for key in ("started_at", "ended_at"))
    assert left - up == timedelta(seconds=100)


async def test_an_anchor_who_publishes_nothing_keeps_the_task_running(trtc: Trtc) -> None:
    task = await trtc.recording(params={"MaxIdleTime": 5})
    await trtc.room("7007", {"user": "alice", "audio": False, "video": False})
    await trtc.advance(3600)
    assert await trtc.status(task) == "InProgress"


async def test_an_anchor_who_returns_in_time_keeps_the_task_running(trtc: Trtc) -> None:
    task = await trtc.recording()
    await trtc.room("7007")
    await trtc.advance(25)
    await trtc.room("7007", "alice")
    await trtc.advance(25)
    assert await trtc.status(task) == "InProgress"


async def test_the_same_robot_again_ends_the_earlier_task(trtc: Trtc) -> None:
    first = await trtc.recording()
    second = await trtc.recording()
    assert [await trtc.status(first), await trtc.status(second)] == ["Exited", "InProgress"]
    reasons = {row["task_id"]: row["end_reason"] for row in await trtc.tasks()}
    assert reasons == {first: "evicted", second: None}


async def test_racing_creates_of_one_robot_leave_one_task(trtc: Trtc) -> None:
    await trtc.room("7007", "alice")
    tasks = [
        answer["TaskId"] for answer in await asyncio.gather(*[trtc.create() for _ in range(5)])
    ]
    await trtc.advance(1)
    ended = [row["ended_at"] for row in await trtc.tasks()]
    assert len(set(tasks)) == 5
    assert ended.count(None) == 1
    assert ended[-1] is None


async def test_a_robot_that_cannot_enter_does_not_end_the_earlier_task(trtc: Trtc) -> None:
    first = await trtc.recording()
    await trtc.recording(UserSig="nonsense")
    assert await trtc.status(first) == "InProgress"


async def test_other_robots_and_other_rooms_are_left_alone(trtc: Trtc) -> None:
    tasks = [
        await trtc.recording(),
        await trtc.recording(robot="another"),
        await trtc.recording("7008"),
        await trtc.recording("7007", RoomIdType=0),
    ]
    assert [await trtc.status(task) for task in tasks[:3]] == ["InProgress"] * 3
    assert await trtc.status(tasks[3]) == "Idle"


async def test_a_robot_with_a_persons_id_throws_the_person_out(trtc: Trtc) -> None:
    task = await trtc.recording(robot="alice")
    assert await trtc.present("7007") == ["bob"]
    assert await trtc.status(task) == "InProgress"


async def test_a_person_with_the_robots_id_throws_the_robot_out(trtc: Trtc) -> None:
    task = await trtc.recording()
    await trtc.room("7007", "alice", ROBOT)
    assert await trtc.status(task) == "Exited"
    assert (await trtc.tasks())[0]["end_reason"] == "evicted"


async def test_delete_before_the_robot_has_entered_ends_the_task(trtc: Trtc) -> None:
    task = await trtc.begin()
    assert "Error" not in await trtc.delete(task)
    await trtc.advance(5)
    (row,) = await trtc.tasks()
    assert (row["started_at"], row["end_reason"]) == (None, "stopped")


async def test_a_leaving_task_takes_another_delete_but_no_change(trtc: Trtc) -> None:
    task = await trtc.recording()
    await trtc.delete(task)
    assert "Error" not in await trtc.delete(task)
    assert code(await trtc.modify(task)) == GONE
    await trtc.advance(3)
    assert code(await trtc.delete(task)) == GONE


async def test_after_its_hours_no_call_reaches_a_task_that_goes_on(trtc: Trtc) -> None:
    task = await trtc.recording(ResourceExpiredHour=6)
    await trtc.advance(6 * 3600 + 1)
    answers = [await trtc.describe(task), await trtc.modify(task), await trtc.delete(task)]
    assert [code(answer) for answer in answers] == [GONE] * 3
    files = len((await trtc.tasks())[0]["files"])
    await trtc.advance(30)
    (row,) = await trtc.tasks()
    assert row["ended_at"] is None
    assert len(row["files"]) > files
    await trtc.room("7007")
    await trtc.advance(31)
    assert (await trtc.tasks())[0]["end_reason"] == "idle"


async def test_a_task_of_another_application_is_unknown(launch_trtc: LaunchTrtc) -> None:
    apps = {str(SDK_APP_ID): {"user_sig_key": "k"}, "1400700009": {"user_sig_key": "k"}}
    trtc = await launch_trtc(options={"apps": apps})
    task = await trtc.begin()
    assert code(await trtc.call(DELETE, SdkAppId=1400700009, TaskId=task)) == GONE
    assert (await trtc.tasks())[0]["ended_at"] is None


async def test_the_101st_task_is_refused_before_it_ends_an_earlier_one(
    launch_trtc: LaunchTrtc,
) -> None:
    trtc = await launch_trtc(options={"limits": {"calls_per_second": 0, "tasks": 2}})
    first = await trtc.recording(robot="one")
    await trtc.recording(robot="two")
    refused = await trtc.create(robot="one", UserSig=user_sig("one"))
    assert code(refused) == "FailedOperation.RestrictedConcurrency"
    await trtc.advance(1)
    assert await trtc.status(first) == "InProgress"
    await trtc.delete(first)
    assert "TaskId" in await trtc.create(robot="one", UserSig=user_sig("one"))


async def test_modify_replaces_both_groups(trtc: Trtc) -> None:
    groups = {
        "MixLayoutParams": {"MixLayoutMode": 1, "BackGroundColor": "#FF0000"},
        "SubscribeStreamUserIds": {"SubscribeVideoUserIds": ["alice"]},
    }
    params = {"SubscribeStreamUserIds": groups["SubscribeStreamUserIds"]}
    task = await trtc.recording(params=params, MixLayoutParams=groups["MixLayoutParams"])
    await trtc.modify(task, MixLayoutParams={"MixLayoutMode": 3})
    await trtc.modify(task)
    (row,) = await trtc.tasks()
    assert [r["call"] for r in row["layout_revisions"]] == [CREATE, MODIFY, MODIFY]
    told = [r["layout"] for r in row["layout_revisions"]]
    assert told == [groups, {"MixLayoutParams": {"MixLayoutMode": 3}}, {}]


async def test_a_refused_modify_changes_nothing(trtc: Trtc) -> None:
    task = await trtc.recording()
    refused = await trtc.modify(task, MixLayoutParams={"MixLayoutMode": 5})
    assert code(refused) == "InvalidParameter.OutOfRange"
    assert (await trtc.tasks())[0]["layout_revisions"] == []


async def test_reset_forgets_everything(trtc: Trtc) -> None:
    task = await trtc.recording()
    await trtc.http.post("/_emulator/reset")
    assert code(await trtc.describe(task)) == GONE
    assert await trtc.tasks() == []
    assert await trtc.present("7007") == []

"""Every kind of fault, struck at TRTC."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from longtake.vendors.tencent.emulator.codes import CODES
from tests.emulator.trtc import (
    BUCKET,
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


async def test_a_lost_reply_leaves_a_task_that_the_same_robot_again_ends(trtc: Trtc) -> None:
    await trtc.room("7007", "alice")
    await trtc.fault("lost_reply", CREATE)
    with pytest.raises(httpx.RemoteProtocolError):
        await trtc.create()
    (lost,) = await trtc.tasks()
    await trtc.advance(3)
    task = await trtc.recording()
    rows = {row["task_id"]: row["end_reason"] for row in await trtc.tasks()}
    assert rows == {lost["task_id"]: "evicted", task: None}
    first = (await trtc.ledger())["calls"][0]
    assert (first["delivered"], first["status"], first["task_id"]) == (False, 200, lost["task_id"])


@pytest.mark.parametrize(("when", "tasks"), [("before", 0), ("after", 1)])
async def test_reset_tears_the_connection(trtc: Trtc, when: str, tasks: int) -> None:
    await trtc.fault("reset", CREATE, when=when)
    with pytest.raises(httpx.ReadError):
        await trtc.create()
    assert len(await trtc.tasks()) == tasks


async def test_a_corrupt_reply_is_broken_json(trtc: Trtc) -> None:
    await trtc.fault("corrupt_reply", CREATE)
    with pytest.raises(json.JSONDecodeError):
        await trtc.create()
    assert len(await trtc.tasks()) == 1


async def test_an_internal_error_some_times_and_then_success(trtc: Trtc) -> None:
    await trtc.fault("code", CREATE, code="InternalError.CRInternalError", times=2)
    seen = [await trtc.create() for _ in range(3)]
    assert [code(answer) for answer in seen[:2]] == ["InternalError.CRInternalError"] * 2
    assert "TaskId" in seen[2]
    assert len(await trtc.tasks()) == 1
    assert [c["code"] for c in (await trtc.ledger())["calls"]] == [
        "InternalError.CRInternalError",
        "InternalError.CRInternalError",
        None,
    ]


@pytest.mark.parametrize("action", [CREATE, DESCRIBE, MODIFY, DELETE])
async def test_every_documented_code_can_be_answered(trtc: Trtc, action: str) -> None:
    for expected in sorted(CODES[action]):
        await trtc.fault("code", action, code=expected)
        assert code(await trtc.call(action, TaskId="t")) == expected


@pytest.mark.parametrize(
    ("action", "wrong"),
    [(CREATE, GONE), (DELETE, "FailedOperation.RestrictedConcurrency"), (DESCRIBE, 404)],
)
async def test_a_code_that_is_no_code_of_the_action_is_refused(
    trtc: Trtc, action: str, wrong: object
) -> None:
    rule = {"kind": "code", "vendor": "tencent", "call": action, "code": wrong}
    reply = await trtc.http.post("/_emulator/faults", json=rule)
    assert (reply.status_code, reply.json()["errors"][0]["path"]) == (422, "code")


async def test_a_leave_code_that_does_not_exist_is_refused(trtc: Trtc) -> None:
    rule = {"kind": "evict", "vendor": "tencent", "call": "now", "code": 5}
    reply = await trtc.http.post("/_emulator/faults", json=rule)
    assert reply.status_code == 422
    assert reply.json()["errors"][0]["allowed"] == ["1", "2", "3", "4", "100", "101"]


async def test_agora_has_no_leave_codes_to_choose_from(trtc: Trtc) -> None:
    rule = {"kind": "evict", "vendor": "agora", "call": "now", "code": 1}
    assert (await trtc.http.post("/_emulator/faults", json=rule)).status_code == 422


async def test_never_up_is_accepted_and_then_unknown(trtc: Trtc) -> None:
    await trtc.fault("never_up", CREATE)
    await trtc.room("7007", "alice")
    task = await trtc.begin()
    assert await trtc.status(task) == "Idle"
    await trtc.advance(1)
    assert await trtc.status(task) == GONE
    (row,) = await trtc.tasks()
    assert (row["started_at"], row["end_reason"]) == (None, "never_up")


async def test_a_task_that_could_not_enter_frees_its_place(launch_trtc: LaunchTrtc) -> None:
    trtc = await launch_trtc(options={"limits": {"calls_per_second": 0, "tasks": 1}})
    await trtc.fault("never_up", CREATE)
    await trtc.recording()
    assert "TaskId" in await trtc.create()


async def test_a_forgotten_task_records_until_it_ends_by_itself(trtc: Trtc) -> None:
    task = await trtc.recording()
    await trtc.fault("forget", DESCRIBE)
    answers = [await trtc.describe(task), await trtc.modify(task), await trtc.delete(task)]
    assert [code(answer) for answer in answers] == [GONE] * 3
    await trtc.advance(20)
    (row,) = await trtc.tasks()
    assert row["ended_at"] is None
    assert row["files"]
    await trtc.room("7007")
    await trtc.advance(31)
    assert (await trtc.tasks())[0]["end_reason"] == "idle"


@pytest.mark.parametrize(("call", "when"), [(CREATE, "after"), (CREATE, "before"), ("now", None)])
async def test_the_hours_of_a_task_can_pass_at_once(
    trtc: Trtc, call: str, when: str | None
) -> None:
    rule = {"call": call} | ({} if when is None else {"when": when})
    if call != "now":
        await trtc.fault("expire_resource", **rule)
    task = await trtc.recording()
    if call == "now":
        await trtc.fault("expire_resource", **rule)
    assert code(await trtc.delete(task)) == GONE
    assert (await trtc.tasks())[0]["ended_at"] is None


async def test_a_failover_goes_on_under_other_names(trtc: Trtc) -> None:
    task = await trtc.recording()
    await trtc.advance(15)
    await trtc.fault("migrate", DESCRIBE, seconds=30)
    assert await trtc.status(task) == "InProgress"
    written = len(await trtc.files())
    await trtc.advance(28)
    assert len(await trtc.files()) == written + 1  # the slice that the failover cut off
    await trtc.advance(30)
    assert any("/ha1_" in name for name in await trtc.files())
    files = (await trtc.describe(task))["StorageFileList"]
    assert [f["FileName"].startswith("ha1_") for f in files] == [False, True]
    assert files[1]["BeginTimeStamp"] - files[0]["BeginTimeStamp"] > 40_000


async def test_the_fourth_failover_fails(trtc: Trtc) -> None:
    await trtc.recording()
    for _ in range(4):
        assert (await trtc.tasks())[0]["end_reason"] is None
        await trtc.fault("migrate", "now", seconds=1)
        await trtc.advance(12)
    assert (await trtc.tasks())[0]["end_reason"] == "failovers_exhausted"
    await trtc.advance(5)
    generations = {name.split("/")[1][:4] for name in await trtc.files()}
    assert generations == {"1400", "ha1_", "ha2_", "ha3_"}


async def test_a_failover_needs_a_user_sig_that_is_still_valid(trtc: Trtc) -> None:
    await trtc.recording(UserSig=user_sig(ROBOT, life=3600))
    await trtc.advance(3700)
    assert (await trtc.tasks())[0]["ended_at"] is None
    await trtc.fault("migrate", "now", seconds=5)
    await trtc.advance(6)
    (row,) = await trtc.tasks()
    assert row["end_reason"] == "user_sig_expired"
    await trtc.advance(30)
    assert not any("/ha1_" in name for name in await trtc.files())


async def test_an_expired_token_shows_at_the_next_failover(trtc: Trtc) -> None:
    task = await trtc.recording()
    await trtc.fault("token_expired", "now")
    await trtc.advance(60)
    assert await trtc.status(task) == "InProgress"
    await trtc.fault("migrate", "now", seconds=5)
    await trtc.advance(5)
    assert (await trtc.tasks())[0]["end_reason"] == "user_sig_expired"


async def test_a_stalled_upload_comes_late_but_whole(trtc: Trtc) -> None:
    await trtc.recording()
    await trtc.fault("stall_upload", "now", seconds=50)
    await trtc.advance(40)
    assert await trtc.files() == []
    await trtc.advance(15)
    assert len([name for name in await trtc.files() if name.endswith(".ts")]) >= 4


@pytest.mark.parametrize(("secret_key", "expected"), [("sk", True), ("another", False)])
async def test_a_bucket_insists_on_its_keys(
    launch_trtc: LaunchTrtc, secret_key: str, *, expected: bool
) -> None:
    keys: dict[str, Any] = {"takes": {"access_key": "ak", "secret_key": secret_key}}
    trtc = await launch_trtc(options={"buckets": keys})
    await trtc.finished(await trtc.recording(storage={"CloudStorage": BUCKET}))
    assert bool(await trtc.files()) is expected


async def test_a_rule_of_one_room_spares_the_others(trtc: Trtc) -> None:
    red, blue = await trtc.recording("1"), await trtc.recording("2")
    struck = await trtc.fault("evict", "now", room="1")
    assert struck["hits"] == 1
    assert [await trtc.status(red), await trtc.status(blue)] == ["Exited", "InProgress"]

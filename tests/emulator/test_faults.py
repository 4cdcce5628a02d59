"""Every kind of fault does what it says, as often as it says."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from tests.emulator.emulated import STORAGE, Emulated, Launch


async def test_status_before_the_effect_prevents_it(emulator: Emulated) -> None:
    await emulator.fault("status", "start", status=503, body="<html>", headers={"Retry-After": "3"})
    resource = await emulator.resource()
    refused = await emulator.start(resource)
    assert (refused.status_code, refused.text) == (503, "<html>")
    assert refused.headers["retry-after"] == "3"
    assert await emulator.tasks() == []
    assert (await emulator.start(resource)).status_code == 200


async def test_status_after_the_effect_hides_it(emulator: Emulated) -> None:
    await emulator.fault("status", "start", status=504, when="after")
    resource = await emulator.resource()
    assert (await emulator.start(resource)).status_code == 504
    assert len(await emulator.tasks()) == 1
    assert (await emulator.start(resource)).json()["code"] == 7


@pytest.mark.parametrize(
    ("call", "code", "status"),
    [
        ("acquire", 406, 400),
        ("acquire", 501, 500),
        ("start", 15, 500),
        ("start", 62, 500),
        ("start", 65, 206),
        ("start", 502, 500),
        ("query", 62, 504),
        ("stop", 49, 400),
        ("stop", 65, 206),
        ("updateLayout", 1028, 400),
    ],
)
async def test_a_code_comes_with_its_documented_status(
    emulator: Emulated, call: str, code: int, status: int
) -> None:
    task = await emulator.recording()
    await emulator.fault("code", call, code=code)
    replies = {
        "acquire": emulator.acquire,
        "start": lambda: emulator.start(task.resource),
        "query": lambda: emulator.query(task),
        "stop": lambda: emulator.call(task, "stop"),
        "updateLayout": lambda: emulator.call(task, "updateLayout"),
    }
    reply = await replies[call]()
    assert (reply.status_code, reply.json()["code"]) == (status, code)
    last = (await emulator.ledger())["calls"][-1]
    assert (last["status"], last["code"], last["faults"]) == (status, code, ["code"])


async def test_lost_reply_leaves_a_task_that_a_repeat_finds(emulator: Emulated) -> None:
    await emulator.fault("lost_reply", "start")
    resource = await emulator.resource()
    with pytest.raises(httpx.RemoteProtocolError):
        await emulator.start(resource)
    again = await emulator.start(resource)
    assert (again.status_code, again.json()["code"]) == (201, 7)
    other = await emulator.start(await emulator.resource())
    assert (other.status_code, other.json()["code"]) == (400, 53)
    lost, *_ = [c for c in (await emulator.ledger())["calls"] if c["call"] == "start"]
    assert (lost["delivered"], lost["status"], lost["faults"]) == (False, 200, ["lost_reply"])


@pytest.mark.parametrize(("when", "tasks"), [("before", 0), ("after", 1)])
async def test_reset_tears_the_connection(emulator: Emulated, when: str, tasks: int) -> None:
    await emulator.fault("reset", "start", when=when)
    resource = await emulator.resource()
    with pytest.raises(httpx.ReadError):
        await emulator.start(resource)
    assert len(await emulator.tasks()) == tasks


async def test_corrupt_reply_is_broken_json(emulator: Emulated) -> None:
    await emulator.fault("corrupt_reply", "start")
    reply = await emulator.start(await emulator.resource())
    assert reply.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        reply.json()
    assert len(await emulator.tasks()) == 1


async def test_slow_waits_for_the_emulators_clock(emulator: Emulated) -> None:
    await emulator.fault("slow", "acquire", seconds=3600)
    waiting = asyncio.ensure_future(emulator.acquire())
    await asyncio.wait({waiting}, timeout=0.1)
    assert not waiting.done()
    await emulator.advance(3600)
    assert (await waiting).status_code == 200


async def test_slow_after_the_effect_delays_only_the_answer(emulator: Emulated) -> None:
    await emulator.fault("slow", "start", seconds=60, when="after")
    resource = await emulator.resource()
    waiting = asyncio.ensure_future(emulator.start(resource))
    await asyncio.wait({waiting}, timeout=0.1)
    assert not waiting.done()
    assert len(await emulator.tasks()) == 1
    await emulator.advance(60)
    assert (await waiting).status_code == 200


async def test_times_bound_a_rule_and_hits_are_counted(emulator: Emulated) -> None:
    await emulator.fault("status", "acquire", status=500, times=2)
    assert [(await emulator.acquire()).status_code for _ in range(4)] == [500, 500, 200, 200]
    (rule,) = await emulator.faults()
    assert (rule["hits"], rule["kind"], rule["times"]) == (2, "status", 2)


async def test_a_seed_repeats_the_dice(launch: Launch) -> None:
    struck: list[list[int]] = []
    for _ in range(2):
        emulator = await launch(seed=3)
        await emulator.fault("status", "query", status=500, probability=0.5)
        task = await emulator.recording()
        struck.append([(await emulator.query(task)).status_code for _ in range(20)])
    assert struck[0] == struck[1]
    assert set(struck[0]) == {200, 500}


async def test_a_rule_of_one_room_spares_the_others(emulator: Emulated) -> None:
    await emulator.fault("status", "*", status=500, room="red", times=9)
    assert (await emulator.acquire("blue")).status_code == 200
    assert (await emulator.acquire("red")).status_code == 500
    blue = await emulator.recording(cname="blue")
    assert (await emulator.query(blue)).status_code == 200


async def test_clearing_the_rules_ends_them(emulator: Emulated) -> None:
    await emulator.fault("status", "acquire", status=500, times=9)
    assert (await emulator.http.delete("/_emulator/faults")).json() == {"faults": []}
    assert (await emulator.acquire()).status_code == 200


async def test_migration_hides_the_task_and_prefixes_its_files(emulator: Emulated) -> None:
    task = await emulator.recording()
    await emulator.advance(20)
    await emulator.fault("migrate", "query", seconds=30)
    assert (await emulator.query(task)).json()["code"] == 404
    await emulator.advance(20)
    assert (await emulator.call(task, "stop")).json()["code"] == 404
    await emulator.advance(10)
    assert await emulator.status(task) == 5
    await emulator.advance(20)
    (row,) = await emulator.tasks()
    playlists = [name for name in row["files"] if name.endswith(".m3u8")]
    assert playlists == [f"{task.sid}_room.m3u8", f"bak0_{task.sid}_room.m3u8"]
    assert row["ended_at"] is None
    assert (await emulator.stop(task)).status_code == 200


async def test_a_fourth_failover_ends_the_recording(emulator: Emulated) -> None:
    await emulator.recording()
    for _ in range(4):
        await emulator.fault("migrate", "now", seconds=1)
        await emulator.advance(2)
    (row,) = await emulator.tasks()
    assert row["end_reason"] == "failovers_exhausted"


async def test_evict_at_once_needs_no_call(emulator: Emulated) -> None:
    await emulator.recording(cname="red")
    await emulator.recording(cname="blue")
    struck = await emulator.fault("evict", "now", room="red", times=1)
    assert struck["hits"] == 1
    ends = {row["room"]: row["end_reason"] for row in await emulator.tasks()}
    assert ends == {"red": "evicted", "blue": None}


async def test_a_forgotten_task_runs_until_it_ends_by_itself(emulator: Emulated) -> None:
    task = await emulator.recording()
    await emulator.fault("forget", "query")
    for call in ("stop", "updateLayout", "update"):
        assert (await emulator.query(task)).json()["code"] == 404
        assert (await emulator.call(task, call)).json()["code"] == 404
    await emulator.advance(20)
    (row,) = await emulator.tasks()
    assert row["ended_at"] is None
    assert any(name.endswith(".ts") for name in row["files"])
    conflict = await emulator.start(await emulator.resource())
    assert conflict.json()["code"] == 53
    await emulator.room("room")
    await emulator.advance(31)
    assert (await emulator.tasks())[0]["end_reason"] == "idle"


async def test_never_up_is_found_dead_after_an_accepted_start(emulator: Emulated) -> None:
    await emulator.room("room", "1001")
    await emulator.fault("never_up", "start")
    task = await emulator.begin()
    assert await emulator.status(task) < 4
    await emulator.advance(5)
    assert (await emulator.query(task)).json()["code"] == 404
    (row,) = await emulator.tasks()
    assert (row["started_at"], row["end_reason"]) == (None, "never_up")


async def test_wrong_storage_uploads_nothing_and_stays_at_4(emulator: Emulated) -> None:
    await emulator.room("room", "1001")
    await emulator.fault("wrong_storage", "start")
    task = await emulator.begin()
    await emulator.advance(40)
    assert await emulator.status(task) == 4
    assert (await emulator.stop(task)).json()["code"] == 50
    assert (await emulator.tasks())[0]["files"] == []


async def test_a_bucket_insists_on_its_keys(launch: Launch) -> None:
    keys = {"takes": {"access_key": "ak", "secret_key": "another"}}
    emulator = await launch(vendors={"agora": {"buckets": keys}})
    task = await emulator.recording()
    await emulator.advance(20)
    assert await emulator.status(task) == 4


async def test_better_keys_from_an_update_let_the_uploads_through(launch: Launch) -> None:
    keys = {"takes": {"access_key": "ak", "secret_key": "new"}}
    emulator = await launch(vendors={"agora": {"buckets": keys}})
    task = await emulator.recording()
    await emulator.advance(20)
    assert (await emulator.tasks())[0]["files"] == []
    fresh = {**STORAGE, "secretKey": "new"}
    assert (await emulator.call(task, "update", storageConfig=fresh)).status_code == 200
    await emulator.advance(20)
    assert await emulator.status(task) == 5
    assert (await emulator.stop(task)).status_code == 200


async def test_expire_resource_voids_it_before_the_start(emulator: Emulated) -> None:
    resource = await emulator.resource()
    await emulator.fault("expire_resource", "start")
    assert (await emulator.start(resource)).json()["code"] == 433


async def test_expire_resource_may_strike_at_acquire(emulator: Emulated) -> None:
    await emulator.fault("expire_resource", "acquire", when="after")
    assert (await emulator.start(await emulator.resource())).json()["code"] == 433


async def test_an_expired_token_ends_the_recording(emulator: Emulated) -> None:
    task = await emulator.recording()
    await emulator.fault("token_expired", "query")
    await emulator.query(task)
    assert (await emulator.tasks())[0]["end_reason"] == "token_expired"


async def test_a_stalled_upload_comes_late_but_whole(emulator: Emulated) -> None:
    task = await emulator.recording()
    await emulator.fault("stall_upload", "query", seconds=50)
    await emulator.query(task)
    await emulator.advance(40)
    assert await emulator.status(task) == 4
    assert (await emulator.tasks())[0]["files"] == []
    await emulator.advance(15)
    assert await emulator.status(task) == 5
    assert len((await emulator.tasks())[0]["files"]) >= 3


async def test_a_backed_up_upload_ends_as_backuped_and_follows_later(emulator: Emulated) -> None:
    task = await emulator.recording()
    await emulator.advance(20)
    await emulator.fault("stall_upload", "stop", seconds=300, backup=True)
    answer = (await emulator.stop(task)).json()["serverResponse"]
    assert answer["uploadingStatus"] == "backuped"
    before = (await emulator.tasks())[0]["files"]
    await emulator.advance(300)
    late = [n for n in (await emulator.tasks())[0]["files"] if n not in before]
    assert [name.rsplit(".", 1)[1] for name in late] == ["ts", "m3u8"]
    assert late[1].startswith(f"{task.sid}_room_")
    assert late[1].endswith("_0.m3u8")


async def test_an_mp4_with_slices_in_the_backup_follows_with_them(emulator: Emulated) -> None:
    files = {"recordingFileConfig": {"avFileType": ["hls", "mp4"]}}
    task = await emulator.recording(**files)
    await emulator.advance(20)
    await emulator.fault("stall_upload", "stop", seconds=300, backup=True)
    answer = (await emulator.stop(task)).json()["serverResponse"]
    film = f"{task.sid}_room_0.mp4"
    assert film in [entry["fileName"] for entry in answer["fileList"]]
    assert film not in (await emulator.tasks())[0]["files"]
    await emulator.advance(300)
    assert film in (await emulator.tasks())[0]["files"]


async def test_a_code_for_any_call_strikes_only_calls_that_know_it(emulator: Emulated) -> None:
    await emulator.fault("code", "*", code=435)
    task = await emulator.recording()
    assert (await emulator.query(task)).status_code == 200
    assert (await emulator.call(task, "stop")).json()["code"] == 435


async def test_reset_wakes_whoever_waits(emulator: Emulated) -> None:
    await emulator.fault("slow", "acquire", seconds=86_400)
    waiting = asyncio.ensure_future(emulator.acquire())
    await asyncio.wait({waiting}, timeout=0.1)
    await emulator.http.post("/_emulator/reset")
    async with asyncio.timeout(2):
        assert (await waiting).status_code == 200


REFUSED: list[tuple[Any, str]] = [
    ({}, "kind"),
    ({"kind": "explode"}, "kind"),
    ({"kind": "status"}, "status"),
    ({"kind": "status", "status": 99}, "status"),
    ({"kind": "status", "status": 500, "sttaus": 1}, "sttaus"),
    ({"kind": "slow", "seconds": -1}, "seconds"),
    ({"kind": "migrate", "seconds": 91}, "seconds"),
    ({"kind": "slow", "seconds": 1, "times": 0}, "times"),
    ({"kind": "slow", "seconds": 1, "probability": 1.5}, "probability"),
    ({"kind": "slow", "seconds": 1, "when": "during"}, "when"),
    ({"kind": "slow", "seconds": 1, "call": "begin"}, "call"),
    ({"kind": "slow", "seconds": 1, "vendor": "zoom"}, "vendor"),
    ({"kind": "code", "call": "start", "code": 49}, "code"),
    ({"kind": "drop", "call": "start"}, "call"),
    ({"kind": "slow", "seconds": 1, "call": "callback"}, "call"),
    ([], ""),
]


@pytest.mark.parametrize(("rule", "at_fault"), REFUSED, ids=str)
async def test_a_rule_that_cannot_be_meant_is_422_and_says_why(
    emulator: Emulated, rule: Any, at_fault: str
) -> None:
    reply = await emulator.http.post("/_emulator/faults", json=rule)
    assert reply.status_code == 422
    (error, *_) = reply.json()["errors"]
    assert error["path"] == at_fault or f" {at_fault}:" in error["rule"]
    assert await emulator.faults() == []


async def test_a_refused_rule_lists_what_is_allowed(emulator: Emulated) -> None:
    kinds = await emulator.http.post("/_emulator/faults", json={"kind": "explode"})
    assert {"status", "migrate", "forge"} <= set(kinds.json()["errors"][0]["allowed"])
    fields = await emulator.http.post("/_emulator/faults", json={"kind": "slow", "x": 1})
    assert "seconds" in fields.json()["errors"][0]["allowed"]

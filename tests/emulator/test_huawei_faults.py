"""Every kind of fault, struck at Huawei."""

from __future__ import annotations

import json

import httpx
import pytest

from longtake.vendors.huawei.emulator.codes import CODES, MEANINGS
from tests.emulator.huawei_client import (
    APP,
    MIX,
    Huawei,
    emulator_of_huawei,  # noqa: F401 - a fixture
    invalid,
    refused,
    seconds_between,
    shared_by_a_module,  # noqa: F401 - a fixture
)

GONE = invalid(1003, 404)
START = "CreateMixJob"


async def test_a_lost_reply_leaves_a_job_that_the_next_start_meets(huawei: Huawei) -> None:
    await huawei.fault("lost_reply", "start")
    with pytest.raises(httpx.RemoteProtocolError):
        await huawei.start_mix()
    (lost,) = await huawei.tasks()
    assert refused(await huawei.start_mix()) == invalid(1006)
    first = (await huawei.calls())[0]
    assert (first["delivered"], first["status"], first["task_id"]) == (False, 201, lost["task_id"])


@pytest.mark.parametrize(("when", "jobs"), [("before", 0), ("after", 1)])
async def test_reset_tears_the_connection(huawei: Huawei, when: str, jobs: int) -> None:
    await huawei.fault("reset", START, when=when)
    with pytest.raises(httpx.ReadError):
        await huawei.start_mix()
    assert len(await huawei.tasks()) == jobs


async def test_a_corrupt_reply_is_broken_json(huawei: Huawei) -> None:
    await huawei.fault("corrupt_reply", START)
    with pytest.raises(json.JSONDecodeError):
        (await huawei.start_mix()).json()
    assert len(await huawei.tasks()) == 1


async def test_an_internal_error_some_times_and_then_success(huawei: Huawei) -> None:
    await huawei.fault("code", "start", code="RTC.00002005", times=2)
    seen = [await huawei.start_mix() for _ in range(3)]
    assert [refused(reply) for reply in seen[:2]] == [(500, "RTC.00002005")] * 2
    assert seen[2].status_code == 201
    assert [c["code"] for c in await huawei.calls()] == ["RTC.00002005"] * 2 + [None]


CALLS = {
    "CreateMixJob": ("POST", MIX),
    "UpdateMixJob": ("PUT", f"{MIX}/j"),
    "StopMixJob": ("DELETE", f"{MIX}/j"),
    "CreateRecordRule": ("POST", f"{APP}/record-rules"),
    "DeleteRecordRule": ("DELETE", f"{APP}/record-rules/r"),
    "UpdateRecordCallback": ("PUT", f"{APP}/record-callback"),
    "StartApp": ("POST", f"{APP}/enable"),
}


@pytest.mark.parametrize("call", CALLS)
async def test_every_documented_code_can_be_answered(huawei: Huawei, call: str) -> None:
    for code in sorted(CODES[call]):
        await huawei.fault("code", call, code=code)
        status, told = refused(await huawei.call(*CALLS[call], {}))
        assert told == code
        assert status in {MEANINGS[code].status, 404}


def test_every_code_is_of_some_call() -> None:
    assert set().union(*CODES.values()) == set(MEANINGS)


async def test_not_found_is_the_form_of_what_names_a_job(huawei: Huawei) -> None:
    for call, path, status in (("query", f"{MIX}/j", 404), ("CreateMixJob", MIX, 400)):
        await huawei.fault("code", call, code="RTC.00001003")
        reply = await huawei.call("GET" if call == "query" else "POST", path)
        assert refused(reply) == invalid(1003, status)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("ShowMixJob", "RTC.00001006"),
        ("StopMixJob", "RTC.00001013"),
        ("CreateMixJob", "RTC.00009999"),
        ("CreateMixJob", 1003),
        ("KeystoneCreateUserTokenByPassword", "RTC.00002001"),
    ],
)
async def test_a_code_that_is_no_code_of_the_call_is_refused(
    huawei: Huawei, call: str, code: object
) -> None:
    rule = {"kind": "code", "vendor": "huawei", "call": call, "code": code}
    reply = await huawei.http.post("/_emulator/faults", json=rule)
    assert (reply.status_code, reply.json()["errors"][0]["path"]) == (422, "code")


async def test_huawei_has_no_leave_codes_to_choose_from(huawei: Huawei) -> None:
    rule = {"kind": "evict", "vendor": "huawei", "call": "now", "code": 1}
    assert (await huawei.http.post("/_emulator/faults", json=rule)).status_code == 422


async def test_never_up_is_accepted_and_then_an_internal_error(huawei: Huawei) -> None:
    await huawei.fault("never_up", "start")
    job = await huawei.recording()
    told = (await huawei.show(job)).json()
    assert (told["state"], told["stop_reason"]) == ("STOPPED", "INTERNAL_ERROR")
    (row,) = await huawei.tasks()
    assert (row["started_at"], row["end_reason"]) == (None, "never_up")


async def test_an_evicted_job_stops_with_an_internal_error(huawei: Huawei) -> None:
    job = await huawei.recording()
    await huawei.advance(15)
    await huawei.fault("evict", "now")
    assert (await huawei.show(job)).json()["stop_reason"] == "INTERNAL_ERROR"
    await huawei.advance(5)
    (row,) = await huawei.tasks()
    assert row["end_reason"] == "evicted"
    assert [name for name in row["files"] if name.endswith(".mp4")]


async def test_a_forgotten_job_records_until_it_ends_by_itself(huawei: Huawei) -> None:
    job = await huawei.recording()
    await huawei.fault("forget", "query")
    assert refused(await huawei.show(job)) == GONE
    assert refused(await huawei.stop(job)) == GONE
    await huawei.advance(20)
    (row,) = await huawei.tasks()
    assert row["ended_at"] is None
    assert row["files"]
    await huawei.room("standup")
    await huawei.advance(31)
    assert (await huawei.tasks())[0]["end_reason"] == "idle"


async def test_a_moving_recorder_misses_what_happens_meanwhile(huawei: Huawei) -> None:
    job = await huawei.recording()
    await huawei.advance(15)
    await huawei.fault("migrate", "query", seconds=30)
    assert await huawei.state(job) == "RUNNING"
    written = len(await huawei.files())
    await huawei.advance(3)
    cut_off = len(await huawei.files())
    assert cut_off > written
    await huawei.advance(26)
    assert len(await huawei.files()) == cut_off
    await huawei.advance(15)
    assert len([name for name in await huawei.files() if name.endswith(".m3u8")]) == 2


async def test_a_stop_meets_a_moving_recorder(huawei: Huawei) -> None:
    job = await huawei.recording()
    await huawei.fault("migrate", "now", seconds=10)
    assert (await huawei.stop(job)).status_code == 204
    await huawei.advance(20)
    (row,) = await huawei.tasks()
    assert seconds_between(row["started_at"], row["ended_at"]) < 1


@pytest.mark.parametrize("backup", [False, True])
async def test_a_stalled_upload_comes_late_but_whole(huawei: Huawei, *, backup: bool) -> None:
    job = await huawei.recording()
    await huawei.fault("stall_upload", "now", seconds=50, backup=backup)
    await huawei.advance(20)
    await huawei.stop(job)
    await huawei.advance(20)
    assert await huawei.files() == []
    await huawei.advance(15)
    extensions = [name.rsplit(".", 1)[1] for name in await huawei.files()]
    assert sorted(extensions) == ["m3u8", "mp4", "ts", "ts"]


async def test_what_a_job_does_not_have_cannot_expire(huawei: Huawei) -> None:
    await huawei.recording()
    assert (await huawei.fault("expire_resource", "now"))["hits"] == 0


async def test_a_rule_of_one_room_spares_the_others(huawei: Huawei) -> None:
    red, blue = await huawei.recording("red"), await huawei.recording("blue")
    assert (await huawei.fault("evict", "now", room="red"))["hits"] == 1
    assert [await huawei.state(job) for job in (red, blue)] == ["STOPPED", "RUNNING"]


async def test_faults_of_a_layout_strike_the_update_of_a_mix(huawei: Huawei) -> None:
    job = await huawei.recording()
    await huawei.fault("code", "layout", code="RTC.00001009")
    assert refused(await huawei.update(job, mix_param={})) == invalid(1009)

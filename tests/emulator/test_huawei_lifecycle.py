"""The life of a Huawei job, from start to the last answer about it."""

from __future__ import annotations

import asyncio

import pytest

from longtake.vendors.huawei.emulator.credentials import APP_ID
from tests.emulator.huawei_client import (
    GRID,
    MIX,
    NO_LIMITS,
    ONE,
    RULE,
    Huawei,
    LaunchHuawei,
    emulator_of_huawei,  # noqa: F401 - a fixture
    invalid,
    launcher_of_huawei,  # noqa: F401 - a fixture
    refused,
    seconds_between,
    shared_by_a_module,  # noqa: F401 - a fixture
)

GONE = invalid(1003, 404)
QUIET = {"user": "bob", "audio": False, "video": False}


async def test_a_mix_runs_from_start_to_stop(huawei: Huawei) -> None:
    await huawei.room("standup", "alice")
    started = await huawei.start_mix()
    assert started.status_code == 201
    job = started.json()["job_id"]
    assert started.json()["state"] == "INIT"
    await huawei.advance(0.5)
    assert await huawei.state(job) == "RUNNING"
    await huawei.advance(20)
    stopped = await huawei.stop(job)
    assert (stopped.status_code, stopped.content) == (204, b"")
    told = (await huawei.show(job)).json()
    assert (told["state"], told["stop_reason"]) == ("STOPPED", "TENANT_STOP")
    (row,) = await huawei.tasks()
    assert (row["vendor"], row["task_id"], row["resource_id"]) == ("huawei", job, "")
    assert (row["app"], row["room"], row["recorder"]) == (APP_ID, "standup", "mix")
    assert row["end_reason"] == "stopped"
    assert row["created_at"] < row["started_at"] < row["ended_at"]
    assert told["stop_time"] == row["ended_at"]


async def test_the_answer_echoes_the_wish_with_defaults(huawei: Huawei) -> None:
    told = (await huawei.start_one("100", "user001")).json()
    job = told["job_id"]
    assert len(job) == 32
    times = {name: told.pop(name) for name in ("create_time", "update_time", "start_time")}
    assert all(len(time) == len("2006-01-02T15:04:05.075Z") for time in times.values())
    assert told == {
        "job_id": job,
        "stream_name": f"s_{job}_100_user001",
        "app_id": APP_ID,
        "room_id": "100",
        "user_id": "user001",
        "is_record_audio": True,
        "video_type": "CAMERASTREAM",
        "select_stream_type": "FHD",
        "max_idle_time": 30,
        "record_param": {"record_rule_id": RULE},
        "state": "INIT",
    }


async def test_a_mix_is_named_by_its_room(huawei: Huawei) -> None:
    told = (await huawei.start_mix("standup")).json()
    assert told["stream_name"] == f"m_{told['job_id']}_standup"
    assert told["mix_param"] == {
        "room_id": "standup",
        **GRID,
        "max_idle_time": 30,
        "layout_panes": [],
        "user_background_images": [],
    }


async def test_the_answer_to_a_start_may_be_sparse(launch_huawei: LaunchHuawei) -> None:
    huawei = await launch_huawei(options={"sparse_start": True})
    told = (await huawei.start_one()).json()
    assert not told.keys() & {"stream_name", "state", "update_time", "stop_time"}
    assert "stream_name" in (await huawei.show(told["job_id"])).json()


async def test_push_targets_are_echoed(huawei: Huawei) -> None:
    push = {"rtmp_urls": ["rtmp://push.example/live"]}
    assert (await huawei.start_one(publish_param=push)).json()["publish_param"] == push


async def test_every_call_is_in_the_ledger_with_what_it_names(huawei: Huawei) -> None:
    mix, one = await huawei.recording(), await huawei.recording_one()
    for job in (mix, one):
        await huawei.show(job)
        await huawei.stop(job)
    await huawei.call("DELETE", f"{ONE}/unknown")
    told = [(c["call"], c["code"], c["task_id"], c["recorder"]) for c in await huawei.calls()]
    assert told == [
        ("CreateMixJob", None, mix, "mix"),
        ("CreateIndividualStreamJob", None, one, "user:alice"),
        ("ShowMixJob", None, mix, "mix"),
        ("StopMixJob", None, mix, "mix"),
        ("ShowIndividualStreamJob", None, one, "user:alice"),
        ("StopIndividualStreamJob", None, one, "user:alice"),
        ("StopIndividualStreamJob", "RTC.00001003", "unknown", None),
    ]
    assert [c["status"] for c in await huawei.calls()] == [201, 201, 200, 204, 200, 204, 404]
    assert {c["room"] for c in (await huawei.calls())[:-1]} == {"standup"}


async def test_job_ids_repeat_with_the_seed(launch_huawei: LaunchHuawei) -> None:
    runs: list[list[str]] = []
    for _ in range(2):
        huawei = await launch_huawei(seed=3)
        replies = [await huawei.start_one(user=f"u{n}") for n in range(3)]
        runs.append([reply.json()["job_id"] for reply in replies])
    assert runs[0] == runs[1]


@pytest.mark.parametrize("kind", ["mix", "one"])
async def test_a_repeated_start_is_refused_while_the_first_runs(huawei: Huawei, kind: str) -> None:
    start = huawei.start_mix if kind == "mix" else huawei.start_one
    first = (await start()).json()["job_id"]
    again = await start()
    assert refused(again) == invalid(1006)
    assert first not in again.text
    await huawei.stop(first)
    assert (await start()).json()["job_id"] != first


async def test_another_stream_user_room_or_kind_is_another_recording(huawei: Huawei) -> None:
    replies = [
        await huawei.start_one(),
        await huawei.start_one(video_type="SCREENSTREAM"),
        await huawei.start_one(user="bob"),
        await huawei.start_one("retro"),
        await huawei.start_mix(),
        await huawei.start_mix("retro"),
    ]
    assert [reply.status_code for reply in replies] == [201] * 6


async def test_a_repeated_start_may_make_a_second_job(launch_huawei: LaunchHuawei) -> None:
    huawei = await launch_huawei(options={"repeated_start": "duplicate"})
    jobs = {(await huawei.start_mix()).json()["job_id"] for _ in range(2)}
    await huawei.advance(1)
    assert [await huawei.state(job) for job in sorted(jobs)] == ["RUNNING"] * 2


async def test_racing_starts_leave_one_job(huawei: Huawei) -> None:
    replies = await asyncio.gather(*[huawei.start_mix() for _ in range(5)])
    assert sorted(reply.status_code for reply in replies) == [201, 400, 400, 400, 400]
    assert len(await huawei.tasks()) == 1


async def test_an_empty_room_ends_the_job(huawei: Huawei) -> None:
    job = await huawei.recording(**GRID, max_idle_time=60)
    await huawei.room("standup")
    await huawei.advance(59)
    assert await huawei.state(job) == "RUNNING"
    await huawei.advance(2)
    told = (await huawei.show(job)).json()
    assert (told["state"], told["stop_reason"]) == ("STOPPED", "EXCEED_MAX_IDLE_TIME")
    (row,) = await huawei.tasks()
    assert row["end_reason"] == "idle"


async def test_a_room_that_stays_empty_ends_the_job_at_its_time(huawei: Huawei) -> None:
    await huawei.start_mix("standup", **GRID, max_idle_time=100)
    await huawei.advance(7200)
    (row,) = await huawei.tasks()
    assert seconds_between(row["started_at"], row["ended_at"]) == 100


async def test_a_job_outlives_its_user_while_another_sends(huawei: Huawei) -> None:
    job = await huawei.recording_one(user="alice")
    await huawei.room("standup", "bob")
    await huawei.advance(3600)
    assert await huawei.state(job) == "RUNNING"
    await huawei.room("standup", QUIET)
    await huawei.advance(31)
    assert await huawei.state(job) == "STOPPED"


async def test_who_shares_only_a_screen_keeps_the_job_running(huawei: Huawei) -> None:
    await huawei.room("standup", {**QUIET, "screen": True})
    job = await huawei.recording()
    await huawei.advance(3600)
    assert await huawei.state(job) == "RUNNING"


async def test_who_returns_in_time_keeps_the_job_running(huawei: Huawei) -> None:
    job = await huawei.recording()
    for people in ([], ["alice"]):
        await huawei.room("standup", *people)
        await huawei.advance(25)
    assert await huawei.state(job) == "RUNNING"


async def test_after_an_idle_exit_a_new_start_makes_a_new_job(huawei: Huawei) -> None:
    first = (await huawei.start_one()).json()["job_id"]
    await huawei.advance(40)
    second = await huawei.recording_one()
    assert first != second
    assert [await huawei.state(job) for job in (first, second)] == ["STOPPED", "RUNNING"]


async def test_stop_before_the_job_is_up_ends_it(huawei: Huawei) -> None:
    job = (await huawei.start_mix()).json()["job_id"]
    assert (await huawei.stop(job)).status_code == 204
    await huawei.advance(5)
    (row,) = await huawei.tasks()
    assert (row["started_at"], row["end_reason"]) == (None, "stopped")


async def test_an_ended_job_takes_no_stop_and_no_change(huawei: Huawei) -> None:
    mix, one = await huawei.recording(), await huawei.recording_one()
    for job in (mix, one):
        await huawei.stop(job)
        assert refused(await huawei.stop(job)) == invalid(1009)
    assert refused(await huawei.update(mix, mix_param={"max_idle_time": 60})) == invalid(1009)
    record = {"record_rule_id": RULE}
    assert refused(await huawei.update(one, record_param=record)) == invalid(1009)


async def test_a_stop_of_an_ended_job_may_be_not_found(launch_huawei: LaunchHuawei) -> None:
    huawei = await launch_huawei(options={"stop_of_ended": "unknown"})
    job = await huawei.recording()
    await huawei.stop(job)
    assert refused(await huawei.stop(job)) == GONE


async def test_an_ended_job_is_known_for_a_day(huawei: Huawei) -> None:
    job = await huawei.recording()
    await huawei.stop(job)
    await huawei.advance(86_000)
    assert await huawei.state(job) == "STOPPED"
    await huawei.advance(500)
    assert refused(await huawei.show(job)) == GONE


async def test_a_stray_body_of_a_stop_is_ignored(huawei: Huawei) -> None:
    job = await huawei.recording()
    assert (await huawei.call("DELETE", f"{MIX}/{job}", {"any": 1})).status_code == 204


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("family", [ONE, MIX])
async def test_an_unknown_job_is_not_found(huawei: Huawei, method: str, family: str) -> None:
    assert refused(await huawei.call(method, f"{family}/{'0' * 32}")) == GONE


async def test_a_job_of_the_other_kind_is_not_found(huawei: Huawei) -> None:
    mix, one = await huawei.recording(), await huawei.recording_one()
    for path in (f"{ONE}/{mix}", f"{MIX}/{one}"):
        assert refused(await huawei.call("DELETE", path)) == GONE
    assert [row["ended_at"] for row in await huawei.tasks()] == [None, None]


async def test_an_application_that_does_not_exist_is_not_found(huawei: Huawei) -> None:
    path = "/v2/apps/unknown/individual-stream-jobs"
    assert refused(await huawei.call("POST", path, {})) == GONE


async def test_a_job_of_another_application_is_not_found(launch_huawei: LaunchHuawei) -> None:
    huawei = await launch_huawei(options={"apps": [APP_ID, "other"]})
    job = await huawei.recording()
    path = f"/v2/apps/other/mix-stream-jobs/{job}"
    assert refused(await huawei.call("DELETE", path)) == GONE
    assert await huawei.state(job) == "RUNNING"


async def test_the_quota_of_jobs_can_be_set(launch_huawei: LaunchHuawei) -> None:
    huawei = await launch_huawei(options={"limits": {**NO_LIMITS, "jobs": 1}})
    job = await huawei.recording()
    assert refused(await huawei.start_mix("retro")) == invalid(1007)
    await huawei.stop(job)
    assert (await huawei.start_mix("retro")).status_code == 201


async def test_a_mixs_layout_is_in_the_ledger_as_it_came(huawei: Huawei) -> None:
    pane = {"id": 1, "user_id": "alice", "x": 0, "y": 0, "width": 0.5, "height": 1}
    custom = {
        "encode_template": "640*480_15_500",
        "layout_template": "custom",
        "layout_panes": [pane],
    }
    job = await huawei.recording(**custom)
    changed = {"layout_panes": [{**pane, "id": 2, "x": 0.5}], "max_idle_time": 60}
    assert (await huawei.update(job, mix_param=changed)).status_code == 200
    assert (await huawei.update(job, mix_param={"max_idle_time": 90})).status_code == 200
    (row,) = await huawei.tasks()
    assert [(r["call"], r["layout"]) for r in row["layout_revisions"]] == [
        ("CreateMixJob", {"layout_template": "custom", "layout_panes": [pane]}),
        ("UpdateMixJob", {"layout_panes": changed["layout_panes"]}),
    ]


async def test_update_time_is_that_of_the_last_layout(huawei: Huawei) -> None:
    job = await huawei.recording()
    before = (await huawei.show(job)).json()["update_time"]
    await huawei.advance(10)
    await huawei.update(job, mix_param={"max_idle_time": 60})
    assert (await huawei.show(job)).json()["update_time"] == before
    await huawei.update(job, mix_param={"background_image": "s3://pictures/wall.png"})
    assert seconds_between(before, (await huawei.show(job)).json()["update_time"]) > 9


async def test_a_changed_idle_time_counts_from_the_change(huawei: Huawei) -> None:
    job = await huawei.recording()
    await huawei.room("standup")
    await huawei.advance(20)
    await huawei.update(job, mix_param={"max_idle_time": 50})
    await huawei.advance(49)
    assert await huawei.state(job) == "RUNNING"
    await huawei.advance(2)
    assert await huawei.state(job) == "STOPPED"


async def test_an_individual_jobs_rule_can_change_before_it_records(huawei: Huawei) -> None:
    await huawei.room("standup", "alice")
    job = (await huawei.start_one()).json()["job_id"]
    other = {"record_rule_id": "longtake-others"}
    reply = await huawei.update(job, record_param=other)
    assert reply.json()["record_param"] == other
    await huawei.finished(job)
    (row,) = await huawei.tasks()
    assert row["files"]
    again = await huawei.recording_one()
    assert refused(await huawei.update(again, record_param=other)) == invalid(1004)


async def test_reset_forgets_everything(huawei: Huawei) -> None:
    job = await huawei.recording()
    await huawei.http.post("/_emulator/reset")
    assert refused(await huawei.show(job)) == GONE
    assert await huawei.tasks() == []
    assert (await huawei.start_mix()).status_code == 201

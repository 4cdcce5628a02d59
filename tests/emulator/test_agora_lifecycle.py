"""The life of a recording, from acquire to the last status."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.emulator.emulated import STORAGE, Emulated, Launch, Task

WEB: dict[str, Any] = {
    "extensionServiceConfig": {
        "extensionServices": [
            {
                "serviceName": "web_recorder_service",
                "serviceParam": {
                    "url": "https://example.com",
                    "audioProfile": 0,
                    "videoWidth": 1280,
                    "videoHeight": 720,
                    "maxRecordingHour": 1,
                },
            }
        ]
    }
}


def code(reply: object) -> tuple[int, int]:
    return reply.status_code, reply.json()["code"]  # type: ignore[attr-defined]


async def test_mix_recording_runs_from_acquire_to_stop(emulator: Emulated) -> None:
    task = await emulator.recording()
    assert await emulator.status(task) == 4
    await emulator.advance(20)
    assert await emulator.status(task) == 5
    reply = await emulator.stop(task)
    assert reply.status_code == 200
    assert reply.json()["serverResponse"] == {
        "fileListMode": "string",
        "fileList": f"{task.sid}_room.m3u8",
        "uploadingStatus": "uploaded",
    }
    (row,) = await emulator.tasks()
    assert row["end_reason"] == "stopped"
    assert row["created_at"] < row["started_at"] < row["ended_at"]


async def test_answers_carry_the_ids_and_no_code(emulator: Emulated) -> None:
    await emulator.room("room", "1001")
    acquired = (await emulator.acquire()).json()
    assert acquired.keys() == {"cname", "uid", "resourceId"}
    assert len(acquired["resourceId"]) == 256
    started = (await emulator.start(acquired["resourceId"])).json()
    assert started.keys() == {"cname", "uid", "resourceId", "sid"}
    assert len(started["sid"]) == 32


async def test_status_climbs_from_start_to_the_first_upload(emulator: Emulated) -> None:
    await emulator.room("room", "1001")
    task = await emulator.begin()
    seen = [await emulator.status(task)]
    for _ in range(12):
        await emulator.advance(0.25)
        seen.append(await emulator.status(task))
    await emulator.advance(15)
    seen.append(await emulator.status(task))
    assert seen == sorted(seen)
    assert {0, 1, 2, 3, 4, 5} >= set(seen) >= {2, 3, 4, 5}


async def test_status_falls_through_6_7_8_and_501_to_404(emulator: Emulated) -> None:
    task = await emulator.recording()
    await emulator.advance(20)
    assert (await emulator.call(task, "stop", async_stop=True)).status_code == 200
    seen: list[int] = []
    for _ in range(12):
        body = (await emulator.query(task)).json()
        seen.append(body.get("code") or body["serverResponse"]["status"])
        await emulator.advance(0.5)
    assert list(dict.fromkeys(seen)) == [6, 7, 8, 501, 404]


async def test_a_second_stop_is_49_and_then_404(emulator: Emulated) -> None:
    task = await emulator.recording()
    await emulator.advance(20)
    await emulator.call(task, "stop", async_stop=True)
    assert code(await emulator.call(task, "stop")) == (400, 49)
    await emulator.advance(10)
    assert code(await emulator.call(task, "stop")) == (404, 404)


async def test_stop_without_any_stream_is_206_with_435(emulator: Emulated) -> None:
    await emulator.room("room", {"user": "1", "audio": False, "video": False})
    task = await emulator.recording()
    assert code(await emulator.stop(task)) == (206, 435)


async def test_stop_before_the_recorder_is_up_ends_it(emulator: Emulated) -> None:
    task = await emulator.begin()
    assert code(await emulator.call(task, "stop")) == (206, 435)
    (row,) = await emulator.tasks()
    assert row["started_at"] is None
    assert row["end_reason"] == "stopped"


async def test_a_stop_that_outlasts_20_s_of_uploads_is_code_50(emulator: Emulated) -> None:
    task = await emulator.recording()
    await emulator.advance(20)
    await emulator.fault("stall_upload", "stop", seconds=40)
    assert code(await emulator.stop(task)) == (206, 50)
    await emulator.advance(45)
    (row,) = await emulator.tasks()
    assert row["files"][-1].endswith(".ts")


async def test_a_resource_is_good_for_five_minutes(emulator: Emulated) -> None:
    resource = await emulator.resource()
    await emulator.advance(301)
    assert code(await emulator.start(resource)) == (400, 433)


async def test_a_used_resource_says_already_running(emulator: Emulated) -> None:
    resource = await emulator.resource()
    assert (await emulator.start(resource)).status_code == 200
    again = await emulator.start(resource)
    assert code(again) == (201, 7)
    assert again.json().keys() == {"code", "reason"}


async def test_the_already_running_answer_tells_the_sid_where_configured(launch: Launch) -> None:
    emulator = await launch(vendors={"agora": {"running_reply_has_sid": True}})
    resource = await emulator.resource()
    first = await emulator.start(resource)
    assert (await emulator.start(resource)).json()["sid"] == first.json()["sid"]


async def test_a_resource_of_an_ended_recording_is_spent(emulator: Emulated) -> None:
    task = await emulator.recording()
    await emulator.call(task, "stop", async_stop=True)
    assert code(await emulator.start(task.resource)) == (400, 433)


async def test_a_fresh_resource_for_a_running_identity_conflicts(emulator: Emulated) -> None:
    await emulator.begin()
    assert code(await emulator.start(await emulator.resource())) == (400, 53)
    other = await emulator.resource(uid="100")
    assert (await emulator.start(other, uid="100")).status_code == 200


async def test_racing_identical_starts_make_one_task(emulator: Emulated) -> None:
    resource = await emulator.resource()
    replies = await asyncio.gather(*(emulator.start(resource) for _ in range(8)))
    assert sorted(reply.status_code for reply in replies) == [200] + [201] * 7
    assert len(await emulator.tasks()) == 1


async def test_racing_starts_of_two_resources_make_one_task(emulator: Emulated) -> None:
    resources = [await emulator.resource() for _ in range(4)]
    replies = await asyncio.gather(*(emulator.start(resource) for resource in resources))
    assert sorted(reply.status_code for reply in replies) == [200, 400, 400, 400]
    assert len(await emulator.tasks()) == 1


async def test_start_must_repeat_the_seat_of_acquire(emulator: Emulated) -> None:
    resource = await emulator.resource("room", "99")
    assert code(await emulator.start(resource, cname="other")) == (400, 432)
    assert code(await emulator.start(resource, uid="98")) == (400, 432)
    assert code(await emulator.start("garbled")) == (400, 1001)


async def test_start_must_equal_its_promised_parameters(emulator: Emulated) -> None:
    promised = {"recordingConfig": {"maxIdleTime": 60}, "storageConfig": STORAGE}
    resource = await emulator.resource(startParameter=promised)
    reply = await emulator.start(resource)
    assert code(reply) == (400, 2)
    assert reply.json()["reason"] == "request_hash mismatch!"
    kept = await emulator.start(resource, config={"maxIdleTime": 60})
    assert kept.status_code == 200


async def test_ids_of_different_recordings_do_not_mix(emulator: Emulated) -> None:
    one, two = await emulator.begin(uid="1"), await emulator.begin(uid="2")
    mixed = Task("room", "1", one.resource, two.sid, "mix")
    assert code(await emulator.query(mixed)) == (400, 1003)
    alien = Task("room", "2", one.resource, one.sid, "mix")
    assert code(await emulator.call(alien, "stop")) == (400, 432)
    unknown = Task("room", "1", "nonsense", one.sid, "mix")
    assert code(await emulator.query(unknown)) == (400, 1001)


async def test_an_empty_room_ends_the_recording_after_max_idle_time(emulator: Emulated) -> None:
    task = await emulator.recording(config={"maxIdleTime": 60})
    await emulator.room("room")
    await emulator.advance(59)
    assert (await emulator.query(task)).status_code == 200
    await emulator.advance(30)
    (row,) = await emulator.tasks()
    assert row["end_reason"] == "idle"
    assert code(await emulator.query(task)) == (404, 404)


async def test_a_user_who_returns_in_time_keeps_the_recording(emulator: Emulated) -> None:
    await emulator.recording()
    await emulator.room("room")
    await emulator.advance(25)
    await emulator.room("room", "1001")
    await emulator.advance(25)
    (row,) = await emulator.tasks()
    assert row["ended_at"] is None


@pytest.mark.parametrize(("channel_type", "ended"), [(0, None), (1, "idle")])
async def test_only_a_live_channel_counts_an_audience_as_idle(
    emulator: Emulated, channel_type: int, ended: str | None
) -> None:
    await emulator.room("room", {"user": "1", "audio": False, "video": False})
    await emulator.begin(config={"channelType": channel_type})
    await emulator.advance(60)
    (row,) = await emulator.tasks()
    assert row["end_reason"] == ended


async def test_an_idle_exit_happens_at_its_own_time_within_a_long_jump(emulator: Emulated) -> None:
    await emulator.begin(config={"maxIdleTime": 100})
    await emulator.advance(7200)
    (row,) = await emulator.tasks()
    up, left = (datetime.fromisoformat(row[key]) for key in ("started_at", "ended_at"))
    assert left - up == timedelta(seconds=100)


async def test_a_recorder_with_a_participants_uid_is_evicted(emulator: Emulated) -> None:
    task = await emulator.recording(uid="99")
    await emulator.room("room", "1001", "99")
    (row,) = await emulator.tasks()
    assert row["end_reason"] == "evicted"
    assert (await emulator.status(task)) == 20
    assert code(await emulator.call(task, "stop")) == (400, 49)
    await emulator.advance(5)
    assert code(await emulator.query(task)) == (404, 404)


async def test_past_its_hours_no_call_reaches_a_recording_that_goes_on(emulator: Emulated) -> None:
    await emulator.room("room", "1001")
    resource = await emulator.resource(resourceExpiredHour=1)
    sid = (await emulator.start(resource)).json()["sid"]
    task = Task("room", "99", resource, sid, "mix")
    await emulator.advance(3601)
    assert code(await emulator.call(task, "stop")) == (404, 404)
    (row,) = await emulator.tasks()
    assert row["ended_at"] is None


async def test_full_account_refuses_acquire_with_406(launch: Launch) -> None:
    limits = {"channel_tasks": 2, "web_tasks": 1}
    emulator = await launch(vendors={"agora": {"limits": limits}})
    first = await emulator.begin(uid="1")
    await emulator.begin(uid="2")
    assert code(await emulator.acquire(uid="3")) == (400, 406)
    assert (await emulator.acquire(uid="3", scene=1)).status_code == 200
    await emulator.call(first, "stop", async_stop=True)
    assert (await emulator.acquire(uid="3")).status_code == 200


async def test_update_layout_replaces_the_whole_layout(emulator: Emulated) -> None:
    canvas = {"width": 640, "height": 360, "fps": 15, "bitrate": 500, "backgroundColor": "#FF0000"}
    task = await emulator.recording(config={"transcodingConfig": canvas})
    assert (await emulator.call(task, "updateLayout", mixedVideoLayout=1)).status_code == 200
    (row,) = await emulator.tasks()
    assert [r["call"] for r in row["layout_revisions"]] == ["start", "updateLayout"]
    assert [r["layout"] for r in row["layout_revisions"]] == [canvas, {"mixedVideoLayout": 1}]
    assert row["layout_revisions"][0]["at"] < row["layout_revisions"][1]["at"]


async def test_individual_recording_lists_a_track_per_user_and_medium(emulator: Emulated) -> None:
    await emulator.room("room", "1001", {"user": "1002", "video": False})
    task = await emulator.recording(mode="individual")
    await emulator.advance(20)
    answer = (await emulator.query(task)).json()["serverResponse"]
    assert answer["fileListMode"] == "json"
    stem = f"{task.sid}_room__uid_s_{{}}__uid_e_{{}}.m3u8"
    assert {(e["fileName"], e["trackType"], e["uid"]) for e in answer["fileList"]} == {
        (stem.format("1001", "audio"), "audio", "1001"),
        (stem.format("1001", "video"), "video", "1001"),
        (stem.format("1002", "audio"), "audio", "1002"),
    }
    entry = answer["fileList"][0]
    assert entry["mixedAllUser"] is False
    assert entry["isPlayable"] is True
    assert entry["sliceStartTime"] > 1e12


async def test_mp4_is_listed_before_the_playlist_after_the_stop(emulator: Emulated) -> None:
    files = {"recordingFileConfig": {"avFileType": ["hls", "mp4"]}}
    task = await emulator.recording(**files)
    await emulator.advance(20)
    answer = (await emulator.stop(task)).json()["serverResponse"]
    assert answer["fileListMode"] == "json"
    names = [entry["fileName"] for entry in answer["fileList"]]
    assert names == [f"{task.sid}_room_0.mp4", f"{task.sid}_room.m3u8"]


async def test_a_list_for_one_medium_leaves_the_other_out(emulator: Emulated) -> None:
    task = await emulator.recording(mode="individual", config={"subscribeAudioUids": ["1001"]})
    await emulator.advance(20)
    files = (await emulator.query(task)).json()["serverResponse"]["fileList"]
    assert [(e["uid"], e["trackType"]) for e in files] == [("1001", "audio")]


async def test_update_replaces_the_subscription(emulator: Emulated) -> None:
    task = await emulator.recording(mode="individual", config={"streamTypes": 0})
    wish = {"audioUidList": {"unSubscribeAudioUids": ["1001"]}}
    await emulator.advance(20)
    assert (await emulator.call(task, "update", streamSubscribe=wish)).status_code == 200
    await emulator.advance(20)
    files = (await emulator.tasks())[0]["files"]
    first = [name for name in files if "uid_s_1001" in name and name.endswith(".ts")]
    second = [name for name in files if "uid_s_1002" in name and name.endswith(".ts")]
    assert len(second) > len(first) >= 1


async def test_web_recording_pauses_and_ends_at_its_hour(emulator: Emulated) -> None:
    task = await emulator.begin(mode="web", scene=1, **WEB)
    await emulator.advance(20)
    (state,) = (await emulator.query(task)).json()["serverResponse"]["extensionServiceState"]
    assert state["serviceName"] == "web_recorder_service"
    assert state["payload"]["state"] == "inProgress"
    assert [f["filename"] for f in state["payload"]["fileList"]] == [f"{task.sid}_room.m3u8"]
    hold = {"webRecordingConfig": {"onhold": True}}
    assert (await emulator.call(task, "update", **hold)).status_code == 200
    held = len((await emulator.tasks())[0]["files"])
    await emulator.advance(60)
    (row,) = await emulator.tasks()
    assert len(row["files"]) <= held + 1  # the slice that the pause cut off
    await emulator.advance(3600)
    assert (await emulator.tasks())[0]["end_reason"] == "max_recording_hour"


async def test_web_stop_tells_upload_and_page_states(emulator: Emulated) -> None:
    task = await emulator.begin(mode="web", scene=1, **WEB)
    await emulator.advance(20)
    states = (await emulator.stop(task)).json()["serverResponse"]["extensionServiceState"]
    assert [state["serviceName"] for state in states] == ["upload_service", "web_recorder_service"]
    assert states[0]["payload"] == {"uploadingStatus": "uploaded"}
    assert states[1]["payload"]["state"] == "exit"


async def test_snapshots_alone_make_pictures_and_no_file_list(emulator: Emulated) -> None:
    shots = {"captureInterval": 5, "fileType": ["jpg"]}
    task = await emulator.recording(mode="individual", snapshotConfig=shots)
    await emulator.advance(22)
    answer = (await emulator.query(task)).json()["serverResponse"]
    assert answer.keys() == {"status", "sliceStartTime"}
    files = (await emulator.tasks())[0]["files"]
    assert len(files) == 8
    assert all("__uid_e_video_" in name and name.endswith(".jpg") for name in files)
    assert (await emulator.stop(task)).json()["serverResponse"].keys() == {"uploadingStatus"}


async def test_the_older_reference_writes_numbers_and_booleans_as_text(launch: Launch) -> None:
    emulator = await launch(vendors={"agora": {"answers_as_text": True}})
    task = await emulator.recording(mode="individual")
    await emulator.advance(20)
    answer = (await emulator.query(task)).json()["serverResponse"]
    assert answer["status"] == "5"
    entry = answer["fileList"][0]
    assert entry["filename"].endswith(".m3u8")
    assert (entry["mixedAllUser"], entry["isPlayable"]) == ("false", "true")
    assert entry["sliceStartTime"].isdecimal()

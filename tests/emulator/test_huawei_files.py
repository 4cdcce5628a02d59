"""Names, cycles and interruptions of Huawei's files."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from longtake.vendors.huawei.emulator.credentials import APP_ID
from longtake.vendors.huawei.emulator.naming import object_stem, stream_name
from longtake.vendors.huawei.emulator.rules import ObsAddress
from tests.emulator.huawei_client import (
    APP,
    Huawei,
    LaunchHuawei,
    emulator_of_huawei,  # noqa: F401 - a fixture
    launcher_of_huawei,  # noqa: F401 - a fixture
    seconds_between,
    shared_by_a_module,  # noqa: F401 - a fixture
)

RULES = f"{APP}/record-rules"
PLACE = {"location": "cn-north-4", "project_id": "p", "bucket": "takes"}
STAMP = r"\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d"


def rule(*formats: str, place: dict[str, str] | None = None, **configs: Any) -> dict[str, Any]:
    """A rule for these formats; ``configs``: hls, mp4."""
    usual: dict[str, Any] = {
        "HLS": {"record_cycle": 0, **configs.get("hls", {})},
        "MP4": {"record_cycle": 10_800, **configs.get("mp4", {})},
    }
    given = {f"{name.lower()}_config": usual[name] for name in formats}
    return {"obs_addr": place or PLACE, "record_formats": list(formats), **given}


async def ruled(huawei: Huawei, *formats: str, **more: Any) -> str:
    """The id of a new rule."""
    reply = await huawei.call("POST", RULES, rule(*formats, **more))
    assert reply.status_code == 201, reply.text
    return reply.json()["rule_id"]


async def made(huawei: Huawei, extension: str) -> list[str]:
    return [name for name in await huawei.files() if name.endswith(extension)]


def test_streams_are_named_by_job_room_and_user() -> None:
    assert stream_name("j", "r", "u") == "s_j_r_u"
    assert stream_name("j", "r", None) == "m_j_r"


@pytest.mark.parametrize(
    ("folder", "prefix", "expected"),
    [
        ("", "{app_id}/{record_format}/{stream}", "app/hls/m_j_r"),
        ("rtc", "{stream}", "rtc/m_j_r"),
        ("rtc/", "{stream}", "rtc/m_j_r"),
        ("a/b", "x{file_start_time}y", "a/b/x2021-04-28-08-57-07y"),
    ],
)
def test_a_stem_is_the_rules_path_and_prefix(folder: str, prefix: str, expected: str) -> None:
    place = ObsAddress.model_validate({**PLACE, "object": folder})
    began = datetime(2021, 4, 28, 8, 57, 7, 999_000, UTC)
    stem = object_stem(place, prefix, app="app", form="HLS", stream="m_j_r", began=began)
    assert stem == expected


async def test_files_have_the_usual_names(huawei: Huawei) -> None:
    job = await huawei.recording_one()
    await huawei.finished(job)
    stream = f"s_{job}_standup_alice"
    patterns = [
        rf"{APP_ID}/hls/{stream}_({STAMP})/{stream}_\1\.m3u8",
        rf"{APP_ID}/hls/{stream}_({STAMP})/{stream}_\1_\d{{17}}\.ts",
        rf"{APP_ID}/mp4/{stream}_({STAMP})/{stream}_\1\.mp4",
    ]
    for name in await huawei.files():
        assert [p for p in patterns if re.fullmatch(p, name)], name
    assert len(await made(huawei, ".ts")) == 3


async def test_a_files_time_is_when_it_began(huawei: Huawei) -> None:
    job = await huawei.recording()
    await huawei.finished(job)
    (name,) = await made(huawei, ".m3u8")
    stamp = re.findall(STAMP, name)[-1]
    began = datetime.strptime(stamp, "%Y-%m-%d-%H-%M-%S").replace(tzinfo=UTC)
    (row,) = await huawei.tasks()
    assert -1 < seconds_between(row["started_at"], began.isoformat()) <= 0


async def test_slices_come_while_recording_and_films_when_they_are_whole(huawei: Huawei) -> None:
    job = await huawei.recording()
    await huawei.advance(25)
    assert (len(await made(huawei, ".ts")), await made(huawei, ".mp4")) == (2, [])
    await huawei.finished(job, after=0)
    assert (len(await made(huawei, ".ts")), len(await made(huawei, ".mp4"))) == (3, 1)


@pytest.mark.parametrize(
    ("formats", "extensions"),
    [
        (("HLS",), {".m3u8", ".ts"}),
        (("MP4",), {".mp4"}),
        (("MP4", "HLS"), {".m3u8", ".ts", ".mp4"}),
    ],
)
async def test_the_rule_says_which_files_there_are(
    huawei: Huawei, formats: tuple[str, ...], extensions: set[str]
) -> None:
    job = await huawei.recording(rule=await ruled(huawei, *formats))
    await huawei.finished(job)
    assert {f".{name.rsplit('.', 1)[1]}" for name in await huawei.files()} == extensions


async def test_a_rule_names_folder_prefix_and_length_of_slices(huawei: Huawei) -> None:
    hls = {"record_prefix": "live/{stream}", "record_slice_duration": 5}
    place = {**PLACE, "object": "rtc"}
    job = await huawei.recording(rule=await ruled(huawei, "HLS", place=place, hls=hls))
    await huawei.finished(job)
    assert await made(huawei, ".m3u8") == [f"rtc/live/m_{job}_standup.m3u8"]
    assert len(await made(huawei, ".ts")) == 5


@pytest.mark.parametrize(("seconds", "playlists", "films"), [(55, 1, 1), (130, 3, 2), (200, 4, 2)])
async def test_a_new_file_begins_with_each_cycle(
    huawei: Huawei, seconds: float, playlists: int, films: int
) -> None:
    configs = {"hls": {"record_cycle": 60}, "mp4": {"record_cycle": 120}}
    job = await huawei.recording(rule=await ruled(huawei, "HLS", "MP4", **configs))
    for _ in range(int(seconds) // 5):  # in steps: what repeats is left out of long jumps
        await huawei.advance(5)
    await huawei.finished(job, after=0)
    assert len(await made(huawei, ".m3u8")) == playlists
    assert len(await made(huawei, ".mp4")) == films


@pytest.mark.parametrize(
    ("merge", "gap", "playlists"), [(0, 3, 2), (10, 3, 1), (10, 12, 2), (-1, 25, 1)]
)
async def test_an_interruption_begins_a_new_file_unless_the_rule_merges(
    huawei: Huawei, merge: int, gap: float, playlists: int
) -> None:
    hls = {"record_max_duration_to_merge_file": merge}
    job = await huawei.recording(rule=await ruled(huawei, "HLS", hls=hls))
    await huawei.advance(5)
    await huawei.room("standup")
    await huawei.advance(gap)
    await huawei.room("standup", "alice")
    await huawei.finished(job, after=15)  # longer than any patience that is left
    assert len(await made(huawei, ".m3u8")) == playlists


async def test_a_film_may_be_merged_where_the_playlist_is_not(huawei: Huawei) -> None:
    mp4 = {"record_max_duration_to_merge_file": 60}
    job = await huawei.recording(rule=await ruled(huawei, "HLS", "MP4", mp4=mp4))
    await huawei.advance(5)
    await huawei.room("standup")
    await huawei.advance(10)
    await huawei.room("standup", "alice")
    await huawei.finished(job, after=5)
    assert (len(await made(huawei, ".m3u8")), len(await made(huawei, ".mp4"))) == (2, 1)


async def test_only_the_streams_end_interrupts_not_a_quiet_user(huawei: Huawei) -> None:
    job = await huawei.recording_one()
    await huawei.advance(5)
    await huawei.room("standup", {"user": "alice", "video": False}, "bob")
    await huawei.finished(job, after=5)
    assert len(await made(huawei, ".m3u8")) == 1


async def test_a_user_who_never_sends_leaves_no_file(huawei: Huawei) -> None:
    await huawei.room("standup", "bob")
    job = await huawei.recording_one(user="alice")
    await huawei.finished(job)
    assert await huawei.files() == []


async def test_a_job_that_records_no_screen_ignores_it(huawei: Huawei) -> None:
    await huawei.room("standup", "bob", {"user": "alice", "audio": False, "video": False})
    camera: dict[str, Any] = {"is_record_audio": False}
    screen: dict[str, Any] = {"video_type": "SCREENSTREAM", "is_record_audio": False}
    jobs = [await huawei.recording_one(**wish) for wish in (camera, screen)]
    await huawei.room("standup", {"user": "alice", "audio": False, "video": False, "screen": True})
    await huawei.advance(20)
    files = {row["task_id"]: bool(row["files"]) for row in await huawei.tasks()}
    assert files == {jobs[0]: False, jobs[1]: True}


# -- rules ---------------------------------------------------------------------------------------


async def test_a_rule_for_any_bucket_exists_from_the_start(huawei: Huawei) -> None:
    job = await huawei.recording(rule="longtake-any-bucket.7")
    await huawei.finished(job)
    shown = (await huawei.call("GET", f"{RULES}/longtake-any-bucket.7")).json()
    assert shown["obs_addr"]["bucket"] == "any-bucket.7"
    assert shown["record_formats"] == ["HLS", "MP4"]
    assert await huawei.files()


async def test_a_changed_rule_is_in_force_after_five_minutes(huawei: Huawei) -> None:
    old = await ruled(huawei, "HLS")
    await huawei.advance(10)
    changed = await huawei.call("PUT", f"{RULES}/{old}", rule("MP4"))
    assert changed.json()["record_formats"] == ["MP4"]
    assert changed.json()["update_time"] > changed.json()["create_time"]
    await huawei.advance(280)
    await huawei.finished(await huawei.recording("early", rule=old))
    await huawei.finished(await huawei.recording("late", rule=old))
    early, late = await huawei.tasks()
    assert not [name for name in early["files"] if name.endswith(".mp4")]
    assert [name.rsplit(".", 1)[1] for name in late["files"]] == ["mp4"]


async def test_a_rule_of_the_same_location_replaces_the_first(huawei: Huawei) -> None:
    first = await ruled(huawei, "HLS")
    again = await huawei.call("POST", RULES, rule("MP4"))
    assert (again.status_code, again.json()["rule_id"]) == (200, first)
    elsewhere = await ruled(huawei, "HLS", place={**PLACE, "location": "cn-east-3"})
    assert elsewhere != first


async def test_rules_are_listed_by_pages(huawei: Huawei) -> None:
    ids = [await ruled(huawei, "HLS", place={**PLACE, "location": f"region-{n}"}) for n in range(3)]
    pages = [
        (await huawei.call("GET", f"{RULES}?limit=2&offset={page}")).json()["rules"]
        for page in range(3)
    ]
    assert [[each["rule_id"] for each in page] for page in pages] == [ids[:2], ids[2:], []]


async def test_a_rule_in_use_stays(huawei: Huawei) -> None:
    kept = await ruled(huawei, "HLS")
    job = await huawei.recording(rule=kept)
    path = f"{RULES}/{kept}"
    reply = await huawei.call("DELETE", path)
    assert (reply.status_code, reply.json()["error_code"]) == (400, "RTC.00001013")
    await huawei.stop(job)
    assert (await huawei.call("DELETE", path)).status_code == 204
    assert (await huawei.call("GET", path)).status_code == 404


async def test_a_deleted_standing_rule_stays_deleted(huawei: Huawei) -> None:
    path = f"{RULES}/longtake-takes"
    assert (await huawei.call("DELETE", path)).status_code == 204
    reply = await huawei.start_mix()
    assert (reply.status_code, reply.json()["error_code"]) == (400, "RTC.00001003")


async def test_automatic_recording_is_remembered_and_records_nothing(huawei: Huawei) -> None:
    path = f"{APP}/auto-record-mode"
    assert (await huawei.call("GET", path)).json()["auto_record_mode"]["mode"] == "AUTO_RECORD_OFF"
    wish = {"mode": "AUTO_INDIVIDUAL_RECORD", "record_rule_id": "longtake-takes"}
    assert (await huawei.call("PUT", path, wish)).status_code == 200
    told = (await huawei.call("GET", path)).json()["auto_record_mode"]
    assert {name: told[name] for name in wish} == wish
    await huawei.room("standup", "alice")
    await huawei.advance(60)
    assert await huawei.tasks() == []


# -- buckets and rooms ---------------------------------------------------------------------------


async def test_a_bucket_must_be_authorised_before_files_come(launch_huawei: LaunchHuawei) -> None:
    huawei = await launch_huawei(options={"unauthorised": ["takes"]})
    job = await huawei.recording()
    await huawei.advance(25)
    assert (await huawei.state(job), await huawei.files()) == ("RUNNING", [])
    grant = {"bucket": "takes", "operation": 1, "location": "cn-north-4", "project_id": "p"}
    path = "/v2/rtc-ops/buckets/authentication"
    assert (await huawei.call("PUT", path, grant)).status_code == 200
    await huawei.finished(job)
    assert await made(huawei, ".mp4")


async def test_what_is_in_a_bucket_is_listed_below_a_prefix(huawei: Huawei) -> None:
    await huawei.finished(await huawei.recording())
    path = f"/v2/rtc-ops/buckets/objects?bucket=takes&prefix={APP_ID}%2Fmp4%2F&type=objects"
    told = (await huawei.call("GET", path)).json()
    assert [each["file_name"] for each in told["objects"]] == await made(huawei, ".mp4")
    assert told["count"] == 1


async def test_a_dismissed_room_ends_its_jobs_when_they_are_idle(huawei: Huawei) -> None:
    job = await huawei.recording()
    assert (await huawei.call("POST", f"{APP}/rooms/standup/dismiss")).status_code == 202
    assert await huawei.present("standup") == []
    assert await huawei.state(job) == "RUNNING"
    await huawei.advance(31)
    assert await huawei.state(job) == "STOPPED"


async def test_removed_users_are_gone(huawei: Huawei) -> None:
    await huawei.room("standup", "alice", "bob")
    path = f"{APP}/rooms/standup/batch-remove-users"
    reply = await huawei.call("POST", path, {"user_ids": ["alice"]})
    assert (reply.status_code, await huawei.present("standup")) == (202, ["bob"])

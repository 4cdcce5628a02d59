"""What bodies may hold, and how a broken one is refused."""

from __future__ import annotations

from typing import Any

import pytest

from longtake.vendors.huawei.emulator.mixing import ENCODINGS
from tests.emulator.huawei_client import (
    APP,
    GRID,
    MIX,
    ONE,
    RULE,
    Huawei,
    LaunchHuawei,
    emulator_of_huawei,  # noqa: F401 - a fixture
    invalid,
    launcher_of_huawei,  # noqa: F401 - a fixture
    refused,
    shared_by_a_module,  # noqa: F401 - a fixture
)

RECORD = {"record_rule_id": RULE}
WISH: dict[str, Any] = {"room_id": "r", "user_id": "u", "record_param": RECORD}
PANE: dict[str, Any] = {"id": 1, "x": 0.0, "y": 0, "width": 1, "height": 0.5}
CUSTOM: dict[str, Any] = {"encode_template": "640x480_15_500", "layout_template": "custom"}
LEFT: dict[str, Any] = {**CUSTOM, "layout_template": "screen_share_left"}
SHARED = {"id": 1, "filling_policy": "SHARED_SCREEN", "video_type": "SCREENSTREAM"}
FIXED = {"id": 1, "filling_policy": "FIXED_USER", "user_id": "alice"}
BAD, TWISTED, MISSING = invalid(1003), invalid(1004), invalid(1005)
ABSENT = "left out"


def without(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if value is not ABSENT}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"room_id": ABSENT}, MISSING),
        ({"room_id": ""}, MISSING),
        ({"room_id": None}, MISSING),
        ({"user_id": ABSENT}, MISSING),
        ({"record_param": ABSENT}, MISSING),
        ({"record_param": {}}, MISSING),
        ({"record_param": {"record_rule_id": "none"}}, BAD),
        ({"record_param": {"record_rule_id": "longtake-../x"}}, BAD),
        ({"room_id": "a/b"}, BAD),
        ({"user_id": "a\u0000b"}, BAD),
        ({"user_id": "x" * 129}, BAD),
        ({"is_record_audio": "true"}, BAD),
        ({"is_record_audio": 1}, BAD),
        ({"video_type": "SCREEN"}, BAD),
        ({"select_stream_type": "UHD"}, BAD),
        ({"max_idle_time": 4}, BAD),
        ({"max_idle_time": 43_201}, BAD),
        ({"max_idle_time": "30"}, BAD),
        ({"max_idle_time": True}, BAD),
        ({"publish_param": {}}, MISSING),
        ({"publish_param": {"rtmp_urls": ["http://x"]}}, BAD),
    ],
    ids=str,
)
async def test_a_broken_individual_start_has_its_code(
    huawei: Huawei, change: dict[str, Any], expected: tuple[int, str]
) -> None:
    reply = await huawei.call("POST", ONE, without({**WISH, **change}))
    assert refused(reply) == expected
    assert await huawei.tasks() == []


@pytest.mark.parametrize("seconds", [5, 43_200])
async def test_the_bounds_of_the_idle_time_are_allowed(huawei: Huawei, seconds: int) -> None:
    assert (await huawei.start_one(max_idle_time=seconds)).status_code == 201


async def test_numbers_for_ids_are_taken_as_text(huawei: Huawei) -> None:
    reply = await huawei.start_one(room_id=100, user_id=7)
    told = reply.json()
    assert (told["room_id"], told["user_id"]) == ("100", "7")
    assert told["stream_name"].endswith("_100_7")
    (call,) = await huawei.calls()
    assert (call["room"], call["recorder"]) == ("100", "user:7")


async def test_numbers_for_ids_can_be_refused(launch_huawei: LaunchHuawei) -> None:
    huawei = await launch_huawei(options={"numeric_ids": False})
    assert refused(await huawei.start_one(room_id=100)) == BAD


async def test_without_a_video_type_the_camera_is_recorded(huawei: Huawei) -> None:
    assert (await huawei.start_one()).json()["video_type"] == "CAMERASTREAM"


async def test_without_a_video_type_there_may_be_no_video(launch_huawei: LaunchHuawei) -> None:
    huawei = await launch_huawei(options={"camera_by_default": False})
    assert refused(await huawei.start_one(is_record_audio=False)) == TWISTED
    assert "video_type" not in (await huawei.start_one()).json()


async def test_unknown_keys_are_refused_by_a_strict_emulator_alone(
    huawei: Huawei, launch_huawei: LaunchHuawei
) -> None:
    assert (await huawei.start_one(idle=5)).status_code == 201
    assert (await huawei.start_mix("r", **GRID, colour="red")).status_code == 201
    strict = await launch_huawei(strict=True)
    assert refused(await strict.start_one(idle=5)) == BAD
    assert refused(await strict.start_mix("r", **GRID, colour="red")) == BAD
    body = {"mix_param": {"room_id": "r", **GRID}, "record_param": RECORD, "colour": "red"}
    assert refused(await strict.call("POST", MIX, body)) == BAD


# -- mixes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("param", "expected"),
    [
        ({"layout_template": "nine_grids_view"}, MISSING),
        ({**GRID, "encode_template": "1280x720_25_2260"}, BAD),
        ({**GRID, "encode_template": "audio"}, BAD),
        ({"encode_template": "640x480_15_500"}, MISSING),
        ({**GRID, "layout_template": "mosaic"}, invalid(1010)),
        ({**GRID, "max_idle_time": 0}, BAD),
        ({**GRID, "background_image": "https://host/a.png"}, BAD),
        ({**GRID, "default_user_background_image": "s3://bucket"}, BAD),
        ({**GRID, "user_background_images": [{"user_id": "alice"}]}, MISSING),
        ({**GRID, "user_background_images": [{"image_uri": "s3://b/o"}]}, MISSING),
        (CUSTOM, MISSING),
        ({**CUSTOM, "layout_panes": []}, MISSING),
        ({**CUSTOM, "layout_panes": [{"id": 1}]}, MISSING),
        ({**CUSTOM, "layout_panes": [PANE, PANE]}, TWISTED),
        ({**CUSTOM, "layout_panes": [{**PANE, "id": 0}]}, BAD),
        ({**CUSTOM, "layout_panes": [{**PANE, "id": "1"}]}, BAD),
        ({**CUSTOM, "layout_panes": [{**PANE, "x": "0.5"}]}, BAD),
        ({**CUSTOM, "layout_panes": [{**PANE, "x": -0.1}]}, BAD),
        ({**CUSTOM, "layout_panes": [{**PANE, "width": 1.1}]}, BAD),
        ({**CUSTOM, "layout_panes": [{**PANE, "zorder": 26}]}, BAD),
        ({**CUSTOM, "layout_panes": [{**PANE, "crop_mode": "STRETCH"}]}, BAD),
        ({**CUSTOM, "layout_panes": [{**PANE, "video_type": "SCREEN"}]}, BAD),
        ({**CUSTOM, "layout_panes": [{**PANE, "id": n} for n in range(1, 27)]}, BAD),
        (LEFT, MISSING),
        ({**LEFT, "layout_panes": [{"id": 1}]}, MISSING),
        ({**LEFT, "layout_panes": [{**FIXED, "user_id": ""}]}, MISSING),
        ({**LEFT, "layout_panes": [{**FIXED, "id": 2}]}, TWISTED),
        ({**LEFT, "layout_panes": [FIXED, SHARED]}, TWISTED),
        ({**LEFT, "layout_panes": [{**SHARED, "user_id": "alice"}]}, TWISTED),
        ({**LEFT, "layout_panes": [{**SHARED, "video_type": "CAMERASTREAM"}]}, TWISTED),
        ({**LEFT, "layout_panes": [{**SHARED, "filling_policy": "ANY"}]}, BAD),
    ],
    ids=str,
)
async def test_a_broken_mix_has_its_code(
    huawei: Huawei, param: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert refused(await huawei.start_mix(**param)) == expected
    assert await huawei.tasks() == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"record_param": RECORD}, MISSING),
        ({"mix_param": [], "record_param": RECORD}, BAD),
        ({"mix_param": {"room_id": "r", **GRID}}, MISSING),
        ({"mix_param": GRID, "record_param": RECORD}, MISSING),
    ],
)
async def test_a_mix_needs_its_parts(
    huawei: Huawei, body: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert refused(await huawei.call("POST", MIX, body)) == expected


@pytest.mark.parametrize(
    "param",
    [
        {**CUSTOM, "layout_panes": [{**PANE, "zorder": 25}]},
        {**CUSTOM, "layout_panes": [{**PANE, "user_id": "alice", "video_type": "SCREENSTREAM"}]},
        {**LEFT, "layout_panes": [SHARED]},
        {**LEFT, "layout_panes": [FIXED]},
        {**GRID, "user_background_images": [{"user_id": "a", "image_uri": "s3://b/o"}]},
    ],
    ids=str,
)
async def test_a_whole_mix_is_accepted(huawei: Huawei, param: dict[str, Any]) -> None:
    assert (await huawei.start_mix(**param)).status_code == 201


@pytest.mark.parametrize("sign", ["x", "*"])
async def test_every_encoding_is_accepted_in_both_spellings(huawei: Huawei, sign: str) -> None:
    assert len(ENCODINGS) == 13
    for number, encoding in enumerate(sorted(ENCODINGS)):
        param = {**GRID, "encode_template": encoding.replace("x", sign)}
        assert (await huawei.start_mix(f"room{number}", **param)).status_code == 201


async def test_a_mix_of_sound_ignores_everything_of_video(huawei: Huawei) -> None:
    param = {"encode_template": "audio_only", "layout_template": "mosaic", "layout_panes": 7}
    reply = await huawei.start_mix(**param)
    assert reply.status_code == 201
    told = reply.json()["mix_param"]
    assert told == {"room_id": "standup", "encode_template": "audio_only", "max_idle_time": 30}
    job = reply.json()["job_id"]
    changed = await huawei.update(job, mix_param={"layout_template": "custom", "max_idle_time": 9})
    assert changed.json()["mix_param"]["max_idle_time"] == 9
    (row,) = await huawei.tasks()
    assert row["layout_revisions"] == []


async def test_a_pane_that_leads_out_is_refused_by_a_strict_emulator_alone(
    huawei: Huawei, launch_huawei: LaunchHuawei
) -> None:
    param = {**CUSTOM, "layout_panes": [{**PANE, "x": 0.5}]}
    assert (await huawei.start_mix(**param)).status_code == 201
    strict = await launch_huawei(strict=True)
    assert refused(await strict.start_mix(**param)) == TWISTED


# -- changes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "change", "expected"),
    [
        (GRID, {"layout_template": "custom", "layout_panes": [PANE]}, TWISTED),
        (GRID, {"layout_template": "screen_share_left", "layout_panes": [FIXED]}, TWISTED),
        ({**CUSTOM, "layout_panes": [PANE]}, {"layout_template": "nine_grids_view"}, TWISTED),
        ({**CUSTOM, "layout_panes": [PANE]}, {"layout_panes": []}, MISSING),
        ({**CUSTOM, "layout_panes": [PANE]}, {"layout_panes": [{"id": 1}]}, MISSING),
        ({**LEFT, "layout_panes": [FIXED]}, {"layout_panes": [FIXED, SHARED]}, TWISTED),
        (GRID, {"max_idle_time": 4}, BAD),
        (GRID, {"layout_template": "mosaic"}, invalid(1010)),
    ],
    ids=str,
)
async def test_a_change_that_cannot_be_is_refused_and_changes_nothing(
    huawei: Huawei, first: dict[str, Any], change: dict[str, Any], expected: tuple[int, str]
) -> None:
    job = await huawei.recording(**first)
    before = (await huawei.show(job)).json()
    assert refused(await huawei.update(job, mix_param=change)) == expected
    assert (await huawei.show(job)).json() == before
    (row,) = await huawei.tasks()
    assert len(row["layout_revisions"]) == 1


@pytest.mark.parametrize(
    ("first", "change"),
    [
        (
            {**CUSTOM, "layout_panes": [PANE]},
            {"layout_template": "custom", "layout_panes": [{**PANE, "id": 2}]},
        ),
        ({**LEFT, "layout_panes": [FIXED]}, {"layout_panes": [SHARED]}),
        (GRID, {"background_image": "s3://bucket/wall.png"}),
        (GRID, {"max_idle_time": 60}),
    ],
    ids=str,
)
async def test_a_change_replaces_what_it_names(
    huawei: Huawei, first: dict[str, Any], change: dict[str, Any]
) -> None:
    job = await huawei.recording(**first)
    assert (await huawei.update(job, mix_param=change)).status_code == 200
    told = (await huawei.show(job)).json()["mix_param"]
    assert told["encode_template"] == first["encode_template"]
    for name, value in change.items():
        shown = told[name]
        if name == "layout_panes":
            shown = [{key: pane[key] for key in value[0]} for pane in shown]
        assert shown == value


async def test_a_change_cannot_name_room_or_encoding(launch_huawei: LaunchHuawei) -> None:
    lax, strict = await launch_huawei(), await launch_huawei(strict=True)
    change = {"encode_template": "1280x720_15_2260", "room_id": "other"}
    job = await lax.recording(**GRID)
    assert (await lax.update(job, mix_param=change)).json()["mix_param"]["room_id"] == "standup"
    job = await strict.recording(**GRID)
    assert refused(await strict.update(job, mix_param=change)) == BAD


# -- rules and settings --------------------------------------------------------------------------

PLACE = {"location": "cn-north-4", "project_id": "p", "bucket": "takes"}
HLS: dict[str, Any] = {
    "obs_addr": PLACE,
    "record_formats": ["HLS"],
    "hls_config": {"record_cycle": 0},
}
MP4: dict[str, Any] = {**HLS, "record_formats": ["MP4"], "mp4_config": {"record_cycle": 60}}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({**HLS, "obs_addr": {**PLACE, "bucket": ""}}, MISSING),
        ({**HLS, "obs_addr": {**PLACE, "bucket": ".."}}, BAD),
        ({**HLS, "obs_addr": {**PLACE, "object": "a/../b"}}, BAD),
        ({**HLS, "obs_addr": {**PLACE, "object": "/a"}}, BAD),
        ({**HLS, "obs_addr": {"bucket": "takes"}}, MISSING),
        ({**HLS, "record_formats": []}, BAD),
        ({**HLS, "record_formats": ["hls"]}, BAD),
        ({**HLS, "record_formats": ["HLS", "MP4"]}, MISSING),
        ({**HLS, "record_formats": ["MP4"]}, MISSING),
        ({**HLS, "hls_config": {}}, MISSING),
        ({**HLS, "hls_config": {"record_cycle": 59}}, BAD),
        ({**HLS, "hls_config": {"record_cycle": 43_201}}, BAD),
        ({**HLS, "hls_config": {"record_cycle": 0, "record_slice_duration": 1}}, BAD),
        ({**HLS, "hls_config": {"record_cycle": 0, "record_slice_duration": 61}}, BAD),
        ({**HLS, "hls_config": {"record_cycle": 0, "record_max_duration_to_merge_file": -2}}, BAD),
        ({**HLS, "hls_config": {"record_cycle": 0, "record_max_duration_to_merge_file": 301}}, BAD),
        ({**HLS, "hls_config": {"record_cycle": 0, "record_prefix": "{room}"}}, BAD),
        ({**HLS, "hls_config": {"record_cycle": 0, "record_prefix": "../x"}}, BAD),
        ({**MP4, "mp4_config": {"record_cycle": 0}}, BAD),
        ({**MP4, "mp4_config": {"record_cycle": 10_801}}, BAD),
        ({**MP4, "mp4_config": {"record_cycle": 60, "record_max_duration_to_merge_file": -1}}, BAD),
    ],
    ids=str,
)
async def test_a_broken_rule_has_its_code(
    huawei: Huawei, rule: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert refused(await huawei.call("POST", f"{APP}/record-rules", rule)) == expected
    path = f"{APP}/record-rules/longtake-takes"
    assert refused(await huawei.call("PUT", path, rule)) == expected


@pytest.mark.parametrize(
    "rule",
    [
        HLS,
        MP4,
        {**HLS, "hls_config": {"record_cycle": 43_200, "record_max_duration_to_merge_file": -1}},
        {**MP4, "mp4_config": {"record_cycle": 10_800, "record_max_duration_to_merge_file": 300}},
    ],
    ids=str,
)
async def test_a_whole_rule_is_accepted(huawei: Huawei, rule: dict[str, Any]) -> None:
    assert (await huawei.call("POST", f"{APP}/record-rules", rule)).status_code == 201


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("GET", f"{APP}/record-rules/none", None, invalid(1003, 404)),
        ("DELETE", f"{APP}/record-rules/none", None, invalid(1003, 404)),
        ("PUT", f"{APP}/record-rules/none", HLS, invalid(1003, 404)),
        ("GET", f"{APP}/record-rules?limit=0", None, BAD),
        ("GET", f"{APP}/record-rules?limit=101", None, BAD),
        ("GET", f"{APP}/record-rules?offset=-1", None, BAD),
        ("PUT", f"{APP}/auto-record-mode", {"mode": "ON"}, BAD),
        ("PUT", f"{APP}/auto-record-mode", {"mode": "AUTO_INDIVIDUAL_RECORD"}, MISSING),
        (
            "PUT",
            f"{APP}/auto-record-mode",
            {"mode": "AUTO_INDIVIDUAL_RECORD", "record_rule_id": "none"},
            BAD,
        ),
        ("POST", f"{APP}/rooms/r/batch-remove-users", {}, MISSING),
        ("POST", f"{APP}/rooms/r/batch-remove-users", {"user_ids": []}, BAD),
        ("POST", "/v2/apps/other/rooms/r/dismiss", None, invalid(1003, 404)),
        ("GET", "/v2/rtc-ops/buckets/objects", None, MISSING),
        ("GET", "/v2/rtc-ops/buckets/objects?bucket=b&type=files", None, BAD),
        ("PUT", "/v2/rtc-ops/buckets/authentication", {"bucket": "b"}, MISSING),
    ],
)
async def test_other_calls_refuse_what_they_cannot_do(
    huawei: Huawei, method: str, path: str, body: Any, expected: tuple[int, str]
) -> None:
    assert refused(await huawei.call(method, path, body)) == expected


async def test_refusals_name_the_field_and_never_repeat_its_value(huawei: Huawei) -> None:
    reply = await huawei.start_one(select_stream_type="s3cret")
    assert "select_stream_type" in reply.json()["error_msg"]
    assert "s3cret" not in reply.text

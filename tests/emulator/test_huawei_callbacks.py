"""Huawei's callbacks: what is sent, signed how, and where to."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from longtake.emulator.server import running
from longtake.vendors.huawei.emulator.credentials import APP_ID, CALLBACK_SECRET
from longtake.vendors.huawei.emulator.notices import sign
from tests.emulator.emulated import Receiver
from tests.emulator.huawei_client import (
    APP,
    GRID,
    Huawei,
    LaunchHuawei,
    emulator_of_huawei,  # noqa: F401 - a fixture
    invalid,
    launcher_of_huawei,  # noqa: F401 - a fixture
    refused,
    seconds_between,
    shared_by_a_module,  # noqa: F401 - a fixture
)

NEW, COMPLETE = "RECORD_NEW_FILE_START", "RECORD_FILE_COMPLETE"
OVER = "CLOUD_RECORD_SERVER_OVER"
KEY = "0123456789abcdef0123456789ABCDEF"
SETTING = f"{APP}/record-callback"
BODY = (
    b'{"event_type":"RECORD_FILE_COMPLETE","job_id":"608196a2fa1b2c3d515147f32ef463b0",'
    b'"app_id":"5fcdf5650a1b2c3d6f835d0d","room_id":"room01","record_format":"HLS",'
    b'"record_duration":65}'
)


@pytest.fixture
async def told(huawei: Huawei, receiver: Receiver) -> Huawei:
    """An emulator whose callbacks go to the receiver."""
    reply = await huawei.http.put("/_emulator/callbacks/huawei", json={"url": receiver.url})
    assert reply.status_code == 200
    return huawei


@pytest.fixture
async def other() -> AsyncGenerator[Receiver]:
    """A second receiver."""
    second = Receiver()
    app = Starlette(routes=[Route("/rtc", second.__call__, methods=["POST"])])
    async with running(app) as url:
        second.url = f"{url}/rtc"
        yield second


def of_type(receiver: Receiver, event: str) -> list[dict[str, Any]]:
    return [notice for notice in receiver.events if notice["event_type"] == event]


async def until(receiver: Receiver, event: str, count: int = 1) -> None:
    await receiver.until(lambda: len(of_type(receiver, event)) >= count)


def test_the_signature_matches_the_vector() -> None:
    assert len(BODY) == 179
    expected = "c513e8f4501970d6843e052b3eacdd280b7ffd936a9b21229a6a0ae033198a10"
    assert sign("7f3a9c1e", "1768465800", BODY, KEY) == expected


async def test_a_job_tells_its_story(told: Huawei, receiver: Receiver) -> None:
    job = await told.recording()
    await until(receiver, NEW, 2)
    assert {n["record_format"] for n in of_type(receiver, NEW)} == {"HLS", "MP4"}
    await told.finished(job)
    await until(receiver, OVER)
    await until(receiver, COMPLETE, 2)
    for notice in receiver.events:
        assert notice["job_id"] == job
        assert notice["stream_name"] == f"m_{job}_standup"
        assert (notice["app_id"], notice["room_id"]) == (APP_ID, "standup")
        assert "user_id" not in notice
    (end,) = of_type(receiver, OVER)
    assert end["detail_message"] == "TENANT_STOP"


async def test_a_complete_file_is_told_with_its_place_and_times(
    told: Huawei, receiver: Receiver
) -> None:
    job = await told.recording()
    await told.finished(job)
    await until(receiver, COMPLETE, 2)
    files = await told.files()
    for notice in of_type(receiver, COMPLETE):
        extension = {"HLS": ".m3u8", "MP4": ".mp4"}[notice["record_format"]]
        assert notice["obs_object"] in files
        assert notice["obs_object"].endswith(extension)
        assert (notice["obs_bucket"], notice["obs_location"]) == ("takes", "cn-north-4")
        assert notice["download_url"].endswith(f"/{notice['obs_object']}")
        assert (notice["width"], notice["height"]) == (640, 480)
        assert notice["record_duration"] == 21
        assert 20 <= seconds_between(notice["start_time"], notice["end_time"]) <= 22
        assert len(notice["start_time"]) == len("2006-01-02T15:04:05Z")


async def test_nothing_is_told_of_files_before_somebody_sends(
    told: Huawei, receiver: Receiver
) -> None:
    await told.start_mix()
    await told.advance(31)
    await until(receiver, OVER)
    assert [notice["event_type"] for notice in receiver.events] == [OVER]
    assert receiver.events[0]["detail_message"] == "EXCEED_MAX_IDLE_TIME"


async def test_every_callback_is_signed_over_rand_timestamp_and_body(
    told: Huawei, receiver: Receiver
) -> None:
    await told.finished(await told.recording("会议-7"))
    await until(receiver, COMPLETE, 2)
    for headers, body in receiver.seen:
        rand, stamp = headers["x-rtc-rand"], headers["x-rtc-timestamp"]
        message = rand.encode() + stamp.encode() + body
        digest = hmac.new(CALLBACK_SECRET.encode(), message, hashlib.sha256).hexdigest()
        assert headers["x-rtc-signature"] == digest
        assert len(stamp) == 10
        assert headers["content-type"] == "application/json"


async def test_the_timestamp_may_be_in_milliseconds_and_the_location_a_url(
    launch_huawei: LaunchHuawei, receiver: Receiver
) -> None:
    options = {
        "timestamp_milliseconds": True,
        "obs_location_url": True,
        "over_event": "CLOUD_RECORD_OVER",
    }
    target = {"huawei": {"url": receiver.url}}
    huawei = await launch_huawei(options=options, callbacks=target)
    await huawei.finished(await huawei.recording())
    await until(receiver, COMPLETE, 2)
    await until(receiver, "CLOUD_RECORD_OVER")
    assert {len(headers["x-rtc-timestamp"]) for headers, _ in receiver.seen} == {13}
    assert of_type(receiver, COMPLETE)[0]["obs_location"].startswith("https://takes.obs.")


# -- where to ------------------------------------------------------------------------------------


async def test_the_application_says_where_callbacks_go(huawei: Huawei, receiver: Receiver) -> None:
    setting = {"url": receiver.url, "auth_key": KEY}
    reply = await huawei.call("PUT", SETTING, setting)
    shown = reply.json()["record_callback"]
    assert {name: shown[name] for name in setting} == setting
    assert shown["notify_event_subscription"] == [NEW, COMPLETE, OVER]
    assert (await huawei.call("GET", SETTING)).json() == reply.json()
    await huawei.recording()
    await until(receiver, NEW)
    headers, body = receiver.seen[0]
    rand, stamp = headers["x-rtc-rand"], headers["x-rtc-timestamp"]
    assert headers["x-rtc-signature"] == sign(rand, stamp, body, KEY)


async def test_the_latest_setting_wins_whoever_made_it(
    told: Huawei, receiver: Receiver, other: Receiver
) -> None:
    await told.call("PUT", SETTING, {"url": other.url})
    await told.recording("one")
    await until(other, NEW)
    assert receiver.events == []
    await told.http.put("/_emulator/callbacks/huawei", json={"url": receiver.url})
    await told.recording("two")
    await until(receiver, NEW)
    assert {notice["room_id"] for notice in other.events} == {"one"}


async def test_without_a_key_nothing_is_signed(huawei: Huawei, receiver: Receiver) -> None:
    await huawei.call("PUT", SETTING, {"url": receiver.url})
    await huawei.recording()
    await until(receiver, NEW)
    assert not [name for name in receiver.seen[0][0] if name.startswith("x-rtc-")]


async def test_only_events_subscribed_to_are_sent(huawei: Huawei, receiver: Receiver) -> None:
    setting = {"url": receiver.url, "notify_event_subscription": [OVER]}
    await huawei.call("PUT", SETTING, setting)
    await huawei.finished(await huawei.recording())
    await until(receiver, OVER)
    assert {notice["event_type"] for notice in receiver.events} == {OVER}


async def test_before_it_is_set_there_is_no_callback(huawei: Huawei) -> None:
    assert (await huawei.call("GET", SETTING)).json() == {"app_id": APP_ID}


@pytest.mark.parametrize(
    ("setting", "number"),
    [
        ({}, 1005),
        ({"url": "ftp://host/x"}, 1003),
        ({"url": "/x"}, 1003),
        ({"url": "http://host/x", "auth_key": "k" * 31}, 1003),
        ({"url": "http://host/x", "auth_key": "k" * 65}, 1003),
        ({"url": "http://host/x", "notify_event_subscription": ["ALL"]}, 1003),
        ({"url": "http://nowhere.invalid/x"}, 1018),
        ({"url": "http://[::1/x"}, 1018),
    ],
)
async def test_a_callback_that_cannot_be_is_refused(
    huawei: Huawei, setting: dict[str, Any], number: int
) -> None:
    assert refused(await huawei.call("PUT", SETTING, setting)) == invalid(number)
    assert "record_callback" not in (await huawei.call("GET", SETTING)).json()


# -- how often, and how spoilt -------------------------------------------------------------------


async def test_a_callback_is_repeated_until_it_is_taken(told: Huawei, receiver: Receiver) -> None:
    receiver.refuse = 2
    await told.start_mix("standup", **GRID, max_idle_time=5)
    await told.advance(6)
    for count in (1, 2, 3):
        await until(receiver, OVER, count)
        await told.advance(6)
    assert len(receiver.seen) == 3
    assert len({body for _, body in receiver.seen}) == 1


async def test_a_forged_end_bears_no_valid_signature(told: Huawei, receiver: Receiver) -> None:
    await told.fault("forge", "callback")
    job = await told.recording()
    await until(receiver, OVER)
    headers, body = next(s for s in receiver.seen if json.loads(s[1])["event_type"] == OVER)
    assert json.loads(body)["job_id"] == job
    rand, stamp = headers["x-rtc-rand"], headers["x-rtc-timestamp"]
    assert headers["x-rtc-signature"] != sign(rand, stamp, body, CALLBACK_SECRET)
    assert await told.state(job) == "RUNNING"


async def test_callbacks_can_be_dropped_and_doubled(told: Huawei, receiver: Receiver) -> None:
    await told.fault("drop", "callback")
    await told.fault("double", "callback")
    await told.recording()  # HLS is told first, and strikes both rules; MP4 follows untouched
    await until(receiver, NEW)
    await told.fault("double", "callback")
    await told.recording("retro")
    await receiver.until(lambda: len(of_type(receiver, NEW)) == 4)
    assert [n["record_format"] for n in receiver.events if n["room_id"] == "standup"] == ["MP4"]


async def test_a_bucket_that_takes_nothing_is_told_by_silence(
    told: Huawei, receiver: Receiver
) -> None:
    await told.fault("wrong_storage", "start")
    job = await told.recording()
    assert await told.state(job) == "RUNNING"
    await told.finished(job)
    await until(receiver, OVER)
    assert [notice["event_type"] for notice in receiver.events] == [OVER]
    assert await told.files() == []


async def test_times_are_utc_of_the_emulators_clock(told: Huawei, receiver: Receiver) -> None:
    await told.advance(86_400)
    await told.finished(await told.recording())
    await until(receiver, COMPLETE)
    start = datetime.fromisoformat(of_type(receiver, COMPLETE)[0]["start_time"])
    assert 86_000 < (start - datetime.now(UTC)).total_seconds() < 87_000


async def test_sizes_are_those_of_the_files(
    launch_huawei: LaunchHuawei, receiver: Receiver, tmp_path: Path
) -> None:
    huawei = await launch_huawei(media=True, callbacks={"huawei": {"url": receiver.url}})
    await huawei.finished(await huawei.recording(), after=3)
    await until(receiver, COMPLETE, 2)
    folder = tmp_path / "data" / "takes"
    sizes = {n["record_format"]: n["file_size"] for n in of_type(receiver, COMPLETE)}
    files = {name: (folder / name).stat().st_size for name in await huawei.files()}
    (film,) = (size for name, size in files.items() if name.endswith(".mp4"))
    assert sizes == {"MP4": film, "HLS": sum(files.values()) - film}

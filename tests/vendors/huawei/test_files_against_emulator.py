"""Files and callbacks of the emulator, read by our side: names, places, users, times, events."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from longtake.domain.errors import Unauthorized
from longtake.domain.events import EventKind
from longtake.domain.files import FileRef
from longtake.domain.ports import Attempt
from longtake.domain.recording import RecordingRequest
from longtake.emulator.faults import CallbackFault, kinds, parse_fault
from longtake.vendors.huawei.callbacks import HuaweiCallbacks
from longtake.vendors.huawei.emulator.credentials import APP_ID
from longtake.vendors.huawei.wire.rules import RecordRule
from tests.emulator.huawei_client import APP, Huawei
from tests.vendors.huawei.service import Launch, Service, launched, listening

ROOM = "stand-up_会议 7~+'\""
"""An underscore hides the user in names; the rest must survive JSON, paths and patterns."""
SOMEBODY = "ÿ_é+ ~'"
NEW, COMPLETE = "RECORD_NEW_FILE_START", "RECORD_FILE_COMPLETE"
OVER = "CLOUD_RECORD_SERVER_OVER"
KEY = "0123456789abcdef0123456789ABCDEF"
OTHERWISE = {
    "over_event": "CLOUD_RECORD_OVER",
    "obs_location_url": True,
    "timestamp_milliseconds": True,
    "numeric_job_ids": True,
}
SETTLED = 20
"""Seconds after a stop in which everything is delivered."""

Make = Callable[..., RecordingRequest]


def recording(user: str) -> dict[str, Any]:
    """What a request says to record one user; nothing, to mix."""
    alone = {"mode": "individual", "subscriptions": {"audio": {"allow": [user]}}}
    return alone if user else {}


def rule(prefix: str = "", folder: str = "", formats: tuple[str, ...] = ("HLS", "MP4")) -> Any:
    """A rule that puts names together in this way; an empty prefix is the usual one."""
    named = {"record_prefix": prefix} if prefix else {}
    place = {"location": "cn-north-4", "project_id": "p", "bucket": "takes", "object": folder}
    configs = {
        "HLS": {"hls_config": {"record_cycle": 0, **named}},
        "MP4": {"mp4_config": {"record_cycle": 10_800, **named}},
    }
    given: dict[str, Any] = {
        "obs_addr": {name: value for name, value in place.items() if value},
        "record_formats": formats,
    }
    for form in formats:
        given |= configs[form]
    return RecordRule.model_validate(given)


# -- files -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
async def with_media(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Service]:
    async with launched(tmp_path_factory.mktemp("media"), media=True) as service:
        yield service


@pytest.fixture
async def recorded(with_media: Service) -> Service:
    """A service that writes media, as new."""
    huawei = with_media.huawei
    await huawei.http.post("/_emulator/reset")
    shutil.rmtree(huawei.data, ignore_errors=True)
    return Service(huawei, with_media.http)


def stored(huawei: Huawei) -> set[str]:
    """Keys of all objects in the bucket."""
    folder = huawei.data / "takes"
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


RULES: list[tuple[RecordRule | None, str, set[str]]] = [
    (None, "", {"playlist", "segment", "mp4"}),
    (None, "{app_id}/{record_format}/{stream}_", {"playlist", "segment", "mp4"}),
    (
        rule("{record_format}/x-{stream}-{file_start_time}", "rec/deep"),
        "rec/deep/{record_format}/x-{stream}-",
        {"playlist", "segment", "mp4"},
    ),
    (
        rule("{stream}/{record_format}/{file_start_time}", "rec/"),
        "rec/{stream}/",
        {"playlist", "segment", "mp4"},
    ),
    (
        rule("{file_start_time}.{record_format}/{stream}/all"),
        "{file_start_time}.{record_format}/{stream}/",
        {"playlist", "segment", "mp4"},
    ),
    (rule("{stream}/{file_start_time}", formats=("MP4",)), "{stream}", {"mp4"}),
    (rule(formats=("HLS",)), "{app_id}/hls/", {"playlist", "segment"}),
]


@pytest.mark.parametrize(("made_by", "prefix", "made_kinds"), RULES)
@pytest.mark.parametrize(
    ("room", "user"),
    [("standup", ""), ("standup", "alice"), (ROOM, ""), (ROOM, SOMEBODY), ("s_1_a_b", "")],
    ids=["mix", "one", "strange mix", "strange one", "misleading mix"],
)
async def test_both_sides_tell_one_story_of_every_file(
    *,
    recorded: Service,
    make_request: Make,
    attempt: Attempt,
    room: str,
    user: str,
    made_by: RecordRule | None,
    prefix: str,
    made_kinds: set[str],
) -> None:
    await recorded.huawei.room(room, "alice", SOMEBODY)
    await recorded.profile(made_by or rule(), prefix)
    request = make_request(room=room, **recording(user))
    recorder, task = await recorded.up(request, attempt)
    await recorded.huawei.advance(1)
    await recorder.stop(request, task)
    await recorded.huawei.advance(SETTLED)
    made = await recorded.made()
    keys = stored(recorded.huawei)
    assert keys == set(made["files"])
    assert all(key.startswith(recorder.key_prefixes(request, attempt)) for key in keys)
    assert all(key.startswith(recorder.key_prefixes(request, attempt, task.id)) for key in keys)
    assert {recorder.task_id_in(attempt, request, key) for key in keys} == {task.id}
    named = [recorder.describe_file(key) for key in keys]
    assert {file.kind for file in named} == made_kinds
    readable = "" if "_" in room else user
    assert {file.user for file in named} == {readable}
    began = datetime.fromisoformat(made["started_at"]).replace(microsecond=0)
    assert {file.begins_at for file in named} == {began}
    playlists = [file.key for file in named if file.kind == "playlist"]
    for key in playlists:
        text = (recorded.huawei.data / "takes" / key).read_text()
        assert recorder.playlist_began(text) is None
        assert text.rstrip().endswith("#EXT-X-ENDLIST")


async def test_name_without_a_time_tells_job_and_user_where_it_ends(
    recorded: Service, make_request: Make, attempt: Attempt
) -> None:
    await recorded.huawei.room("standup", "alice")
    await recorded.profile(rule("live/{stream}"), "live/{stream}")
    request = make_request(**recording("alice"))
    recorder, task = await recorded.up(request, attempt)
    await recorded.huawei.advance(1)
    await recorder.stop(request, task)
    await recorded.huawei.advance(SETTLED)
    keys = stored(recorded.huawei)
    assert all(key.startswith(recorder.key_prefixes(request, attempt, task.id)) for key in keys)
    whole = {key for key in keys if not key.endswith(".ts")}
    assert {recorder.task_id_in(attempt, request, key) for key in whole} == {task.id}
    assert {recorder.describe_file(key).user for key in whole} == {"alice"}
    assert {recorder.describe_file(key).begins_at for key in keys} == {None}


async def test_files_of_other_jobs_are_not_taken_for_ours(
    recorded: Service, make_request: Make, attempt: Attempt
) -> None:
    wishes = [("standup", ""), ("standup", "alice"), ("standup", "alice2"), ("standup2", "")]
    for room in ("standup", "standup2"):
        await recorded.huawei.room(room, "alice", "alice2")
    requests = [make_request(room=room, **recording(user)) for room, user in wishes]
    started = [await recorded.up(request, attempt) for request in requests]
    await recorded.huawei.advance(1)
    for request, (recorder, task) in zip(requests, started, strict=True):
        await recorder.stop(request, task)
    await recorded.huawei.advance(SETTLED)
    keys = stored(recorded.huawei)
    for request, (recorder, task) in zip(requests, started, strict=True):
        found = {recorder.task_id_in(attempt, request, key) for key in keys}
        assert found == {None, task.id}


async def test_unauthorised_bucket_is_told_by_silence(
    launch: Launch, make_request: Make, attempt: Attempt
) -> None:
    service = await launch(unauthorised=["takes"])
    recorder, task = await service.up(make_request(), attempt)
    await service.huawei.advance(15)
    assert (await recorder.query(make_request(), task)).phase.up
    await recorder.stop(make_request(), task)
    await service.huawei.advance(SETTLED)
    assert (await service.made())["files"] == []


# -- callbacks -------------------------------------------------------------------------------------


@pytest.fixture
async def told(service: Service) -> AsyncGenerator[Service]:
    """The usual service, calling back."""
    async with listening(service):
        yield service


def whole_files(keys: list[str]) -> set[str]:
    """Those that events tell of: slices are in their playlist."""
    return {key for key in keys if not key.endswith(".ts")}


@pytest.mark.parametrize("user", ["", "alice", SOMEBODY], ids=["mix", "one", "strange one"])
@pytest.mark.parametrize("options", [{}, OTHERWISE], ids=["usual", "otherwise"])
async def test_events_are_understood(
    *,
    launch: Launch,
    make_request: Make,
    attempt: Attempt,
    user: str,
    options: dict[str, Any],
) -> None:
    service = await launch(**options)
    await service.huawei.room(ROOM, "alice", SOMEBODY)
    request = make_request(room=ROOM, **recording(user))
    async with listening(service):
        recorder, task = await service.up(request, attempt)
        await service.huawei.advance(5)
        await service.huawei.fault("migrate", "now", seconds=3)
        await service.huawei.advance(10)
        await recorder.stop(request, task)
        await service.huawei.advance(SETTLED)
        over = options.get("over_event", OVER)
        events = await service.heard(**{NEW: 4, COMPLETE: 4, over: 1})
    identity = recorder.traits(request).recorder_ids.identity("session", 1)
    whose = {(event.account, event.room, event.task_id) for event in events}
    assert whose == {("demo", ROOM, task.id)}
    assert {event.recorder for event in events} == {identity}
    told_kinds = [event.kind for event in events]
    assert told_kinds.count(EventKind.MEDIA_FLOWING) == 4
    (end,) = [event for event in events if event.kind is EventKind.ENDED]
    assert end.detail == "job over TENANT_STOP"
    files = [file for event in events for file in event.files]
    made = await service.made()
    assert {file.key for file in files} == whole_files(made["files"])
    assert len({event.id for event in events if event.files}) == len(files) == 4
    assert {file.user for file in files} == {user}
    assert {file.kind for file in files} == {"playlist", "mp4"}
    for file in files:
        assert_told_as_named(file, recorder.describe_file(file.key))
    lengths = {len(headers["x-rtc-timestamp"]) for headers, _ in service.receiver.seen}
    assert lengths == {13 if options else 10}


def assert_told_as_named(told: FileRef, named: FileRef) -> None:
    """An event tells at least what the name does."""
    assert (told.key, told.kind, told.track) == (named.key, named.kind, named.track)
    assert named.user in {"", told.user}
    assert told.begins_at == named.begins_at


async def test_signature_is_over_the_raw_bytes(
    told: Service, make_request: Make, attempt: Attempt
) -> None:
    await told.huawei.room(ROOM, "alice")
    await told.up(make_request(room=ROOM), attempt)
    await told.heard(**{NEW: 2})
    parser = HuaweiCallbacks("demo", told.account())
    for headers, body in told.receiver.seen:
        again = json.dumps(json.loads(body)).encode()
        assert again != body
        for changed in (body + b" ", again):
            with pytest.raises(Unauthorized):
                parser.verify(headers, changed)
        for name in ("x-rtc-rand", "x-rtc-timestamp", "x-rtc-signature"):
            with pytest.raises(Unauthorized):
                parser.verify({**headers, name: f"{headers[name]}0"}, body)


@pytest.mark.parametrize("secret", [KEY, ""])
async def test_application_s_own_key_signs_and_none_is_refused(
    told: Service, make_request: Make, attempt: Attempt, secret: str
) -> None:
    setting = {"url": told.receiver.url, "auth_key": secret}
    assert (await told.huawei.call("PUT", f"{APP}/record-callback", setting)).is_success
    await told.up(make_request(), attempt)
    await told.receiver.until(lambda: told.receiver.seen)
    headers, body = told.receiver.seen[0]
    with pytest.raises(Unauthorized):
        HuaweiCallbacks("demo", told.account()).verify(headers, body)
    parser = HuaweiCallbacks("demo", told.account(callback_secret=KEY))
    if secret:
        parser.verify(headers, body)
    else:
        with pytest.raises(Unauthorized):
            parser.verify(headers, body)


async def test_event_of_another_application_is_no_event(
    told: Service, make_request: Make, attempt: Attempt
) -> None:
    await told.up(make_request(), attempt)
    await told.receiver.until(lambda: told.receiver.seen)
    _, body = told.receiver.seen[0]
    assert json.loads(body)["app_id"] == APP_ID
    assert HuaweiCallbacks("demo", told.account(app_id="another")).parse(body) is None


async def test_idle_and_failed_ends_are_told_with_their_reason(
    told: Service, make_request: Make, attempt: Attempt
) -> None:
    for room in ("empty", "evicted", "doomed"):
        if room == "doomed":
            await told.huawei.fault("never_up", "start")
        await told.up(make_request(room=room, max_idle=60), attempt)
    await told.huawei.fault("evict", "now", room="evicted")
    await told.huawei.advance(61)
    events = await told.heard(**{OVER: 3})
    assert {event.room: event.detail for event in events} == {
        "empty": "job over EXCEED_MAX_IDLE_TIME",
        "evicted": "job over INTERNAL_ERROR",
        "doomed": "job over INTERNAL_ERROR",
    }


async def test_late_uploads_are_told_when_they_are_there(
    told: Service, make_request: Make, attempt: Attempt
) -> None:
    recorder, task = await told.up(make_request(), attempt)
    await told.huawei.fault("stall_upload", "now", seconds=50)
    await told.huawei.advance(15)
    await recorder.stop(make_request(), task)
    await told.huawei.advance(SETTLED)
    events = await told.heard(**{OVER: 1})
    assert EventKind.FILES not in {event.kind for event in events}
    await told.huawei.advance(30)
    events = await told.heard(**{COMPLETE: 2})
    keys = {file.key for event in events for file in event.files}
    assert keys == whole_files((await told.made())["files"])


async def test_refused_uploads_are_told_by_silence(
    told: Service, make_request: Make, attempt: Attempt
) -> None:
    await told.huawei.fault("wrong_storage", "start")
    recorder, task = await told.up(make_request(), attempt)
    await told.huawei.advance(15)
    await recorder.stop(make_request(), task)
    await told.huawei.advance(60)
    assert {event.kind for event in await told.heard(**{OVER: 1})} == {EventKind.ENDED}


async def test_forged_end_is_refused(told: Service, make_request: Make, attempt: Attempt) -> None:
    await told.huawei.fault("forge", "callback")
    await told.up(make_request(), attempt)
    await told.receiver.until(lambda: len(told.receiver.seen) == 3)
    parser = HuaweiCallbacks("demo", told.account())
    for headers, body in told.receiver.seen:
        if json.loads(body)["event_type"] == OVER:
            with pytest.raises(Unauthorized):
                parser.verify(headers, body)
        else:
            parser.verify(headers, body)


async def test_doubled_event_is_one_event(
    told: Service, make_request: Make, attempt: Attempt
) -> None:
    recorder, task = await told.up(make_request(), attempt)
    await told.huawei.advance(5)
    await told.huawei.fault("double", "callback", times=9)
    await recorder.stop(make_request(), task)
    await told.huawei.advance(SETTLED)
    events = await told.heard(**{COMPLETE: 4, OVER: 2})
    late = [event for event in events if event.kind is not EventKind.MEDIA_FLOWING]
    assert (len(late), len({event.id for event in late})) == (6, 3)


@pytest.mark.parametrize(
    ("kind", "fields", "ends"),
    [("drop", {}, 0), ("reorder", {}, 1), ("delay", {"seconds": 30}, 1)],
)
async def test_end_may_come_late_or_never(
    *,
    told: Service,
    make_request: Make,
    attempt: Attempt,
    kind: str,
    fields: dict[str, Any],
    ends: int,
) -> None:
    recorder, task = await told.up(make_request(), attempt)
    await told.huawei.advance(5)
    await told.heard(**{NEW: 2})
    await told.huawei.fault(kind, "callback", **fields)
    await recorder.stop(make_request(), task)
    await told.huawei.advance(SETTLED)
    await told.huawei.advance(SETTLED)
    events = await told.heard(**{COMPLETE: 2, OVER: ends})
    told_kinds = [event.kind for event in events]
    assert told_kinds.count(EventKind.ENDED) == ends
    assert told_kinds.index(EventKind.FILES) == 2


def test_every_kind_of_spoilt_callback_is_met() -> None:
    spoilt = {
        kind
        for kind, fields in kinds().items()
        if kind not in {"code", "status"}
        and isinstance(
            parse_fault({"kind": kind, **({"seconds": 1} if "seconds" in fields else {})}),
            CallbackFault,
        )
    }
    assert spoilt == {"forge", "double", "drop", "reorder", "delay"}


async def test_clock_of_the_emulator_is_the_clock_of_its_files(
    told: Service, make_request: Make, attempt: Attempt
) -> None:
    await told.huawei.advance(86_400)
    recorder, task = await told.up(make_request(), attempt)
    await told.huawei.advance(5)
    await recorder.stop(make_request(), task)
    await told.huawei.advance(SETTLED)
    events = await told.heard(**{COMPLETE: 2})
    begins = {file.begins_at for event in events for file in event.files}
    (begun,) = begins
    assert begun is not None
    assert timedelta(hours=23) < begun - datetime.now(UTC) < timedelta(hours=25)


def test_hostile_names_are_parts_of_paths() -> None:
    assert not {"/", "\\"} & {*ROOM, *SOMEBODY}
    assert Path(f"m_1_{ROOM}.ts").suffix == ".ts"

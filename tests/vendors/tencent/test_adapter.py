"""The port `Recorder`: what goes over the wire for what the session asks, and what comes back."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from longtake.domain.errors import (
    AlreadyStopped,
    InvalidRequest,
    StartUnknown,
    TaskNotFound,
    VendorUnavailable,
)
from longtake.domain.events import TaskPhase
from longtake.domain.ports import Attempt, Task
from longtake.domain.recording import (
    SCENE_PARTS,
    Canvas,
    RecordingRequest,
    Scene,
    StreamFilter,
    Subscriptions,
)
from longtake.vendors.tencent.adapter import TencentRecorder
from longtake.vendors.tencent.settings import TencentAccount, TencentStorage
from longtake.vendors.tencent.spec import SPEC
from longtake.vendors.tencent.translate import usual_bitrate

APP, TASK_ID = 1400000123, "task-Ab+9_x."
NOW = datetime(2026, 1, 2, 3, 14, 15, 678000, tzinfo=UTC)
PATH = "rec/0123456789ab/a1"

Make = Callable[..., RecordingRequest]
MakeRecorder = Callable[..., TencentRecorder]


class Vendor:
    """Answers `answers[action]`, and keeps what was asked."""

    def __init__(self, **answers: dict[str, Any]) -> None:
        self.answers = {"Create": {"TaskId": TASK_ID}, "Modify": {}, "Delete": {}, **answers}
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        action = request.headers["X-TC-Action"].removesuffix("CloudRecording")
        self.asked.append((action, json.loads(request.content)))
        answer = {**self.answers[action], "RequestId": "req-1"}
        return httpx.Response(200, json={"Response": answer})


def refused(code: str) -> dict[str, Any]:
    return {"Error": {"Code": code, "Message": "no"}}


def scene_of(request: RecordingRequest, **changes: Any) -> Scene:
    return request.first_scene().model_copy(update=changes)


async def started(
    make_recorder: MakeRecorder, request: RecordingRequest, attempt: Attempt, **account: Any
) -> dict[str, Any]:
    told = Vendor()
    recorder = make_recorder(told, **account)
    recorder.traits(request)
    assert await recorder.start(request, request.first_scene(), attempt) == TASK_ID
    ((action, body),) = told.asked
    assert action == "Create"
    return body


def opened(token: str) -> dict[str, Any]:
    packed = base64.b64decode(token.translate(str.maketrans("*-_", "+/=")))
    return json.loads(zlib.decompress(packed))


async def test_mixed_start_says_everything(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt
) -> None:
    request = make_request(
        canvas={"width": 1920, "height": 1080, "fps": 30, "video_kbps": 3000, "audio_kbps": 96},
        layout={"kind": "speaker", "main": "ada", "background_color": "#112233"},
        subscriptions={"audio": {"allow": ["ada", "bob.*$"]}, "video": {"deny": ["eve"]}},
        output={"storage": "archive", "formats": ["hls", "mp4"], "max_file_length": "PT2H"},
        max_idle="PT10M",
    )
    body = await started(make_recorder, request, attempt)
    sig = body.pop("UserSig")
    assert body == {
        "SdkAppId": APP,
        "RoomId": "standup",
        "RoomIdType": 0,
        "UserId": attempt.recorder,
        "RecordParams": {
            "RecordMode": 2,
            "MaxIdleTime": 600,
            "StreamType": 0,
            "SubscribeStreamUserIds": {
                "SubscribeAudioUserIds": ["ada", "bob.*$"],
                "UnSubscribeVideoUserIds": ["eve"],
            },
            "OutputFormat": 1,
            "MaxMediaFileDuration": 120,
            "MediaId": 0,
        },
        "StorageParams": {
            "CloudStorage": {
                "Vendor": 0,
                "Region": "ap-singapore",
                "Bucket": "recordings-1250000000",
                "AccessKey": "bucket-access-key",
                "SecretKey": "bucket-secret-key",
                "FileNamePrefix": ["rec", "0123456789ab", "a1"],
            }
        },
        "MixTranscodeParams": {
            "VideoParams": {
                "Width": 1920,
                "Height": 1080,
                "Fps": 30,
                "BitRate": 3000000,
                "Gop": 10,
            },
            "AudioParams": {"SampleRate": 1, "Channel": 2, "BitRate": 96000},
        },
        "MixLayoutParams": {
            "MixLayoutMode": 2,
            "BackGroundColor": "#112233",
            "MaxResolutionUserId": "ada",
            "MediaId": 0,
        },
        "ResourceExpiredHour": 720,
    }
    assert opened(sig)["TLS.identifier"] == attempt.recorder


async def test_default_canvas_is_sent_whole_and_lies_down(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt
) -> None:
    body = await started(make_recorder, make_request(), attempt)
    video = body["MixTranscodeParams"]["VideoParams"]
    assert (video["Width"], video["Height"], video["Fps"], video["Gop"]) == (1280, 720, 15, 10)
    assert video["BitRate"] == 1000 * usual_bitrate(Canvas())
    assert body["MixLayoutParams"]["MixLayoutMode"] == 3
    assert "AudioParams" not in body["MixTranscodeParams"]


@pytest.mark.parametrize(
    ("canvas", "kbps"),
    [
        ({"width": 360, "height": 640}, 550),
        ({"width": 720, "height": 1280}, 1556),
        ({"width": 16, "height": 16, "fps": 1}, 64),
        ({"width": 1920, "height": 1080, "fps": 60}, 6566),
    ],
)
def test_usual_bitrate_grows_with_the_picture_within_the_limits(
    canvas: dict[str, int], kbps: int
) -> None:
    assert usual_bitrate(Canvas.model_validate(canvas)) == kbps


async def test_individual_start_says_nothing_of_mixing(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt
) -> None:
    options = {"av_merge": True, "streams": "main", "fill": "black", "resource_expired_hour": 6}
    request = make_request(mode="individual", vendor_options=options)
    body = await started(make_recorder, request, attempt)
    assert body.keys().isdisjoint({"MixTranscodeParams", "MixLayoutParams"})
    assert body["ResourceExpiredHour"] == 6
    assert body["RecordParams"] == {
        "RecordMode": 1,
        "MaxIdleTime": 300,
        "StreamType": 0,
        "OutputFormat": 0,
        "AvMerge": 1,
        "MediaId": 1,
        "FillType": 1,
    }


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"output": {"storage": "archive", "formats": ["mp4"]}}, {"OutputFormat": 3}),
        ({"vendor_options": {"output_format": "aac"}}, {"OutputFormat": 4}),
        ({"vendor_options": {"output_format": "hls+aac"}}, {"OutputFormat": 2}),
        ({"vendor_options": {"streams": "aux"}}, {"MediaId": 2}),
        ({"vendor_options": {"fill": "last_frame"}}, {"FillType": 0}),
        ({"media": "audio"}, {"StreamType": 1}),
        ({"media": "video"}, {"StreamType": 2}),
        ({"max_idle": 5.2}, {"MaxIdleTime": 6}),
        (
            {
                "vendor_options": {"subscribe_robots": True},
                "subscriptions": {"audio": {"allow": ["mixer"]}},
            },
            {"SubscribeAbility": 1},
        ),
        (
            {"output": {"storage": "archive", "formats": ["mp4"], "max_file_length": "PT1M"}},
            {"MaxMediaFileDuration": 1},
        ),
    ],
)
async def test_request_reaches_the_record_params(
    make_recorder: MakeRecorder,
    make_request: Make,
    attempt: Attempt,
    request_: dict[str, Any],
    expected: dict[str, int],
) -> None:
    body = await started(make_recorder, make_request(**request_), attempt)
    assert expected.items() <= body["RecordParams"].items()


async def test_audio_alone_is_mixed_without_a_picture(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt
) -> None:
    audio = {"sample_rate": 16000, "channels": 1, "kbps": 32}
    request = make_request(media="audio", vendor_options={"audio": audio})
    body = await started(make_recorder, request, attempt)
    assert "MixLayoutParams" not in body
    assert body["MixTranscodeParams"] == {
        "AudioParams": {"SampleRate": 3, "Channel": 1, "BitRate": 32000}
    }


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        (("123", {}), 1),
        (("4294967295", {}), 1),
        (("4294967296", {}), 0),
        (("0", {}), 0),
        (("0123", {}), 0),
        (("١٢٣", {}), 0),
        (("standup", {}), 0),
        (("123", {"room_id_type": "string"}), 0),
        (("123", {"room_id_type": "integer"}), 1),
    ],
)
async def test_room_is_entered_by_the_type_its_users_know(
    make_recorder: MakeRecorder,
    make_request: Make,
    attempt: Attempt,
    asked: tuple[str, dict[str, str]],
    kind: int,
) -> None:
    room, options = asked
    request = make_request(room=room, vendor_options=options)
    body = await started(make_recorder, request, attempt)
    assert (body["RoomId"], body["RoomIdType"]) == (room, kind)


@pytest.mark.parametrize(
    ("formats", "media_type"), [(["hls"], 1), (["mp4"], 0), (["hls", "mp4"], 3)]
)
async def test_vod_takes_the_place_of_the_bucket(
    make_recorder: MakeRecorder,
    make_request: Make,
    attempt: Attempt,
    formats: list[str],
    media_type: int,
) -> None:
    vod = {"procedure": "p", "class_id": 5, "sub_app_id": 6, "user_define_record_id": "rec-1"}
    request = make_request(
        output={"storage": "vod", "formats": formats}, vendor_options={"vod": vod}
    )
    body = await started(make_recorder, request, attempt)
    told = {"Procedure": "p", "ClassId": 5, "SubAppId": 6, "UserDefineRecordId": "rec-1"}
    assert body["StorageParams"] == {"CloudVod": {"TencentVod": {**told, "MediaType": media_type}}}
    assert "OutputFormat" not in body["RecordParams"]


async def test_own_endpoint_reaches_the_wire(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt
) -> None:
    body = await started(make_recorder, make_request(output={"storage": "minio"}), attempt)
    bucket = body["StorageParams"]["CloudStorage"]
    assert (bucket["Vendor"], bucket["EndpointUrl"]) == (1, "https://minio.example:9000")


LATE = {"vendor_options": {"resource_expired_hour": 6}}


@pytest.mark.parametrize(
    ("case", "hours"),
    [
        ({}, 720 + 0.5 + 24),
        (LATE, 24 + 0.5 + 24),
        ({**LATE, "max_duration": "P10D"}, 240 + 0.5 + 24),
        ({"user_sig_hours": 100}, 100),
        ({"user_sig_hours": 8760}, 720 + 0.5 + 24),
    ],
)
async def test_user_sig_outlives_the_task(
    make_recorder: MakeRecorder,
    make_request: Make,
    attempt: Attempt,
    case: dict[str, Any],
    hours: float,
) -> None:
    account = {name: case[name] for name in case if name == "user_sig_hours"}
    asked = {name: case[name] for name in case if name not in account}
    request = make_request(max_idle="PT30M", **asked)
    sig = opened((await started(make_recorder, request, attempt, **account))["UserSig"])
    assert sig["TLS.expire"] == hours * 3600
    assert (sig["TLS.sdkappid"], sig["TLS.time"]) == (APP, int(NOW.timestamp()))


async def test_room_key_is_minted_only_where_permissions_are_controlled(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt
) -> None:
    request = make_request(room="7007")
    assert "PrivateMapKey" not in await started(make_recorder, request, attempt)
    body = await started(make_recorder, request, attempt, private_map_key=True)
    buffer = base64.b64decode(opened(body["PrivateMapKey"])["TLS.userbuf"])
    assert attempt.recorder.encode() in buffer
    assert (7007).to_bytes(4) in buffer
    assert "TLS.userbuf" not in opened(body["UserSig"])


async def test_recovery_is_the_same_call_by_the_same_robot(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt
) -> None:
    told = Vendor()
    recorder, request = make_recorder(told), make_request()
    await recorder.start(request, request.first_scene(), attempt)
    await recorder.recover(request, request.first_scene(), attempt)
    assert told.asked[0] == told.asked[1]


async def test_lost_answer_leaves_the_start_in_doubt(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt
) -> None:
    told = Vendor(Create=refused("InternalError.CRInternalError"))
    request = make_request()
    with pytest.raises(StartUnknown):
        await make_recorder(told).start(request, request.first_scene(), attempt)


@pytest.mark.parametrize("part", SCENE_PARTS)
async def test_every_change_sends_the_whole_scene(
    make_recorder: MakeRecorder, make_request: Make, task: Task, part: Any
) -> None:
    told, request = Vendor(), make_request(layout={"kind": "floating", "main": "ada"})
    muted = Subscriptions(audio=StreamFilter(deny=("eve",)))
    await make_recorder(told).apply(request, task, scene_of(request, subscriptions=muted), part)
    assert told.asked == [
        (
            "Modify",
            {
                "SdkAppId": APP,
                "TaskId": TASK_ID,
                "SubscribeStreamUserIds": {"UnSubscribeAudioUserIds": ["eve"]},
                "MixLayoutParams": {
                    "MixLayoutMode": 1,
                    "MaxResolutionUserId": "ada",
                    "BackGroundColor": "#000000",
                },
            },
        )
    ]


@pytest.mark.parametrize(
    ("request_", "groups"),
    [
        ({}, {"SubscribeStreamUserIds", "MixLayoutParams"}),
        ({"media": "audio"}, {"SubscribeStreamUserIds"}),
        ({"mode": "individual"}, {"SubscribeStreamUserIds"}),
    ],
)
async def test_change_back_to_everybody_is_said(
    make_recorder: MakeRecorder,
    make_request: Make,
    task: Task,
    request_: dict[str, Any],
    groups: set[str],
) -> None:
    told, request = Vendor(), make_request(**request_)
    await make_recorder(told).apply(request, task, request.first_scene(), "subscriptions")
    body = told.asked[0][1]
    assert body.keys() - {"SdkAppId", "TaskId"} == groups
    assert body["SubscribeStreamUserIds"] == {}


async def test_change_that_breaks_a_rule_is_refused_before_the_call(
    make_recorder: MakeRecorder, make_request: Make, task: Task
) -> None:
    request = make_request(media="audio")
    wish = Subscriptions(video=StreamFilter(allow=("ada",)))
    with pytest.raises(InvalidRequest, match="records no video"):
        await make_recorder().apply(
            request, task, scene_of(request, subscriptions=wish), "subscriptions"
        )


@pytest.mark.parametrize(
    ("status", "phase"),
    [
        ("Idle", TaskPhase.RUNNING),
        ("idle", TaskPhase.RUNNING),
        ("InProgress", TaskPhase.RUNNING),
        ("inprogress", TaskPhase.RUNNING),
        ("Exited", TaskPhase.ENDING),
    ],
)
async def test_status_is_told_in_neutral_terms(
    make_recorder: MakeRecorder, make_request: Make, task: Task, status: str, phase: TaskPhase
) -> None:
    told = Vendor(Describe={"Status": status, "StorageFileList": None})
    seen = await make_recorder(told).query(make_request(), task)
    assert (seen.phase, seen.at, seen.files) == (phase, NOW, ())
    assert told.asked == [("Describe", {"SdkAppId": APP, "TaskId": TASK_ID})]


@pytest.mark.parametrize(("room", "kind"), [("standup", "string"), ("7007", "integer")])
async def test_idle_task_says_which_room_it_waits_in(
    make_recorder: MakeRecorder, make_request: Make, task: Task, room: str, kind: str
) -> None:
    told = Vendor(Describe={"Status": "Idle"})
    seen = await make_recorder(told).query(make_request(room=room), task)
    assert seen.detail == f"Idle: no anchor publishes in this room, entered as one of {kind} type"


@pytest.mark.parametrize(
    ("code", "phase"),
    [
        ("ResourceNotFound", TaskPhase.MISSING),
        ("FailedOperation.TaskNotExist", TaskPhase.MISSING),
        ("FailedOperation.TaskFinished", TaskPhase.ENDED),
    ],
)
async def test_unknown_and_ended_tasks_are_observations(
    make_recorder: MakeRecorder, make_request: Make, task: Task, code: str, phase: TaskPhase
) -> None:
    seen = await make_recorder(Vendor(Describe=refused(code))).query(make_request(), task)
    assert seen.phase is phase
    assert code in seen.detail


@pytest.mark.parametrize("status", ["", None, "Migrating", 5])
async def test_unknown_status_is_asked_again(
    make_recorder: MakeRecorder, make_request: Make, task: Task, status: Any
) -> None:
    with pytest.raises(VendorUnavailable, match="is unknown"):
        await make_recorder(Vendor(Describe={"Status": status})).query(make_request(), task)


async def test_reported_files_have_whole_keys_and_users(
    make_recorder: MakeRecorder, make_request: Make, task: Task
) -> None:
    name = f"{APP}_cm9vbS03__UserId_s_dXNlcj4+MQ..__UserId_e_aux_video.m3u8"
    entry = {"UserId": None, "FileName": name, "TrackType": "video", "BeginTimeStamp": "1700000000"}
    told = Vendor(Describe={"Status": "InProgress", "StorageFileList": [entry, None, 5]})
    seen = await make_recorder(told).query(make_request(), task)
    (file,) = seen.files
    assert (seen.phase, seen.detail) == (TaskPhase.FLOWING, "InProgress")
    assert file.key == f"{PATH}/{TASK_ID}/{name}"
    assert (file.kind, file.user, file.track) == ("playlist", "user>>1", "video")
    assert file.begins_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


async def test_media_without_a_file_yet_is_not_taken_for_stored(
    make_recorder: MakeRecorder, make_request: Make, task: Task
) -> None:
    told = Vendor(Describe={"Status": "InProgress", "StorageFileList": []})
    seen = await make_recorder(told).query(make_request(), task)
    assert (seen.phase, seen.detail) == (
        TaskPhase.RUNNING,
        "InProgress: media comes in, no file yet",
    )


@pytest.mark.parametrize("output", [{"storage": "vod"}, {"storage": "archive", "formats": ["mp4"]}])
async def test_where_no_playlist_is_listed_a_task_flows_all_the_same(
    make_recorder: MakeRecorder, make_request: Make, task: Task, output: dict[str, Any]
) -> None:
    told = Vendor(Describe={"Status": "InProgress", "StorageFileList": []})
    request = make_request(output=output)
    assert (await make_recorder(told).query(request, task)).phase is TaskPhase.FLOWING


async def test_stop_is_accepted_while_uploads_go_on(
    make_recorder: MakeRecorder, make_request: Make, task: Task
) -> None:
    told = Vendor()
    stopped = await make_recorder(told).stop(make_request(), task)
    assert (stopped.uploading, stopped.detail, stopped.files) == ("unknown", "stopping", ())
    assert told.asked == [("Delete", {"SdkAppId": APP, "TaskId": TASK_ID})]


@pytest.mark.parametrize(
    ("code", "expected"),
    [("ResourceNotFound", TaskNotFound), ("FailedOperation.TaskFinished", AlreadyStopped)],
)
async def test_stop_of_an_ended_task_says_so(
    make_recorder: MakeRecorder,
    make_request: Make,
    task: Task,
    code: str,
    expected: type[Exception],
) -> None:
    with pytest.raises(expected):
        await make_recorder(Vendor(Delete=refused(code))).stop(make_request(), task)


async def test_there_is_nothing_to_acquire(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt
) -> None:
    assert make_recorder().traits(make_request()).resource_window is None
    with pytest.raises(InvalidRequest):
        await make_recorder().acquire(make_request(), attempt)


@pytest.mark.parametrize(
    ("room", "name"),
    [
        ("room-7", f"{APP}_cm9vbS03.m3u8"),
        ("room-7", f"ha1_{APP}_cm9vbS03__UserId_s_YWxpY2U.__UserId_e_main_audio.m3u8"),
        ("7007", f"{APP}_7007_20260102031415678.ts"),
    ],
)
def test_stored_file_tells_the_task_s_id(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt, room: str, name: str
) -> None:
    key = f"{PATH}/{TASK_ID}/{name}"
    assert make_recorder().task_id_in(attempt, make_request(room=room), key) == TASK_ID


@pytest.mark.parametrize(
    "key",
    [
        f"{PATH}/{APP}_cm9vbS03.m3u8",
        f"{PATH}//{APP}_cm9vbS03.m3u8",
        f"{PATH}2/{TASK_ID}/{APP}_cm9vbS03.m3u8",
        f"other/{PATH}/{TASK_ID}/{APP}_cm9vbS03.m3u8",
        f"{PATH}/{TASK_ID}/{APP}_NzAwNw...m3u8",  # another room's
        f"{PATH}/{TASK_ID}/1400000999_cm9vbS03.m3u8",  # another application's
        f"{PATH}/{TASK_ID}/deeper/{APP}_cm9vbS03.m3u8",
        f"{PATH}/{TASK_ID}/notes.txt",
        f"{PATH}/{TASK_ID}/",
        PATH,
        "",
    ],
)
def test_foreign_file_tells_no_task(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt, key: str
) -> None:
    assert make_recorder().task_id_in(attempt, make_request(room="room-7"), key) is None


def test_folder_offers_its_rooms() -> None:
    assert (SPEC.slug, SPEC.recorder) == ("tencent", TencentRecorder)
    assert (SPEC.account, SPEC.storage) == (TencentAccount, TencentStorage)

"""The port `Recorder`: what goes over the wire for what the session asks, and what comes back."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from longtake.domain.errors import (
    AlreadyRunning,
    AlreadyStopped,
    InvalidRequest,
    StartUnknown,
    TaskNotFound,
    VendorUnavailable,
)
from longtake.domain.events import TaskPhase
from longtake.domain.layout import GridLayout
from longtake.domain.ports import Attempt, Task
from longtake.domain.recording import (
    SCENE_PARTS,
    Canvas,
    RecordingRequest,
    Scene,
    StreamFilter,
    Subscriptions,
)
from longtake.vendors.alibaba.adapter import AlibabaRecorder
from longtake.vendors.alibaba.settings import AlibabaAccount, AlibabaStorage
from longtake.vendors.alibaba.spec import SPEC
from longtake.vendors.alibaba.translate import usual_bitrate

APP = "0a1b2c3d-7074-4e5f-9ef5-85c19a400001"
TASK_ID = "73a1c0de-8501-4f00-8ac1-72295a000001"
TOKEN = "lt0123456789abcdef0123"
NOW = datetime(2026, 1, 15, 8, 30, tzinfo=UTC)
START, AT = "2026-01-15-08:29:03", datetime(2026, 1, 15, 8, 29, 3, tzinfo=UTC)
FOLDER = f"rec/0123456789ab/a1/{TOKEN}"
LEVELS = FOLDER.split("/")
ADA = {"UserId": "ada", "StreamType": 0, "SourceType": 0}
BOB = {"UserId": "bob", "StreamType": 0, "SourceType": 0}
PICTURE = "https://img.example/a.png"

Make = Callable[..., RecordingRequest]
MakeRecorder = Callable[..., AlibabaRecorder]
Begin = Callable[..., Awaitable[dict[str, Any]]]


class Vendor:
    """Answers `answers[operation]`, and keeps what was asked."""

    def __init__(self, **answers: dict[str, Any]) -> None:
        self.answers = {"Start": {"TaskId": TASK_ID}, "Update": {}, "Stop": {}, **answers}
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        action = request.headers["x-acs-action"].partition("RtcCloudRecording")[0]
        query = dict(parse_qsl(request.url.query.decode(), strict_parsing=True))
        self.asked.append((action, {name: opened(value) for name, value in query.items()}))
        answer = self.answers[action]
        return httpx.Response(400 if "Code" in answer else 200, json={**answer, "RequestId": "r"})


def opened(value: str) -> Any:
    return json.loads(value) if value.startswith("{") else value


def refused(code: str) -> dict[str, Any]:
    return {"Code": code, "Message": "no"}


def described(status: str, **lists: Any) -> dict[str, Any]:
    return {"TaskInfo": {"TaskId": TASK_ID, "Status": status, "RecordFileList": lists}}


def scene_of(request: RecordingRequest, **changes: Any) -> Scene:
    return request.first_scene().model_copy(update=changes)


def allowed(audio: tuple[str, ...] = (), video: tuple[str, ...] = ()) -> dict[str, Any]:
    given = {"audio": audio, "video": video}
    return {"subscriptions": {name: {"allow": users} for name, users in given.items() if users}}


async def started(
    make_recorder: MakeRecorder, request: RecordingRequest, attempt: Attempt, **account: Any
) -> dict[str, Any]:
    told = Vendor()
    recorder = make_recorder(told, **account)
    recorder.traits(request)
    assert await recorder.start(request, request.first_scene(), attempt) == TASK_ID
    ((action, asked),) = told.asked
    assert action == "Start"
    return asked


@pytest.fixture
def begin(make_recorder: MakeRecorder, make_request: Make, attempt: Attempt) -> Begin:
    return lambda **request: started(make_recorder, make_request(**request), attempt)


async def test_mixed_start_says_everything(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt
) -> None:
    request = make_request(
        canvas={"width": 1920, "height": 1080, "fps": 30, "video_kbps": 3000, "audio_kbps": 96},
        layout={"kind": "speaker", "main": "ada", "background_image": PICTURE},
        **allowed(audio=("ada", "bob", "eve"), video=("ada", "bob")),
        output={"storage": "archive", "formats": ["hls", "mp4"], "max_file_length": "PT2H"},
        max_idle="PT10M",
        vendor_options={"slice_seconds": 10, "gop": 45, "frame_fill_type": 1, "mp3": True},
    )
    asked = await started(make_recorder, request, attempt)
    files = {"FileNamePattern": "{StartTime}", "FilePathPrefix": LEVELS}
    assert asked == {
        "AppId": APP,
        "ChannelId": "standup",
        "SubscribeParams": {"SubscribeUserIdList": [ADA, BOB, {"UserId": "eve", "StreamType": 1}]},
        "RecordParams": {"RecordMode": 1, "StreamType": 0, "MaxFileDuration": 7200},
        "StorageParams": {
            "StorageType": 1,
            "OSSParams": {
                "OSSEndpoint": "oss-cn-shanghai.aliyuncs.com",
                "OSSBucket": "mytest-bucket",
            },
            "FileInfo": [
                {
                    "Format": "HLS",
                    **files,
                    "SliceNamePattern": "{StartTime}_{Sequence}",
                    "SliceDuration": 10,
                },
                {"Format": "MP4", **files},
                {"Format": "MP3", **files},
            ],
        },
        "MixTranscodeParams": {
            "AudioBitrate": 96,
            "AudioChannels": 2,
            "AudioSampleRate": 32000,
            "VideoCodec": "H.264",
            "VideoBitrate": 3000,
            "VideoFramerate": 30,
            "VideoGop": 45,
            "VideoWidth": 1920,
            "VideoHeight": 1080,
            "FrameFillType": 1,
        },
        "MixLayoutParams": {
            "MixBackground": {"RenderMode": 0, "Url": PICTURE},
            "UserPanes": [
                {
                    "UserId": "ada",
                    "SourceType": 0,
                    "X": "0",
                    "Y": "0",
                    "Width": "0.8",
                    "Height": "1",
                    "ZOrder": 0,
                },
                {
                    "UserId": "bob",
                    "SourceType": 0,
                    "X": "0.8",
                    "Y": "0",
                    "Width": "0.2",
                    "Height": "0.25",
                    "ZOrder": 1,
                },
            ],
        },
        "NotifyUrl": f"https://calls.example/callbacks/alibaba/demo/{TOKEN}",
        "NotifyAuthKey": "mytestkeymytestkey",
        "NotifyFileUploadedFormat.1": "HLS",
        "NotifyFileUploadedFormat.2": "MP4",
        "NotifyFileUploadedFormat.3": "MP3",
        "MaxIdleTime": "600",
    }


async def test_default_canvas_is_sent_whole_and_lies_down(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt
) -> None:
    asked = await started(make_recorder, make_request(), attempt)
    assert asked["MixTranscodeParams"] == {
        "AudioBitrate": 64,
        "AudioChannels": 2,
        "AudioSampleRate": 32000,
        "VideoCodec": "H.264",
        "VideoBitrate": 1500,
        "VideoFramerate": 15,
        "VideoGop": 30,
        "VideoWidth": 1280,
        "VideoHeight": 720,
    }
    assert [pane["UserId"] for pane in asked["MixLayoutParams"]["UserPanes"]] == ["ada", "bob"]


@pytest.mark.parametrize(
    ("canvas", "kbps"),
    [
        ({"width": 1280, "height": 720, "fps": 15}, 1500),
        ({"width": 640, "height": 360, "fps": 15}, 530),
        ({"width": 16, "height": 16, "fps": 1}, 1),
        ({"width": 1920, "height": 1920, "fps": 60}, 9747),
        ({"width": 4096, "height": 4096, "fps": 120}, 10000),
    ],
)
def test_usual_bitrate_grows_with_the_picture_within_the_limits(
    canvas: dict[str, int], kbps: int
) -> None:
    assert usual_bitrate(Canvas.model_validate(canvas)) == kbps


@pytest.mark.parametrize(("fps", "gop"), [(1, 2), (15, 30), (30, 60), (60, 60)])
async def test_key_frames_come_every_two_seconds_where_the_limit_allows(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt, fps: int, gop: int
) -> None:
    asked = await started(make_recorder, make_request(canvas={"fps": fps}), attempt)
    assert asked["MixTranscodeParams"]["VideoGop"] == gop


async def test_individual_start_says_nothing_of_mixing_and_names_files_apart(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt
) -> None:
    request = make_request(mode="individual", vendor_options={"sources": "both"})
    asked = await started(make_recorder, request, attempt)
    assert asked.keys().isdisjoint({"MixTranscodeParams", "MixLayoutParams"})
    assert asked["RecordParams"] == {"RecordMode": 0, "StreamType": 0}
    assert asked["SubscribeParams"]["SubscribeUserIdList"] == [
        {"UserId": user, "StreamType": 0, "SourceType": source}
        for user in ("ada", "bob")
        for source in (0, 1)
    ]
    (info,) = asked["StorageParams"]["FileInfo"]
    assert info["FileNamePattern"] == "{StartTime}_{SourceType}_{UserId}"
    assert info["SliceNamePattern"] == "{StartTime}_{SourceType}_{UserId}_{Sequence}"


@pytest.mark.parametrize(
    ("request_", "output", "entries"),
    [
        ({}, 0, [ADA, BOB]),
        (allowed(("ada",), ("ada", "bob")), 0, [ADA, {**BOB, "StreamType": 2}]),
        (allowed(("bob", "ada"), ("ada",)), 0, [ADA, {"UserId": "bob", "StreamType": 1}]),
        (allowed(("ada", "ada"), ("ada", "ada")), 0, [ADA]),
        (allowed(audio=("ada", "bob")), 0, [ADA, BOB]),
        (allowed(video=("bob", "ada")), 0, [BOB, ADA]),
        ({"subscriptions": {"audio": {"deny": ["bob"]}, "video": {"allow": ["ada", "bob"]}}}, 0,
            [ADA, {**BOB, "StreamType": 2}]),
        ({"media": "audio", **allowed(audio=("ada",))}, 1, [{"UserId": "ada", "StreamType": 1}]),
        ({"media": "video", **allowed(video=("ada",))}, 2, [{**ADA, "StreamType": 2}]),
        ({"vendor_options": {"sources": "screen"}, **allowed(("ada",), ("ada",))}, 0,
            [{**ADA, "SourceType": 1}]),
        ({"layout": {"kind": "screen_share", "main": "bob"}}, 0, [ADA, {**BOB, "SourceType": 1}]),
        (
            {
                "layout": {"kind": "screen_share", "main": "bob"},
                "vendor_options": {"screen_stream": "camera"},
            },
            0,
            [ADA, BOB],
        ),
        ({"mode": "individual", **allowed(("bob", "ada"), ("ada",))}, 0,
            [ADA, {"UserId": "bob", "StreamType": 1}]),
        ({"mode": "individual", "media": "audio", **allowed(audio=("ada",))}, 1,
            [{"UserId": "ada", "StreamType": 1}]),
        ({"mode": "individual", "media": "video", **allowed(video=("ada",))}, 2, [ADA]),
    ],
)  # fmt: skip
async def test_everybody_who_is_listed_has_an_entry_of_what_is_taken(
    begin: Begin, request_: dict[str, Any], output: int, entries: list[dict[str, Any]]
) -> None:
    asked = await begin(**request_)
    assert asked["SubscribeParams"]["SubscribeUserIdList"] == entries
    assert asked["RecordParams"]["StreamType"] == output


async def test_audio_alone_is_mixed_without_a_picture(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt
) -> None:
    audio = {"sample_rate": 48000, "channels": 1, "kbps": 500}
    request = make_request(media="audio", vendor_options={"audio": audio})
    asked = await started(make_recorder, request, attempt)
    assert "MixLayoutParams" not in asked
    assert asked["MixTranscodeParams"] == {
        "AudioBitrate": 500,
        "AudioChannels": 1,
        "AudioSampleRate": 48000,
    }


async def test_vod_takes_the_place_of_the_bucket(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt
) -> None:
    asked = await started(make_recorder, make_request(output={"storage": "media"}), attempt)
    assert asked["StorageParams"] == {
        "StorageType": 2,
        "VodParams": {"StorageLocation": "mytest.oss-cn-shanghai.aliyuncs.com"},
    }
    assert not [name for name in asked if name.startswith("NotifyFileUploadedFormat")]
    assert asked["NotifyUrl"].endswith(TOKEN)


async def test_own_names_of_files_reach_the_wire(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt
) -> None:
    options = {"file_name": "{ChannelId}-{StartTime}", "slice_name": "{StartTime}-{Sequence}"}
    asked = await started(make_recorder, make_request(vendor_options=options), attempt)
    (info,) = asked["StorageParams"]["FileInfo"]
    assert info["FileNamePattern"] == "{ChannelId}-{StartTime}"
    assert info["SliceNamePattern"] == "{StartTime}-{Sequence}"


async def test_no_events_are_asked_for_without_an_address(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt
) -> None:
    asked = await started(make_recorder, make_request(), attempt, callback_url=None)
    assert not [name for name in asked if name.startswith("Notify")]


async def test_start_without_an_answer_is_never_repeated(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt
) -> None:
    told, request = Vendor(Start=refused("InternalError")), make_request()
    recorder = make_recorder(told)
    with pytest.raises(StartUnknown):
        await recorder.start(request, request.first_scene(), attempt)
    with pytest.raises(AlreadyRunning, match=f"{TOKEN} may be recording"):
        await recorder.recover(request, request.first_scene(), attempt)
    assert len(told.asked) == 1


async def test_start_in_an_empty_channel_is_refused_for_certain(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt
) -> None:
    told, request = Vendor(Start=refused("InvalidParameter.ChannelId")), make_request()
    with pytest.raises(VendorUnavailable, match="nobody is in it yet") as failure:
        await make_recorder(told).start(request, request.first_scene(), attempt)
    assert failure.value.retry_after is not None
    assert failure.value.retry_after.total_seconds() == 10


@pytest.mark.parametrize("part", SCENE_PARTS)
async def test_every_change_sends_users_and_panes(
    make_recorder: MakeRecorder, make_request: Make, task: Task, part: Any
) -> None:
    told, request = Vendor(), make_request()
    cleo = StreamFilter(allow=("cleo",))
    scene = scene_of(
        request, subscriptions=Subscriptions(audio=cleo, video=cleo), layout=GridLayout()
    )
    await make_recorder(told).apply(request, task, scene, part)
    (pane,) = told.asked[0][1].pop("MixLayoutParams")["UserPanes"]
    assert (pane["UserId"], pane["Width"], pane["Height"]) == ("cleo", "1", "1")
    entry = {"UserId": "cleo", "StreamType": 0, "SourceType": 0}
    subscribed = {"SubscribeUserIdList": [entry]}
    assert told.asked == [("Update", {"TaskId": TASK_ID, "SubscribeParams": subscribed})]


@pytest.mark.parametrize("request_", [{"media": "audio"}, {"mode": "individual"}])
async def test_change_without_a_picture_sends_users_alone(
    make_recorder: MakeRecorder, make_request: Make, task: Task, request_: dict[str, Any]
) -> None:
    told, request = Vendor(), make_request(**request_)
    await make_recorder(told).apply(request, task, request.first_scene(), "subscriptions")
    assert told.asked[0][1].keys() == {"TaskId", "SubscribeParams"}


async def test_layout_may_name_somebody_who_is_being_taken_off_the_list(
    make_recorder: MakeRecorder, make_request: Make, task: Task
) -> None:
    told, request = Vendor(), make_request(layout={"kind": "speaker", "main": "ada"})
    bob = StreamFilter(allow=("bob",))
    scene = scene_of(request, subscriptions=Subscriptions(audio=bob, video=bob))
    await make_recorder(told).apply(request, task, scene, "subscriptions")
    panes = told.asked[0][1]["MixLayoutParams"]["UserPanes"]
    assert [pane["UserId"] for pane in panes] == ["bob"]


@pytest.mark.parametrize(
    ("subscriptions", "rule"),
    [
        (Subscriptions(), r"^subscriptions\.audio: leaves nobody; alibaba records only users who"),
        (
            Subscriptions(audio=StreamFilter(allow=("ada",)), video=StreamFilter(deny=("ada",))),
            r"^subscriptions\.video: leaves nobody; alibaba records only users who",
        ),
    ],
)
async def test_change_that_breaks_a_rule_is_refused_before_the_call(
    make_recorder: MakeRecorder,
    make_request: Make,
    task: Task,
    subscriptions: Subscriptions,
    rule: str,
) -> None:
    request = make_request()
    scene = scene_of(request, subscriptions=subscriptions)
    with pytest.raises(InvalidRequest, match=rule):
        await make_recorder().apply(request, task, scene, "subscriptions")


async def test_change_to_users_whose_files_have_too_long_keys_is_refused_before_the_call(
    make_recorder: MakeRecorder, make_request: Make, task: Task
) -> None:
    request = make_request(mode="individual", output={"storage": "archive", "path_prefix": "p"})
    attempt = task.attempt.model_copy(update={"path": "p" * 900})
    everybody = Subscriptions(audio=StreamFilter(allow=("ada", "bob" * 20)))
    scene = scene_of(request, subscriptions=everybody)
    with pytest.raises(InvalidRequest, match=r"^request: a file of 'bobbob"):
        await make_recorder().apply(
            request, task.model_copy(update={"attempt": attempt}), scene, "subscriptions"
        )


async def test_change_that_leaves_no_pane_is_refused_by_its_path(
    make_recorder: MakeRecorder, make_request: Make, task: Task
) -> None:
    pane = {"x": 0, "y": 0, "width": 1, "height": 1, "user": "ada"}
    request = make_request(layout={"kind": "custom", "panes": [pane]})
    bob = StreamFilter(allow=("bob",))
    scene = scene_of(request, subscriptions=Subscriptions(audio=bob, video=bob))
    with pytest.raises(InvalidRequest, match=r"^layout\.panes: .*at least 1"):
        await make_recorder().apply(request, task, scene, "subscriptions")


@pytest.mark.parametrize(
    ("status", "phase"),
    [
        ("CREATED", TaskPhase.STARTING),
        ("STARTING", TaskPhase.STARTING),
        ("RUNNING", TaskPhase.RUNNING),
        ("running", TaskPhase.RUNNING),
        ("RECOVERING", TaskPhase.RUNNING),
        ("STOPPING", TaskPhase.ENDING),
        ("STOPPED", TaskPhase.ENDED),
    ],
)
async def test_status_is_told_in_neutral_terms(
    make_recorder: MakeRecorder, make_request: Make, task: Task, status: str, phase: TaskPhase
) -> None:
    told = Vendor(Describe=described(status, HlsFileList=None))
    seen = await make_recorder(told).query(make_request(), task)
    assert (seen.phase, seen.at, seen.files) == (phase, NOW, ())
    assert status in seen.detail
    assert told.asked == [("Describe", {"TaskId": TASK_ID})]


@pytest.mark.parametrize("status", ["RUNNING", "RECOVERING"])
@pytest.mark.parametrize("prefix", [f"{FOLDER}/{TASK_ID}/", f"{TASK_ID}/", ""])
async def test_listed_file_means_that_data_flows(
    make_recorder: MakeRecorder, make_request: Make, task: Task, status: str, prefix: str
) -> None:
    told = Vendor(Describe=described(status, HlsFileList=[f"{prefix}{START}.m3u8"]))
    seen = await make_recorder(told).query(make_request(), task)
    assert seen.phase is TaskPhase.FLOWING
    (file,) = seen.files
    assert (file.key, file.kind) == (f"{FOLDER}/{TASK_ID}/{START}.m3u8", "playlist")
    assert file.begins_at == AT


async def test_ended_task_tells_its_files(
    make_recorder: MakeRecorder, make_request: Make, task: Task
) -> None:
    lists = {
        "HlsFileList": [f"{START}_0_ada.m3u8"],
        "Mp4FileList": [f"{START}_0_ada.mp4"],
        "VodMediaList": [{"Stream": "Single::bob::A", "MediaIds": ["m1"]}],
    }
    told = Vendor(Describe=described("STOPPED", **lists))
    seen = await make_recorder(told).query(make_request(mode="individual"), task)
    assert seen.phase is TaskPhase.ENDED
    assert [(file.kind, file.user) for file in seen.files] == [
        ("playlist", "ada"),
        ("mp4", "ada"),
        ("other", "bob"),
    ]
    assert [file.file_id for file in seen.files] == ["", "", "m1"]


@pytest.mark.parametrize(
    ("code", "phase"),
    [("NotFound.Task", TaskPhase.MISSING), ("InvalidParameter.TaskId", TaskPhase.ENDED)],
)
async def test_unknown_and_ended_tasks_are_observations(
    make_recorder: MakeRecorder, make_request: Make, task: Task, code: str, phase: TaskPhase
) -> None:
    seen = await make_recorder(Vendor(Describe=refused(code))).query(make_request(), task)
    assert seen.phase is phase
    assert code in seen.detail


@pytest.mark.parametrize("status", ["", "PAUSED", "x" * 500])
async def test_unknown_status_is_asked_again(
    make_recorder: MakeRecorder, make_request: Make, task: Task, status: str
) -> None:
    told = Vendor(Describe=described(status))
    with pytest.raises(VendorUnavailable, match="is unknown") as failure:
        await make_recorder(told).query(make_request(), task)
    assert len(str(failure.value)) < 120


async def test_stop_leaves_the_uploads_to_the_service(
    make_recorder: MakeRecorder, make_request: Make, task: Task
) -> None:
    told = Vendor()
    stopped = await make_recorder(told).stop(make_request(), task)
    assert (stopped.uploading, stopped.detail, stopped.files) == ("unknown", "stopping", ())
    assert told.asked == [("Stop", {"TaskId": TASK_ID})]


@pytest.mark.parametrize("told", ["NotFound.Task", "InvalidParameter.TaskId", "STOPPING", "NEW"])
async def test_stop_of_an_ended_task_says_so(
    make_recorder: MakeRecorder, make_request: Make, task: Task, told: str
) -> None:
    over = refused("InvalidParameter.TaskId")
    recorder = make_recorder(
        Vendor(Stop=over, Describe=refused(told) if "." in told else described(told))
    )
    with pytest.raises(AlreadyStopped):
        await recorder.stop(make_request(), task)


@pytest.mark.parametrize("status", ["STARTING", "Created", "RUNNING", "RECOVERING"])
async def test_stop_is_not_believed_to_be_needless_of_a_task_on_its_way(
    make_recorder: MakeRecorder, make_request: Make, task: Task, status: str
) -> None:
    over = refused("InvalidParameter.TaskId")
    recorder = make_recorder(Vendor(Stop=over, Describe=described(status)))
    with pytest.raises(VendorUnavailable) as failure:
        await recorder.stop(make_request(), task)
    assert failure.value.call == "StopRtcCloudRecording"


async def test_stop_of_an_unknown_task_says_so(
    make_recorder: MakeRecorder, make_request: Make, task: Task
) -> None:
    with pytest.raises(TaskNotFound):
        await make_recorder(Vendor(Stop=refused("NotFound.Task"))).stop(make_request(), task)


async def test_there_is_nothing_to_acquire(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt
) -> None:
    assert make_recorder().traits(make_request()).resource_window is None
    with pytest.raises(InvalidRequest):
        await make_recorder().acquire(make_request(), attempt)


@pytest.mark.parametrize("name", [f"{START}.m3u8", f"{START}_4.ts", "own-name.mp4", "own.mp3"])
def test_stored_file_tells_the_task_s_id(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt, name: str
) -> None:
    key = f"{FOLDER}/{TASK_ID}/{name}"
    assert make_recorder().task_id_in(attempt, make_request(), key) == TASK_ID


@pytest.mark.parametrize(
    "key",
    [
        f"{FOLDER}/{START}.m3u8",
        f"{FOLDER}//{START}.m3u8",
        f"{FOLDER}2/{TASK_ID}/{START}.m3u8",
        f"rec/0123456789ab/a1/lt9/{TASK_ID}/{START}.m3u8",
        f"rec/0123456789ab/a1/{TASK_ID}/{START}.m3u8",
        f"other/{FOLDER}/{TASK_ID}/{START}.m3u8",
        f"{FOLDER}/{TASK_ID}/notes.txt",
        f"{FOLDER}/{TASK_ID}/",
        FOLDER,
        "",
    ],
)
def test_foreign_file_tells_no_task(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt, key: str
) -> None:
    assert make_recorder().task_id_in(attempt, make_request(), key) is None


def test_times_of_files_are_in_the_account_s_zone(make_recorder: MakeRecorder) -> None:
    file = make_recorder(names_utc_offset=8).describe_file(f"a/{TASK_ID}/{START}.m3u8")
    assert file.begins_at == datetime(2026, 1, 15, 0, 29, 3, tzinfo=UTC)


def test_playlist_tells_nothing_of_its_beginning(make_recorder: MakeRecorder) -> None:
    assert make_recorder().playlist_began("#EXTM3U\n") is None


def test_folder_offers_its_rooms() -> None:
    assert (SPEC.slug, SPEC.recorder) == ("alibaba", AlibabaRecorder)
    assert (SPEC.account, SPEC.storage) == (AlibabaAccount, AlibabaStorage)

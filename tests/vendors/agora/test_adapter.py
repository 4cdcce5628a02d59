"""The port `Recorder`: what goes over the wire for what the session asks, and what comes back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from longtake.domain.errors import (
    AlreadyStopped,
    InvalidRequest,
    NoRecordedData,
    ResourceExpired,
    TaskNotFound,
    VendorUnavailable,
)
from longtake.domain.events import TaskPhase
from longtake.domain.layout import CustomLayout, Pane
from longtake.domain.ports import Attempt, Task
from longtake.domain.recording import (
    Canvas,
    RecordingRequest,
    Scene,
    ScenePart,
    StreamFilter,
    Subscriptions,
)
from longtake.vendors import vendor
from longtake.vendors.agora.adapter import AgoraRecorder
from longtake.vendors.agora.settings import AgoraAccount, AgoraStorage
from longtake.vendors.agora.translate import usual_bitrate

SID = "38f8e3cfdc474cd56fc1ceba380d7e1a"
PAGE = {"mode": "web", "vendor_options": {"web": {"url": "https://page.example"}}}

Make = Callable[..., RecordingRequest]
MakeRecorder = Callable[..., AgoraRecorder]


class Vendor:
    """Answers `answers[call]` (status, body), and keeps what was asked."""

    def __init__(self, **answers: tuple[int, Any]) -> None:
        self.answers = {
            "acquire": (200, {"resourceId": "RES-1"}),
            "start": (200, {"resourceId": "RES-1", "sid": SID}),
            "update": (200, {}),
            "updateLayout": (200, {}),
            **answers,
        }
        self.asked: list[tuple[str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        call = request.url.path.rsplit("/", 1)[-1]
        self.asked.append((call, json.loads(request.content) if request.content else None))
        status, body = self.answers[call]
        return httpx.Response(status, json=body)

    def ask(self, call: str) -> dict[str, Any]:
        return next(body["clientRequest"] for name, body in self.asked if name == call)


def scene_of(request: RecordingRequest, **changes: Any) -> Scene:
    return request.first_scene().model_copy(update=changes)


async def started(
    make_recorder: MakeRecorder, request: RecordingRequest, attempt: Attempt, **account: Any
) -> dict[str, Any]:
    told = Vendor()
    await make_recorder(told, **account).start(request, request.first_scene(), attempt)
    return told.ask("start")


async def test_acquire_reserves_for_the_attempt(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt
) -> None:
    told = Vendor()
    assert await make_recorder(told).acquire(make_request(), attempt) == "RES-1"
    assert told.asked == [
        (
            "acquire",
            {
                "cname": "standup",
                "uid": "4000000001",
                "clientRequest": {"scene": 0, "resourceExpiredHour": 720},
            },
        )
    ]


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (PAGE, {"scene": 1}),
        (
            {"mode": "individual", "vendor_options": {"postponed": {"mode": "transcode"}}},
            {"scene": 2},
        ),
        (
            {
                "vendor_options": {
                    "region": "EU",
                    "region_affinity": "europe",
                    "exclude_resource_ids": ["OTHER"],
                    "resource_expired_hour": 24,
                }
            },
            {
                "scene": 0,
                "region": "EU",
                "regionAffinity": 3,
                "excludeResourceIds": ["OTHER"],
                "resourceExpiredHour": 24,
            },
        ),
    ],
)
async def test_acquire_says_where_and_for_what(
    make_recorder: MakeRecorder,
    make_request: Make,
    attempt: Attempt,
    request_: dict[str, Any],
    expected: dict[str, Any],
) -> None:
    told = Vendor()
    await make_recorder(told).acquire(make_request(**request_), attempt)
    assert expected.items() <= told.ask("acquire").items()


async def test_mixed_start_says_everything(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt
) -> None:
    request = make_request(
        canvas={"width": 1280, "height": 720, "fps": 30, "video_kbps": 2000, "audio_kbps": 192},
        layout={"kind": "speaker", "main": "7", "background_color": "#112233"},
        output={"storage": "archive", "formats": ["mp4", "hls"]},
        max_idle="PT10M",
        vendor_options={
            "channel_type": "live",
            "video_stream": "low",
            "private_params": {"correctEXTINF": True},
            "decryption": {"mode": "SM4_128_ECB", "secret": "room-key"},
        },
    )
    assert await started(make_recorder, request, attempt) == {
        "recordingConfig": {
            "channelType": 1,
            "streamTypes": 2,
            "decryptionMode": 4,
            "secret": "the-room-key",
            "audioProfile": 2,
            "videoStreamType": 1,
            "maxIdleTime": 600,
            "privateParams": '{"correctEXTINF": true}',
            "transcodingConfig": {
                "width": 1280,
                "height": 720,
                "fps": 30,
                "bitrate": 2000,
                "mixedVideoLayout": 2,
                "maxResolutionUid": "7",
                "backgroundColor": "#112233",
            },
        },
        "recordingFileConfig": {"avFileType": ["hls", "mp4"]},
        "storageConfig": {
            "vendor": 1,
            "region": 4,
            "bucket": "recordings",
            "accessKey": "AKIAEXAMPLE",
            "secretKey": "storage-secret-value",
            "fileNamePrefix": ["rec", "0123456789ab", "a1"],
        },
    }


async def test_audio_alone_has_no_picture(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt
) -> None:
    sent = await started(make_recorder, make_request(media="audio"), attempt)
    assert sent["recordingConfig"]["streamTypes"] == 0
    assert "transcodingConfig" not in sent["recordingConfig"]


async def test_individual_start_reserves_for_all_who_may_come(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt
) -> None:
    request = make_request(mode="individual", vendor_options={"snapshot": {"interval": 5}})
    sent = await started(make_recorder, request, attempt)
    assert sent["recordingConfig"]["subscribeUidGroup"] == 5
    assert not {"transcodingConfig", "audioProfile"} & sent["recordingConfig"].keys()
    assert sent["snapshotConfig"] == {"captureInterval": 5, "fileType": ["jpg"]}
    assert sent["recordingFileConfig"] == {"avFileType": ["hls"]}


async def test_screenshots_alone_ask_for_no_recording(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt
) -> None:
    request = make_request(mode="individual", vendor_options={"snapshot": {"only": True}})
    assert "recordingFileConfig" not in await started(make_recorder, request, attempt)


async def test_postponed_mixing_says_all_three_parts(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt
) -> None:
    request = make_request(
        mode="individual", media="audio", vendor_options={"postponed": {"format": "aac"}}
    )
    sent = await started(make_recorder, request, attempt)
    assert sent["recordingConfig"]["streamMode"] == "original"
    assert sent["appsCollection"] == {"combinationPolicy": "postpone_transcoding"}
    assert sent["transcodeOptions"] == {
        "container": {"format": "aac"},
        "transConfig": {"transMode": "audioMix"},
        "audio": {"sampleRate": "48000", "bitrate": "48000", "channels": "2"},
    }


async def test_web_start_describes_the_page(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt
) -> None:
    page = {"url": "https://page.example", "rtmp_url": "push", "ready_timeout": 10}
    request = make_request(
        mode="web",
        canvas={"width": 1280, "height": 720, "fps": 25},
        max_duration="PT45M",
        output={"storage": "archive", "max_file_length": "PT30M"},
        vendor_options={"web": page},
    )
    sent = await started(make_recorder, request, attempt)
    assert "recordingConfig" not in sent
    recorder, push = sent["extensionServiceConfig"]["extensionServices"]
    assert recorder["serviceParam"] == {
        "url": "https://page.example",
        "audioProfile": 0,
        "videoWidth": 1280,
        "videoHeight": 720,
        "maxRecordingHour": 2,
        "videoFps": 25,
        "mobile": False,
        "maxVideoDuration": 30,
        "onhold": False,
        "readyTimeout": 10,
    }
    assert push["serviceParam"] == {"outputs": [{"rtmpUrl": "rtmp://cdn.example/live/streamkey"}]}
    assert push["errorHandlePolicy"] == "error_ignore"


async def test_page_can_start_on_hold(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt
) -> None:
    told, request = Vendor(), make_request(**PAGE)
    await make_recorder(told).start(request, scene_of(request, on_hold=True), attempt)
    service = told.ask("start")["extensionServiceConfig"]["extensionServices"][0]
    assert service["serviceParam"]["onhold"] is True


async def test_vod_keys_come_from_the_account(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt
) -> None:
    vod = {"access_key": "vod-id", "secret_key": "vod-key", "region_id": "cn-shanghai"}
    request = make_request(vendor_options={"vod": {**vod, "title": "Standup", "tags": "a,b"}})
    sent = await started(make_recorder, request, attempt)
    (service,) = sent["extensionServiceConfig"]["extensionServices"]
    assert service["serviceName"] == "aliyun_vod_service"
    assert service["serviceParam"] == {
        "accessKey": "vod-key-id",
        "secretKey": "vod-key-value",
        "regionId": "cn-shanghai",
        "apiData": {"videoData": {"title": "Standup", "tags": "a,b"}},
    }


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"media": "audio_video"}, {}),
        (
            {"subscriptions": {"audio": {"allow": ["5", "6"]}}},
            {"subscribeAudioUids": ["5", "6"], "subscribeVideoUids": ["#allstream#"]},
        ),
        (
            {"subscriptions": {"video": {"deny": ["5"]}}},
            {"subscribeAudioUids": ["#allstream#"], "unSubscribeVideoUids": ["5"]},
        ),
        (
            {"media": "audio", "subscriptions": {"audio": {"allow": ["5"]}}},
            {"subscribeAudioUids": ["5"]},
        ),
        (
            {"media": "video", "subscriptions": {"video": {"allow": ["5"]}}},
            {"subscribeVideoUids": ["5"]},
        ),
    ],
)
async def test_filter_of_one_medium_leaves_the_other_recorded(
    make_recorder: MakeRecorder,
    make_request: Make,
    attempt: Attempt,
    asked: dict[str, Any],
    expected: dict[str, Any],
) -> None:
    request = make_request(**asked)
    config = (await started(make_recorder, request, attempt))["recordingConfig"]
    assert {name: users for name, users in config.items() if name.endswith("Uids")} == expected


async def test_recovering_is_the_identical_call(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt
) -> None:
    certificate = "5CFd2fd1755d40ecb72977518be15d3b"
    told, request = Vendor(), make_request()
    recorder = make_recorder(told, app_certificate=certificate)
    scene = request.first_scene()
    assert await recorder.start(request, scene, attempt) == SID
    assert await recorder.recover(request, scene, attempt) == SID
    first, second = told.asked
    assert first == second
    assert first[1]["clientRequest"]["token"].startswith("007")


async def test_repeat_a_few_minutes_later_is_still_identical(
    make_account: Callable[..., AgoraAccount],
    storage: dict[str, AgoraStorage],
    make_request: Make,
    attempt: Attempt,
) -> None:
    times = [datetime(2026, 1, 2, 3, 0, 0, 999, UTC) + timedelta(minutes=m) for m in (0, 4, 11)]
    tokens: list[str] = []
    for now in times:
        told = Vendor()
        http = httpx.AsyncClient(transport=httpx.MockTransport(told))
        account = make_account(app_certificate="5CFd2fd1755d40ecb72977518be15d3b")
        recorder = AgoraRecorder("demo", account, storage, http, lambda now=now: now)
        await recorder.start(make_request(), make_request().first_scene(), attempt)
        tokens.append(told.ask("start")["token"])
    assert tokens[0] == tokens[1] != tokens[2]


async def test_start_without_a_resource_is_not_sent(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt
) -> None:
    bare = attempt.model_copy(update={"resource": ""})
    with pytest.raises(ResourceExpired):
        await make_recorder().start(make_request(), make_request().first_scene(), bare)


@pytest.mark.parametrize(
    ("part", "call"), [("layout", "updateLayout"), ("subscriptions", "update")]
)
async def test_each_part_of_a_scene_is_one_call(
    make_recorder: MakeRecorder, make_request: Make, task: Task, part: ScenePart, call: str
) -> None:
    told, request = Vendor(), make_request()
    await make_recorder(told).apply(request, task, request.first_scene(), part)
    assert [asked for asked, _ in told.asked] == [call]


async def test_layout_is_sent_whole(
    make_recorder: MakeRecorder, make_request: Make, task: Task
) -> None:
    told, request = Vendor(), make_request()
    pane = Pane(x=0, y=0, width=0.5, height=0.5)
    after = scene_of(request, layout=CustomLayout(background_color="#FF0000", panes=(pane,)))
    await make_recorder(told).apply(request, task, after, "layout")
    sent = told.ask("updateLayout")
    assert (sent["backgroundColor"], sent["mixedVideoLayout"]) == ("#FF0000", 3)


async def test_subscriptions_are_sent_whole(
    make_recorder: MakeRecorder, make_request: Make, task: Task
) -> None:
    told, request = Vendor(), make_request()
    narrow = scene_of(request, subscriptions=Subscriptions(audio=StreamFilter(deny=("5",))))
    recorder = make_recorder(told)
    await recorder.apply(request, task, narrow, "subscriptions")
    await recorder.apply(request, task, request.first_scene(), "subscriptions")
    assert [body["clientRequest"]["streamSubscribe"] for _, body in told.asked] == [
        {
            "audioUidList": {"unSubscribeAudioUids": ["5"]},
            "videoUidList": {"subscribeVideoUids": ["#allstream#"]},
        },
        {
            "audioUidList": {"subscribeAudioUids": ["#allstream#"]},
            "videoUidList": {"subscribeVideoUids": ["#allstream#"]},
        },
    ]


async def test_more_users_than_reserved_for_are_refused(
    make_recorder: MakeRecorder, make_request: Make, task: Task
) -> None:
    request = make_request(mode="individual", vendor_options={"subscribe_uid_group": 0})
    wide = Subscriptions(audio=StreamFilter(allow=("1", "2", "3")))
    with pytest.raises(InvalidRequest, match="subscribe_uid_group"):
        await make_recorder().apply(
            request, task, scene_of(request, subscriptions=wide), "subscriptions"
        )


@pytest.mark.parametrize("on_hold", [True, False])
async def test_page_is_paused_and_resumed(
    make_recorder: MakeRecorder,
    make_request: Make,
    task: Task,
    on_hold: bool,  # noqa: FBT001
) -> None:
    told, request = Vendor(), make_request(**PAGE)
    await make_recorder(told).apply(request, task, scene_of(request, on_hold=on_hold), "on_hold")
    assert told.ask("update") == {"webRecordingConfig": {"onhold": on_hold}}


def page(state: str, *, onhold: bool = False, files: int = 0) -> dict[str, Any]:
    listed = [{"filename": f"{SID}_x_{n}.mp4"} for n in range(files)]
    payload = {"state": state, "onhold": onhold, "fileList": listed}
    return {"extensionServiceState": [{"serviceName": "web_recorder_service", "payload": payload}]}


@pytest.mark.parametrize(
    ("seen", "phase"),
    [
        *(({"status": status}, TaskPhase.STARTING) for status in range(4)),
        ({"status": 4}, TaskPhase.RUNNING),
        ({"status": "5", "fileList": ""}, TaskPhase.FLOWING),
        ({"status": 6}, TaskPhase.ENDING),
        ({"status": 7}, TaskPhase.ENDING),
        ({"status": 8}, TaskPhase.ENDED),
        ({"status": 20}, TaskPhase.FAILED),
        ({"status": 5, **page("init")}, TaskPhase.STARTING),
        ({"status": 5, **page("inProgress")}, TaskPhase.RUNNING),
        ({"status": 5, **page("inProgress", files=1)}, TaskPhase.FLOWING),
        ({"status": 5, **page("exit")}, TaskPhase.ENDED),
        ({"status": 20, **page("inProgress")}, TaskPhase.FAILED),
        (page("inProgress"), TaskPhase.RUNNING),
        ({"status": 4, **page("")}, TaskPhase.RUNNING),
    ],
)
async def test_status_is_told_in_neutral_terms(
    make_recorder: MakeRecorder,
    make_request: Make,
    task: Task,
    seen: dict[str, Any],
    phase: TaskPhase,
) -> None:
    told = Vendor(query=(200, {"serverResponse": seen}))
    observation = await make_recorder(told).query(make_request(), task)
    assert observation.phase is phase


@pytest.mark.parametrize("seen", [{}, {"status": 9}, {"status": "soon"}])
async def test_unknown_status_is_no_answer(
    make_recorder: MakeRecorder, make_request: Make, task: Task, seen: dict[str, Any]
) -> None:
    told = Vendor(query=(200, {"serverResponse": seen}))
    with pytest.raises(VendorUnavailable):
        await make_recorder(told).query(make_request(), task)


@pytest.mark.parametrize(
    ("answer", "phase"),
    [
        ((404, {"code": 404, "reason": "failed to find worker"}), TaskPhase.MISSING),
        ((400, {"code": 501, "reason": "exiting"}), TaskPhase.ENDING),
    ],
)
async def test_missing_or_leaving_task_is_an_observation(
    make_recorder: MakeRecorder,
    make_request: Make,
    task: Task,
    answer: tuple[int, Any],
    phase: TaskPhase,
) -> None:
    observation = await make_recorder(Vendor(query=answer)).query(make_request(), task)
    assert observation.phase is phase
    assert observation.detail


async def test_query_tells_files_by_their_keys(
    make_recorder: MakeRecorder, make_request: Make, task: Task
) -> None:
    name = f"rec/0123456789ab/a1/{SID}_standup.m3u8"
    told = Vendor(
        query=(200, {"serverResponse": {"status": 5, "fileListMode": "string", "fileList": name}})
    )
    observation = await make_recorder(told).query(make_request(), task)
    assert [(file.key, file.kind) for file in observation.files] == [(name, "playlist")]


async def test_hold_is_seen(make_recorder: MakeRecorder, make_request: Make, task: Task) -> None:
    told = Vendor(query=(200, {"serverResponse": page("inProgress", onhold=True)}))
    assert (await make_recorder(told).query(make_request(**PAGE), task)).on_hold


@pytest.mark.parametrize(
    ("body", "uploading"),
    [
        ({"uploadingStatus": "uploaded"}, "uploaded"),
        ({"uploadingStatus": "backuped", "fileList": []}, "backed_up"),
        ({"uploadingStatus": "unknow"}, "unknown"),
        ({"uploadingStatus": "stranded"}, "unknown"),
        ({}, "unknown"),
        (
            {
                "extensionServiceState": [
                    {"serviceName": "upload_service", "playload": {"uploadingStatus": "uploaded"}}
                ]
            },
            "uploaded",
        ),
    ],
)
async def test_stop_tells_of_the_uploads(
    make_recorder: MakeRecorder,
    make_request: Make,
    task: Task,
    body: dict[str, Any],
    uploading: str,
) -> None:
    told = Vendor(stop=(200, {"serverResponse": body}))
    assert (await make_recorder(told).stop(make_request(), task)).uploading == uploading
    assert told.ask("stop") == {}


async def test_stop_can_be_asynchronous(
    make_recorder: MakeRecorder, make_request: Make, task: Task
) -> None:
    told = Vendor(stop=(200, {"serverResponse": {}}))
    await make_recorder(told).stop(make_request(vendor_options={"async_stop": True}), task)
    assert told.ask("stop") == {"async_stop": True}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((206, {"code": 435, "reason": "no recorded data"}), NoRecordedData),
        ((400, {"code": 49, "reason": "invalid operation"}), AlreadyStopped),
        ((404, {"code": 404, "reason": "failed to find worker"}), TaskNotFound),
        ((206, {"code": 65, "reason": "request not completed"}), VendorUnavailable),
    ],
)
async def test_ends_of_a_stop_are_told_apart(
    make_recorder: MakeRecorder,
    make_request: Make,
    task: Task,
    answer: tuple[int, Any],
    error: type[Exception],
) -> None:
    with pytest.raises(error):
        await make_recorder(Vendor(stop=answer)).stop(make_request(), task)


def test_stored_file_gives_the_lost_sid(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt
) -> None:
    recorder = make_recorder()
    key = f"{attempt.path}/bak0_{SID}_standup_20260102031415678.ts"
    assert recorder.task_id_in(attempt, make_request(), key) == SID
    assert recorder.task_id_in(attempt, make_request(room="lobby"), key) is None
    assert recorder.describe_file(key).kind == "segment"


@pytest.mark.parametrize(
    ("canvas", "kbps"),
    [
        (Canvas(width=360, height=640, fps=15), 500),
        (Canvas(), 1414),
        (Canvas(width=1920, height=1080, fps=30), 3938),
        (Canvas(width=1920, height=1080, fps=60), 5969),
        (Canvas(width=4096, height=4096, fps=60), 6500),
    ],
)
def test_usual_bitrate_grows_with_size_and_rate(canvas: Canvas, kbps: int) -> None:
    assert usual_bitrate(canvas) == kbps


def test_registry_builds_the_recorder(
    make_account: Callable[..., AgoraAccount], storage: dict[str, AgoraStorage]
) -> None:
    spec = vendor("agora")
    assert (spec.slug, spec.account, spec.storage) == ("agora", AgoraAccount, AgoraStorage)
    http = httpx.AsyncClient()
    recorder = spec.recorder("demo", make_account(), storage, http, lambda: datetime.now(UTC))
    assert isinstance(recorder, AgoraRecorder)
    assert spec.callbacks("demo", make_account()).parse(b"{}") is None

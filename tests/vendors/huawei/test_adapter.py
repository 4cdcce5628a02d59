"""The port `Recorder`: what goes over the wire for what the session asks, and what comes back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from longtake.domain.errors import (
    AlreadyRunning,
    AlreadyStopped,
    InvalidRequest,
    QuotaExceeded,
    StartUnknown,
    TaskNotFound,
    VendorUnavailable,
)
from longtake.domain.events import TaskPhase
from longtake.domain.layout import CustomLayout, GridLayout, Layout, Pane, SpeakerLayout
from longtake.domain.ports import Attempt, Task
from longtake.domain.recording import RecordingRequest, Scene, StreamFilter, Subscriptions
from longtake.vendors.huawei.adapter import HuaweiRecorder
from longtake.vendors.huawei.settings import HuaweiAccount, HuaweiStorage
from longtake.vendors.huawei.spec import SPEC

APP = "/v2/apps/5fcdf5650a1b2c3d6f835d0d"
JOB = "608196a2fa1b2c3d515147f32ef463b0"
NOW = datetime(2026, 1, 15, 8, 30, tzinfo=UTC)
RULE = {"record_rule_id": "5f5e172b9016ed5b0961a43"}
ADA = {"mode": "individual", "subscriptions": {"audio": {"allow": ["ada"]}}}
DRAWN = {"vendor_options": {"changeable_layout": True, "users": ["ada", "bob"]}}
START = "2026-01-15-08-30-00"

Make = Callable[..., RecordingRequest]
MakeRecorder = Callable[..., HuaweiRecorder]


class Vendor:
    """Answers `answers[method]`, a body or a whole response, and keeps what was asked."""

    def __init__(self, **answers: Any) -> None:
        usual = {"POST": {"job_id": JOB}, "PUT": {}, "DELETE": httpx.Response(204)}
        self.answers = {**usual, **answers}
        self.asked: list[tuple[str, str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content) if request.content else None
        self.asked.append((request.method, request.url.path.removeprefix(APP), body))
        answer = self.answers[request.method]
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)


def refused(code: str, status: int = 400) -> httpx.Response:
    return httpx.Response(status, json={"error_code": code, "error_msg": "no"})


async def started(
    make_recorder: MakeRecorder, request: RecordingRequest, attempt: Attempt
) -> tuple[str, dict[str, Any]]:
    told = Vendor()
    recorder = make_recorder(told)
    recorder.traits(request)
    assert await recorder.start(request, request.first_scene(), attempt) == JOB
    ((method, path, body),) = told.asked
    assert method == "POST"
    return path, body


async def test_mixed_start_says_everything(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt
) -> None:
    request = make_request(
        canvas={"width": 1920, "height": 1080, "fps": 30, "video_kbps": 3150},
        layout={"kind": "speaker", "main": "ada"},
        max_idle="PT10M",
        vendor_options={"background_image": "s3://b/a.png"},
    )
    path, body = await started(make_recorder, request, attempt)
    view = {"id": 1, "user_id": "ada", "video_type": "CAMERASTREAM", "filling_policy": "FIXED_USER"}
    assert path == "/mix-stream-jobs"
    assert body == {
        "mix_param": {
            "room_id": "standup",
            "encode_template": "1920x1080_30_3150",
            "max_idle_time": 600,
            "layout_template": "screen_share_left",
            "layout_panes": [view],
            "background_image": "s3://b/a.png",
        },
        "record_param": RULE,
    }


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({}, {"encode_template": "1280x720_15_2260", "layout_template": "nine_grids_view"}),
        ({"media": "audio"}, {"encode_template": "audio_only"}),
        (
            {"vendor_options": {"encode_template": "1280*720_15_1130"}},
            {"encode_template": "1280*720_15_1130", "layout_template": "nine_grids_view"},
        ),
        (
            {"max_idle": 5.2},
            {
                "encode_template": "1280x720_15_2260",
                "layout_template": "nine_grids_view",
                "max_idle_time": 6,
            },
        ),
    ],
)
async def test_mix_is_as_small_as_its_request(
    make_recorder: MakeRecorder,
    make_request: Make,
    attempt: Attempt,
    request_: dict[str, Any],
    expected: dict[str, Any],
) -> None:
    _, body = await started(make_recorder, make_request(**request_), attempt)
    assert body["mix_param"] == {"room_id": "standup", "max_idle_time": 300, **expected}


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({}, {"is_record_audio": True, "video_type": "CAMERASTREAM"}),
        (
            {"media": "video", "vendor_options": {"video_type": "screen", "stream_type": "SD"}},
            {
                "is_record_audio": False,
                "video_type": "SCREENSTREAM",
                "select_stream_type": "SD",
            },
        ),
        (
            {"media": "audio", "vendor_options": {"audio_only_individual": True}},
            {"is_record_audio": True},
        ),
        (
            {"vendor_options": {"rtmp_urls": ["rtmp://push.example/live/key"]}},
            {
                "is_record_audio": True,
                "video_type": "CAMERASTREAM",
                "publish_param": {"rtmp_urls": ["rtmp://push.example/live/key"]},
            },
        ),
        (
            {"subscriptions": {"video": {"allow": ["ada"]}}},
            {"is_record_audio": True, "video_type": "CAMERASTREAM"},
        ),
    ],
)
async def test_individual_start_records_one_stream_of_one_user(
    make_recorder: MakeRecorder,
    make_request: Make,
    attempt: Attempt,
    request_: dict[str, Any],
    expected: dict[str, Any],
) -> None:
    path, body = await started(make_recorder, make_request(**{**ADA, **request_}), attempt)
    assert path == "/individual-stream-jobs"
    assert body == {
        "room_id": "standup",
        "user_id": "ada",
        "select_stream_type": "FHD",
        "max_idle_time": 300,
        "record_param": RULE,
        **expected,
    }


async def test_recovery_starts_nothing(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt
) -> None:
    request = make_request()
    with pytest.raises(AlreadyRunning, match="its id was not told") as failure:
        await make_recorder().recover(request, request.first_scene(), attempt)
    assert failure.value.in_doubt


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (refused("RTC.00002001", 500), StartUnknown),
        (httpx.Response(504), StartUnknown),
        (httpx.Response(201, json={}), StartUnknown),
        (refused("RTC.00001006"), QuotaExceeded),
        (refused("RTC.00001007"), QuotaExceeded),
    ],
)
async def test_start_that_fails_says_whether_a_job_may_run(
    make_recorder: MakeRecorder,
    make_request: Make,
    attempt: Attempt,
    answer: httpx.Response,
    expected: type[Exception],
) -> None:
    request = make_request()
    with pytest.raises(expected):
        await make_recorder(Vendor(POST=answer)).start(request, request.first_scene(), attempt)


def scene(request: RecordingRequest, layout: Layout) -> Scene:
    return request.first_scene().model_copy(update={"layout": layout})


def showing(template: str) -> dict[str, Any]:
    return {"state": "RUNNING", "mix_param": {"layout_template": template}}


WHOLE = {"x": 0.0, "y": 0.0, "width": 1.0, "height": 1.0}
PANES = (Pane(x=0, y=0, width=1, height=1, user="bob"),)


@pytest.mark.parametrize(
    ("request_", "shown", "layout", "param"),
    [
        (
            {},
            "custom",
            CustomLayout(panes=PANES),
            {
                "layout_template": "custom",
                "layout_panes": [
                    {
                        "user_id": "bob",
                        "id": 1,
                        "video_type": "CAMERASTREAM",
                        **WHOLE,
                        "zorder": 0,
                        "crop_mode": "KEEP_RATIO_CROP",
                    }
                ],
            },
        ),
        (
            {},
            "screen_share_left",
            SpeakerLayout(main="bob"),
            {
                "layout_panes": [
                    {
                        "id": 1,
                        "user_id": "bob",
                        "video_type": "CAMERASTREAM",
                        "filling_policy": "FIXED_USER",
                    }
                ]
            },
        ),
    ],
)
async def test_layout_of_the_same_template_is_sent(
    *,
    make_recorder: MakeRecorder,
    make_request: Make,
    task: Task,
    request_: dict[str, Any],
    shown: str,
    layout: Layout,
    param: dict[str, Any],
) -> None:
    told, request = Vendor(GET=showing(shown)), make_request(**request_)
    await make_recorder(told).apply(request, task, scene(request, layout), "layout")
    path = f"/mix-stream-jobs/{JOB}"
    assert told.asked == [("GET", path, None), ("PUT", path, {"mix_param": param})]


@pytest.mark.parametrize("layout", [GridLayout(), SpeakerLayout(), SpeakerLayout(main="bob")])
async def test_changeable_job_takes_every_layout(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt, task: Task, layout: Layout
) -> None:
    request = make_request(**DRAWN)
    _, body = await started(make_recorder, request, attempt)
    told = Vendor(GET=body)
    await make_recorder(told).apply(request, task, scene(request, layout), "layout")
    assert told.asked[-1][2]["mix_param"]["layout_template"] == "custom"


async def test_layout_that_is_shown_already_needs_no_call(
    make_recorder: MakeRecorder, make_request: Make, task: Task
) -> None:
    told, request = Vendor(GET=showing("nine_grids_view")), make_request()
    await make_recorder(told).apply(request, task, scene(request, GridLayout()), "layout")
    assert [method for method, _, _ in told.asked] == ["GET"]


@pytest.mark.parametrize(
    ("shown", "layout", "words"),
    [
        ("nine_grids_view", SpeakerLayout(main="ada"), "to screen_share_left, only from one cust"),
        ("nine_grids_view", CustomLayout(panes=PANES), "shows nine_grids_view cannot go over to"),
        ("custom", GridLayout(), "custom cannot go over to nine_grids_view"),
        ("screen_share_left", GridLayout(), "pause and resume, which starts a new job, or start"),
    ],
)
async def test_layout_of_another_template_is_refused_with_the_way_out(
    *,
    make_recorder: MakeRecorder,
    make_request: Make,
    task: Task,
    shown: str,
    layout: Layout,
    words: str,
) -> None:
    told, request = Vendor(GET=showing(shown)), make_request()
    with pytest.raises(InvalidRequest, match="layout: a job of huawei") as failure:
        await make_recorder(told).apply(request, task, scene(request, layout), "layout")
    assert words in str(failure.value)
    assert "vendor_options.changeable_layout" in str(failure.value)
    assert [method for method, _, _ in told.asked] == ["GET"]


async def test_job_that_does_not_tell_its_template_is_judged_by_the_vendor(
    make_recorder: MakeRecorder, make_request: Make, task: Task
) -> None:
    told = Vendor(GET={"state": "RUNNING"}, PUT=refused("RTC.00001004"))
    request = make_request()
    with pytest.raises(InvalidRequest, match=r"RTC\.00001004"):
        await make_recorder(told).apply(
            request, task, scene(request, CustomLayout(panes=PANES)), "layout"
        )


@pytest.mark.parametrize(
    ("request_", "part"),
    [
        ({}, "subscriptions"),
        (ADA, "subscriptions"),
        (ADA, "layout"),
        ({"media": "audio"}, "layout"),
    ],
)
async def test_what_no_job_can_change_is_refused_before_the_call(
    make_recorder: MakeRecorder,
    make_request: Make,
    task: Task,
    request_: dict[str, Any],
    part: Any,
) -> None:
    request = make_request(**request_)
    with pytest.raises(InvalidRequest, match=f"{part}: huawei changes the layout of a mix"):
        await make_recorder().apply(request, task, request.first_scene(), part)


async def test_start_after_a_pause_goes_by_the_scene(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt
) -> None:
    told, request = Vendor(), make_request(**ADA)
    moved = Subscriptions(video=StreamFilter(allow=("ada",)))
    await make_recorder(told).start(
        request, request.first_scene().model_copy(update={"subscriptions": moved}), attempt
    )
    assert told.asked[0][2]["user_id"] == "ada"


@pytest.mark.parametrize(
    ("job", "phase", "detail"),
    [
        ({"state": "INIT"}, TaskPhase.STARTING, "INIT"),
        ({"state": "RUNNING"}, TaskPhase.RUNNING, "RUNNING"),
        ({"state": "running", "description": "fine"}, TaskPhase.RUNNING, "running: fine"),
        (
            {"state": "STOPPED", "stop_reason": "TENANT_STOP"},
            TaskPhase.ENDED,
            "STOPPED: stopped by a call",
        ),
        (
            {"state": "STOPPED", "stop_reason": "EXCEED_MAX_IDLE_TIME"},
            TaskPhase.ENDED,
            "STOPPED: nobody sent for longer than the idle time",
        ),
        (
            {"state": "STOPPED", "stop_reason": "INTERNAL_ERROR"},
            TaskPhase.FAILED,
            "STOPPED: failed inside the service",
        ),
        ({"state": "STOPPED", "stop_reason": "MOON"}, TaskPhase.ENDED, "STOPPED: MOON"),
        ({"state": "STOPPED"}, TaskPhase.ENDED, "STOPPED"),
        ({"start_time": "2006-01-02T15:04:05.075Z"}, TaskPhase.RUNNING, ""),
        (
            {"start_time": "2006-01-02T15:04:05.075Z", "stop_time": "2006-01-02T15:04:06Z"},
            TaskPhase.ENDED,
            "",
        ),
    ],
)
@pytest.mark.parametrize(
    ("request_", "family"), [({}, "mix"), (ADA, "individual")], ids=["mix", "individual"]
)
async def test_state_is_told_in_neutral_terms(
    *,
    make_recorder: MakeRecorder,
    make_request: Make,
    task: Task,
    request_: dict[str, Any],
    family: str,
    job: dict[str, Any],
    phase: TaskPhase,
    detail: str,
) -> None:
    told = Vendor(GET=job)
    seen = await make_recorder(told).query(make_request(**request_), task)
    assert (seen.phase, seen.detail, seen.at, seen.files) == (phase, detail, NOW, ())
    assert told.asked == [("GET", f"/{family}-stream-jobs/{JOB}", None)]


@pytest.mark.parametrize("job", [{}, {"state": "MOVING"}, {"state": None}, {"state": {}}])
async def test_unknown_state_is_asked_again(
    make_recorder: MakeRecorder, make_request: Make, task: Task, job: dict[str, Any]
) -> None:
    with pytest.raises(VendorUnavailable, match="is unknown"):
        await make_recorder(Vendor(GET=job)).query(make_request(), task)


@pytest.mark.parametrize(
    ("answer", "phase"),
    [
        (refused("RTC.00001003", 404), TaskPhase.MISSING),
        (httpx.Response(404), TaskPhase.MISSING),
        (refused("RTC.00001009"), TaskPhase.ENDED),
    ],
)
async def test_unknown_and_ended_jobs_are_observations(
    make_recorder: MakeRecorder,
    make_request: Make,
    task: Task,
    answer: httpx.Response,
    phase: TaskPhase,
) -> None:
    seen = await make_recorder(Vendor(GET=answer)).query(make_request(), task)
    assert seen.phase is phase


@pytest.mark.parametrize(("request_", "family"), [({}, "mix"), (ADA, "individual")])
async def test_stop_is_accepted_while_uploads_go_on(
    make_recorder: MakeRecorder,
    make_request: Make,
    task: Task,
    request_: dict[str, Any],
    family: str,
) -> None:
    told = Vendor()
    stopped = await make_recorder(told).stop(make_request(**request_), task)
    assert (stopped.uploading, stopped.detail, stopped.files) == ("unknown", "stopping", ())
    assert told.asked == [("DELETE", f"/{family}-stream-jobs/{JOB}", None)]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (refused("RTC.00001009"), AlreadyStopped),
        (refused("RTC.00001009", 404), AlreadyStopped),
        (refused("RTC.00001003", 404), TaskNotFound),
    ],
)
async def test_stop_of_an_ended_job_says_so(
    make_recorder: MakeRecorder,
    make_request: Make,
    task: Task,
    answer: httpx.Response,
    expected: type[Exception],
) -> None:
    with pytest.raises(expected):
        await make_recorder(Vendor(DELETE=answer)).stop(make_request(), task)


async def test_there_is_nothing_to_acquire(
    make_recorder: MakeRecorder, make_request: Make, attempt: Attempt
) -> None:
    with pytest.raises(InvalidRequest):
        await make_recorder().acquire(make_request(), attempt)


@pytest.mark.parametrize(
    ("request_", "key"),
    [
        ({}, f"app/hls/m_{JOB}_standup_{START}/m_{JOB}_standup_{START}.m3u8"),
        (ADA, f"app/mp4/s_{JOB}_standup_ada_{START}/s_{JOB}_standup_ada_{START}.mp4"),
        (
            {"output": {"storage": "deep"}},
            f"rec/5fcdf5650a1b2c3d6f835d0d/hls/m_{JOB}_standup_{START}/x.ts",
        ),
    ],
)
def test_stored_file_tells_the_job_s_id(
    make_recorder: MakeRecorder,
    make_request: Make,
    attempt: Attempt,
    request_: dict[str, Any],
    key: str,
) -> None:
    assert make_recorder().task_id_in(attempt, make_request(**request_), key) == JOB


@pytest.mark.parametrize(
    ("request_", "key"),
    [
        ({}, f"app/hls/m_{JOB}_other_{START}/x.m3u8"),
        ({}, f"app/hls/s_{JOB}_standup_ada_{START}/x.m3u8"),
        (ADA, f"app/hls/m_{JOB}_standup_{START}/x.m3u8"),
        (ADA, f"app/hls/s_{JOB}_standup_bob_{START}/x.m3u8"),
        ({"output": {"storage": "deep"}}, f"rec/another/hls/m_{JOB}_standup_{START}/x.ts"),
        ({}, "notes.txt"),
        ({}, ""),
    ],
)
def test_foreign_file_tells_no_job(
    make_recorder: MakeRecorder,
    make_request: Make,
    attempt: Attempt,
    request_: dict[str, Any],
    key: str,
) -> None:
    assert make_recorder().task_id_in(attempt, make_request(**request_), key) is None


@pytest.mark.parametrize(
    ("request_", "task_id", "begins"),
    [
        ({}, JOB, ""),
        ({"output": {"storage": "deep"}}, "", "rec/5fcdf5650a1b2c3d6f835d0d/hls/m_"),
        (
            {"output": {"storage": "deep"}},
            JOB,
            f"rec/5fcdf5650a1b2c3d6f835d0d/hls/m_{JOB}_standup",
        ),
        (
            {"output": {"storage": "deep"}, **ADA},
            JOB,
            f"rec/5fcdf5650a1b2c3d6f835d0d/hls/s_{JOB}_standup_ada",
        ),
        ({"output": {"storage": "deep"}, **ADA}, "", "rec/5fcdf5650a1b2c3d6f835d0d/hls/s_"),
    ],
)
def test_files_are_looked_for_below_the_rule_s_prefix(
    *,
    make_recorder: MakeRecorder,
    make_request: Make,
    attempt: Attempt,
    request_: dict[str, Any],
    task_id: str,
    begins: str,
) -> None:
    found = make_recorder().key_prefixes(make_request(**request_), attempt, task_id)
    assert found[0] == begins


def test_folder_offers_its_rooms() -> None:
    assert (SPEC.slug, SPEC.recorder) == ("huawei", HuaweiRecorder)
    assert (SPEC.account, SPEC.storage) == (HuaweiAccount, HuaweiStorage)

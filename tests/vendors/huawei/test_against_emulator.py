"""The adapter against the emulator over real sockets: two readings of the same reference.

The emulator is strict: it refuses keys that it does not know, which the service would ignore.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from pydantic import TypeAdapter

from longtake.domain.errors import (
    AlreadyStopped,
    InvalidRequest,
    QuotaExceeded,
    TaskNotFound,
)
from longtake.domain.events import TaskPhase
from longtake.domain.layout import Layout
from longtake.domain.ports import Attempt, Task
from longtake.domain.recording import RecordingRequest, Scene
from longtake.vendors.huawei.templates import TEMPLATES
from longtake.vendors.huawei.wire.fields import AUDIO_ONLY
from longtake.vendors.huawei.wire.jobs import IndividualUpdate, MixUpdate
from tests.vendors.huawei.service import JOINED, Launch, Service, refused_by_us

ALICE = {"mode": "individual", "subscriptions": {"audio": {"allow": ["alice"]}}}
MODES = {"mixed": {}, "individual": ALICE}
IMAGE = "s3://bucket/images/wall_ÿ.png"
LAYOUT = TypeAdapter[Layout](Layout)
DRAWN = {"changeable_layout": True, "users": ["alice", "bob"]}
UNNAMED = {"changeable_layout": True, "unnamed_panes": True}
HALF = {"y": 0, "width": 0.5, "height": 1}
PANES = [{"x": 0, "user": "alice", **HALF}, {"x": 0.5, "user": "bob", "fit": "contain", **HALF}]
THIRDS = [{"x": n / 3, "y": 0, "width": 1 / 3, "height": 1, "user": f"u{n}"} for n in range(3)]
CUSTOM = {"kind": "custom", "panes": PANES}
EVERY_KIND: list[dict[str, Any]] = [
    {"kind": "grid"},
    {"kind": "floating"},
    {"kind": "floating", "main": "bob"},
    {"kind": "speaker"},
    {"kind": "speaker", "main": "bob"},
    {"kind": "screen_share", "main": "bob"},
    CUSTOM,
]

Make = Callable[..., RecordingRequest]
by_mode = pytest.mark.parametrize("mode", MODES)


def scene(request: RecordingRequest, layout: dict[str, Any]) -> Scene:
    changed = {"layout": LAYOUT.validate_python(layout), "revision": 2}
    return request.first_scene().model_copy(update=changed)


# -- the life of a job -----------------------------------------------------------------------------


@by_mode
@pytest.mark.parametrize("credentials", ["key", "token"])
async def test_recording_runs_from_start_to_oblivion(
    service: Service, make_request: Make, attempt: Attempt, mode: str, credentials: str
) -> None:
    request = make_request(**MODES[mode])
    recorder = service.by_token() if credentials == "token" else service.recorder()
    recorder.traits(request)
    job = await recorder.start(request, request.first_scene(), attempt)
    task = Task(attempt=attempt, id=job)
    assert (await recorder.query(request, task)).phase is TaskPhase.STARTING
    await service.huawei.advance(JOINED)
    seen = await recorder.query(request, task)
    assert (seen.phase, seen.files) == (TaskPhase.RUNNING, ())
    assert seen.began_at == datetime.fromisoformat((await service.made())["created_at"])
    assert (await recorder.stop(request, task)).uploading == "unknown"
    seen = await recorder.query(request, task)
    assert (seen.phase, seen.detail) == (TaskPhase.ENDED, "STOPPED: stopped by a call")
    with pytest.raises(AlreadyStopped):
        await recorder.stop(request, task)
    await service.huawei.advance(86_401)
    assert (await recorder.query(request, task)).phase is TaskPhase.MISSING
    with pytest.raises(TaskNotFound):
        await recorder.stop(request, task)
    made = await service.made()
    assert (made["task_id"], made["end_reason"]) == (job, "stopped")
    assert made["recorder"] == ("mix" if mode == "mixed" else "user:alice")


@by_mode
async def test_job_is_stopped_before_it_is_up(
    service: Service, make_request: Make, attempt: Attempt, mode: str
) -> None:
    request, recorder = make_request(**MODES[mode]), service.recorder()
    task = Task(attempt=attempt, id=await recorder.start(request, request.first_scene(), attempt))
    await recorder.stop(request, task)
    assert (await recorder.query(request, task)).phase is TaskPhase.ENDED


@by_mode
async def test_empty_room_ends_the_job_after_the_idle_time(
    service: Service, make_request: Make, attempt: Attempt, mode: str
) -> None:
    request = make_request(max_idle=60, **MODES[mode])
    recorder, task = await service.up(request, attempt)
    await service.huawei.room("standup")
    await service.huawei.advance(59)
    assert (await recorder.query(request, task)).phase is TaskPhase.RUNNING
    await service.huawei.advance(2)
    seen = await recorder.query(request, task)
    assert seen.phase is TaskPhase.ENDED
    assert "nobody sent for longer than the idle time" in seen.detail


async def test_job_of_one_kind_is_not_known_to_the_other(
    service: Service, make_request: Make, attempt: Attempt
) -> None:
    recorder, task = await service.up(make_request(), attempt)
    assert (await recorder.query(make_request(**ALICE), task)).phase is TaskPhase.MISSING
    with pytest.raises(TaskNotFound):
        await recorder.stop(make_request(**ALICE), task)


@by_mode
async def test_stop_of_an_ended_job_may_find_nothing(
    launch: Launch, make_request: Make, attempt: Attempt, mode: str
) -> None:
    service = await launch(stop_of_ended="unknown")
    request = make_request(**MODES[mode])
    recorder, task = await service.up(request, attempt)
    await recorder.stop(request, task)
    assert (await recorder.query(request, task)).phase is TaskPhase.ENDED
    with pytest.raises(TaskNotFound):
        await recorder.stop(request, task)


@by_mode
@pytest.mark.parametrize(
    "options",
    [
        {"sparse_start": True},
        {"numeric_job_ids": True},
        {"numeric_job_ids": True, "sparse_start": True, "numeric_ids": False},
    ],
    ids="-".join,
)
async def test_answer_may_be_sparse_and_ids_texts_or_numbers(
    *,
    launch: Launch,
    make_request: Make,
    attempt: Attempt,
    mode: str,
    options: dict[str, bool],
) -> None:
    service = await launch(**options)
    request = make_request(room="100", **MODES[mode])
    recorder, task = await service.up(request, attempt)
    assert task.id.isdecimal() is options.get("numeric_job_ids", False)
    assert (await recorder.query(request, task)).phase is TaskPhase.RUNNING
    await recorder.stop(request, task)
    assert (await service.made())["task_id"] == task.id


@by_mode
async def test_repeated_start_is_refused(
    service: Service, make_request: Make, attempt: Attempt, mode: str
) -> None:
    request = make_request(**MODES[mode])
    recorder, _ = await service.up(request, attempt)
    with pytest.raises(QuotaExceeded) as failure:
        await recorder.start(request, request.first_scene(), attempt)
    assert failure.value.vendor_code == "RTC.00001006"
    assert not failure.value.in_doubt
    assert len(await service.huawei.tasks()) == 1


@by_mode
async def test_repeated_start_makes_a_second_job(
    launch: Launch, make_request: Make, attempt: Attempt, mode: str
) -> None:
    service = await launch(repeated_start="duplicate")
    request = make_request(**MODES[mode])
    tasks = [(await service.up(request, attempt))[1] for _ in range(2)]
    assert len({task.id for task in tasks}) == 2
    recorder = service.recorder()
    await recorder.stop(request, tasks[0])
    phases = [(await recorder.query(request, task)).phase for task in tasks]
    assert phases == [TaskPhase.ENDED, TaskPhase.RUNNING]


async def test_camera_and_screen_of_one_user_are_two_jobs(
    service: Service, make_request: Make, attempt: Attempt
) -> None:
    for kind in ("camera", "screen"):
        await service.up(make_request(**ALICE, vendor_options={"video_type": kind}), attempt)
    assert len(await service.huawei.tasks()) == 2


# -- layouts ---------------------------------------------------------------------------------------

PICTURED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"kind": "grid"}, {"background_image": IMAGE}),
    ({"kind": "speaker", "main": "alice"}, {}),
    ({"kind": "speaker", "main": "会议 ~+/'\""}, {"main_align": "right"}),
    ({"kind": "speaker", "main": "alice"}, {"screen_users": ["alice"]}),
    ({"kind": "screen_share", "main": "alice"}, {}),
    ({"kind": "screen_share", "main": "alice"}, {"screen_of": "anyone", "main_align": "right"}),
    ({"kind": "screen_share", "main": "alice"}, {"screen_stream": "camera"}),
    ({"kind": "speaker"}, {"users": ["alice", "bob"], "main_align": "right"}),
    ({"kind": "floating"}, {"users": [f"u{n}" for n in range(25)]}),
    (CUSTOM, {"screen_users": ["bob"]}),
    ({"kind": "custom", "panes": THIRDS}, {}),
    ({"kind": "custom", "panes": [{"x": 0.5, **HALF}, *PANES]}, {"users": ["u0", "alice", "bob"]}),
    *((layout, options) for layout in EVERY_KIND for options in (DRAWN, UNNAMED)),
]


@pytest.mark.parametrize(("layout", "options"), PICTURED)
async def test_every_layout_is_accepted_at_the_start_and_later(
    *,
    service: Service,
    make_request: Make,
    attempt: Attempt,
    layout: dict[str, Any],
    options: dict[str, Any],
) -> None:
    request = make_request(layout=layout, vendor_options=options)
    recorder, task = await service.up(request, attempt)
    await recorder.apply(request, task, request.first_scene(), "layout")
    first, second = (each["layout"] for each in (await service.made())["layout_revisions"])
    if first["layout_template"] != "custom":  # which alone may be named in a change
        del first["layout_template"]
    assert first == second


async def test_layout_without_a_word_of_its_own_changes_nothing(
    service: Service, make_request: Make, attempt: Attempt
) -> None:
    recorder, task = await service.up(make_request(), attempt)
    await recorder.apply(make_request(), task, make_request().first_scene(), "layout")
    assert len((await service.made())["layout_revisions"]) == 1


@pytest.mark.parametrize(
    ("first", "changed"),
    [
        ({"kind": "speaker", "main": "alice"}, {"kind": "speaker", "main": "bob"}),
        ({"kind": "speaker", "main": "alice"}, {"kind": "screen_share", "main": "bob"}),
        ({"kind": "screen_share", "main": "bob"}, {"kind": "speaker", "main": "alice"}),
        (CUSTOM, {"kind": "custom", "panes": THIRDS}),
    ],
)
async def test_layout_changes_within_its_template(
    *,
    service: Service,
    make_request: Make,
    attempt: Attempt,
    first: dict[str, Any],
    changed: dict[str, Any],
) -> None:
    request = make_request(layout=first)
    recorder, task = await service.up(request, attempt)
    await recorder.apply(request, task, scene(request, changed), "layout")
    revisions = (await service.made())["layout_revisions"]
    assert [revision["call"] for revision in revisions] == ["CreateMixJob", "UpdateMixJob"]
    assert revisions[0]["layout"]["layout_panes"] != revisions[1]["layout"]["layout_panes"]


@pytest.mark.parametrize("options", [DRAWN, UNNAMED])
async def test_changeable_job_goes_through_every_layout(
    service: Service, make_request: Make, attempt: Attempt, options: dict[str, Any]
) -> None:
    request = make_request(vendor_options=options)
    recorder, task = await service.up(request, attempt)
    for layout in EVERY_KIND:
        recorder.traits(request).check(scene(request, layout))
        await recorder.apply(request, task, scene(request, layout), "layout")
    revisions = (await service.made())["layout_revisions"]
    assert len(revisions) == 1 + len(EVERY_KIND)


@pytest.mark.parametrize(
    ("first", "changed"),
    [
        ({"kind": "grid"}, CUSTOM),
        ({"kind": "grid"}, {"kind": "speaker", "main": "bob"}),
        ({"kind": "speaker", "main": "bob"}, {"kind": "grid"}),
        ({"kind": "speaker", "main": "bob"}, CUSTOM),
        (CUSTOM, {"kind": "grid"}),
        (CUSTOM, {"kind": "screen_share", "main": "bob"}),
    ],
)
async def test_change_across_templates_is_refused_before_the_vendor_does(
    *,
    service: Service,
    make_request: Make,
    attempt: Attempt,
    first: dict[str, Any],
    changed: dict[str, Any],
) -> None:
    request = make_request(layout=first)
    recorder, task = await service.up(request, attempt)
    with pytest.raises(InvalidRequest, match="layout: a job of huawei that shows") as failure:
        await recorder.apply(request, task, scene(request, changed), "layout")
    assert refused_by_us(failure.value)
    assert await service.calls("UpdateMixJob") == []


async def test_vendor_refuses_a_change_across_templates(
    service: Service, make_request: Make, attempt: Attempt
) -> None:
    _, task = await service.up(make_request(), attempt)
    pane = {"id": 1, "x": 0.0, **HALF, "zorder": 0, "crop_mode": "KEEP_RATIO_CROP"}
    param = {"layout_template": "custom", "layout_panes": [pane]}
    with pytest.raises(InvalidRequest) as failure:
        await service.client().update(task.id, MixUpdate.model_validate({"mix_param": param}))
    assert failure.value.vendor_code == "RTC.00001004"


async def test_strict_vendor_wants_no_template_named_but_custom(
    service: Service, make_request: Make, attempt: Attempt
) -> None:
    _, task = await service.up(make_request(), attempt)
    answer = await service.huawei.update(
        task.id, mix_param={"layout_template": "nine_grids_view", "background_image": IMAGE}
    )
    assert (answer.status_code, answer.json()["error_code"]) == (400, "RTC.00001004")


async def test_idle_time_of_a_mix_can_be_changed_alone(
    service: Service, make_request: Make, attempt: Attempt
) -> None:
    recorder, task = await service.up(make_request(), attempt)
    change = MixUpdate.model_validate({"mix_param": {"max_idle_time": 5}})
    await service.client().update(task.id, change)
    await service.huawei.room("standup")
    await service.huawei.advance(6)
    assert (await recorder.query(make_request(), task)).phase is TaskPhase.ENDED


# -- wishes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "height", "fps", "kbps"), TEMPLATES)
@pytest.mark.parametrize("sign", ["canvas", "x", "*"])
async def test_every_encoding_is_accepted_however_it_is_spelled(
    *,
    service: Service,
    make_request: Make,
    attempt: Attempt,
    width: int,
    height: int,
    fps: int,
    kbps: int,
    sign: str,
) -> None:
    spelled = {"vendor_options": {"encode_template": f"{width}{sign}{height}_{fps}_{kbps}"}}
    canvas = {"canvas": {"width": width, "height": height, "fps": fps, "video_kbps": kbps}}
    request = make_request(**(canvas if sign == "canvas" else spelled))
    recorder, task = await service.up(request, attempt)
    await recorder.apply(request, task, request.first_scene(), "layout")
    assert (await recorder.query(request, task)).phase.up


@pytest.mark.parametrize(
    "given",
    [
        {"media": "audio"},
        {"max_idle": 5},
        {"max_idle": 43_200},
        {"output": {"storage": "archive", "formats": ["hls", "mp4"]}},
        {
            "vendor_options": {
                "background_image": IMAGE,
                "user_image": IMAGE,
                "screen_image": IMAGE,
                "user_images": [{"user": "ÿ ~+'\"", "image": IMAGE}],
                "screen_users": ["alice"],
            }
        },
        *({**ALICE, "vendor_options": {"stream_type": tier}} for tier in ("LD", "SD", "HD", "FHD")),
        {**ALICE, "media": "video"},
        {**ALICE, "media": "video", "vendor_options": {"video_type": "screen"}},
        {**ALICE, "media": "audio", "vendor_options": {"audio_only_individual": True}},
        {**ALICE, "subscriptions": {"video": {"allow": ["alice"]}}},
        {**ALICE, "subscriptions": {m: {"allow": ["alice"]} for m in ("audio", "video")}},
        {**ALICE, "vendor_options": {"rtmp_urls": ["rtmp://a/b?key=1", "rtmps://c/d"]}},
        {
            **ALICE,
            "media": "audio",
            "vendor_options": {"audio_only_individual": True, "rtmp_urls": ["rtmp://a/b"]},
        },
    ],
)
async def test_every_wish_is_accepted(
    service: Service, make_request: Make, attempt: Attempt, given: dict[str, Any]
) -> None:
    request = make_request(**given)
    recorder, task = await service.up(request, attempt)
    assert (await recorder.query(request, task)).phase.up
    await recorder.stop(request, task)


async def test_sound_alone_is_mixed_without_a_picture(
    service: Service, make_request: Make, attempt: Attempt
) -> None:
    request = make_request(media="audio")
    recorder, task = await service.up(request, attempt)
    assert (await service.made())["layout_revisions"] == []
    told = (await service.huawei.show(task.id)).json()
    assert told["mix_param"]["encode_template"] == AUDIO_ONLY
    with pytest.raises(InvalidRequest) as failure:
        await recorder.apply(request, task, scene(request, {"kind": "grid"}), "layout")
    assert refused_by_us(failure.value)


@pytest.mark.parametrize("camera", [True, False])
async def test_sound_of_one_user_depends_on_what_no_video_type_means(
    launch: Launch, make_request: Make, attempt: Attempt, *, camera: bool
) -> None:
    service = await launch(camera_by_default=camera)
    options = {"audio_only_individual": True}
    request = make_request(**ALICE, media="audio", vendor_options=options)
    _, task = await service.up(request, attempt)
    told = (await service.huawei.show(task.id)).json()
    assert told.get("video_type") == ("CAMERASTREAM" if camera else None)


async def test_rule_of_a_job_can_change_before_it_records(
    service: Service, make_request: Make, attempt: Attempt
) -> None:
    request, recorder = make_request(**ALICE), service.recorder()
    job = await recorder.start(request, request.first_scene(), attempt)
    other = {"record_rule_id": "longtake-others"}
    change = IndividualUpdate.model_validate({"record_param": other})
    await service.client().update(job, change)
    assert (await service.huawei.show(job)).json()["record_param"] == other

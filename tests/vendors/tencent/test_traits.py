"""What is refused before anything is sent, by the path that the caller wrote."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from longtake.domain.errors import InvalidRequest, NotConfigured
from longtake.domain.recording import RecordingRequest
from longtake.domain.traits import Traits
from longtake.vendors.tencent.adapter import TencentRecorder

Make = Callable[..., RecordingRequest]
MakeRecorder = Callable[..., TencentRecorder]

PICTURE = "https://img.example/a.png"
PLACE = {"top": 0, "left": 0, "width": 100, "height": 100}
PANE = {"x": 0, "y": 0, "width": 0.1, "height": 0.1}
MAINLAND = {"site": "mainland", "region": "ap-beijing"}


@pytest.fixture
def traits(make_recorder: MakeRecorder, make_request: Make) -> Callable[..., Traits]:
    return lambda **request: make_recorder().traits(make_request(**request))


def individual(**options: Any) -> dict[str, Any]:
    return {"mode": "individual", "vendor_options": options}


def options(**given: Any) -> dict[str, Any]:
    return {"vendor_options": given}


def output(**changes: Any) -> dict[str, Any]:
    return {"output": {"storage": "archive", **changes}}


def users(count: int) -> dict[str, Any]:
    return {"allow": [f"user{n}" for n in range(count)]}


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"mode": "web"}, "mode: tencent records mixed and individual"),
    ({"max_idle": 4}, "max_idle: Input should be greater than or equal to 5"),
    ({"max_idle": "P1DT1S"}, "max_idle: Input should be less than or equal to 86400"),
    ({"canvas": {"width": 2000}}, "canvas.width: "),
    ({"canvas": {"height": 2000}}, "canvas.height: "),
    ({"canvas": {"width": 1920, "height": 1090}}, "canvas: Width * Height must be at most 2073600"),
    ({"canvas": {"fps": 61}}, "canvas.fps: "),
    ({"canvas": {"video_kbps": 63}}, "canvas.video_kbps: tencent takes 64 to 8192 kbit/s"),
    ({"canvas": {"video_kbps": 8193}}, "canvas.video_kbps: tencent takes 64 to 8192 kbit/s"),
    ({"canvas": {"audio_kbps": 31}}, "canvas.audio_kbps: tencent takes 32 to 128 kbit/s"),
    ({"canvas": {"audio_kbps": 129}}, "canvas.audio_kbps: tencent takes 32 to 128 kbit/s"),
    (
        {"media": "video", "canvas": {"audio_kbps": 64}},
        "canvas.audio_kbps: media 'video' has no sound",
    ),
    (output(path_prefix="a.b"), "output.path_prefix: must consist of letters, digits, _ and -"),
    (output(max_file_length="PT1H"), "output.max_file_length: tencent offers it for mp4 and aac"),
    (
        output(formats=["mp4"], max_file_length="PT90S"),
        "output.max_file_length: tencent counts whole minutes",
    ),
    (
        output(formats=["mp4"], max_file_length="P1DT1M"),
        "output.max_file_length: tencent takes 1 to 1440 minutes",
    ),
    (
        {"output": {"storage": "vod", "path_prefix": "a"}},
        "output.path_prefix: VOD has no folders",
    ),
    ({"layout": {"kind": "custom", "panes": [PANE] * 26}}, "layout.panes: "),
    (
        {"layout": {"kind": "grid", "background_image": "https://img.example/a.gif"}},
        "layout.background_image: must be the address of a jpg, jpeg or png",
    ),
    (
        {"layout": {"kind": "grid", "user_image": "https://img.example/a"}},
        "layout.user_image: must be the address of a jpg, jpeg or png",
    ),
    (
        {"layout": {"kind": "grid", "user_images": [{"user": "ada", "url": PICTURE}]}},
        "layout.user_images: tencent shows them in a custom layout only",
    ),
    (
        {
            "layout": {
                "kind": "custom",
                "panes": [{**PANE, "user": "ada"}],
                "user_images": [{"user": "ada", "url": "https://img.example/a"}],
            }
        },
        "layout.user_images: must be the address of a jpg, jpeg or png",
    ),
    ({"subscriptions": {"audio": users(33)}}, "subscriptions.audio: "),
    ({"subscriptions": {"video": {"deny": users(33)["allow"]}}}, "subscriptions.video: "),
    (
        {"media": "audio", "subscriptions": {"video": {"allow": ["ada"]}}},
        "subscriptions.video: media 'audio' records no video",
    ),
    (
        {"media": "video", "subscriptions": {"audio": {"deny": ["ada"]}}},
        "subscriptions.audio: media 'video' records no audio",
    ),
    (options(subscribe_robots=True), "subscriptions.audio: vendor_options.subscribe_robots needs"),
    (
        {**options(subscribe_robots=True), "subscriptions": {"audio": {"deny": ["ada"]}}},
        "subscriptions.audio: vendor_options.subscribe_robots needs",
    ),
    (options(colour=1), "vendor_options.colour: unknown field"),
    (options(room_id_type="number"), "vendor_options.room_id_type: "),
    (
        options(room_id_type="integer"),
        "vendor_options.room_id_type: an integer room's id is a number from 1 to 4294967295",
    ),
    (options(streams="all"), "vendor_options.streams: "),
    (options(resource_expired_hour=5), "vendor_options.resource_expired_hour: "),
    (options(resource_expired_hour=721), "vendor_options.resource_expired_hour: "),
    (options(gop=0), "vendor_options.gop: "),
    (options(audio={"sample_rate": 8000}), "vendor_options.audio.sample_rate: "),
    (options(audio={"channels": 3}), "vendor_options.audio.channels: "),
    (options(audio={"kbps": 31}), "vendor_options.audio.kbps: "),
    (options(audio={"kbps": 129}), "vendor_options.audio.kbps: "),
    (
        {"canvas": {"audio_kbps": 64}, **options(audio={"kbps": 64})},
        "vendor_options.audio.kbps: canvas.audio_kbps says the same",
    ),
    ({"media": "video", **options(audio={})}, "vendor_options.audio: media 'video' has no sound"),
    (options(av_merge=True), "vendor_options.av_merge: belongs to mode individual, not to mixed"),
    (
        {**individual(av_merge=True), "media": "audio"},
        "vendor_options.av_merge: media 'audio' has nothing to merge",
    ),
    (options(watermarks=[{}]), "vendor_options.watermarks.0: give one of image, text and"),
    (
        options(watermarks=[{"image": {**PLACE, "url": "x.png"}}]),
        "vendor_options.watermarks.0.image.url: must be the address of a jpg",
    ),
    (
        options(watermarks=[{"image": {**PLACE, "top": 2561, "url": PICTURE}}]),
        "vendor_options.watermarks.0.image.top: ",
    ),
    (options(watermarks=[{"text": {**PLACE, "text": ""}}]), "vendor_options.watermarks.0.text.tex"),
    (
        options(watermarks=[{"timestamp": {"position": "middle"}}]),
        "vendor_options.watermarks.0.timestamp.position: ",
    ),
    (
        options(watermarks=[{"timestamp": {"position": "center"}}] * 26),
        "vendor_options.watermarks: ",
    ),
    (
        {**output(formats=["mp4"]), **options(output_format="aac")},
        "vendor_options.output_format: stands instead of output.formats",
    ),
    (
        {"output": {"storage": "vod"}, **options(output_format="aac")},
        "vendor_options.output_format: VOD makes it of media 'audio' only",
    ),
    (options(vod={}), "vendor_options.vod: output.storage names a bucket"),
    (
        {"output": {"storage": "vod"}, **options(vod={"user_define_record_id": "a b"})},
        "vendor_options.vod.user_define_record_id: ",
    ),
    *(
        (individual(**{name: value}), f"vendor_options.{name}: belongs to mode mixed")
        for name, value in {
            "screen_stream": "main",
            "watermarks": [{"timestamp": {"position": "center"}}],
            "placeholder": True,
            "main_align": "right",
            "hide_audio_only": True,
            "pane_fit": "fit",
            "background_fit": "fit",
            "audio": {},
            "gop": 2,
        }.items()
    ),
    *(
        (
            {"media": "audio", **options(**{name: value})},
            f"vendor_options.{name}: media 'audio' has no picture",
        )
        for name, value in {"fill": "black", "gop": 2, "pane_fit": "fit"}.items()
    ),
]


@pytest.mark.parametrize(("request_", "rule"), REFUSED, ids=[rule[:60] for _, rule in REFUSED])
def test_impossible_request_is_refused_by_its_path(
    traits: Callable[..., Traits], request_: dict[str, Any], rule: str
) -> None:
    with pytest.raises(InvalidRequest) as failure:
        traits(**request_)
    assert re.match(re.escape(rule), str(failure.value)), str(failure.value)


@pytest.mark.parametrize(
    ("account", "profile", "rule"),
    [
        (
            {},
            "elsewhere",
            "output.storage: no profile 'elsewhere' tells tencent of a bucket or VOD",
        ),
        (MAINLAND, "minio", "output.storage: profile 'minio' has an endpoint"),
    ],
)
def test_what_the_worker_lacks_is_named(
    make_recorder: MakeRecorder,
    make_request: Make,
    account: dict[str, Any],
    profile: str,
    rule: str,
) -> None:
    with pytest.raises(NotConfigured, match=re.escape(rule)):
        make_recorder(**account).traits(make_request(output={"storage": profile}))


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"room": "会议 7/ä+%"},
        {"media": "audio"},
        {"media": "video", "canvas": {"width": 1920, "height": 1080, "fps": 60}},
        {"canvas": {"width": 1080, "height": 1920, "video_kbps": 8192, "audio_kbps": 32}},
        {"max_idle": "P1D"},
        output(formats=["hls", "mp4"], path_prefix="2026/01_02/a-b", max_file_length="P1D"),
        {**output(max_file_length="PT1M"), **options(output_format="aac")},
        {"subscriptions": {"audio": users(32), "video": {"deny": ["ad.*$", "ä b"]}}},
        {"layout": {"kind": "custom", "panes": [PANE] * 25}},
        {"layout": {"kind": "speaker"}},
        individual(av_merge=True, streams="aux", fill="last_frame"),
        {"room": "7", **options(room_id_type="integer")},
        options(watermarks=[{"text": {**PLACE, "text": "x"}}] * 25, placeholder=False),
        {"output": {"storage": "vod", "formats": ["mp4"]}, **options(vod={"expire_time": 86400})},
        {"output": {"storage": "vod"}, "media": "audio", **options(output_format="hls+aac")},
    ],
)
def test_possible_request_passes(traits: Callable[..., Traits], request_: dict[str, Any]) -> None:
    assert traits(**request_).vendor == "tencent"


def test_traits_follow_the_mode(traits: Callable[..., Traits]) -> None:
    mixed, alone, sound = traits(), traits(**individual()), traits(media="audio")
    assert mixed.layouts == {"grid", "floating", "speaker", "screen_share", "custom"}
    assert (mixed.max_panes, mixed.max_listed_users) == (25, 32)
    assert (alone.layouts, alone.max_panes, sound.layouts) == (frozenset(), 0, frozenset())
    assert not mixed.native_hold


def test_traits_tell_how_the_vendor_behaves(traits: Callable[..., Traits]) -> None:
    found = traits()
    assert found.resource_window is None
    assert found.repeated_start == "replaces"
    assert found.confirm_first == timedelta(seconds=15)
    assert (found.uploads_within, found.to_bucket) == (timedelta(seconds=60), True)
    vod = traits(output={"storage": "vod"})
    assert (vod.uploads_within, vod.to_bucket) == (timedelta(minutes=20), False)


def test_robots_are_told_apart_by_session_and_attempt(
    make_recorder: MakeRecorder, make_request: Make
) -> None:
    ids = make_recorder(robot_prefix="rec_").traits(make_request()).recorder_ids
    robots = {ids.identity(session, n) for session in ("s1", "s2") for n in range(1, 200)}
    assert len(robots) == 398
    assert all(re.fullmatch(r"rec_[0-9a-f]{20}", robot) for robot in robots)


@pytest.mark.parametrize(
    ("account", "request_", "hours"),
    [
        ({}, {}, 720),
        ({}, options(resource_expired_hour=6), 6),
        ({"user_sig_hours": 48}, {"max_idle": "PT2H"}, 46),
        ({"user_sig_hours": 48}, options(resource_expired_hour=6), 6),
        ({"user_sig_hours": 2}, {"max_idle": "PT1H"}, 1),
    ],
)
def test_task_ends_its_life_before_calls_or_failovers_fail(
    make_recorder: MakeRecorder,
    make_request: Make,
    account: dict[str, Any],
    request_: dict[str, Any],
    hours: int,
) -> None:
    traits = make_recorder(**account).traits(make_request(**request_))
    assert traits.task_life == timedelta(hours=hours, minutes=-30)


def test_idle_time_must_leave_a_capped_sig_some_life(
    make_recorder: MakeRecorder, make_request: Make
) -> None:
    rule = "max_idle: must leave an hour of the 2 hours that account 'demo' allows"
    with pytest.raises(InvalidRequest, match=rule):
        make_recorder(user_sig_hours=2).traits(make_request(max_idle="PT61M"))

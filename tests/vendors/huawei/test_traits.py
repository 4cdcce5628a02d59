"""What is refused before anything is sent, by the path that the caller wrote."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from longtake.domain.errors import InvalidRequest, NotConfigured
from longtake.domain.layout import FloatingLayout
from longtake.domain.recording import RecordingRequest, StreamFilter, Subscriptions
from longtake.domain.traits import Traits
from longtake.vendors.huawei.adapter import HuaweiRecorder

Make = Callable[..., RecordingRequest]
MakeRecorder = Callable[..., HuaweiRecorder]

ADA = {"audio": {"allow": ["ada"]}}
IMAGE = "s3://bucket/a.png"
PANE = {"x": 0, "y": 0, "width": 0.1, "height": 0.1}
ONE_USER = "subscriptions: huawei records one user in mode individual; start a session for each"


@pytest.fixture
def traits(make_recorder: MakeRecorder, make_request: Make) -> Callable[..., Traits]:
    return lambda **request: make_recorder().traits(make_request(**request))


def individual(**changes: Any) -> dict[str, Any]:
    return {"mode": "individual", "subscriptions": ADA, **changes}


def options(**given: Any) -> dict[str, Any]:
    return {"vendor_options": given}


def output(**changes: Any) -> dict[str, Any]:
    return {"output": {"storage": "archive", **changes}}


def listed(**filters: Any) -> dict[str, Any]:
    return individual(subscriptions=filters)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"mode": "web"}, "mode: huawei records mixed and individual"),
    ({"media": "video"}, "media: huawei mixes audio_video and audio; one user's video alone"),
    ({"room": "a/b"}, "room: must hold no slash and no control character"),
    ({"room": "r" * 129}, "room: String should have at most 128 characters"),
    ({"max_idle": 4}, "max_idle: Input should be greater than or equal to 5"),
    ({"max_idle": "PT12H1S"}, "max_idle: Input should be less than or equal to 43200"),
    (individual(max_idle=4), "max_idle: Input should be greater than or equal to 5"),
    ({"canvas": {"width": 640}}, "canvas: huawei mixes 1920x1080, 1280x720, 640x480, 480x360"),
    ({"canvas": {"fps": 25}}, "canvas.fps: huawei offers 30, 15"),
    ({"canvas": {"video_kbps": 1000}}, "canvas.video_kbps: huawei offers 2260, 1130"),
    ({"canvas": {"audio_kbps": 64}}, "canvas.audio_kbps: huawei offers no choice of it"),
    ({"subscriptions": ADA}, "subscriptions: huawei mixes everybody in the room"),
    (output(path_prefix="a"), "output.path_prefix: the recording rule of output.storage says"),
    (output(max_file_length="PT1H"), "output.max_file_length: the recording rule of output"),
    (
        {"output": {"storage": "hls", "formats": ["hls", "mp4"]}},
        "output.formats: the recording rule of output.storage makes hls",
    ),
    ({"mode": "individual"}, ONE_USER),
    (listed(audio={"allow": ["ada", "bob"]}), ONE_USER),
    (listed(audio={"allow": ["ada"]}, video={"allow": ["bob"]}), ONE_USER),
    (listed(audio={"deny": ["ada"]}), ONE_USER),
    (listed(audio={"allow": ["ada"]}, video={"deny": ["ada"]}), ONE_USER),
    (listed(audio={"allow": ["a/b"]}), "subscriptions: must hold no slash and no control"),
    (individual(media="audio"), "media: huawei's texts disagree on how one user's sound alone"),
    ({"layout": {"kind": "floating"}}, "layout.kind: huawei has no template of 'floating'"),
    (
        {"layout": {"kind": "custom", "panes": [{**PANE, "user": str(n)} for n in range(26)]}},
        "layout.panes: ",
    ),
    (options(colour=1), "vendor_options.colour: unknown field"),
    (individual(**options(stream_type="4K")), "vendor_options.stream_type: "),
    (individual(**options(rtmp_urls=["http://a"])), "vendor_options.rtmp_urls.0: must be the add"),
    (options(encode_template="720p"), "vendor_options.encode_template: "),
    (
        {"canvas": {}, **options(encode_template="1x1_1_1")},
        "vendor_options.encode_template: stands instead of canvas",
    ),
    (options(users=["ada", "ada"]), "vendor_options.users: must name a user once"),
    (options(users=[str(n) for n in range(26)]), "vendor_options.users: "),
    (options(changeable_layout=True), "vendor_options.changeable_layout: draws panes: list users"),
    (
        options(changeable_layout=True, users=["ada"], screen_of="anyone"),
        "vendor_options.screen_of: a changeable_layout shows the screen of its main user only",
    ),
    (
        options(screen_of="anyone", screen_stream="camera"),
        "vendor_options.screen_of: 'anyone' has no camera",
    ),
    (options(background_image="https://a/b.png"), "vendor_options.background_image: "),
    (
        options(user_images=[{"user": "ada", "image": "a.png"}]),
        "vendor_options.user_images.0.image: ",
    ),
    (
        options(user_images=[{"user": "a\\b", "image": IMAGE}]),
        "vendor_options.user_images: must hold no slash and no control character",
    ),
    (
        individual(**options(audio_only_individual=True)),
        "vendor_options.audio_only_individual: media is 'audio_video', not 'audio'",
    ),
    *(
        (options(**{name: value}), f"vendor_options.{name}: belongs to mode individual, not to mix")
        for name, value in {
            "video_type": "screen",
            "stream_type": "LD",
            "audio_only_individual": True,
            "rtmp_urls": ["rtmp://a/b"],
        }.items()
    ),
    *(
        (individual(**options(**{name: value})), f"vendor_options.{name}: belongs to mode mixed")
        for name, value in {
            "encode_template": "1280x720_15_2260",
            "users": ["ada"],
            "unnamed_panes": True,
            "changeable_layout": True,
            "screen_users": ["ada"],
            "screen_of": "anyone",
            "screen_stream": "camera",
            "main_align": "right",
            "background_image": IMAGE,
            "user_image": IMAGE,
            "screen_image": IMAGE,
            "user_images": [{"user": "ada", "image": IMAGE}],
        }.items()
    ),
    *(
        (
            {"media": "audio", **options(**{name: value})},
            f"vendor_options.{name}: media 'audio' has no picture",
        )
        for name, value in {"users": ["ada"], "background_image": IMAGE}.items()
    ),
    (
        individual(media="audio", **options(audio_only_individual=True, video_type="screen")),
        "vendor_options.video_type: media 'audio' has no picture",
    ),
]


@pytest.mark.parametrize(("request_", "rule"), REFUSED, ids=[rule[:60] for _, rule in REFUSED])
def test_impossible_request_is_refused_by_its_path(
    traits: Callable[..., Traits], request_: dict[str, Any], rule: str
) -> None:
    with pytest.raises(InvalidRequest) as failure:
        traits(**request_)
    assert re.match(re.escape(rule), str(failure.value)), str(failure.value)


def test_unknown_profile_is_named_with_those_there_are(
    make_recorder: MakeRecorder, make_request: Make
) -> None:
    rule = "output.storage: no profile 'x' tells huawei of a recording rule; account 'demo' can use"
    with pytest.raises(NotConfigured, match=re.escape(f"{rule} archive, deep, hls")):
        make_recorder().traits(make_request(output={"storage": "x"}))


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"room": "会议 7~ä+%'\""},
        {"media": "audio"},
        {"max_idle": 5},
        {"max_idle": "PT12H"},
        {"canvas": {"width": 1920, "height": 1080, "fps": 30, "video_kbps": 3150}},
        output(formats=["hls", "mp4"]),
        {"output": {"storage": "hls"}},
        {"layout": {"kind": "speaker", "main": "ada"}},
        {"layout": {"kind": "speaker"}, **options(users=["ada"])},
        {"layout": {"kind": "floating"}, **options(unnamed_panes=True)},
        options(changeable_layout=True, users=["ada"], background_image=IMAGE),
        options(encode_template="1920*1080_60_9000"),
        options(screen_of="anyone"),
        individual(),
        individual(media="video", **options(video_type="screen", stream_type="LD")),
        individual(media="audio", **options(audio_only_individual=True)),
        individual(**options(rtmp_urls=["rtmp://a/b"])),
        listed(video={"allow": ["ada"]}),
        listed(audio={"allow": ["ä b"]}, video={"allow": ["ä b"]}),
    ],
)
def test_possible_request_passes(traits: Callable[..., Traits], request_: dict[str, Any]) -> None:
    assert traits(**request_).vendor == "huawei"


def test_traits_tell_how_the_vendor_behaves(traits: Callable[..., Traits]) -> None:
    found = traits()
    assert (found.resource_window, found.task_life) == (None, None)
    assert found.repeated_start == "duplicates"
    assert (found.confirm_first, found.confirm_within) == (
        timedelta(seconds=2),
        timedelta(seconds=90),
    )
    assert (found.to_bucket, found.native_hold) == (True, False)
    assert found.uploads_within > timedelta(0)


def test_traits_follow_the_mode(traits: Callable[..., Traits]) -> None:
    mixed, alone, sound = traits(), traits(**individual()), traits(media="audio")
    assert (mixed.max_listed_users, mixed.must_list_users, mixed.max_panes) == (0, False, 25)
    assert (alone.max_listed_users, alone.must_list_users, alone.max_panes) == (1, True, 0)
    assert (alone.layouts, sound.layouts) == (frozenset(), frozenset())


def test_layout_that_must_be_drawn_is_offered_where_users_are_known(
    traits: Callable[..., Traits], make_request: Make
) -> None:
    scene = make_request().first_scene().model_copy(update={"layout": FloatingLayout()})
    with pytest.raises(InvalidRequest, match="huawei offers custom, grid, screen_share, speaker"):
        traits().check(scene)
    traits(**options(users=["ada"])).check(scene)
    traits(**options(unnamed_panes=True)).check(scene)


@pytest.mark.parametrize(
    ("request_", "wish", "rule"),
    [
        ({}, {"audio": ("ada",)}, "subscriptions.audio: huawei mixes everybody"),
        (individual(), {"audio": ("bob",)}, "subscriptions.audio: a user of huawei is 'ada' alone"),
        (individual(), {"audio": ("ada", "bob")}, "subscriptions.audio: huawei takes at most 1"),
        (individual(), {}, "subscriptions: huawei records only users who are named"),
    ],
)
def test_another_user_is_another_session(
    traits: Callable[..., Traits],
    make_request: Make,
    request_: dict[str, Any],
    wish: dict[str, tuple[str, ...]],
    rule: str,
) -> None:
    filters = {medium: StreamFilter(allow=users) for medium, users in wish.items()}
    scene = make_request(**request_).first_scene()
    changed = scene.model_copy(update={"subscriptions": Subscriptions(**filters)})
    with pytest.raises(InvalidRequest, match=re.escape(rule)):
        traits(**request_).check(changed)

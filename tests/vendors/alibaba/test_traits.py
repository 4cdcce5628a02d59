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
from longtake.vendors.alibaba.adapter import AlibabaRecorder

Make = Callable[..., RecordingRequest]
MakeRecorder = Callable[..., AlibabaRecorder]

PICTURE = "https://img.example/a.png"
P = "x" * 400
PANE = {"x": 0, "y": 0, "width": 0.1, "height": 0.1}
NAMED = "subscriptions: alibaba records only users who are named: give audio.allow or video.allow"


@pytest.fixture
def traits(make_recorder: MakeRecorder, make_request: Make) -> Callable[..., Traits]:
    return lambda **request: make_recorder().traits(make_request(**request))


def individual(**options: Any) -> dict[str, Any]:
    return {"mode": "individual", "vendor_options": options}


def options(**given: Any) -> dict[str, Any]:
    return {"vendor_options": given}


def output(**changes: Any) -> dict[str, Any]:
    return {"output": {"storage": "archive", **changes}}


def users(count: int, first: int = 0) -> dict[str, Any]:
    return {"allow": [f"user{n}" for n in range(first, first + count)]}


def subscribed(audio: Any, video: Any) -> dict[str, Any]:
    given = {"audio": audio, "video": video}
    return {"subscriptions": {name: users for name, users in given.items() if users}}


LONG_IMAGES = [{"user": f"user{n}", "url": f"https://img.example/{'ä' * 2000}"} for n in range(17)]

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"mode": "web"}, "mode: alibaba records mixed and individual"),
    ({"max_idle": 9}, "max_idle: Input should be greater than or equal to 10"),
    ({"max_idle": "PT4H1S"}, "max_idle: Input should be less than or equal to 14400"),
    ({"canvas": {"width": 1921}}, "canvas.width: "),
    ({"canvas": {"height": 1921}}, "canvas.height: "),
    ({"canvas": {"fps": 61}}, "canvas.fps: "),
    ({"canvas": {"video_kbps": 10001}}, "canvas.video_kbps: "),
    ({"canvas": {"audio_kbps": 7}}, "canvas.audio_kbps: "),
    ({"canvas": {"audio_kbps": 501}}, "canvas.audio_kbps: "),
    (
        {"media": "video", "canvas": {"audio_kbps": 64}},
        "canvas.audio_kbps: media 'video' has no sound",
    ),
    (output(max_file_length="PT179S"), "output.max_file_length: Input should be greater"),
    (output(max_file_length="PT2H1S"), "output.max_file_length: Input should be less"),
    ({"output": {"storage": "media", "path_prefix": "a"}}, "output.path_prefix: VOD has no fold"),
    ({"output": {"storage": "media", "formats": ["mp4"]}}, "output.formats: VOD takes none"),
    *(
        (
            {"output": {"storage": "media"}, **options(**{name: value})},
            f"vendor_options.{name}: belongs to a bucket, not to VOD",
        )
        for name, value in {
            "mp3": True,
            "slice_seconds": 10,
            "file_name": "{StartTime}",
            "slice_name": "{StartTime}{Sequence}",
        }.items()
    ),
    *(
        (output(path_prefix=path), "output.path_prefix: must not have . or .. between its slashes")
        for path in (".", "..", "a/../b", "a/.")
    ),
    (output(path_prefix="x" * 909), "request: a file of 'ada' would have a key of 1024 bytes, of"),
    (
        {
            **individual(file_name="{ChannelId}{StartTime}{UserId}"),
            "room": "会" * 256,
            **output(path_prefix="x" * 150),
        },
        "request: a file of 'ada' would have a key of 1025 bytes, of which OSS takes 1023",
    ),
    (
        {**individual(), **subscribed({"allow": ["😀" * 128] * 2}, None), **output(path_prefix=P)},
        "request: a file of '😀",
    ),
    ({"layout": {"kind": "custom", "panes": [PANE] * 18}}, "layout.panes: alibaba shows at most"),
    (
        {"layout": {"kind": "custom", "panes": [{**PANE, "opacity": 0.5}]}},
        "layout.panes: alibaba's panes are opaque",
    ),
    ({"layout": {"kind": "grid", "background_color": "#112233"}}, "layout.background_color: "),
    (
        {"layout": {"kind": "screen_share", "main": "eve"}},
        "layout: shows 'eve', whose video is not recorded",
    ),
    (
        {
            "layout": {"kind": "grid", "user_images": LONG_IMAGES},
            "subscriptions": {"audio": users(17), "video": users(17)},
        },
        "request: takes ",
    ),
    ({"subscriptions": {}}, NAMED),
    (subscribed({"deny": ["ada"]}, None), NAMED),
    (subscribed({"deny": ["ada"]}, {"allow": ["ada"]}), "subscriptions.audio: leaves nobody"),
    (subscribed({"allow": ["ada"]}, {"deny": ["ada"]}), "subscriptions.video: leaves nobody"),
    (subscribed(users(18), users(1)), "subscriptions.audio: alibaba takes at most 17 users"),
    (
        subscribed(users(9), users(9, first=9)),
        "subscriptions: alibaba records at most 17 streams, 18 are listed",
    ),
    (
        {**individual(sources="both"), **subscribed(users(9), users(9))},
        "subscriptions: alibaba records at most 17 streams, 18 are listed",
    ),
    (
        {**individual(), **subscribed({"allow": ["ada"]}, {"allow": ["ada", "bob"]})},
        "subscriptions.audio: in mode individual alibaba records no picture without the sound",
    ),
    (
        {"media": "audio", **subscribed({"allow": ["ada"]}, {"allow": ["ada"]})},
        "subscriptions.video: media 'audio' records no video",
    ),
    (
        {"media": "video", **subscribed({"deny": ["ada"]}, {"allow": ["ada"]})},
        "subscriptions.audio: media 'video' records no audio",
    ),
    (options(colour=1), "vendor_options.colour: unknown field"),
    (options(sources="all"), "vendor_options.sources: "),
    (options(sources="both"), "vendor_options.sources: 'both' belongs to mode individual"),
    (options(screen_stream="aux"), "vendor_options.screen_stream: "),
    (options(gop=0), "vendor_options.gop: "),
    (options(gop=61), "vendor_options.gop: "),
    (options(frame_fill_type=-1), "vendor_options.frame_fill_type: "),
    (options(slice_seconds=9), "vendor_options.slice_seconds: "),
    (options(slice_seconds=31), "vendor_options.slice_seconds: "),
    (options(mp3=1), "vendor_options.mp3: "),
    (options(audio={"sample_rate": 22050}), "vendor_options.audio.sample_rate: "),
    (options(audio={"channels": 3}), "vendor_options.audio.channels: "),
    (options(audio={"kbps": 7}), "vendor_options.audio.kbps: "),
    (options(audio={"kbps": 501}), "vendor_options.audio.kbps: "),
    (
        {"canvas": {"audio_kbps": 64}, **options(audio={"kbps": 64})},
        "vendor_options.audio.kbps: canvas.audio_kbps says the same",
    ),
    ({"media": "video", **options(audio={})}, "vendor_options.audio: media 'video' has no sound"),
    (options(file_name="{ChannelId}"), "vendor_options.file_name: must hold {StartTime}"),
    (options(file_name="a/{StartTime}"), "vendor_options.file_name: must be a text without /"),
    (options(file_name="\x07{StartTime}"), "vendor_options.file_name: must be a text without /"),
    (options(file_name="{StartTime}{Day}"), "vendor_options.file_name: must hold braces only aro"),
    (options(file_name="{StartTime}{Sequence}"), "vendor_options.file_name: must not hold {Seque"),
    (options(slice_name="{StartTime}"), "vendor_options.slice_name: must hold {Sequence}"),
    (options(slice_name="{Sequence}"), "vendor_options.slice_name: must hold {StartTime}"),
    (individual(file_name="{StartTime}"), "vendor_options.file_name: must hold {UserId}"),
    (
        individual(slice_name="{StartTime}{Sequence}"),
        "vendor_options.slice_name: must hold {UserId}",
    ),
    (
        individual(sources="both", file_name="{StartTime}{UserId}"),
        "vendor_options.file_name: must hold {SourceType}",
    ),
    *(
        (individual(**{name: value}), f"vendor_options.{name}: belongs to mode mixed")
        for name, value in {
            "screen_stream": "camera",
            "audio": {},
            "gop": 2,
            "frame_fill_type": 0,
            "background_fit": "crop",
        }.items()
    ),
    *(
        (
            {"media": "audio", **options(**{name: value})},
            f"vendor_options.{name}: media 'audio' has no picture",
        )
        for name, value in {"sources": "screen", "gop": 2, "background_fit": "crop"}.items()
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
        ({}, "elsewhere", "output.storage: no profile 'elsewhere' tells alibaba of a bucket or V"),
        (
            {},
            "singapore",
            "output.storage: the bucket of profile 'singapore' lies in ap-southeast-1, account ",
        ),
        ({"region": "us-east-1"}, "archive", "output.storage: the bucket of profile 'archive' li"),
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
    ("region", "profile"),
    [("ap-southeast-1", "singapore"), ("us-east-1", "own"), ("us-east-1", "media")],
)
def test_bucket_of_the_account_s_region_passes(
    make_recorder: MakeRecorder, make_request: Make, region: str, profile: str
) -> None:
    make_recorder(region=region).traits(make_request(output={"storage": profile}))


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"room": "会议 7/ä+%~"},
        {"media": "audio"},
        {"media": "video", "canvas": {"width": 1920, "height": 1920, "fps": 60}},
        {"canvas": {"video_kbps": 10000, "audio_kbps": 500}},
        {"max_idle": "PT4H"},
        {"max_idle": 9.5},
        output(formats=["hls", "mp4"], path_prefix="2026/01.02/a-b", max_file_length="PT2H"),
        output(formats=["mp4"], max_file_length="PT3M"),
        output(path_prefix=f"...{'x' * 897}/a..b/.c"),
        {"room": "会" * 256},
        {**individual(), **subscribed({"allow": ["😀" * 128]}, None)},
        {"layout": {"kind": "custom", "panes": [{**PANE, "x": -0.0, "y": -0.0}]}},
        subscribed(users(17), users(17)),
        subscribed(users(8), users(9, first=8)),
        subscribed(users(17), None),
        subscribed({"deny": ["user3"]}, users(17)),
        {"layout": {"kind": "custom", "panes": [PANE] * 17}},
        {"layout": {"kind": "speaker"}},
        {"layout": {"kind": "screen_share", "main": "bob", "user_image": PICTURE}},
        individual(),
        {**individual(sources="both", mp3=True), **subscribed(users(8), users(8))},
        individual(file_name="{UserId}{StartTime}", slice_name="{UserId}{StartTime}{Sequence}"),
        {"output": {"storage": "media"}},
        {"output": {"storage": "media"}, **individual(sources="screen")},
    ],
)
def test_possible_request_passes(traits: Callable[..., Traits], request_: dict[str, Any]) -> None:
    assert traits(**request_).vendor == "alibaba"


def test_traits_follow_the_mode(traits: Callable[..., Traits]) -> None:
    mixed, alone, sound = traits(), traits(**individual()), traits(media="audio")
    assert mixed.layouts == {"grid", "floating", "speaker", "screen_share", "custom"}
    assert (mixed.max_panes, mixed.max_listed_users) == (17, 17)
    assert (alone.layouts, alone.max_panes, sound.layouts) == (frozenset(), 0, frozenset())
    assert not mixed.native_hold


def test_traits_tell_how_the_vendor_behaves(traits: Callable[..., Traits]) -> None:
    found = traits()
    assert found.resource_window is None
    assert (found.repeated_start, found.must_list_users) == ("duplicates", True)
    assert (found.confirm_first, found.confirm_within) == (
        timedelta(seconds=5),
        timedelta(seconds=90),
    )
    assert found.missing_grace == timedelta(seconds=30)
    assert (found.uploads_within, found.to_bucket) == (timedelta(seconds=60), True)
    assert found.task_life == timedelta(hours=71, minutes=30)
    media = traits(output={"storage": "media"})
    assert (media.uploads_within, media.to_bucket) == (timedelta(minutes=5), False)


def test_attempts_are_told_apart_by_session_and_number(
    make_recorder: MakeRecorder, make_request: Make
) -> None:
    ids = make_recorder().traits(make_request()).recorder_ids
    tokens = {ids.identity(session, n) for session in ("s1", "s2") for n in range(1, 200)}
    assert len(tokens) == 398
    assert all(re.fullmatch(r"lt[0-9a-f]{20}", token) for token in tokens)

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
from longtake.vendors.agora.adapter import AgoraRecorder

CERTIFICATE = "5CFd2fd1755d40ecb72977518be15d3b"
SALT = "c2FsdHNhbHRzYWx0c2FsdHNhbHRzYWx0c2FsdHNhbHQ="
PAGE = {"web": {"url": "https://page.example"}}

Make = Callable[..., RecordingRequest]
MakeRecorder = Callable[..., AgoraRecorder]


@pytest.fixture
def traits(make_recorder: MakeRecorder, make_request: Make) -> Callable[..., Traits]:
    return lambda **request: make_recorder().traits(make_request(**request))


def individual(**options: Any) -> dict[str, Any]:
    return {"mode": "individual", "vendor_options": options}


def web(**options: Any) -> dict[str, Any]:
    return {"mode": "web", "vendor_options": {**PAGE, **options}}


def output(**changes: Any) -> dict[str, Any]:
    return {"storage": "archive", **changes}


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"room": "käse"}, "room: must consist of"),
    ({"room": "x" * 65}, "room: must be at most 64 bytes"),
    ({"max_idle": 4}, "max_idle: Input should be greater than or equal to 5"),
    ({"canvas": {"width": 2000}}, "canvas.width: "),
    ({"canvas": {"height": 2000}}, "canvas.height: "),
    ({"canvas": {"width": 1920, "height": 1090}}, "canvas: width * height must be at most"),
    ({"canvas": {"fps": 25}}, "canvas.fps: Input should be 1, 7, 10, 15, 24, 30 or 60"),
    ({"canvas": {"video_kbps": 6501}}, "canvas.video_kbps: "),
    ({"canvas": {"audio_kbps": 64}}, "canvas.audio_kbps: agora offers 48, 128 and 192"),
    ({"output": output(formats=["mp4"])}, "output.formats: "),
    ({"output": output(path_prefix="a_b")}, "output.path_prefix: agora takes letters"),
    ({"output": output(path_prefix="2026/01-02")}, "output.path_prefix: agora takes letters"),
    ({"output": output(path_prefix="x" * 109)}, "output.path_prefix: must be at most 108"),
    ({"output": output(max_file_length="PT1H")}, "output.max_file_length: agora offers it in"),
    ({"layout": {"kind": "speaker", "main": "ada"}}, "layout.main: must be an integer from 1"),
    ({"layout": {"kind": "speaker", "main": "0"}}, "layout.main: must be an integer from 1"),
    (
        {
            "layout": {
                "kind": "custom",
                "panes": [{"x": 0, "y": 0, "width": 0.1, "height": 0.1}] * 18,
            }
        },
        "layout.panes: ",
    ),
    ({"subscriptions": {"audio": {"allow": ["ada"]}}}, "subscriptions.audio: "),
    (
        {"subscriptions": {"video": {"allow": [str(n) for n in range(1, 34)]}}},
        "subscriptions.video: ",
    ),
    (
        {"media": "audio", "subscriptions": {"video": {"allow": ["5"]}}},
        "subscriptions.video: media 'audio' records no video",
    ),
    (
        {"media": "video", "subscriptions": {"audio": {"deny": ["5"]}}},
        "subscriptions.audio: media 'video' records no audio",
    ),
    ({"vendor_options": {"colour": 1}}, "vendor_options.colour: unknown field"),
    ({"vendor_options": {"channel_type": 1}}, "vendor_options.channel_type: "),
    ({"vendor_options": {"resource_expired_hour": 721}}, "vendor_options.resource_expired_hour: "),
    ({"vendor_options": {"region": "US"}}, "vendor_options.region: "),
    ({"vendor_options": {"subscribe_uid_group": 6}}, "vendor_options.subscribe_uid_group: "),
    ({"vendor_options": {"async_stop": "yes"}}, "vendor_options.async_stop: "),
    (
        {"vendor_options": {"decryption": {"mode": "AES_256_GCM2", "secret": "room-key"}}},
        "vendor_options.decryption: AES_256_GCM2 needs a salt",
    ),
    (
        {
            "vendor_options": {
                "decryption": {"mode": "AES_256_GCM2", "secret": "room-key", "salt": "eA=="}
            }
        },
        "vendor_options.decryption.salt: must be 32 bytes in base64",
    ),
    (
        {"canvas": {"audio_kbps": 48}, "vendor_options": {"audio_profile": 1}},
        "vendor_options.audio_profile: canvas.audio_kbps says the same",
    ),
    (
        {"media": "video", "vendor_options": {"audio_profile": 1}},
        "vendor_options.audio_profile: media 'video' has no audio",
    ),
    ({"vendor_options": {"stream_mode": "standard"}}, "vendor_options.stream_mode: belongs to"),
    ({"vendor_options": {"snapshot": {}}}, "vendor_options.snapshot: belongs to mode individual"),
    ({"vendor_options": PAGE}, "vendor_options.web: belongs to mode web"),
    ({"vendor_options": {"postponed": {}}}, "vendor_options.postponed: belongs to"),
    (individual(snapshot={"interval": 0}), "vendor_options.snapshot.interval: "),
    (individual(snapshot={"interval": 3601}), "vendor_options.snapshot.interval: "),
    ({**individual(snapshot={}), "media": "audio"}, "vendor_options.snapshot: media 'audio'"),
    (individual(stream_mode="original"), "vendor_options.stream_mode: 'original' needs media"),
    (individual(audio_profile=1), "vendor_options.audio_profile: belongs to mode mixed and web"),
    (individual(postponed={}), "vendor_options.postponed.mode: 'audio_mix' needs media 'audio'"),
    (
        {**individual(postponed={}, region="EU"), "media": "audio"},
        "vendor_options.region: cannot be chosen together with postponed",
    ),
    (
        individual(postponed={"mode": "transcode"}, snapshot={}),
        "vendor_options.snapshot: cannot be taken together with postponed",
    ),
    (
        {**individual(postponed={}, stream_mode="standard"), "media": "audio"},
        "vendor_options.stream_mode: 'audio_mix' needs 'original'",
    ),
    (
        individual(postponed={"mode": "transcode", "format": "mp3"}),
        "vendor_options.postponed: format, sample_rate and channels belong to audio_mix",
    ),
    (
        {**individual(), "output": output(formats=["hls", "mp4"])},
        "output.formats: agora makes mp4 in the modes mixed and web only",
    ),
    (
        {
            **individual(subscribe_uid_group=0),
            "subscriptions": {"audio": {"allow": ["1", "2", "3"]}},
        },
        "subscriptions: 3 users are more than the 2 of vendor_options.subscribe_uid_group 0",
    ),
    (
        individual(
            stream_mode="standard",
            vod={"access_key": "vod-id", "secret_key": "vod-key", "region_id": "r", "title": "t"},
        ),
        "vendor_options.vod: needs stream_mode 'default'",
    ),
    ({"mode": "web"}, "vendor_options.web: mode web needs the page's url"),
    ({**web(), "media": "audio"}, "media: mode web records a page whole"),
    ({**web(), "subscriptions": {"audio": {"allow": ["5"]}}}, "subscriptions: a web page has none"),
    (web(channel_type="live"), "vendor_options.channel_type: belongs to"),
    (web(web={"url": "file:///etc/passwd"}), "vendor_options.web.url: "),
    (web(web={**PAGE["web"], "ready_timeout": 61}), "vendor_options.web.ready_timeout: "),
    (web(web={**PAGE["web"], "max_recording_hours": 0}), "vendor_options.web.max_recording_hours"),
    ({**web(), "canvas": {"width": 200}}, "canvas.width: "),
    ({**web(), "canvas": {"fps": 4}}, "canvas.fps: "),
    ({**web(), "canvas": {"video_kbps": 49}}, "canvas.video_kbps: "),
    ({**web(), "output": output(max_file_length="PT29M")}, "output.max_file_length: "),
    ({**web(), "output": output(max_file_length="PT5H")}, "output.max_file_length: "),
    (web(web={**PAGE["web"], "rtmp_url": "room-key"}), "vendor_options.web.rtmp_url: "),
]


@pytest.mark.parametrize(("request_", "rule"), REFUSED, ids=[rule[:48] for _, rule in REFUSED])
def test_impossible_request_is_refused_by_its_path(
    traits: Callable[..., Traits], request_: dict[str, Any], rule: str
) -> None:
    with pytest.raises(InvalidRequest, match=re.escape(rule)) as failure:
        traits(**request_)
    assert "the-room-key" not in str(failure.value)


@pytest.mark.parametrize(
    ("request_", "rule"),
    [
        ({"output": {"storage": "elsewhere"}}, "output.storage: no profile 'elsewhere'"),
        (
            {"vendor_options": {"decryption": {"mode": "AES_128_XTS", "secret": "nope"}}},
            "vendor_options.decryption.secret: the account's secrets have no 'nope'",
        ),
        (web(web={**PAGE["web"], "rtmp_url": "nope"}), "vendor_options.web.rtmp_url: "),
    ],
)
def test_what_the_worker_lacks_is_named(
    traits: Callable[..., Traits], request_: dict[str, Any], rule: str
) -> None:
    with pytest.raises(NotConfigured, match=re.escape(rule)):
        traits(**request_)


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"room": "a room!#$%&()+-:;<=.>?@[]^_{}|~, x"},
        {"media": "audio"},
        {"media": "video", "canvas": {"width": 1920, "height": 1080, "fps": 60}},
        {"output": output(formats=["hls", "mp4"], path_prefix="2026/01/02")},
        {"output": output(path_prefix="x" * 108)},
        {"vendor_options": {"region": "EU", "region_affinity": "europe", "channel_type": "live"}},
        {
            "vendor_options": {
                "decryption": {"mode": "AES_256_GCM2", "secret": "room-key", "salt": SALT}
            }
        },
        individual(),
        individual(snapshot={"interval": 5, "only": True}, stream_mode="standard"),
        individual(postponed={"mode": "transcode"}),
        {**individual(postponed={"format": "m4a", "channels": 1}), "media": "audio"},
        individual(
            vod={"access_key": "vod-id", "secret_key": "vod-key", "region_id": "r", "title": "t"}
        ),
        web(),
        {
            **web(web={**PAGE["web"], "rtmp_url": "push", "ready_timeout": 10, "mobile": True}),
            "output": output(formats=["hls", "mp4"], max_file_length="PT30M"),
            "canvas": {"width": 1280, "height": 720, "fps": 25, "audio_kbps": 128},
        },
    ],
)
def test_possible_request_passes(traits: Callable[..., Traits], request_: dict[str, Any]) -> None:
    assert traits(**request_).vendor == "agora"


def test_traits_follow_the_mode(traits: Callable[..., Traits]) -> None:
    mixed, alone, page = traits(), traits(**individual()), traits(**web())
    assert mixed.layouts == {"grid", "floating", "speaker", "screen_share", "custom"}
    assert (mixed.max_panes, mixed.max_listed_users, mixed.native_hold) == (17, 32, False)
    assert (alone.layouts, alone.max_listed_users, alone.native_hold) == (frozenset(), 32, False)
    assert (page.layouts, page.max_listed_users, page.native_hold) == (frozenset(), 0, True)
    assert mixed.resource_window == timedelta(seconds=300)
    assert traits(media="audio").layouts == frozenset()


def test_recorder_ids_lie_above_what_applications_hand_out(
    traits: Callable[..., Traits],
) -> None:
    ids = traits().recorder_ids
    uids = {int(ids.identity("0123456789ab", attempt)) for attempt in range(1, 200)}
    assert len(uids) == 199
    assert min(uids) >= 4_000_000_000
    assert max(uids) <= 2**32 - 1


@pytest.mark.parametrize(
    ("account", "request_", "hours"),
    [
        ({}, {}, 720),
        ({}, {"vendor_options": {"resource_expired_hour": 72}}, 72),
        ({"app_certificate": CERTIFICATE}, {}, 24),
        ({"app_certificate": CERTIFICATE}, {"vendor_options": {"resource_expired_hour": 2}}, 2),
        ({"app_certificate": CERTIFICATE}, {**web(), "max_duration": "PT90M"}, 3),
        ({}, {**web(), "max_duration": "P30D"}, 719),
        ({}, web(web={**PAGE["web"], "max_recording_hours": 5}), 5),
    ],
)
def test_task_ends_its_life_before_the_vendor_ends_it(
    make_recorder: MakeRecorder,
    make_request: Make,
    account: dict[str, Any],
    request_: dict[str, Any],
    hours: int,
) -> None:
    traits = make_recorder(**account).traits(make_request(**request_))
    assert traits.task_life == timedelta(hours=hours, minutes=-30)

"""Every documented range and rule of the bodies, checked before anything is sent."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from longtake.vendors.huawei.wire.jobs import IndividualJob, IndividualUpdate, MixJob, MixUpdate
from longtake.vendors.huawei.wire.replies import as_utc
from longtake.vendors.huawei.wire.rules import RecordRule

RULE = {"record_rule_id": "rule-1"}
OBS = {"location": "cn-north-4", "project_id": "p", "bucket": "b"}
PICTURE = "s3://bucket/a/b.png"
WINDOW = {
    "id": 1,
    "user_id": "ada",
    "x": 0.0,
    "y": 0.5,
    "width": 1.0,
    "height": 0.5,
    "zorder": 0,
    "crop_mode": "KEEP_RATIO_CROP",
}
VIEW = {"id": 1, "user_id": "ada", "filling_policy": "FIXED_USER"}
SHARED = {"id": 1, "video_type": "SCREENSTREAM", "filling_policy": "SHARED_SCREEN"}


def individual(**changes: Any) -> IndividualJob:
    given = {"room_id": "r", "user_id": "u", "video_type": "CAMERASTREAM", "record_param": RULE}
    return IndividualJob.model_validate({**given, **changes})


def mix(**changes: Any) -> MixJob:
    given = {"room_id": "r", "encode_template": "1280x720_15_2260"}
    param = {**given, "layout_template": "nine_grids_view", **changes}
    set_ = {name: value for name, value in param.items() if value is not None}
    return MixJob.model_validate({"mix_param": set_, "record_param": RULE})


def custom(*panes: dict[str, Any], **changes: Any) -> MixJob:
    return mix(layout_template="custom", layout_panes=panes, **changes)


def shared(*panes: dict[str, Any], side: str = "left") -> MixJob:
    return mix(layout_template=f"screen_share_{side}", layout_panes=panes)


def update(**param: Any) -> MixUpdate:
    return MixUpdate.model_validate({"mix_param": param})


def rule(**changes: Any) -> RecordRule:
    hls = {"record_cycle": 0}
    given = {"obs_addr": OBS, "record_formats": ["HLS"], "hls_config": hls}
    return RecordRule.model_validate({**given, **changes})


def hls(**changes: Any) -> RecordRule:
    return rule(hls_config={"record_cycle": 0, **changes})


def mp4(**changes: Any) -> RecordRule:
    config = {"record_cycle": 60, **changes}
    return rule(record_formats=["MP4"], hls_config=None, mp4_config=config)


ALLOWED = [
    *(lambda n=n: individual(max_idle_time=n) for n in (5, 43_200)),
    *(lambda n=n: mix(max_idle_time=n) for n in (5, 43_200)),
    *(lambda t=t: individual(select_stream_type=t) for t in ("LD", "SD", "HD", "FHD")),
    lambda: individual(video_type="SCREENSTREAM", is_record_audio=False),
    lambda: individual(video_type=None),
    lambda: individual(room_id="会议 ~+'\"_" + "r" * 119, user_id="😀"),
    lambda: individual(publish_param={"rtmp_urls": ["rtmp://a/b", "rtmps://c/d"]}),
    lambda: mix(encode_template="audio_only", layout_template=None),
    lambda: mix(encode_template="1280*720_15_2260"),
    lambda: mix(background_image=PICTURE, screen_background_image=PICTURE),
    lambda: mix(user_background_images=[{"user_id": "ada", "image_uri": PICTURE}]),
    lambda: shared(VIEW),
    lambda: shared(SHARED, side="right"),
    lambda: custom(WINDOW),
    lambda: custom(*({**WINDOW, "id": n + 1, "zorder": n} for n in range(25))),
    lambda: custom({k: v for k, v in WINDOW.items() if k != "user_id"}),
    lambda: custom({**WINDOW, "crop_mode": "KEEP_RATIO_PADDING", "video_type": "SCREENSTREAM"}),
    lambda: update(layout_template="custom", layout_panes=[WINDOW]),
    lambda: update(layout_panes=[VIEW]),
    lambda: update(max_idle_time=5, background_image=PICTURE),
    lambda: IndividualUpdate.model_validate({"record_param": RULE}),
    lambda: rule(obs_addr={**OBS, "object": "a/b"}),
    *(lambda n=n: hls(record_cycle=n) for n in (0, 60, 43_200)),
    *(lambda n=n: hls(record_slice_duration=n) for n in (2, 60)),
    *(lambda n=n: hls(record_max_duration_to_merge_file=n) for n in (-1, 300)),
    *(lambda n=n: mp4(record_cycle=n) for n in (60, 10_800)),
    *(lambda n=n: mp4(record_max_duration_to_merge_file=n) for n in (0, 300)),
    lambda: rule(record_formats=["HLS", "MP4"], mp4_config={"record_cycle": 60}),
]


@pytest.mark.parametrize("make", ALLOWED, ids=range(len(ALLOWED)))
def test_documented_body_passes(make: Any) -> None:
    assert isinstance(make(), BaseModel)


REFUSED: list[tuple[Any, str]] = [
    *((lambda n=n: individual(max_idle_time=n), "max_idle_time") for n in (4, 43_201)),
    *((lambda n=n: mix(max_idle_time=n), "mix_param.max_idle_time") for n in (4, 43_201)),
    *((lambda n=n: update(max_idle_time=n), "mix_param.max_idle_time") for n in (4, 43_201)),
    (lambda: individual(room_id=""), "room_id"),
    (lambda: individual(room_id=100), "room_id"),
    (lambda: individual(user_id=""), "user_id"),
    *(
        (lambda i=i: individual(room_id=i), "room_id")
        for i in ("a/b", "a\\b", "a\0", "a\n", "\x7f", "r" * 129)
    ),
    (lambda: individual(user_id="a/b"), "user_id"),
    (lambda: mix(room_id="a/b"), "mix_param.room_id"),
    (lambda: individual(record_param=None), "record_param"),
    (lambda: individual(record_param={}), "record_param.record_rule_id"),
    (lambda: individual(video_type="camera"), "video_type"),
    (lambda: individual(select_stream_type="4K"), "select_stream_type"),
    (lambda: individual(video_type=None, is_record_audio=False), "nothing is left to record"),
    (lambda: individual(publish_param={}), "publish_param.rtmp_urls"),
    (lambda: individual(publish_param={"rtmp_urls": []}), "publish_param.rtmp_urls"),
    *(
        (lambda u=u: individual(publish_param={"rtmp_urls": [u]}), "publish_param.rtmp_urls.0")
        for u in ("http://a/b", "rtmp:/a", "rtmp://", "rtmp://a b", "")
    ),
    (lambda: individual(extra=1), "extra"),
    (lambda: mix(encode_template="720p"), "mix_param.encode_template"),
    (lambda: mix(encode_template=None), "mix_param.encode_template"),
    (lambda: mix(layout_template="four_grids"), "mix_param.layout_template"),
    (lambda: mix(layout_template=None), "needs a layout_template"),
    (lambda: mix(encode_template="audio_only"), "audio_only takes no layout_template"),
    (
        lambda: mix(encode_template="audio_only", layout_template=None, background_image=PICTURE),
        "audio_only takes no background_image",
    ),
    (lambda: mix(layout_panes=[WINDOW]), "nine_grids_view takes no layout_panes"),
    (custom, "custom needs layout_panes"),
    (lambda: custom(VIEW), "a pane of custom has a place"),
    (lambda: custom({"id": 1, "user_id": "ada"}), "a pane of custom has a place"),
    (lambda: custom({**WINDOW, "zorder": None}), "a pane of custom has a place"),
    (lambda: custom({**WINDOW, "filling_policy": "FIXED_USER"}), "and no filling_policy"),
    (lambda: custom(WINDOW, WINDOW), "different ids"),
    (shared, "takes one of layout_panes"),
    (lambda: shared(VIEW, {**VIEW, "id": 2}), "takes one of layout_panes"),
    (lambda: shared({**VIEW, "id": 2}), "with the id 1"),
    (lambda: shared({**VIEW, "x": 0.0}), "has a filling_policy, and no place"),
    (lambda: shared({"id": 1, "user_id": "ada"}), "has a filling_policy"),
    (lambda: shared({"id": 1, "filling_policy": "FIXED_USER"}), "FIXED_USER needs a user_id"),
    (lambda: shared({**SHARED, "user_id": "ada"}), "SHARED_SCREEN takes no user_id"),
    (lambda: shared({**SHARED, "video_type": "CAMERASTREAM"}), "the video_type SCREENSTREAM"),
    *(
        (lambda c=c: custom({**WINDOW, **c}), f"layout_panes.0.{next(iter(c))}")
        for c in (
            *({"id": 0}, {"user_id": ""}, {"video_type": "BOTH"}, {"x": -0.1}, {"x": 1.1}),
            *({"y": 1.1}, {"width": 0.0}, {"width": 1.1}, {"height": 0}, {"zorder": -1}),
            *({"zorder": 25}, {"crop_mode": "STRETCH"}, {"x": float("nan")}, {"x": "half"}),
        )
    ),
    *(
        (lambda u=u: mix(background_image=u), "mix_param.background_image")
        for u in ("https://a/b.png", "s3://bucket", "s3:///b", "s3://b/ c")
    ),
    (
        lambda: mix(user_background_images=[{"user_id": "ada"}]),
        "mix_param.user_background_images.0.image_uri",
    ),
    (
        lambda: mix(user_background_images=[{"user_id": "a/b", "image_uri": PICTURE}]),
        "mix_param.user_background_images.0.user_id",
    ),
    (lambda: update(layout_template="nine_grids_view"), "only from one custom to another"),
    (lambda: update(layout_template="custom"), "custom needs layout_panes"),
    (lambda: update(room_id="r"), "mix_param.room_id"),
    (lambda: update(encode_template="audio_only"), "mix_param.encode_template"),
    (lambda: rule(obs_addr={"bucket": "b"}), "obs_addr.location"),
    (lambda: rule(record_formats=[]), "record_formats"),
    (lambda: rule(record_formats=["hls"]), "record_formats.0"),
    (lambda: rule(hls_config=None), "HLS in record_formats and hls_config go together"),
    (lambda: rule(mp4_config={"record_cycle": 60}), "MP4 in record_formats and mp4_config"),
    *((lambda n=n: hls(record_cycle=n), "hls_config.record_cycle") for n in (-1, 59, 43_201)),
    *((lambda n=n: hls(record_slice_duration=n), "record_slice_duration") for n in (1, 61)),
    *(
        (lambda n=n: hls(record_max_duration_to_merge_file=n), "record_max_duration_to_merge_file")
        for n in (-2, 301)
    ),
    *((lambda n=n: mp4(record_cycle=n), "mp4_config.record_cycle") for n in (0, 59, 10_801)),
    *(
        (lambda n=n: mp4(record_max_duration_to_merge_file=n), "record_max_duration_to_merge_file")
        for n in (-1, 301)
    ),
]


@pytest.mark.parametrize(
    ("make", "rule_"), REFUSED, ids=[f"{n} {r[1]}" for n, r in enumerate(REFUSED)]
)
def test_broken_rule_is_named(make: Any, rule_: str) -> None:
    with pytest.raises(ValidationError) as failure:
        make()
    told = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in failure.value.errors()]
    assert any(rule_ in line for line in told), told


def test_places_are_numbers_and_defaults_are_said() -> None:
    sent = json.loads(custom(WINDOW).body())["mix_param"]["layout_panes"]
    assert sent == [{**WINDOW, "video_type": "CAMERASTREAM"}]
    assert {type(sent[0][name]) for name in ("x", "y", "width", "height")} == {float}


def test_address_of_a_push_is_sent_in_clear_and_shown_nowhere() -> None:
    job = individual(publish_param={"rtmp_urls": ["rtmp://a/secret-key"]})
    assert json.loads(job.body())["publish_param"] == {"rtmp_urls": ["rtmp://a/secret-key"]}
    assert "secret-key" not in f"{job!r} {job.model_dump()} {job.model_dump_json()}"


@pytest.mark.parametrize("text", ["2006-01-02T15:04:05.075Z", "2006-01-02T15:04:05.075"])
def test_times_are_utc_wherever_the_worker_runs(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Asia/Shanghai")
        time.tzset()
        assert as_utc(text) == datetime(2006, 1, 2, 15, 4, 5, 75000, tzinfo=UTC)
    time.tzset()

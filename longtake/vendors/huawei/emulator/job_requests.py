"""The bodies of the calls on jobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from longtake.vendors.huawei.emulator.codes import COMBINATION, Refusal
from longtake.vendors.huawei.emulator.mixing import (
    AUDIO_ONLY,
    AudioMix,
    AudioUpdate,
    Mix,
    VideoMix,
    VideoType,
    VideoUpdate,
    overhangs,
)
from longtake.vendors.huawei.emulator.wire import Id, IdleSeconds, Text, Wire, parse


class PublishParam(Wire):
    """Pushing is accepted and done by nobody."""

    rtmp_urls: list[Annotated[str, Field(pattern=r"^rtmps?://.+")]]


class RecordParam(Wire):
    record_rule_id: Text


class IndividualStart(Wire):
    """One user's one stream. ``video_type`` None: the default, which is documented in two ways."""

    room_id: Id
    user_id: Id
    is_record_audio: bool = True
    video_type: VideoType | None = None
    select_stream_type: Literal["LD", "SD", "HD", "FHD"] = "FHD"
    max_idle_time: IdleSeconds = 30
    publish_param: PublishParam | None = None
    record_param: RecordParam


class MixUpdate(Wire):
    """``mix_param`` is what depends on the encoding, or on what is being recorded."""

    mix_param: dict[str, Any]


class MixStart(MixUpdate):
    record_param: RecordParam


class IndividualUpdate(Wire):
    record_param: RecordParam


def parse_individual(
    document: Mapping[str, Any], *, camera_by_default: bool, strict: bool
) -> IndividualStart:
    """
    Raises:
        Refusal: with the code of what is wrong.
    """
    wish = parse(IndividualStart, document, strict=strict)
    if wish.video_type is None and camera_by_default:
        wish = wish.model_copy(update={"video_type": "CAMERASTREAM"})
    if not wish.is_record_audio and wish.video_type is None:
        raise Refusal(COMBINATION, "is_record_audio, video_type: nothing is left to record")
    return wish


def parse_mix(document: Mapping[str, Any], *, strict: bool) -> tuple[Mix, str]:
    """The mix and the id of its rule.

    Raises:
        Refusal: with the code of what is wrong.
    """
    wish = parse(MixStart, document, strict=strict)
    rule = wish.record_param.record_rule_id
    if wish.mix_param.get("encode_template") == AUDIO_ONLY:
        return parse(AudioMix, wish.mix_param, strict=False), rule
    return _fitting(parse(VideoMix, wish.mix_param, strict=strict), strict=strict), rule


def updated(mix: Mix, document: Mapping[str, Any], *, strict: bool) -> Mix:
    """``mix`` with what the body changes.

    Raises:
        Refusal: with the code of what is wrong.
    """
    param = parse(MixUpdate, document, strict=strict).mix_param
    if isinstance(mix, AudioMix):
        wish = parse(AudioUpdate, param, strict=False)
        return mix.model_copy(update=wish.model_dump(exclude_unset=True))
    change = parse(VideoUpdate, param, strict=strict)
    template = change.layout_template
    if template not in {None, mix.layout_template}:
        raise Refusal(COMBINATION, "layout_template: only from one custom layout to another")
    if strict and template not in {None, "custom"}:  # likely to be let pass
        raise Refusal(COMBINATION, "layout_template: named where it cannot change")
    given = change.model_dump(exclude_unset=True)
    whole = parse(VideoMix, {**mix.model_dump(), **given}, strict=False)
    return _fitting(whole, strict=strict)


def _fitting(mix: VideoMix, *, strict: bool) -> VideoMix:
    if strict and overhangs(mix):
        raise Refusal(COMBINATION, "layout_panes: a pane leads out of the canvas")
    return mix

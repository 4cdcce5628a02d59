"""The bodies of the four actions. Source: Tencent Cloud, TRTC API 2019-07-22."""

from __future__ import annotations

import re

from pydantic import ValidationInfo, field_validator, model_validator

from longtake.vendorkit.wire import Secret
from longtake.vendors.tencent.wire.fields import (
    DEFAULT_HEIGHT,
    DEFAULT_WIDTH,
    MIXED,
    Flag,
    Part,
    ResourceExpiredHour,
    SdkAppId,
    Text,
)
from longtake.vendors.tencent.wire.mixing import MixLayoutParams, MixTranscodeParams
from longtake.vendors.tencent.wire.recording import AUDIO, RecordParams, SubscribeStreamUserIds
from longtake.vendors.tencent.wire.storage import VOD_AAC, VOD_HLS_AAC, StorageParams

STRING_ROOM, INTEGER_ROOM = 0, 1
"""RoomIdType: the reverse of the numbers in TRTC's relay actions."""

_NUMBER = re.compile(r"[1-9][0-9]{0,9}")
_MAX_NUMBER = 4_294_967_295


def is_room_number(room: str) -> bool:
    """Whether the text is a room's number: 1 to 4294967295 without leading zeros."""
    return _NUMBER.fullmatch(room) is not None and int(room) <= _MAX_NUMBER


class Request(Part):
    """What every action is told."""

    sdk_app_id: SdkAppId


class CreateRequest(Request):
    """CreateCloudRecording; hours count from its success."""

    room_id: Text
    room_id_type: Flag
    user_id: Text
    """The robot's: a second entry of the same id ends the first one's task."""
    user_sig: Secret
    record_params: RecordParams
    storage_params: StorageParams
    mix_transcode_params: MixTranscodeParams | None = None
    mix_layout_params: MixLayoutParams | None = None
    resource_expired_hour: ResourceExpiredHour = 72
    """Afterwards the task takes no calls, and goes on recording."""
    private_map_key: Secret | None = None

    @field_validator("user_id")
    @classmethod
    def _short(cls, user: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9_]{1,32}", user):
            raise ValueError("must be at most 32 letters, digits and underscores")
        return user

    @field_validator("room_id_type")
    @classmethod
    def _of_room(cls, kind: int, info: ValidationInfo) -> int:
        if kind == INTEGER_ROOM and not is_room_number(info.data.get("room_id", "")):
            raise ValueError("an integer room's id is a number from 1 to 4294967295")
        return kind

    @model_validator(mode="after")
    def _mixing_of_mixed(self) -> CreateRequest:
        mixing = self.mix_transcode_params is not None or self.mix_layout_params is not None
        if mixing and self.record_params.record_mode != MIXED:
            raise ValueError("MixTranscodeParams and MixLayoutParams are for RecordMode 2")
        return self

    @model_validator(mode="after")
    def _windows_inside(self) -> CreateRequest:
        video = self.mix_transcode_params.video_params if self.mix_transcode_params else None
        width, height = (video.width, video.height) if video else (DEFAULT_WIDTH, DEFAULT_HEIGHT)
        if self.mix_layout_params and not self.mix_layout_params.fits(width, height):
            raise ValueError(f"MixLayoutList must lie inside the canvas of {width}x{height}")
        return self

    @model_validator(mode="after")
    def _vod_audio(self) -> CreateRequest:
        vod = self.storage_params.cloud_vod
        if (
            vod is not None
            and vod.tencent_vod.media_type in {VOD_AAC, VOD_HLS_AAC}
            and self.record_params.stream_type != AUDIO
        ):
            raise ValueError("MediaType 2 and 4 need StreamType 1")
        return self


class TaskRequest(Request):
    """DescribeCloudRecording and DeleteCloudRecording."""

    task_id: Text


class ModifyRequest(TaskRequest):
    """ModifyCloudRecording: a group that is left out goes back to its default."""

    mix_layout_params: MixLayoutParams | None = None
    subscribe_stream_user_ids: SubscribeStreamUserIds | None = None

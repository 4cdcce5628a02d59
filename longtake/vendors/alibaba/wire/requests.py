"""The parameters of the four operations. Source: Alibaba Cloud, ApsaraVideo Live API 2016-11-01."""

from __future__ import annotations

import json
from typing import Annotated, Any, cast

from pydantic import Field, SecretStr, field_validator, model_validator

from longtake.vendorkit.wire import Secret
from longtake.vendors.alibaba.wire.fields import (
    AUDIO,
    INDIVIDUAL,
    MIXED,
    Address,
    MaxIdleTime,
    Part,
    Text,
)
from longtake.vendors.alibaba.wire.mixing import MixLayoutParams, MixTranscodeParams
from longtake.vendors.alibaba.wire.recording import RecordParams, SubscribeParams
from longtake.vendors.alibaba.wire.storage import VOD, Format, StorageParams


def is_auth_key(text: str) -> bool:
    """Whether the text has the form of a NotifyAuthKey."""
    return 16 <= len(text) <= 64 and text.isascii() and text.isalnum()


class Request(Part):
    """What an operation is told."""

    def parameters(self) -> dict[str, str]:
        """By the names of the query: an object is one compact JSON text, a list is numbered."""
        found: dict[str, str] = {}
        for name, value in json.loads(self.body()).items():
            if isinstance(value, list):
                entries = cast("list[Any]", value)
                found |= {f"{name}.{n}": _text(entry) for n, entry in enumerate(entries, start=1)}
            else:
                found[name] = _text(value)
        return found


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


class StartRequest(Request):
    """StartRtcCloudRecording; every one that is accepted makes another task."""

    app_id: Text
    channel_id: Text
    subscribe_params: SubscribeParams
    record_params: RecordParams
    storage_params: StorageParams
    mix_transcode_params: MixTranscodeParams | None = None
    mix_layout_params: MixLayoutParams | None = None
    notify_url: Address | None = None
    notify_auth_key: Secret | None = None
    notify_file_uploaded_format: Annotated[tuple[Format, ...], Field(min_length=1)] | None = None
    max_idle_time: MaxIdleTime = 300

    @field_validator("notify_auth_key")
    @classmethod
    def _key(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and not is_auth_key(key.get_secret_value()):
            raise ValueError("must be 16 to 64 letters and digits")
        return key

    @model_validator(mode="after")
    def _entries_of_mode(self) -> StartRequest:
        if conflict := self.record_params.conflict(self.subscribe_params):
            raise ValueError(f"SubscribeParams: {conflict}")
        return self

    @model_validator(mode="after")
    def _mixing_of_mode(self) -> StartRequest:
        transcoding, layout = self.mix_transcode_params, self.mix_layout_params
        if self.record_params.record_mode == INDIVIDUAL:
            if transcoding is not None or layout is not None:
                raise ValueError("MixTranscodeParams and MixLayoutParams are for RecordMode 1")
            return self
        if transcoding is None:
            raise ValueError("RecordMode 1 needs MixTranscodeParams")
        pictured = self.record_params.stream_type != AUDIO
        if pictured and not transcoding.pictured:
            raise ValueError("a picture needs VideoBitrate, VideoFramerate and VideoGop")
        if pictured != (layout is not None):
            raise ValueError("MixLayoutParams is for outputs with a picture, which need it")
        return self

    @model_validator(mode="after")
    def _panes_of_entries(self) -> StartRequest:
        _check_panes(self.mix_layout_params, self.subscribe_params)
        return self

    @model_validator(mode="after")
    def _names_apart(self) -> StartRequest:
        """Files of one task must not overwrite each other."""
        if self.record_params.record_mode == MIXED or self.storage_params.storage_type == VOD:
            return self
        named = self.storage_params.always_named_by
        if self.subscribe_params.several_sources and not named("{SourceType}"):
            raise ValueError(
                "camera and screen of one user need {SourceType} in FileNamePattern and"
                " SliceNamePattern of every format, HLS included"
            )
        return self

    @model_validator(mode="after")
    def _notices(self) -> StartRequest:
        formats = self.notify_file_uploaded_format
        if self.notify_url is None and (formats or self.notify_auth_key):
            raise ValueError("NotifyAuthKey and NotifyFileUploadedFormat need NotifyUrl")
        if formats and self.storage_params.storage_type == VOD:
            raise ValueError("NotifyFileUploadedFormat is for StorageType 1")
        if set(formats or ()) - self.storage_params.formats:
            raise ValueError("NotifyFileUploadedFormat must be among the formats of FileInfo")
        return self


class UpdateRequest(Request):
    """UpdateRtcCloudRecording: complete lists, which replace those before."""

    task_id: Text
    subscribe_params: SubscribeParams
    mix_layout_params: MixLayoutParams | None = None

    @model_validator(mode="after")
    def _panes_of_entries(self) -> UpdateRequest:
        _check_panes(self.mix_layout_params, self.subscribe_params)
        return self


class TaskRequest(Request):
    """StopRtcCloudRecording and DescribeRtcCloudRecordingFiles."""

    task_id: Text


def _check_panes(layout: MixLayoutParams | None, subscribed: SubscribeParams) -> None:
    user = layout and layout.unsubscribed(subscribed.pictures)
    if user:
        raise ValueError(f"UserPanes: {user!r} is not subscribed to with a picture of that source")

"""The request bodies of every call but start, and how a broken one is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import AliasChoices, Field, ValidationError, model_validator

from longtake.vendors.agora.emulator.layouts import LayoutFields, UpTo2, UpTo4, UserId, Wire
from longtake.vendors.agora.emulator.refusals import Refusal

_CHANNEL_NAME = re.compile(r"[a-zA-Z0-9 !#$%&()+\-:;<=.>?@\[\]^_{}|~,]+", re.ASCII)
_LONGEST_CHANNEL_NAME = 64  # bytes
_LONGEST_PAGE_LABEL = 1024  # bytes; in web mode cname only labels the process

Model = TypeVar("Model", bound=Wire)

ALL_STREAMS = "#allstream#"

Uids = Annotated[list[UserId | Literal["#allstream#"]], Field(max_length=32)]


class Envelope(Wire):
    """What every POST has around its ``clientRequest``."""

    cname: str
    uid: UserId
    client_request: dict[str, Any]


class AcquireRequest(Wire):
    scene: UpTo2 = 0
    resource_expired_hour: Annotated[int, Field(ge=1, le=720)] = 72
    region: Literal["CN", "AP", "EU", "NA"] | None = None
    region_affinity: UpTo4 = 0
    exclude_resource_ids: list[str] = Field(default=[])
    start_parameter: dict[str, Any] | None = None


class StopRequest(Wire):
    async_stop: Annotated[bool, Field(alias="async_stop")] = False


class LayoutRequest(LayoutFields):
    """The members lie directly in ``clientRequest``; the canvas itself cannot be changed."""


class AudioUids(Wire):
    subscribe_audio_uids: Annotated[Uids, Field(min_length=1)] | None = None
    un_subscribe_audio_uids: Annotated[
        Annotated[Uids, Field(min_length=1)] | None,
        Field(validation_alias=AliasChoices("unSubscribeAudioUids", "unsubscribeAudioUids")),
    ] = None


class VideoUids(Wire):
    subscribe_video_uids: Annotated[Uids, Field(min_length=1)] | None = None
    un_subscribe_video_uids: Annotated[
        Annotated[Uids, Field(min_length=1)] | None,
        Field(validation_alias=AliasChoices("unSubscribeVideoUids", "unsubscribeVideoUids")),
    ] = None


class StreamSubscribe(Wire):
    audio_uid_list: AudioUids = AudioUids()
    video_uid_list: VideoUids = VideoUids()

    @model_validator(mode="after")
    def _one_list_of_a_pair(self) -> Self:
        audio, video = self.audio_uid_list, self.video_uid_list
        if audio.subscribe_audio_uids and audio.un_subscribe_audio_uids:
            raise ValueError("audioUidList: either a whitelist or a blacklist")
        if video.subscribe_video_uids and video.un_subscribe_video_uids:
            raise ValueError("videoUidList: either a whitelist or a blacklist")
        return self


class WebRecordingConfig(Wire):
    onhold: bool = False


class RtmpOutput(Wire):
    rtmp_url: Annotated[str, Field(pattern=r"^rtmps?://")]


class RtmpPublishConfig(Wire):
    outputs: Annotated[list[RtmpOutput], Field(min_length=1, max_length=1)]


class UpdateRequest(Wire):
    """``storage_config`` is kept raw: it has the rules of start's."""

    stream_subscribe: StreamSubscribe | None = None
    web_recording_config: WebRecordingConfig | None = None
    rtmp_publish_config: RtmpPublishConfig | None = None
    storage_config: dict[str, Any] | None = None


def parse(
    call: str, model: type[Model], document: Mapping[str, Any], *, strict: bool, code: int = 2
) -> Model:
    """``document`` as ``model``; only a strict emulator refuses unknown keys.

    Raises:
        Refusal: with ``code`` and a reason that names the first field at fault.
    """
    try:
        return model.model_validate(document, extra="forbid" if strict else "ignore")
    except ValidationError as err:
        raise Refusal(call, code, _reason(call, err)) from err


def valid_channel_name(cname: str, *, web: bool) -> bool:
    size = len(cname.encode())
    if web:
        return 0 < size <= _LONGEST_PAGE_LABEL
    return size <= _LONGEST_CHANNEL_NAME and _CHANNEL_NAME.fullmatch(cname) is not None


_NAMED = re.compile(r"Value error, (\w+):")
"""A rule over several fields names the one at fault first."""


def _reason(call: str, err: ValidationError) -> str:
    """In the manner of the service's ``Acquire: invalid resourceExpiredHour value!``."""
    problem = err.errors(include_url=False)[0]
    field = ".".join(str(part) for part in problem["loc"] if not _is_branch(part))
    if named := _NAMED.match(problem["msg"]):
        field = f"{field}.{named[1]}".strip(".")
    return f"{call[0].upper()}{call[1:]}: invalid {field or 'clientRequest'} value!"


def _is_branch(part: int | str) -> bool:
    """Whether a step of the location names a member of a union instead of a field."""
    return isinstance(part, str) and not part.isidentifier()

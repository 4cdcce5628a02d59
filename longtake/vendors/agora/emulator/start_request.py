"""The ``clientRequest`` of start: its fields, and the rules that tie them to each other."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AliasChoices, Field, model_validator

from longtake.vendors.agora.emulator.extension_services import ExtensionServiceConfig
from longtake.vendors.agora.emulator.layouts import LayoutFields, UpTo1, UpTo2, Wire
from longtake.vendors.agora.emulator.requests import Uids
from longtake.vendors.agora.emulator.storage_config import StorageConfig

Mode = Literal["individual", "mix", "web"]

_LARGEST_CANVAS = 1920 * 1080  # pixels


def _salt(text: str) -> str:
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error as err:
        raise ValueError("salt: not base64") from err
    if len(raw) != 32:
        raise ValueError("salt: 32 bytes are needed")
    return text


class TranscodingConfig(LayoutFields):
    """The canvas and its layout. All four sizes are required; an odd ``fps`` is taken as 15."""

    width: Annotated[int, Field(gt=0, le=1920)]
    height: Annotated[int, Field(gt=0, le=1920)]
    fps: Annotated[int, Field(gt=0)]
    bitrate: Annotated[int, Field(gt=0, le=6500)]

    @model_validator(mode="after")
    def _canvas_is_not_too_large(self) -> Self:
        if self.width * self.height > _LARGEST_CANVAS:
            raise ValueError("width x height exceeds 1920 x 1080")
        return self


class RecordingConfig(Wire):
    channel_type: UpTo1 = 0
    stream_types: UpTo2 = 2
    stream_mode: Literal["default", "standard", "original"] = "default"
    decryption_mode: Annotated[int, Field(ge=0, le=8)] = 0
    secret: str | None = None
    salt: Annotated[str, AfterValidator(_salt)] | None = None
    audio_profile: UpTo2 | None = None
    video_stream_type: UpTo1 = 0
    max_idle_time: Annotated[int, Field(ge=5, le=2_592_000)] = 30
    transcoding_config: TranscodingConfig | None = None
    subscribe_audio_uids: Uids | None = None
    un_subscribe_audio_uids: Annotated[
        Uids | None,
        Field(validation_alias=AliasChoices("unSubscribeAudioUids", "unsubscribeAudioUids")),
    ] = None
    subscribe_video_uids: Uids | None = None
    un_subscribe_video_uids: Annotated[
        Uids | None,
        Field(validation_alias=AliasChoices("unSubscribeVideoUids", "unsubscribeVideoUids")),
    ] = None
    subscribe_uid_group: Annotated[int, Field(ge=0, le=5)] | None = None
    private_params: str | None = None

    @model_validator(mode="after")
    def _lists_fit_the_streams(self) -> Self:
        audio = self.subscribe_audio_uids, self.un_subscribe_audio_uids
        video = self.subscribe_video_uids, self.un_subscribe_video_uids
        if all(audio) or all(video):
            raise ValueError("either a whitelist or a blacklist")
        if any(audio) and self.stream_types == 1:
            raise ValueError("streamTypes: audio is listed but not subscribed to")
        if any(video) and self.stream_types == 0:
            raise ValueError("streamTypes: video is listed but not subscribed to")
        return self

    @model_validator(mode="after")
    def _secrets_fit_the_decryption(self) -> Self:
        if self.decryption_mode and not self.secret:
            raise ValueError("secret: needed to decrypt")
        if self.decryption_mode in {7, 8} and not self.salt:
            raise ValueError("salt: needed by this decryptionMode")
        return self

    @model_validator(mode="after")
    def _original_is_audio(self) -> Self:
        if self.stream_mode == "original" and self.stream_types != 0:
            raise ValueError("streamMode: original is for streamTypes 0")
        return self


class RecordingFileConfig(Wire):
    av_file_type: Annotated[list[Literal["hls", "mp4"]], Field(min_length=1)] = Field(
        default=["hls"]
    )

    @model_validator(mode="after")
    def _mp4_comes_with_hls(self) -> Self:
        if "hls" not in self.av_file_type:
            raise ValueError("avFileType: mp4 needs hls beside it")
        return self


class SnapshotConfig(Wire):
    capture_interval: Annotated[int, Field(ge=1, le=3600)] = 10
    file_type: Annotated[list[Literal["jpg"]], Field(min_length=1, max_length=1)]


class AppsCollection(Wire):
    combination_policy: Literal["default", "postpone_transcoding"] = "default"


class Container(Wire):
    format: Literal["mp3", "m4a", "aac", "mp4"] | None = None


class TransConfig(Wire):
    trans_mode: Literal["audioMix", "postponeTranscoding"]


class PostponedAudio(Wire):
    sample_rate: Literal["48000", "32000", "16000"] = "48000"
    bitrate: Literal["48000"] = "48000"
    channels: Literal["1", "2"] = "2"


class TranscodeOptions(Wire):
    trans_config: TransConfig
    container: Container = Container()
    audio: PostponedAudio = PostponedAudio()


class StartRequest(Wire):
    token: str | None = None
    recording_config: RecordingConfig = RecordingConfig()
    recording_file_config: RecordingFileConfig | None = None
    snapshot_config: SnapshotConfig | None = None
    storage_config: StorageConfig | None = None
    extension_service_config: ExtensionServiceConfig | None = None
    apps_collection: AppsCollection = AppsCollection()
    transcode_options: TranscodeOptions | None = None

    @property
    def mp4(self) -> bool:
        files = self.recording_file_config
        return files is not None and "mp4" in files.av_file_type

    @property
    def snapshots_only(self) -> bool:
        return self.snapshot_config is not None and self.recording_file_config is None


def objection(request: StartRequest, mode: Mode, scene: int, *, strict: bool) -> str | None:
    """What is wrong with ``request`` in ``mode``, as the name of a field; None if nothing is.

    scene: of the acquire; only its value 1 has a rule.
    """
    extensions = request.extension_service_config
    if request.storage_config is None and not (extensions and extensions.vod):
        return "storageConfig"
    if mode == "web":
        return _web_objection(request, scene)
    if extensions and (extensions.web_recorder or extensions.rtmp_publish):
        return "extensionServiceConfig.extensionServices"
    if mode == "mix":
        return _mix_objection(request)
    return _individual_objection(request, strict=strict)


def _web_objection(request: StartRequest, scene: int) -> str | None:
    extensions = request.extension_service_config
    if extensions is None or extensions.web_recorder is None:
        return "extensionServiceConfig"
    if scene != 1:
        return "scene"
    return "snapshotConfig" if request.snapshot_config else None


def _mix_objection(request: StartRequest) -> str | None:
    rules: dict[str, Any] = {
        "snapshotConfig": request.snapshot_config,
        "transcodeOptions": request.transcode_options,
        "appsCollection": request.apps_collection.combination_policy != "default",
        "recordingConfig.streamMode": request.recording_config.stream_mode != "default",
    }
    return next((field for field, broken in rules.items() if broken), None)


def _individual_objection(request: StartRequest, *, strict: bool) -> str | None:
    config = request.recording_config
    snapshots = request.snapshot_config is not None
    one_sided = bool(config.subscribe_audio_uids) and not config.subscribe_video_uids
    postponed = request.apps_collection.combination_policy == "postpone_transcoding"
    mixes = request.transcode_options and (
        request.transcode_options.trans_config.trans_mode == "audioMix"
    )
    rules: dict[str, bool] = {
        "recordingConfig.audioProfile": config.audio_profile is not None,
        "recordingConfig.transcodingConfig": config.transcoding_config is not None,
        "recordingConfig.subscribeUidGroup": strict and config.subscribe_uid_group is None,
        "recordingConfig.streamTypes": snapshots and config.stream_types == 0,
        "recordingConfig.subscribeVideoUids": snapshots and one_sided,
        "recordingFileConfig.avFileType": request.mp4,
        "transcodeOptions": postponed is not (request.transcode_options is not None),
        "recordingConfig.streamMode": bool(mixes) and config.stream_mode != "original",
    }
    return next((field for field, broken in rules.items() if broken), None)

"""The bodies of Agora's six calls. Source: RESTful API reference, one class per call."""

from __future__ import annotations

from pydantic import Field, StrictBool, ValidationInfo, field_validator, model_validator

from longtake.vendorkit.wire import Secret, Sent
from longtake.vendors.agora.wire.fields import (
    CNAME_LIMIT,
    WEB_CNAME_LIMIT,
    Cname,
    Geofence,
    Mode,
    ResourceExpiredHour,
    Uid,
    Uids,
)
from longtake.vendors.agora.wire.recording import (
    AUDIO,
    MixedLayout,
    RecordingConfig,
    RecordingFileConfig,
    SnapshotConfig,
)
from longtake.vendors.agora.wire.services import (
    AppsCollection,
    ExtensionServiceConfig,
    RtmpOutputs,
    TranscodeOptions,
)
from longtake.vendors.agora.wire.storage import StorageConfig

REALTIME, WEB_PAGE, POSTPONED = 0, 1, 2


class Envelope(Sent):
    """What every POST holds. `mode` is part of the address, not of the body."""

    mode: Mode = Field(exclude=True)
    cname: Cname
    uid: Uid

    @field_validator("cname")
    @classmethod
    def _fits(cls, cname: str, info: ValidationInfo) -> str:
        limit = WEB_CNAME_LIMIT if info.data.get("mode") == "web" else CNAME_LIMIT
        if len(cname) > limit:  # one byte a character, by its alphabet
            raise ValueError(f"must be at most {limit} bytes long")
        return cname


class AcquireParam(Sent):
    """`clientRequest` of acquire; hours count from the start."""

    scene: int = Field(default=REALTIME, ge=0, le=2)
    resource_expired_hour: ResourceExpiredHour = Field(default=72, alias="resourceExpiredHour")
    region: Geofence | None = None
    region_affinity: int | None = Field(default=None, alias="regionAffinity", ge=0, le=4)
    exclude_resource_ids: tuple[str, ...] | None = Field(
        default=None, alias="excludeResourceIds", min_length=1
    )

    @model_validator(mode="after")
    def _postponed_anywhere(self) -> AcquireParam:
        if self.scene == POSTPONED and self.region is not None:
            raise ValueError("scene 2 takes no region")
        return self


class AcquireRequest(Envelope):
    """acquire."""

    client_request: AcquireParam = Field(default=AcquireParam(), alias="clientRequest")

    @model_validator(mode="after")
    def _scene_of_mode(self) -> AcquireRequest:
        if (self.mode == "web") != (self.client_request.scene == WEB_PAGE):
            raise ValueError("scene 1 is for mode web, which needs it")
        return self


class StartParam(Sent):
    """`clientRequest` of start."""

    token: Secret | None = None
    recording_config: RecordingConfig | None = Field(default=None, alias="recordingConfig")
    recording_file_config: RecordingFileConfig | None = Field(
        default=None, alias="recordingFileConfig"
    )
    snapshot_config: SnapshotConfig | None = Field(default=None, alias="snapshotConfig")
    storage_config: StorageConfig | None = Field(default=None, alias="storageConfig")
    extension_service_config: ExtensionServiceConfig | None = Field(
        default=None, alias="extensionServiceConfig"
    )
    apps_collection: AppsCollection | None = Field(default=None, alias="appsCollection")
    transcode_options: TranscodeOptions | None = Field(default=None, alias="transcodeOptions")


class StartRequest(Envelope):
    """start; which parts may come together depends on the mode."""

    client_request: StartParam = Field(alias="clientRequest")

    @model_validator(mode="after")
    def _parts_of_mode(self) -> StartRequest:
        ask = self.client_request
        config = ask.recording_config
        if self.mode == "web":
            if config is not None:
                raise ValueError("mode web takes no recordingConfig")
        elif config is None:
            raise ValueError(f"mode {self.mode} needs recordingConfig")
        elif self.mode == "mix" and config.stream_mode is not None:
            raise ValueError("streamMode belongs to mode individual")
        if self.mode == "individual":
            _check_individual(ask)
        elif ask.snapshot_config or ask.apps_collection or ask.transcode_options:
            raise ValueError(
                "snapshotConfig, appsCollection and transcodeOptions belong to mode individual"
            )
        return self

    @model_validator(mode="after")
    def _services_of_mode(self) -> StartRequest:
        config = self.client_request.extension_service_config
        names = [service.service_name for service in config.extension_services] if config else []
        if (self.mode == "web") != ("web_recorder_service" in names):
            raise ValueError("web_recorder_service is for mode web, which needs it")
        if self.mode == "web" and "aliyun_vod_service" in names:
            raise ValueError("aliyun_vod_service belongs to the modes individual and mix")
        if self.client_request.storage_config is None and "aliyun_vod_service" not in names:
            raise ValueError("storageConfig is needed, save for aliyun_vod_service")
        return self


def _check_individual(ask: StartParam) -> None:
    config = ask.recording_config
    if config is None:
        return
    if config.audio_profile is not None or config.transcoding_config is not None:
        raise ValueError("mode individual takes neither audioProfile nor transcodingConfig")
    if config.subscribe_uid_group is None:
        raise ValueError("mode individual needs subscribeUidGroup")
    if ask.recording_file_config and "mp4" in ask.recording_file_config.av_file_type:
        raise ValueError("avFileType 'mp4' belongs to the modes mix and web")
    if ask.snapshot_config is not None:
        _check_snapshots(config)
    _check_postponed(ask, config)


def _check_snapshots(config: RecordingConfig) -> None:
    if config.stream_types == AUDIO:
        raise ValueError("snapshotConfig needs streamTypes 1 or 2")
    if config.subscribe_audio_uids and not config.subscribe_video_uids:
        raise ValueError("snapshotConfig with subscribeAudioUids needs subscribeVideoUids too")


def _check_postponed(ask: StartParam, config: RecordingConfig) -> None:
    policy = ask.apps_collection.combination_policy if ask.apps_collection else "default"
    if (ask.transcode_options is not None) != (policy == "postpone_transcoding"):
        raise ValueError(
            "transcodeOptions and combinationPolicy 'postpone_transcoding' need each other"
        )
    mixing = (
        ask.transcode_options is not None
        and ask.transcode_options.trans_config.trans_mode == "audioMix"
    )
    if mixing and (config.stream_types != AUDIO or config.stream_mode != "original"):
        raise ValueError("audioMix needs streamTypes 0 and streamMode 'original'")


class AudioUidList(Sent):
    """Whose audio is recorded from now on."""

    subscribe_audio_uids: Uids | None = Field(default=None, alias="subscribeAudioUids")
    un_subscribe_audio_uids: Uids | None = Field(default=None, alias="unSubscribeAudioUids")

    @model_validator(mode="after")
    def _one_list(self) -> AudioUidList:
        if (self.subscribe_audio_uids is None) == (self.un_subscribe_audio_uids is None):
            raise ValueError("give either subscribeAudioUids or unSubscribeAudioUids")
        return self


class VideoUidList(Sent):
    """Whose video is recorded from now on."""

    subscribe_video_uids: Uids | None = Field(default=None, alias="subscribeVideoUids")
    un_subscribe_video_uids: Uids | None = Field(default=None, alias="unSubscribeVideoUids")

    @model_validator(mode="after")
    def _one_list(self) -> VideoUidList:
        if (self.subscribe_video_uids is None) == (self.un_subscribe_video_uids is None):
            raise ValueError("give either subscribeVideoUids or unSubscribeVideoUids")
        return self


class StreamSubscribe(Sent):
    """The subscriptions as a whole: a call replaces the ones before."""

    audio_uid_list: AudioUidList | None = Field(default=None, alias="audioUidList")
    video_uid_list: VideoUidList | None = Field(default=None, alias="videoUidList")


class WebRecordingConfig(Sent):
    """Pause (`true`) or resume a web page's recording."""

    onhold: StrictBool = False


class UpdateParam(Sent):
    """`clientRequest` of update."""

    stream_subscribe: StreamSubscribe | None = Field(default=None, alias="streamSubscribe")
    web_recording_config: WebRecordingConfig | None = Field(
        default=None, alias="webRecordingConfig"
    )
    rtmp_publish_config: RtmpOutputs | None = Field(default=None, alias="rtmpPublishConfig")
    storage_config: StorageConfig | None = Field(default=None, alias="storageConfig")


class UpdateRequest(Envelope):
    """update."""

    client_request: UpdateParam = Field(alias="clientRequest")

    @model_validator(mode="after")
    def _parts_of_mode(self) -> UpdateRequest:
        ask = self.client_request
        if ask == UpdateParam():
            raise ValueError("an update must hold something")
        if self.mode == "web":
            if ask.stream_subscribe is not None:
                raise ValueError("streamSubscribe belongs to the modes individual and mix")
        elif ask.web_recording_config or ask.rtmp_publish_config:
            raise ValueError("webRecordingConfig and rtmpPublishConfig belong to mode web")
        return self


class UpdateLayoutRequest(Envelope):
    """updateLayout: mode mix only."""

    client_request: MixedLayout = Field(alias="clientRequest")

    @model_validator(mode="after")
    def _mix_only(self) -> UpdateLayoutRequest:
        if self.mode != "mix":
            raise ValueError("updateLayout belongs to mode mix")
        return self


class StopParam(Sent):
    """`clientRequest` of stop; without `async_stop` the answer waits for the uploads."""

    async_stop: StrictBool | None = None


class StopRequest(Envelope):
    """stop."""

    client_request: StopParam = Field(default=StopParam(), alias="clientRequest")

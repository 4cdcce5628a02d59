"""Services beside or instead of a channel's recording: `extensionServiceConfig` and post-mixing.

Source: Agora RESTful API reference, start.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictBool, model_validator

from longtake.vendorkit.wire import Secret, Sent
from longtake.vendors.agora.wire.fields import (
    MAX_PIXELS,
    AudioProfile,
    MaxRecordingHour,
    PageUrl,
    ReadyTimeout,
)

WebSide = Annotated[int, Field(ge=240, le=1920)]


class WebRecorderParam(Sent):
    """The page to record: pixels, kbit/s, hours, minutes of an MP4 file, seconds to get ready."""

    url: PageUrl
    audio_profile: AudioProfile = Field(alias="audioProfile")
    video_width: WebSide = Field(alias="videoWidth")
    video_height: WebSide = Field(alias="videoHeight")
    max_recording_hour: MaxRecordingHour = Field(alias="maxRecordingHour")
    video_bitrate: int | None = Field(default=None, alias="videoBitrate", ge=50, le=8000)
    video_fps: int | None = Field(default=None, alias="videoFps", ge=5, le=60)
    mobile: StrictBool | None = None
    max_video_duration: int | None = Field(default=None, alias="maxVideoDuration", ge=30, le=240)
    onhold: StrictBool | None = None
    ready_timeout: ReadyTimeout | None = Field(default=None, alias="readyTimeout")

    @model_validator(mode="after")
    def _area(self) -> WebRecorderParam:
        if self.video_width * self.video_height > MAX_PIXELS:
            raise ValueError(f"videoWidth * videoHeight must be at most {MAX_PIXELS}")
        return self


class WebRecorderService(Sent):
    """Web page recording; its error ends the recording."""

    service_name: Literal["web_recorder_service"] = Field(
        default="web_recorder_service", alias="serviceName"
    )
    error_handle_policy: Literal["error_abort"] = Field(
        default="error_abort", alias="errorHandlePolicy"
    )
    service_param: WebRecorderParam = Field(alias="serviceParam")


class RtmpOutput(Sent):
    """Where a page is pushed to; the address holds the stream's key."""

    rtmp_url: Secret = Field(alias="rtmpUrl")

    @model_validator(mode="after")
    def _scheme(self) -> RtmpOutput:
        address = self.rtmp_url.get_secret_value()
        if not address.startswith(("rtmp://", "rtmps://")) or any(c.isspace() for c in address):
            raise ValueError("rtmpUrl must be an RTMP or RTMPS address")
        return self


class RtmpOutputs(Sent):
    """One output: the service takes no more."""

    outputs: tuple[RtmpOutput]


class RtmpPublishService(Sent):
    """Pushing the recorded page to a CDN; its error leaves the recording alone."""

    service_name: Literal["rtmp_publish_service"] = Field(
        default="rtmp_publish_service", alias="serviceName"
    )
    error_handle_policy: Literal["error_ignore"] = Field(
        default="error_ignore", alias="errorHandlePolicy"
    )
    service_param: RtmpOutputs = Field(alias="serviceParam")


class VodVideo(Sent):
    """`videoData` of ApsaraVideo for VoD."""

    title: Annotated[str, Field(min_length=1)]
    description: str | None = None
    cover_url: str | None = Field(default=None, alias="coverUrl")
    cate_id: str | None = Field(default=None, alias="cateId", pattern=r"^[0-9]+$")
    tags: str | None = None
    template_group_id: str | None = Field(default=None, alias="templateGroupId")
    user_data: str | None = Field(default=None, alias="userData")
    storage_location: str | None = Field(default=None, alias="storageLocation")
    workflow_id: str | None = Field(default=None, alias="workflowId")


class VodApiData(Sent):
    """The wrapper that VoD wants around a video's data."""

    video_data: VodVideo = Field(alias="videoData")


class VodParam(Sent):
    """The account at ApsaraVideo for VoD and the video to make there."""

    access_key: Secret = Field(alias="accessKey")
    secret_key: Secret = Field(alias="secretKey")
    region_id: Annotated[str, Field(min_length=1)] = Field(alias="regionId")
    api_data: VodApiData = Field(alias="apiData")


class VodService(Sent):
    """Upload to ApsaraVideo for VoD; its error ends the recording."""

    service_name: Literal["aliyun_vod_service"] = Field(
        default="aliyun_vod_service", alias="serviceName"
    )
    error_handle_policy: Literal["error_abort"] = Field(
        default="error_abort", alias="errorHandlePolicy"
    )
    service_param: VodParam = Field(alias="serviceParam")


class ExtensionServiceConfig(Sent):
    """`extensionServiceConfig`."""

    error_handle_policy: Literal["error_abort"] = Field(
        default="error_abort", alias="errorHandlePolicy"
    )
    api_version: Literal["v1"] = Field(default="v1", alias="apiVersion")
    extension_services: tuple[
        Annotated[
            WebRecorderService | RtmpPublishService | VodService,
            Field(discriminator="service_name"),
        ],
        ...,
    ] = Field(alias="extensionServices", min_length=1)

    @model_validator(mode="after")
    def _push_beside_page(self) -> ExtensionServiceConfig:
        names = [service.service_name for service in self.extension_services]
        if len(set(names)) < len(names):
            raise ValueError("extensionServices must hold each service once")
        if "rtmp_publish_service" in names and "web_recorder_service" not in names:
            raise ValueError("rtmp_publish_service works beside web_recorder_service only")
        return self


class AppsCollection(Sent):
    """`appsCollection`: how the service's applications are combined."""

    combination_policy: Literal["default", "postpone_transcoding"] = Field(
        default="default", alias="combinationPolicy"
    )


class Container(Sent):
    """The kind of the file that post-mixing makes."""

    format: Literal["mp3", "m4a", "aac", "mp4"] = "mp3"


class TransConfig(Sent):
    """What is done after the recording."""

    trans_mode: Literal["audioMix", "postponeTranscoding"] = Field(alias="transMode")


class TransAudio(Sent):
    """Hz, bit/s and channels, all as text."""

    sample_rate: Literal["48000", "32000", "16000"] = Field(default="48000", alias="sampleRate")
    bitrate: Literal["48000"] = "48000"
    channels: Literal["1", "2"] = "2"


class TranscodeOptions(Sent):
    """`transcodeOptions`: audio mixed, or MP4 files made, after the recording."""

    container: Container = Container()
    trans_config: TransConfig = Field(alias="transConfig")
    audio: TransAudio | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> TranscodeOptions:
        mixing = self.trans_config.trans_mode == "audioMix"
        if mixing == (self.container.format == "mp4"):
            raise ValueError("container.format is mp4 for postponeTranscoding and only there")
        if self.audio is not None and not mixing:
            raise ValueError("audio belongs to audioMix")
        return self

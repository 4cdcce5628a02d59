"""``extensionServiceConfig``: web page recording, its push to a CDN, and ApsaraVideo for VoD."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from longtake.vendors.agora.emulator.layouts import UpTo2, Wire
from longtake.vendors.agora.emulator.requests import RtmpPublishConfig

_LARGEST_CANVAS = 1920 * 1080  # pixels

Side = Annotated[int, Field(ge=240, le=1920)]


class WebRecorderParam(Wire):
    """What page to record and how; ``max_recording_hour`` ends it, ``onhold`` starts it paused."""

    url: Annotated[str, Field(min_length=1)]
    audio_profile: UpTo2
    video_width: Side
    video_height: Side
    max_recording_hour: Annotated[int, Field(ge=1, le=720)]
    video_bitrate: Annotated[int, Field(ge=50, le=8000)] | None = None
    video_fps: Annotated[int, Field(ge=5, le=60)] = 15
    mobile: bool = False
    max_video_duration: Annotated[int, Field(ge=30, le=240)] = 120
    onhold: bool = False
    ready_timeout: Annotated[int, Field(ge=0, le=60)] = 0

    @model_validator(mode="after")
    def _canvas_is_not_too_large(self) -> Self:
        if self.video_width * self.video_height > _LARGEST_CANVAS:
            raise ValueError("videoWidth x videoHeight exceeds 1920 x 1080")
        return self


class VideoData(Wire):
    title: str
    description: str | None = None
    cover_url: str | None = None
    cate_id: Annotated[str, Field(pattern=r"^\d+$")] | None = None
    tags: str | None = None
    template_group_id: str | None = None
    user_data: str | None = None
    storage_location: str | None = None
    workflow_id: str | None = None


class ApiData(Wire):
    video_data: VideoData


class VodParam(Wire):
    access_key: str
    secret_key: str
    region_id: str
    api_data: ApiData


class WebRecorder(Wire):
    service_name: Literal["web_recorder_service"]
    error_handle_policy: Literal["error_abort"] = "error_abort"
    service_param: WebRecorderParam


class RtmpPublish(Wire):
    service_name: Literal["rtmp_publish_service"]
    error_handle_policy: Literal["error_ignore"] = "error_ignore"
    service_param: RtmpPublishConfig


class AliyunVod(Wire):
    service_name: Literal["aliyun_vod_service"]
    error_handle_policy: Literal["error_abort"] = "error_abort"
    service_param: VodParam


Service = Annotated[WebRecorder | RtmpPublish | AliyunVod, Field(discriminator="service_name")]


class ExtensionServiceConfig(Wire):
    error_handle_policy: Literal["error_abort"] = "error_abort"
    api_version: Literal["v1"] = "v1"
    extension_services: Annotated[list[Service], Field(min_length=1)]

    @property
    def web_recorder(self) -> WebRecorderParam | None:
        found = (s for s in self.extension_services if isinstance(s, WebRecorder))
        return next((service.service_param for service in found), None)

    @property
    def rtmp_publish(self) -> RtmpPublishConfig | None:
        found = (s for s in self.extension_services if isinstance(s, RtmpPublish))
        return next((service.service_param for service in found), None)

    @property
    def vod(self) -> bool:
        return any(isinstance(service, AliyunVod) for service in self.extension_services)

    @model_validator(mode="after")
    def _push_is_beside_a_page(self) -> Self:
        if self.rtmp_publish is not None and self.web_recorder is None:
            raise ValueError("rtmp_publish_service: only beside web_recorder_service")
        return self

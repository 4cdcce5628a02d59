"""What is subscribed to and how it is mixed: `recordingConfig` and its parts.

Source: Agora RESTful API reference, start and updateLayout.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from longtake.vendorkit.wire import Secret, Sent
from longtake.vendors.agora.wire.fields import (
    MAX_PANES,
    MAX_PIXELS,
    AudioProfile,
    CaptureInterval,
    MaxIdleTime,
    Salt,
    SubscribeUidGroup,
    Uid,
    Uids,
)

Share = Annotated[float, Field(ge=0, le=1)]
Side = Annotated[int, Field(ge=1, le=1920)]
Colour = Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$")]
Url = Annotated[str, Field(pattern=r"^https?://\S+$")]
RenderMode = Literal[0, 1]
"""0 crop, 1 fit with black bars."""
Fps = Literal[1, 7, 10, 15, 24, 30, 60]
"""Another rate is not refused by the service: it silently becomes 15."""

AUDIO, VIDEO, BOTH = 0, 1, 2
FLOATING, BEST_FIT, VERTICAL, CUSTOM = 0, 1, 2, 3
GCM2 = frozenset({7, 8})


class LayoutRegion(Sent):
    """An entry of `layoutConfig`; without `uid` it goes to the next user in order of joining."""

    uid: Uid | None = None
    x_axis: Share
    y_axis: Share
    width: Share
    height: Share
    alpha: Share = 1.0
    render_mode: RenderMode = 0

    @model_validator(mode="after")
    def _inside(self) -> LayoutRegion:
        if self.x_axis + self.width > 1.000001 or self.y_axis + self.height > 1.000001:
            raise ValueError("must lie inside the canvas")
        return self


class UserBackground(Sent):
    """An entry of `backgroundConfig`."""

    uid: Uid
    image_url: Url
    render_mode: RenderMode = 0


class MixedLayout(Sent):
    """The whole layout: whatever a call leaves out goes back to its default."""

    mixed_video_layout: Literal[0, 1, 2, 3] = Field(default=FLOATING, alias="mixedVideoLayout")
    max_resolution_uid: Uid | None = Field(default=None, alias="maxResolutionUid")
    background_color: Colour = Field(default="#000000", alias="backgroundColor")
    background_image: Url | None = Field(default=None, alias="backgroundImage")
    default_user_background_image: Url | None = Field(
        default=None, alias="defaultUserBackgroundImage"
    )
    layout_config: tuple[LayoutRegion, ...] | None = Field(
        default=None, alias="layoutConfig", min_length=1, max_length=MAX_PANES
    )
    background_config: tuple[UserBackground, ...] | None = Field(
        default=None, alias="backgroundConfig"
    )

    @model_validator(mode="after")
    def _one_kind(self) -> MixedLayout:
        if (self.layout_config is not None) != (self.mixed_video_layout == CUSTOM):
            raise ValueError("layoutConfig is for mixedVideoLayout 3, which needs it")
        if self.max_resolution_uid is not None and self.mixed_video_layout != VERTICAL:
            raise ValueError("maxResolutionUid is for mixedVideoLayout 2")
        return self


class TranscodingConfig(MixedLayout):
    """`transcodingConfig`: canvas in pixels, frames per second and kbit/s, and its layout."""

    width: Side
    height: Side
    fps: Fps
    bitrate: Annotated[int, Field(ge=1, le=6500)]

    @model_validator(mode="after")
    def _area(self) -> TranscodingConfig:
        if self.width * self.height > MAX_PIXELS:
            raise ValueError(f"width * height must be at most {MAX_PIXELS}")
        return self


class RecordingConfig(Sent):
    """`recordingConfig`, of the modes individual and mix."""

    channel_type: Literal[0, 1] = Field(default=0, alias="channelType")
    stream_types: Literal[0, 1, 2] = Field(default=BOTH, alias="streamTypes")
    stream_mode: Literal["default", "standard", "original"] | None = Field(
        default=None, alias="streamMode"
    )
    decryption_mode: int | None = Field(default=None, alias="decryptionMode", ge=0, le=8)
    secret: Secret | None = None
    salt: Salt | None = None
    audio_profile: AudioProfile | None = Field(default=None, alias="audioProfile")
    video_stream_type: Literal[0, 1] = Field(default=0, alias="videoStreamType")
    max_idle_time: MaxIdleTime = Field(default=30, alias="maxIdleTime")
    """Seconds without users (in a live channel: without hosts) until the recording ends."""
    transcoding_config: TranscodingConfig | None = Field(default=None, alias="transcodingConfig")
    subscribe_audio_uids: Uids | None = Field(default=None, alias="subscribeAudioUids")
    un_subscribe_audio_uids: Uids | None = Field(default=None, alias="unSubscribeAudioUids")
    subscribe_video_uids: Uids | None = Field(default=None, alias="subscribeVideoUids")
    un_subscribe_video_uids: Uids | None = Field(default=None, alias="unSubscribeVideoUids")
    subscribe_uid_group: SubscribeUidGroup | None = Field(default=None, alias="subscribeUidGroup")
    private_params: str | None = Field(default=None, alias="privateParams")

    @model_validator(mode="after")
    def _lists(self) -> RecordingConfig:
        lists = {
            "Audio": (self.subscribe_audio_uids, self.un_subscribe_audio_uids, VIDEO),
            "Video": (self.subscribe_video_uids, self.un_subscribe_video_uids, AUDIO),
        }
        for medium, (wanted, unwanted, other) in lists.items():
            if wanted is not None and unwanted is not None:
                raise ValueError(
                    f"subscribe{medium}Uids and unSubscribe{medium}Uids exclude each other"
                )
            if (wanted or unwanted) and self.stream_types == other:
                raise ValueError(f"streamTypes {other} takes no list of {medium.lower()} users")
        return self

    @model_validator(mode="after")
    def _decryption(self) -> RecordingConfig:
        mode = self.decryption_mode or 0
        if mode and not self.secret:
            raise ValueError("decryptionMode needs a secret")
        if mode in GCM2 and self.salt is None:
            raise ValueError("decryptionMode 7 and 8 need a salt")
        return self

    @model_validator(mode="after")
    def _original(self) -> RecordingConfig:
        if self.stream_mode == "original" and self.stream_types != AUDIO:
            raise ValueError("streamMode 'original' needs streamTypes 0")
        return self


class RecordingFileConfig(Sent):
    """`recordingFileConfig`."""

    av_file_type: tuple[Literal["hls", "mp4"], ...] = Field(default=("hls",), alias="avFileType")

    @model_validator(mode="after")
    def _with_hls(self) -> RecordingFileConfig:
        if "hls" not in self.av_file_type:
            raise ValueError("avFileType 'mp4' is made from 'hls' and needs it beside itself")
        return self


class SnapshotConfig(Sent):
    """`snapshotConfig`; the interval is in seconds."""

    capture_interval: CaptureInterval = Field(default=10, alias="captureInterval")
    file_type: tuple[Literal["jpg"]] = Field(default=("jpg",), alias="fileType")

"""How a mixed recording looks and sounds: transcoding, panes, background.

Source: Alibaba Cloud, ApsaraVideo Live API 2016-11-01, StartRtcCloudRecording.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from longtake.vendors.alibaba.wire.fields import (
    CAMERA,
    Address,
    AudioKbps,
    FrameFillType,
    FrameRate,
    Gop,
    Part,
    RenderMode,
    Share,
    Side,
    SourceType,
    Text,
    VideoKbps,
)


class MixTranscodeParams(Part):
    """`MixTranscodeParams`: kbit/s, hertz, frames; a side of 0 is the service's own choice."""

    audio_bitrate: AudioKbps
    audio_channels: Literal[1, 2]
    audio_sample_rate: Literal[8000, 16000, 32000, 44100, 48000]
    video_codec: Literal["H.264"] | None = None
    video_bitrate: VideoKbps | None = None
    video_framerate: FrameRate | None = None
    video_gop: Gop | None = None
    video_width: Side | None = None
    video_height: Side | None = None
    frame_fill_type: FrameFillType | None = None

    @property
    def pictured(self) -> bool:
        """Whether all is said that a picture needs."""
        return None not in {self.video_bitrate, self.video_framerate, self.video_gop}


class Backdrop(Part):
    """`MixBackground` and `SubBackground`: an image, and how it is fitted in."""

    render_mode: RenderMode | None = None
    url: Address | None = None


class UserPane(Part):
    """`UserPanes`: without `UserId` a pane takes the next one in order of joining."""

    user_id: Text | None = None
    source_type: SourceType | None = None
    x: Share = "0"
    y: Share = "0"
    width: Share
    height: Share
    """The service's default for both is 0, which nobody sees."""
    z_order: Annotated[int, Field(ge=0)] = 0
    """The higher one lies in front."""
    sub_background: Backdrop | None = None

    @property
    def shows(self) -> tuple[str, int] | None:
        """The user and source; None for whoever comes next."""
        if self.user_id is None:
            return None
        return self.user_id, CAMERA if self.source_type is None else self.source_type


class MixLayoutParams(Part):
    """`MixLayoutParams`: a user without a pane is heard and not seen."""

    mix_background: Backdrop | None = None
    user_panes: Annotated[tuple[UserPane, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _one_pane_each(self) -> MixLayoutParams:
        named = [pane.shows for pane in self.user_panes if pane.shows]
        if len(set(named)) < len(named):
            raise ValueError("UserPanes must name a user's source once")
        return self

    def unsubscribed(self, pictures: set[tuple[str, int]]) -> str | None:
        """A user whose pane would show a source that no entry brings as a picture."""
        shown = (pane.shows for pane in self.user_panes)
        return next((entry[0] for entry in shown if entry and entry not in pictures), None)

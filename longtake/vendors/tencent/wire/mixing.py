"""How a mixed recording looks and sounds: transcoding, layout, windows.

Source: Tencent Cloud, TRTC API, MixTranscodeParams, MixLayoutParams, MixLayout.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from longtake.vendors.tencent.wire.fields import (
    MAX_BIT_RATE,
    MAX_PIXELS,
    MAX_SIDE,
    MAX_WINDOWS,
    MIN_BIT_RATE,
    CanvasPixel,
    Colour,
    Flag,
    Gop,
    ImageUrl,
    Part,
    RenderMode,
    Text,
)
from longtake.vendors.tencent.wire.watermarks import WaterMark

FLOATING, SCREEN_SHARE, GRID, CUSTOM = 1, 2, 3, 4
"""MixLayoutMode."""
MAIN, AUX = 0, 1
"""MediaId of a layout."""

Side = Annotated[int, Field(ge=1, le=MAX_SIDE)]


class VideoParams(Part):
    """`VideoParams`: pixels, frames per second, bit/s, seconds between key frames."""

    width: Side
    height: Side
    fps: Annotated[int, Field(ge=1, le=60)]
    bit_rate: Annotated[int, Field(ge=MIN_BIT_RATE, le=MAX_BIT_RATE)]
    gop: Gop

    @model_validator(mode="after")
    def _area(self) -> VideoParams:
        if self.width * self.height > MAX_PIXELS:
            raise ValueError(f"Width * Height must be at most {MAX_PIXELS}")
        return self


class AudioParams(Part):
    """`AudioParams`."""

    sample_rate: Literal[1, 2, 3]
    """1 is 48000 Hz, 2 is 44100, 3 is 16000."""
    channel: Literal[1, 2]
    bit_rate: Annotated[int, Field(ge=32_000, le=128_000)]


class MixTranscodeParams(Part):
    """`MixTranscodeParams`: a part that is given must be whole."""

    video_params: VideoParams | None = None
    audio_params: AudioParams | None = None


class MixLayout(Part):
    """A window of a custom layout; without `UserId` it takes the next one in order of entry."""

    top: CanvasPixel
    left: CanvasPixel
    width: CanvasPixel
    height: CanvasPixel
    user_id: Text | None = None
    alpha: Annotated[int, Field(ge=0, le=255)] = 0
    """0 is opaque, 255 transparent."""
    render_mode: RenderMode = 1
    media_id: Flag = MAIN
    image_layer: Annotated[int, Field(ge=0)] = 0
    """The higher one lies in front."""
    sub_background_image: ImageUrl | None = None


class MixLayoutParams(Part):
    """`MixLayoutParams`: whatever a call leaves out goes back to its default."""

    mix_layout_mode: Literal[1, 2, 3, 4]
    mix_layout_list: tuple[MixLayout, ...] | None = Field(
        default=None, min_length=1, max_length=MAX_WINDOWS
    )
    background_color: Colour | None = Field(default=None, alias="BackGroundColor")
    max_resolution_user_id: Text | None = None
    media_id: Flag | None = None
    background_image_url: ImageUrl | None = None
    place_holder_mode: Flag | None = None
    background_image_render_mode: RenderMode | None = None
    default_sub_background_image: ImageUrl | None = None
    render_mode: RenderMode | None = None
    max_resolution_user_align: Flag | None = None
    """0 puts the large window to the left, 1 to the right."""
    pure_audio_disable_layout: bool | None = None
    water_mark_list: tuple[WaterMark, ...] | None = Field(default=None, max_length=MAX_WINDOWS)

    @model_validator(mode="after")
    def _windows_of_custom(self) -> MixLayoutParams:
        if (self.mix_layout_list is not None) != (self.mix_layout_mode == CUSTOM):
            raise ValueError("MixLayoutList is for MixLayoutMode 4, which needs it")
        return self

    @model_validator(mode="after")
    def _fields_of_templates(self) -> MixLayoutParams:
        large, custom = {FLOATING, SCREEN_SHARE}, self.mix_layout_mode == CUSTOM
        if self.max_resolution_user_id is not None and self.mix_layout_mode not in large:
            raise ValueError("MaxResolutionUserId is for MixLayoutMode 1 and 2")
        if self.media_id is not None and self.mix_layout_mode not in large:
            raise ValueError("MediaId is for MixLayoutMode 1 and 2")
        if self.max_resolution_user_align is not None and self.mix_layout_mode != SCREEN_SHARE:
            raise ValueError("MaxResolutionUserAlign is for MixLayoutMode 2")
        if custom and (self.render_mode, self.pure_audio_disable_layout) != (None, None):
            raise ValueError("RenderMode and PureAudioDisableLayout are for MixLayoutMode 1 to 3")
        return self

    def fits(self, width: int, height: int) -> bool:
        """Whether every window lies inside a canvas of so many pixels."""
        return all(
            window.left + window.width <= width and window.top + window.height <= height
            for window in self.mix_layout_list or ()
        )

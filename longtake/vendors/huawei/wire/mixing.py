"""The mixed picture: template, panes, images. Source: SparkRTC API v2, mix stream jobs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from longtake.vendorkit.wire import Sent
from longtake.vendors.huawei.wire.fields import (
    AUDIO_ONLY,
    MAX_LAYERS,
    SCREEN,
    EncodeTemplate,
    Id,
    IdleSeconds,
    ObsImage,
    Text,
    VideoType,
)

GRID: Literal["nine_grids_view"] = "nine_grids_view"
LARGE_LEFT: Literal["screen_share_left"] = "screen_share_left"
LARGE_RIGHT: Literal["screen_share_right"] = "screen_share_right"
CUSTOM: Literal["custom"] = "custom"
LayoutTemplate = Literal["nine_grids_view", "screen_share_left", "screen_share_right", "custom"]

SHARED_SCREEN: Literal["SHARED_SCREEN"] = "SHARED_SCREEN"
FIXED_USER: Literal["FIXED_USER"] = "FIXED_USER"

CROP, PAD = "KEEP_RATIO_CROP", "KEEP_RATIO_PADDING"

Share = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
"""Of the canvas, from its left or top edge; a number, never a text."""
Extent = Annotated[float, Field(gt=0.0, le=1.0, allow_inf_nan=False)]


class Pane(Sent):
    """One entry of `layout_panes`; a template's large view, or a window of a custom layout."""

    id: Annotated[int, Field(ge=1)]
    user_id: Text | None = None
    video_type: VideoType = "CAMERASTREAM"
    x: Share | None = None
    y: Share | None = None
    width: Extent | None = None
    height: Extent | None = None
    zorder: Annotated[int, Field(ge=0, lt=MAX_LAYERS)] | None = None
    """0 lies at the bottom."""
    crop_mode: Literal["KEEP_RATIO_PADDING", "KEEP_RATIO_CROP"] | None = None
    filling_policy: Literal["FIXED_USER", "SHARED_SCREEN"] | None = None

    @property
    def placed(self) -> tuple[Any, ...]:
        """What a window of a custom layout has, and a template's view has not."""
        return (self.x, self.y, self.width, self.height, self.zorder, self.crop_mode)

    @model_validator(mode="after")
    def _filled(self) -> Pane:
        if self.filling_policy == SHARED_SCREEN:
            if self.user_id is not None or self.video_type != SCREEN:
                raise ValueError("SHARED_SCREEN takes no user_id, and the video_type SCREENSTREAM")
        elif self.filling_policy == FIXED_USER and self.user_id is None:
            raise ValueError("FIXED_USER needs a user_id")
        return self


class UserImage(Sent):
    """One entry of `user_background_images`."""

    user_id: Id
    image_uri: ObsImage


class Picture(Sent):
    """What a mix is started with, and what of it can be changed."""

    max_idle_time: IdleSeconds | None = None
    """Seconds; 30 if it is left out."""
    layout_template: LayoutTemplate | None = None
    layout_panes: tuple[Pane, ...] | None = None
    background_image: ObsImage | None = None
    """Of the canvas: scaled, and cropped to fill it."""
    default_user_background_image: ObsImage | None = None
    """For users without video who have none of their own."""
    screen_background_image: ObsImage | None = None
    user_background_images: tuple[UserImage, ...] | None = None

    @model_validator(mode="after")
    def _panes_of_template(self) -> Picture:
        panes = self.layout_panes or ()
        match self.layout_template:
            case "nine_grids_view" if panes:
                raise ValueError("nine_grids_view takes no layout_panes")
            case "custom":
                _check_windows(panes)
            case "screen_share_left" | "screen_share_right":
                _check_view(panes)
            case _:
                pass
        return self


def _check_windows(panes: tuple[Pane, ...]) -> None:
    if not panes:
        raise ValueError("custom needs layout_panes")
    if any(None in pane.placed or pane.filling_policy is not None for pane in panes):
        raise ValueError("a pane of custom has a place, and no filling_policy")
    if len({pane.id for pane in panes}) < len(panes):
        raise ValueError("layout_panes must have different ids")


def _check_view(panes: tuple[Pane, ...]) -> None:
    if [pane.id for pane in panes] != [1]:
        raise ValueError("screen sharing takes one of layout_panes, with the id 1")
    if panes[0].filling_policy is None or set(panes[0].placed) != {None}:
        raise ValueError("the pane of screen sharing has a filling_policy, and no place")


class MixParam(Picture):
    """`mix_param` of a start."""

    room_id: Id
    encode_template: EncodeTemplate | Literal["audio_only"]

    @model_validator(mode="after")
    def _picture_with_video(self) -> MixParam:
        shown = self.model_fields_set - {"room_id", "encode_template", "max_idle_time"}
        if self.encode_template == AUDIO_ONLY:
            if shown:
                raise ValueError(f"audio_only takes no {', '.join(sorted(shown))}")
        elif self.layout_template is None:
            raise ValueError("a mix with video needs a layout_template")
        return self


class UpdateMixParam(Picture):
    """`mix_param` of a change: what is left out stays as it is."""

    @model_validator(mode="after")
    def _template_stays(self) -> UpdateMixParam:
        if self.layout_template not in {None, CUSTOM}:
            raise ValueError("layout_template changes only from one custom to another")
        return self

"""``mix_param``: what a mixed recording shows, where, and in which encoding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from longtake.vendors.huawei.emulator.wire import Id, IdleSeconds, Wire, lacking

AUDIO_ONLY = "audio_only"
ENCODINGS = frozenset(
    {
        *(f"1920x1080_{rate}" for rate in ("30_4620", "30_3150", "15_3460", "15_2080")),
        *(f"1280x720_{rate}" for rate in ("30_3420", "30_1710", "15_2260", "15_1130")),
        *(f"640x480_{rate}" for rate in ("30_1500", "30_1000", "15_500")),
        *(f"480x360_{rate}" for rate in ("30_490", "15_320")),
    }
)
"""Resolution, frames a second and kbit/s."""

VideoType = Literal["CAMERASTREAM", "SCREENSTREAM"]
Template = Literal["nine_grids_view", "screen_share_left", "screen_share_right", "custom"]
ObsImage = Annotated[str, Field(pattern=r"^s3://[^/]+/.+$")]
Share = Annotated[float, Field(ge=0, le=1)]


def _known_encoding(text: str) -> str:
    """The field's description spells it with an asterisk, the examples with an x."""
    encoding = text.replace("*", "x")
    if encoding not in {AUDIO_ONLY, *ENCODINGS}:
        raise PydanticCustomError("encoding", "not an encode template")
    return text


Encoding = Annotated[str, AfterValidator(_known_encoding)]


class Pane(Wire):
    """One region. The geometry is of custom layouts, ``filling_policy`` of those with a screen."""

    id: Annotated[int, Field(ge=1)]
    user_id: str = ""
    video_type: VideoType = "CAMERASTREAM"
    x: Share | None = None
    y: Share | None = None
    width: Share | None = None
    height: Share | None = None
    zorder: Annotated[int, Field(ge=0, le=25)] = 0
    crop_mode: Literal["KEEP_RATIO_PADDING", "KEEP_RATIO_CROP"] = "KEEP_RATIO_CROP"
    filling_policy: Literal["FIXED_USER", "SHARED_SCREEN"] | None = None


class UserBackground(Wire):
    user_id: Id
    image_uri: ObsImage


class LayoutFields(Wire):
    """What a start and an update have in common."""

    layout_template: Template | None = None
    layout_panes: Annotated[list[Pane], Field(max_length=25)] = Field(default=[])
    background_image: ObsImage | None = None
    default_user_background_image: ObsImage | None = None
    screen_background_image: ObsImage | None = None
    user_background_images: list[UserBackground] = Field(default=[])


class AudioMix(Wire):
    """A mix without video: every field of layout and video is ignored."""

    room_id: Id
    encode_template: Literal["audio_only"]
    max_idle_time: IdleSeconds = 30


class VideoMix(LayoutFields):
    """A mix with video, and its layout, which is whole and fits together."""

    room_id: Id
    encode_template: Encoding
    max_idle_time: IdleSeconds = 30

    @model_validator(mode="after")
    def _has_a_layout(self) -> Self:
        if self.layout_template is None:
            raise lacking("layout_template")
        if self.layout_template == "custom":
            _check_custom(self.layout_panes)
        elif self.layout_template != "nine_grids_view":
            _check_shared(self.layout_panes)
        return self

    @property
    def canvas(self) -> tuple[int, int]:
        """Width and height in pixels."""
        width, height = self.encode_template.replace("*", "x").split("_")[0].split("x")
        return int(width), int(height)


class AudioUpdate(Wire):
    max_idle_time: IdleSeconds | None = None


class VideoUpdate(LayoutFields, AudioUpdate):
    """What is given replaces what was; the whole is checked anew as a VideoMix."""


Mix = VideoMix | AudioMix

LAYOUT_FIELDS = tuple(LayoutFields.model_fields)


def layout_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """The layout in a start's or update's body, exactly as it came."""
    param = body["mix_param"]
    return {name: param[name] for name in LAYOUT_FIELDS if param.get(name) is not None}


def overhangs(mix: Mix) -> bool:
    """Whether a custom pane leads out of the canvas, which is likely to be let pass."""
    if not isinstance(mix, VideoMix) or mix.layout_template != "custom":
        return False
    return any(
        (pane.x or 0) + (pane.width or 0) > 1 + 1e-6
        or (pane.y or 0) + (pane.height or 0) > 1 + 1e-6
        for pane in mix.layout_panes
    )


def _check_custom(panes: list[Pane]) -> None:
    if not panes:
        raise lacking("layout_panes")
    if len({pane.id for pane in panes}) < len(panes):
        raise ValueError("layout_panes: each id once")
    for pane in panes:
        for name in ("x", "y", "width", "height"):
            if getattr(pane, name) is None:
                raise lacking(f"layout_panes: {name}")


def _check_shared(panes: list[Pane]) -> None:
    if not panes:
        raise lacking("layout_panes")
    pane = panes[0]
    if len(panes) > 1 or pane.id != 1:
        raise ValueError("layout_panes: one pane, with id 1")
    if pane.filling_policy is None:
        raise lacking("layout_panes: filling_policy")
    if pane.filling_policy == "FIXED_USER" and not pane.user_id:
        raise lacking("layout_panes: user_id")
    if pane.filling_policy == "SHARED_SCREEN" and (
        pane.user_id or pane.video_type != "SCREENSTREAM"
    ):
        raise ValueError("layout_panes: SHARED_SCREEN has no user_id, and SCREENSTREAM")

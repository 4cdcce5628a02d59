"""``MixLayoutParams``: where a mixed recording shows whom, and its watermarks."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AliasChoices, Field, model_validator

from longtake.vendors.tencent.emulator.wire import Text, UpTo1, UpTo2, UpTo3, Wire

FLOATING, SCREEN_SHARING, GRID, CUSTOM = 1, 2, 3, 4

Pixels = Annotated[int, Field(ge=0, le=1920)]
MarkPixels = Annotated[int, Field(ge=0, le=2560)]
Colour = Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$")]
PictureUrl = Annotated[str, Field(pattern=r"(?i)^https?://.+\.(jpe?g|png)")]


class MixLayout(Wire):
    """One window of mode 4, in pixels of the canvas; ``alpha``: 0 opaque to 255 transparent."""

    top: Pixels
    left: Pixels
    width: Pixels
    height: Pixels
    user_id: str = ""
    alpha: Annotated[int, Field(ge=0, le=255)] = 0
    render_mode: UpTo3 = 1
    media_id: UpTo1 = 0
    image_layer: int = 0
    sub_background_image: PictureUrl | None = None


class WaterMarkImage(Wire):
    """The specification calls the picture's address ``url``."""

    water_mark_url: Annotated[
        PictureUrl, Field(validation_alias=AliasChoices("WaterMarkUrl", "url"))
    ]
    top: MarkPixels
    left: MarkPixels
    width: MarkPixels
    height: MarkPixels


class WaterMarkChar(Wire):
    top: MarkPixels
    left: MarkPixels
    width: MarkPixels
    height: MarkPixels
    chars: Text
    font_size: Annotated[int, Field(ge=1)] = 14
    font_color: str = "0xFFFFFF"
    back_ground_color: str | None = None
    font: str | None = None


class WaterMarkTimestamp(Wire):
    pos: Annotated[int, Field(ge=0, le=6)]
    time_zone: Annotated[int, Field(ge=-12, le=14)] = 8
    font: str | None = None


class WaterMark(Wire):
    """``water_mark_type``: 0 image, 1 text, 2 timestamp, each with its object."""

    water_mark_type: UpTo2 = 0
    water_mark_image: WaterMarkImage | None = None
    water_mark_char: WaterMarkChar | None = None
    water_mark_timestamp: WaterMarkTimestamp | None = None

    @model_validator(mode="after")
    def _has_its_object(self) -> Self:
        objects = (self.water_mark_image, self.water_mark_char, self.water_mark_timestamp)
        if objects[self.water_mark_type] is None:
            raise ValueError("the object of the WaterMarkType is needed")
        return self


class MixLayoutParams(Wire):
    """A whole layout: what is omitted has its default. ``media_id``: the large user's stream."""

    mix_layout_mode: Annotated[int, Field(ge=FLOATING, le=CUSTOM)]
    mix_layout_list: Annotated[list[MixLayout], Field(max_length=25)] = Field(default=[])
    back_ground_color: Colour = "#000000"
    max_resolution_user_id: str = ""
    media_id: UpTo1 = 0
    background_image_url: PictureUrl | None = None
    default_sub_background_image: PictureUrl | None = None
    place_holder_mode: UpTo1 = 0
    render_mode: UpTo3 = 1
    background_image_render_mode: UpTo3 = 1
    max_resolution_user_align: UpTo1 = 0
    pure_audio_disable_layout: bool = False
    water_mark_list: Annotated[list[WaterMark], Field(max_length=25)] = Field(default=[])

    def overhangs(self, width: int, height: int) -> bool:
        """Whether a window leads out of a canvas of this size."""
        return self.mix_layout_mode == CUSTOM and any(
            pane.left + pane.width > width or pane.top + pane.height > height
            for pane in self.mix_layout_list
        )

    @property
    def picture_urls(self) -> list[str]:
        """The pictures that the service has to fetch."""
        marks = [mark.water_mark_image for mark in self.water_mark_list]
        urls = [
            self.background_image_url,
            self.default_sub_background_image,
            *(pane.sub_background_image for pane in self.mix_layout_list),
            *(image.water_mark_url for image in marks if image),
        ]
        return [url for url in urls if url is not None]


USUAL_LAYOUT = MixLayoutParams.model_validate({"MixLayoutMode": GRID})
"""What no layout at all means."""

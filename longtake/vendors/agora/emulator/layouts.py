"""The layout fields that a start's ``transcodingConfig`` and an updateLayout have in common."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel


class Wire(BaseModel):
    """A JSON object as Agora spells it; types are never coerced."""

    model_config = ConfigDict(strict=True, frozen=True, alias_generator=to_camel)


def _user_id(text: str) -> str:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) < 2**32):
        raise ValueError("a uid is an integer of 1 to 4294967295, as a string")
    return text


UserId = Annotated[str, Field(max_length=20), AfterValidator(_user_id)]
# A Literal of numbers would take true for 1, and 1.0.
UpTo1 = Annotated[int, Field(ge=0, le=1)]
UpTo2 = Annotated[int, Field(ge=0, le=2)]
UpTo3 = Annotated[int, Field(ge=0, le=3)]
UpTo4 = Annotated[int, Field(ge=0, le=4)]
Fraction = Annotated[float, Field(ge=0, le=1)]

_ROUNDING = 1e-6  # "accurate to six decimal places"


class Pane(Wire):
    """One region of layout 3."""

    uid: UserId | None = None
    x_axis: Annotated[Fraction, Field(alias="x_axis")]
    y_axis: Annotated[Fraction, Field(alias="y_axis")]
    width: Fraction
    height: Fraction
    alpha: Fraction = 1.0
    render_mode: Annotated[UpTo1, Field(alias="render_mode")] = 0

    @model_validator(mode="after")
    def _inside_the_canvas(self) -> Self:
        if max(self.x_axis + self.width, self.y_axis + self.height) > 1 + _ROUNDING:
            raise ValueError("the region leads out of the canvas")
        return self


class UserBackground(Wire):
    uid: UserId
    image_url: Annotated[str, Field(alias="image_url", min_length=1)]
    render_mode: Annotated[UpTo1, Field(alias="render_mode")] = 0


class LayoutFields(Wire):
    """A whole layout: what is omitted has its default."""

    mixed_video_layout: UpTo3 = 0
    max_resolution_uid: UserId | None = None
    background_color: Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$")] = "#000000"
    background_image: str | None = None
    default_user_background_image: str | None = None
    layout_config: Annotated[list[Pane], Field(max_length=17)] | None = None
    background_config: list[UserBackground] | None = None

    @model_validator(mode="after")
    def _custom_has_regions(self) -> Self:
        if self.mixed_video_layout == 3 and not self.layout_config:
            raise ValueError("layoutConfig: layout 3 needs it")
        return self

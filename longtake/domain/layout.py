"""One layout model for every vendor: presets by name, or panes in fractions of the canvas."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from longtake.domain.model import Asked

Fraction = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
"""A share of the canvas's width or height; the origin is the top left corner."""

Extent = Annotated[float, Field(gt=0.0, le=1.0, allow_inf_nan=False)]
"""A pane's own width or height, as a share of the canvas's."""

Colour = Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$")]
User = Annotated[str, Field(min_length=1, max_length=128)]
ImageUrl = Annotated[str, Field(pattern=r"^https?://\S+$", max_length=2048)]
Fit = Literal["crop", "contain"]

ROUNDING = 1e-6
"""Six decimals travel to the vendors; sums may exceed 1 by that much."""


class UserImage(Asked):
    """Shown in a user's pane while the user sends no video."""

    user: User
    url: ImageUrl
    fit: Fit = "crop"


class Pane(Asked):
    """A rectangle of the canvas; without `user` it takes the next one in order of joining."""

    x: Fraction
    y: Fraction
    width: Extent
    height: Extent
    user: User | None = None
    fit: Fit = "crop"
    opacity: Fraction = 1.0

    @model_validator(mode="after")
    def _inside(self) -> Pane:
        for start, size in (("x", "width"), ("y", "height")):
            if getattr(self, start) + getattr(self, size) > 1 + ROUNDING:
                raise ValueError(f"{start} + {size} must be at most 1")
        return self


class _Backdrop(Asked):
    background_color: Colour = "#000000"
    background_image: ImageUrl | None = None
    user_image: ImageUrl | None = None
    """For every user without video who has none of their own."""
    user_images: tuple[UserImage, ...] = ()


class GridLayout(_Backdrop):
    """Everybody in cells of one size."""

    kind: Literal["grid"] = "grid"


class FloatingLayout(_Backdrop):
    """One user fills the canvas, the others float above in small panes."""

    kind: Literal["floating"] = "floating"
    main: User | None = None
    """Who fills the canvas; without it, who joined first."""


class SpeakerLayout(_Backdrop):
    """One large pane on the left, the others in a column on the right."""

    kind: Literal["speaker"] = "speaker"
    main: User | None = None


class ScreenShareLayout(_Backdrop):
    """A shared screen, whole, on the left; the others in a column on the right."""

    kind: Literal["screen_share"] = "screen_share"
    main: User


class CustomLayout(_Backdrop):
    """Panes drawn in the order given: the last one lies on top."""

    kind: Literal["custom"] = "custom"
    panes: tuple[Pane, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_pane_a_user(self) -> CustomLayout:
        named = [pane.user for pane in self.panes if pane.user is not None]
        for user in named:
            if named.count(user) > 1:
                raise ValueError(f"panes must name a user once, {user!r} has several")
        return self


Layout = Annotated[
    GridLayout | FloatingLayout | SpeakerLayout | ScreenShareLayout | CustomLayout,
    Field(discriminator="kind"),
]

KINDS = frozenset({"grid", "floating", "speaker", "screen_share", "custom"})


def users_in(layout: Layout) -> tuple[str, ...]:
    """Whom the layout names: the main user, then the panes', then those with an image."""
    named: list[str] = []
    if isinstance(layout, CustomLayout):
        named += [pane.user for pane in layout.panes if pane.user is not None]
    elif not isinstance(layout, GridLayout) and layout.main is not None:
        named.append(layout.main)
    return (*named, *(image.user for image in layout.user_images))

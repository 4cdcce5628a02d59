"""The neutral layout as panes: Alibaba has no presets and no background colour.

A preset is computed for those who are listed, in the order of the list, and computed anew when
the list changes: the service does not tell who is there. Panes of nobody in particular, which a
custom layout may have, are filled by the service in order of joining.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from longtake.domain.errors import InvalidRequest
from longtake.domain.geometry import arrange
from longtake.domain.layout import CustomLayout, Layout, Pane, ScreenShareLayout, users_in
from longtake.vendors.alibaba.options import AlibabaOptions
from longtake.vendors.alibaba.subscriptions import sources_of

KINDS = frozenset({"grid", "floating", "speaker", "screen_share", "custom"})

_FITS = {"crop": 0, "contain": 1}
"""RenderMode."""
_BLACK = "#000000"


def check_shown(layout: Layout, seen: Sequence[str]) -> None:
    """Refuse a layout that shows somebody who is not recorded.

    A change may do so in passing, while users and layout change one after the other: then the
    user's pane is left out.
    """
    for user in users_in(layout):
        if user not in seen:
            raise InvalidRequest(
                f"layout: shows {user!r}, whose video is not recorded; name every user in"
                " subscriptions.video.allow"
            )


def layout_params(layout: Layout, seen: Sequence[str], options: AlibabaOptions) -> dict[str, Any]:
    """`MixLayoutParams` by its wire names, for those whose video is recorded."""
    if layout.background_color != _BLACK:
        raise InvalidRequest(
            "layout.background_color: alibaba's is black; layout.background_image is offered"
        )
    images = _images(layout)
    panes = [
        _pane(pane, order, images.get(pane.user or "", layout.user_image))
        for order, pane in enumerate(_arranged(layout, seen))
    ]
    for pane in panes:
        if user := pane.get("UserId"):
            (pane["SourceType"],) = sources_of(user, layout, options)
    background = layout.background_image and {
        "Url": layout.background_image,
        "RenderMode": _FITS[options.background_fit or "crop"],
    }
    return {"UserPanes": panes, **({"MixBackground": background} if background else {})}


def _arranged(layout: Layout, seen: Sequence[str]) -> Sequence[Pane]:
    if isinstance(layout, CustomLayout):
        return [pane for pane in layout.panes if pane.user is None or pane.user in seen]
    return arrange(layout, seen)


def _images(layout: Layout) -> Mapping[str, str]:
    """The image of each user: the service fits it in as it fits in the user's video."""
    for image in layout.user_images:
        fit = _fit_of(layout, image.user)
        if fit is None:
            raise InvalidRequest(f"layout.user_images: {image.user!r} has no pane for an image")
        if image.fit != fit:
            raise InvalidRequest(
                f"layout.user_images: alibaba fits an image in as the video of its pane,"
                f" so the fit of {image.user!r} must be {fit!r}"
            )
    return {image.user: image.url for image in layout.user_images}


def _fit_of(layout: Layout, user: str) -> str | None:
    """How a user's pane fits the video in; None for a user whom no pane names."""
    if isinstance(layout, CustomLayout):
        return next((pane.fit for pane in layout.panes if pane.user == user), None)
    whole = isinstance(layout, ScreenShareLayout) and layout.main == user
    return "contain" if whole else "crop"


def _pane(pane: Pane, order: int, image: str | None) -> dict[str, Any]:
    if pane.opacity != 1:
        raise InvalidRequest("layout.panes: alibaba's panes are opaque, so opacity must be 1")
    left, width = _span(pane.x, pane.width)
    top, height = _span(pane.y, pane.height)
    found: dict[str, Any] = {
        "X": left,
        "Y": top,
        "Width": width,
        "Height": height,
        "ZOrder": order,
    }
    if pane.user is not None:
        found["UserId"] = pane.user
    if image or pane.fit != "crop":
        found["SubBackground"] = {"RenderMode": _FITS[pane.fit], "Url": image}
    return found


def _span(start: float, size: float) -> tuple[str, str]:
    """Edges are rounded, not sizes: what touches goes on touching, and nothing stands out."""
    first, last = round(start, 6) + 0.0, min(round(start + size, 6), 1.0)  # and no -0
    return _decimal(first), _decimal(last - first)


def _decimal(share: float) -> str:
    return f"{share:.6f}".rstrip("0").rstrip(".")

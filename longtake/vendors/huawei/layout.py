"""The neutral layout as SparkRTC's: a template, or up to 25 panes in shares of the canvas.

A template adapts to the number of users, so it is taken wherever it means the same. A drawn pane
shows one user by name, and nobody else: the texts have no pane that seats whoever comes. So the
users of what is drawn are listed by the caller, unless panes for nobody are asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from longtake.domain.errors import InvalidRequest
from longtake.domain.geometry import arrange
from longtake.domain.layout import (
    CustomLayout,
    GridLayout,
    Layout,
    Pane,
    ScreenShareLayout,
    SpeakerLayout,
)
from longtake.vendors.huawei.options import HuaweiOptions
from longtake.vendors.huawei.wire.fields import CAMERA, MAX_LAYERS, SCREEN
from longtake.vendors.huawei.wire.mixing import (
    CROP,
    CUSTOM,
    FIXED_USER,
    GRID,
    LARGE_LEFT,
    LARGE_RIGHT,
    PAD,
    SHARED_SCREEN,
)

KINDS = frozenset({"grid", "floating", "speaker", "screen_share", "custom"})
GRID_SEATS = 9

_FITS = {"crop": CROP, "contain": PAD}
_NOBODY = "\0"
"""Begins the name of a seat that nobody is named for; no user's id has it."""


def picture(layout: Layout, options: HuaweiOptions) -> dict[str, Any]:
    """Template, panes and images, by their wire names."""
    _check_backdrop(layout)
    return {**_arrangement(layout, options), **_images(options)}


def _check_backdrop(layout: Layout) -> None:
    """Colours it has none, and images only from OBS, which an http address does not name."""
    if layout.background_color != GridLayout().background_color:
        raise InvalidRequest("layout.background_color: huawei offers none but black")
    for name in ("background_image", "user_image", "user_images"):
        if getattr(layout, name):
            raise InvalidRequest(
                f"layout.{name}: huawei takes images of OBS only,"
                f" as vendor_options.{name}: s3://bucket/object"
            )


def _images(options: HuaweiOptions) -> dict[str, Any]:
    images: dict[str, Any] = {
        "background_image": options.background_image,
        "default_user_background_image": options.user_image,
        "screen_background_image": options.screen_image,
        "user_background_images": [
            {"user_id": entry.user, "image_uri": entry.image} for entry in options.user_images
        ],
    }
    return {name: image for name, image in images.items() if image}


def _arrangement(layout: Layout, options: HuaweiOptions) -> dict[str, Any]:
    if not options.changeable_layout:
        match layout:
            case GridLayout():
                return {"layout_template": GRID}
            case ScreenShareLayout() if options.screen_of == "anyone":
                view = {"video_type": SCREEN, "filling_policy": SHARED_SCREEN}
                return _large(view, options)
            case ScreenShareLayout(main=str(main)) | SpeakerLayout(main=str(main)):
                kind = _video_type(main, layout, options)
                view = {"user_id": main, "video_type": kind, "filling_policy": FIXED_USER}
                return _large(view, options)
            case _:
                pass
    panes = _drawn(layout, options)
    windows = [_window(pane, layer, layout, options) for layer, pane in enumerate(panes)]
    return {"layout_template": CUSTOM, "layout_panes": windows}


def _large(view: dict[str, Any], options: HuaweiOptions) -> dict[str, Any]:
    template = LARGE_LEFT if options.main_align == "left" else LARGE_RIGHT
    return {"layout_template": template, "layout_panes": [{"id": 1, **view}]}


def _video_type(user: str | None, layout: Layout, options: HuaweiOptions) -> str:
    if isinstance(layout, ScreenShareLayout) and user == layout.main:
        return SCREEN if options.screen_stream == "screen" else CAMERA
    return SCREEN if user in options.screen_users else CAMERA


def _drawn(layout: Layout, options: HuaweiOptions) -> tuple[Pane, ...]:
    if options.users:
        panes = arrange(layout, list(dict.fromkeys((*_named(layout), *options.users))))
    elif isinstance(layout, CustomLayout):
        panes = layout.panes
    else:
        panes = _full_room(layout)
    if not options.unnamed_panes:
        _check_named(layout, panes)
    mirrored = options.main_align == "right" and isinstance(
        layout, (SpeakerLayout, ScreenShareLayout)
    )
    return tuple(map(_mirrored, panes)) if mirrored else panes


def _named(layout: Layout) -> Iterable[str]:
    """Whom the layout itself has a place for: they are shown though they are not listed."""
    match layout:
        case CustomLayout():
            return [pane.user for pane in layout.panes if pane.user is not None]
        case GridLayout():
            return []
        case _:
            return [layout.main] if layout.main is not None else []


def _full_room(layout: Layout) -> tuple[Pane, ...]:
    """The places of a room with as many users as are shown; but for `main`, nobody's."""
    main = list(_named(layout))
    count = GRID_SEATS if isinstance(layout, GridLayout) else MAX_LAYERS - len(main)
    panes = arrange(layout, [*main, *(f"{_NOBODY}{number}" for number in range(count))])
    return tuple(
        pane if pane.user in main else pane.model_copy(update={"user": None}) for pane in panes
    )


def _check_named(layout: Layout, panes: tuple[Pane, ...]) -> None:
    free = [number for number, pane in enumerate(panes) if pane.user is None]
    way_out = "list users in vendor_options.users, or set vendor_options.unnamed_panes"
    if free and isinstance(layout, CustomLayout):
        raise InvalidRequest(
            f"layout.panes.{free[0]}.user: a pane of huawei shows a named user: name one, {way_out}"
        )
    if free:
        lacks = " without layout.main" if isinstance(layout, SpeakerLayout) else ""
        raise InvalidRequest(
            f"layout.kind: huawei has no template of {layout.kind!r}{lacks},"
            f" and its panes show named users: {way_out}"
        )


def _mirrored(pane: Pane) -> Pane:
    return pane.model_copy(update={"x": 1 - pane.x - pane.width})


def _window(pane: Pane, layer: int, layout: Layout, options: HuaweiOptions) -> dict[str, Any]:
    """Edges are rounded, not sizes: neighbours stay neighbours."""
    if pane.opacity < 1:
        raise InvalidRequest(f"layout.panes.{layer}.opacity: huawei's panes are opaque")
    left, right = _rounded(pane.x), _rounded(pane.x + pane.width)
    top, bottom = _rounded(pane.y), _rounded(pane.y + pane.height)
    window = {
        "id": layer + 1,
        "video_type": _video_type(pane.user, layout, options),
        "x": left,
        "y": top,
        "width": _rounded(right - left),
        "height": _rounded(bottom - top),
        "zorder": layer,
        "crop_mode": _FITS[pane.fit],
    }
    return window if pane.user is None else {"user_id": pane.user, **window}


def _rounded(share: float) -> float:
    """Six decimals, within the canvas: sums may stand out by an error of arithmetic."""
    return min(1.0, max(0.0, round(share, 6)))

"""The neutral layout as TRTC's: three templates, or up to 25 windows in pixels.

A template adapts to the number of videos, so it is taken wherever it means the same. A speaker
without a name has none (screen sharing would show the background), so the windows of a full room
are drawn with that template's own measures.
"""

from __future__ import annotations

from typing import Any

from longtake.domain.errors import InvalidRequest
from longtake.domain.geometry import pixel, speaker_panes
from longtake.domain.layout import (
    CustomLayout,
    FloatingLayout,
    GridLayout,
    Layout,
    Pane,
    ScreenShareLayout,
    SpeakerLayout,
    UserImage,
)
from longtake.domain.recording import Canvas
from longtake.vendors.tencent.options import TencentOptions
from longtake.vendors.tencent.wire.fields import MAX_WINDOWS, RENDER_MODES
from longtake.vendors.tencent.wire.mixing import AUX, CUSTOM, FLOATING, GRID, MAIN, SCREEN_SHARE

KINDS = frozenset({"grid", "floating", "speaker", "screen_share", "custom"})

_FITS = {"crop": RENDER_MODES.index("crop"), "contain": RENDER_MODES.index("fit")}


def layout_params(layout: Layout, canvas: Canvas, options: TencentOptions) -> dict[str, Any]:
    """`MixLayoutParams` whole, by its wire names."""
    fields: dict[str, Any] = {
        "BackGroundColor": layout.background_color,
        "BackgroundImageUrl": layout.background_image,
        "BackgroundImageRenderMode": _code(options.background_fit),
        "DefaultSubBackgroundImage": layout.user_image,
        "PlaceHolderMode": _placeholder_mode(layout, options),
        "WaterMarkList": [mark.wire() for mark in options.watermarks] or None,
        **_arrangement(layout, canvas, options),
    }
    return {name: value for name, value in fields.items() if value is not None}


def _placeholder_mode(layout: Layout, options: TencentOptions) -> int | None:
    if options.placeholder is not None:
        return int(options.placeholder)
    return 1 if layout.user_image or layout.user_images else None


def _arrangement(layout: Layout, canvas: Canvas, options: TencentOptions) -> dict[str, Any]:
    if isinstance(layout, CustomLayout):
        return _windows(layout.panes, canvas, _images(layout))
    if layout.user_images:
        raise InvalidRequest(
            "layout.user_images: tencent shows them in a custom layout only;"
            " layout.user_image is for everybody"
        )
    if isinstance(layout, SpeakerLayout) and layout.main is None:
        drawn = _windows(_speaker(mirrored=options.main_align == "right"), canvas, {})
        if options.pane_fit is not None:
            for window in drawn["MixLayoutList"]:
                window["RenderMode"] = _code(options.pane_fit)
        return drawn
    manners = {
        "RenderMode": _code(options.pane_fit),
        "PureAudioDisableLayout": options.hide_audio_only or None,
    }
    return {**manners, **_template(layout, options)}


def _template(layout: Layout, options: TencentOptions) -> dict[str, Any]:
    match layout:
        case FloatingLayout():
            return {"MixLayoutMode": FLOATING, "MaxResolutionUserId": layout.main}
        case SpeakerLayout():
            return _shared(layout.main, MAIN, options)
        case ScreenShareLayout():
            media = AUX if options.screen_stream == "aux" else MAIN
            whole = {"RenderMode": _code(options.pane_fit or "fit")}
            return {**_shared(layout.main, media, options), **whole}
        case GridLayout() | CustomLayout():
            return {"MixLayoutMode": GRID}


def _shared(main: str | None, media: int, options: TencentOptions) -> dict[str, Any]:
    shown = "aux" if media == AUX else "main"
    if options.streams not in {"both", shown}:
        raise InvalidRequest(
            f"vendor_options.streams: the layout shows the {shown} stream of its main user large,"
            f" and only {options.streams!r} is recorded"
        )
    return {
        "MixLayoutMode": SCREEN_SHARE,
        "MaxResolutionUserId": main,
        "MediaId": media,
        "MaxResolutionUserAlign": 1 if options.main_align == "right" else None,
    }


def _speaker(*, mirrored: bool) -> tuple[Pane, ...]:
    panes = speaker_panes(MAX_WINDOWS - 1)
    return tuple(map(_mirrored, panes)) if mirrored else panes


def _mirrored(pane: Pane) -> Pane:
    return pane.model_copy(update={"x": 1 - pane.x - pane.width})


def _images(layout: CustomLayout) -> dict[str, str]:
    """The image of each user; it is shown as the user's pane shows a video."""
    fits = {pane.user: pane.fit for pane in layout.panes}
    for image in layout.user_images:
        _check_image(image, fits.get(image.user))
    return {image.user: image.url for image in layout.user_images}


def _check_image(image: UserImage, fit: str | None) -> None:
    if fit is None:
        raise InvalidRequest(f"layout.user_images: {image.user!r} has no pane for an image")
    if image.fit != fit:
        raise InvalidRequest(
            f"layout.user_images: tencent shows an image as its pane is shown,"
            f" so the fit of {image.user!r} must be {fit!r}"
        )


def _windows(panes: tuple[Pane, ...], canvas: Canvas, images: dict[str, str]) -> dict[str, Any]:
    windows = [_window(pane, layer, canvas) for layer, pane in enumerate(panes)]
    for window in windows:
        if image := images.get(window.get("UserId", "")):
            window["SubBackgroundImage"] = image
    return {"MixLayoutMode": CUSTOM, "MixLayoutList": windows}


def _window(pane: Pane, layer: int, canvas: Canvas) -> dict[str, Any]:
    """Edges are rounded, not sizes: neighbours stay neighbours."""
    left, right = pixel(pane.x, canvas.width), pixel(pane.x + pane.width, canvas.width)
    top, bottom = pixel(pane.y, canvas.height), pixel(pane.y + pane.height, canvas.height)
    if left == right or top == bottom:
        size = f"{canvas.width}x{canvas.height}"
        raise InvalidRequest(f"layout.panes.{layer}: less than a pixel of a canvas of {size}")
    window = {
        "Left": left,
        "Top": top,
        "Width": right - left,
        "Height": bottom - top,
        "RenderMode": _FITS[pane.fit],
        "Alpha": 255 - round(pane.opacity * 255),
        "ImageLayer": layer,
    }
    return window if pane.user is None else {"UserId": pane.user, **window}


def _code(fitting: str | None) -> int | None:
    return None if fitting is None else RENDER_MODES.index(fitting)

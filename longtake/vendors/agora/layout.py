"""The neutral layout as Agora's: three presets, or up to 17 panes.

A preset adapts to the number of users, so it is taken wherever it means the same. Where it
does not (a named user who fills the canvas, or a large pane for whoever joined first), the
panes are laid out with the presets' own measures for a full room.
"""

from __future__ import annotations

from typing import Any

from longtake.domain.geometry import floating_panes
from longtake.domain.layout import (
    CustomLayout,
    FloatingLayout,
    GridLayout,
    Layout,
    Pane,
    SpeakerLayout,
)
from longtake.vendors.agora.wire.recording import BEST_FIT, CUSTOM, FLOATING, VERTICAL

KINDS = frozenset({"grid", "floating", "speaker", "screen_share", "custom"})

_LARGE, _COLUMN, _ROW = 0.8, 0.1, 0.125
"""The vertical preset with more than 8 small panes: two columns of eight right of a large one."""


def layout_fields(layout: Layout) -> dict[str, Any]:
    """The whole layout by its wire names, for `transcodingConfig` and for updateLayout."""
    fields: dict[str, Any] = {
        "backgroundColor": layout.background_color,
        "backgroundImage": layout.background_image,
        "defaultUserBackgroundImage": layout.user_image,
        **_arrangement(layout),
    }
    if layout.user_images:
        fields["backgroundConfig"] = [
            {"uid": image.user, "image_url": image.url, "render_mode": _render_mode(image.fit)}
            for image in layout.user_images
        ]
    return {name: value for name, value in fields.items() if value is not None}


def _arrangement(layout: Layout) -> dict[str, Any]:
    match layout:
        case GridLayout():
            return {"mixedVideoLayout": BEST_FIT}
        case FloatingLayout(main=None):
            return {"mixedVideoLayout": FLOATING}
        case FloatingLayout():
            return _panes(_floating(layout.main))
        case SpeakerLayout(main=None):
            return _panes(_speaker())
        case CustomLayout():
            return _panes(layout.panes)
        case _:
            return {"mixedVideoLayout": VERTICAL, "maxResolutionUid": layout.main}


def _floating(main: str | None) -> tuple[Pane, ...]:
    return (Pane(x=0, y=0, width=1, height=1, user=main), *floating_panes(16))


def _speaker() -> tuple[Pane, ...]:
    small = (
        Pane(
            x=1 - _COLUMN * (index // 8 + 1),
            y=_ROW * (index % 8),
            width=_COLUMN,
            height=_ROW,
        )
        for index in range(16)
    )
    return (Pane(x=0, y=0, width=_LARGE, height=1, fit="contain"), *small)


def _panes(panes: tuple[Pane, ...]) -> dict[str, Any]:
    return {"mixedVideoLayout": CUSTOM, "layoutConfig": [_region(pane) for pane in panes]}


def _region(pane: Pane) -> dict[str, Any]:
    x, y = _rounded(pane.x), _rounded(pane.y)
    region: dict[str, Any] = {
        "x_axis": x,
        "y_axis": y,
        # The model lets a pane stand out by a rounding error, the service does not.
        "width": min(_rounded(pane.width), _rounded(1 - x)),
        "height": min(_rounded(pane.height), _rounded(1 - y)),
        "alpha": _rounded(pane.opacity),
        "render_mode": _render_mode(pane.fit),
    }
    return region if pane.user is None else {"uid": pane.user, **region}


def _rounded(share: float) -> float:
    """Six decimals are what the service reads."""
    return round(share, 6)


def _render_mode(fit: str) -> int:
    return 1 if fit == "contain" else 0

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from longtake.domain.layout import CustomLayout, Layout, Pane
from longtake.vendors.agora.layout import layout_fields
from longtake.vendors.agora.wire.recording import MixedLayout

LAYOUT: TypeAdapter[Layout] = TypeAdapter(Layout)


def fields(**layout: Any) -> dict[str, Any]:
    return layout_fields(LAYOUT.validate_python(layout))


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        ({"kind": "grid"}, {"mixedVideoLayout": 1}),
        ({"kind": "floating"}, {"mixedVideoLayout": 0}),
        ({"kind": "speaker", "main": "7"}, {"mixedVideoLayout": 2, "maxResolutionUid": "7"}),
        ({"kind": "screen_share", "main": "7"}, {"mixedVideoLayout": 2, "maxResolutionUid": "7"}),
    ],
)
def test_preset_is_used_where_it_means_the_same(
    layout: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert fields(**layout) == {"backgroundColor": "#000000", **expected}


def test_named_user_fills_the_canvas_of_a_floating_layout() -> None:
    sent = fields(kind="floating", main="7")
    assert sent["mixedVideoLayout"] == 3
    main, *small = sent["layoutConfig"]
    assert (main["uid"], main["x_axis"], main["y_axis"], main["width"], main["height"]) == (
        *("7", 0, 0),
        *(1, 1),
    )
    assert len(small) == 16
    assert [(pane["x_axis"], pane["y_axis"]) for pane in small[:5]] == [
        *((0.012, 0.753), (0.259, 0.753), (0.506, 0.753), (0.753, 0.753)),
        (0.012, 0.506),
    ]
    assert {(pane["width"], pane["height"]) for pane in small} == {(0.235, 0.235)}
    assert all("uid" not in pane for pane in small)


def test_speaker_without_a_name_is_whoever_joined_first() -> None:
    large, *small = fields(kind="speaker")["layoutConfig"]
    assert "uid" not in large
    assert (large["width"], large["height"], large["render_mode"]) == (0.8, 1, 1)
    assert [(pane["x_axis"], pane["y_axis"]) for pane in (small[0], small[7], small[8])] == [
        *((0.9, 0), (0.9, 0.875)),
        (0.8, 0),
    ]


def test_panes_travel_with_all_they_say() -> None:
    pane = {"x": 0.1, "y": 0.2, "width": 0.3, "height": 0.4, "user": "5", "fit": "contain"}
    sent = fields(kind="custom", panes=[{**pane, "opacity": 0.5}])
    assert sent["layoutConfig"] == [
        {
            "uid": "5",
            "x_axis": 0.1,
            "y_axis": 0.2,
            "width": 0.3,
            "height": 0.4,
            "alpha": 0.5,
            "render_mode": 1,
        }
    ]


def test_backdrop_is_always_sent_whole() -> None:
    sent = fields(
        kind="grid",
        background_color="#FF0000",
        background_image="https://i.example/b.jpg",
        user_image="https://i.example/u.jpg",
        user_images=[{"user": "5", "url": "https://i.example/5.jpg", "fit": "contain"}],
    )
    assert sent == {
        "mixedVideoLayout": 1,
        "backgroundColor": "#FF0000",
        "backgroundImage": "https://i.example/b.jpg",
        "defaultUserBackgroundImage": "https://i.example/u.jpg",
        "backgroundConfig": [
            {"uid": "5", "image_url": "https://i.example/5.jpg", "render_mode": 1}
        ],
    }


share = st.floats(min_value=0, max_value=1, allow_nan=False)


@given(x=share, y=share, across=share, down=share, opacity=share)
def test_rounding_never_pushes_a_pane_over_the_edge(
    x: float, y: float, across: float, down: float, opacity: float
) -> None:
    width, height = (1 - x) * across, (1 - y) * down
    if min(width, height) <= 0:
        return
    pane = Pane(x=x, y=y, width=width, height=height, opacity=opacity)
    sent = MixedLayout.model_validate(layout_fields(CustomLayout(panes=(pane,))))
    assert sent.layout_config is not None
    (region,) = sent.layout_config
    assert region.x_axis + region.width <= 1 + 1e-9
    assert region.y_axis + region.height <= 1 + 1e-9
    assert abs(region.width - width) <= 2e-6


def test_pane_that_stands_out_by_a_rounding_error_is_cut() -> None:
    pane = Pane(x=0.5, y=0.25, width=0.5000009, height=0.7500009)
    (region,) = layout_fields(CustomLayout(panes=(pane,)))["layoutConfig"]
    assert (region["width"], region["height"]) == (0.5, 0.75)


@given(st.sampled_from(["grid", "floating", "speaker", "screen_share"]), st.booleans())
def test_every_preset_passes_the_wire_s_rules(kind: str, named: bool) -> None:  # noqa: FBT001
    main = {"main": "9"} if kind != "grid" and (named or kind == "screen_share") else {}
    MixedLayout.model_validate(fields(kind=kind, **main))

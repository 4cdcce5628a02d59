"""The neutral layout in TRTC's terms; geometry by the vendor's published measures."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from longtake.domain.errors import InvalidRequest
from longtake.domain.layout import CustomLayout, Layout, Pane
from longtake.domain.recording import Canvas
from longtake.vendors.tencent.layout import layout_params
from longtake.vendors.tencent.options import TencentOptions
from longtake.vendors.tencent.wire.mixing import MixLayoutParams

LAYOUT = TypeAdapter[Layout](Layout)
HD = Canvas()
PICTURE, OTHER = "https://img.example/a.png", "https://img.example/b.JPEG?v=1"


def params(canvas: Canvas = HD, options: dict[str, Any] | None = None, **layout: Any) -> Any:
    chosen = TencentOptions.model_validate(options or {})
    found = layout_params(LAYOUT.validate_python(layout), canvas, chosen)
    MixLayoutParams.model_validate(found)
    return found


def without_colour(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name != "BackGroundColor"}


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        ({"kind": "grid"}, {"MixLayoutMode": 3}),
        ({"kind": "floating"}, {"MixLayoutMode": 1}),
        (
            {"kind": "floating", "main": "ada"},
            {"MixLayoutMode": 1, "MaxResolutionUserId": "ada"},
        ),
        (
            {"kind": "screen_share", "main": "ada"},
            {"MixLayoutMode": 2, "MaxResolutionUserId": "ada", "MediaId": 1, "RenderMode": 2},
        ),
        (
            {"kind": "speaker", "main": "ada"},
            {"MixLayoutMode": 2, "MaxResolutionUserId": "ada", "MediaId": 0},
        ),
    ],
)
def test_preset_is_a_template(layout: dict[str, Any], expected: dict[str, Any]) -> None:
    assert without_colour(params(**layout)) == expected


def test_backdrop_is_sent_with_every_layout() -> None:
    found = params(kind="grid", background_color="#112233", background_image=OTHER)
    assert found["BackGroundColor"] == "#112233"
    assert found["BackgroundImageUrl"] == OTHER


def test_image_for_everybody_is_shown_in_windows_without_video() -> None:
    found = params(kind="grid", user_image=PICTURE)
    assert (found["DefaultSubBackgroundImage"], found["PlaceHolderMode"]) == (PICTURE, 1)


@pytest.mark.parametrize(("placeholder", "mode"), [(None, None), (False, 0), (True, 1)])
def test_placeholder_can_be_chosen(placeholder: Any, mode: int | None) -> None:
    found = params(kind="grid", options={"placeholder": placeholder})
    assert found.get("PlaceHolderMode") == mode


@pytest.mark.parametrize(
    ("options", "layout", "expected"),
    [
        ({"screen_stream": "main"}, {"kind": "screen_share", "main": "a"}, {"MediaId": 0}),
        ({"pane_fit": "stretch"}, {"kind": "screen_share", "main": "a"}, {"RenderMode": 0}),
        ({"pane_fit": "crop_little"}, {"kind": "grid"}, {"RenderMode": 3}),
        ({"background_fit": "fit"}, {"kind": "grid"}, {"BackgroundImageRenderMode": 2}),
        ({"hide_audio_only": True}, {"kind": "floating"}, {"PureAudioDisableLayout": True}),
        (
            {"main_align": "right"},
            {"kind": "speaker", "main": "a"},
            {"MaxResolutionUserAlign": 1},
        ),
    ],
)
def test_option_reaches_the_layout(
    options: dict[str, Any], layout: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert expected.items() <= params(options=options, **layout).items()


def test_option_of_a_large_window_stays_out_of_a_grid() -> None:
    assert "MaxResolutionUserAlign" not in params(kind="grid", options={"main_align": "right"})


def test_speaker_without_a_name_is_a_full_room_of_screen_sharing() -> None:
    windows = params(kind="speaker", canvas=Canvas(width=1000, height=800))["MixLayoutList"]
    boxes = [(w["Left"], w["Top"], w["Width"], w["Height"]) for w in windows]
    assert boxes[0] == (0, 0, 800, 700)
    assert boxes[1:9] == [(800, 100 * row, 100, 100) for row in range(8)]
    assert boxes[9:17] == [(900, 100 * row, 100, 100) for row in range(8)]
    assert boxes[17:] == [(100 * column, 700, 100, 100) for column in range(8)]
    assert all("UserId" not in window for window in windows)


def test_drawn_speaker_follows_the_options_of_templates() -> None:
    options = {"main_align": "right", "pane_fit": "fit"}
    windows = params(kind="speaker", canvas=Canvas(width=1000, height=800), options=options)
    boxes = [(w["Left"], w["Top"]) for w in windows["MixLayoutList"]]
    assert (boxes[0], boxes[1], boxes[9], boxes[17]) == ((200, 0), (100, 0), (0, 0), (900, 700))
    assert {window["RenderMode"] for window in windows["MixLayoutList"]} == {2}


def pane(**changes: Any) -> dict[str, Any]:
    return {"x": 0, "y": 0, "width": 0.5, "height": 0.5, **changes}


def test_pane_is_a_window_in_pixels() -> None:
    first = pane(user="ada", fit="contain", opacity=0.25)
    second = pane(x=0.25, y=0.5, width=0.75)
    found = params(kind="custom", panes=[first, second])
    assert found["MixLayoutMode"] == 4
    assert found["MixLayoutList"] == [
        {
            "UserId": "ada",
            "Left": 0,
            "Top": 0,
            "Width": 640,
            "Height": 360,
            "RenderMode": 2,
            "Alpha": 191,
            "ImageLayer": 0,
        },
        {
            "Left": 320,
            "Top": 360,
            "Width": 960,
            "Height": 360,
            "RenderMode": 1,
            "Alpha": 0,
            "ImageLayer": 1,
        },
    ]


@pytest.mark.parametrize(("opacity", "alpha"), [(1, 0), (0, 255), (0.5, 127)])
def test_opacity_is_the_reverse_of_alpha(opacity: float, alpha: int) -> None:
    (window,) = params(kind="custom", panes=[pane(opacity=opacity)])["MixLayoutList"]
    assert window["Alpha"] == alpha


@given(
    st.lists(st.integers(100, 1_000), min_size=1, max_size=24),
    st.integers(480, 1920),
    st.integers(16, 1080),
)
def test_panes_that_tile_the_canvas_leave_no_pixel_out(
    sizes: list[int], width: int, height: int
) -> None:
    total = sum(sizes)
    edges = [sum(sizes[:n]) / total for n in range(len(sizes) + 1)]
    panes = tuple(
        Pane(x=left, y=0, width=max(1e-9, min(right - left, 1 - left)), height=1)
        for left, right in pairwise(edges)
    )
    layout = CustomLayout(panes=panes)
    found = layout_params(layout, Canvas(width=width, height=height), TencentOptions())
    windows = found["MixLayoutList"]
    assert windows[0]["Left"] == 0
    for before, after in pairwise(windows):
        assert before["Left"] + before["Width"] == after["Left"]
    assert windows[-1]["Left"] + windows[-1]["Width"] == width
    assert {(window["Top"], window["Height"]) for window in windows} == {(0, height)}


def test_pane_of_less_than_a_pixel_is_refused_by_its_path() -> None:
    thin = Pane(x=0.5, y=0, width=0.001, height=1)
    whole = Pane(x=0, y=0, width=1, height=1)
    with pytest.raises(InvalidRequest, match=r"layout\.panes\.1: less than a pixel of .* 360x640"):
        layout_params(
            CustomLayout(panes=(whole, thin)), Canvas(width=360, height=640), TencentOptions()
        )


@pytest.mark.parametrize(("streams", "kind"), [("main", "screen_share"), ("aux", "speaker")])
def test_large_stream_that_is_not_recorded_is_refused(streams: str, kind: str) -> None:
    with pytest.raises(InvalidRequest, match=r"vendor_options\.streams"):
        params(options={"streams": streams}, kind=kind, main="ada")


def test_pane_that_stands_out_by_a_rounding_error_is_cut() -> None:
    stray = Pane(x=0.5, y=0.25, width=0.5000009, height=0.7500009)
    canvas = Canvas(width=1920, height=1080)
    found = layout_params(CustomLayout(panes=(stray,)), canvas, TencentOptions())
    (window,) = found["MixLayoutList"]
    assert (window["Left"] + window["Width"], window["Top"] + window["Height"]) == (1920, 1080)


def test_user_s_image_goes_to_the_user_s_pane() -> None:
    found = params(
        kind="custom",
        panes=[pane(user="ada"), pane(x=0.5)],
        user_images=[{"user": "ada", "url": PICTURE}],
    )
    images = [window.get("SubBackgroundImage") for window in found["MixLayoutList"]]
    assert images == [PICTURE, None]
    assert found["PlaceHolderMode"] == 1


@pytest.mark.parametrize(
    ("layout", "rule"),
    [
        ({"kind": "grid"}, "in a custom layout only"),
        ({"kind": "speaker"}, "in a custom layout only"),
        ({"kind": "screen_share", "main": "ada"}, "in a custom layout only"),
        ({"kind": "custom", "panes": [pane(user="bob")]}, "'ada' has no pane"),
        ({"kind": "custom", "panes": [pane(user="ada", fit="contain")]}, "must be 'contain'"),
    ],
)
def test_image_that_has_no_place_is_refused(layout: dict[str, Any], rule: str) -> None:
    with pytest.raises(InvalidRequest, match=rf"^layout\.user_images: .*{rule}"):
        params(user_images=[{"user": "ada", "url": PICTURE}], **layout)


def test_every_kind_of_watermark_is_sent() -> None:
    place = {"top": 1, "left": 2, "width": 3, "height": 4}
    marks = [
        {"image": {**place, "url": PICTURE}},
        {"text": {**place, "text": "Board", "font_size": 20, "font_color": "#FFFFFF"}},
        {"timestamp": {"position": "center", "time_zone": 0, "font": "Tencent"}},
    ]
    found = params(kind="grid", options={"watermarks": marks})
    at = {"Top": 1, "Left": 2, "Width": 3, "Height": 4}
    sent = MixLayoutParams.model_validate(found).model_dump(by_alias=True, exclude_none=True)
    assert list(sent["WaterMarkList"]) == [
        {"WaterMarkType": 0, "WaterMarkImage": {**at, "WaterMarkUrl": PICTURE}},
        {
            "WaterMarkType": 1,
            "WaterMarkChar": {**at, "Chars": "Board", "FontSize": 20, "FontColor": "#FFFFFF"},
        },
        {
            "WaterMarkType": 2,
            "WaterMarkTimestamp": {"Pos": 6, "TimeZone": 0, "Font": "Tencent"},
        },
    ]

"""The neutral layout in SparkRTC's terms: templates where they fit, named panes elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from longtake.domain.errors import InvalidRequest
from longtake.domain.layout import CustomLayout, Layout, Pane
from longtake.domain.recording import Canvas
from longtake.vendors.huawei.layout import picture
from longtake.vendors.huawei.options import HuaweiOptions
from longtake.vendors.huawei.templates import TEMPLATES, encode_template
from longtake.vendors.huawei.wire.jobs import MixJob

LAYOUT = TypeAdapter[Layout](Layout)
IMAGE = "s3://bucket/dir/a.png"
HTTP_IMAGE = "https://img.example/a.png"
LEFT = {"layout_template": "screen_share_left"}
ADA, BOB, EVE = "ada", "bob", "eve"


def shown(options: dict[str, Any] | None = None, **layout: Any) -> dict[str, Any]:
    chosen = HuaweiOptions.model_validate(options or {})
    found = picture(LAYOUT.validate_python(layout), chosen)
    mix = {"room_id": "r", "encode_template": "1280x720_15_2260", **found}
    MixJob.model_validate({"mix_param": mix, "record_param": {"record_rule_id": "x"}})
    return found


def view(user: str, kind: str) -> list[dict[str, Any]]:
    return [
        {"id": 1, "user_id": user, "video_type": f"{kind}STREAM", "filling_policy": "FIXED_USER"}
    ]


@pytest.mark.parametrize(
    ("layout", "options", "expected"),
    [
        ({"kind": "grid"}, {}, {"layout_template": "nine_grids_view"}),
        (
            {"kind": "screen_share", "main": ADA},
            {},
            {**LEFT, "layout_panes": view(ADA, "SCREEN")},
        ),
        (
            {"kind": "screen_share", "main": ADA},
            {"screen_stream": "camera"},
            {**LEFT, "layout_panes": view(ADA, "CAMERA")},
        ),
        (
            {"kind": "screen_share", "main": ADA},
            {"screen_of": "anyone"},
            {
                **LEFT,
                "layout_panes": [
                    {"id": 1, "video_type": "SCREENSTREAM", "filling_policy": "SHARED_SCREEN"}
                ],
            },
        ),
        ({"kind": "speaker", "main": ADA}, {}, {**LEFT, "layout_panes": view(ADA, "CAMERA")}),
        (
            {"kind": "speaker", "main": ADA},
            {"screen_users": [ADA], "main_align": "right"},
            {"layout_template": "screen_share_right", "layout_panes": view(ADA, "SCREEN")},
        ),
    ],
)
def test_layout_that_means_a_template_is_one(
    layout: dict[str, Any], options: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert shown(options, **layout) == expected


def test_images_of_the_options_go_with_every_layout() -> None:
    options = {
        "background_image": IMAGE,
        "user_image": f"{IMAGE}?2",
        "screen_image": f"{IMAGE}?3",
        "user_images": [{"user": ADA, "image": f"{IMAGE}?4"}],
    }
    assert shown(options, kind="grid") == {
        "layout_template": "nine_grids_view",
        "background_image": IMAGE,
        "default_user_background_image": f"{IMAGE}?2",
        "screen_background_image": f"{IMAGE}?3",
        "user_background_images": [{"user_id": ADA, "image_uri": f"{IMAGE}?4"}],
    }


def panes(options: dict[str, Any] | None = None, **layout: Any) -> list[dict[str, Any]]:
    found = shown(options, **layout)
    assert found["layout_template"] == "custom"
    return found["layout_panes"]


def boxes(found: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(p.get("user_id"), p["x"], p["y"], p["width"], p["height"]) for p in found]


def test_panes_are_drawn_for_the_listed_users() -> None:
    found = panes({"users": [ADA, BOB, EVE]}, kind="speaker")
    assert boxes(found) == [
        (ADA, 0.0, 0.0, 0.8, 1.0),
        (BOB, 0.8, 0.0, 0.2, 0.25),
        (EVE, 0.8, 0.25, 0.2, 0.25),
    ]
    assert [(p["id"], p["zorder"]) for p in found] == [(1, 0), (2, 1), (3, 2)]


def test_floating_has_its_large_pane_at_the_bottom() -> None:
    found = panes({"users": [ADA, BOB]}, kind="floating", main=BOB)
    assert boxes(found)[0] == (BOB, 0.0, 0.0, 1.0, 1.0)
    assert (found[1]["user_id"], found[1]["zorder"]) == (ADA, 1)


def test_main_user_is_shown_in_the_fullest_room() -> None:
    found = panes({"users": [f"u{n}" for n in range(25)]}, kind="floating", main=EVE)
    assert (len(found), found[0]["user_id"]) == (25, EVE)


def test_main_user_is_shown_though_not_listed() -> None:
    found = panes({"users": [ADA]}, kind="floating", main=EVE)
    assert [p["user_id"] for p in found] == [EVE, ADA]


def test_large_view_may_stand_on_the_right() -> None:
    found = panes({"users": [ADA, BOB], "main_align": "right"}, kind="speaker")
    assert boxes(found) == [(ADA, 0.2, 0.0, 0.8, 1.0), (BOB, 0.0, 0.0, 0.2, 0.25)]


def test_grid_is_not_mirrored() -> None:
    options = {"users": [ADA, BOB], "main_align": "right", "changeable_layout": True}
    assert [p["user_id"] for p in panes(options, kind="grid") if p["x"] == 0.0] == [ADA]


@pytest.mark.parametrize(
    ("layout", "count"),
    [
        ({"kind": "grid"}, 9),
        ({"kind": "floating"}, 25),
        ({"kind": "floating", "main": "3"}, 25),
        ({"kind": "speaker"}, 25),
        ({"kind": "screen_share", "main": "3"}, 25),
    ],
)
def test_panes_for_nobody_are_those_of_a_full_room(layout: dict[str, Any], count: int) -> None:
    found = panes({"unnamed_panes": True, "changeable_layout": True}, **layout)
    assert len(found) == count
    named = [p["user_id"] for p in found if "user_id" in p]
    assert named == ([layout["main"]] if "main" in layout else [])


@pytest.mark.parametrize(
    ("layout", "kind"),
    [
        ({"kind": "screen_share", "main": ADA}, ["SCREENSTREAM", "CAMERASTREAM"]),
        ({"kind": "speaker", "main": ADA}, ["CAMERASTREAM", "CAMERASTREAM"]),
        ({"kind": "grid"}, ["CAMERASTREAM", "CAMERASTREAM"]),
    ],
)
def test_changeable_layout_is_drawn_from_the_start(layout: dict[str, Any], kind: list[str]) -> None:
    found = panes({"changeable_layout": True, "users": [ADA, BOB]}, **layout)
    assert [p["video_type"] for p in found] == kind
    whole = layout["kind"] == "screen_share"
    assert found[0]["crop_mode"] == ("KEEP_RATIO_PADDING" if whole else "KEEP_RATIO_CROP")


def pane(**changes: Any) -> dict[str, Any]:
    return {"x": 0, "y": 0, "width": 0.5, "height": 0.5, **changes}


PLACE = {"x": 0.0, "y": 0.0, "width": 0.5, "height": 0.5}


def test_custom_panes_are_sent_as_they_are_drawn() -> None:
    found = panes(
        {"screen_users": [BOB]},
        kind="custom",
        panes=[pane(user=ADA), pane(x=0.5, user=BOB, fit="contain")],
    )
    assert found == [
        {
            "user_id": ADA,
            "id": 1,
            "video_type": "CAMERASTREAM",
            **PLACE,
            "zorder": 0,
            "crop_mode": "KEEP_RATIO_CROP",
        },
        {
            "user_id": BOB,
            "id": 2,
            "video_type": "SCREENSTREAM",
            **(PLACE | {"x": 0.5}),
            "zorder": 1,
            "crop_mode": "KEEP_RATIO_PADDING",
        },
    ]


def test_thirds_keep_six_decimals_and_their_common_edges() -> None:
    thirds = [pane(x=n / 3, width=1 / 3, user=f"u{n}") for n in range(3)]
    found = panes(kind="custom", panes=thirds)
    assert [(p["x"], p["width"]) for p in found] == [
        (0.0, 0.333333),
        (0.333333, 0.333334),
        (0.666667, 0.333333),
    ]


def test_free_custom_panes_take_the_listed_users_in_order() -> None:
    found = panes({"users": [ADA, BOB]}, kind="custom", panes=[pane(), pane(user=ADA), pane(x=0.5)])
    assert [p["user_id"] for p in found] == [BOB, ADA]


def test_free_custom_pane_is_sent_where_that_is_asked_for() -> None:
    assert "user_id" not in panes({"unnamed_panes": True}, kind="custom", panes=[pane()])[0]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"kind": "floating"}, "layout.kind: huawei has no template of 'floating'"),
    ({"kind": "floating", "main": ADA}, "list users in vendor_options.users, or set"),
    ({"kind": "speaker"}, "layout.kind: huawei has no template of 'speaker' without layout.main"),
    (
        {"kind": "custom", "panes": [pane(user=ADA), pane()]},
        "layout.panes.1.user: a pane of huawei shows a named user",
    ),
    (
        {"kind": "custom", "panes": [pane(user=ADA), pane(user=BOB, opacity=0.5)]},
        "layout.panes.1.opacity: huawei's panes are opaque",
    ),
    ({"kind": "grid", "background_color": "#112233"}, "layout.background_color: "),
    (
        {"kind": "grid", "background_image": HTTP_IMAGE},
        "images of OBS only, as vendor_options.background_image: s3://bucket/object",
    ),
    ({"kind": "grid", "user_image": HTTP_IMAGE}, "layout.user_image: huawei takes images of OBS"),
    (
        {"kind": "grid", "user_images": [{"user": ADA, "url": HTTP_IMAGE}]},
        "layout.user_images: huawei takes images of OBS",
    ),
]


@pytest.mark.parametrize(("layout", "rule"), REFUSED, ids=[rule[:50] for _, rule in REFUSED])
def test_what_cannot_be_shown_is_refused_with_what_can(layout: dict[str, Any], rule: str) -> None:
    with pytest.raises(InvalidRequest) as failure:
        shown(**layout)
    assert rule in str(failure.value)


shares = st.floats(0, 1)


@given(st.lists(st.tuples(shares, shares, shares, shares), min_size=1, max_size=25))
def test_any_custom_layout_stays_inside_the_canvas(corners: list[tuple[float, ...]]) -> None:
    drawn = [
        Pane(x=x, y=y, width=max(1e-5, w * (1 - x)), height=max(1e-5, h * (1 - y)), user=str(n))
        for n, (x, y, w, h) in enumerate(corners)
        if x < 0.999 and y < 0.999
    ]
    if drawn:
        found = picture(CustomLayout(panes=tuple(drawn)), HuaweiOptions())["layout_panes"]
        for sent in found:
            assert 0 <= sent["x"] <= sent["x"] + sent["width"] <= 1.000001
            assert 0 <= sent["y"] <= sent["y"] + sent["height"] <= 1.000001


@pytest.mark.parametrize("kind", ["grid", "floating", "speaker"])
@pytest.mark.parametrize("count", [1, 2, 3, 5, 7, 9, 17, 25])
def test_neighbours_share_their_edges_after_rounding(kind: str, count: int) -> None:
    options = {"users": [f"u{n}" for n in range(count)], "changeable_layout": True}
    found = panes(options, kind=kind)
    assert len(found) == count
    edges = {p["x"] for p in found} | {0.0}
    ends = {round(p["x"] + p["width"], 6) for p in found}
    if kind != "floating":
        assert edges - {0.0} <= ends


@pytest.mark.parametrize(("width", "height", "fps", "kbps"), TEMPLATES)
def test_every_encoding_is_reached_by_its_canvas(
    width: int, height: int, fps: int, kbps: int
) -> None:
    canvas = Canvas(width=width, height=height, fps=fps, video_kbps=kbps)
    assert encode_template(canvas) == f"{width}x{height}_{fps}_{kbps}"


@pytest.mark.parametrize(
    ("canvas", "template"),
    [
        ({}, "1280x720_15_2260"),
        ({"fps": 30}, "1280x720_30_3420"),
        ({"width": 1920, "height": 1080}, "1920x1080_15_3460"),
        ({"width": 480, "height": 360, "fps": 30}, "480x360_30_490"),
    ],
)
def test_canvas_without_a_bit_rate_gets_the_best(canvas: dict[str, int], template: str) -> None:
    assert encode_template(Canvas.model_validate(canvas)) == template


@pytest.mark.parametrize(
    ("canvas", "rule"),
    [
        (
            {"width": 1080, "height": 1920},
            "canvas: huawei mixes 1920x1080, 1280x720, 640x480, 480x360, not 1080x1920",
        ),
        ({"fps": 25}, "canvas.fps: huawei offers 30, 15"),
        (
            {"width": 640, "height": 480, "fps": 30, "video_kbps": 900},
            "canvas.video_kbps: huawei offers 1500, 1000 for 640x480 at 30",
        ),
    ],
)
def test_other_canvas_is_refused_with_those_offered(canvas: dict[str, int], rule: str) -> None:
    with pytest.raises(InvalidRequest) as failure:
        encode_template(Canvas.model_validate(canvas))
    assert str(failure.value) == rule

"""The neutral layout as panes; geometry compared with the neutral model's own."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from longtake.domain.errors import InvalidRequest
from longtake.domain.geometry import arrange
from longtake.domain.layout import CustomLayout, Layout, Pane
from longtake.vendors.alibaba.layout import check_shown, layout_params
from longtake.vendors.alibaba.options import AlibabaOptions
from longtake.vendors.alibaba.wire.mixing import MixLayoutParams

LAYOUT = TypeAdapter[Layout](Layout)
PICTURE, OTHER = "https://img.example/a.png", "https://img.example/b?v=1"
PRESETS = ("grid", "floating", "speaker", "screen_share")


def read(**layout: Any) -> Layout:
    return LAYOUT.validate_python(layout)


def params(*users: str, options: dict[str, Any] | None = None, **layout: Any) -> dict[str, Any]:
    chosen = AlibabaOptions.model_validate(options or {})
    found = layout_params(read(**layout), users, chosen)
    MixLayoutParams.model_validate(found)
    return found


def pane(**changes: Any) -> dict[str, Any]:
    return {"x": 0, "y": 0, "width": 0.5, "height": 0.5, **changes}


def users(count: int) -> tuple[str, ...]:
    return tuple(f"u{n}" for n in range(count))


@pytest.mark.parametrize("count", [1, 2, 3, 5, 9, 10, 17])
@pytest.mark.parametrize("kind", PRESETS)
def test_preset_is_computed_for_those_who_are_listed(kind: str, count: int) -> None:
    layout: dict[str, Any] = {"kind": kind, **({"main": "u0"} if kind != "grid" else {})}
    panes = params(*users(count), **layout)["UserPanes"]
    expected = arrange(read(**layout), users(count))
    assert [found["UserId"] for found in panes] == [place.user for place in expected]
    assert [found["ZOrder"] for found in panes] == list(range(count))
    for found, place in zip(panes, expected, strict=True):
        for name in ("x", "y", "width", "height"):
            assert float(found[name.capitalize()]) == pytest.approx(getattr(place, name), abs=2e-6)


def test_shares_are_written_as_short_decimal_texts() -> None:
    first, second, third = params("a", "b", "c", kind="grid")["UserPanes"]
    assert (first["X"], first["Width"], second["X"], third["Y"]) == ("0", "0.5", "0.5", "0.5")
    (nine, *_) = params(*users(9), kind="grid")["UserPanes"]
    assert nine["Width"] == "0.333333"


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=17))
def test_panes_that_touch_go_on_touching(sizes: list[int]) -> None:
    total = sum(sizes)
    edges = [sum(sizes[:n]) / total for n in range(len(sizes) + 1)]
    panes = tuple(
        Pane(x=left, y=0, width=max(1e-9, min(right - left, 1 - left)), height=1)
        for left, right in pairwise(edges)
    )
    found = layout_params(CustomLayout(panes=panes), (), AlibabaOptions())["UserPanes"]
    for before, after in pairwise(found):
        assert Decimal(before["X"]) + Decimal(before["Width"]) == Decimal(after["X"])
    assert Decimal(found[-1]["X"]) + Decimal(found[-1]["Width"]) == 1


def test_pane_that_stands_out_by_a_rounding_error_is_cut() -> None:
    stray = pane(x=0.5, y=0.25, width=0.5000009, height=0.7500009)
    (found,) = params(kind="custom", panes=[stray])["UserPanes"]
    assert (found["Width"], found["Height"]) == ("0.5", "0.75")


def test_custom_panes_are_sent_as_they_are() -> None:
    panes = [pane(user="ada", fit="contain"), pane(x=0.25, y=0.5, width=0.75)]
    assert params("ada", "bob", kind="custom", panes=panes) == {
        "UserPanes": [
            {
                "UserId": "ada",
                "SourceType": 0,
                "X": "0",
                "Y": "0",
                "Width": "0.5",
                "Height": "0.5",
                "ZOrder": 0,
                "SubBackground": {"RenderMode": 1, "Url": None},
            },
            {"X": "0.25", "Y": "0.5", "Width": "0.75", "Height": "0.5", "ZOrder": 1},
        ]
    }


def test_pane_of_somebody_who_is_not_listed_is_left_out() -> None:
    panes = [pane(user="eve"), pane(x=0.5, user="ada")]
    (found,) = params("ada", kind="custom", panes=panes)["UserPanes"]
    assert (found["UserId"], found["ZOrder"]) == ("ada", 0)


@pytest.mark.parametrize(
    "layout",
    [
        {"kind": "screen_share", "main": "eve"},
        {"kind": "speaker", "main": "eve"},
        {"kind": "custom", "panes": [pane(user="eve")]},
        {"kind": "grid", "user_images": [{"user": "eve", "url": PICTURE}]},
    ],
)
def test_layout_of_somebody_who_is_not_listed_is_found_out(layout: dict[str, Any]) -> None:
    check_shown(read(**layout), ("ada", "eve"))
    with pytest.raises(InvalidRequest, match=r"^layout: shows 'eve', whose video is not"):
        check_shown(read(**layout), ("ada",))


@pytest.mark.parametrize(
    ("options", "sources"),
    [
        ({}, {"ada": 1, "bob": 0}),
        ({"screen_stream": "camera"}, {"ada": 0, "bob": 0}),
        ({"sources": "screen"}, {"ada": 1, "bob": 1}),
        ({"sources": "screen", "screen_stream": "camera"}, {"ada": 0, "bob": 1}),
    ],
)
def test_shared_screen_is_shown_whole_and_others_by_their_camera(
    options: dict[str, Any], sources: dict[str, int]
) -> None:
    found = params("bob", "ada", options=options, kind="screen_share", main="ada")["UserPanes"]
    assert {pane["UserId"]: pane["SourceType"] for pane in found} == sources
    assert found[0]["UserId"] == "ada"
    assert found[0]["SubBackground"]["RenderMode"] == 1
    assert "SubBackground" not in found[1]


def test_background_is_an_image() -> None:
    found = params("ada", kind="grid", background_image=OTHER)
    assert found["MixBackground"] == {"Url": OTHER, "RenderMode": 0}
    options = {"background_fit": "contain"}
    found = params("ada", options=options, kind="grid", background_image=OTHER)
    assert found["MixBackground"]["RenderMode"] == 1
    assert "MixBackground" not in params("ada", kind="grid")


def test_image_goes_to_its_user_and_the_common_one_to_the_others() -> None:
    images = [{"user": "ada", "url": PICTURE}]
    found = params("ada", "bob", kind="grid", user_image=OTHER, user_images=images)["UserPanes"]
    assert [pane["SubBackground"] for pane in found] == [
        {"RenderMode": 0, "Url": PICTURE},
        {"RenderMode": 0, "Url": OTHER},
    ]


def test_image_of_a_pane_shown_whole_is_shown_whole() -> None:
    images = [{"user": "ada", "url": PICTURE, "fit": "contain"}]
    found = params("ada", kind="screen_share", main="ada", user_images=images)["UserPanes"]
    assert found[0]["SubBackground"] == {"RenderMode": 1, "Url": PICTURE}


@pytest.mark.parametrize(
    ("layout", "rule"),
    [
        ({"kind": "grid", "background_color": "#112233"}, "layout.background_color: alibaba's is"),
        ({"kind": "custom", "panes": [pane(opacity=0.5)]}, "layout.panes: alibaba's panes are"),
        (
            {
                "kind": "custom",
                "panes": [pane(user="bob")],
                "user_images": [{"user": "ada", "url": PICTURE}],
            },
            "layout.user_images: 'ada' has no pane",
        ),
        (
            {
                "kind": "custom",
                "panes": [pane(user="ada", fit="contain")],
                "user_images": [{"user": "ada", "url": PICTURE}],
            },
            "layout.user_images: alibaba fits .* 'ada' must be 'contain'",
        ),
        (
            {"kind": "grid", "user_images": [{"user": "ada", "url": PICTURE, "fit": "contain"}]},
            "layout.user_images: alibaba fits .* 'ada' must be 'crop'",
        ),
    ],
)
def test_what_panes_cannot_show_is_refused(layout: dict[str, Any], rule: str) -> None:
    with pytest.raises(InvalidRequest, match=f"^{rule}"):
        params("ada", "bob", **layout)

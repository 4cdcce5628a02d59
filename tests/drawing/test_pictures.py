"""Pictures of layouts: flat to the pixel, one as SVG and PNG, safe whatever users are called."""

from __future__ import annotations

import re
import subprocess
import sys
from io import BytesIO
from itertools import combinations
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from longtake.domain.layout import (
    CustomLayout,
    FloatingLayout,
    GridLayout,
    Layout,
    Pane,
    ScreenShareLayout,
    SpeakerLayout,
)
from longtake.drawing.colours import colour
from longtake.drawing.picture import compose
from longtake.drawing.png import png
from longtake.drawing.svg import svg

SVG = "{http://www.w3.org/2000/svg}"
OVERLAPPING = CustomLayout(
    background_color="#F4F1EA",
    panes=(
        Pane(x=0, y=0, width=0.7, height=1),
        Pane(x=0.5, y=0.25, width=0.5, height=0.5, opacity=0.5),
        Pane(x=0.6, y=0.3, width=0.1, height=0.1, fit="contain"),
    ),
)
LAYOUTS = [
    *(GridLayout(), FloatingLayout(), SpeakerLayout(), ScreenShareLayout(main="2")),
    OVERLAPPING,
]
HOSTILE = [
    *("<script>alert(1)</script>", "\"'&;]]>", "שלום עולם", "会议室主持人", "a\u202eb"),
    *("\x00\x1b[31m\n", "\ud800\ufffe", "e\u0301" * 64, "W" * 128, "%s{0}", " ", "7" * 128),
]


def users(count: int) -> list[str]:
    return [str(n + 1) for n in range(count)]


def pixels(file: bytes) -> NDArray[np.uint8]:
    with Image.open(BytesIO(file)) as image:
        assert (image.format, image.mode) == ("PNG", "RGB")
        return np.asarray(image)


def painted(text: str) -> NDArray[np.uint8]:
    """An SVG of rectangles, by a painter that knows nothing else."""
    root = ET.fromstring(text)
    canvas = np.zeros((int(root.attrib["height"]), int(root.attrib["width"]), 3), np.uint8)
    for shape in root:
        assert shape.tag == SVG + "rect"
        at = {key: int(shape.attrib[key]) for key in ("x", "y", "width", "height")}
        part = canvas[at["y"] : at["y"] + at["height"], at["x"] : at["x"] + at["width"]]
        ink = np.array(list(bytes.fromhex(shape.attrib["fill"][1:])))
        opacity = float(shape.attrib.get("fill-opacity", "1"))
        part[:] = np.rint(part * (1 - opacity) + ink * opacity)
    return canvas


def texts(document: str) -> list[str]:
    return [text.text or "" for text in ET.fromstring(document).iter(SVG + "text")]


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.kind)
@pytest.mark.parametrize("size", [(640, 360), (333, 515)])
def test_svg_and_png_are_one_picture(layout: Layout, size: tuple[int, int]) -> None:
    picture = compose(layout, users(17), size)
    assert (painted(svg(picture, names=False)) == pixels(png(picture, names=False))).all()


def test_without_names_a_png_holds_its_panes_and_the_background_alone() -> None:
    layout = CustomLayout(background_color="#102030", panes=OVERLAPPING.panes)
    inks = {"1": (200, 0, 0), "2": (0, 100, 0), "3": (0, 0, 250)}
    shown = pixels(png(compose(layout, users(3), (100, 80), inks.__getitem__), names=False))
    expected = np.full((80, 100, 3), (0x10, 0x20, 0x30))
    expected[:, :70] = (200, 0, 0)
    expected[20:60, 50:70] = (100, 50, 0)
    expected[20:60, 70:] = (8, 66, 24)
    expected[24:32, 60:70] = (0, 0, 250)
    assert (shown == expected).all()


def test_the_later_pane_lies_on_top() -> None:
    panes = (Pane(x=0, y=0, width=1, height=1), Pane(x=0, y=0, width=0.5, height=1))
    for order in (panes, panes[::-1]):
        shown = pixels(png(compose(CustomLayout(panes=order), users(2), (64, 64)), names=False))
        assert tuple(shown[32, 16]) == colour("2")


def test_a_pane_that_nobody_could_see_is_left_out() -> None:
    panes = (
        Pane(x=0, y=0, width=1, height=1, opacity=0),
        Pane(x=0.5, y=0, width=0.001, height=1),
    )
    picture = compose(CustomLayout(panes=panes), users(2), (64, 64))
    assert (picture.tiles, texts(svg(picture))) == ((), [])


def test_panes_that_touch_leave_no_gap_and_no_overlap() -> None:
    tiles = compose(GridLayout(), users(9), (320, 181)).tiles
    assert sum(tile.box.width * tile.box.height for tile in tiles) == 320 * 181
    assert [tile.box.left for tile in tiles[1:3]] == [tile.box.right for tile in tiles[:2]]


def test_nothing_stands_out_of_the_canvas_by_a_rounding_error() -> None:
    pane = Pane(x=0.5, y=0.5, width=0.5000009, height=0.5000009)
    (tile,) = compose(CustomLayout(panes=(pane,)), ["1"], (4096, 4096)).tiles
    assert (tile.box.right, tile.box.bottom) == (4096, 4096)


@pytest.mark.parametrize(
    ("width", "height"), [(1, 1), (1, 8), (8, 1), (2, 7), (7, 2), (3, 3), (4, 4), (5, 4)]
)
def test_a_frame_in_a_pane_of_few_pixels_stays_inside(width: int, height: int) -> None:
    pane = Pane(x=0.25, y=0.25, width=width / 64, height=height / 64, fit="contain")
    picture = compose(CustomLayout(panes=(pane,)), ["1"], (64, 64))
    assert not re.search(r"--", svg(picture))
    elsewhere = np.ones((64, 64), bool)
    elsewhere[16 : 16 + height, 16 : 16 + width] = False
    assert (pixels(png(picture))[elsewhere] == 0).all()


def test_every_coordinate_of_an_svg_is_a_whole_number() -> None:
    picture = compose(ScreenShareLayout(main="2"), users(19), (1283, 719))
    for element in ET.fromstring(svg(picture)).iter():
        numbers = [element.attrib.get(key, "0") for key in ("x", "y", "width", "height")]
        assert all(re.fullmatch(r"\d+", number) for number in numbers), element.attrib
        assert re.fullmatch(r"[MhvzM\d,-]*", element.attrib.get("d", "")), element.attrib


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_no_name_breaks_the_svg_or_leaves_its_pane(name: str) -> None:
    document = svg(compose(SpeakerLayout(), ["1", name], (640, 360)))
    assert {element.tag for element in ET.fromstring(document).iter()} <= {
        SVG + tag for tag in ("svg", "rect", "text")
    }
    inner = ET.fromstring(document).findall(SVG + "svg")[1]
    pane = {"x": "512", "y": "0", "width": "128", "height": "90"}
    assert inner.attrib == pane, "what stands out of an inner SVG is cut"
    _, text = texts(document)
    ending = text.removesuffix("…")
    shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in name)
    assert shown.startswith(ending)
    assert (text == shown) == (len(shown) < 20)
    document.encode()


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_no_name_leaves_its_pane_in_a_png(name: str) -> None:
    picture = compose(GridLayout(), [name, "2", "3"], (320, 180))
    named, flat = pixels(png(picture)), pixels(png(picture, names=False))
    elsewhere = np.ones((180, 320), bool)
    elsewhere[:90, :160] = False
    blank = compose(GridLayout(), [" ", "2", "3"], (320, 180))
    assert (named[elsewhere] == pixels(png(blank))[elsewhere]).all()
    assert (named[45:90, :160] == flat[45:90, :160]).all()


def test_a_long_name_is_made_smaller_and_then_cut() -> None:
    def label(name: str) -> tuple[int, str]:
        document = svg(compose(GridLayout(), [name, "2", "3", "4"], (640, 360)))
        text = next(ET.fromstring(document).iter(SVG + "text"))
        return int(text.attrib["font-size"]), text.text or ""

    assert label("ada") == (20, "ada")
    assert label("n" * 40) == (12, "n" * 40)
    size, text = label("n" * 100)
    assert (size, text.strip("n")) == (10, "…")
    assert 40 < len(text) < 64


def test_a_pane_too_small_for_a_letter_has_no_name() -> None:
    picture = compose(SpeakerLayout(), users(17), (64, 36))
    assert texts(svg(picture)) == ["1"]
    low = CustomLayout(panes=(Pane(x=0, y=0, width=1, height=7 / 64),))
    assert texts(svg(compose(low, ["1"], (64, 64)))) == []
    assert pixels(png(picture)).shape == (36, 64, 3)


def test_a_frame_stands_where_a_whole_picture_would_be() -> None:
    layout = ScreenShareLayout(main="1")
    picture = compose(layout, ["1"], (500, 300))
    changed = pixels(png(picture)) != pixels(png(picture, names=False))
    below = changed.any(axis=2)[60:]
    # A pane of 400x300 shows a picture of 400x225, from 37 to 262.
    assert [60 + int(row) for row in np.flatnonzero(below[:, 1:399].all(axis=1))] == [261]
    assert [int(column) for column in np.flatnonzero(below[:202].all(axis=0))] == [0, 399]
    cropped = svg(compose(SpeakerLayout(), ["1"], (500, 300)))
    assert ("<path" in svg(picture), "<path" in cropped) == (True, False)
    assert "<path" not in svg(picture, names=False)


@given(st.text(max_size=128))
def test_a_user_s_colour_is_always_the_same_and_dark_enough_for_white(user: str) -> None:
    red, green, blue = colour(user)
    assert colour(user) == (red, green, blue)
    assert 0 < 0.2126 * red + 0.7152 * green + 0.0722 * blue < 170


@pytest.mark.parametrize("first", [1, 1001, 4_000_000_000])
def test_colours_of_a_full_room_are_all_different(first: int) -> None:
    room = [colour(str(first + n)) for n in range(25)]
    for one, other in combinations(room, 2):
        assert sum(abs(a - b) for a, b in zip(one, other, strict=True)) > 12


WITHOUT_PILLOW = """
import sys
sys.modules["PIL"] = None
from longtake.domain.layout import GridLayout
from longtake.drawing.picture import compose
from longtake.drawing.svg import svg
print(len(svg(compose(GridLayout(), ["1"], (64, 64)))) > 100)
try:
    import longtake.drawing.png
except ModuleNotFoundError as err:
    print(err)
"""


def test_without_pillow_an_svg_is_drawn_and_a_png_says_what_to_install() -> None:
    told = subprocess.run(
        [sys.executable, "-c", WITHOUT_PILLOW], check=True, capture_output=True, text=True
    ).stdout
    assert told.startswith("True\n")
    assert "pip install 'longtake[cli]'" in told

"""What a layout's preview shows is what the emulated service shows, pixel by pixel.

Two pieces of code that share nothing lay out the same room: the preview by the neutral model's
geometry, the service by its own, from the request that our translation makes.
"""

from __future__ import annotations

from io import BytesIO
from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydantic import TypeAdapter

from longtake.domain.layout import Layout
from longtake.domain.recording import Canvas
from longtake.drawing.colours import colour, rgb_of
from longtake.drawing.picture import compose
from longtake.drawing.png import png
from longtake.emulator.media.picture import Picture, Region, box_of
from longtake.emulator.rooms import Person
from longtake.vendors.tencent.emulator.layouts import MixLayoutParams
from longtake.vendors.tencent.emulator.record_params import RecordParams, SubscribeStreamUserIds
from longtake.vendors.tencent.emulator.staging import Scene, staged
from longtake.vendors.tencent.layout import layout_params
from longtake.vendors.tencent.options import TencentOptions

Pixels = NDArray[np.uint8]

LAYOUTS: TypeAdapter[Layout] = TypeAdapter(Layout)
USERS = [f"user{number}" for number in range(1, 26)]
SIZES = [(640, 360), (180, 320), (501, 389), (100, 100)]
COUNTS = [0, 1, 2, 3, 5, 6, 8, 10, 17, 18, 24]
PANES = [
    {"x": 0, "y": 0, "width": 1, "height": 1, "user": "user2"},
    {"x": 0.1, "y": 1 / 3, "width": 0.3, "height": 2 / 3, "opacity": 0.4},
    {"x": 1 / 3, "y": 0.05, "width": 0.6, "height": 0.45, "user": "absent"},
    {"x": 0.7, "y": 0.7, "width": 0.3, "height": 0.3, "fit": "contain"},
]
KINDS: list[dict[str, Any]] = [
    {"kind": "grid", "background_color": "#123456"},
    {"kind": "floating"},
    {"kind": "floating", "main": "user3"},
    {"kind": "speaker", "main": "user3"},
    {"kind": "screen_share", "main": "user1"},
    {"kind": "custom", "panes": PANES},
]


def preview(layout: Layout, users: list[str], size: tuple[int, int]) -> Pixels:
    with Image.open(BytesIO(png(compose(layout, users, size), names=False))) as image:
        return np.asarray(image.convert("RGB"))


def service(layout: Layout, users: list[str], size: tuple[int, int]) -> Pixels:
    """The service's panes, each flat in its user's colour."""
    canvas = Canvas(width=size[0], height=size[1])
    options = TencentOptions(screen_stream="main")
    told = MixLayoutParams.model_validate(layout_params(layout, canvas, options))
    params = RecordParams.model_validate({"RecordMode": 2})
    people = [Person(user=user) for user in users]
    stage = staged(params, Scene(told, SubscribeStreamUserIds()), size, people)
    picture = Picture(*size, stage.background, ())
    pixels = np.full((size[1], size[0], 3), rgb_of(stage.background), np.uint8)
    for cell in stage.cells:
        if cell.user is not None:
            box = box_of(Region(cell.user, cell.x, cell.y, cell.width, cell.height), picture)
            pane = pixels[box.top : box.bottom, box.left : box.right]
            pane[:] = np.rint(pane * (1 - cell.alpha) + np.array(colour(cell.user)) * cell.alpha)
    return pixels


@pytest.mark.parametrize("layout", KINDS, ids=lambda given: "-".join(map(str, given.values()))[:24])
def test_preview_and_service_show_the_same_picture(layout: dict[str, Any]) -> None:
    wish = LAYOUTS.validate_python(layout)
    for count, size in product(COUNTS, SIZES):
        users = USERS[:count]
        seen, expected = service(wish, users, size), preview(wish, users, size)
        # A service tells transparency in 255 steps.
        assert np.abs(seen.astype(int) - expected).max(initial=0) <= 1, (count, size)

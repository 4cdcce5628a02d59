"""Where each stream is shown in a mixed recording: modes 1 to 4."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from longtake.emulator.rooms import screen_of
from longtake.emulator.stage import Cell, Fit
from longtake.vendors.tencent.emulator.layouts import (
    CUSTOM,
    FLOATING,
    SCREEN_SHARING,
    MixLayoutParams,
)
from longtake.vendors.tencent.emulator.subscriptions import SentStream

_MOST_VIDEOS = 25
_MOST_VIDEOS_SHARING = 24
_FIT = 2  # RenderMode: whole, with blank borders; the others fill the window

_COLUMNS = ((4, 1 / 5), (6, 1 / 7), (8, 1 / 9))
"""Screen sharing with one column: its rows, and its width."""


def place(
    layout: MixLayoutParams, canvas: tuple[int, int], streams: Sequence[SentStream]
) -> tuple[Cell, ...]:
    """The cells of ``layout`` with ``streams`` (in order of entry) in them, from bottom to top.

    canvas: in pixels, the measure of mode 4's windows. A placeholder's cell names its user although
    no stream of that user is there.
    """
    if layout.mix_layout_mode == CUSTOM:
        return tuple(_custom(layout, canvas, streams))
    shown = [s for s in streams if s.video or not layout.pure_audio_disable_layout]
    if layout.mix_layout_mode == FLOATING:
        users = _floating_users(layout, shown)
        cells = floating(min(len(users), _MOST_VIDEOS))
    elif layout.mix_layout_mode == SCREEN_SHARING:
        users = _large_first(layout, shown)
        cells = screen_sharing(min(len(users), _MOST_VIDEOS_SHARING))
        if layout.max_resolution_user_align == 1:
            cells = [replace(cell, x=1 - cell.x - cell.width) for cell in cells]
    else:
        users = [stream.source for stream in shown]
        cells = grid(min(len(users), _MOST_VIDEOS))
    fit = _fit(layout.render_mode)
    return tuple(
        replace(cell, user=user, fit=fit) for cell, user in zip(cells, users, strict=False)
    )


def grid(count: int) -> list[Cell]:
    """Equal windows, row by row; two lie side by side."""
    if count == 2:
        return [Cell(0, 0, 0.5, 1), Cell(0.5, 0, 0.5, 1)]
    side = math.isqrt(max(count - 1, 0)) + 1
    return [Cell(i % side / side, i // side / side, 1 / side, 1 / side) for i in range(count)]


def floating(count: int) -> list[Cell]:
    """The large window, and small ones on it in rows from the bottom left."""
    columns, size, gap = (4, 0.235, 0.012) if count <= 17 else (5, 0.188, 0.010)
    step = size + gap
    small = [
        Cell(gap + step * (i % columns), 1 - step * (i // columns + 1), size, size)
        for i in range(count - 1)
    ]
    return [Cell(0, 0, 1, 1), *small]


def screen_sharing(count: int) -> list[Cell]:
    """The large window on the left, small ones in columns on the right and, at last, below."""
    for rows, width in _COLUMNS:
        if count - 1 <= rows:
            large = Cell(0, 0, 1 - width, 1)
            column = [Cell(1 - width, i / rows, width, 1 / rows) for i in range(count - 1)]
            return [large, *column]
    large = Cell(0, 0, 4 / 5, 1 if count <= 17 else 7 / 8)
    return [large, *(_crowded(index) for index in range(count - 1))]


def _crowded(index: int) -> Cell:
    """A small window among more than eight: two columns of eight, then the row below."""
    if index < 16:
        return Cell(0.8 + 0.1 * (index // 8), index % 8 / 8, 0.1, 1 / 8)
    return Cell((index - 16) / 10, 7 / 8, 0.1, 1 / 8)


def _floating_users(layout: MixLayoutParams, shown: Sequence[SentStream]) -> list[str | None]:
    """As ``_large_first``; who nobody chose is the first to have entered."""
    if layout.max_resolution_user_id or not shown:
        return _large_first(layout, shown)
    return [stream.source for stream in shown]


def _large_first(layout: MixLayoutParams, shown: Sequence[SentStream]) -> list[str | None]:
    """Who is large, None to show the background there; then the others."""
    wanted = _source(layout.max_resolution_user_id, layout.media_id)
    sources = [stream.source for stream in shown]
    held = wanted in sources or layout.place_holder_mode == 1
    return [wanted if held else None, *(source for source in sources if source != wanted)]


def _custom(
    layout: MixLayoutParams, canvas: tuple[int, int], streams: Sequence[SentStream]
) -> Iterator[Cell]:
    """The caller's windows; those without a user take the streams not named, in order of entry."""
    width, height = canvas
    panes = layout.mix_layout_list
    named = {_source(pane.user_id, pane.media_id) for pane in panes}
    present = {stream.source for stream in streams}
    spare = {
        media: iter([s.source for s in streams if s.stream == name and s.source not in named])
        for media, name in enumerate(("main", "aux"))
    }
    sources = [
        _source(pane.user_id, pane.media_id) or next(spare[pane.media_id], None) for pane in panes
    ]
    for pane, source in sorted(zip(panes, sources, strict=True), key=lambda p: p[0].image_layer):
        held = source in present or layout.place_holder_mode == 1
        yield Cell(
            pane.left / width,
            pane.top / height,
            pane.width / width,
            pane.height / height,
            source if held else None,
            _fit(pane.render_mode),
            1 - pane.alpha / 255,
        )


def _source(user_id: str, media_id: int) -> str | None:
    """``media_id`` of a layout: 0 main, 1 aux."""
    if not user_id:
        return None
    return screen_of(user_id) if media_id == 1 else user_id


def _fit(render_mode: int) -> Fit:
    return "fit" if render_mode == _FIT else "crop"

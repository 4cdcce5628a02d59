"""Where a neutral layout shows each user, for vendors without presets and for pictures of it.

Edges are computed as exact ratios and become floats at the end, so two panes that touch share the
very float of their edge: rounded to pixels they leave no gap and no overlap, whatever the canvas.
The presets' numbers are those of the one vendor that publishes its templates in full.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from longtake.domain.layout import (
    CustomLayout,
    FloatingLayout,
    GridLayout,
    Layout,
    Pane,
    ScreenShareLayout,
    SpeakerLayout,
)

MOST_USERS = 25
"""Recorders subscribe to the first ones who joined, and to no more than so many."""


def arrange(layout: Layout, users: Sequence[str]) -> tuple[Pane, ...]:
    """A pane for each user who is shown, from bottom to top; each names its user.

    `users` are all different, in order of joining. The large place of a `main` who is absent
    stays empty.
    """
    shown = users[:MOST_USERS]
    match layout:
        case GridLayout():
            return _seated(_grid(len(shown)), shown)
        case CustomLayout():
            return _custom(layout.panes, shown)
        case _:
            return _around(layout, shown)


def floating_panes(count: int) -> tuple[Pane, ...]:
    """So many small panes of the floating preset, for nobody yet: rows from the bottom left."""
    columns, gap = (4, Fraction(12, 1000)) if count <= 16 else (5, Fraction(10, 1000))
    step = (1 - gap) / columns
    side = step - gap
    return tuple(
        _pane(gap + step * (i % columns), 1 - step * (i // columns + 1), side, side)
        for i in range(count)
    )


def speaker_panes(count: int) -> tuple[Pane, ...]:
    """A large pane, and up to 24 small ones, for nobody yet: columns right of it, then a row."""
    for rows in (4, 6, 8):
        if count <= rows:
            left, height = Fraction(rows, rows + 1), Fraction(1, rows)
            column = (_pane(left, i * height, 1 - left, height) for i in range(count))
            return _pane(0, 0, left, 1), *column
    left, width, height = Fraction(8, 10), Fraction(1, 10), Fraction(1, 8)
    columns = [(left + i // 8 * width, i % 8 * height) for i in range(16)]
    below = [(i * width, 7 * height) for i in range(8)]
    small = (_pane(x, y, width, height) for x, y in (columns + below)[:count])
    return _pane(0, 0, left, 1 if count <= 16 else 7 * height), *small


def pixel(share: float, size: int) -> int:
    """The nearest pixel of a canvas's side; what differs by an error of arithmetic is the same."""
    return round(round(share * size, 6))


def _grid(count: int) -> tuple[Pane, ...]:
    """Cells row by row; two users share the canvas's width, others get a square of cells."""
    columns = math.isqrt(max(count - 1, 0)) + 1
    rows = 1 if count == 2 else columns
    width, height = Fraction(1, columns), Fraction(1, rows)
    return tuple(
        _pane(i % columns * width, i // columns * height, width, height) for i in range(count)
    )


def _around(
    layout: FloatingLayout | SpeakerLayout | ScreenShareLayout, users: Sequence[str]
) -> tuple[Pane, ...]:
    """One user large, the others small: above the large pane, or beside it."""
    main = layout.main or next(iter(users), None)
    others = [user for user in users if user != main]
    if isinstance(layout, FloatingLayout):
        large, small = Pane(x=0, y=0, width=1, height=1), floating_panes(len(others))
    else:
        large, *small = speaker_panes(len(others))
    if isinstance(layout, ScreenShareLayout):
        large = large.model_copy(update={"fit": "contain"})
    first = _seated((large,), [user for user in users if user == main])
    return first + _seated(small, others)


def _custom(panes: Sequence[Pane], users: Sequence[str]) -> tuple[Pane, ...]:
    """The caller's panes; those for nobody take the users who are not named, in order."""
    named = {pane.user for pane in panes}
    rest = iter([user for user in users if user not in named])
    taken = [pane.user or next(rest, None) for pane in panes]
    return tuple(
        pane.model_copy(update={"user": user})
        for pane, user in zip(panes, taken, strict=True)
        if user in users
    )


def _seated(panes: Sequence[Pane], users: Sequence[str]) -> tuple[Pane, ...]:
    """Users in the panes, in order; a pane or a user too many is left out."""
    return tuple(
        pane.model_copy(update={"user": user}) for pane, user in zip(panes, users, strict=False)
    )


def _pane(
    x: Fraction | int, y: Fraction | int, width: Fraction | int, height: Fraction | int
) -> Pane:
    """Sizes are differences of the floats of two edges, so that x + width is the edge itself."""
    left, top = float(x), float(y)
    return Pane(x=left, y=top, width=float(x + width) - left, height=float(y + height) - top)

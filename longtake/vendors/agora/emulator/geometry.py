"""Where each user is shown in a mixed recording: layouts 0 to 3.

Fractions of the canvas, origin at the top left. The published pages show layouts 1 and 2 only as
pictures; their grids here are those of Agora's own on-premise demo, save that the second column
of layout 2 is the inner one, as the picture has it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from longtake.emulator.rooms import Person
from longtake.emulator.stage import Cell
from longtake.vendors.agora.emulator.layouts import LayoutFields

MOST_USERS = 17


def place(layout: LayoutFields, people: Sequence[Person]) -> tuple[Cell, ...]:
    """The cells of ``layout`` with ``people`` (in join order) in them, from bottom to top."""
    people = people[:MOST_USERS]
    match layout.mixed_video_layout:
        case 0:
            return tuple(_floating(people))
        case 1:
            cells = best_fit(len(people))
            return tuple(replace(c, user=p.user) for c, p in zip(cells, people, strict=True))
        case 2:
            return tuple(_vertical(layout.max_resolution_uid, people))
        case _:
            return tuple(_custom(layout, people))


def _floating(people: Sequence[Person]) -> Iterator[Cell]:
    """The first user everywhere, the others in rows of four from the bottom left.

    A user without video is transparent.
    """
    for index, person in enumerate(people):
        user = person.user if person.video else None
        if index == 0:
            yield Cell(0, 0, 1, 1, user)
        else:
            row, column = divmod(index - 1, 4)
            yield Cell(0.012 + 0.247 * column, 1 - 0.247 * (row + 1), 0.235, 0.235, user)


def best_fit(count: int) -> list[Cell]:
    """The grid of layout 1 for ``count`` users, row by row."""
    if count == 2:
        return [Cell(0, 0, 0.5, 1), Cell(0.5, 0, 0.5, 1)]
    if count == MOST_USERS:
        square = [Cell(0.1 + 0.2 * (i % 4), 0.2 * (i // 4), 0.2, 0.2) for i in range(16)]
        return [*square, Cell(0.4, 0.8, 0.2, 0.2)]
    side = math.isqrt(max(count - 1, 0)) + 1
    return [Cell(i % side / side, i // side / side, 1 / side, 1 / side) for i in range(count)]


def _vertical(large: str | None, people: Sequence[Person]) -> Iterator[Cell]:
    """One large user on the left, the others in one or two columns on the right."""
    small = [person.user for person in people if person.user != large]
    width, cells = vertical_columns(len(small))
    present = len(small) < len(people)
    yield Cell(0, 0, width, 1, large if present else None, fit="fit")
    for cell, user in zip(cells, small, strict=False):
        yield replace(cell, user=user)


def vertical_columns(small: int) -> tuple[float, list[Cell]]:
    """Width of layout 2's large region, and the cells for up to 16 small ones."""
    for rows, width in ((4, 4 / 5), (6, 6 / 7), (8, 8 / 9)):
        if small <= rows:
            return width, [Cell(width, i / rows, 1 - width, 1 / rows) for i in range(rows)]
    columns = [(0.9, i) for i in range(8)] + [(0.8, i) for i in range(8)]
    return 4 / 5, [Cell(x, i / 8, 0.1, 1 / 8) for x, i in columns]


def _custom(layout: LayoutFields, people: Sequence[Person]) -> Iterator[Cell]:
    """The caller's regions; those without a uid take the users not named, in join order."""
    present = {person.user for person in people}
    named = {pane.uid for pane in layout.layout_config or () if pane.uid}
    unnamed = iter([person.user for person in people if person.user not in named])
    for pane in layout.layout_config or ():
        user = pane.uid or next(unnamed, None)
        yield Cell(
            pane.x_axis,
            pane.y_axis,
            pane.width,
            pane.height,
            user if user in present else None,
            "fit" if pane.render_mode == 1 else "crop",
            pane.alpha,
        )

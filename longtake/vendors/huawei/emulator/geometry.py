"""Where each stream is shown in a mix: the grid, the screen with a column, and custom panes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from longtake.emulator.rooms import Person, screen_of
from longtake.emulator.stage import Cell
from longtake.vendors.huawei.emulator.mixing import Pane, VideoMix

_MOST_IN_A_GRID = 9
_COLUMN = 1 / 5  # its width
_FEWEST_ROWS, _MOST_ROWS = 4, 8


def streams_of(people: Sequence[Person]) -> list[Person]:
    """Everybody who sends something, a screen as one more person after its owner."""
    found: list[Person] = []
    for person in people:
        if person.publishes:
            found.append(person.model_copy(update={"screen": False}))
        if person.screen:
            name = f"{person.name or person.user} (screen)"
            found.append(Person(user=screen_of(person.user), name=name, audio=False))
    return found


def place(mix: VideoMix, people: Sequence[Person]) -> tuple[Cell, ...]:
    """The cells of the mix's layout with ``people`` (in order of entry) in them, bottom to top."""
    sources = [stream.user for stream in streams_of(people)]
    if mix.layout_template == "custom":
        return tuple(_custom(mix.layout_panes, people, sources))
    if mix.layout_template == "nine_grids_view":
        cells = grid(min(len(sources), _MOST_IN_A_GRID))
        return tuple(replace(c, user=user) for c, user in zip(cells, sources, strict=False))
    main = _main(mix.layout_panes[0], people)
    others = [source for source in sources if source != main][:_MOST_ROWS]
    cells = sharing(len(others))
    if mix.layout_template == "screen_share_right":
        cells = [replace(cell, x=1 - cell.x - cell.width) for cell in cells]
    shown = [main if main in sources else None, *others]
    return tuple(replace(c, user=user) for c, user in zip(cells, shown, strict=True))


def grid(count: int) -> list[Cell]:
    """Equal cells, row by row; two lie side by side."""
    if count == 2:
        return [Cell(0, 0, 0.5, 1), Cell(0.5, 0, 0.5, 1)]
    side = math.isqrt(max(count - 1, 0)) + 1
    return [Cell(i % side / side, i // side / side, 1 / side, 1 / side) for i in range(count)]


def sharing(others: int) -> list[Cell]:
    """The main view on the left, which is all there is while it is alone; a column on the right."""
    if not others:
        return [Cell(0, 0, 1, 1)]
    rows = max(others, _FEWEST_ROWS)
    column = [Cell(1 - _COLUMN, i / rows, _COLUMN, 1 / rows) for i in range(others)]
    return [Cell(0, 0, 1 - _COLUMN, 1), *column]


def _main(pane: Pane, people: Sequence[Person]) -> str | None:
    """Whom the main view wants: a user's stream, or whoever shares a screen first."""
    if pane.filling_policy == "FIXED_USER":
        return _source(pane)
    return next((screen_of(person.user) for person in people if person.screen), None)


def _custom(
    panes: Sequence[Pane], people: Sequence[Person], sources: Sequence[str]
) -> Iterator[Cell]:
    """The caller's panes; those without a user take the streams not named, in order of entry."""
    named = {_source(pane) for pane in panes}
    screens = {screen_of(person.user) for person in people}
    spare = {
        "CAMERASTREAM": iter([s for s in sources if s not in named | screens]),
        "SCREENSTREAM": iter([s for s in sources if s in screens - named]),
    }
    filled = [(pane, _source(pane) or next(spare[pane.video_type], None)) for pane in panes]
    for pane, source in sorted(filled, key=lambda each: each[0].zorder):
        yield Cell(
            pane.x or 0,
            pane.y or 0,
            pane.width or 0,
            pane.height or 0,
            source if source in sources else None,
            "fit" if pane.crop_mode == "KEEP_RATIO_PADDING" else "crop",
        )


def _source(pane: Pane) -> str | None:
    if not pane.user_id:
        return None
    return screen_of(pane.user_id) if pane.video_type == "SCREENSTREAM" else pane.user_id

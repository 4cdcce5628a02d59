"""Where users are shown: the published templates' numbers, to the pixel on every canvas."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longtake.domain.geometry import MOST_USERS, arrange
from longtake.domain.layout import (
    CustomLayout,
    FloatingLayout,
    GridLayout,
    Layout,
    Pane,
    ScreenShareLayout,
    SpeakerLayout,
)

GRID, FLOATING, SPEAKER = GridLayout(), FloatingLayout(), SpeakerLayout()


def users(count: int) -> list[str]:
    return [str(n + 1) for n in range(count)]


def boxes(panes: Sequence[Pane]) -> list[tuple[Fraction, ...]]:
    """x, y, width, height as the references write them."""
    return [
        tuple(Fraction(share).limit_denominator(1000) for share in (p.x, p.y, p.width, p.height))
        for p in panes
    ]


def box(text: str) -> tuple[Fraction, ...]:
    return tuple(map(Fraction, text.split()))


def order(panes: Sequence[Pane]) -> list[str | None]:
    return [pane.user for pane in panes]


def crop(pane: Pane, width: int, height: int) -> tuple[range, range]:
    """The pane in pixels, its edges rounded."""
    right, bottom = pane.x + pane.width, pane.y + pane.height
    return (
        range(round(pane.x * width), round(right * width)),
        range(round(pane.y * height), round(bottom * height)),
    )


@pytest.mark.parametrize(
    ("count", "columns", "rows"),
    [
        *((1, 1, 1), (2, 2, 1), (3, 2, 2), (4, 2, 2), (5, 3, 3), (9, 3, 3)),
        *((10, 4, 4), (16, 4, 4), (17, 5, 5), (25, 5, 5)),
    ],
)
def test_grid_is_filled_row_by_row(count: int, columns: int, rows: int) -> None:
    panes = arrange(GRID, users(count))
    assert order(panes) == users(count)
    assert boxes(panes) == [
        box(f"{i % columns}/{columns} {i // columns}/{rows} 1/{columns} 1/{rows}")
        for i in range(count)
    ]


def test_floating_has_rows_of_four_from_the_bottom_left() -> None:
    panes = arrange(FLOATING, users(17))
    assert order(panes) == users(17)
    assert boxes(panes)[:2] == [box("0 0 1 1"), box("0.012 0.753 0.235 0.235")]
    assert boxes(panes)[5] == box("0.012 0.506 0.235 0.235")
    assert boxes(panes)[16] == box("0.753 0.012 0.235 0.235")


def test_floating_has_rows_of_five_from_eighteen_on() -> None:
    panes = arrange(FLOATING, users(25))
    assert boxes(panes)[1] == box("0.01 0.802 0.188 0.188")
    assert boxes(panes)[5] == box("0.802 0.802 0.188 0.188")
    assert boxes(panes)[6] == box("0.01 0.604 0.188 0.188")
    assert boxes(panes)[24] == box("0.604 0.01 0.188 0.188")


@pytest.mark.parametrize(
    ("count", "large", "second", "last"),
    [
        (2, "0 0 4/5 1", "4/5 0 1/5 1/4", "4/5 0 1/5 1/4"),
        (5, "0 0 4/5 1", "4/5 0 1/5 1/4", "4/5 3/4 1/5 1/4"),
        (6, "0 0 6/7 1", "6/7 0 1/7 1/6", "6/7 4/6 1/7 1/6"),
        (7, "0 0 6/7 1", "6/7 0 1/7 1/6", "6/7 5/6 1/7 1/6"),
        (8, "0 0 8/9 1", "8/9 0 1/9 1/8", "8/9 6/8 1/9 1/8"),
        (9, "0 0 8/9 1", "8/9 0 1/9 1/8", "8/9 7/8 1/9 1/8"),
        (10, "0 0 4/5 1", "4/5 0 1/10 1/8", "9/10 0 1/10 1/8"),
        (17, "0 0 4/5 1", "4/5 0 1/10 1/8", "9/10 7/8 1/10 1/8"),
        (18, "0 0 4/5 7/8", "4/5 0 1/10 1/8", "0 7/8 1/10 1/8"),
        (25, "0 0 4/5 7/8", "4/5 0 1/10 1/8", "7/10 7/8 1/10 1/8"),
    ],
)
def test_small_panes_stand_in_columns_beside_the_large_one(
    count: int, large: str, second: str, last: str
) -> None:
    for layout in (SPEAKER, ScreenShareLayout(main="1")):
        panes = arrange(layout, users(count))
        assert order(panes) == users(count)
        found = boxes(panes)
        assert (found[0], found[1], found[-1]) == (box(large), box(second), box(last))


def test_a_shared_screen_is_shown_whole_and_nobody_else_is() -> None:
    fits = [pane.fit for pane in arrange(ScreenShareLayout(main="2"), users(3))]
    assert fits == ["contain", "crop", "crop"]
    assert {pane.fit for pane in arrange(SPEAKER, users(3))} == {"crop"}


@pytest.mark.parametrize("kind", [FloatingLayout, SpeakerLayout, ScreenShareLayout])
def test_main_is_large_and_the_others_keep_their_order(
    kind: type[FloatingLayout | SpeakerLayout | ScreenShareLayout],
) -> None:
    panes = arrange(kind(main="3"), users(4))
    assert order(panes) == ["3", "1", "2", "4"]
    assert boxes(panes)[1:] == boxes(arrange(kind(main="1"), users(4)))[1:]


@pytest.mark.parametrize("kind", [FloatingLayout, SpeakerLayout, ScreenShareLayout])
def test_the_place_of_an_absent_main_stays_empty(
    kind: type[FloatingLayout | SpeakerLayout | ScreenShareLayout],
) -> None:
    panes = arrange(kind(main="9"), users(4))
    assert order(panes) == users(4)
    assert boxes(panes) == boxes(arrange(kind(main="0"), ["0", *users(4)]))[1:]


@pytest.mark.parametrize("layout", [GRID, FLOATING, SPEAKER, ScreenShareLayout(main="1")])
def test_an_empty_room_shows_nobody(layout: Layout) -> None:
    assert arrange(layout, []) == ()


@pytest.mark.parametrize("layout", [GRID, FLOATING, SPEAKER, ScreenShareLayout(main="1")])
def test_who_joined_after_the_limit_is_left_out(layout: Layout) -> None:
    assert order(arrange(layout, users(40))) == users(MOST_USERS)


def test_columns_beside_an_absent_main_have_no_place_for_a_twenty_fifth() -> None:
    panes = arrange(SpeakerLayout(main="0"), users(25))
    assert order(panes) == users(24)
    assert len(set(boxes(panes))) == 24


def test_panes_for_nobody_take_the_users_who_are_not_named() -> None:
    side = {"y": 0, "width": 0.2, "height": 1}
    panes = (
        Pane(x=0, user="2", **side),
        Pane(x=0.2, fit="contain", opacity=0.5, **side),
        Pane(x=0.4, user="9", **side),
        Pane(x=0.6, **side),
        Pane(x=0.8, **side),
    )
    shown = arrange(CustomLayout(panes=panes), users(3))
    assert shown == tuple(
        panes[index].model_copy(update={"user": user})
        for index, user in ((0, "2"), (1, "1"), (3, "3"))
    )


ROOMS = st.one_of(
    st.tuples(st.just(GRID), st.sampled_from([1, 2, 4, 9, 16, 25])),
    st.tuples(st.just(SPEAKER), st.sampled_from([5, 7, 9, 17, 25])),
)
SIZES = st.integers(16, 4096)


@given(ROOMS, SIZES, SIZES)
def test_a_full_preset_covers_every_pixel_once_on_every_canvas(
    room: tuple[Layout, int], width: int, height: int
) -> None:
    layout, count = room
    pixels = [crop(pane, width, height) for pane in arrange(layout, users(count))]
    assert sum(len(across) * len(down) for across, down in pixels) == width * height
    for index, (across, down) in enumerate(pixels):
        for other_across, other_down in pixels[:index]:
            assert not (
                range(max(across[0], other_across[0]), min(across[-1], other_across[-1]) + 1)
                and range(max(down[0], other_down[0]), min(down[-1], other_down[-1]) + 1)
            )


@given(st.integers(0, 30), st.sampled_from([GRID, FLOATING, SPEAKER]))
def test_edges_are_the_very_floats_of_their_ratios(count: int, layout: Layout) -> None:
    for pane in arrange(layout, users(count)):
        for start, size in ((pane.x, pane.width), (pane.y, pane.height)):
            edge = start + size
            assert edge == float(Fraction(edge).limit_denominator(1000))

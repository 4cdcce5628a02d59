"""Where users are shown, in the numbers of the references."""

from __future__ import annotations

import pytest

from longtake.emulator.rooms import Person
from longtake.emulator.stage import Cell
from longtake.vendors.agora.emulator.geometry import best_fit, place, vertical_columns
from longtake.vendors.agora.emulator.layouts import LayoutFields


def people(count: int) -> list[Person]:
    return [Person(user=str(n + 1)) for n in range(count)]


def layout(**fields: object) -> LayoutFields:
    return LayoutFields.model_validate(fields)


def boxes(cells: tuple[Cell, ...]) -> list[tuple[float, ...]]:
    return [tuple(round(v, 4) for v in (c.x, c.y, c.width, c.height)) for c in cells]


def test_floating_fills_rows_of_four_from_the_bottom_left() -> None:
    cells = place(layout(), people(17))
    assert boxes(cells)[:2] == [(0, 0, 1, 1), (0.012, 0.753, 0.235, 0.235)]
    assert boxes(cells)[5] == (0.012, 0.506, 0.235, 0.235)
    assert boxes(cells)[16] == (0.753, 0.012, 0.235, 0.235)
    assert [cell.user for cell in cells] == [str(n + 1) for n in range(17)]


def test_floating_shows_through_who_sends_no_video() -> None:
    cells = place(layout(), [Person(user="1"), Person(user="2", video=False)])
    assert [cell.user for cell in cells] == ["1", None]


@pytest.mark.parametrize(
    ("count", "side"), [(1, 1), (3, 2), (4, 2), (5, 3), (9, 3), (10, 4), (16, 4)]
)
def test_best_fit_is_a_grid_row_by_row(count: int, side: int) -> None:
    cells = best_fit(count)
    assert len(cells) == count
    assert all(cell.width == cell.height == 1 / side for cell in cells)
    last = cells[-1]
    assert (round(last.x * side), round(last.y * side)) == ((count - 1) % side, (count - 1) // side)


def test_best_fit_of_two_halves_the_canvas() -> None:
    assert boxes(place(layout(mixedVideoLayout=1), people(2))) == [(0, 0, 0.5, 1), (0.5, 0, 0.5, 1)]


def test_best_fit_of_seventeen_puts_the_last_below() -> None:
    cells = boxes(place(layout(mixedVideoLayout=1), people(17)))
    assert cells[0] == (0.1, 0, 0.2, 0.2)
    assert cells[16] == (0.4, 0.8, 0.2, 0.2)


def test_an_eighteenth_user_is_not_shown() -> None:
    assert len(place(layout(mixedVideoLayout=1), people(18))) == 17


@pytest.mark.parametrize(
    ("small", "width", "rows"), [(1, 4 / 5, 4), (4, 4 / 5, 4), (6, 6 / 7, 6), (8, 8 / 9, 8)]
)
def test_vertical_has_one_column_for_up_to_eight(small: int, width: float, rows: int) -> None:
    large, cells = vertical_columns(small)
    assert large == width
    assert (len(cells), cells[0].x, round(cells[0].height, 6)) == (rows, width, round(1 / rows, 6))


def test_vertical_has_an_outer_and_an_inner_column_for_sixteen() -> None:
    cells = place(layout(mixedVideoLayout=2, maxResolutionUid="17"), people(17))
    assert (cells[0].user, cells[0].width, cells[0].fit) == ("17", 0.8, "fit")
    assert boxes(cells)[1] == (0.9, 0, 0.1, 0.125)
    assert boxes(cells)[9] == (0.8, 0, 0.1, 0.125)
    assert [cell.user for cell in cells[1:]] == [str(n + 1) for n in range(16)]


def test_vertical_without_its_large_user_shows_the_background_there() -> None:
    cells = place(layout(mixedVideoLayout=2, maxResolutionUid="9"), people(2))
    assert [cell.user for cell in cells] == [None, "1", "2"]


def test_custom_regions_take_the_named_and_then_the_rest_in_join_order() -> None:
    region = {"y_axis": 0, "width": 0.2, "height": 1}
    regions = [
        {"x_axis": 0, "uid": "2", **region},
        {"x_axis": 0.2, "render_mode": 1, "alpha": 0.5, **region},
        {"x_axis": 0.4, **region},
        {"x_axis": 0.6, **region},
        {"x_axis": 0.8, "uid": "9", **region},
    ]
    cells = place(layout(mixedVideoLayout=3, layoutConfig=regions), people(3))
    assert [cell.user for cell in cells] == ["2", "1", "3", None, None]
    assert (cells[1].fit, cells[1].alpha) == ("fit", 0.5)

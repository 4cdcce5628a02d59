"""Where TRTC's modes show whom, in the numbers of the references."""

from __future__ import annotations

from typing import Any

import pytest

from longtake.emulator.rooms import screen_of
from longtake.emulator.stage import Cell
from longtake.vendors.tencent.emulator.geometry import floating, grid, place, screen_sharing
from longtake.vendors.tencent.emulator.layouts import MixLayoutParams
from longtake.vendors.tencent.emulator.subscriptions import SentStream

CANVAS = (1000, 500)


def stream(user: str, *, aux: bool = False, audio: bool = True, video: bool = True) -> SentStream:
    return SentStream(user, "", "aux" if aux else "main", audio, video)


def streams(count: int) -> list[SentStream]:
    return [stream(str(n + 1)) for n in range(count)]


def shown(mode: int, people: list[SentStream], **fields: Any) -> tuple[Cell, ...]:
    layout = MixLayoutParams.model_validate({"MixLayoutMode": mode, **fields})
    return place(layout, CANVAS, people)


def box(cell: Cell) -> tuple[float, ...]:
    return tuple(round(value, 4) for value in (cell.x, cell.y, cell.width, cell.height))


def users(cells: tuple[Cell, ...]) -> list[str | None]:
    return [cell.user for cell in cells]


# -- grid ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "side"),
    [(1, 1), (3, 2), (4, 2), (5, 3), (9, 3), (10, 4), (16, 4), (17, 5), (25, 5)],
)
def test_a_grid_fills_row_by_row(count: int, side: int) -> None:
    cells = grid(count)
    assert len(cells) == count
    assert {box(cell)[2:] for cell in cells} == {(round(1 / side, 4), round(1 / side, 4))}
    at = [(round(cell.x * side), round(cell.y * side)) for cell in cells]
    assert at == [(n % side, n // side) for n in range(count)]


def test_a_grid_of_two_halves_the_width() -> None:
    assert [box(cell) for cell in grid(2)] == [(0, 0, 0.5, 1), (0.5, 0, 0.5, 1)]


def test_a_grid_shows_25_in_the_order_of_entry() -> None:
    assert users(shown(3, streams(26))) == [str(n + 1) for n in range(25)]


def test_an_empty_room_has_no_cells() -> None:
    assert shown(3, []) == ()
    assert users(shown(1, [])) == [None]


# -- floating ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "size", "gap", "columns"),
    [(2, 0.235, 0.012, 4), (17, 0.235, 0.012, 4), (18, 0.188, 0.01, 5), (25, 0.188, 0.01, 5)],
)
def test_small_windows_float_from_the_bottom_left_up(
    count: int, size: float, gap: float, columns: int
) -> None:
    large, *small = floating(count)
    assert box(large) == (0, 0, 1, 1)
    for index, cell in enumerate(small):
        row, column = divmod(index, columns)
        left, top = gap + column * (size + gap), 1 - (row + 1) * (size + gap)
        assert box(cell) == (round(left, 4), round(top, 4), size, size)


def test_a_full_floating_layout_ends_at_the_margins() -> None:
    cells = floating(17)
    assert box(cells[16]) == (0.753, 0.012, 0.235, 0.235)
    assert box(floating(25)[24]) == (0.604, 0.01, 0.188, 0.188)


def test_the_first_to_enter_is_large_unless_somebody_is_chosen() -> None:
    assert users(shown(1, streams(3))) == ["1", "2", "3"]
    assert users(shown(1, streams(3), MaxResolutionUserId="3")) == ["3", "1", "2"]
    assert len(shown(1, streams(30))) == 25


def test_the_large_window_of_an_absent_user_shows_the_background() -> None:
    assert users(shown(1, streams(2), MaxResolutionUserId="9")) == [None, "1", "2"]


# -- screen sharing -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "width", "height", "large"),
    [
        (2, 1 / 5, 1 / 4, (4 / 5, 1)),
        (5, 1 / 5, 1 / 4, (4 / 5, 1)),
        (6, 1 / 7, 1 / 6, (6 / 7, 1)),
        (7, 1 / 7, 1 / 6, (6 / 7, 1)),
        (8, 1 / 9, 1 / 8, (8 / 9, 1)),
        (9, 1 / 9, 1 / 8, (8 / 9, 1)),
        (10, 1 / 10, 1 / 8, (4 / 5, 1)),
        (17, 1 / 10, 1 / 8, (4 / 5, 1)),
        (18, 1 / 10, 1 / 8, (4 / 5, 7 / 8)),
        (24, 1 / 10, 1 / 8, (4 / 5, 7 / 8)),
    ],
)
def test_screen_sharing_shrinks_with_the_number_of_videos(
    count: int, width: float, height: float, large: tuple[float, float]
) -> None:
    first, *small = screen_sharing(count)
    assert box(first) == (0, 0, round(large[0], 4), round(large[1], 4))
    assert {box(cell)[2:] for cell in small} == {(round(width, 4), round(height, 4))}
    assert len(small) == count - 1


def test_one_column_runs_from_top_to_bottom_at_the_right() -> None:
    assert [box(cell)[:2] for cell in screen_sharing(5)[1:]] == [
        (0.8, 0),
        (0.8, 0.25),
        (0.8, 0.5),
        (0.8, 0.75),
    ]


def test_two_columns_of_eight_and_then_the_row_below() -> None:
    cells = screen_sharing(24)
    assert box(cells[1])[:2] == (0.8, 0)
    assert box(cells[8])[:2] == (0.8, 0.875)
    assert box(cells[9])[:2] == (0.9, 0)
    assert box(cells[16])[:2] == (0.9, 0.875)
    assert box(cells[17])[:2] == (0, 0.875)
    assert box(cells[23])[:2] == (0.6, 0.875)


def test_screen_sharing_shows_24_and_leaves_the_large_window_to_the_background() -> None:
    cells = shown(2, streams(30))
    assert (len(cells), cells[0].user, cells[1].user) == (24, None, "1")


def test_a_screen_can_be_the_large_window() -> None:
    people = [stream("alice"), stream("alice", aux=True), stream("bob")]
    cells = shown(2, people, MaxResolutionUserId="alice", MediaId=1)
    assert users(cells) == [screen_of("alice"), "alice", "bob"]
    main = shown(2, people, MaxResolutionUserId="alice")
    assert users(main) == ["alice", screen_of("alice"), "bob"]


def test_the_large_window_may_be_on_the_right() -> None:
    cells = shown(2, streams(2), MaxResolutionUserId="1", MaxResolutionUserAlign=1)
    assert [box(cell) for cell in cells] == [(0.2, 0, 0.8, 1), (0, 0, 0.2, 0.25)]


# -- all templates ------------------------------------------------------------------------------


@pytest.mark.parametrize(("disabled", "expected"), [(False, ["1", "2", "3"]), (True, ["1", "3"])])
def test_who_sends_audio_alone_has_a_window_unless_told_otherwise(
    *, disabled: bool, expected: list[str]
) -> None:
    people = [stream("1"), stream("2", video=False), stream("3")]
    for mode in (1, 3):
        assert users(shown(mode, people, PureAudioDisableLayout=disabled)) == expected


@pytest.mark.parametrize(("code", "fit"), [(0, "crop"), (1, "crop"), (2, "fit"), (3, "crop")])
def test_the_render_mode_holds_for_every_window(code: int, fit: str) -> None:
    assert {cell.fit for cell in shown(3, streams(3), RenderMode=code)} == {fit}
    pane = {"Top": 0, "Left": 0, "Width": 100, "Height": 100, "RenderMode": code}
    assert {cell.fit for cell in shown(4, streams(1), MixLayoutList=[pane])} == {fit}


def test_a_placeholder_keeps_the_large_window_of_an_absent_user() -> None:
    cells = shown(2, streams(1), MaxResolutionUserId="9", PlaceHolderMode=1)
    assert users(cells) == ["9", "1"]


# -- custom -------------------------------------------------------------------------------------


def pane(left: int, **fields: Any) -> dict[str, Any]:
    return {"Top": 100, "Left": left, "Width": 200, "Height": 300, **fields}


def test_custom_windows_are_in_pixels_of_the_canvas() -> None:
    (cell,) = shown(4, streams(1), MixLayoutList=[pane(250, UserId="1", Alpha=51)])
    assert box(cell) == (0.25, 0.2, 0.2, 0.6)
    assert (cell.user, cell.alpha) == ("1", 0.8)


def test_windows_without_a_user_take_the_others_in_order_of_entry() -> None:
    people = [*streams(3), stream("1", aux=True)]
    panes = [pane(0, UserId="2"), pane(1), pane(2), pane(3), pane(4, MediaId=1)]
    assert users(shown(4, people, MixLayoutList=panes)) == ["2", "1", "3", None, screen_of("1")]


def test_a_higher_image_layer_is_in_front() -> None:
    panes = [pane(0, UserId="1", ImageLayer=2), pane(1, UserId="2"), pane(2, UserId="3")]
    assert users(shown(4, streams(3), MixLayoutList=panes)) == ["2", "3", "1"]


@pytest.mark.parametrize(("mode", "expected"), [(0, None), (1, "9")])
def test_the_window_of_who_sends_nothing_is_empty_or_a_placeholder(
    mode: int, expected: str | None
) -> None:
    cells = shown(4, streams(1), MixLayoutList=[pane(0, UserId="9")], PlaceHolderMode=mode)
    assert users(cells) == [expected]

"""Where each stream is shown in a mix, at every size, and whom a job records."""

from __future__ import annotations

from typing import Any

import pytest

from longtake.emulator.rooms import Person, screen_of
from longtake.emulator.stage import Cell, TrackKey
from longtake.vendors.huawei.emulator.geometry import grid, place, sharing
from longtake.vendors.huawei.emulator.mixing import AudioMix, VideoMix
from longtake.vendors.huawei.emulator.staging import staged_mix, staged_user

FULL = Cell(0, 0, 1, 1)
SHARED = {"id": 1, "filling_policy": "SHARED_SCREEN", "video_type": "SCREENSTREAM"}
MIXED = TrackKey(None, "both")


def mix(template: str, *panes: dict[str, Any]) -> VideoMix:
    param = {"room_id": "r", "encode_template": "1280x720_15_1130", "layout_template": template}
    return VideoMix.model_validate({**param, "layout_panes": list(panes)})


def people(*names: str, screen: str = "") -> list[Person]:
    return [Person(user=name, screen=name == screen) for name in names]


def shown(layout: VideoMix, crowd: list[Person]) -> list[str | None]:
    """Who is shown, from bottom to top."""
    return [cell.user for cell in place(layout, crowd)]


def area(cells: list[Cell]) -> float:
    return sum(cell.width * cell.height for cell in cells)


def test_two_share_the_canvas_side_by_side() -> None:
    assert grid(2) == [Cell(0, 0, 0.5, 1), Cell(0.5, 0, 0.5, 1)]


@pytest.mark.parametrize(
    ("count", "side"), [(1, 1), (3, 2), (4, 2), (5, 3), (6, 3), (7, 3), (8, 3), (9, 3)]
)
def test_a_grid_has_equal_cells_row_by_row(count: int, side: int) -> None:
    cells = grid(count)
    assert {(cell.width, cell.height) for cell in cells} == {(1 / side, 1 / side)}
    places = [(round(cell.y * side), round(cell.x * side)) for cell in cells]
    assert places == [divmod(i, side) for i in range(count)]


def test_a_grid_holds_nine_in_order_of_entry() -> None:
    crowd = people(*"abcdefghijkl")
    assert shown(mix("nine_grids_view"), crowd) == list("abcdefghi")
    assert place(mix("nine_grids_view"), []) == ()


@pytest.mark.parametrize("others", range(9))
def test_the_main_view_and_its_column_never_overlap(others: int) -> None:
    main, *column = sharing(others)
    if not others:
        assert main == FULL
        return
    assert (main.x, main.width, main.height) == (0, 0.8, 1)
    assert len(column) == others
    assert {cell.x for cell in column} == {0.8}
    assert area(column) <= 0.2 + 1e-9
    assert [cell.y for cell in column] == sorted({cell.y for cell in column})


def test_the_main_view_is_the_screen_that_is_shared() -> None:
    crowd = people("alice", "bob", screen="bob")
    assert shown(mix("screen_share_left", SHARED), crowd) == [screen_of("bob"), "alice", "bob"]
    assert shown(mix("screen_share_left", SHARED), people("alice")) == [None, "alice"]


def test_the_main_view_may_be_of_one_user() -> None:
    fixed = {"id": 1, "filling_policy": "FIXED_USER", "user_id": "bob"}
    crowd = people("alice", "bob", screen="bob")
    assert shown(mix("screen_share_left", fixed), crowd) == ["bob", "alice", screen_of("bob")]
    screen = {**fixed, "video_type": "SCREENSTREAM"}
    assert shown(mix("screen_share_left", screen), crowd)[0] == screen_of("bob")
    absent = {**fixed, "user_id": "zoe"}
    assert shown(mix("screen_share_left", absent), crowd)[0] is None


def test_the_main_view_may_be_on_the_right() -> None:
    left = place(mix("screen_share_left", SHARED), people("a", "b", screen="a"))
    right = place(mix("screen_share_right", SHARED), people("a", "b", screen="a"))
    for one, other in zip(left, right, strict=True):
        assert one.x + one.width + other.x == pytest.approx(1)
        assert (one.y, one.height, one.user) == (other.y, other.height, other.user)


def test_custom_panes_lie_by_zorder_with_their_users() -> None:
    base = {"x": 0.0, "y": 0.0, "width": 1.0, "height": 1.0}
    top = {"id": 1, "user_id": "a", "zorder": 3, **base, "width": 0.25, "x": 0.5}
    below = {"id": 2, "user_id": "b", "zorder": 0, **base, "crop_mode": "KEEP_RATIO_PADDING"}
    cells = place(mix("custom", top, below), people("a", "b"))
    assert cells == (Cell(0, 0, 1, 1, "b", "fit"), Cell(0.5, 0, 0.25, 1, "a", "crop"))


def test_custom_panes_of_nobody_take_who_is_not_named() -> None:
    base = {"x": 0.0, "y": 0.0, "width": 0.5, "height": 0.5}
    panes = [
        {"id": 1, **base},
        {"id": 2, "user_id": "alice", **base},
        {"id": 3, "video_type": "SCREENSTREAM", **base},
        {"id": 4, **base},
        {"id": 5, "user_id": "zoe", **base},
    ]
    crowd = people("alice", "bob", "carol", screen="carol")
    expected = ["bob", "alice", screen_of("carol"), "carol", None]
    assert shown(mix("custom", *panes), crowd) == expected


def test_a_mix_holds_the_sound_of_three() -> None:
    stage = staged_mix(mix("nine_grids_view"), MIXED, people(*"abcde"))
    assert [person.audio for person in stage.people] == [True, True, True, False, False]
    assert len(stage.cells) == 5


def test_a_mix_of_sound_lasts_while_somebody_speaks() -> None:
    sound = AudioMix.model_validate({"room_id": "r", "encode_template": "audio_only"})
    key = TrackKey(None, "audio")
    assert staged_mix(sound, key, people("a")).tracks == {key}
    assert staged_mix(sound, key, [Person(user="a", audio=False)]).tracks == frozenset()


def test_who_sends_nothing_is_not_shown() -> None:
    crowd = [Person(user="a", audio=False, video=False), Person(user="b")]
    assert shown(mix("nine_grids_view"), crowd) == ["b"]


@pytest.mark.parametrize(
    ("key", "person", "live"),
    [
        (TrackKey("a", "both"), Person(user="a"), True),
        (TrackKey("a", "both"), Person(user="a", video=False), True),
        (TrackKey("a", "both"), Person(user="a", audio=False, video=False, screen=True), False),
        (TrackKey("a", "video"), Person(user="a", video=False), False),
        (TrackKey("a", "audio"), Person(user="a", audio=False), False),
        (TrackKey("a", "both", "aux"), Person(user="a", audio=False), False),
        (TrackKey("a", "both", "aux"), Person(user="a"), True),
        (TrackKey("a", "video", "aux"), Person(user="a"), False),
        (TrackKey("a", "video", "aux"), Person(user="a", screen=True), True),
        (TrackKey("a", "both"), Person(user="b"), False),
    ],
)
def test_an_individual_job_records_what_its_user_sends(
    key: TrackKey, person: Person, *, live: bool
) -> None:
    assert bool(staged_user(key, [person]).tracks) is live

"""Which pieces go into which file: the rules of TRTC's merge script."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from longtake.domain.files import Stream, Track
from longtake.domain.merging import MergeOptions
from longtake.media.merge.listing import Piece
from longtake.media.merge.names import encoded, with_ending
from longtake.media.merge.plan import Output, plan
from tests.media.recorded import BEGIN


def piece(
    at: float,
    length: float,
    track: Track = "video",
    *,
    user: str = "alice",
    stream: Stream = "primary",
) -> Piece:
    return Piece(
        key=f"{user}-{stream}-{track}-{at}",
        user=user,
        track=track,
        stream=stream,
        begins_at=BEGIN + timedelta(seconds=at),
        seconds=length,
        dated=True,
        slack=0.06,
        source="",
        breaks=False,
        size=1000,
    )


def planned(*pieces: Piece, **options: object) -> list[Output]:
    return plan(pieces, MergeOptions.model_validate(options))


def test_fifteen_seconds_apart_is_one_section_and_more_is_two() -> None:
    assert len(planned(piece(0, 10), piece(25, 10))) == 1
    assert len(planned(piece(0, 10), piece(25.001, 10))) == 2


def test_sound_between_two_pictures_keeps_them_in_one_section() -> None:
    pieces = piece(0, 10), piece(30, 10)
    assert len(planned(*pieces)) == 2
    assert len(planned(*pieces, piece(12, 8, "audio"))) == 1


def test_a_substream_that_is_not_shown_joins_no_sections() -> None:
    pieces = piece(0, 10), piece(30, 10), piece(12, 8, stream="substream")
    assert len(planned(*pieces)) == 2
    [only] = planned(*pieces, audio="substream")
    assert [placed.piece.stream for placed in only.pictures] == ["substream"]


@pytest.mark.parametrize(
    ("audio", "shown"),
    [("primary", "primary"), ("automatic", "primary"), ("substream", "substream")],
)
def test_sound_joins_the_picture_that_is_asked_for(audio: str, shown: str) -> None:
    pieces = piece(0, 5), piece(0, 5, stream="substream"), piece(0, 5, "audio")
    [output] = planned(*pieces, audio=audio)
    assert {placed.piece.stream for placed in output.pictures} == {shown}
    assert [placed.piece.track for placed in output.sound] == ["audio"]


def test_automatic_takes_the_substream_where_there_is_no_primary_picture() -> None:
    pieces = piece(0, 5, stream="substream"), piece(0, 5, "audio")
    [automatic] = planned(*pieces, audio="automatic")
    [primary] = planned(*pieces)
    assert automatic.pictures
    assert not primary.pictures


def test_a_file_for_each_user_keeps_the_distance_of_sections_or_drops_it() -> None:
    pieces = piece(0, 10), piece(60, 10), piece(65, 5, "audio")
    [kept] = planned(*pieces, mode="user")
    assert [placed.at for placed in kept.pictures] == [0, 60]
    assert kept.blanks == ((10, 60),)
    assert kept.seconds == 70
    [dropped] = planned(*pieces, mode="user", blanks="drop")
    assert [placed.at for placed in dropped.pictures] == [0, 10]
    assert [placed.at for placed in dropped.sound] == [15]
    assert dropped.blanks == ()
    assert dropped.seconds == 20


def test_users_are_merged_apart_and_named_as_in_file_names() -> None:
    names = [output.name for output in planned(piece(0, 5), piece(1.25, 5, user="user>>1"))]
    assert names == ["YWxpY2U._20261130100000000", "dXNlcj4+MQ.._20261130100001250"]
    assert with_ending(names[0], picture=True) == "YWxpY2U._20261130100000000_av.mp4"
    assert with_ending(names[0], picture=False) == "YWxpY2U._20261130100000000.m4a"
    assert encoded("ÿÿÿ?") == "w7-Dv8O-Pw.."


def test_pieces_of_unknown_length_last_until_the_next() -> None:
    [output] = planned(piece(0, 0), piece(12, 0), piece(20, 4))
    assert output.seconds == 24
    assert len(planned(piece(0, 0), piece(40, 4))) == 2


@pytest.mark.parametrize(("asked", "taken"), [(1, 5), (15, 15), (500, 120), (None, None)])
def test_frame_rates_are_brought_into_bounds(asked: int | None, taken: int | None) -> None:
    assert MergeOptions(fps=asked).fps == taken


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"width": 640}, "both or neither"),
        ({"width": 641, "height": 360}, "width"),
        ({"mode": "room"}, "mode"),
        ({"audio": "both"}, "audio"),
        ({"blank": "drop"}, "blank"),
    ],
)
def test_options_that_cannot_be_are_refused_by_name(given: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        MergeOptions.model_validate(given)

"""The clapper, by which a recording's picture and sound can be set against each other."""

from __future__ import annotations

from datetime import timedelta

import pytest

from longtake.emulator.encoding import encode
from longtake.emulator.rooms import Person
from longtake.emulator.stage import Stage, TrackKey
from longtake.emulator.takes import Slice, Track
from tests.media.recorded import BEGIN, played


def clapping(at: float, length: float, *, first_pts: float = 0.0) -> bytes:
    key = TrackKey("ada", "both")
    stage = Stage(320, 180, (Person(user="ada", claps=True),), frozenset({key}))
    start = BEGIN + timedelta(seconds=at)
    cut = Slice(
        track=Track("ada", key, 0),
        name="ada.ts",
        start=start,
        end=start + timedelta(seconds=length),
        gap=False,
        first=True,
        first_pts=first_pts,
        stages=((start, stage),),
    )
    return encode(cut, video=True, audio=True)


@pytest.mark.parametrize("first_pts", [0.0, 70.0], ids=["first slice", "after others"])
def test_flash_and_beep_begin_at_each_full_second(first_pts: float) -> None:
    seen = played(clapping(0.4, 2.4, first_pts=first_pts))
    begin = seen.pictures[0]
    assert [flash - begin for flash in seen.flashes] == pytest.approx([0.6, 1.6], abs=0.001)
    assert [beep - begin for beep in seen.beeps] == pytest.approx([0.6, 1.6], abs=0.02)

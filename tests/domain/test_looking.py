"""Which piece of media holds a moment, and what was shown then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from longtake.domain.files import StoredFile
from longtake.domain.looking import Strip, Take, moments, shown_at, strips, takes_of
from longtake.domain.playlist import Entry, Playlist
from longtake.domain.session import LayoutRevision

NOON = datetime(2027, 1, 31, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LIST = StoredFile(key="p/a.m3u8", kind="playlist", size=1, segment=1, user="ada")


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def strip(*pieces: tuple[float, float]) -> Strip:
    takes = (Take(f"{at}", later(at), seconds, 1) for at, seconds in pieces)
    return Strip("", "primary", tuple(takes))


def test_pieces_follow_each_other_unless_the_playlist_tells_their_time() -> None:
    entries = (Entry("1.ts", 5), Entry("2.ts", 4, later(60)), Entry("3.ts", 3))
    takes = takes_of(LIST, Playlist(entries), NOON)
    assert [(take.key, take.begins_at) for take in takes] == [
        ("p/1.ts", NOON),
        ("p/2.ts", later(60)),
        ("p/3.ts", later(64)),
    ]


def test_a_moment_in_a_gap_has_no_picture() -> None:
    shown = strip((0, 5), (60, 5))
    found = [shown.at(later(at)) for at in (0, 4.9, 5, 59, 60)]
    assert [take and take.key for take in found] == ["0", "0", None, None, "60"]


def test_there_is_a_moment_each_minute_from_the_beginning() -> None:
    assert moments([strip((0, 100), (100, 50))], MINUTE) == [NOON, later(60), later(120)]


def test_a_short_recording_has_its_first_and_its_last_moment() -> None:
    first, last = moments([strip((0, 5), (5, 7))], MINUTE)
    assert (first, later(11.9) < last < later(12)) == (NOON, True)


def test_streams_share_their_moments_and_nothing_has_none() -> None:
    assert moments([strip((0, 90)), strip((60, 90))], MINUTE) == [NOON, later(60), later(120)]
    assert moments([], MINUTE) == []


def test_a_users_playlists_are_one_strip_in_order_of_time() -> None:
    early, late = Take("e", NOON, 5, 1), Take("l", later(9), 5, 2)
    other = LIST.model_copy(update={"user": "", "key": "p/mix.m3u8"})
    found = strips([(LIST, (late,)), (other, (early,)), (LIST, (early,)), (LIST, ())])
    assert [(each.user, each.takes) for each in found] == [("", (early,)), ("ada", (early, late))]


def test_the_revision_is_the_last_one_that_the_segment_showed_by_then() -> None:
    told = [(1, 1, 0.0), (2, 1, 30.0), (3, 2, 50.0), (4, 1, 70.0)]
    revisions = [LayoutRevision(revision=n, segment=s, at=later(at)) for n, s, at in told]
    shown = [shown_at(revisions, 1, later(at)) for at in (-5, 29, 60, 70)]
    assert [revision and revision.revision for revision in shown] == [1, 1, 2, 4]
    assert shown_at(revisions, 9, NOON) is None

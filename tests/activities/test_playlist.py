"""Playlists as vendors write them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from longtake.domain.playlist import Entry, Playlist, key_of
from longtake.media.playlist import parse_playlist
from tests.activities.fakes import NOON

TEXT = """\
#EXTM3U
#EXT-X-VERSION:3
#EXT-X-TARGETDURATION:16
#EXT-X-AGORA-TRACK-EVENT:EVENT=START,TRACK_TYPE=VIDEO,TIME=1700000000123
#EXTINF:15.082000,
t1_room_20270131120000123.ts

#EXTINF:4
folder/t1_room_20270131120015205.ts
#EXT-X-ENDLIST
"""
URIS = ("t1_room_20270131120000123.ts", "folder/t1_room_20270131120015205.ts")


def parsed(text: str) -> Playlist:
    playlist = parse_playlist(text)
    assert playlist is not None
    return playlist


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_private_tags_a_missing_comma_and_empty_lines_are_no_errors(newline: str) -> None:
    playlist = parsed(TEXT.replace("\n", newline))
    assert playlist.uris == URIS
    assert playlist.seconds == pytest.approx(19.082)
    assert playlist.ended


def test_a_playlist_without_its_end_is_open() -> None:
    assert not parsed(TEXT.replace("#EXT-X-ENDLIST", "")).ended


def test_a_title_is_not_a_segment() -> None:
    assert parsed("#EXTINF: 2.5,first.ts\na.ts\n") == Playlist((Entry("a.ts", 2.5),))


def test_a_playlist_that_names_nothing_is_one_all_the_same() -> None:
    assert parsed("#EXTM3U\n") == Playlist()


@pytest.mark.parametrize("text", ["", "\r\n\r\n", "\0\1G@", "<MPD/>"])
def test_a_text_without_a_tag_is_no_playlist(text: str) -> None:
    assert parse_playlist(text) is None


def test_dates_go_on_from_the_last_that_was_told() -> None:
    text = "#EXT-X-PROGRAM-DATE-TIME:2027-01-31T20:00:00+08:00\n#EXTINF:4\na.ts\n#EXTINF:2\nb.ts\n"
    first, second = parsed(text).entries
    assert (first.begins_at, second.begins_at) == (NOON, NOON + timedelta(seconds=4))
    assert parsed("#EXT-X-PROGRAM-DATE-TIME:soon\na.ts").entries[0].begins_at is None


def test_an_interruption_is_told_of_the_slice_after_it() -> None:
    entries = parsed("#EXTINF:4\na.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:2\nb.ts\nc.ts\n").entries
    assert [entry.discontinuous for entry in entries] == [False, True, False]


def test_a_playlist_of_playlists_names_them_all() -> None:
    audio = '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",URI="audio.m3u8"'
    playlist = parsed(f"#EXTM3U\n{audio}\n#EXT-X-STREAM-INF:BANDWIDTH=1\nvideo.m3u8\n")
    assert (playlist.uris, playlist.of_playlists) == (("audio.m3u8", "video.m3u8"), True)


@pytest.mark.parametrize(
    ("uri", "key"),
    [
        ("a.ts", "rec/one/a.ts"),
        ("./sub/../a.ts", "rec/one/a.ts"),
        ("../two/a.ts", "rec/two/a.ts"),
        ("2025-05-06-14:37:22_1.ts", "rec/one/2025-05-06-14:37:22_1.ts"),
        ("a%20b.ts", "rec/one/a b.ts"),
        ("100%25.ts", "rec/one/100%25.ts"),
        ("a.ts?auth=x", "rec/one/a.ts"),
        ("/rec/one/a.ts", "rec/one/a.ts"),
        ("https://bucket.example.com/rec/one/a.ts?sign=1", "rec/one/a.ts"),
        ("https://example.com/bucket/prefix/rec/one/a%20b.ts", "rec/one/a b.ts"),
        ("absent.ts", "rec/one/absent.ts"),
        ("../../../../absent.ts", "absent.ts"),
        ("https://example.com/bucket/absent.ts", "bucket/absent.ts"),
    ],
)
def test_a_name_means_the_object_that_is_there(uri: str, key: str) -> None:
    there = {"rec/one/a.ts", "rec/two/a.ts", "rec/one/a b.ts", "rec/one/100%25.ts", "a.ts"}
    there.add("rec/one/2025-05-06-14:37:22_1.ts")
    assert key_of(uri, "rec/one/list.m3u8", there) == key

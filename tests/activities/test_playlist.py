"""Playlists as vendors write them."""

from __future__ import annotations

import pytest

from longtake.media.playlist import Playlist, parse_playlist

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
URIS = ["t1_room_20270131120000123.ts", "folder/t1_room_20270131120015205.ts"]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_private_tags_a_missing_comma_and_empty_lines_are_no_errors(newline: str) -> None:
    playlist = parse_playlist(TEXT.replace("\n", newline))
    assert playlist.uris == URIS
    assert playlist.seconds == pytest.approx(19.082)
    assert playlist.ended


def test_a_playlist_without_its_end_is_open() -> None:
    assert not parse_playlist(TEXT.replace("#EXT-X-ENDLIST", "")).ended


def test_a_title_is_not_a_segment() -> None:
    assert parse_playlist("#EXTINF: 2.5,first.ts\na.ts\n") == Playlist(["a.ts"], 2.5)


@pytest.mark.parametrize("text", ["", "#EXTM3U\n", "\r\n\r\n"])
def test_an_empty_playlist_lists_nothing(text: str) -> None:
    assert parse_playlist(text) == Playlist()

"""Private tags, as documented and as seen in production."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from longtake.vendors.tencent.playlist import PlaylistTags, playlist_tags

DOCUMENTED = """#EXTM3U
#EXT-X-VERSION:3
#EXT-X-ALLOW-CACHE:NO
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-TARGETDURATION:70
#EXT-X-TRTC-START-REC-TIME:1700000000123
#EXT-X-TRTC-VIDEO-METADATA:WIDTH:1280 HEIGHT:720
#EXTINF:10.080
1400000123_7007__UserId_s_YWxpY2U.__UserId_e_main_video_20231114221320123.ts
#EXT-X-ENDLIST
"""
SEEN = """#EXTM3U
#EXT-X-TRTC-VERSION:1.0
#EXT-X-TRTC-START-REC-TIME:1700000000123
#EXT-X-TRTC-USER-ID:user: one
#EXT-X-TRTC-MEDIA-ID:aux
#EXT-X-TRTC-AUDIO-METADATA:Channel:2 SampleRate:48000 SampleFormat:s16 Codec:AAC
#EXT-X-TRTC-FILE-ATTR:1700000000123,631250
#EXTINF:10.080,
a.ts
"""
BEGAN = datetime(2023, 11, 14, 22, 13, 20, 123000, tzinfo=UTC)


def test_documented_tags_tell_start_and_size() -> None:
    assert playlist_tags(DOCUMENTED) == PlaylistTags(began=BEGAN, width=1280, height=720)


def test_tags_of_production_tell_user_and_sound() -> None:
    assert playlist_tags(SEEN) == PlaylistTags(
        began=BEGAN, user="user: one", media="aux", sample_rate=48000, channels=2
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#EXT-X-TRTC-START-REC-TIME:soon",
        "#EXT-X-TRTC-START-REC-TIME:",
        "#EXT-X-TRTC-VIDEO-METADATA:WIDTH HEIGHT",
        "a#EXT-X-TRTC-START-REC-TIME:1700000000123",
    ],
)
def test_what_cannot_be_understood_is_left_out(text: str) -> None:
    assert playlist_tags(text) == PlaylistTags()

"""Names are composed here by the documented rules, and read back by the code."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longtake.domain.files import LISTED
from longtake.vendors.agora.files import describe, playlist_began, reported, sid_of
from longtake.vendors.agora.wire.replies import FileEntry

SID = "38f8e3cfdc474cd56fc1ceba380d7e1a"
PATH = "rec/0123456789ab/a1"
ALPHABET = (
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 !#$%&()+-:;<=.>?@[]^_{}|~,"
)
UTC_NAME, AT = "20260102031415678", datetime(2026, 1, 2, 3, 14, 15, 678000, tzinfo=UTC)

cnames = st.text(ALPHABET, min_size=1, max_size=64)
sids = st.text("0123456789abcdef", min_size=32, max_size=32)
uids = st.integers(1, 2**32 - 1).map(str)
backups = st.sampled_from(["", "bak0_", "bak12_"])
times = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1))  # noqa: DTZ001 - UTC below


def utc(at: datetime) -> str:
    return f"{at:%Y%m%d%H%M%S}{at.microsecond // 1000:03d}"


@pytest.mark.parametrize(
    ("name", "kind", "user", "track", "begins_at"),
    [
        (f"{SID}_room.m3u8", "playlist", "", "audio_video", None),
        (f"{SID}_room_{UTC_NAME}.ts", "segment", "", "audio_video", AT),
        (f"{SID}_room_0.mp4", "mp4", "", "audio_video", None),
        (f"bak0_{SID}_room_{UTC_NAME}.ts", "segment", "", "audio_video", AT),
        (f"{SID}_room__uid_s_123__uid_e_audio.m3u8", "playlist", "123", "audio", None),
        (f"{SID}_room__uid_s_123__uid_e_video_{UTC_NAME}.ts", "segment", "123", "video", AT),
        (f"{SID}_room__uid_s_123__uid_e_video_{UTC_NAME}.webm", "segment", "123", "video", AT),
        (f"{SID}_room__uid_s_123__uid_e_video_{UTC_NAME}.jpg", "snapshot", "123", "video", AT),
        (f"{SID}_room__uid_s_123__uid_e_av.m3u8", "playlist", "123", "audio_video", None),
        (f"{SID}_room__uid_s_123__uid_e_av.mpd", "playlist", "123", "audio_video", None),
        (f"{SID}_room_1767323655678_2.m3u8", "playlist", "", "audio_video", None),
        (f"{SID}_room__uid_s_5__uid_e_audio_99_1.m3u8", "playlist", "5", "audio", None),
        (f"{SID}_room_99999999999999999.ts", "segment", "", "audio_video", None),
        ("notes.txt", "other", "", "audio_video", None),
        ("cover.jpg", "snapshot", "", "audio_video", None),
    ],
)
def test_documented_name_is_read(
    name: str, kind: str, user: str, track: str, begins_at: datetime | None
) -> None:
    file = describe(f"{PATH}/{name}")
    assert (file.kind, file.user, file.track, file.begins_at) == (kind, user, track, begins_at)
    assert file.key == f"{PATH}/{name}"


@pytest.mark.parametrize("name", ["room.m3u8", f"room_{UTC_NAME}.ts", "room_0.mp4"])
@pytest.mark.parametrize("part", ["", "bak0", "bak12"])
def test_a_failover_s_part_is_told(part: str, name: str) -> None:
    assert describe(f"{PATH}/{part}{part and '_'}{SID}_{name}").part == part


@given(backups, sids, cnames, times)
def test_mixed_slice_of_any_channel_is_read(
    backup: str, sid: str, cname: str, at: datetime
) -> None:
    name = f"{backup}{sid}_{cname}_{utc(at)}.ts"
    file = describe(f"{PATH}/{name}")
    expected = at.replace(microsecond=at.microsecond // 1000 * 1000, tzinfo=UTC)
    assert (file.kind, file.begins_at) == ("segment", expected)
    assert sid_of(f"{PATH}/{name}", PATH, cname) == sid


@given(backups, sids, cnames, uids, st.sampled_from(["audio", "video", "av"]))
def test_individual_slice_of_any_channel_is_read(
    backup: str, sid: str, cname: str, uid: str, track: str
) -> None:
    name = f"{backup}{sid}_{cname}__uid_s_{uid}__uid_e_{track}_{UTC_NAME}.ts"
    file = describe(f"{PATH}/{name}")
    assert (file.user, file.track) == (uid, "audio_video" if track == "av" else track)
    assert file.begins_at == AT
    assert sid_of(f"{PATH}/{name}", PATH, cname) == sid


def test_web_page_s_name_with_its_hyphens_gives_the_sid() -> None:
    assert sid_of(f"{PATH}/{SID}_demo--a-b_0.mp4", PATH, "demo. a_b".replace(" ", "?")) == SID


@pytest.mark.parametrize(
    "key",
    [
        f"rec/0123456789ab/a2/{SID}_room.m3u8",  # another attempt's
        f"{PATH}2/{SID}_room.m3u8",
        f"{PATH}/{SID}_lobby.m3u8",
        f"{PATH}/{SID[:-1]}_room.m3u8",
        f"{PATH}/{SID.upper()}_room.m3u8",
        f"{PATH}/readme.txt",
    ],
)
def test_foreign_file_gives_no_sid(key: str) -> None:
    assert sid_of(key, PATH, "room") is None


@pytest.mark.parametrize("name", [f"{SID}_r.m3u8", f"{PATH}/{SID}_r.m3u8", f"/{PATH}/{SID}_r.m3u8"])
def test_reported_name_becomes_the_whole_key_once(name: str) -> None:
    (file,) = reported([FileEntry.model_validate({"fileName": name})], PATH)
    assert file.key == f"{PATH}/{SID}_r.m3u8"


def test_long_list_keeps_its_playlists() -> None:
    names = [f"{SID}_r_{n}.mp4" for n in range(500)] + [f"{SID}_r.m3u8"]
    files = reported([FileEntry.model_validate({"fileName": name}) for name in names], PATH)
    assert len(files) == LISTED
    assert files[0].kind == "playlist"


def test_report_adds_what_the_name_does_not_tell() -> None:
    entry = FileEntry.model_validate(
        {
            "fileName": f"{SID}_r.m3u8",
            "trackType": "audio",
            "uid": "77",
            "sliceStartTime": "1562724971626",
        }
    )
    (file,) = reported([entry])
    assert (file.user, file.track) == ("77", "audio")
    assert file.begins_at == datetime(2019, 7, 10, 2, 16, 11, 626000, tzinfo=UTC)


@pytest.mark.parametrize("entry", [{"uid": "0"}, {"uid": "77", "mixedAllUser": True}])
def test_mixed_file_belongs_to_no_user(entry: dict[str, object]) -> None:
    (file,) = reported([FileEntry.model_validate({"fileName": "x.m3u8", **entry})])
    assert file.user == ""


@pytest.mark.parametrize("time", ["20231114221320123", "1700000000123"])
def test_a_playlist_tells_when_its_first_track_began(time: str) -> None:
    text = f"""#EXTM3U
#EXT-X-AGORA-TRACK-EVENT:EVENT=START,TRACK_TYPE=AUDIO,TIME={time}
#EXTINF:5.0
a.ts
#EXT-X-AGORA-TRACK-EVENT:EVENT=START,TRACK_TYPE=AUDIO,TIME=1800000000000
"""
    assert playlist_began(text) == datetime(2023, 11, 14, 22, 13, 20, 123000, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "#EXT-X-AGORA-TRACK-EVENT:EVENT=START,TIME=soon"])
def test_a_playlist_without_a_track_event_tells_nothing(text: str) -> None:
    assert playlist_began(text) is None

"""Names are composed here by the documented rules, and read back by the code."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longtake.domain.files import LISTED
from longtake.vendors.tencent.files import (
    FileName,
    decoded,
    describe,
    encoded,
    reported,
    room_part,
    task_folder,
    url_path,
)
from longtake.vendors.tencent.wire.replies import StorageFile

PATH = "rec/0123456789ab/a1"
TASK = "-m6-wLXhc29tZSB0YXNr+x."
UTC_NAME, AT = "20260102031415678", datetime(2026, 1, 2, 3, 14, 15, 678000, tzinfo=UTC)
ALICE = "__UserId_s_YWxpY2U.__UserId_e_"

names = st.builds(
    FileName,
    app=st.integers(1, 2**32 - 1),
    room=st.one_of(
        st.integers(1, 2**32 - 1).map(str),
        st.text(min_size=1, max_size=64).map(encoded),
    ),
    extension=st.sampled_from(["m3u8", "ts", "mp4", "aac"]),
    begins_at=st.none()
    | st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001 - UTC is set
        lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000, tzinfo=UTC)
    ),
    restart=st.none() | st.integers(1, 3),
    record_id=st.from_regex(r"[A-Za-z0-9_-]{0,64}", fullmatch=True),
)


@pytest.mark.parametrize(
    ("name", "kind", "user", "track", "begins_at"),
    [
        ("14_room.m3u8", "playlist", "", "audio_video", None),
        (f"14_cm9vbS03_{UTC_NAME}.ts", "segment", "", "audio_video", AT),
        ("14_7007.mp4", "mp4", "", "audio_video", None),
        ("14_7007_2.mp4", "mp4", "", "audio_video", None),
        ("14_7007.aac", "audio", "", "audio", None),
        (f"14_7007{ALICE}main_audio.m3u8", "playlist", "alice", "audio", None),
        (f"14_7007{ALICE}aux_video_{UTC_NAME}.ts", "segment", "alice", "video", AT),
        (f"14_7007{ALICE}main_audio_video.m3u8", "playlist", "alice", "audio_video", None),
        (f"14_7007{ALICE}main_audiovideo.m3u8", "playlist", "alice", "audio_video", None),
        (f"14_7007{ALICE}main.mp4", "mp4", "alice", "audio_video", None),
        (f"14_7007{ALICE}main_3.mp4", "mp4", "alice", "audio_video", None),
        (f"14_7007{ALICE}main_1.aac", "audio", "alice", "audio", None),
        (f"ha1_14_7007{ALICE}main_audio.m3u8", "playlist", "alice", "audio", None),
        (f"ha3_14_7007_{UTC_NAME}.ts", "segment", "", "audio_video", AT),
        ("14_7007_UserId_s_YWxpY2U._UserId_e_main.mp4", "mp4", "alice", "audio_video", None),
        (f"my-id__UserDefine_u_14_7007{ALICE}main.mp4", "mp4", "alice", "audio_video", None),
        # the samples of the vendor's own texts
        (
            "1400123456_12345__UserId_s_MTY4NjExOQ..__UserId_e_main_video_20330531094551825.ts",
            "segment",
            "1686119",
            "video",
            datetime(2033, 5, 31, 9, 45, 51, 825000, tzinfo=UTC),
        ),
        (
            f"14_7__UserId_s_dXNlcj4+MQ..__UserId_e_main_video_{UTC_NAME}.ts",
            *("segment", "user>>1", "video", AT),
        ),
        # nothing of ours, or not quite
        (f"14_7007_{'9' * 17}.ts", "segment", "", "audio_video", None),
        ("14_7007__UserId_s_!__UserId_e_main.mp4", "mp4", "", "audio_video", None),
        ("14_7007__UserId_s_YWxpY2U__UserId_e_main.mp4", "mp4", "", "audio_video", None),
        ("14_7007__UserId_s_....__UserId_e_main.mp4", "mp4", "", "audio_video", None),
        (f"ha4_14_7007{ALICE}main_audio.m3u8", "playlist", "", "audio_video", None),
        ("notes.txt", "other", "", "audio_video", None),
        ("m3u8", "playlist", "", "audio_video", None),
    ],
)
def test_name_is_read_as_far_as_it_tells(
    name: str, kind: str, user: str, track: str, begins_at: datetime | None
) -> None:
    key = f"{PATH}/{TASK}/{name}"
    file = describe(key)
    assert (file.key, file.kind, file.user) == (key, kind, user)
    assert (file.track, file.begins_at) == (track, begins_at)


@pytest.mark.parametrize(
    ("name", "stream", "part"),
    [
        (f"14_7007{ALICE}aux_video.m3u8", "substream", ""),
        (f"14_7007{ALICE}main_video.m3u8", "primary", ""),
        (f"ha2_14_7007{ALICE}aux_audio_{UTC_NAME}.ts", "substream", "ha2"),
        (f"my-id__UserDefine_u_ha1_14_7007_{UTC_NAME}.ts", "primary", "ha1"),
        ("notes.txt", "primary", ""),
    ],
)
def test_a_shared_screen_and_a_failover_s_part_are_told(name: str, stream: str, part: str) -> None:
    file = describe(f"{PATH}/{TASK}/{name}")
    assert (file.stream, file.part) == (stream, part)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("1686119", "MTY4NjExOQ.."),
        ("alice", "YWxpY2U."),
        ("room-7", "cm9vbS03"),
        ("user>>1", "dXNlcj4+MQ.."),
        ("ÿÿÿ?", "w7-Dv8O-Pw.."),
    ],
)
def test_documented_examples_are_written_and_read(text: str, name: str) -> None:
    assert encoded(text) == name
    assert decoded(name) == text


@given(names)
def test_any_mixed_name_is_read_as_it_was_written(name: FileName) -> None:
    assert FileName.read(str(name)) == name


@given(
    names,
    st.text(min_size=1, max_size=40),
    st.sampled_from(["main", "aux"]),
    st.sampled_from(["", "audio", "video", "audio_video", "audiovideo"]),
)
def test_any_user_s_name_is_read_as_it_was_written(
    name: FileName, user: str, media: Any, track: str
) -> None:
    single = replace(name, user=user, media=media, track=track)
    assert FileName.read(str(single)) == single


@given(names, st.integers(1, 999), st.sampled_from(["", "alice", "ÿ?>"]))
def test_any_split_file_s_name_is_read_as_it_was_written(
    name: FileName, index: int, user: str
) -> None:
    split = replace(name, begins_at=None, index=index, extension="mp4", user=user)
    assert FileName.read(str(split)) == split


@given(st.text(max_size=80))
def test_no_name_breaks_the_reader(name: str) -> None:
    describe(name)
    task_folder(name, PATH)


@pytest.mark.parametrize(
    ("room", "numeric", "part"), [("7007", True, "7007"), ("7007", False, "NzAwNw..")]
)
def test_room_is_plain_only_as_a_number(room: str, numeric: bool, part: str) -> None:  # noqa: FBT001
    assert room_part(room, numeric=numeric) == part


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_key_survives_an_address_that_reads_plus_as_a_space(key: str) -> None:
    assert unquote_plus(url_path(key)) == key


def test_task_id_in_an_address_keeps_its_plus() -> None:
    assert url_path(f"{PATH}/{TASK}/a.ts") == f"{PATH}/{TASK.replace('+', '%2B')}/a.ts"


def listed(**fields: Any) -> StorageFile:
    return StorageFile.model_validate(fields)


@pytest.mark.parametrize(
    ("name", "key"),
    [("14_7.m3u8", f"{PATH}/{TASK}/14_7.m3u8"), ("else/where/14_7.m3u8", "else/where/14_7.m3u8")],
)
def test_reported_name_becomes_a_whole_key(name: str, key: str) -> None:
    (file,) = reported([listed(FileName=name)], f"{PATH}/{TASK}")
    assert file.key == key


def test_report_adds_what_the_name_does_not_tell() -> None:
    entry = listed(FileName="x.m3u8", UserId="bob", TrackType="audio", BeginTimeStamp=1622186279144)
    (file,) = reported([entry])
    assert (file.user, file.track) == ("bob", "audio")
    assert file.begins_at == datetime(2021, 5, 28, 7, 17, 59, 144000, tzinfo=UTC)


def test_null_in_a_report_leaves_what_the_name_tells() -> None:
    entry = listed(FileName=f"14_7007{ALICE}main_audio.m3u8", UserId=None, TrackType=None)
    (file,) = reported([entry])
    assert (file.user, file.track, file.begins_at) == ("alice", "audio", None)


def test_long_list_keeps_its_playlists() -> None:
    entries = [listed(FileName=f"14_7_{n}.mp4") for n in range(1, 500)]
    files = reported([*entries, listed(FileName="14_7.m3u8"), listed(FileName=None)])
    assert len(files) == LISTED
    assert files[0].kind == "playlist"

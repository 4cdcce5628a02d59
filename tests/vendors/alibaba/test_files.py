"""Names are composed here by the patterns that are asked for, and read back by the code."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longtake.domain.files import LISTED
from longtake.vendors.alibaba.files import (
    INDIVIDUAL_NAME,
    MIXED_NAME,
    SLICE_SUFFIX,
    FileName,
    describe,
    is_recording,
    key_bytes,
    reported,
    task_folder,
)
from longtake.vendors.alibaba.wire.replies import RecordFileList

FOLDER = "rec/0123456789ab/a1/lt0123456789abcdef0123"
TASK = "73a1c0de-8501-4f00-8ac1-72295a000001"
START, AT = "2025-05-06-14:37:22", datetime(2025, 5, 6, 14, 37, 22, tzinfo=UTC)

times = st.datetimes(datetime(1000, 1, 2), datetime(9999, 12, 30)).map(  # noqa: DTZ001 - UTC is set
    lambda at: at.replace(microsecond=0, tzinfo=UTC)
)
sequences = st.integers(0, 10**12 - 1)
extensions = st.sampled_from(["m3u8", "mp4", "mp3"])
sources = st.sampled_from(["", "0", "1", "camera", "SCREEN-share"])


def rendered(pattern: str, **values: Any) -> str:
    """A pattern as the service fills it in."""
    known = {"StartTime": START, "SourceType": "0", "UserId": "ada", "Sequence": 7} | values
    return pattern.format_map({name: str(value) for name, value in known.items()})


@pytest.mark.parametrize(
    ("name", "kind", "user", "track", "begins_at"),
    [
        (f"{rendered(MIXED_NAME)}.m3u8", "playlist", "", "audio_video", AT),
        (f"{rendered(MIXED_NAME + SLICE_SUFFIX)}.ts", "segment", "", "audio_video", AT),
        (f"{rendered(MIXED_NAME)}.mp4", "mp4", "", "audio_video", AT),
        (f"{rendered(MIXED_NAME)}.mp3", "audio", "", "audio", AT),
        (f"{rendered(INDIVIDUAL_NAME)}.m3u8", "playlist", "ada", "audio_video", AT),
        (f"{rendered(INDIVIDUAL_NAME + SLICE_SUFFIX)}.ts", "segment", "ada", "audio_video", AT),
        (f"{rendered(INDIVIDUAL_NAME, UserId='a_b_7')}.mp4", "mp4", "a_b_7", "audio_video", AT),
        (f"{rendered(INDIVIDUAL_NAME, UserId='会议/ 7')}.mp4", "mp4", "会议/ 7", "audio_video", AT),
        (f"{rendered(INDIVIDUAL_NAME, SourceType='')}.mp4", "mp4", "ada", "audio_video", AT),
        # what the vendor's own samples look like
        (f"myappid_testroom_userA_{START}.m3u8", "playlist", "", "audio_video", AT),
        (f"myappid_testroom_{START}_3.ts", "segment", "", "audio_video", AT),
        # nothing of ours, or not quite
        (f"{START}_0_ada.ts", "segment", "", "audio_video", AT),
        (f"{START}_ada.m3u8", "playlist", "", "audio_video", AT),
        ("2025-13-06-14:37:22.m3u8", "playlist", "", "audio_video", None),
        ("notes.txt", "other", "", "audio_video", None),
        ("m3u8", "other", "", "audio_video", None),
    ],
)
def test_name_is_read_as_far_as_it_tells(
    name: str, kind: str, user: str, track: str, begins_at: datetime | None
) -> None:
    key = f"{FOLDER}/{TASK}/{name}"
    file = describe(key)
    assert (file.key, file.kind, file.user) == (key, kind, user)
    assert (file.track, file.begins_at) == (track, begins_at)


@pytest.mark.parametrize(
    ("source", "stream"),
    [
        *(("0", "primary"), ("", "primary"), ("camera", "primary")),
        *(("1", "substream"), ("screen", "substream"), ("SHARE", "substream")),
    ],
)
def test_a_shared_screen_is_the_substream(source: str, stream: str) -> None:
    name = f"{rendered(INDIVIDUAL_NAME + SLICE_SUFFIX, SourceType=source)}.ts"
    assert describe(f"{FOLDER}/{TASK}/{name}").stream == stream


def test_key_is_never_longer_than_it_was_reckoned() -> None:
    pattern, values = f"{INDIVIDUAL_NAME}{SLICE_SUFFIX}", {"UserId": "ä/{AppId}", "AppId": "x" * 99}
    name = FileName(AT, "m3u8", "screenshare", values["UserId"], 999_999_999)
    key = f"{FOLDER}/{TASK}/{name}"
    assert 0 <= key_bytes(FOLDER, pattern, **values) - len(key.encode()) < 10


def test_times_in_names_are_read_in_the_zone_that_is_set() -> None:
    file = describe(f"{START}.m3u8", timezone(timedelta(hours=8)))
    assert file.begins_at is not None
    assert (file.begins_at, file.begins_at.tzinfo) == (AT - timedelta(hours=8), UTC)


def test_time_at_the_end_of_the_calendar_is_none() -> None:
    assert describe("0001-01-01-00:00:00.mp4", timezone(timedelta(hours=8))).begins_at is None


@given(times, extensions)
def test_any_mixed_name_is_read_as_it_was_written(at: datetime, extension: str) -> None:
    name = FileName(at, extension)
    assert FileName.read(str(name)) == name


@given(times, sequences)
def test_any_mixed_slice_s_name_is_read_as_it_was_written(at: datetime, sequence: int) -> None:
    name = FileName(at, "ts", sequence=sequence)
    assert FileName.read(str(name)) == name


@given(times, extensions, sources, st.text(min_size=1, max_size=60))
def test_any_user_s_name_is_read_as_it_was_written(
    at: datetime, extension: str, source: str, user: str
) -> None:
    name = FileName(at, extension, source, user)
    assert FileName.read(str(name)) == name
    assert describe(f"{FOLDER}/{TASK}/{name}").user == user


@given(times, sources, st.text(min_size=1, max_size=60), sequences)
def test_any_user_s_slice_s_name_is_read_as_it_was_written(
    at: datetime, source: str, user: str, sequence: int
) -> None:
    name = FileName(at, "ts", source, user, sequence)
    assert FileName.read(str(name)) == name


@given(st.text(max_size=80) | st.from_regex(r"[0-9]{4}(-[0-9]{2}){3}(:[0-9]{2}){2}_.*"))
def test_no_name_breaks_the_reader(name: str) -> None:
    describe(name)
    task_folder(name, FOLDER)
    is_recording(name)


@pytest.mark.parametrize(
    ("key", "found"),
    [
        (f"{FOLDER}/{TASK}/{START}.m3u8", (TASK, f"{START}.m3u8")),
        (f"{FOLDER}/{TASK}/a/b.m3u8", (TASK, "a/b.m3u8")),
        (f"{FOLDER}/{TASK}/", None),
        (f"{FOLDER}/{TASK}", None),
        (f"{FOLDER}//a.m3u8", None),
        (f"{FOLDER}2/{TASK}/a.m3u8", None),
        (f"x/{FOLDER}/{TASK}/a.m3u8", None),
        ("", None),
    ],
)
def test_task_is_the_folder_below_the_attempt_s(key: str, found: tuple[str, str] | None) -> None:
    assert task_folder(key, FOLDER) == found


def listed(**lists: Any) -> RecordFileList:
    return RecordFileList.model_validate(lists)


@pytest.mark.parametrize(
    "name", [f"{FOLDER}/{TASK}/{START}.m3u8", f"{TASK}/{START}.m3u8", f"{START}.m3u8"]
)
def test_reported_name_becomes_a_whole_key(name: str) -> None:
    (file,) = reported(listed(HlsFileList=[name]), FOLDER, TASK)
    assert (file.key, file.begins_at) == (f"{FOLDER}/{TASK}/{START}.m3u8", AT)


def test_report_has_every_format_and_playlists_first() -> None:
    lists = {"Mp3FileList": ["a.mp3"], "Mp4FileList": ["a.mp4"], "HlsFileList": ["a.m3u8"]}
    files = reported(listed(**lists), FOLDER, TASK)
    assert [file.kind for file in files] == ["playlist", "mp4", "audio"]


@pytest.mark.parametrize(
    ("stream", "user", "track"),
    [
        ("Mix", "", "audio_video"),
        ("Single::ada::AV::C", "ada", "audio_video"),
        ("Single::ada::AV::S", "ada", "audio_video"),
        ("Single::ada::A", "ada", "audio"),
        ("Single::ada::V::S", "ada", "video"),
        ("Single::a::A::b::V::C", "a::A::b", "video"),
        ("Single::ada::X", "", "audio_video"),
        ("", "", "audio_video"),
    ],
)
def test_media_of_vod_are_told_by_stream(stream: str, user: str, track: str) -> None:
    entry = {"Stream": stream, "MediaIds": ["m1", "m2"], "MergedIds": ["all"]}
    files = reported(listed(VodMediaList=[entry]), FOLDER, TASK)
    assert [file.key for file in files] == ["all", "m1", "m2"]
    assert {(file.user, file.track, file.kind) for file in files} == {(user, track, "other")}


def test_long_list_keeps_its_playlists() -> None:
    lists = {"Mp4FileList": [f"{n}.mp4" for n in range(500)], "HlsFileList": ["a.m3u8"]}
    files = reported(listed(**lists), FOLDER, TASK)
    assert len(files) == LISTED
    assert files[0].kind == "playlist"

"""Names are composed here by the documented rules, and read back by the code."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from longtake.vendors.huawei.files import (
    Stream,
    describe,
    job_in,
    key_prefixes,
    playlist_began,
    recorder_id,
)

JOB = "608196a2fa1b2c3d515147f32ef463b0"
START = "2021-04-28-08-57-07"
AT = datetime(2021, 4, 28, 8, 57, 7, tzinfo=UTC)

jobs = st.from_regex(r"[0-9a-f]{32}", fullmatch=True)
ids = st.text(min_size=1, max_size=30)
plain_ids = st.from_regex(r"[A-Za-z0-9-]{1,20}", fullmatch=True)


def key(stream: str, extension: str = "m3u8", suffix: str = "") -> str:
    return f"app/hls/{stream}_{START}/{stream}_{START}{suffix}.{extension}"


@given(jobs, ids, st.one_of(st.just(""), ids))
def test_any_stream_s_name_is_read_as_it_was_written(job: str, room: str, user: str) -> None:
    stream = Stream(job, room, user)
    assert Stream.read(str(stream), room) == stream


@given(ids, ids)
def test_no_name_breaks_the_readers(name: str, room: str) -> None:
    Stream.read(name, room)
    job_in(name, room, room)
    describe(name)
    playlist_began(name)


@given(jobs, ids, st.one_of(st.just(""), ids))
def test_job_is_found_in_the_key_of_any_room_and_user(job: str, room: str, user: str) -> None:
    assert job_in(key(str(Stream(job, room, user))), room, user) == job


@given(jobs, plain_ids, plain_ids)
def test_user_is_read_where_the_name_leaves_no_doubt(job: str, room: str, user: str) -> None:
    assert describe(key(str(Stream(job, room, user)))).user == user


@given(jobs, ids, ids)
def test_user_that_is_read_is_the_user_or_nobody(job: str, room: str, user: str) -> None:
    assume(not {"/", "\n"} & {*room, *user})
    assume("2021" not in user)
    assert describe(key(str(Stream(job, room, user)))).user in {user, ""}


@pytest.mark.parametrize(
    ("name", "kind", "user", "begins_at"),
    [
        (key(f"m_{JOB}_standup"), "playlist", "", AT),
        (key(f"m_{JOB}_standup", "ts", "-3"), "segment", "", AT),
        (key(f"m_{JOB}_standup", "mp4"), "mp4", "", AT),
        (key(f"s_{JOB}_room_ada"), "playlist", "ada", AT),
        (key(f"s_{JOB}_room_ada", "ts", "_17"), "segment", "ada", AT),
        (f"s_{JOB}_room_ada.mp4", "mp4", "ada", None),
        (f"rec/s_{JOB}_room_ada/index.m3u8", "playlist", "ada", None),
        (key(f"s_{JOB}_my_room_ada"), "playlist", "", AT),  # or the room `my` and `room_ada`
        (key(f"m_{JOB}_s_1_room_ada"), "playlist", "", AT),
        (key(f"s_{JOB}_s_my_room_ada"), "playlist", "", AT),  # or the room `s`
        (f"s_1_room_ada/m_{JOB}_standup.ts", "segment", "", None),
        (f"rec-s_{JOB}_room_ada-{START}.mp4", "mp4", "ada", AT),
        (f"rec-s_{JOB}_room_ada-b{START}_17.ts", "segment", "ada-b", AT),
        (key(f"s_{JOB}_room_ada-{START}"), "playlist", f"ada-{START}", AT),
        (key(f"s_{JOB}_my_room_{START}"), "playlist", "", AT),
        (f"s_{JOB}_room_ada/hls/{START}.m3u8", "playlist", "ada", AT),
        (f"s_{JOB}_room_ada_{START[:-2]}61.ts", "segment", "ada", None),
        ("notes.txt", "other", "", None),
        ("m3u8", "playlist", "", None),
        ("", "other", "", None),
    ],
)
def test_name_is_read_as_far_as_it_tells(
    name: str, kind: str, user: str, begins_at: datetime | None
) -> None:
    file = describe(name)
    assert (file.key, file.kind, file.user, file.begins_at) == (name, kind, user, begins_at)
    assert file.track == "audio_video"


@pytest.mark.parametrize(
    "name",
    [
        key(f"m_{JOB}_a"),
        f"m_{JOB}_a.m3u8",
        f"rec/m_{JOB}_a/index.m3u8",
        f"rec-m_{JOB}_a-{START}.ts",
        f"x/m_{JOB}_a",
    ],
)
def test_job_is_found_however_the_rule_puts_names_together(name: str) -> None:
    assert job_in(name, "a", "") == JOB


@pytest.mark.parametrize(
    ("name", "room", "user"),
    [
        (key(f"m_{JOB}_a_b"), "a", ""),
        (key(f"m_{JOB}_ab"), "a", ""),
        (key(f"m_{JOB}_a.b"), "a", ""),
        (key(f"m_{JOB}_b_a"), "a", ""),
        (key(f"s_{JOB}_a_ada"), "a", ""),
        (key(f"m_{JOB}_a"), "a", "ada"),
        (key(f"s_{JOB}_a_ada"), "a", "bob"),
        (key(f"s_{JOB}_a_adam"), "a", "ada"),
        (f"xm_{JOB}_a.m3u8", "a", ""),
        (f"m_{JOB}_a.txt", "a", ""),
        (f"m__a_{START}.ts", "a", ""),
        ("", "a", ""),
    ],
)
def test_another_stream_s_file_tells_no_job(name: str, room: str, user: str) -> None:
    assert job_in(name, room, user) is None


@pytest.mark.parametrize(
    ("name", "room"),
    [
        (f"m_{JOB}_other", "standup"),
        (f"x_{JOB}_standup", "standup"),
        (f"s_{JOB}_standup", "standup"),
        ("m__standup", "standup"),
        ("", ""),
    ],
)
def test_name_of_no_stream_of_the_room_is_none(name: str, room: str) -> None:
    assert Stream.read(name, room) is None


@pytest.mark.parametrize(
    ("user", "recorder"), [("", "mix"), ("ada", "user:ada"), ("mix", "user:mix")]
)
def test_recorder_is_told_by_whom_it_records(user: str, recorder: str) -> None:
    assert Stream(JOB, "r", user).recorder == recorder_id(user) == recorder


STREAM = f"m_{JOB}_a"


@pytest.mark.parametrize(
    ("prefix", "stream", "begins"),
    [
        ("", STREAM, ("",)),
        ("rec/", STREAM, ("rec/",)),
        ("rec/{app_id}/", STREAM, ("rec/app/",)),
        ("{stream}", STREAM, (STREAM,)),
        ("rec/{stream}_{file_start_time}", STREAM, (f"rec/{STREAM}",)),
        ("{file_start_time}/{stream}", STREAM, ("",)),
        ("{stream}", f"m_{JOB}_{{record_format}}", (f"m_{JOB}_{{record_format}}",)),
        ("{stream}", f"m_{JOB}_{{stream}}{{", (f"m_{JOB}_{{stream}}{{",)),
        ("{stream}/{record_format}/", STREAM, (STREAM,)),
        ("rec/{record_format}", STREAM, ("rec/hls", "rec/mp4", "rec/HLS", "rec/MP4")),
        (
            "{app_id}/{record_format}/{stream}",
            "m_",
            ("app/hls/m_", "app/mp4/m_", "app/HLS/m_", "app/MP4/m_"),
        ),
    ],
)
def test_keys_are_looked_for_where_the_rule_puts_them(
    prefix: str, stream: str, begins: tuple[str, ...]
) -> None:
    assert key_prefixes(prefix, "app", stream) == begins


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("#EXTM3U\n#EXT-X-PROGRAM-DATE-TIME:2021-04-28T08:57:07.000Z\n#EXTINF:5,\na.ts\n", AT),
        ("#EXT-X-PROGRAM-DATE-TIME:2021-04-28T16:57:07+08:00", AT),
        ("#EXT-X-PROGRAM-DATE-TIME:soon", None),
        ("#EXTM3U\na.ts", None),
    ],
)
def test_playlist_s_own_tag_tells_when_it_began(text: str, at: datetime | None) -> None:
    assert playlist_began(text) == at

"""Names, playlists and lists of TRTC's files."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from longtake.emulator.stage import Stage, TrackKey
from longtake.emulator.takes import Slice, Track
from longtake.vendors.tencent.emulator.credentials import SDK_APP_ID
from longtake.vendors.tencent.emulator.films import films
from longtake.vendors.tencent.emulator.naming import Names, encoded
from longtake.vendors.tencent.emulator.playlists import playlist
from longtake.vendors.tencent.emulator.rooms import Room
from tests.emulator.trtc import BUCKET, CANVAS, LaunchTrtc, Trtc

BEGAN = datetime(2023, 11, 14, 22, 13, 20, 123_000, UTC)
NAMES = Names("rec/2024/task/", 1_400_000_123, Room("7007", numeric=True))
MIXED, ALICE = TrackKey(None, "both"), TrackKey("alice", "video")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1686119", "MTY4NjExOQ.."),
        ("alice", "YWxpY2U."),
        ("room-7", "cm9vbS03"),
        ("user>>1", "dXNlcj4+MQ.."),
        ("ÿÿÿ?", "w7-Dv8O-Pw.."),
    ],
)
def test_ids_in_names_are_base64_of_their_own_kind(text: str, expected: str) -> None:
    assert encoded(text) == expected


@pytest.mark.parametrize(
    ("generation", "key", "expected"),
    [
        (0, MIXED, "1400000123_7007"),
        (2, MIXED, "ha2_1400000123_7007"),
        (0, ALICE, "1400000123_7007__UserId_s_YWxpY2U.__UserId_e_main_video"),
        (
            3,
            TrackKey("alice", "audio"),
            "ha3_1400000123_7007__UserId_s_YWxpY2U.__UserId_e_main_audio",
        ),
        (
            0,
            TrackKey("alice", "video", "aux"),
            "1400000123_7007__UserId_s_YWxpY2U.__UserId_e_aux_video",
        ),
        (
            0,
            TrackKey("alice", "both"),
            "1400000123_7007__UserId_s_YWxpY2U.__UserId_e_main_audio_video",
        ),
    ],
)
def test_tracks_are_named_by_the_documented_patterns(
    generation: int, key: TrackKey, expected: str
) -> None:
    assert NAMES.track(generation, key) == f"rec/2024/task/{expected}"


def test_a_string_room_is_encoded_and_a_numeric_one_is_not() -> None:
    text = Names("", 1, Room("room-7", numeric=False))
    assert text.track(0, MIXED) == "1_cm9vbS03"
    assert Names("", 1, Room("7", numeric=False)).track(0, MIXED) == "1_Nw.."


def track(key: TrackKey, seconds: list[float], generation: int = 0) -> Track:
    """Slices one after another."""
    made = Track(NAMES.track(generation, key), key, generation)
    at, stage = BEGAN, Stage(1280, 720, (), frozenset())
    for length in seconds:
        name = f"{made.stem}_{at:%Y%m%d%H%M%S}{at.microsecond // 1000:03}.ts"
        end = at + timedelta(seconds=length)
        gap, pts = False, made.seconds
        made.slices.append(Slice(made, name, at, end, gap, not made.slices, pts, ((at, stage),)))
        made.seconds += length
        at = end
    return made


def test_a_playlist_has_the_documented_tags_and_those_of_production() -> None:
    mine = track(ALICE, [10.08])
    assert playlist(mine, mine.slices, ended=True, comma=False).splitlines() == [
        "#EXTM3U",
        "#EXT-X-VERSION:3",
        "#EXT-X-ALLOW-CACHE:NO",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-TARGETDURATION:11",
        "#EXT-X-TRTC-VERSION:1.0",
        "#EXT-X-TRTC-START-REC-TIME:1700000000123",
        "#EXT-X-TRTC-DATE:2023-11-14T22:13:20Z",
        "#EXT-X-TRTC-USER-ID:alice",
        "#EXT-X-TRTC-MEDIA-ID:main",
        "#EXT-X-TRTC-MIX-STREAM:0",
        "#EXT-X-TRTC-STREAM-TYPE:1",
        "#EXT-X-TRTC-VIDEO-METADATA:WIDTH:1280 HEIGHT:720",
        "#EXT-X-TRTC-FILE-ATTR:1700000000123,630000",
        "#EXTINF:10.080",
        "1400000123_7007__UserId_s_YWxpY2U.__UserId_e_main_video_20231114221320123.ts",
        "#EXT-X-ENDLIST",
    ]


def test_extinf_may_end_in_a_comma() -> None:
    mine = track(MIXED, [2.0])
    assert "#EXTINF:2.000,\n" in playlist(mine, mine.slices, ended=False, comma=True)


def test_a_user_id_of_several_lines_stays_in_its_tag() -> None:
    mine = track(TrackKey("a\n#EXT-X-ENDLIST", "audio"), [2.0])
    text = playlist(mine, mine.slices, ended=False, comma=False)
    assert "#EXT-X-ENDLIST" not in text.splitlines()


def film_names(tracks: list[Track], extension: str = "mp4", limit: float = 1e9) -> list[list[str]]:
    slices = [piece for made in tracks for piece in made.slices]
    found = films(slices, NAMES, extension, limit)
    return [[part.name.removeprefix("rec/2024/task/") for part in film] for film in found]


def test_a_film_has_a_number_only_when_it_was_split() -> None:
    assert film_names([track(MIXED, [10, 10, 10])]) == [["1400000123_7007.mp4"]]
    assert film_names([track(MIXED, [10, 10, 10])], limit=20) == [
        ["1400000123_7007_1.mp4", "1400000123_7007_2.mp4"]
    ]


def test_audio_and_video_of_a_stream_become_one_film() -> None:
    tracks = [track(TrackKey("alice", "audio"), [10, 10]), track(ALICE, [10])]
    tracks.append(track(TrackKey("alice", "video", "aux"), [10]))
    stem = "1400000123_7007__UserId_s_YWxpY2U.__UserId_e_"
    assert film_names(tracks) == [[f"{stem}main.mp4"], [f"{stem}aux.mp4"]]
    slices = [piece for made in tracks for piece in made.slices]
    (part,), (aux,) = films(slices, NAMES, "mp4", 1e9)
    assert [piece.first_pts for piece in part.pieces] == [0, 10]
    assert (part.key.kind, aux.key.kind) == ("both", "video")
    assert part.ended - part.began == timedelta(seconds=20)


def test_a_recovered_film_does_not_overwrite_the_first() -> None:
    tracks = [track(MIXED, [10]), track(MIXED, [10], generation=1)]
    assert film_names(tracks) == [["1400000123_7007.mp4"], ["ha1_1400000123_7007.mp4"]]


def test_aac_files_have_no_pictures() -> None:
    tracks = [track(TrackKey("alice", "audio"), [10]), track(ALICE, [10])]
    stem = "1400000123_7007__UserId_s_YWxpY2U.__UserId_e_"
    assert film_names(tracks, "aac") == [[f"{stem}main.aac"]]
    assert film_names([track(ALICE, [10])], "aac") == []


# -- what tasks make -----------------------------------------------------------------------------


async def names(trtc: Trtc, task: str) -> list[str]:
    """What the task made, in order of appearance, with times struck out."""
    keys = await trtc.files()
    assert all(key.startswith(f"{task}/") for key in keys)
    return list(dict.fromkeys(re.sub(r"_\d{17}", "_T", key.split("/")[1]) for key in keys))


@pytest.mark.parametrize(
    ("output", "extensions"),
    [
        (0, [".m3u8", "_T.ts"]),
        (1, [".m3u8", ".mp4", "_T.ts"]),
        (2, [".aac", ".m3u8", "_T.ts"]),
        (3, [".mp4"]),
        (4, [".aac"]),
        ("hls+mp4", [".m3u8", ".mp4", "_T.ts"]),
    ],
)
async def test_the_output_format_decides_which_files_there_are(
    trtc: Trtc, output: object, extensions: list[str]
) -> None:
    task = await trtc.recording(params={"OutputFormat": output})
    await trtc.finished(task)
    expected = [f"{SDK_APP_ID}_7007{extension}" for extension in extensions]
    assert sorted(await names(trtc, task)) == expected


async def test_single_stream_recording_makes_files_per_user_and_medium(trtc: Trtc) -> None:
    await trtc.room("7007", {"user": "alice", "screen": True}, {"user": "bob", "video": False})
    task = await trtc.recording(mode=1)
    await trtc.finished(task)
    stem = f"{SDK_APP_ID}_7007__UserId_s_{{}}__UserId_e_{{}}.m3u8"
    playlists = sorted(name for name in await names(trtc, task) if name.endswith(".m3u8"))
    assert playlists == [
        stem.format("YWxpY2U.", "aux_video"),
        stem.format("YWxpY2U.", "main_audio"),
        stem.format("YWxpY2U.", "main_video"),
        stem.format("Ym9i", "main_audio"),
    ]


async def test_av_merge_makes_one_playlist_of_a_stream(trtc: Trtc) -> None:
    await trtc.room("7007", {"user": "alice", "screen": True})
    task = await trtc.recording(mode=1, params={"AvMerge": 1})
    await trtc.advance(12)
    files = (await trtc.describe(task))["StorageFileList"]
    assert sorted((f["UserId"], f["TrackType"]) for f in files) == [
        ("alice", "audio_video"),
        ("alice", "video"),
    ]


async def test_describe_lists_every_playlist_with_its_begin(trtc: Trtc) -> None:
    task = await trtc.recording()
    assert (await trtc.describe(task))["StorageFileList"] == []
    await trtc.advance(11)
    (file,) = (await trtc.describe(task))["StorageFileList"]
    began = file.pop("BeginTimeStamp")
    assert file == {
        "UserId": "",
        "FileName": f"{SDK_APP_ID}_7007.m3u8",
        "TrackType": "audio_video",
    }
    up = datetime.fromisoformat((await trtc.tasks())[0]["started_at"]).timestamp() * 1000
    assert abs(began - up) < 2
    first = next(name for name in await trtc.files() if name.endswith(".ts"))
    stamp = datetime.fromtimestamp(began / 1000, UTC)
    assert f"_{stamp:%Y%m%d%H%M%S}{stamp.microsecond // 1000:03}.ts" in first


@pytest.mark.parametrize(("stream_type", "kind"), [(0, "audio_video"), (1, "audio"), (2, "video")])
async def test_a_mixed_playlist_is_of_the_chosen_media(
    trtc: Trtc, stream_type: int, kind: str
) -> None:
    task = await trtc.recording(params={"StreamType": stream_type})
    await trtc.advance(11)
    (file,) = (await trtc.describe(task))["StorageFileList"]
    assert file["TrackType"] == kind


async def test_an_empty_file_list_may_be_null(launch_trtc: LaunchTrtc) -> None:
    trtc = await launch_trtc(options={"null_file_list": True})
    task = await trtc.recording()
    assert (await trtc.describe(task))["StorageFileList"] is None
    await trtc.advance(11)
    assert (await trtc.describe(task))["StorageFileList"]


async def test_the_prefix_precedes_the_task_id(trtc: Trtc) -> None:
    storage: dict[str, Any] = {"CloudStorage": {**BUCKET, "FileNamePrefix": ["rec", "2024_a-B"]}}
    task = await trtc.recording("standup", RoomIdType=0, storage=storage)
    await trtc.advance(15)
    folder = f"rec/2024_a-B/{task}/"
    assert {name[: len(folder)] for name in await trtc.files()} == {folder}
    assert f"{folder}{SDK_APP_ID}_c3RhbmR1cA...m3u8" in await trtc.files()


async def test_long_films_are_split_by_their_minutes(trtc: Trtc) -> None:
    params = {"OutputFormat": 3, "MaxMediaFileDuration": 1}
    task = await trtc.recording(params=params, MixTranscodeParams={"VideoParams": CANVAS})
    await trtc.finished(task, after=95)
    assert await names(trtc, task) == [f"{SDK_APP_ID}_7007_{n}.mp4" for n in (1, 2)]


async def test_a_change_of_subscription_changes_what_is_recorded(trtc: Trtc) -> None:
    task = await trtc.recording(mode=1, params={"StreamType": 1})
    await trtc.advance(11)
    lists = {"UnSubscribeAudioUserIds": ["alice"]}
    await trtc.modify(task, SubscribeStreamUserIds=lists)
    await trtc.advance(40)
    slices = [name for name in await trtc.files() if name.endswith(".ts")]
    alice, bob = ([s for s in slices if encoded(user) in s] for user in ("alice", "bob"))
    assert len(bob) > len(alice) >= 1
    await trtc.modify(task)
    await trtc.advance(40)
    later = [name for name in await trtc.files() if name.endswith(".ts") and name not in slices]
    assert any(encoded("alice") in name for name in later)

"""Alibaba's files: their names, which there are, and when; without media."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from longtake.vendors.alibaba.emulator.credentials import APP_ID
from tests.emulator.alibaba_client import Artc, emulated_artc, entries, individual, oss

TIME = r"\d{4}-\d\d-\d\d-\d\d:\d\d:\d\d"
SCREEN = {"UserId": "alice", "SourceType": 1}
VOD = {"StorageType": 2, "VodParams": {"AutoCompose": 1}}


@pytest.fixture(scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Artc]:
    async with emulated_artc(tmp_path_factory.mktemp("artc")) as emulator:
        yield emulator


@pytest.fixture
async def artc(shared: Artc) -> Artc:
    return await shared.anew()


def fits(name: str, pattern: str, task: str) -> bool:
    """``pattern``: TASK, APP and TIME stand for themselves."""
    text = re.escape(pattern).replace("TASK", task).replace("APP", re.escape(APP_ID))
    return re.fullmatch(text.replace("TIME", TIME), name) is not None


async def taken(artc: Artc, after: float = 25, **changed: Any) -> tuple[str, dict[str, Any]]:
    """A finished task, and its lists of files."""
    task = await artc.recording(**changed)
    await artc.finished(task, after)
    assert await artc.status(task) == "STOPPED"
    return task, await artc.listed(task)


async def test_hls_is_made_unless_asked_for_otherwise(artc: Artc) -> None:
    task, listed = await taken(artc, 65)
    (playlist,) = listed["HlsFileList"]
    assert fits(playlist, "TASK/APP_standup_TIME.m3u8", task)
    slices = [name for name in await artc.files() if name.endswith(".ts")]
    assert [fits(name, f"TASK/APP_standup_TIME_{n}.ts", task) for n, name in enumerate(slices)] == [
        True,
        True,
        True,
    ]
    assert (listed["Mp4FileList"], listed["Mp3FileList"], listed["VodMediaList"]) == ([], [], [])


async def test_hls_is_made_beside_what_was_asked_for(artc: Artc) -> None:
    files = oss({"Format": "MP4", "FilePathPrefix": ["a", "b"]}, {"Format": "MP3"})
    task, listed = await taken(artc, StorageParams=files)
    assert fits(listed["HlsFileList"][0], "TASK/APP_standup_TIME.m3u8", task)
    assert fits(listed["Mp4FileList"][0], "a/b/TASK/APP_standup_TIME.mp4", task)
    assert fits(listed["Mp3FileList"][0], "TASK/APP_standup_TIME.mp3", task)


async def test_individual_recording_makes_files_of_each_stream(artc: Artc) -> None:
    files = oss({"Format": "HLS", "FilePathPrefix": ["lt-1"]}, {"Format": "MP4"})
    task, listed = await taken(artc, StorageParams=files, **individual("alice", "bob"))
    for user in ("alice", "bob"):
        hls, mp4 = f"lt-1/TASK/APP_standup_{user}_TIME.m3u8", f"TASK/APP_standup_{user}_TIME.mp4"
        assert any(fits(name, hls, task) for name in listed["HlsFileList"])
        assert any(fits(name, mp4, task) for name in listed["Mp4FileList"])
    assert (len(listed["HlsFileList"]), len(listed["Mp4FileList"])) == (2, 2)


async def test_patterns_name_files_and_slices(artc: Artc) -> None:
    await artc.room("room/7", {"user": "a/b", "screen": True})
    pattern = "{SourceType}-{UserId}-{ChannelId}"
    files = oss(
        {
            "Format": "HLS",
            "FileNamePattern": pattern,
            "SliceNamePattern": f"{pattern}-{{Sequence}}",
            "SliceDuration": 10,
        }
    )
    streams = individual("a/b", {"UserId": "a/b", "SourceType": 1})
    task = await artc.recording("room/7", StorageParams=files, **streams)
    await artc.finished(task, 15)
    assert sorted(await artc.files()) == [
        f"{task}/{name}"
        for source in ("0", "1")
        for name in (
            f"{source}-a_b-room_7-0.ts",
            f"{source}-a_b-room_7-1.ts",
            f"{source}-a_b-room_7.m3u8",
        )
    ]


async def test_options_say_how_sources_and_times_are_written(tmp_path: Path) -> None:
    options = {"source_names": ["camera", "screen"], "start_time_offset": 8}
    async with emulated_artc(tmp_path, options=options) as artc:
        files = oss({"Format": "HLS", "FileNamePattern": "{SourceType}_{StartTime}"})
        task, listed = await taken(artc, StorageParams=files, **individual("alice"))
        (row,) = await artc.tasks()
        hour = (int(row["created_at"][11:13]) + 8) % 24
        name = listed["HlsFileList"][0].removeprefix(f"{task}/")
        assert re.fullmatch(rf"camera_\d{{4}}-\d\d-\d\d-{hour:02}:.*", name)


async def test_a_long_recording_is_split(artc: Artc) -> None:
    record = {"RecordMode": 1, "MaxFileDuration": 180}
    files = oss({"Format": "HLS"}, {"Format": "MP4"})
    task = await artc.recording(RecordParams=record, StorageParams=files)
    await artc.advance(200)
    assert [len((await artc.listed(task))[f"{kind}FileList"]) for kind in ("Hls", "Mp4")] == [1, 1]
    await artc.advance(200)
    await artc.finished(task, 30)
    listed = await artc.listed(task)
    assert [len(listed[f"{kind}FileList"]) for kind in ("Hls", "Mp4")] == [3, 3]
    names = await artc.files()
    assert len(names) == len(set(names))


async def test_files_without_a_time_are_numbered_where_they_are_split(artc: Artc) -> None:
    record = {"RecordMode": 1, "MaxFileDuration": 180}
    files = oss({"Format": "HLS", "FileNamePattern": "take"})
    task, listed = await taken(artc, 190, RecordParams=record, StorageParams=files)
    assert listed["HlsFileList"] == [f"{task}/take.m3u8", f"{task}/take_2.m3u8"]


async def test_lists_grow_until_the_task_is_stopped(artc: Artc) -> None:
    files = oss({"Format": "HLS"}, {"Format": "MP4"})
    task = await artc.recording(StorageParams=files)
    assert (await artc.listed(task))["HlsFileList"] == []
    await artc.advance(35)
    assert len((await artc.listed(task))["HlsFileList"]) == 1
    await artc.stop(task)
    assert (await artc.listed(task))["Mp4FileList"] == []
    await artc.advance(2)
    assert await artc.status(task) == "STOPPED"
    assert len((await artc.listed(task))["Mp4FileList"]) == 1


async def test_a_user_who_comes_late_has_files_from_then_on(artc: Artc) -> None:
    await artc.room("standup", "alice")
    task = await artc.recording(**individual("alice", "bob"))
    await artc.advance(31)
    assert len((await artc.listed(task))["HlsFileList"]) == 1
    await artc.room("standup", "alice", "bob")
    await artc.finished(task)
    assert len((await artc.listed(task))["HlsFileList"]) == 2


async def test_who_is_not_subscribed_is_not_recorded(artc: Artc) -> None:
    await artc.room("standup", "alice", "mallory")
    _, listed = await taken(artc, **individual("alice"))
    assert len(listed["HlsFileList"]) == 1
    assert "alice" in listed["HlsFileList"][0]


async def test_a_mixed_task_in_which_nobody_sends_makes_no_files(artc: Artc) -> None:
    await artc.room("standup", {"user": "alice", "audio": False, "video": False})
    _, listed = await taken(artc)
    assert listed["HlsFileList"] == []


async def test_two_sets_of_hls_are_cut_each_in_its_own_time(artc: Artc) -> None:
    files = oss(
        {"Format": "HLS", "SliceDuration": 10, "FilePathPrefix": ["short"]},
        {"Format": "HLS", "SliceDuration": 30, "FilePathPrefix": ["long"]},
        {"Format": "MP4"},
    )
    _, listed = await taken(artc, 58, StorageParams=files)
    slices = [name for name in await artc.files() if name.endswith(".ts")]
    assert [sum(n.startswith(level) for n in slices) for level in ("short", "long")] == [6, 2]
    assert (len(listed["HlsFileList"]), len(listed["Mp4FileList"])) == (2, 1)


async def test_an_option_leaves_individual_video_without_mp4(tmp_path: Path) -> None:
    files = oss({"Format": "MP4"}, {"Format": "MP3"})
    async with emulated_artc(tmp_path, options={"mp4_in_individual": False}) as artc:
        _, listed = await taken(artc, StorageParams=files, **individual("alice"))
        assert (listed["Mp4FileList"], len(listed["Mp3FileList"])) == ([], 1)


# --- VOD ------------------------------------------------------------------------------------------


async def test_vod_tells_media_of_each_stream_and_writes_nothing(artc: Artc) -> None:
    await artc.room("standup", {"user": "alice", "screen": True}, "bob")
    bob = {"UserId": "bob", "StreamType": 1}
    task = await artc.recording(StorageParams=VOD, **individual("alice", SCREEN, bob))
    await artc.advance(35)
    media = (await artc.listed(task))["VodMediaList"]
    assert [(m["Stream"], len(m["MediaIds"]), m["MergedIds"]) for m in media] == [
        ("Single::alice::AV::S", 1, []),
        ("Single::alice::AV::C", 1, []),
        ("Single::bob::A", 1, []),
    ]
    await artc.finished(task)
    media = (await artc.listed(task))["VodMediaList"]
    assert [len(m["MergedIds"]) for m in media] == [1, 1, 1]
    assert await artc.files() == []


async def test_vod_has_a_medium_for_each_file_of_a_mixed_recording(artc: Artc) -> None:
    record = {"RecordMode": 1, "MaxFileDuration": 180}
    storage = {"StorageType": 2, "VodParams": {"AutoCompose": 0}}
    task = await artc.recording(StorageParams=storage, RecordParams=record)
    await artc.advance(400)
    await artc.stop(task)
    assert await artc.status(task) == "STOPPING"
    await artc.advance(6)
    assert await artc.status(task) == "STOPPED"
    (media,) = (await artc.listed(task))["VodMediaList"]
    assert (media["Stream"], len(media["MediaIds"]), media["MergedIds"]) == ("Mix", 3, [])


async def test_the_streams_of_a_mixed_recording_may_change(artc: Artc) -> None:
    await artc.room("standup", {"user": "alice", "audio": False, "video": False}, "bob")
    audio = {"RecordMode": 1, "StreamType": 1}
    task = await artc.recording(
        RecordParams=audio, SubscribeParams=entries("alice"), MixLayoutParams=None
    )
    await artc.advance(20)
    await artc.update(task, SubscribeParams=entries("bob"))
    await artc.finished(task, 20)
    assert len((await artc.listed(task))["HlsFileList"]) == 1

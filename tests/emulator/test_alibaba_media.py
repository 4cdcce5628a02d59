"""Alibaba's files: they play, and show who was where when."""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from longtake.emulator.media.participants import colour, tone
from longtake.emulator.rooms import screen_of
from longtake.emulator.stage import Cell
from longtake.vendors.alibaba.emulator.layouts import MixLayoutParams
from longtake.vendors.alibaba.emulator.record_params import SubscribeParams
from longtake.vendors.alibaba.emulator.staging import place
from tests.emulator.alibaba_client import HALVES, Artc, emulated_artc, entries, individual, oss

LEFT, RIGHT, MIDDLE = (80, 90), (240, 90), (160, 90)
BLACK, DARK = (0, 0, 0), (44, 46, 52)
SCREEN = {"UserId": "alice", "SourceType": 1}
SHORT = {"Format": "HLS", "SliceDuration": 10}


@pytest.fixture(scope="module")
async def with_media(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Artc]:
    async with emulated_artc(tmp_path_factory.mktemp("media"), media=True) as emulator:
        yield emulator


@pytest.fixture
async def artc(with_media: Artc) -> Artc:
    await with_media.anew()
    shutil.rmtree(with_media.data, ignore_errors=True)  # task ids begin anew, and so would files
    return with_media


async def files(artc: Artc, extension: str) -> list[Path]:
    return [artc.data / "takes" / n for n in await artc.files() if n.endswith(extension)]


def kinds(file: Path) -> list[str]:
    with av.open(str(file)) as container:
        return sorted(stream.type for stream in container.streams)


def sound(file: Path) -> np.ndarray[Any, Any]:
    with av.open(str(file)) as container:
        return np.concatenate([f.to_ndarray()[0] for f in container.decode(audio=0)])


def seconds(file: Path) -> float:
    return sound(file).size / 48_000


def level(file: Path, user: str) -> float:
    """How loud a user's tone is, of full scale, in the best second."""
    seconds = sound(file)
    turns = np.exp(-2j * np.pi * tone(user) * np.arange(48_000) / 48_000)
    whole = seconds[: seconds.size // 48_000 * 48_000].reshape(-1, 48_000)
    return float((2 * np.abs(whole @ turns) / 48_000).max())


def pixel(file: Path, at: tuple[int, int], frame: int) -> tuple[int, ...]:
    with av.open(str(file)) as container:
        for index, picture in enumerate(container.decode(video=0)):
            if index == frame:
                return tuple(int(v) for v in picture.to_ndarray(format="rgb24")[at[1], at[0]])
    raise AssertionError(f"{file.name} has no frame {frame}")


def like(seen: tuple[int, ...], wanted: tuple[int, int, int]) -> bool:
    return bool(np.abs(np.array(seen) - np.array(wanted)).max() < 30)


def shows(file: Path, at: tuple[int, int], user: str, frame: int = 10) -> bool:
    return like(pixel(file, at, frame), colour(user))


async def test_playlist_mp4_and_mp3_play_the_whole_recording(artc: Artc) -> None:
    wish = oss(SHORT, {"Format": "MP4"}, {"Format": "MP3"})
    await artc.finished(await artc.recording(StorageParams=wish), 14)
    (playlist,), (film,), (voices,) = [await files(artc, end) for end in ("m3u8", "mp4", "mp3")]
    assert playlist.read_text().endswith("#EXT-X-ENDLIST\n")
    assert (kinds(film), kinds(voices)) == (["audio", "video"], ["audio"])
    assert 13 < seconds(playlist) < 16
    for file in (film, voices):
        assert abs(seconds(file) - seconds(playlist)) < 0.3
        assert level(file, "alice") > 0.1
        assert level(file, "bob") > 0.1
        assert level(file, "mallory") < 0.02
    assert shows(film, LEFT, "alice")
    assert shows(film, RIGHT, "bob")


async def test_an_update_is_seen_at_its_time(artc: Artc) -> None:
    task = await artc.recording(StorageParams=oss(SHORT))
    await artc.advance(4)
    swapped = [
        {**pane, "UserId": user} for pane, user in zip(HALVES, ("bob", "alice"), strict=True)
    ]
    groups = {"SubscribeParams": entries("alice", "bob"), "MixLayoutParams": {"UserPanes": swapped}}
    assert "Code" not in await artc.update(task, **groups)
    await artc.advance(8)
    file, *_ = await files(artc, "ts")
    assert [shows(file, LEFT, "alice", 10), shows(file, RIGHT, "bob", 10)] == [True, True]
    assert [shows(file, LEFT, "bob", 80), shows(file, RIGHT, "alice", 80)] == [True, True]


async def test_who_has_no_window_is_heard_but_not_seen(artc: Artc) -> None:
    layout = {"UserPanes": HALVES[:1]}
    await artc.recording(StorageParams=oss(SHORT), MixLayoutParams=layout)
    await artc.advance(12)
    file, *_ = await files(artc, "ts")
    assert shows(file, LEFT, "alice")
    assert like(pixel(file, RIGHT, 10), BLACK)
    assert level(file, "bob") > 0.1


@pytest.mark.parametrize("streams", [["alice", SCREEN], [SCREEN, "alice"], [SCREEN]], ids=len)
async def test_camera_and_screen_of_a_user_are_heard_once(artc: Artc, streams: list[Any]) -> None:
    await artc.room("standup", {"user": "alice", "screen": True})
    layout = {"UserPanes": [{**SCREEN, "Width": "1", "Height": "1"}]}
    await artc.recording(
        StorageParams=oss(SHORT), SubscribeParams=entries(*streams), MixLayoutParams=layout
    )
    await artc.advance(12)
    file, *_ = await files(artc, "ts")
    assert shows(file, MIDDLE, screen_of("alice"))
    assert level(file, "alice") > 0.1
    assert level(file, screen_of("alice")) < 0.02


async def test_the_window_of_who_is_away_is_dark_and_the_recording_goes_on(artc: Artc) -> None:
    await artc.recording(StorageParams=oss(SHORT))
    await artc.advance(4)
    await artc.room("standup", "alice")
    await artc.advance(8)
    file, *_ = await files(artc, "ts")
    assert shows(file, RIGHT, "bob", 10)
    assert like(pixel(file, RIGHT, 80), DARK)
    assert shows(file, LEFT, "alice", 80)


async def test_audio_alone_is_sound_alone(artc: Artc) -> None:
    wish = oss(SHORT, {"Format": "MP4"}, {"Format": "MP3"})
    record = {"RecordMode": 1, "StreamType": 1}
    task = await artc.recording(StorageParams=wish, RecordParams=record, MixLayoutParams=None)
    await artc.finished(task, 12)
    for end in ("m3u8", "mp4", "mp3"):
        (file,) = await files(artc, end)
        assert kinds(file) == ["audio"]


async def test_video_alone_has_no_mp3(artc: Artc) -> None:
    wish = oss(SHORT, {"Format": "MP3"})
    task = await artc.recording(StorageParams=wish, RecordParams={"RecordMode": 1, "StreamType": 2})
    await artc.finished(task, 12)
    assert kinds((await files(artc, "m3u8"))[0]) == ["video"]
    assert await files(artc, "mp3") == []


async def test_individual_files_hold_one_stream_each(artc: Artc) -> None:
    await artc.room("standup", {"user": "alice", "screen": True}, "bob")
    pattern = "{UserId}-{SourceType}"
    hls = {**SHORT, "FileNamePattern": pattern, "SliceNamePattern": f"{pattern}-{{Sequence}}"}
    streams = individual("alice", SCREEN, {"UserId": "bob", "StreamType": 1})
    await artc.finished(await artc.recording(StorageParams=oss(hls), **streams), 5)
    found = {file.name: file for file in await files(artc, "m3u8")}
    assert {name: kinds(file) for name, file in found.items()} == {
        "alice-0.m3u8": ["audio", "video"],
        "alice-1.m3u8": ["audio", "video"],
        "bob-0.m3u8": ["audio"],
    }
    assert shows(found["alice-0.m3u8"], MIDDLE, "alice")
    assert shows(found["alice-1.m3u8"], MIDDLE, screen_of("alice"))


async def test_an_interrupted_stream_is_padded(artc: Artc) -> None:
    task = await artc.recording(StorageParams=oss(SHORT), **individual("alice"))
    await artc.advance(3)
    await artc.room("standup")
    await artc.advance(3)
    await artc.room("standup", "alice")
    await artc.finished(task, 5)
    (playlist,) = await files(artc, "m3u8")
    assert 10.5 < seconds(playlist) < 12.5
    assert "#EXT-X-DISCONTINUITY" not in playlist.read_text()
    assert shows(playlist, MIDDLE, "alice", 10)
    assert not shows(playlist, MIDDLE, "alice", 50)
    assert shows(playlist, MIDDLE, "alice", 90)


async def test_a_recovery_leaves_a_gap(artc: Artc) -> None:
    task = await artc.recording(StorageParams=oss(SHORT))
    await artc.advance(4)
    await artc.fault("migrate", "now", seconds=20)
    await artc.advance(20)
    await artc.finished(task, 4)
    (playlist,) = await files(artc, "m3u8")
    assert 7 < seconds(playlist) < 10
    assert playlist.read_text().count("#EXT-X-DISCONTINUITY") == 1


async def test_each_file_of_a_split_recording_is_whole(artc: Artc) -> None:
    record = {"RecordMode": 1, "StreamType": 1, "MaxFileDuration": 180}
    wish = oss({"Format": "HLS"}, {"Format": "MP4"})
    task = await artc.recording(StorageParams=wish, RecordParams=record, MixLayoutParams=None)
    for _ in range(8):
        await artc.advance(27)
    first, second = await files(artc, "m3u8")
    assert first.read_text().endswith("#EXT-X-ENDLIST\n")
    assert not second.read_text().endswith("#EXT-X-ENDLIST\n")
    await artc.finished(task, 1)
    lengths = [seconds(file) for file in await files(artc, "mp4")]
    assert lengths == pytest.approx([180, 37], abs=1)


# --- where windows are ----------------------------------------------------------------------------


def placed(subscribed: dict[str, Any], joined: list[str], *panes: dict[str, Any]) -> list[Cell]:
    layout = MixLayoutParams.model_validate({"UserPanes": list(panes)})
    wanted = SubscribeParams.model_validate(subscribed).subscribe_user_id_list
    return list(place(layout, wanted, joined))


def test_windows_lie_in_the_order_of_their_layers() -> None:
    top = {"UserId": "bob", "X": "0.7", "Y": "0.1", "Width": "0.2", "Height": "0.2", "ZOrder": 1}
    whole = {"UserId": "alice", "Width": "1", "Height": "1"}
    assert placed(entries("alice", "bob"), [], top, whole) == [
        Cell(0, 0, 1, 1, "alice"),
        Cell(0.7, 0.1, 0.2, 0.2, "bob"),
    ]


def test_windows_without_user_fill_in_order_of_joining() -> None:
    pane = {"Width": "0.5", "Height": "0.5"}
    subscribed = entries("alice", SCREEN, "bob", "carol", {"UserId": "dan", "StreamType": 1})
    mine = {**pane, "UserId": "carol"}
    cells = placed(
        subscribed, ["dan", "carol", "bob", "eve", "alice"], pane, mine, pane, pane, pane
    )
    assert [cell.user for cell in cells] == ["bob", "carol", "alice", screen_of("alice"), None]


def test_a_window_without_size_is_not_shown() -> None:
    assert placed(entries("alice"), ["alice"], {"UserId": "alice", "Width": "1"}) == []


def test_a_window_ends_at_the_edge_of_the_canvas() -> None:
    pane = {"UserId": "alice", "X": "0.75", "Y": "0.5", "Width": "0.5", "Height": "1"}
    assert placed(entries("alice"), ["alice"], pane) == [Cell(0.75, 0.5, 0.25, 0.5, "alice")]

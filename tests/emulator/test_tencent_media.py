"""TRTC's files: they play, and show who was where when."""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from longtake.emulator.media.participants import colour
from longtake.emulator.rooms import screen_of
from longtake.vendors.tencent.emulator.credentials import SDK_APP_ID
from tests.emulator.trtc import CANVAS, Trtc, emulated_trtc

LEFT, RIGHT = (80, 90), (240, 90)
ON_A_CANVAS: dict[str, Any] = {"MixTranscodeParams": {"VideoParams": CANVAS}}
STEM = f"{SDK_APP_ID}_7007"


@pytest.fixture(scope="module")
async def with_media(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Trtc]:
    async with emulated_trtc(tmp_path_factory.mktemp("media"), media=True) as running:
        yield running


@pytest.fixture
async def recorder(with_media: Trtc) -> Trtc:
    await with_media.http.post("/_emulator/reset")
    shutil.rmtree(with_media.data, ignore_errors=True)  # task ids begin anew, and so would files
    return with_media


def path(trtc: Trtc, task: str, name: str) -> Path:
    return trtc.data / "takes" / task / name


def kinds(file: Path) -> list[str]:
    with av.open(str(file)) as container:
        return sorted(stream.type for stream in container.streams)


def seconds(file: Path) -> float:
    """How long a file plays, by its decoded sound."""
    with av.open(str(file)) as container:
        return sum(frame.samples for frame in container.decode(audio=0)) / 48_000


def pixel(file: Path, at: tuple[int, int], frame: int) -> tuple[int, ...]:
    with av.open(str(file)) as container:
        for index, picture in enumerate(container.decode(video=0)):
            if index == frame:
                return tuple(int(v) for v in picture.to_ndarray(format="rgb24")[at[1], at[0]])
    raise AssertionError(f"{file.name} has no frame {frame}")


def shows(file: Path, at: tuple[int, int], user: str, frame: int = 10) -> bool:
    return like(pixel(file, at, frame), colour(user))


def like(seen: tuple[int, ...], wanted: tuple[int, int, int]) -> bool:
    return bool(np.abs(np.array(seen) - np.array(wanted)).max() < 30)


async def first_slice(trtc: Trtc) -> Path:
    """The first TS file of the only task."""
    name = next(name for name in await trtc.files() if name.endswith(".ts"))
    return trtc.data / "takes" / name


async def test_playlist_and_mp4_play_the_whole_recording(recorder: Trtc) -> None:
    task = await recorder.recording(params={"OutputFormat": 1}, **ON_A_CANVAS)
    await recorder.finished(task, after=14)
    folder = path(recorder, task, "").iterdir()
    assert sorted(f"{task}/{file.name}" for file in folder) == sorted(await recorder.files())
    playlist, film = (path(recorder, task, f"{STEM}.{end}") for end in ("m3u8", "mp4"))
    assert playlist.read_text().endswith("#EXT-X-ENDLIST\n")
    assert kinds(film) == ["audio", "video"]
    assert 13 < seconds(playlist) < 16
    assert abs(seconds(film) - seconds(playlist)) < 0.2
    assert shows(film, LEFT, "alice")
    assert shows(film, RIGHT, "bob")


async def test_a_layout_change_is_seen_at_its_time(recorder: Trtc) -> None:
    task = await recorder.recording(**ON_A_CANVAS)
    await recorder.advance(4)
    half = {"Top": 0, "Width": 320, "Height": 360}
    swapped = [{"UserId": "alice", "Left": 320, **half}, {"UserId": "bob", "Left": 0, **half}]
    layout = {"MixLayoutMode": 4, "MixLayoutList": swapped}
    assert "Error" not in await recorder.modify(task, MixLayoutParams=layout)
    await recorder.advance(8)
    file = await first_slice(recorder)
    assert shows(file, LEFT, "alice", 10)
    assert shows(file, RIGHT, "bob", 10)
    assert shows(file, LEFT, "bob", 80)
    assert shows(file, RIGHT, "alice", 80)


async def test_modify_without_a_layout_returns_to_the_grid(recorder: Trtc) -> None:
    layout = {"MixLayoutMode": 1, "BackGroundColor": "#102040"}
    task = await recorder.recording(MixLayoutParams=layout, **ON_A_CANVAS)
    await recorder.advance(4)
    await recorder.modify(task)
    await recorder.advance(8)
    file = await first_slice(recorder)
    assert shows(file, RIGHT, "alice", 10)
    assert shows(file, RIGHT, "bob", 80)


LAYOUTS: dict[str, tuple[dict[str, Any], dict[tuple[int, int], str]]] = {
    "floating": (
        {"MixLayoutMode": 1, "MaxResolutionUserId": "bob"},
        {(160, 60): "bob", (42, 150): "alice"},
    ),
    "screen sharing": (
        {"MixLayoutMode": 2, "MaxResolutionUserId": "alice", "MediaId": 1},
        {LEFT: screen_of("alice"), (288, 22): "alice", (288, 67): "bob"},
    ),
    "screen sharing to the right": (
        {"MixLayoutMode": 2, "MaxResolutionUserId": "bob", "MaxResolutionUserAlign": 1},
        {RIGHT: "bob", (32, 22): "alice", (32, 67): screen_of("alice")},
    ),
}


@pytest.mark.parametrize("example", LAYOUTS)
async def test_everybody_is_where_the_layout_says(recorder: Trtc, example: str) -> None:
    layout, expected = LAYOUTS[example]
    await recorder.room("7007", {"user": "alice", "screen": True}, "bob")
    await recorder.recording(MixLayoutParams=layout, **ON_A_CANVAS)
    await recorder.advance(12)
    file = await first_slice(recorder)
    for at, user in expected.items():
        assert shows(file, at, user), (at, user)


async def test_the_background_shows_where_nobody_is(recorder: Trtc) -> None:
    layout = {"MixLayoutMode": 2, "BackGroundColor": "#C02040"}
    await recorder.recording(MixLayoutParams=layout, **ON_A_CANVAS)
    await recorder.advance(12)
    assert like(pixel(await first_slice(recorder), LEFT, 10), (0xC0, 0x20, 0x40))


@pytest.mark.parametrize(("mode", "expected"), [(0, (0xC0, 0x20, 0x40)), (1, (44, 46, 52))])
async def test_a_placeholder_is_a_plain_pane(
    recorder: Trtc, mode: int, expected: tuple[int, int, int]
) -> None:
    pane = {"UserId": "absent", "Top": 0, "Left": 0, "Width": 320, "Height": 360}
    layout = {"MixLayoutMode": 4, "MixLayoutList": [pane], "BackGroundColor": "#C02040"}
    await recorder.recording(MixLayoutParams={**layout, "PlaceHolderMode": mode}, **ON_A_CANVAS)
    await recorder.advance(12)
    assert like(pixel(await first_slice(recorder), LEFT, 10), expected)


async def test_single_streams_hold_one_user_and_one_medium(recorder: Trtc) -> None:
    await recorder.room("7007", {"user": "alice", "screen": True})
    task = await recorder.recording(mode=1, params={"OutputFormat": 1})
    await recorder.finished(task, after=5)
    stem = f"{STEM}__UserId_s_YWxpY2U.__UserId_e_"
    streams = {
        name: path(recorder, task, f"{stem}{name}")
        for name in ("main_audio.m3u8", "main_video.m3u8", "aux_video.m3u8", "main.mp4", "aux.mp4")
    }
    assert {name: kinds(file) for name, file in streams.items()} == {
        "main_audio.m3u8": ["audio"],
        "main_video.m3u8": ["video"],
        "aux_video.m3u8": ["video"],
        "main.mp4": ["audio", "video"],
        "aux.mp4": ["video"],
    }
    for name in ("main_video.m3u8", "main.mp4"):
        assert shows(streams[name], (160, 90), "alice")
    for name in ("aux_video.m3u8", "aux.mp4"):
        assert shows(streams[name], (160, 90), screen_of("alice"))


async def test_aac_files_are_sound_alone(recorder: Trtc) -> None:
    task = await recorder.recording(params={"OutputFormat": 4})
    await recorder.finished(task, after=12)
    (file,) = path(recorder, task, "").iterdir()
    assert file.name == f"{STEM}.aac"
    assert kinds(file) == ["audio"]
    assert 11 < seconds(file) < 14


async def test_a_failover_leaves_a_gap_and_a_second_playlist(recorder: Trtc) -> None:
    task = await recorder.recording(params={"StreamType": 1})
    await recorder.advance(5)
    await recorder.fault("migrate", "now", seconds=20)
    await recorder.advance(20)
    await recorder.finished(task, after=6)
    first, second = (path(recorder, task, f"{ha}{STEM}.m3u8") for ha in ("", "ha1_"))
    assert 4 < seconds(first) < 7
    assert 5 < seconds(second) < 8
    assert second.read_text().endswith("#EXT-X-ENDLIST\n")

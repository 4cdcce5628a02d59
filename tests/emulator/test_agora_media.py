"""The files: they play, and show who was where when."""

from __future__ import annotations

import io
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from longtake.emulator.media.participants import colour
from tests.emulator.emulated import CANVAS, Emulated, Task, emulated

LEFT, RIGHT = (80, 90), (240, 90)
BOTH_FORMATS = {"recordingFileConfig": {"avFileType": ["hls", "mp4"]}}


@pytest.fixture(scope="module")
async def with_media(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Emulated]:
    async with emulated(tmp_path_factory.mktemp("media"), media=True) as running:
        yield running


@pytest.fixture
async def recorder(with_media: Emulated) -> Emulated:
    await with_media.http.post("/_emulator/reset")
    return with_media


def bucket(emulator: Emulated) -> Path:
    return emulator.data / "takes"


def seconds(path: Path) -> float:
    """How long a playlist or a file plays, by its decoded pictures."""
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0)) / 10


def pixel(path: Path, at: tuple[int, int], frame: int) -> tuple[int, ...]:
    with av.open(str(path)) as container:
        for index, picture in enumerate(container.decode(video=0)):
            if index == frame:
                return tuple(int(v) for v in picture.to_ndarray(format="rgb24")[at[1], at[0]])
    raise AssertionError(f"{path.name} has no frame {frame}")


def like(seen: tuple[int, ...], wanted: tuple[int, int, int]) -> bool:
    return bool(np.abs(np.array(seen) - np.array(wanted)).max() < 30)


async def mixed(emulator: Emulated, **more: Any) -> Task:
    canvas = {**CANVAS, "mixedVideoLayout": 1, "backgroundColor": "#102040"}
    return await emulator.recording(config={"transcodingConfig": canvas}, **more)


async def test_the_playlist_and_the_mp4_play_the_whole_recording(recorder: Emulated) -> None:
    task = await mixed(recorder, **BOTH_FORMATS)
    await recorder.advance(20)
    await recorder.stop(task)
    (row,) = await recorder.tasks()
    expected = sorted(path.name for path in bucket(recorder).iterdir())
    assert sorted(name for name in row["files"]) == expected
    playlist, film = (bucket(recorder) / f"{task.sid}_room{end}" for end in (".m3u8", "_0.mp4"))
    assert "#EXT-X-ENDLIST" in playlist.read_text()
    assert 19 < seconds(playlist) < 24
    assert abs(seconds(film) - seconds(playlist)) < 0.5


async def test_a_layout_change_is_seen_at_its_time(recorder: Emulated) -> None:
    task = await mixed(recorder)
    await recorder.advance(8)
    pane = {"x_axis": 0.5, "y_axis": 0, "width": 0.5, "height": 1}
    swapped = [{"uid": "1001", **pane}, {"uid": "1002", **pane, "x_axis": 0}]
    wish = {"mixedVideoLayout": 3, "layoutConfig": swapped}
    assert (await recorder.call(task, "updateLayout", **wish)).status_code == 200
    await recorder.advance(10)
    (first,) = [f for f in (await recorder.tasks())[0]["files"] if f.endswith(".ts")]
    ada, bob = colour("1001"), colour("1002")
    path = bucket(recorder) / first
    assert like(pixel(path, LEFT, 10), ada)
    assert like(pixel(path, RIGHT, 10), bob)
    assert like(pixel(path, LEFT, 140), bob)
    assert like(pixel(path, RIGHT, 140), ada)


async def test_a_user_who_leaves_gives_up_the_pane(recorder: Emulated) -> None:
    task = await mixed(recorder)
    await recorder.advance(8)
    await recorder.room("room", "1002")
    await recorder.advance(10)
    path = bucket(recorder) / (await recorder.tasks())[0]["files"][0]
    assert path.name.startswith(task.sid)
    assert like(pixel(path, LEFT, 140), colour("1002"))


async def test_the_playlist_is_rewritten_after_each_slice(recorder: Emulated) -> None:
    task = await mixed(recorder)
    counts: list[int] = []
    for _ in range(3):
        await recorder.advance(15.5)
        text = (bucket(recorder) / f"{task.sid}_room.m3u8").read_text()
        counts.append(text.count("#EXTINF"))
        assert "#EXT-X-ENDLIST" not in text
    assert counts == [1, 2, 3]
    assert "#EXT-X-AGORA-TRACK-EVENT:EVENT=START,TRACK_TYPE=VIDEO" in text


async def test_hours_of_jump_leave_a_gap_instead_of_hours_of_media(recorder: Emulated) -> None:
    task = await mixed(recorder)
    await recorder.advance(3 * 3600)
    await recorder.stop(task)
    text = (bucket(recorder) / f"{task.sid}_room.m3u8").read_text()
    assert text.count("#EXTINF") < 14
    assert "#EXT-X-DISCONTINUITY" in text
    assert seconds(bucket(recorder) / f"{task.sid}_room.m3u8") < 180


async def test_individual_tracks_hold_one_user_and_one_medium(recorder: Emulated) -> None:
    config = {"streamMode": "standard"}
    task = await recorder.recording(mode="individual", config=config)
    await recorder.advance(20)
    await recorder.stop(task)
    stem = f"{task.sid}_room__uid_s_1001__uid_e_"
    with av.open(str(bucket(recorder) / f"{stem}audio.m3u8")) as container:
        assert [stream.type for stream in container.streams] == ["audio"]
    video = bucket(recorder) / f"{stem}video.m3u8"
    with av.open(str(video)) as container:
        assert [stream.type for stream in container.streams] == ["video"]
    assert like(pixel(video, (160, 90), 20), colour("1001"))
    with av.open(str(bucket(recorder) / f"{stem}av.m3u8")) as container:
        assert {stream.type for stream in container.streams} == {"audio", "video"}


async def test_a_screenshot_shows_its_user(recorder: Emulated) -> None:
    shots = {"captureInterval": 5, "fileType": ["jpg"]}
    await recorder.recording(mode="individual", snapshotConfig=shots)
    await recorder.advance(8)
    (shot,) = [f for f in (await recorder.tasks())[0]["files"] if "uid_s_1002" in f]
    picture = Image.open(io.BytesIO((bucket(recorder) / shot).read_bytes())).convert("RGB")
    middle = picture.getpixel((picture.width // 2, picture.height // 2))
    assert like(middle, colour("1002"))  # type: ignore[arg-type]


async def test_files_lie_under_the_prefix(recorder: Emulated) -> None:
    storage = {
        "vendor": 2,
        "region": 3,
        "bucket": "takes",
        "accessKey": "a",
        "secretKey": "s",
        "fileNamePrefix": ["directory1", "directory2"],
    }
    task = await mixed(recorder, storageConfig=storage)
    await recorder.advance(20)
    await recorder.stop(task)
    names = (await recorder.tasks())[0]["files"]
    assert all(name.startswith(f"directory1/directory2/{task.sid}_room") for name in names)
    assert all((bucket(recorder) / name).is_file() for name in names)

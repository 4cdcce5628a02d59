"""Huawei's files: they play, and show who was where when."""

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
from tests.emulator.huawei_client import APP, GRID, Huawei, emulated_huawei

LEFT, RIGHT = (80, 120), (240, 120)  # 640 x 480 is drawn as 320 x 240
HALF = {"y": 0.0, "width": 0.5, "height": 1.0}


@pytest.fixture(scope="module")
async def with_media(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Huawei]:
    async with emulated_huawei(tmp_path_factory.mktemp("media"), media=True) as running:
        yield running


@pytest.fixture
async def recorder(with_media: Huawei) -> Huawei:
    await with_media.http.post("/_emulator/reset")
    shutil.rmtree(with_media.data, ignore_errors=True)  # job ids begin anew, and so would files
    return with_media


async def of_kind(huawei: Huawei, extension: str) -> list[Path]:
    """Files of all jobs, in the order of their first upload."""
    names = [name for row in await huawei.tasks() for name in row["files"]]
    return [huawei.data / "takes" / name for name in names if name.endswith(extension)]


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
    difference = np.array(pixel(file, at, frame)) - np.array(colour(user))
    return bool(np.abs(difference).max() < 30)


def custom(left: str, right: str) -> dict[str, Any]:
    panes = [{"id": 1, "user_id": left, "x": 0.0, **HALF}]
    panes.append({"id": 2, "user_id": right, "x": 0.5, **HALF})
    return {**GRID, "layout_template": "custom", "layout_panes": panes}


async def test_playlist_and_film_play_the_whole_recording(recorder: Huawei) -> None:
    await recorder.finished(await recorder.recording(), after=14)
    (playlist,), (film,) = await of_kind(recorder, ".m3u8"), await of_kind(recorder, ".mp4")
    lines = playlist.read_text().splitlines()
    assert lines[-1] == "#EXT-X-ENDLIST"
    assert {line[-1] for line in lines if line.startswith("#EXTINF")} == {","}
    assert kinds(film) == ["audio", "video"]
    assert 13 < seconds(playlist) < 16
    assert abs(seconds(film) - seconds(playlist)) < 0.2
    assert shows(film, LEFT, "alice")
    assert shows(film, RIGHT, "bob")


async def test_a_layout_change_is_seen_at_its_time(recorder: Huawei) -> None:
    job = await recorder.recording(**custom("alice", "bob"))
    await recorder.advance(4)
    panes = custom("bob", "alice")["layout_panes"]
    assert (await recorder.update(job, mix_param={"layout_panes": panes})).status_code == 200
    await recorder.finished(job, after=4)
    (film,) = await of_kind(recorder, ".mp4")
    assert shows(film, LEFT, "alice", 10)
    assert shows(film, LEFT, "bob", 70)
    assert shows(film, RIGHT, "alice", 70)


async def test_the_shared_screen_is_the_main_view(recorder: Huawei) -> None:
    pane = {"id": 1, "filling_policy": "SHARED_SCREEN", "video_type": "SCREENSTREAM"}
    layout = {**GRID, "layout_template": "screen_share_right", "layout_panes": [pane]}
    await recorder.room("standup", "alice", {"user": "bob", "screen": True})
    await recorder.finished(await recorder.recording(**layout), after=3)
    (film,) = await of_kind(recorder, ".mp4")
    assert shows(film, (200, 120), screen_of("bob"))
    assert shows(film, (32, 30), "alice")
    assert shows(film, (32, 90), "bob")


async def test_individual_jobs_show_one_user_each(recorder: Huawei) -> None:
    await recorder.room("standup", {"user": "alice", "screen": True}, "bob")
    jobs = {
        "alice": await recorder.recording_one(user="alice"),
        "bob": await recorder.recording_one(user="bob", is_record_audio=False),
        screen_of("alice"): await recorder.recording_one(video_type="SCREENSTREAM"),
    }
    await recorder.advance(3)
    for job in jobs.values():
        await recorder.stop(job)
    await recorder.advance(20)
    films = {
        job: film
        for film in await of_kind(recorder, ".mp4")
        for job in jobs.values()
        if job in film.name
    }
    for user, job in jobs.items():
        assert shows(films[job], (160, 90), user)
    assert kinds(films[jobs["alice"]]) == ["audio", "video"]
    assert kinds(films[jobs["bob"]]) == ["video"]


async def test_a_mix_of_sound_is_sound_alone(recorder: Huawei) -> None:
    job = await recorder.recording(encode_template="audio_only")
    await recorder.finished(job, after=4)
    for file in (*await of_kind(recorder, ".m3u8"), *await of_kind(recorder, ".mp4")):
        assert kinds(file) == ["audio"]
        assert 3 < seconds(file) < 6


async def test_an_interruption_makes_two_files_that_play(recorder: Huawei) -> None:
    job = await recorder.recording(encode_template="audio_only")
    await recorder.advance(4)
    await recorder.fault("migrate", "now", seconds=10)
    await recorder.advance(10)
    await recorder.finished(job, after=5)
    for extension in (".m3u8", ".mp4"):
        lengths = [round(seconds(file)) for file in await of_kind(recorder, extension)]
        assert lengths == [4, 5]


async def test_a_film_merged_over_an_interruption_plays_through(recorder: Huawei) -> None:
    rule = {
        "obs_addr": {"location": "cn-north-4", "project_id": "p", "bucket": "takes"},
        "record_formats": ["HLS", "MP4"],
        "hls_config": {"record_cycle": 0},
        "mp4_config": {"record_cycle": 600, "record_max_duration_to_merge_file": 60},
    }
    made = (await recorder.call("POST", f"{APP}/record-rules", rule)).json()["rule_id"]
    job = await recorder.recording(rule=made)
    await recorder.advance(3)
    await recorder.room("standup")
    await recorder.advance(10)
    await recorder.room("standup", "bob")
    await recorder.finished(job, after=3)
    assert len(await of_kind(recorder, ".m3u8")) == 2
    (film,) = await of_kind(recorder, ".mp4")
    assert 5 < seconds(film) < 8
    assert shows(film, LEFT, "alice", 10)
    assert shows(film, LEFT, "bob", 50)


async def test_a_rule_of_films_alone_leaves_no_slices(recorder: Huawei) -> None:
    rule = {
        "obs_addr": {"location": "cn-north-4", "project_id": "p", "bucket": "takes"},
        "record_formats": ["MP4"],
        "mp4_config": {"record_cycle": 600},
    }
    made = (await recorder.call("POST", f"{APP}/record-rules", rule)).json()["rule_id"]
    await recorder.finished(await recorder.recording(rule=made), after=12)
    (film,) = await of_kind(recorder, "")
    assert 11 < seconds(film) < 14

"""A recording can be played and seen at a glance, from what storage holds."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image
from temporalio.client import Client

from longtake.cli.exits import Code
from longtake.contracts.payloads import RecordingResult
from tests.cli.commands import Longtake
from tests.house import BUCKET, House, house


@pytest.fixture(scope="module")
async def studio(client: Client, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[House]:
    """A house that writes media, on the public queue."""
    folder = tmp_path_factory.mktemp("studio")
    timings = {"slice": 1.0}
    async with house(client, folder, media=True, timings=timings) as built:
        yield built


async def recorded(studio: House, room: str, **request: Any) -> RecordingResult:
    """A recording of some seconds, with two layouts."""
    await studio.room(room, "1001", "1002")
    handle = await studio.start(room, **request)
    await studio.until(handle, lambda status: "data flows" in status.evidence)
    if request.get("mode") != "individual":
        await handle.signal("change_layout", {"layout": {"kind": "speaker", "main": "1002"}})
        await studio.until(handle, lambda status: status.applied_revision == 2)
    keys = len(await studio.files(room))

    async def more() -> bool:
        return len(await studio.files(room)) >= keys + 2

    await studio.eventually(more)
    await handle.signal("stop")
    return await handle.result()


def commands(studio: House, **env: str) -> Longtake:
    return Longtake(studio.folder, {"LONGTAKE_SETTINGS": str(studio.settings_path), **env})


def same(one: Path, other: Path) -> bool:
    return one.read_bytes() == other.read_bytes()


async def test_sheet_shows_the_first_and_the_last_picture_of_a_short_recording(
    studio: House, tmp_path: Path
) -> None:
    result = await recorded(studio, "short")
    shown = [(revision.revision, revision.layout) for revision in result.layout_revisions]
    assert shown == [(1, "grid"), (2, "speaker")]
    out = tmp_path / "sheet.png"
    told = await commands(studio)("files", "short", "--sheet", str(out))
    assert (told.code, told.out) == (Code.DONE, f"{out}\n"), told.err
    with Image.open(out) as sheet:
        assert sheet.width > 2 * 320
        middle = sheet.height // 2
        left, right = (sheet.getpixel((x, middle)) for x in (100, 500))
    assert left != right  # another layout


async def test_sheet_has_a_row_for_each_user_and_names_a_file_that_is_gone(
    studio: House, tmp_path: Path
) -> None:
    await recorded(studio, "single", mode="individual")
    sizes: list[int] = []
    for number in range(2):
        out = tmp_path / f"{number}.png"
        told = await commands(studio)("files", "single", "--sheet", str(out), "--every", "1s")
        assert told.code == Code.DONE, told.err
        with Image.open(out) as sheet:
            sizes.append(sheet.height)
        for slice_ in (studio.folder / "data" / BUCKET).rglob("*1001*.ts"):
            slice_.unlink()
    assert sizes[0] == sizes[1] > 2 * 135


async def test_open_joins_the_slices_and_hands_the_film_to_the_system(
    studio: House, tmp_path: Path
) -> None:
    result = await recorded(studio, "played")
    opener, told_to = tmp_path / "xdg-open", tmp_path / "opened"
    opener.write_text(f'#!/bin/sh\nprintf %s "$1" > {told_to}\n')
    opener.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    run = commands(studio, DISPLAY=":99", PATH=path, TMPDIR=str(tmp_path))
    told = await run("files", "played", "--open")
    assert told.code == Code.DONE, told.err
    film = Path(told.out.strip())
    assert film.suffix == ".mp4"

    async def opened() -> str:
        return told_to.read_text() if told_to.exists() else ""

    assert await studio.eventually(opened) == str(film)
    with av.open(str(film), "r") as media:
        assert {stream.type for stream in media.streams} == {"audio", "video"}
        assert (media.duration or 0) / 1e6 == pytest.approx(result.manifest.seconds, abs=0.2)


async def test_open_without_a_display_prints_the_path_of_the_film_and_says_so(
    studio: House, tmp_path: Path
) -> None:
    result = await recorded(
        studio, "filmed", output={"storage": "bucket", "formats": ["hls", "mp4"]}
    )
    run = commands(studio, DISPLAY="", WAYLAND_DISPLAY="", TMPDIR=str(tmp_path))
    told = await run("files", "filmed", "--open")
    assert told.code == Code.DONE, told.err
    assert "no display here" in told.err
    (stored,) = [file for file in result.manifest.files if file.kind == "mp4"]
    assert same(Path(told.out.strip()), studio.folder / "data" / BUCKET / stored.key)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--sheet", "x.jpg"], "--sheet: must end in .png"),
        (["--sheet", "x.png", "--every", "0s"], "--every: at least 1s"),
        (["--sheet", "x.png", "--every", "soon"], "--every: a duration"),
        (["--open", "--json"], "exclude each other"),
    ],
)
async def test_options_that_make_no_sense_are_refused(
    studio: House, options: list[str], complaint: str
) -> None:
    told = await commands(studio)("files", "anywhere", *options)
    assert (told.code, complaint in told.err) == (Code.USAGE, True), told.err

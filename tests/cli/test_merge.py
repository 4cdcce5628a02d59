"""`longtake merge`, of a folder and of a session."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from temporalio.client import Client

from longtake.cli import run
from longtake.domain.files import Track
from longtake.domain.merging import MergeResult
from longtake.emulator.media.playlist import PlaylistEntry, render_playlist
from longtake.emulator.stamps import milliseconds
from longtake.vendors.tencent.files import FileName
from tests.cli.commands import Longtake
from tests.house import house
from tests.media.recorded import BEGIN, FRAME, apart, played, seconds, slice_of

USER = "user>>1"
ENCODED = "dXNlcj4+MQ.."


def trtc_track(folder: Path, kind: Track, slices: list[tuple[float, float]]) -> list[Path]:
    """A user's track, in TRTC's names and with its tags; gives the slices."""
    name = FileName(1400000123, "7007", "m3u8", user=USER, track=kind)
    entries, found, pts = list[PlaylistEntry](), list[Path](), 0.0
    for at, length in slices:
        at_utc = BEGIN + seconds(at)
        own = FileName(1400000123, "7007", "ts", user=USER, track=kind, begins_at=at_utc)
        found.append(folder / str(own))
        found[-1].write_bytes(slice_of(USER, kind, at, length, first_pts=pts))
        entries.append(PlaylistEntry(str(own), length))
        pts += length
    began = milliseconds(BEGIN + seconds(slices[0][0]))
    tags = [f"#EXT-X-TRTC-START-REC-TIME:{began}"]
    (folder / str(name)).write_text(render_playlist(entries, ended=True, tags=tags))
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two sections of a user, 17 s apart."""
    found = tmp_path / "task"
    found.mkdir()
    trtc_track(found, "video", [(0.2, 1.8), (19, 1)])
    trtc_track(found, "audio", [(0.6, 1.4), (19, 1)])
    return found


async def test_a_folder_is_merged_by_section_beside_its_files(folder: Path, tmp_path: Path) -> None:
    longtake = Longtake(tmp_path, {})
    before = {path: path.read_bytes() for path in folder.iterdir()}  # noqa: ASYNC240 - a test's own
    result = MergeResult.model_validate((await longtake("merge", "task", "--json")).json())
    assert [Path(file.key).name for file in result.files] == [
        f"{ENCODED}_20261130100000200_av.mp4",
        f"{ENCODED}_20261130100019000_av.mp4",
    ]
    first = played((folder / result.files[0].key).read_bytes())
    assert first.flashes == pytest.approx([0.8], abs=FRAME)
    assert apart(first) < FRAME
    assert {path: path.read_bytes() for path in before} == before


async def test_the_options_of_the_script_mean_the_same(folder: Path, tmp_path: Path) -> None:
    longtake = Longtake(tmp_path, {})
    script = ("-f", "task", "-m", "1", "-s", "-a", "1", "-p", "1", "-r", "128", "72")
    result = MergeResult.model_validate(
        (await longtake("merge", *script, "--to", "out", "--json")).json()
    )
    [file] = result.files
    assert file.seconds == pytest.approx(2.8, abs=0.2)
    seen = played((tmp_path / "out" / file.key).read_bytes())
    assert seen.size == (128, 72)
    assert seen.pictures[:3] == pytest.approx([0, 0.2, 0.4], abs=0.01)


async def test_what_is_left_out_is_told_and_ends_with_1(folder: Path, tmp_path: Path) -> None:
    broken = min(folder.glob("*_video_*.ts"))  # noqa: ASYNC240 - a test's own
    broken.write_bytes(b"no media")
    ended = await Longtake(tmp_path, {})("merge", "task")
    assert ended.code == 1
    assert broken.name in "".join(ended.out.split())
    assert "partial" in ended.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("merge",), "FOLDER or --room"),
        (("merge", "nowhere"), "nowhere is no folder"),
        (("merge", "task", "--mode", "room"), "merge.mode"),
        (("merge", "task", "--audio", "3"), "merge.audio"),
        (("merge", "task", "--size", "640"), "--size: WIDTHxHEIGHT"),
        (("merge", "task", "--size", "641x360"), "merge.width"),
    ],
)
def test_wrong_options_are_named(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: str
) -> None:
    assert run(arguments) == 2
    assert told in capsys.readouterr().err


async def test_a_session_is_merged_in_its_bucket_when_it_is_over(
    client: Client, tmp_path: Path
) -> None:
    timings = {"slice": 1.0}
    async with house(client, tmp_path, vendor="tencent", media=True, timings=timings) as home:
        await home.room("standup", "ada")
        handle = await home.start("standup", mode="individual")
        await home.eventually(lambda: home.files("standup"))
        longtake = Longtake(tmp_path, {"LONGTAKE_SETTINGS": str(home.settings_path)})
        early = await longtake("merge", "--room", "standup")
        assert early.code == 1
        assert "merge it when it is over" in early.err
        await handle.signal("stop")
        await handle.result()
        ended = await longtake("merge", "--room", "standup", "--mode", "user", "--json")
        [file] = json.loads(ended.out)["files"]
        assert (tmp_path / "data" / "takes" / file["key"]).stat().st_size == file["size"]
        nobody = await longtake("merge", "--room", "elsewhere")
        assert nobody.code == 3

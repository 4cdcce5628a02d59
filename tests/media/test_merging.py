"""Merged files, as a player sees and hears them."""

from __future__ import annotations

import errno
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from longtake.domain.errors import Unauthorized
from longtake.domain.files import Outcome, Track
from longtake.domain.merging import MergeOptions
from longtake.emulator.media.playlist import PlaylistEntry, render_playlist
from longtake.media.merge.merger import Merger
from tests.media.recorded import BEGIN, FRAME, Recorded, apart, seconds, slice_of

ALICE = "YWxpY2U."


@pytest.fixture
def recorded() -> Recorded:
    return Recorded()


async def test_an_ordinary_recording_is_copied_into_one_file_in_sync(
    recorded: Recorded, tmp_path: Path
) -> None:
    recorded.track("alice", "video", [(0, 2), (2, 2)])
    recorded.track("alice", "audio", [(0, 2), (2, 2)])
    result = await recorded.merged(tmp_path)
    assert result.outcome is Outcome.COMPLETE
    [file] = result.files
    assert file.key.endswith(f"/{ALICE}_20261130100000000_av.mp4")
    assert (file.user, file.begins_at, file.encoded) == ("alice", BEGIN, False)
    assert file.seconds == pytest.approx(4, abs=0.05)
    [seen] = recorded.played(result)
    assert seen.flashes == pytest.approx([0, 1, 2, 3], abs=0.001)
    assert apart(seen) < FRAME
    assert len(seen.pictures) == 100


@pytest.mark.parametrize("options", [{}, {"fps": 30}], ids=["copied", "encoded"])
async def test_sound_that_began_later_stays_in_sync(
    recorded: Recorded, tmp_path: Path, options: dict[str, Any]
) -> None:
    recorded.track("alice", "video", [(0.4, 1.6), (2, 2)])
    recorded.track("alice", "audio", [(1.36, 0.64), (2, 2)])
    result = await recorded.merged(tmp_path, **options)
    assert result.files[0].encoded == bool(options)
    [seen] = recorded.played(result)
    assert seen.flashes == pytest.approx([0.6, 1.6, 2.6], abs=0.02)
    assert seen.beeps[:2] == pytest.approx([1.6, 2.6], abs=FRAME)


@pytest.mark.parametrize("options", [{}, {"fps": 30}], ids=["copied", "encoded"])
async def test_pictures_that_began_later_stay_in_sync(
    recorded: Recorded, tmp_path: Path, options: dict[str, Any]
) -> None:
    recorded.track("alice", "audio", [(0, 2), (2, 2)])
    recorded.track("alice", "video", [(0.92, 1.08), (2, 2)])
    [seen] = recorded.played(await recorded.merged(tmp_path, **options))
    assert seen.flashes == pytest.approx([1, 2, 3], abs=0.02)
    assert apart(seen) < FRAME


@pytest.mark.parametrize("names", ["own", "one for all"])
@pytest.mark.parametrize(
    "kinds", [{"video"}, {"audio"}, {"audio", "video"}], ids=["video", "audio", "both"]
)
async def test_a_slice_that_is_missing_is_named_and_leaves_its_time_free(
    recorded: Recorded, tmp_path: Path, kinds: set[Track], names: str
) -> None:
    gone = list[str]()
    tracks: tuple[Track, ...] = ("video", "audio")
    for kind in tracks:
        keys = recorded.track("alice", kind, [(0, 2), (2, 2), (4, 2)], dated=names == "own")
        gone += [keys[1]] if kind in kinds else []
    for key in gone:
        recorded.remove(key)
    result = await recorded.merged(tmp_path)
    assert result.outcome is Outcome.PARTIAL
    assert {(lost.key, lost.why) for lost in result.left_out} == {
        (key, "it is not there") for key in gone
    }
    [seen] = recorded.played(result)
    without = [0, 1, 4, 5]
    flashes = without if "video" in kinds else [0, 1, 2, 3, 4, 5]
    assert seen.flashes == pytest.approx(flashes, abs=0.02)
    beeps = [beep for beep in seen.beeps if not 2 <= round(beep) <= 3 and beep < 5.5]
    assert beeps == pytest.approx(without, abs=FRAME)


async def test_a_pause_that_time_stamps_do_not_know_is_kept(
    recorded: Recorded, tmp_path: Path
) -> None:
    recorded.track("alice", "video", [(0, 2), (5.5, 2)])
    recorded.track("alice", "audio", [(0, 2), (5.5, 2)])
    [seen] = recorded.played(await recorded.merged(tmp_path))
    assert seen.flashes == pytest.approx([0, 1, 6, 7], abs=0.02)
    assert apart(seen) < FRAME


async def test_parts_after_a_failover_are_joined_by_time(
    recorded: Recorded, tmp_path: Path
) -> None:
    for kind in ("video", "audio"):
        recorded.track("alice", kind, [(3, 2)], part="ha1", first_pts=70)
        recorded.track("alice", kind, [(0, 2)])
        recorded.track("alice", kind, [(6, 1)], part="ha2")
    result = await recorded.merged(tmp_path)
    assert result.outcome is Outcome.COMPLETE
    [seen] = recorded.played(result)
    assert seen.flashes == pytest.approx([0, 1, 3, 4, 6], abs=0.02)
    assert apart(seen) < FRAME


async def test_two_recorders_at_a_time_give_each_moment_once(
    recorded: Recorded, tmp_path: Path
) -> None:
    for kind in ("video", "audio"):
        recorded.track("alice", kind, [(0, 2), (2, 2)])
        recorded.track("alice", kind, [(2, 2), (4, 2)], part="next", first_pts=10)
    [seen] = recorded.played(await recorded.merged(tmp_path))
    assert seen.flashes == pytest.approx([0, 1, 2, 3, 4, 5], abs=0.02)
    assert apart(seen) < FRAME


async def test_a_playlist_from_a_backup_adds_what_the_other_lacks(
    recorded: Recorded, tmp_path: Path
) -> None:
    keys = recorded.track("alice", "video", [(0, 2), (2, 2)])
    short = render_playlist([PlaylistEntry(Path(keys[0]).name, 2.0)], ended=True)
    recorded.put("task/room_alice_primary_video_77_1.m3u8", short.encode(), "playlist", BEGIN)
    result = await recorded.merged(tmp_path)
    assert result.outcome is Outcome.COMPLETE
    assert len(recorded.played(result)[0].pictures) == 100


async def test_sound_and_picture_in_one_slice_are_merged_as_they_lie(
    recorded: Recorded, tmp_path: Path
) -> None:
    recorded.track("alice", "audio_video", [(0, 2), (2, 2)], dated=False)
    result = await recorded.merged(tmp_path)
    [seen] = recorded.played(result)
    assert seen.flashes == pytest.approx([0, 1, 2, 3], abs=0.02)
    assert apart(seen) < FRAME
    reads = [key for key in recorded.shelf.reads if key.endswith(".ts")]
    assert len(reads) == len(set(reads)) == 2


async def test_sound_alone_becomes_an_m4a(recorded: Recorded, tmp_path: Path) -> None:
    recorded.track("alice", "audio", [(0, 2)])
    result = await recorded.merged(tmp_path)
    [file] = result.files
    assert file.key.endswith(f"/{ALICE}_20261130100000000.m4a")
    assert not file.picture
    assert recorded.played(result)[0].beeps == pytest.approx([0, 1, 2], abs=FRAME)


async def test_blanks_between_sections_are_black_and_silent(
    recorded: Recorded, tmp_path: Path
) -> None:
    for kind in ("video", "audio"):
        recorded.track("alice", kind, [(0, 1), (18, 1)])
    result = await recorded.merged(tmp_path, mode="user")
    assert result.files[0].encoded
    [seen] = recorded.played(result)
    assert seen.flashes == pytest.approx([0, 18], abs=0.04)
    assert apart(seen) < FRAME
    assert (min(seen.black), max(seen.black)) == pytest.approx((1, 18), abs=0.1)


async def test_dropped_blanks_leave_no_time_and_need_no_encoding(
    recorded: Recorded, tmp_path: Path
) -> None:
    for kind in ("video", "audio"):
        recorded.track("alice", kind, [(0, 1), (18, 1)])
    result = await recorded.merged(tmp_path, mode="user", blanks="drop")
    [file] = result.files
    assert not file.encoded
    assert file.seconds == pytest.approx(2, abs=0.05)
    [seen] = recorded.played(result)
    assert seen.flashes == pytest.approx([0, 1], abs=0.02)
    assert apart(seen) < FRAME


async def test_each_section_is_a_file_named_by_its_start(
    recorded: Recorded, tmp_path: Path
) -> None:
    recorded.track("alice", "video", [(0, 1), (18, 1)])
    result = await recorded.merged(tmp_path)
    assert [Path(file.key).name for file in result.files] == [
        f"{ALICE}_20261130100000000_av.mp4",
        f"{ALICE}_20261130100018000_av.mp4",
    ]


async def test_rate_and_size_are_as_asked(recorded: Recorded, tmp_path: Path) -> None:
    recorded.track("alice", "video", [(0, 2)])
    [seen] = recorded.played(await recorded.merged(tmp_path, fps=10, width=128, height=128))
    assert seen.size == (128, 128)
    assert seen.pictures == pytest.approx([n / 10 for n in range(20)], abs=0.001)


async def test_rate_and_size_of_the_source_itself_are_copied(
    recorded: Recorded, tmp_path: Path
) -> None:
    recorded.track("alice", "video", [(0, 3)])
    result = await recorded.merged(tmp_path, fps=25, width=96, height=54)
    assert not result.files[0].encoded


async def test_a_picture_that_changes_its_size_is_encoded_at_the_first_one(
    recorded: Recorded, tmp_path: Path
) -> None:
    recorded.track("alice", "video", [(0, 1)])
    recorded.track("alice", "video", [(1, 1)], part="ha1", size=(64, 64))
    result = await recorded.merged(tmp_path)
    assert result.files[0].encoded
    [seen] = recorded.played(result)
    assert seen.size == (96, 54)
    assert seen.flashes == pytest.approx([0, 1], abs=0.07)


# --- bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\x00" * 1880, "no"),
        (b"no media at all" * 100, "no"),
        (slice_of("alice", "video", 2, 2, first_pts=2)[:-7000], "damaged"),
        (b"", "empty"),
    ],
    ids=["zeroes", "text", "cut off", "empty"],
)
async def test_a_broken_slice_is_named_and_the_rest_is_kept(
    recorded: Recorded, tmp_path: Path, content: bytes, why: str
) -> None:
    recorded.track("alice", "audio", [(0, 2), (2, 2), (4, 2)])
    [_, broken, _] = recorded.track("alice", "video", [(0, 2), (2, 2), (4, 2)])
    recorded.replace(broken, content)
    result = await recorded.merged(tmp_path)
    assert result.outcome is Outcome.PARTIAL
    [lost] = result.left_out
    assert lost.key == broken
    assert why in lost.why
    [seen] = recorded.played(result)
    assert {0, 1, 4, 5} <= {round(flash) for flash in seen.flashes}
    assert apart(seen) < FRAME


@pytest.mark.parametrize("options", [{}, {"fps": 10}], ids=["copied", "encoded"])
@pytest.mark.parametrize("track", ["video", "audio"])
async def test_noise_within_a_slice_is_named_and_spoils_no_more_than_that(
    recorded: Recorded, tmp_path: Path, track: str, options: dict[str, Any]
) -> None:
    keys = {
        "video": recorded.track("alice", "video", [(0, 2), (2, 2), (4, 2)]),
        "audio": recorded.track("alice", "audio", [(0, 2), (2, 2), (4, 2)]),
    }
    broken = keys[track][1]
    whole = recorded.shelf.objects[broken]
    noise = bytes(number * 7919 % 251 for number in range(3000))
    recorded.replace(broken, whole[:5000] + noise + whole[8000:])
    result = await recorded.merged(tmp_path, **options)
    assert result.outcome is Outcome.PARTIAL
    assert [lost.key for lost in result.left_out] == [broken]
    [seen] = recorded.played(result)
    assert {0, 1, 4, 5} <= {round(flash) for flash in seen.flashes}
    assert {0, 1, 4, 5} <= {round(beep) for beep in seen.beeps}


async def test_an_empty_playlist_is_named_and_its_slices_are_found_by_name(
    recorded: Recorded, tmp_path: Path
) -> None:
    recorded.track("alice", "video", [(0, 2), (2, 2)])
    playlist = "task/room_alice_primary_video.m3u8"
    recorded.replace(playlist, b"#EXTM3U\n#EXT-X-ENDLIST\n")
    result = await recorded.merged(tmp_path)
    assert result.outcome is Outcome.PARTIAL
    assert [(lost.key, lost.why) for lost in result.left_out] == [
        (playlist, "the playlist is empty")
    ]
    assert len(recorded.played(result)[0].pictures) == 100


async def test_slices_that_nothing_places_in_time_are_named(
    recorded: Recorded, tmp_path: Path
) -> None:
    keys = recorded.track("alice", "video", [(0, 2), (2, 2)], dated=False)
    recorded.remove("task/room_alice_primary_video.m3u8")
    result = await recorded.merged(tmp_path)
    assert result.outcome is Outcome.FAILED
    assert {lost.key for lost in result.left_out} == set(keys)


async def test_refused_credentials_end_the_merge(recorded: Recorded, tmp_path: Path) -> None:
    [key] = recorded.track("alice", "video", [(0, 2)])
    recorded.shelf.fails[key] = Unauthorized("storage bucket: cannot read: 403 SignatureMismatch")
    with pytest.raises(Unauthorized, match="403"):
        await recorded.merged(tmp_path)
    assert not [key for key in recorded.shelf.objects if key.startswith("session/")]


async def test_too_small_a_disk_is_told_before_anything_is_made(
    recorded: Recorded, tmp_path: Path
) -> None:
    recorded.track("alice", "video", [(0, 2)])
    result = await recorded.merged(tmp_path, merger=Merger(tmp_path, lambda _: 1000))
    assert result.outcome is Outcome.FAILED
    [lost] = result.left_out
    assert "17 MiB are needed" in lost.why or "16 MiB are needed" in lost.why
    assert (await recorded.merged(tmp_path)).outcome is Outcome.COMPLETE


async def test_a_disk_that_fills_up_leaves_nothing_half_made(
    recorded: Recorded, tmp_path: Path
) -> None:
    recorded.track("alice", "video", [(0, 2)])
    merger, options = Merger(tmp_path), MergeOptions()
    plan = await merger.plan(recorded.material, options)

    def full(_: float) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    made = await merger.make(recorded.material, options, plan.folder, plan.files[0].name, full)
    assert "full" in made.left_out[0].why
    assert made.file is None
    assert not [key for key in recorded.shelf.objects if key.startswith("session/")]
    assert not list(tmp_path.iterdir())  # noqa: ASYNC240 - nothing waits for it


async def test_nobody_recorded_is_empty_and_no_failure(tmp_path: Path) -> None:
    assert (await Recorded().merged(tmp_path)).outcome is Outcome.EMPTY


# --- once and for all ----------------------------------------------------------------------------


async def test_the_same_merge_again_gives_the_earlier_files(
    recorded: Recorded, tmp_path: Path
) -> None:
    recorded.track("alice", "video", [(0, 2)])
    first = await recorded.merged(tmp_path)
    before = dict(recorded.shelf.objects)
    recorded.shelf.reads.clear()
    assert await recorded.merged(tmp_path) == first
    assert recorded.shelf.objects == before
    assert not [key for key in recorded.shelf.reads if key.endswith(".ts")]


async def test_other_options_or_other_files_are_merged_beside(
    recorded: Recorded, tmp_path: Path
) -> None:
    recorded.track("alice", "video", [(0, 2)])
    first = await recorded.merged(tmp_path)
    before = dict(recorded.shelf.objects)
    smaller = await recorded.merged(tmp_path, fps=10)
    recorded.track("alice", "audio", [(0, 2)])
    longer = await recorded.merged(tmp_path)
    folders = {Path(result.files[0].key).parent for result in (first, smaller, longer)}
    assert len(folders) == 3
    assert before.items() <= recorded.shelf.objects.items()


async def test_a_file_whose_worker_was_killed_before_the_note_is_not_written_twice(
    recorded: Recorded, tmp_path: Path
) -> None:
    recorded.track("alice", "video", [(0, 2)])
    first = await recorded.merged(tmp_path)
    published = recorded.shelf.objects[first.files[0].key] = b"as it was published"
    del recorded.shelf.objects[first.files[0].note]
    await recorded.merged(tmp_path)
    assert recorded.shelf.objects[first.files[0].key] == published


async def test_times_run_from_the_first_slice_on(recorded: Recorded, tmp_path: Path) -> None:
    recorded.track("alice", "video", [(3.25, 1)])
    [file] = (await recorded.merged(tmp_path)).files
    assert file.begins_at == BEGIN + timedelta(seconds=3.25)
    assert seconds(file.seconds).total_seconds() == pytest.approx(1, abs=0.05)

"""The emulator's files and lists of files, as the adapter reads them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any

import av
import pytest

from longtake.domain.events import TaskPhase
from longtake.domain.files import FileRef
from longtake.domain.ports import Attempt
from longtake.domain.recording import RecordingRequest
from longtake.media.playlist import parse_playlist
from longtake.vendors.alibaba.adapter import AlibabaRecorder
from longtake.vendors.alibaba.settings import AlibabaStorage
from tests.vendors.alibaba.service import ADA, BOB, PEOPLE, ROOM, Service

Make = Callable[..., RecordingRequest]
Launch = Callable[..., Awaitable[Service]]

FORMATS = {"output": {"storage": "archive", "formats": ["hls", "mp4"], "path_prefix": "a.b/c"}}
SHORT = {"slice_seconds": 10}
EVERY_KIND = {"playlist": "m3u8", "segment": "ts", "mp4": "mp4", "audio": "mp3"}
SLASHED = "a/b\\c"


async def begun(service: Service) -> datetime:
    """When the only task came up, to the second, as names have it."""
    return datetime.fromisoformat((await service.made())["started_at"]).replace(microsecond=0)


def described(recorder: AlibabaRecorder, keys: Iterable[str]) -> dict[str, FileRef]:
    return {key: recorder.describe_file(key) for key in keys}


@pytest.mark.parametrize("mode", ["mixed", "individual"])
async def test_both_sides_tell_one_story_of_every_file(
    service: Service, ask: Make, attempt: Attempt, mode: str
) -> None:
    request = ask(mode=mode, vendor_options={**SHORT, "mp3": True}, **FORMATS)
    recorder, task = await service.ended(request, attempt)
    keys = (await service.made())["files"]
    (prefix,) = recorder.key_prefixes(request, attempt, task.id)
    assert all(key.startswith(prefix) for key in keys)
    assert {recorder.task_id_in(attempt, request, key) for key in keys} == {task.id}
    other = attempt.model_copy(update={"recorder": "lt0123456789abcdef0124"})
    assert {recorder.task_id_in(other, request, key) for key in keys} == {None}
    named = described(recorder, keys)
    assert {(file.kind, key.rpartition(".")[2]) for key, file in named.items()} == {
        *EVERY_KIND.items()
    }
    users = {""} if mode == "mixed" else set(PEOPLE)
    for kind in EVERY_KIND:
        assert {file.user for file in named.values() if file.kind == kind} == users
    up = await begun(service)
    assert {file.begins_at for file in named.values()} <= {up, up + timedelta(seconds=1)}
    seen = await recorder.query(request, task)
    assert seen.phase is TaskPhase.ENDED
    whole = {key: file for key, file in named.items() if file.kind != "segment"}
    assert {file.key: file for file in seen.files} == whole


async def test_camera_and_screen_of_each_user_are_told_apart(
    service: Service, ask: Make, attempt: Attempt
) -> None:
    request = ask(mode="individual", vendor_options={"sources": "both"}, **FORMATS)
    recorder, task = await service.ended(request, attempt)
    files = (await recorder.query(request, task)).files
    assert len({file.key for file in files}) == 2 * 2 * len(PEOPLE)
    for user in PEOPLE:
        assert sorted(file.kind for file in files if file.user == user) == [
            *("mp4", "mp4", "playlist", "playlist")
        ]


@pytest.mark.parametrize("names", [("0", "1"), ("camera", "screen"), ("", "s c.r-e:en")])
async def test_user_is_read_however_sources_are_written(
    launch: Launch, ask: Make, attempt: Attempt, names: tuple[str, str]
) -> None:
    service = await launch(source_names=names)
    request = ask(mode="individual", vendor_options={"sources": "both"})
    recorder, task = await service.ended(request, attempt)
    keys = (await service.made())["files"]
    named = described(recorder, keys)
    assert {file.user for file in named.values()} == set(PEOPLE)
    assert {recorder.task_id_in(attempt, request, key) for key in keys} == {task.id}


async def test_user_whose_id_has_slashes_is_recorded_below_the_task_s_folder(
    service: Service, ask: Make, attempt: Attempt
) -> None:
    await service.artc.room(ROOM, SLASHED)
    only = {"audio": {"allow": [SLASHED]}}
    request = ask(mode="individual", subscriptions=only)
    recorder, task = await service.ended(request, attempt)
    keys = (await service.made())["files"]
    assert {recorder.task_id_in(attempt, request, key) for key in keys} == {task.id}
    assert {recorder.describe_file(key).user for key in keys} == {"a_b_c"}


@pytest.mark.parametrize("offset", [-12, 0, 8, 14])
async def test_times_in_names_are_read_in_their_zone(
    launch: Launch, ask: Make, attempt: Attempt, offset: int
) -> None:
    service = await launch(start_time_offset=offset)
    request = ask(**FORMATS)
    recorder, task = await service.ended(request, attempt, names_utc_offset=offset)
    up, files = await begun(service), (await recorder.query(request, task)).files
    assert {file.begins_at for file in files} <= {up, up + timedelta(seconds=1)}


async def test_long_recording_is_split_into_files_that_follow_each_other(
    service: Service, ask: Make, attempt: Attempt
) -> None:
    output = {**FORMATS["output"], "max_file_length": 180}
    request = ask(output=output)
    recorder, task = await service.up(request, attempt)
    for _ in range(4):
        await service.artc.advance(100)
    await recorder.stop(request, task)
    await service.artc.advance(30)
    files = (await recorder.query(request, task)).files
    for kind in ("playlist", "mp4"):
        begins = [file.begins_at for file in files if file.kind == kind and file.begins_at]
        assert len(begins) == 3
        gaps = [(b - a).total_seconds() for a, b in pairwise(begins)]
        assert gaps == pytest.approx([180, 180], abs=1)
    keys = (await service.made())["files"]
    assert len(keys) == len(set(keys))


async def test_user_who_joins_late_has_files_from_then_on(
    service: Service, ask: Make, attempt: Attempt
) -> None:
    await service.artc.room(ROOM, ADA)
    request = ask(mode="individual")
    recorder, task = await service.up(request, attempt)
    await service.artc.advance(60)
    await service.artc.room(ROOM, *PEOPLE)
    await service.artc.advance(40)
    await recorder.stop(request, task)
    await service.artc.advance(30)
    files = (await recorder.query(request, task)).files
    begins = {file.user: file.begins_at for file in files}
    ada, bob = begins[ADA], begins[BOB]
    assert ada is not None
    assert bob is not None
    assert (bob - ada).total_seconds() == pytest.approx(60, abs=1)


async def test_files_named_by_the_caller_tell_what_they_can(
    service: Service, ask: Make, attempt: Attempt
) -> None:
    own = {
        "file_name": "{ChannelId} {StartTime}",
        "slice_name": "{Sequence}-{StartTime}~",
        "mp3": True,
    }
    request = ask(vendor_options=own, **FORMATS)
    recorder, task = await service.ended(request, attempt)
    keys = (await service.made())["files"]
    assert {recorder.task_id_in(attempt, request, key) for key in keys} == {task.id}
    named, up = described(recorder, keys), await begun(service)
    assert {file.kind for file in named.values()} == set(EVERY_KIND)
    assert {file.begins_at for file in named.values()} <= {up, up + timedelta(seconds=1)}
    listed = {file.key for file in (await recorder.query(request, task)).files}
    assert listed == {key for key in keys if not key.endswith(".ts")}


async def test_room_with_a_long_name_is_recorded_to_mp4_too(
    service: Service, ask: Make, attempt: Attempt
) -> None:
    room = "会" * 256
    await service.artc.room(room, *PEOPLE)
    request = ask(room=room, **FORMATS)
    recorder, task = await service.ended(request, attempt)
    kinds = [file.kind for file in (await recorder.query(request, task)).files]
    assert kinds == ["playlist", "mp4"]


@pytest.mark.parametrize("mode", ["mixed", "individual"])
async def test_where_mp4_is_never_made_the_rest_is(
    launch: Launch, ask: Make, attempt: Attempt, mode: str
) -> None:
    service = await launch(mp4_in_individual=False)
    request = ask(mode=mode, **FORMATS)
    recorder, task = await service.ended(request, attempt)
    kinds = {file.kind for file in (await recorder.query(request, task)).files}
    assert kinds == ({"playlist", "mp4"} if mode == "mixed" else {"playlist"})


@pytest.fixture
def storage(storage: dict[str, AlibabaStorage]) -> dict[str, AlibabaStorage]:
    merging = AlibabaStorage.model_validate({"vod": {"auto_compose": True}})
    return {**storage, "merging": merging}


STREAMS: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "mixed": ({}, [("", "audio_video")]),
    "individual": ({"mode": "individual"}, [(user, "audio_video") for user in PEOPLE]),
    "sound": ({"mode": "individual", "media": "audio"}, [(user, "audio") for user in PEOPLE]),
    "pictures": ({"mode": "individual", "media": "video"}, [(user, "video") for user in PEOPLE]),
    "both sources": (
        {"mode": "individual", "vendor_options": {"sources": "both"}},
        [(user, "audio_video") for user in PEOPLE] * 2,
    ),
}
"""User and track of what is recorded, by request."""


@pytest.mark.parametrize(("profile", "times"), [("media", 1), ("merging", 2)])
@pytest.mark.parametrize("case", STREAMS)
async def test_media_of_vod_are_told_by_stream(
    service: Service, ask: Make, attempt: Attempt, case: str, *, profile: str, times: int
) -> None:
    asked, streams = STREAMS[case]
    request = ask(output={"storage": profile}, **asked)
    recorder, task = await service.ended(request, attempt)
    seen = await recorder.query(request, task)
    assert seen.phase is TaskPhase.ENDED
    assert Counter((file.user, file.track) for file in seen.files) == Counter(streams * times)
    assert len({file.key for file in seen.files}) == len(seen.files)
    assert (await service.made())["files"] == []


@pytest.mark.parametrize("mode", ["mixed", "individual"])
async def test_written_files_play_and_are_whole(
    launch: Launch, ask: Make, attempt: Attempt, mode: str
) -> None:
    service = await launch(media=True)
    request = ask(
        mode=mode,
        vendor_options={**SHORT, "mp3": True},
        **({"canvas": {"width": 320, "height": 180}} if mode == "mixed" else {}),
        **FORMATS,
    )
    recorder, task = await service.ended(request, attempt, after=15)
    bucket = service.artc.data / "mytest-bucket"
    stored = {
        file.relative_to(bucket).as_posix(): file for file in bucket.rglob("*") if file.is_file()
    }
    assert set(stored) == set((await service.made())["files"])
    (prefix,) = recorder.key_prefixes(request, attempt, task.id)
    assert all(key.startswith(f"{prefix}{task.id}/") for key in stored)
    streams = 1 if mode == "mixed" else len(PEOPLE)
    for key, file in described(recorder, stored).items():
        if file.kind == "playlist":
            playlist = parse_playlist(stored[key].read_text())
            assert playlist is not None
            assert playlist.ended
            assert playlist.seconds == pytest.approx(15, abs=1)
            slices = {str(PurePosixPath(key).parent / uri) for uri in playlist.uris}
            assert slices <= set(stored)
            assert {recorder.describe_file(name).user for name in slices} == {file.user}
            continue
        with av.open(str(stored[key])) as container:
            kinds = sorted(stream.type for stream in container.streams)
        assert kinds == (["audio"] if key.endswith(".mp3") else ["audio", "video"])
        assert file.track == ("audio" if key.endswith(".mp3") else "audio_video")
    reported = {file.key for file in (await recorder.query(request, task)).files}
    assert reported == {key for key in stored if not key.endswith(".ts")}
    assert len(reported) == 3 * streams

"""What storage holds is compared with what was said; the grade is never better than that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.files import FileActivities
from longtake.contracts.payloads import CheckInput, FindTaskInput, SegmentFiles, Started
from longtake.domain.files import LISTED, FileRef, Manifest, Outcome
from longtake.domain.ports import StoredObject
from longtake.media.packets import held_seconds
from longtake.media.playlist import parse_playlist
from tests.activities.fakes import (
    ATTEMPT,
    BEGAN,
    NOON,
    REQUEST,
    TASK,
    FakeDirectory,
    FakeRecorder,
    FakeStore,
    Tries,
)

PATH = ATTEMPT.path
PLAYLIST = "#EXTM3U\n#EXTINF:5.0,\nt1_a.ts\n#EXTINF:3.5,\nt1_b.ts\n"
CLOSED = PLAYLIST + "#EXT-X-ENDLIST\n"
WHOLE = {
    f"{PATH}/t1_room.m3u8": CLOSED,
    f"{PATH}/t1_a.ts": "first",
    f"{PATH}/t1_b.ts": "second",
    f"{PATH}0/t1_c.ts": "another attempt's",
}
AGAIN = timedelta(seconds=5)


def activities(objects: dict[str, str] | None) -> FileActivities:
    store = None if objects is None else FakeStore(objects)
    return FileActivities(FakeDirectory(FakeRecorder(), store), parse_playlist, held_seconds)


def segment(**given: Any) -> SegmentFiles:
    plain = {"number": 1, "task": TASK, "had_data": True, "reported": ()}
    return SegmentFiles.model_validate(plain | given)


async def checked(
    objects: dict[str, str] | None, *segments: SegmentFiles, final: bool = True
) -> Manifest:
    order = CheckInput(request=REQUEST, segments=segments or (segment(),), final=final)
    return await Tries().next(activities(objects).check, order)


async def test_all_that_was_said_is_there() -> None:
    reported = (FileRef(key=f"{PATH}/t1_room.m3u8", kind="playlist"),)
    manifest = await checked(WHOLE, segment(reported=reported), final=False)
    assert (manifest.outcome, manifest.storage) == (Outcome.COMPLETE, "bucket")
    assert [file.key for file in manifest.files] == [key for key in WHOLE if f"{PATH}/" in key]
    assert (manifest.count, manifest.size) == (3, len(CLOSED) + len("firstsecond"))
    assert manifest.seconds == 8.5
    assert (manifest.missing, manifest.reasons) == ((), ())


async def test_a_playlist_begins_when_its_own_tags_say_so() -> None:
    manifest = await checked(WHOLE | {f"{PATH}/t1_room.m3u8": CLOSED + "# began at noon\n"})
    begins = {file.kind: file.begins_at for file in manifest.files}
    assert begins == {"playlist": BEGAN, "segment": None}


def without(name: str) -> dict[str, str]:
    return {key: text for key, text in WHOLE.items() if key != f"{PATH}/{name}"}


@pytest.mark.parametrize(
    "objects",
    [without("t1_b.ts"), WHOLE | {f"{PATH}/t1_b.ts": ""}],
    ids=["absent", "of no size"],
)
async def test_a_segment_that_the_playlist_names_is_missing(objects: dict[str, str]) -> None:
    manifest = await checked(objects)
    assert manifest.outcome is Outcome.PARTIAL
    assert manifest.missing == (f"{PATH}/t1_b.ts",)
    assert manifest.reasons == ("segment 1: 1 of 2 files missing (3.5 s), as t1_b.ts",)
    [gap] = manifest.gaps
    assert (gap.cause, gap.key, gap.seconds) == ("missing", f"{PATH}/t1_b.ts", 3.5)
    assert manifest.gap_seconds == 3.5


async def test_a_file_that_the_vendor_named_is_missing() -> None:
    film = FileRef(key=f"{PATH}/t1_room_0.mp4", kind="mp4")
    manifest = await checked(WHOLE, segment(reported=(film,)))
    assert (manifest.outcome, manifest.missing) == (Outcome.PARTIAL, (film.key,))


async def test_a_file_named_without_its_folder_is_looked_for_in_all() -> None:
    told = (FileRef(key="t1_a.ts"), FileRef(key="t1_z.ts"))
    manifest = await checked(WHOLE, segment(reported=told))
    assert (manifest.outcome, manifest.missing) == (Outcome.PARTIAL, ("t1_z.ts",))


@pytest.mark.parametrize("objects", [WHOLE, WHOLE | {f"{PATH}/t1_room.mp4": ""}])
async def test_a_film_that_was_ordered_is_waited_for(objects: dict[str, str]) -> None:
    ordered = REQUEST.output.model_copy(update={"formats": frozenset({"hls", "mp4"})})
    request = REQUEST.model_copy(update={"output": ordered})
    order = CheckInput(request=request, segments=(segment(),), final=True)
    manifest = await Tries().next(activities(objects).check, order)
    assert manifest.outcome is Outcome.PARTIAL
    assert manifest.reasons == ("segment 1: no mp4 of all that was recorded",)
    there = activities(objects | {f"{PATH}/t1_room.mp4": "film"})
    assert (await Tries().next(there.check, order)).outcome is Outcome.COMPLETE


async def test_a_playlist_without_a_byte_is_missing_and_not_read() -> None:
    playlist = FileRef(key=f"{PATH}/t1_room.m3u8", kind="playlist")
    manifest = await checked(WHOLE | {playlist.key: ""}, segment(reported=(playlist,)))
    assert (manifest.outcome, manifest.missing) == (Outcome.PARTIAL, (playlist.key,))


async def test_an_open_playlist_is_still_growing() -> None:
    manifest = await checked(WHOLE | {f"{PATH}/t1_room.m3u8": PLAYLIST})
    assert manifest.outcome is Outcome.PARTIAL
    assert manifest.reasons == (f"{PATH}/t1_room.m3u8 is not closed",)


async def test_an_open_playlist_whose_slices_a_closed_one_lists_lacks_nothing() -> None:
    manifest = await checked(WHOLE | {f"{PATH}/t1_room_1796025542923_0.m3u8": PLAYLIST})
    assert (manifest.outcome, manifest.reasons) == (Outcome.COMPLETE, ())


async def test_a_session_to_which_nobody_published_is_empty() -> None:
    manifest = await checked({}, segment(had_data=False))
    assert (manifest.outcome, manifest.count, manifest.reasons) == (Outcome.EMPTY, 0, ())


async def test_a_segment_that_left_nothing_of_its_data_is_missing() -> None:
    manifest = await checked({})
    assert manifest.outcome is Outcome.PARTIAL
    assert manifest.reasons == (f"segment 1: nothing below {PATH}",)


async def test_one_broken_segment_makes_the_session_partial() -> None:
    objects = WHOLE | {"takes/two/t2_room.m3u8": "#EXTINF:1,\nt2_a.ts\n#EXT-X-ENDLIST\n"}
    two = ATTEMPT.model_copy(update={"path": "takes/two"})
    other = TASK.model_copy(update={"attempt": two, "id": "t2"})
    manifest = await checked(objects, segment(), segment(number=2, task=other))
    assert manifest.outcome is Outcome.PARTIAL
    assert manifest.missing == ("takes/two/t2_a.ts",)
    assert [file.segment for file in manifest.files] == [1, 1, 1, 2]
    assert manifest.seconds == 9.5


async def test_the_longest_track_of_a_segment_is_its_length() -> None:
    shorter = "#EXTINF:2,\nt1_a.ts\n#EXT-X-ENDLIST\n"
    assert (await checked(WHOLE | {f"{PATH}/t1_voice.m3u8": shorter})).seconds == 8.5


async def test_files_that_are_still_on_their_way_are_looked_for_again() -> None:
    with pytest.raises(ApplicationError, match="1 of 2 files missing") as caught:
        await checked(without("t1_b.ts"), final=False)
    assert (caught.value.type, caught.value.next_retry_delay) == ("AskAgain", AGAIN)


@pytest.mark.parametrize(
    ("objects", "found"), [(WHOLE, True), ({f"{PATH}/t1_room.m3u8": CLOSED}, False), (None, False)]
)
async def test_a_look_beside_something_else_finds_all_or_says_nothing(
    objects: dict[str, str] | None, *, found: bool
) -> None:
    order = CheckInput(request=REQUEST, segments=(segment(),))
    manifest = await Tries().next(activities(objects).if_all_there, order)
    assert (manifest is not None) == found


class Hanging(FakeStore):
    """Storage that does not answer."""

    def __init__(self) -> None:
        super().__init__({})
        self.asked = asyncio.Event()

    async def list(self, prefix: str) -> AsyncIterator[StoredObject]:
        self.asked.set()
        await asyncio.get_running_loop().create_future()
        yield StoredObject(key=prefix, size=0, modified=NOON)


@pytest.mark.parametrize("cancelled", [False, True])
async def test_a_look_beside_something_else_fails_by_no_storage_and_no_cancel(
    monkeypatch: pytest.MonkeyPatch, *, cancelled: bool
) -> None:
    monkeypatch.setattr("activities.files.AT_ONCE", 60 if cancelled else 0.01)
    store, environment = Hanging(), ActivityEnvironment()
    files = FileActivities(FakeDirectory(FakeRecorder(), store), parse_playlist, held_seconds)
    order = CheckInput(request=REQUEST, segments=(segment(),))
    looking = asyncio.create_task(environment.run(files.if_all_there, order))
    await store.asked.wait()
    if cancelled:
        environment.cancel()
    assert await looking is None


async def test_more_files_than_a_history_holds_are_counted() -> None:
    objects = {f"{PATH}/t1_{number}.ts": "x" for number in range(LISTED + 50)}
    manifest = await checked(objects)
    assert (len(manifest.files), manifest.count) == (LISTED, LISTED + 50)


async def test_storage_that_cannot_be_read_is_not_retried() -> None:
    with pytest.raises(ApplicationError, match=r"storage\.bucket\.url") as caught:
        await checked(None)
    assert (caught.value.type, caught.value.non_retryable) == ("NotConfigured", True)


async def test_a_stored_file_tells_the_id_of_a_lost_task() -> None:
    order = FindTaskInput(request=REQUEST, attempt=ATTEMPT)
    objects, tries = {f"{PATH}/lock": "x", f"{PATH}0/t9_a.ts": "another's"}, Tries()
    with pytest.raises(ApplicationError, match="no file below takes/one yet") as caught:
        await tries.next(activities(objects).find_task, order)
    assert (caught.value.type, caught.value.next_retry_delay) == ("AskAgain", AGAIN)
    objects[f"{PATH}/t1_a.ts"] = "x"
    assert await tries.next(activities(objects).find_task, order) == Started(task_id="t1")


async def test_of_a_path_that_others_share_only_new_files_of_unknown_tasks_tell_an_id() -> None:
    attempt = ATTEMPT.model_copy(update={"path": ""})
    found = activities({"hls/t0_a.ts": "another session's", "mp4/t1_a.mp4": "x"}).find_task
    order = FindTaskInput(request=REQUEST, attempt=attempt, known=("t0",))
    assert await Tries().next(found, order) == Started(task_id="t1")
    late = order.model_copy(update={"written_after": NOON + timedelta(seconds=1)})
    with pytest.raises(ApplicationError, match="no file below hls or mp4 yet"):
        await Tries().next(found, late)


async def test_a_segments_files_are_those_of_its_task_where_all_lie_together() -> None:
    task = TASK.model_copy(update={"attempt": ATTEMPT.model_copy(update={"path": ""})})
    objects = {"hls/t1_r.m3u8": CLOSED, "hls/t1_a.ts": "1", "hls/t1_b.ts": "2", "hls/t2_a.ts": "3"}
    manifest = await checked(objects, segment(task=task))
    assert manifest.outcome is Outcome.COMPLETE
    assert [file.key for file in manifest.files] == [key for key in objects if "t1" in key]

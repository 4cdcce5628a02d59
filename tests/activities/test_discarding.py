"""A discard deletes what is the session's own, counts it, and tells what is left."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.discarding import DiscardActivities
from longtake.contracts.payloads import DiscardInput, LeftBehind
from longtake.domain.discarding import Deleted
from longtake.domain.errors import Unauthorized
from tests.activities.fakes import ATTEMPT, REQUEST, FakeDirectory, FakeRecorder, FakeStore

PATH = ATTEMPT.path
OWN = {f"{PATH}/t1_a.ts": "first", f"{PATH}/t1_b.ts": "second", f"{PATH}/notes.txt": "ours"}
OTHERS = {f"{PATH}0/t1_c.ts": "another attempt's", "takes/manifest.json": "another session's"}
NAMELESS = ATTEMPT.model_copy(update={"path": ""})


class Guarded(FakeStore):
    """Deletes no object whose key is among `held`, nor any other that is asked for beside it."""

    def __init__(self, objects: dict[str, str], *held: str) -> None:
        super().__init__(objects)
        self.held = set(held)

    async def delete(self, *keys: str) -> None:
        if self.held & {*keys}:
            raise Unauthorized("storage bucket: cannot delete")
        await super().delete(*keys)


async def discarded(store: FakeStore, *, told: tuple[Any, ...] = (), **order: Any) -> Deleted:
    given = {"folder": "takes/s1", "parts": (LeftBehind(attempt=ATTEMPT, segment=1),)} | order
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(environment.info, heartbeat_details=told)
    activities = DiscardActivities(FakeDirectory(FakeRecorder(), store))
    return await environment.run(activities.discard, DiscardInput(request=REQUEST, **given))


async def test_all_in_the_own_path_is_deleted_and_nothing_beside_it() -> None:
    store = FakeStore(OWN | OTHERS)
    deleted = await discarded(store)
    assert store.objects == OTHERS
    assert (deleted.count, deleted.size) == (3, len("firstsecondours"))
    assert (deleted.left, deleted.left_count) == ((), 0)


async def test_without_an_own_path_only_the_task_s_files_are_deleted() -> None:
    store = FakeStore({"hls/t1_a.ts": "a", "mp4/t1_a.mp4": "b", "hls/t2_a.ts": "c", "hls/x": "d"})
    await discarded(store, parts=(LeftBehind(attempt=NAMELESS, task_id="t1"),))
    assert store.objects == {"hls/t2_a.ts": "c", "hls/x": "d"}


async def test_all_in_the_session_s_own_folder_is_deleted() -> None:
    own = {"takes/s1/manifest.json": "a", "takes/s1/manifest.2.json": "b", "takes/s1/m/u.mp4": "c"}
    store = FakeStore({**own, "takes/s1.json": "d", "takes/s10/manifest.json": "e"})
    assert (await discarded(store)).count == 3
    assert list(store.objects) == ["takes/s1.json", "takes/s10/manifest.json"]


async def test_a_key_is_deleted_and_not_what_begins_like_it() -> None:
    store = FakeStore({"takes/merged.mp4": "a", "takes/merged.mp4.old": "b"})
    deleted = await discarded(store, parts=(), keys=("takes/merged.mp4", "takes/absent"))
    assert store.objects == {"takes/merged.mp4.old": "b"}
    assert deleted.count == 1


async def test_what_a_killed_worker_deleted_is_counted() -> None:
    told = Deleted(count=40, size=4000).model_dump()
    deleted = await discarded(FakeStore(dict(OWN)), told=(told,))
    assert (deleted.count, deleted.size) == (43, 4000 + len("firstsecondours"))


async def test_a_second_discard_finds_nothing_and_succeeds() -> None:
    assert await discarded(FakeStore(dict(OTHERS))) == Deleted()


async def test_a_file_that_cannot_be_deleted_fails_the_try_after_all_others_were() -> None:
    store = Guarded(dict(OWN), f"{PATH}/t1_a.ts")
    with pytest.raises(ApplicationError) as failed:
        await discarded(store)
    assert failed.value.type == "Unauthorized"
    assert list(store.objects) == [f"{PATH}/t1_a.ts"]


async def test_the_last_try_lists_what_is_left_and_why() -> None:
    store = Guarded(dict(OWN), f"{PATH}/t1_a.ts")
    deleted = await discarded(store, final=True)
    assert [(file.key, file.segment) for file in deleted.left] == [(f"{PATH}/t1_a.ts", 1)]
    assert (deleted.left_count, deleted.count) == (1, 2)
    assert "cannot delete" in deleted.why

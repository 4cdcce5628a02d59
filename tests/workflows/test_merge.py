"""Merging as a part of a session, and by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from temporalio.client import Client
from temporalio.worker import Worker

from activities.merging import MergeActivities
from longtake.contracts import names
from longtake.contracts.merging import MergeOrder
from longtake.domain.errors import Unauthorized, VendorUnavailable
from longtake.domain.files import Manifest, ManifestDocument, Outcome
from longtake.domain.material import Material
from longtake.domain.merging import (
    Made,
    MergedFile,
    MergeOptions,
    MergePlan,
    MergeResult,
    PlannedFile,
)
from longtake.domain.ports import ObjectStore, Recorder
from longtake.domain.recording import RecordingRequest
from longtake.temporal.runner import workflow_runner
from tests.house import House, house
from tests.media.recorded import BEGIN, Shelf, apart, played
from workflows.merge import MergeWorkflow

EMULATED_FRAME = 0.1
"""Seconds: the emulator draws ten pictures a second."""


@asynccontextmanager
async def recorded(
    client: Client, folder: Path, **output: object
) -> AsyncIterator[tuple[House, Manifest]]:
    """A session of two people, one of whom claps, recorded apart."""
    async with house(client, folder, vendor="tencent", media=True, timings={"slice": 1.0}) as home:
        people = [{"user": "ada", "claps": True}, {"user": "bob", "video": False}]
        answer = await home.control.put(
            "/_emulator/rooms/tencent/standup", json={"participants": people}
        )
        assert answer.is_success, answer.text
        handle = await home.start(
            "standup", mode="individual", output={"storage": "bucket", **output}
        )

        async def two_slices() -> bool:
            files = await home.files("standup")
            return sum(key.endswith(".ts") for key in files) >= 6

        await home.eventually(two_slices)
        await handle.signal("stop")
        yield home, (await handle.result()).manifest


async def test_a_session_that_asks_for_it_ends_with_merged_files_in_sync(
    client: Client, tmp_path: Path
) -> None:
    async with recorded(client, tmp_path, merge={"mode": "user"}) as (home, manifest):
        assert manifest.outcome is Outcome.COMPLETE, manifest.reasons
        merged = {file.user: file for file in manifest.files if file.kind == "merged"}
        assert set(merged) == {"ada", "bob"}
        bucket = tmp_path / "data" / "takes"
        for file in merged.values():
            assert (bucket / file.key).stat().st_size == file.size
        assert merged["ada"].key.endswith("_av.mp4")
        assert merged["bob"].key.endswith(".m4a")
        seen = played((bucket / merged["ada"].key).read_bytes())
        assert apart(seen) <= EMULATED_FRAME
        assert await home.started[0].query("files", result_type=Manifest) == manifest
        document = ManifestDocument.model_validate_json((bucket / manifest.document).read_bytes())
        assert document.listed(manifest.document) == manifest
        assert {file.key for file in document.files} >= {file.key for file in merged.values()}
        earlier = str(Path(manifest.document).with_name("manifest.json"))
        assert earlier in {file.key for file in document.files}


class NoRecorder:
    """A vendor whose names tell nothing."""

    def key_prefixes(self, *_: object) -> tuple[str, ...]:
        return ()

    def playlist_began(self, text: str) -> None:
        return None


class OneStore:
    """A directory with one account and one bucket."""

    def __init__(self) -> None:
        self.shelf = Shelf()

    def recorder(self, vendor: str, account: str) -> Recorder:
        return NoRecorder()  # type: ignore[return-value]

    def store(self, profile: str) -> ObjectStore | None:
        return self.shelf


class Scripted:
    """A merger of three files; `course` does what making one of them does."""

    def __init__(self, course: Callable[[str], asyncio.Future[None] | None]) -> None:
        self.made: list[str] = []
        self._course = course

    async def plan(self, material: Material, options: MergeOptions) -> MergePlan:
        files = tuple(
            PlannedFile(name=name, user=name, begins_at=BEGIN, seconds=10, size=1)
            for name in ("a", "b", "c")
        )
        return MergePlan(folder="s/merged/1", files=files)

    async def make(
        self,
        material: Material,
        options: MergeOptions,
        folder: str,
        name: str,
        tick: Callable[[float], None],
    ) -> Made:
        self.made.append(name)
        if (waits := self._course(name)) is not None:
            await waits
        file = MergedFile(
            key=f"{folder}/{name}.m4a",
            user=name,
            begins_at=BEGIN,
            seconds=10,
            size=1,
            picture=False,
            encoded=False,
            note=f"{folder}/{name}.json",
        )
        return Made(file=file)


class Merging:
    """The workflow by itself, on queues of its own."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.queue = f"merge-{uuid4().hex[:8]}"

    @asynccontextmanager
    async def working(self, merger: Scripted) -> AsyncIterator[None]:
        activities = MergeActivities(OneStore(), merger)
        sessions = Worker(
            self.client,
            task_queue=self.queue,
            workflows=[MergeWorkflow],
            workflow_runner=workflow_runner(),
        )
        media = Worker(
            self.client,
            task_queue=names.media_queue(self.queue),
            activities=[activities.plan, activities.make, activities.list],
            max_heartbeat_throttle_interval=timedelta(seconds=0.5),
            graceful_shutdown_timeout=timedelta(0),
        )
        async with sessions, media:
            yield

    async def start(self):  # noqa: ANN201 - a handle of Temporal's
        request = RecordingRequest.model_validate(
            {"vendor": "agora", "account": "a", "room": "r", "output": {"storage": "bucket"}}
        )
        order = MergeOrder(request=request, session="s", parts=(), options=MergeOptions())
        return await self.client.start_workflow(
            names.MERGE, order, id=self.queue, task_queue=self.queue, result_type=MergeResult
        )


@pytest.fixture
def merging(client: Client) -> Merging:
    return Merging(client)


async def test_a_merge_goes_on_with_the_file_at_which_its_worker_died(merging: Merging) -> None:
    reached, never = asyncio.Event(), asyncio.get_running_loop().create_future()

    def course(name: str) -> asyncio.Future[None] | None:
        if name != "b":
            return None
        reached.set()
        return never

    first, second = Scripted(course), Scripted(lambda _: None)
    async with merging.working(first):
        handle = await merging.start()
        await reached.wait()
    async with merging.working(second):
        result = await handle.result()
    assert first.made == ["a", "b"]
    assert second.made == ["b", "c"]
    assert result.outcome is Outcome.COMPLETE
    assert [file.user for file in result.files] == ["a", "b", "c"]


async def test_a_file_that_storage_refuses_is_named_and_the_others_are_made(
    merging: Merging,
) -> None:
    def course(name: str) -> None:
        if name == "b":
            raise Unauthorized("storage bucket: cannot write: 403 AccessDenied")

    async with merging.working(merger := Scripted(course)):
        result = await (await merging.start()).result()
    assert result.outcome is Outcome.PARTIAL
    assert [file.user for file in result.files] == ["a", "c"]
    [lost] = result.left_out
    assert lost.key == "s/merged/1/b"
    assert "403 AccessDenied" in lost.why
    assert merger.made == ["a", "b", "c"]


async def test_a_cancelled_merge_tells_what_it_made(merging: Merging) -> None:
    reached, never = asyncio.Event(), asyncio.get_running_loop().create_future()

    def course(name: str) -> asyncio.Future[None] | None:
        if name != "b":
            return None
        reached.set()
        return never

    async with merging.working(merger := Scripted(course)):
        handle = await merging.start()
        await reached.wait()
        await handle.cancel()
        result = await handle.result()
    assert [file.user for file in result.files] == ["a"]
    assert merger.made == ["a", "b"]
    assert never.cancelled()


async def test_a_store_that_is_away_for_a_moment_costs_one_more_try(merging: Merging) -> None:
    away = ["b"]

    def course(name: str) -> None:
        if name in away:
            away.remove(name)
            raise VendorUnavailable("storage bucket: cannot read: 503")

    async with merging.working(merger := Scripted(course)):
        result = await (await merging.start()).result()
    assert result.outcome is Outcome.COMPLETE
    assert merger.made == ["a", "b", "b", "c"]

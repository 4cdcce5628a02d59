"""A discarded session leaves its audit, nothing of its own, and everything of others."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from longtake.domain.files import Outcome
from longtake.domain.session import State
from tests.house import BUCKET, House, house

WANTED = {"discard": True, "reason": "Ada asked for it"}
SHORT = {"slice": 1.0}


def stored(home: House) -> set[str]:
    """What the bucket holds."""
    bucket = home.folder / "data" / BUCKET
    return {str(path.relative_to(bucket)) for path in bucket.rglob("*") if path.is_file()}


async def all_begun(home: House) -> bool:
    """Whether every recording has left a file."""
    return all(task["files"] for task in await home.tasks("standup"))


async def all_uploaded(home: House) -> bool:
    """Whether every recording's playlist says that it is whole, or was deleted since."""
    bucket = home.folder / "data" / BUCKET
    tasks = await home.tasks("standup")
    if not all(task["ended_at"] and ".m3u8" in str(task["files"]) for task in tasks):
        return False
    playlists = [bucket / key for key in stored(home) if key.endswith(".m3u8")]
    return all("#EXT-X-ENDLIST" in path.read_text() for path in playlists)


def put(home: House, key: str) -> None:
    path = home.folder / "data" / BUCKET / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"late or another's")


async def test_a_discarded_session_leaves_its_audit_and_what_is_not_its_own(
    client: Client, tmp_path: Path
) -> None:
    async with house(client, tmp_path, media=True, timings=SHORT) as home:
        await home.room("standup", "1001")
        handle = await home.start("standup")
        status = await home.until(handle, lambda status: "data flows" in status.evidence)
        path = status.segments[0].path
        folder = path.rpartition("/")[0]
        others = {f"{folder}0/neighbour.ts", f"{folder}.mp4", "somebody/else.m3u8"}
        for key in others:
            put(home, key)
        await handle.signal("stop", WANTED)
        result = await handle.result()
        assert stored(home) == others
        assert (result.manifest.outcome, result.manifest.files) == (Outcome.DISCARDED, ())
        assert result.discard is not None
        assert result.discard.reason == WANTED["reason"]
        assert result.discard.files == len(await home.files("standup")) > 1
        assert result.discard.size > 0
        assert result.discard.done_at is not None
        told = (await home.status(handle)).discard
        assert told == result.discard
        timeline = await home.timeline(handle)
        assert f"to be discarded: {WANTED['reason']}" in timeline
        assert f"discarded: {result.discard.files} files" in timeline


async def test_a_discard_after_the_stop_counts_until_the_files_were_checked(
    skipping: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with house(skipping.client, tmp_path, media=True, timings=SHORT) as home:
        await home.room("standup", "1001")
        with skipping.with_time_skipping_disabled():
            handle = await home.start("standup")
        await home.until(handle, lambda status: "data flows" in status.evidence)
        # A file that is missing keeps the session collecting.
        lost = await home.eventually(lambda: _a_slice(home))
        lost.unlink()
        await handle.signal("stop")
        await home.until(handle, lambda status: status.state is State.COLLECTING)
        await handle.signal("stop", WANTED)
        await skipping.fast_forward(handle, timedelta(hours=1))
        assert (await handle.result()).manifest.outcome is Outcome.DISCARDED
        assert stored(home) == set()


async def _a_slice(home: House) -> Path | None:
    return next((home.folder / "data").rglob("*.ts"), None)


async def test_files_that_come_after_the_discard_are_deleted_too(
    skipping: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with house(skipping.client, tmp_path, media=True, callbacks=False, timings=SHORT) as home:
        await home.room("standup", "1001")
        with skipping.with_time_skipping_disabled():
            handle = await home.start("standup", vendor_options={"async_stop": True})
        status = await home.until(handle, lambda status: "data flows" in status.evidence)
        await handle.signal("stop", WANTED)
        await home.until(handle, lambda status: "may still come" in status.evidence)
        assert stored(home) == set()
        put(home, f"{status.segments[0].path}/late.ts")
        await skipping.fast_forward(handle, timedelta(hours=1))
        result = await handle.result()
        assert stored(home) == set()
        assert result.discard is not None
        assert result.discard.files == len(await home.files("standup")) + 1


async def test_where_no_folder_is_its_own_the_files_of_another_session_stay(
    skipping: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with house(skipping.client, tmp_path, vendor="huawei", media=True, timings=SHORT) as home:
        await home.room("standup", "1001")
        kept: set[str] = set()
        for order in ({}, WANTED):
            with skipping.with_time_skipping_disabled():
                handle = await home.start("standup")
            await home.until(handle, lambda status: "data flows" in status.evidence)
            await home.eventually(lambda: all_begun(home))
            await handle.signal("stop", order)
            # The vendor uploads in its own time, which is not skipped.
            await home.eventually(lambda: all_uploaded(home))
            await skipping.fast_forward(handle, timedelta(hours=1))
            result = await handle.result()
            kept = kept or stored(home)
        assert len(kept) > 1
        assert stored(home) == kept
        assert result.manifest.outcome is Outcome.DISCARDED
        assert result.discard is not None
        assert result.discard.files > 0


async def test_an_order_that_breaks_a_rule_stops_and_deletes_nothing(
    client: Client, tmp_path: Path
) -> None:
    async with house(client, tmp_path, media=True, timings=SHORT) as home:
        await home.room("standup", "1001")
        handle = await home.start("standup")
        await home.until(handle, lambda status: "data flows" in status.evidence)
        await handle.signal("stop", {"discard": True, "because": "typo"})
        result = await handle.result()
        assert (result.manifest.outcome, result.discard) == (Outcome.COMPLETE, None)

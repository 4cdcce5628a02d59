"""Deleting what a discarded session left: its own files, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

from temporalio import activity

from activities.directory import Directory
from activities.failures import ask_again, temporal_failures
from longtake.contracts import names
from longtake.contracts.payloads import DiscardInput, LeftBehind
from longtake.domain.discarding import Deleted
from longtake.domain.errors import NotConfigured, RecordingError
from longtake.domain.files import LISTED, StoredFile
from longtake.domain.ports import ObjectStore, Recorder, StoredObject
from longtake.domain.recording import RecordingRequest

BATCH = 500
"""Of 1,000 that S3 deletes in one call."""
AT_ONCE = 16
"""Deleted side by side where a batch was refused: one locked object must not keep the others."""
AGAIN = timedelta(seconds=5)


class DiscardActivities:
    """The only ones that delete."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    @activity.defn(name=names.DISCARD)
    async def discard(self, order: DiscardInput) -> Deleted:
        """Delete until nothing is left; if final, give what storage would not delete.

        What earlier tries deleted counts as well, as far as they could tell.
        """
        done = _so_far()
        with temporal_failures():
            store = self._store(order.request.output.storage)
            refusal: RecordingError | None = None
            activity.heartbeat(done.model_dump())
            files = await self._there(store, order)
            for at in range(0, len(files), BATCH):
                deleted, refused = await _delete(store, files[at : at + BATCH], done)
                done, refusal = _with(done, deleted), refused or refusal
                activity.heartbeat(done.model_dump())
            if refusal is not None and not order.final:
                raise refusal
            left = await self._there(store, order)
        if left and not order.final:
            raise ask_again(AGAIN, f"{len(left)} files are still there, or came meanwhile")
        return done.model_copy(
            update={
                "left": tuple(left[:LISTED]),
                "left_count": len(left),
                "why": str(refusal or "they came meanwhile") if left else "",
            }
        )

    def _store(self, profile: str) -> ObjectStore:
        store = self._directory.store(profile)
        if store is None:
            raise NotConfigured(f"storage.{profile}.url: this worker cannot reach the bucket")
        return store

    async def _there(self, store: ObjectStore, order: DiscardInput) -> list[StoredFile]:
        """Every file of the session that storage holds, each once."""
        recorder = self._directory.recorder(order.request.vendor, order.request.account)
        found: dict[str, StoredFile] = {}
        async for stored in store.list(f"{order.folder}/"):
            found[stored.key] = _described(recorder, stored)
        for part in order.parts:
            async for file in _of_part(store, recorder, order.request, part):
                found[file.key] = file
        for key in order.keys:
            async for stored in store.list(key):
                if stored.key == key:
                    found[key] = _described(recorder, stored)
        return list(found.values())


async def _delete(
    store: ObjectStore, batch: list[StoredFile], done: Deleted
) -> tuple[list[StoredFile], RecordingError | None]:
    """Gives what was deleted, and why others were not."""
    try:
        await store.delete(*(file.key for file in batch))
    except RecordingError as err:
        refusal = err
    else:
        return batch, None
    deleted: list[StoredFile] = []
    for at in range(0, len(batch), AT_ONCE):
        some = batch[at : at + AT_ONCE]
        refusals = await asyncio.gather(*(_refusal(store, file.key) for file in some))
        deleted += [file for file, refused in zip(some, refusals, strict=True) if not refused]
        refusal = next((refused for refused in refusals if refused), refusal)
        activity.heartbeat(_with(done, deleted).model_dump())
    return deleted, refusal if len(deleted) < len(batch) else None


async def _refusal(store: ObjectStore, key: str) -> RecordingError | None:
    try:
        await store.delete(key)
    except RecordingError as err:
        return err
    return None


async def _of_part(
    store: ObjectStore, recorder: Recorder, request: RecordingRequest, part: LeftBehind
) -> AsyncIterator[StoredFile]:
    """What lies in an attempt's own path; where it has none, what bears the task's id."""
    attempt = part.attempt
    for prefix in recorder.key_prefixes(request, attempt, part.task_id):
        async for stored in store.list(prefix):
            own = attempt.path or recorder.task_id_in(attempt, request, stored.key) == part.task_id
            if own:
                yield _described(recorder, stored, part.segment)


def _described(recorder: Recorder, stored: StoredObject, segment: int = 0) -> StoredFile:
    file = recorder.describe_file(stored.key)
    return StoredFile(**file.model_dump(), size=stored.size, segment=segment)


def _so_far() -> Deleted:
    """What tries before this one told, before they failed or their worker died."""
    told = activity.info().heartbeat_details
    return Deleted.model_validate(told[0]) if told else Deleted()


def _with(done: Deleted, batch: list[StoredFile]) -> Deleted:
    size = sum(file.size or 0 for file in batch)
    return Deleted(count=done.count + len(batch), size=done.size + size)

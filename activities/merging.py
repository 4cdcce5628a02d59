"""Merging what a session left: planned, made and published, one file a call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

from temporalio import activity

from activities.directory import Directory
from activities.failures import temporal_failures
from activities.publishing import publish
from longtake.contracts import names
from longtake.contracts.merging import ListOrder, MakeOrder, MergeOrder
from longtake.domain.errors import NotConfigured
from longtake.domain.files import Manifest, ManifestDocument, StoredFile
from longtake.domain.material import Material
from longtake.domain.merging import Made, MergeOptions, MergePlan, with_merged
from longtake.domain.ports import ObjectStore

BEAT = 2.0
"""Seconds between two heartbeats."""

_T = TypeVar("_T")


class Merger(Protocol):
    """Media work."""

    async def plan(self, material: Material, options: MergeOptions) -> MergePlan:
        """What is to be made."""
        ...

    async def make(
        self,
        material: Material,
        options: MergeOptions,
        folder: str,
        name: str,
        tick: Callable[[float], None],
    ) -> Made:
        """Make and publish one file, unless an earlier merge did so already.

        `tick` hears how many seconds of it are done.
        """
        ...


class MergeActivities:
    """What a merge asks of storage and of the processor."""

    def __init__(self, directory: Directory, merger: Merger) -> None:
        self._directory = directory
        self._merger = merger
        self._one_at_a_time = asyncio.Semaphore()

    @activity.defn(name=names.PLAN_MERGE)
    async def plan(self, order: MergeOrder) -> MergePlan:
        """List the session's files, read its playlists, say what is to be made."""

        async def work() -> MergePlan:
            return await self._merger.plan(await self._material(order), order.options)

        with temporal_failures():
            return await _beating(work(), lambda: 0.0)

    @activity.defn(name=names.MAKE_MERGED)
    async def make(self, made: MakeOrder) -> Made:
        """Make and publish one file of the plan; heartbeats tell how many seconds are done."""
        order, done = made.order, [0.0]

        def tick(seconds: float) -> None:
            done[0] = seconds

        async def work() -> Made:
            async with self._one_at_a_time:
                material = await self._material(order)
                return await self._merger.make(
                    material, order.options, made.folder, made.name, tick
                )

        with temporal_failures():
            return await _beating(work(), lambda: done[0])

    @activity.defn(name=names.LIST_MERGED)
    async def list(self, made: ListOrder) -> Manifest:
        """Write the manifest anew, beside the one before; gives what a history holds of it."""
        order = made.order
        with temporal_failures():
            store = self._store(order.request.output.storage)
            text = await store.read(order.document)
            before = ManifestDocument.model_validate_json(text)
            earlier = StoredFile(key=order.document, size=len(text), segment=0)
            document = with_merged(before, made.result, earlier)
            folder = (order.request.output.path_prefix, order.session)
            return document.listed(await publish(store, folder, document))

    def _store(self, profile: str) -> ObjectStore:
        store = self._directory.store(profile)
        if store is None:
            raise NotConfigured(f"storage.{profile}.url: this worker cannot reach the bucket")
        return store

    async def _material(self, order: MergeOrder) -> Material:
        request = order.request
        recorder = self._directory.recorder(request.vendor, request.account)
        store = self._store(request.output.storage)
        files: dict[str, StoredFile] = {}
        for part in order.parts:
            for prefix in recorder.key_prefixes(request, part.attempt, part.task_id):
                async for stored in store.list(prefix):
                    told = recorder.task_id_in(part.attempt, request, stored.key)
                    if told == part.task_id or (told is None and part.attempt.path):
                        described = recorder.describe_file(stored.key)
                        files[stored.key] = StoredFile(
                            **described.model_dump(), size=stored.size, segment=part.segment
                        )
        return Material(store, store, list(files.values()), recorder.playlist_began, order.folder)


async def _beating(work: Coroutine[Any, Any, _T], told: Callable[[], float]) -> _T:
    """What `work` gives; heartbeats meanwhile. A cancel ends it before this returns."""
    task = asyncio.ensure_future(work)
    try:
        while not task.done():
            activity.heartbeat(told())
            await asyncio.wait({task}, timeout=BEAT)
        return task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

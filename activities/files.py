"""The files of a session: found, listed and compared with what the vendor said."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta

from temporalio import activity

from activities.directory import Directory
from activities.failures import ask_again, temporal_failures
from activities.looking import Look, listed, shown
from activities.publishing import publish
from longtake.contracts import names
from longtake.contracts.payloads import CheckInput, FindTaskInput, Started
from longtake.domain.checking import SegmentCheck, between, graded
from longtake.domain.errors import NotConfigured, RecordingError, VendorUnavailable
from longtake.domain.files import (
    CheckedTask,
    Manifest,
    ManifestDocument,
    Outcome,
    UnclaimedFile,
)
from longtake.domain.playlist import Playlist
from longtake.domain.ports import ObjectStore

LOOK_EVERY = timedelta(seconds=5)
AT_ONCE = 3.0
"""Seconds for a look that something else waits for."""


class FileActivities:
    """Everything a session asks of storage."""

    def __init__(
        self,
        directory: Directory,
        parse: Callable[[str], Playlist | None],
        held: Callable[[bytes, bytes], float | None],
    ) -> None:
        """`parse` and `held` as `Look` has them."""
        self._directory = directory
        self._parse = parse
        self._held = held

    @activity.defn(name=names.FIND_TASK)
    async def find_task(self, order: FindTaskInput) -> Started:
        """Look until a stored file's name tells the id of a task whose start was lost."""
        with temporal_failures(every=LOOK_EVERY):
            recorder = self._directory.recorder(order.request.vendor, order.request.account)
            store = self._store(order.request.output.storage)
            prefixes = recorder.key_prefixes(order.request, order.attempt)
            named = [
                (stored.modified, task_id)
                async for stored in listed(store, prefixes)
                if order.written_after is None or stored.modified >= order.written_after
                if (task_id := recorder.task_id_in(order.attempt, order.request, stored.key))
                if task_id not in order.known
            ]
        if named:
            return Started(task_id=max(named)[1])
        raise ask_again(LOOK_EVERY, f"no file below {shown(prefixes)} yet")

    @activity.defn(name=names.CHECK_FILES)
    async def check(self, order: CheckInput) -> Manifest:
        """Compare what is said with what is there; unless final, look until all is there.

        The whole list is written beside the files, of which the answer has no more than a history
        holds. Storage that takes no object of ours lowers no grade.
        """
        with temporal_failures(every=LOOK_EVERY):
            recorder = self._directory.recorder(order.request.vendor, order.request.account)
            store = self._store(order.request.output.storage)
            look = Look(store, recorder, order, self._parse, self._held)
            checks = [await look.segment(part) for part in order.segments]
            for left in order.besides:
                await look.besides(left)
            document = _document(order, checks, tuple(look.unclaimed.values()))
            if document.outcome is Outcome.PARTIAL and not order.final:
                raise ask_again(LOOK_EVERY, "; ".join(document.reasons)[:300])
            return await _kept(store, order, document)

    async def if_all_there(self, order: CheckInput) -> Manifest | None:
        """As `check`, for an activity that has had its effect: it must not fail, nor wait for long.

        None for whatever is not to be seen at once; a check finds out why.
        """
        activity.heartbeat()
        with suppress(Exception, asyncio.CancelledError):
            async with asyncio.timeout(AT_ONCE):
                return await self.check(order)
        return None

    def _store(self, profile: str) -> ObjectStore:
        store = self._directory.store(profile)
        if store is None:
            raise NotConfigured(f"storage.{profile}.url: this worker cannot read the bucket")
        return store


async def _kept(store: ObjectStore, order: CheckInput, document: ManifestDocument) -> Manifest:
    """Write the document; gives what a history holds of it."""
    if not order.session:
        return document.listed("")
    folder = (order.request.output.path_prefix, order.session)
    try:
        return document.listed(await publish(store, folder, document))
    except RecordingError as err:
        if isinstance(err, VendorUnavailable) and not order.final:
            raise
        return document.listed("", f"manifest.json was not written: {err}")


def _document(
    order: CheckInput, checks: Sequence[SegmentCheck], unclaimed: tuple[UnclaimedFile, ...]
) -> ManifestDocument:
    request = order.request
    files = tuple(file for found in checks for file in found.files)
    gaps = [*(gap for found in checks for gap in found.gaps), *between(checks)]
    lost = [gap for gap in gaps if gap.key]
    reasons = [reason for found in checks for reason in found.reasons]
    notes = [note for found in checks for note in found.notes]
    if unclaimed:
        notes.append(f"{len(unclaimed)} files are of attempts that became no segment")
    if not checks:
        reasons.append("nothing was recorded")
    return ManifestDocument(
        outcome=graded(checks, failed=order.failed),
        storage=request.output.storage,
        files=files,
        count=len(files),
        size=sum(file.size or 0 for file in files),
        seconds=round(sum(found.seconds for found in checks), 3),
        missing=tuple(key for found in checks for key in found.missing),
        gaps=tuple(sorted(gaps, key=lambda gap: not gap.key)),
        gap_seconds=round(sum(gap.seconds for gap in lost), 3),
        reasons=(*reasons, *notes),
        session=order.session,
        vendor=request.vendor,
        account=request.account,
        room=request.room,
        checked_at=activity.info().current_attempt_scheduled_time,
        tasks=tuple(
            CheckedTask(
                segment=part.number,
                id=part.task.id,
                recorder=part.task.attempt.recorder,
                path=part.task.attempt.path,
            )
            for part in order.segments
        ),
        unclaimed=unclaimed,
    )

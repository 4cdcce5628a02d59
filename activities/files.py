"""The files of a session: found, listed and compared with what the vendor said."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from datetime import timedelta
from pathlib import PurePosixPath
from typing import NamedTuple, Protocol

from temporalio import activity

from activities.directory import Directory
from activities.failures import ask_again, temporal_failures
from longtake.contracts import names
from longtake.contracts.payloads import CheckInput, FindTaskInput, SegmentFiles, Started
from longtake.domain.errors import NotConfigured
from longtake.domain.files import LISTED, Manifest, Outcome, StoredFile
from longtake.domain.ports import ObjectStore, Recorder, StoredObject
from longtake.domain.recording import RecordingRequest

LOOK_EVERY = timedelta(seconds=5)


class Playlist(Protocol):
    """What the check needs to know of a playlist."""

    @property
    def uris(self) -> Sequence[str]: ...
    @property
    def seconds(self) -> float: ...
    @property
    def ended(self) -> bool: ...


class SegmentCheck(NamedTuple):
    """What storage holds of one segment of the session, and what it should hold."""

    files: list[StoredFile]
    missing: list[str]
    seconds: float
    reasons: list[str]


class FileActivities:
    """Everything a session asks of storage."""

    def __init__(self, directory: Directory, parse: Callable[[str], Playlist]) -> None:
        self._directory = directory
        self._parse = parse

    @activity.defn(name=names.FIND_TASK)
    async def find_task(self, order: FindTaskInput) -> Started:
        """Look until a stored file's name tells the id of a task whose start was lost."""
        with temporal_failures(every=LOOK_EVERY):
            recorder = self._directory.recorder(order.request.vendor, order.request.account)
            store = self._store(order.request.output.storage)
            prefixes = recorder.key_prefixes(order.request, order.attempt)
            named = [
                (stored.modified, task_id)
                async for stored in _listed(store, prefixes)
                if order.written_after is None or stored.modified >= order.written_after
                if (task_id := recorder.task_id_in(order.attempt, order.request, stored.key))
                if task_id not in order.known
            ]
        if named:
            return Started(task_id=max(named)[1])
        raise ask_again(LOOK_EVERY, f"no file below {_shown(prefixes)} yet")

    @activity.defn(name=names.CHECK_FILES)
    async def check(self, order: CheckInput) -> Manifest:
        """Compare what is said with what is there; unless final, look until all is there."""
        profile = order.request.output.storage
        with temporal_failures(every=LOOK_EVERY):
            recorder = self._directory.recorder(order.request.vendor, order.request.account)
            store = self._store(profile)
            checks = [
                await self._check(store, recorder, order.request, part) for part in order.segments
            ]
        manifest = _graded(profile, checks)
        if manifest.outcome is Outcome.PARTIAL and not order.final:
            raise ask_again(LOOK_EVERY, "; ".join(manifest.reasons)[:300])
        return manifest

    def _store(self, profile: str) -> ObjectStore:
        store = self._directory.store(profile)
        if store is None:
            raise NotConfigured(f"storage.{profile}.url: this worker cannot read the bucket")
        return store

    async def _check(
        self,
        store: ObjectStore,
        recorder: Recorder,
        request: RecordingRequest,
        part: SegmentFiles,
    ) -> SegmentCheck:
        attempt, task_id = part.task.attempt, part.task.id
        prefixes = recorder.key_prefixes(request, attempt, task_id)
        files = [
            StoredFile(
                **recorder.describe_file(stored.key).model_dump(),
                size=stored.size,
                segment=part.number,
            )
            async for stored in _listed(store, prefixes)
            if attempt.path or recorder.task_id_in(attempt, request, stored.key) == task_id
        ]
        there = {file.key for file in files if file.size}
        expected = {file.key for file in part.reported}
        seconds, reasons = 0.0, list[str]()
        closed, still_open = set[str](), dict[str, set[str]]()
        for index, file in enumerate(files):
            if file.kind != "playlist" or not file.size:
                continue
            text = (await store.read(file.key)).decode("utf-8", "replace")
            began = recorder.playlist_began(text) or file.begins_at
            files[index] = file.model_copy(update={"begins_at": began})
            playlist = self._parse(text)
            folder = PurePosixPath(file.key).parent
            listed = {str(folder / uri) for uri in playlist.uris}
            expected |= listed
            seconds = max(seconds, playlist.seconds)
            if playlist.ended:
                closed |= listed
            else:
                still_open[file.key] = listed
        # What came by way of a vendor's backup may have a playlist of its own that nobody closes.
        reasons += [f"{key} is not closed" for key, listed in still_open.items() if listed - closed]
        missing = sorted(expected - there - _found_by_name(expected, there))
        if missing:
            reasons.append(
                f"segment {part.number}: {len(missing)} of {len(expected)} files missing"
            )
        if not files and part.had_data:
            reasons.append(f"segment {part.number}: nothing below {_shown(prefixes)}")
        elif "mp4" in request.output.formats and _lacks_mp4(files):
            reasons.append(f"segment {part.number}: no mp4 of all that was recorded")
        return SegmentCheck(files, missing, seconds, reasons)


async def _listed(store: ObjectStore, prefixes: Collection[str]) -> AsyncIterator[StoredObject]:
    for prefix in prefixes:
        async for stored in store.list(prefix):
            yield stored


def _shown(prefixes: Collection[str]) -> str:
    return " or ".join(prefix.rstrip("/") for prefix in prefixes)


def _found_by_name(expected: Collection[str], there: Collection[str]) -> set[str]:
    """Of files whose folder the vendor did not tell, those that lie in any."""
    names = {PurePosixPath(key).name for key in there}
    return {key for key in expected if "/" not in key and key in names}


def _lacks_mp4(files: Sequence[StoredFile]) -> bool:
    """Whether somebody's playlist, or all there is, was not made into a film."""
    recorded = {file.user for file in files if file.kind == "playlist"}
    made = {file.user for file in files if file.kind == "mp4" and file.size}
    return bool(recorded - made) or bool(files and not made)


def _graded(profile: str, checks: Sequence[SegmentCheck]) -> Manifest:
    files = [file for check in checks for file in check.files]
    missing = [key for check in checks for key in check.missing]
    reasons = [reason for check in checks for reason in check.reasons]
    whole = Outcome.COMPLETE if files else Outcome.EMPTY
    return Manifest(
        outcome=Outcome.PARTIAL if reasons else whole,
        storage=profile,
        files=tuple(files[:LISTED]),
        count=len(files),
        size=sum(file.size or 0 for file in files),
        seconds=sum(check.seconds for check in checks),
        missing=tuple(missing[:LISTED]),
        reasons=tuple(reasons[:20]),
    )

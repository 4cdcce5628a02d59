"""What the check of a session's files reads of storage: listings, playlists, ends of slices."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field

from temporalio import activity

from longtake.contracts.payloads import CheckInput, LeftBehind, SegmentFiles
from longtake.domain.checking import SegmentCheck, check
from longtake.domain.files import StoredFile, UnclaimedFile
from longtake.domain.playlist import Playlist
from longtake.domain.ports import Attempt, ObjectStore, Recorder, StoredObject
from longtake.domain.shelf import PACKET, Claims, Shelf

END = 64 * 2**10 // PACKET * PACKET
"""Bytes read of each end of a slice: some frames, whatever the bitrate."""
HEARTBEAT = 500
"""Objects listed between two heartbeats: half of what most stores give at once."""


@dataclass
class Look:
    """One look at the files of one session."""

    store: ObjectStore
    recorder: Recorder
    order: CheckInput
    parse: Callable[[str], Playlist | None]
    held: Callable[[bytes, bytes], float | None]
    """The seconds of media in a slice by its two ends; None for what is no transport stream."""
    seen: int = 0
    """Objects that were listed."""
    unclaimed: dict[str, UnclaimedFile] = field(default_factory=dict[str, UnclaimedFile])

    async def segment(self, part: SegmentFiles) -> SegmentCheck:
        """List one segment's files, read its playlists, look into what may be cut short."""
        request, attempt = self.order.request, part.task.attempt
        prefixes = self.recorder.key_prefixes(request, attempt, part.task.id)
        files, playlists = list[StoredFile](), dict[str, Playlist | None]()
        async for stored in self._listed(prefixes):
            if not self._belongs(stored, attempt, part.task.id):
                continue
            described = self.recorder.describe_file(stored.key)
            file = StoredFile(**described.model_dump(), size=stored.size, segment=part.number)
            if file.kind == "playlist" and file.size and file.key.endswith(".m3u8"):
                text = await self._text(file.key)
                playlists[file.key] = self.parse(text)
                began = self.recorder.playlist_began(text) or file.begins_at
                file = file.model_copy(update={"begins_at": began})
            files.append(file)
        claims = Claims(
            number=part.number,
            reported=part.reported,
            had_data=part.had_data,
            film="mp4" in request.output.formats,
            where=shown(prefixes),
            describe=self.recorder.describe_file,
        )
        shelf = Shelf(claims, files, playlists)
        found = check(shelf, {})
        if found.reasons and not self.order.final:
            return found  # all of it is looked at again
        return check(shelf, {file.key: await self._held(file) for file in shelf.doubtful()})

    async def besides(self, left: LeftBehind) -> None:
        """List what an attempt left that is no segment's."""
        prefixes = self.recorder.key_prefixes(self.order.request, left.attempt, left.task_id)
        async for stored in self._listed(prefixes):
            told = self._told(stored, left.attempt)
            if left.attempt.path or told == left.task_id:
                self._claim_not(stored, left.attempt, told or left.task_id)

    def _belongs(self, stored: StoredObject, attempt: Attempt, task_id: str) -> bool:
        """Whether it is the segment's. In an attempt's own path all is but what names another."""
        told = self._told(stored, attempt)
        if not attempt.path or told is None or told == task_id:
            return told == task_id or (told is None and attempt.path != "")
        if told not in {segment.task.id for segment in self.order.segments}:
            self._claim_not(stored, attempt, told)
        return False

    def _told(self, stored: StoredObject, attempt: Attempt) -> str | None:
        return self.recorder.task_id_in(attempt, self.order.request, stored.key)

    def _claim_not(self, stored: StoredObject, attempt: Attempt, task_id: str) -> None:
        self.unclaimed[stored.key] = UnclaimedFile(
            **self.recorder.describe_file(stored.key).model_dump(),
            size=stored.size,
            attempt=attempt.number,
            task_id=task_id,
        )

    async def _listed(self, prefixes: Collection[str]) -> AsyncIterator[StoredObject]:
        async for stored in listed(self.store, prefixes):
            if self.seen % HEARTBEAT == 0:
                activity.heartbeat({"listed": self.seen})
            self.seen += 1
            yield stored

    async def _text(self, key: str) -> str:
        activity.heartbeat({"listed": self.seen, "reading": key})
        with suppress(FileNotFoundError):  # deleted since it was listed: then it says nothing
            return (await self.store.read(key)).decode("utf-8", "replace")
        return ""

    async def _held(self, file: StoredFile) -> float | None:
        size = file.size or 0
        activity.heartbeat({"listed": self.seen, "looking into": file.key})
        with suppress(FileNotFoundError):
            head = await self.store.read_range(file.key, 0, min(END, size))
            at = max(size - END, 0) // PACKET * PACKET
            tail = await self.store.read_range(file.key, at, size - at) if at else b""
            return self.held(head, tail)
        return None


async def listed(store: ObjectStore, prefixes: Collection[str]) -> AsyncIterator[StoredObject]:
    """Every object below any of the prefixes."""
    for prefix in prefixes:
        async for stored in store.list(prefix):
            yield stored


def shown(prefixes: Collection[str]) -> str:
    """The prefixes for people."""
    return " or ".join(prefix.rstrip("/") for prefix in prefixes)

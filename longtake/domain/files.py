"""The files of a recording: what the vendor reports, what storage holds, and the grade."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Literal

from longtake.domain.model import Kept

FileKind = Literal["playlist", "segment", "mp4", "audio", "snapshot", "merged", "other"]
Track = Literal["audio", "video", "audio_video"]
Stream = Literal["primary", "substream"]
"""A user's camera, or what the user shares beside it."""
Uploading = Literal["uploaded", "backed_up", "failed", "unknown", "nothing"]
GapCause = Literal["missing", "damaged", "failover", "restart", "unrecorded"]


class Outcome(StrEnum):
    """How much of a recording was seen in storage."""

    COMPLETE = "complete"
    """Every file that the vendor or a playlist names is there, in its length."""
    PARTIAL = "partial"
    EMPTY = "empty"
    """Nobody published, so there is nothing to store."""
    UNVERIFIED = "unverified"
    """Storage cannot be read; the vendor's word is all there is."""
    FAILED = "failed"
    """No recording came about."""
    DISCARDED = "discarded"
    """Deleted by the caller's order, all of it."""


class FileRef(Kept):
    """A file as the vendor names it; `key` is the object's key in the bucket."""

    key: str
    kind: FileKind = "other"
    user: str = ""
    """Empty for a mixed file."""
    track: Track = "audio_video"
    stream: Stream = "primary"
    part: str = ""
    """What made it after a failover, as the name says: `ha1` to `ha3`, `bak0` and on."""
    begins_at: datetime | None = None
    """UTC: when what is in it began to be recorded."""
    seconds: float | None = None
    """How long it plays, as a playlist or the vendor tells it."""
    file_id: str = ""
    """The id under which a video-on-demand service keeps it."""
    url: str = ""
    """Where such a service plays it."""


class StoredFile(FileRef):
    """A file that was seen in storage."""

    size: int | None
    """Bytes; None when storage could not be asked."""
    segment: int
    """The number of the session's segment that made it."""


class UnclaimedFile(FileRef):
    """A stored file of an attempt, or of a task, that is none of the session's segments."""

    size: int
    attempt: int
    task_id: str = ""
    """Empty where nobody told it."""


class Gap(Kept):
    """A stretch that is not in the recording of a track."""

    cause: GapCause
    """The file is `missing` or `damaged`; or nothing was recorded: while the vendor went over to
    another server (`failover`), until the next task was up (`restart`), or for a reason that no
    file tells (`unrecorded`): mostly because nobody published.
    """
    segment: int
    """Of a `restart`: the one that begins after it."""
    user: str = ""
    track: Track = "audio_video"
    stream: Stream = "primary"
    begins_at: datetime | None = None
    seconds: float
    key: str = ""
    """The file that is missing or damaged; empty where nothing was recorded."""


class Manifest(Kept):
    """The checked list of a session's files."""

    outcome: Outcome
    storage: str
    files: tuple[StoredFile, ...] = ()
    """At most `LISTED`; `count` and `size` tell of all."""
    count: int = 0
    size: int = 0
    seconds: float = 0.0
    """What the playlists add up to: the longest track of each segment, failovers included."""
    missing: tuple[str, ...] = ()
    """Keys of files that are not there, or damaged; at most `LISTED`."""
    gaps: tuple[Gap, ...] = ()
    """At most `LISTED`, those of `gap_seconds` first."""
    gap_seconds: float = 0.0
    """What is missing or damaged, summed over all tracks. What was never recorded is not in it."""
    document: str = ""
    """The key under which the whole list was written to storage; empty if it was not."""
    reasons: tuple[str, ...] = ()
    """Why it is no better than that, and what else is to be known."""


LISTED = 200
"""Files listed in a history; payloads end at 2 MiB, a day of slices does not fit."""


def each_once(*files: FileRef) -> tuple[FileRef, ...]:
    """The first `LISTED` of what was told of files, each key once and as it was told last."""
    return tuple({file.key: file for file in files}.values())[:LISTED]


REPORTED_AT_ONCE = 2000
"""Files of the vendor's own lists that a check takes, of all segments together: under 1 MiB."""

REASONS_LISTED = 20


class CheckedTask(Kept):
    """A vendor task whose files were checked."""

    segment: int
    id: str
    recorder: str
    path: str


class ManifestDocument(Manifest):
    """`manifest.json`: everything that a check found, however long the lists."""

    format: Literal[1] = 1
    session: str
    """The session's key: the folder of its files."""
    vendor: str
    account: str
    room: str
    checked_at: datetime
    tasks: tuple[CheckedTask, ...] = ()
    unclaimed: tuple[UnclaimedFile, ...] = ()

    def listed(self, document: str, *notes: str) -> Manifest:
        """What of it goes into a history; `document` is where all of it was written."""
        files = self.files
        if len(files) > LISTED:
            files = tuple(sorted(files, key=lambda file: file.kind == "segment")[:LISTED])
        return Manifest(
            outcome=self.outcome,
            storage=self.storage,
            files=files,
            count=self.count,
            size=self.size,
            seconds=self.seconds,
            missing=self.missing[:LISTED],
            gaps=self.gaps[:LISTED],
            gap_seconds=self.gap_seconds,
            document=document,
            reasons=(*self.reasons[: REASONS_LISTED - len(notes)], *notes),
        )


def document_key(folder: Sequence[str], number: int = 1) -> str:
    """Where the session's `number`-th document lies: none ever replaces another.

    `manifest.json`, then `manifest.2.json` and so on; parts of `folder` may be empty.
    """
    name = "manifest.json" if number == 1 else f"manifest.{number}.json"
    return "/".join(part for part in (*folder, name) if part)


def unverified(storage: str, parts: Mapping[int, tuple[FileRef, ...]]) -> Manifest:
    """The vendor's word, by segment, where storage cannot be read."""
    files = tuple(
        StoredFile(**file.model_dump(), size=None, segment=number)
        for number, reported in parts.items()
        for file in reported
    )
    return Manifest(
        outcome=Outcome.UNVERIFIED,
        storage=storage,
        files=files[:LISTED],
        count=len(files),
        reasons=("storage cannot be read from here",),
    )

"""The files of a recording: what the vendor reports, what storage holds, and the grade."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Literal

from longtake.domain.model import Kept

FileKind = Literal["playlist", "segment", "mp4", "audio", "snapshot", "merged", "other"]
Track = Literal["audio", "video", "audio_video"]
Stream = Literal["primary", "substream"]
"""A user's camera, or what the user shares beside it."""
Uploading = Literal["uploaded", "backed_up", "unknown", "nothing"]


class Outcome(StrEnum):
    """How much of a recording was seen in storage."""

    COMPLETE = "complete"
    """Every file that the vendor or a playlist names is there."""
    PARTIAL = "partial"
    EMPTY = "empty"
    """Nobody published, so there is nothing to store."""
    UNVERIFIED = "unverified"
    """Storage cannot be read; the vendor's word is all there is."""
    FAILED = "failed"
    """No recording came about."""


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
    seconds: float | None = None
    """How long it plays, as a playlist or the vendor tells it."""


class Gap(Kept):
    """A stretch that should be in the recording and is not."""

    segment: int
    user: str = ""
    track: Track = "audio_video"
    stream: Stream = "primary"
    begins_at: datetime | None = None
    seconds: float
    key: str = ""
    """The file that is missing or broken; empty where the vendor itself recorded nothing."""


class Manifest(Kept):
    """The checked list of a session's files."""

    outcome: Outcome
    storage: str
    files: tuple[StoredFile, ...] = ()
    """At most `LISTED`; `count` and `size` tell of all."""
    count: int = 0
    size: int = 0
    seconds: float = 0.0
    """What the playlists add up to: the longest track of each segment."""
    missing: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
    """At most `LISTED`; `gap_seconds` tells of all."""
    gap_seconds: float = 0.0
    document: str = ""
    """The key under which the whole list was written to storage; empty if it was not."""
    reasons: tuple[str, ...] = ()


LISTED = 200
"""Files listed in a history; payloads end at 2 MiB, a day of slices does not fit."""


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

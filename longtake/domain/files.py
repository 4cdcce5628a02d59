"""The files of a recording: what the vendor reports, what storage holds, and the grade."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Literal

from longtake.domain.model import Kept

FileKind = Literal["playlist", "segment", "mp4", "snapshot", "other"]
Track = Literal["audio", "video", "audio_video"]
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
    begins_at: datetime | None = None


class StoredFile(FileRef):
    """A file that was seen in storage."""

    size: int | None
    """Bytes; None when storage could not be asked."""
    segment: int
    """The number of the session's segment that made it."""


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

"""A recording that is to leave nothing: who asked for it, and what was deleted."""

from __future__ import annotations

from datetime import datetime

from longtake.domain.files import LISTED, Manifest, Outcome, StoredFile
from longtake.domain.model import Kept


class Deleted(Kept):
    """What one round of deleting did."""

    count: int = 0
    size: int = 0
    """Bytes."""
    left: tuple[StoredFile, ...] = ()
    """What is still there: at most `LISTED`."""
    left_count: int = 0
    why: str = ""
    """What storage said when it deleted them not."""


class Discard(Kept):
    """The audit of a session's discard; it outlives the files."""

    asked_at: datetime
    reason: str = ""
    """As the order gave it: the one place that can tell who asked."""
    done_at: datetime | None = None
    """When nothing more was to be deleted, or could be."""
    files: int = 0
    """Deleted."""
    size: int = 0
    """Bytes deleted."""
    left: int = 0
    """Files that are known of, and are still there."""

    def add(self, deleted: Deleted, manifest: Manifest) -> None:
        """Count a round.

        A worker that was killed may have deleted files and told nobody: the manifest had counted
        them before, if storage was seen.
        """
        self.files += deleted.count
        self.size += deleted.size
        if manifest.outcome is not Outcome.UNVERIFIED:
            still = sum(file.size or 0 for file in deleted.left)
            seen = manifest.count - len(media_in(manifest))
            self.files = max(self.files, seen - deleted.left_count)
            self.size = max(self.size, manifest.size - still)


def media_in(manifest: Manifest) -> tuple[StoredFile, ...]:
    """What a video-on-demand service keeps."""
    return tuple(file for file in manifest.files if file.file_id)


def after_discard(manifest: Manifest, audit: Discard, deleted: Deleted) -> Manifest:
    """The manifest of a discarded session: what is left, and why."""
    reasons = [f"discarded: {audit.files} files, {audit.size} bytes"]
    if deleted.left_count:
        reasons.append(f"{deleted.left_count} files could not be deleted: {deleted.why}")
    media = media_in(manifest)
    if media:
        reasons.append(f"{len(media)} files are left to {ON_DEMAND}")
    left = (*deleted.left, *media)
    return Manifest(
        outcome=Outcome.PARTIAL if left else Outcome.DISCARDED,
        storage=manifest.storage,
        files=left[:LISTED],
        count=deleted.left_count + len(media),
        size=sum(file.size or 0 for file in left),
        reasons=tuple(reasons),
    )


ON_DEMAND = "the vendor's video-on-demand, where they cannot be deleted from here"

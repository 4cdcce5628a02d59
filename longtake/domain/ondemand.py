"""Recordings that a vendor's video-on-demand keeps: the vendor's word is all there is of them."""

from __future__ import annotations

from collections.abc import Sequence

from longtake.domain.files import LISTED, Manifest, Outcome, StoredFile
from longtake.domain.segment import Segment


def media_of(segments: Sequence[Segment]) -> tuple[StoredFile, ...]:
    """Every file that the vendor told by the id of a video-on-demand service."""
    return tuple(
        StoredFile(**file.model_dump(), size=None, segment=segment.number)
        for segment in segments
        for file in segment.reported
        if file.file_id
    )


def graded(storage: str, segments: Sequence[Segment]) -> Manifest:
    """The manifest of a session whose files are no bucket's.

    Never better than `unverified`: nobody here can look. `partial` where the vendor said that it
    could not store a file, or told of none of a segment that had media.
    """
    files = media_of(segments)
    told = {file.segment for file in files}
    against = [
        f"segment {segment.number}: {error}"
        for segment in segments
        for error in segment.upload_errors
    ]
    against += [
        f"segment {segment.number}: the vendor told of no file"
        for segment in segments
        if segment.leaves_files and segment.number not in told and not segment.upload_errors
    ]
    if not files and not against:
        return Manifest(outcome=Outcome.EMPTY, storage=storage)
    kept = f"kept by the vendor's video-on-demand: {len(files)} files told"
    return Manifest(
        outcome=Outcome.PARTIAL if against else Outcome.UNVERIFIED,
        storage=storage,
        files=files[:LISTED],
        count=len(files),
        seconds=sum(_longest(files, segment.number) for segment in segments),
        reasons=(kept, *against)[:LISTED],
    )


def with_media(manifest: Manifest, segments: Sequence[Segment]) -> Manifest:
    """The manifest of a bucket, and what a video-on-demand service keeps beside it."""
    media = media_of(segments)
    if not media:
        return manifest
    known = {file.key for file in manifest.files}
    added = tuple(file for file in media if file.key not in known)
    return manifest.model_copy(
        update={
            "files": (*manifest.files[: LISTED - len(added)], *added),
            "count": manifest.count + len(added),
            "reasons": (
                *manifest.reasons,
                f"beside the bucket {len(media)} files are kept by video-on-demand",
            ),
        }
    )


def _longest(files: Sequence[StoredFile], segment: int) -> float:
    return max((file.seconds or 0.0 for file in files if file.segment == segment), default=0.0)

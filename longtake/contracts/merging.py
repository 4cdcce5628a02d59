"""The messages of merges."""

from __future__ import annotations

import hashlib

from longtake.contracts.ids import merge_id
from longtake.contracts.payloads import LeftBehind
from longtake.domain.merging import MergeOptions, MergeResult
from longtake.domain.model import Kept
from longtake.domain.recording import RecordingRequest
from longtake.domain.session import Session


class MergeOrder(Kept):
    """Merge what the segments of a session left."""

    request: RecordingRequest
    session: str
    """The session's key."""
    parts: tuple[LeftBehind, ...]
    options: MergeOptions
    document: str = ""
    """The key of the session's manifest; empty where none was written."""

    @classmethod
    def of(
        cls, request: RecordingRequest, session: Session, options: MergeOptions, document: str
    ) -> MergeOrder:
        """For a session as it knows itself."""
        parts = tuple(
            LeftBehind(
                attempt=segment.task.attempt, task_id=segment.task.id, segment=segment.number
            )
            for segment in session.segments
        )
        return cls(
            request=request,
            session=session.key,
            parts=parts,
            options=options,
            document=document,
        )

    @property
    def workflow_id(self) -> str:
        """One for each session and options, so that nobody merges twice at a time."""
        told = self.options.model_dump_json()
        return merge_id(self.session, hashlib.sha256(told.encode()).hexdigest()[:8])

    @property
    def folder(self) -> str:
        """The folder of the session's own files."""
        return "/".join(step for step in (self.request.output.path_prefix, self.session) if step)


class MakeOrder(Kept):
    """Make one file of a plan."""

    order: MergeOrder
    folder: str
    """The plan's."""
    name: str


class ListOrder(Kept):
    """Write what was merged into the session's manifest."""

    order: MergeOrder
    result: MergeResult


class MergeProgress(Kept):
    """Answer of the query `progress`: seconds of merged files, done and in all."""

    done: float = 0.0
    total: float = 0.0
    files_done: int = 0
    files: int = 0
    making: str = ""
    """The file under way; how far it is, its activity's heartbeat tells: seconds."""

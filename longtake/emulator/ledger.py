"""The ledger: every task that ever existed and every call that was ever answered.

It is the ground truth that a test compares an orchestrator's story with, so it records effects,
never intentions: a call whose answer was lost stands here with the status it would have had.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any


@dataclass
class LayoutRevision:
    """One layout that the vendor was told: when, by which call, and the body as it came."""

    at: datetime
    call: str
    layout: dict[str, Any]


@dataclass
class TaskRecord:
    """A vendor task. It runs from ``created_at`` (start accepted) to ``ended_at`` (left the room).

    started_at: when the recorder was up; None if that never happened.
    files: object keys in the order of their first upload.
    """

    vendor: str
    task_id: str
    resource_id: str
    app: str
    room: str
    recorder: str
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    end_reason: str | None = None
    layout_revisions: list[LayoutRevision] = field(default_factory=list[LayoutRevision])
    files: list[str] = field(default_factory=list[str])


@dataclass
class CallRecord:
    """One request that reached a vendor's API.

    at: its arrival; finished_at: when the answer went out, None while it is in flight.
    status, code: of the answer, also when ``delivered`` is False because a fault swallowed it.
    task_id: the task that the call names, or that a start created.
    """

    vendor: str
    call: str
    at: datetime
    app: str | None = None
    room: str | None = None
    recorder: str | None = None
    resource_id: str | None = None
    task_id: str | None = None
    status: int | None = None
    code: int | str | None = None
    finished_at: datetime | None = None
    delivered: bool = True
    faults: list[str] = field(default_factory=list[str])


class Ledger:
    def __init__(self) -> None:
        self.tasks: list[TaskRecord] = []
        self.calls: list[CallRecord] = []

    def reset(self) -> None:
        self.tasks.clear()
        self.calls.clear()

    def as_json(self) -> dict[str, list[dict[str, Any]]]:
        """All of it, times in RFC 3339 (UTC, milliseconds)."""
        return {
            "tasks": [_plain(vars(task)) for task in self.tasks],
            "calls": [_plain(vars(call)) for call in self.calls],
        }


def rfc3339(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: _value(value) for name, value in fields.items()}


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, LayoutRevision):
        return _plain(vars(value))
    if isinstance(value, list):
        return [_value(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    return value

"""The two columns: what the vendor's ledger says of Longtake's rooms and of the plain pattern's."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

from longtake.cli.faults.evidence import Ledger


@dataclass(frozen=True)
class Column:
    """Counted over all rooms, by the ledger alone: the same question to both."""

    name: str
    sessions: int
    completed: int
    """Sessions that were reported as completed."""
    failed: int
    terminated: int
    """By an order of the plan."""
    unfinished: int
    left_running: int
    """Tasks that still ran once every session was over."""
    forgotten: int
    """Of these, such as the vendor itself lost sight of: no call ends them."""
    duplicates: int
    """Rooms in which two tasks ran together."""
    tasks: int

    def as_json(self) -> dict[str, Any]:
        """For the report."""
        return asdict(self)


def column(name: str, outcomes: Iterable[str], over: Ledger, lost: Collection[str]) -> Column:
    """`outcomes` as Temporal gives them; `over`: the ledger when all sessions were over; `lost`:
    rooms of which the vendor has lost sight of a task.
    """
    told = list(outcomes)
    left = [task for task in over.tasks if task.ended is None]
    rooms = {task.room for task in over.tasks}
    return Column(
        name=name,
        sessions=len(told),
        completed=told.count("completed"),
        failed=told.count("failed"),
        terminated=told.count("terminated"),
        unfinished=told.count("running"),
        left_running=len(left),
        forgotten=sum(task.room in lost for task in left),
        duplicates=sum(_together(over, room) for room in rooms),
        tasks=len(over.tasks),
    )


def _together(ledger: Ledger, room: str) -> bool:
    return any(
        first.together_with(second) for first, second in combinations(ledger.of_room(room), 2)
    )

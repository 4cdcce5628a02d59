"""A few sessions in skipped time; `tests/faults/many.py` runs thousands."""

from __future__ import annotations

from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from longtake.vendors import REGISTRY
from tests.faults.many import many


@pytest.mark.parametrize("vendor", sorted(REGISTRY))
async def test_sessions_in_skipped_time_leave_nothing_behind(
    skipping: WorkflowEnvironment, tmp_path: Path, vendor: str
) -> None:
    report = await many(skipping, tmp_path, vendor, sessions=8, seed=1)
    assert report.broken == []
    assert sum(report.struck.values()) > 0

"""Sessions that began on earlier code go on with this one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from longtake.temporal.runner import workflow_runner
from workflows.recording import RecordingWorkflow

HISTORIES = sorted((Path(__file__).parent / "histories").glob("*.json"))


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
async def test_a_stored_history_replays_on_this_code(path: Path) -> None:
    replayer = Replayer(
        workflows=[RecordingWorkflow],
        data_converter=pydantic_data_converter,
        workflow_runner=workflow_runner(strict=True),
    )
    stored = json.loads(path.read_text())
    # The id is part of what the session computes, its recorders' identities above all.
    history = WorkflowHistory.from_json(stored["workflow_id"], stored["history"])
    await replayer.replay_workflow(history)


def test_there_are_histories_to_replay() -> None:
    assert len(HISTORIES) >= 5

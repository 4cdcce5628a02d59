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
    await replayer.replay_workflow(stored(path))


def stored(path: Path) -> WorkflowHistory:
    told = json.loads(path.read_text())
    # The id is part of what the session computes, its recorders' identities above all.
    return WorkflowHistory.from_json(told["workflow_id"], told["history"])


def test_there_are_histories_to_replay() -> None:
    assert len(HISTORIES) >= 6

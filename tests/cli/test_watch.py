from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import cast

from rich.console import Console
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionResponse
from temporalio.client import WorkflowExecutionDescription

from longtake.cli.watch import Progress
from longtake.client import RecordingSession
from longtake.contracts.payloads import RecordingStatus, Timeline
from longtake.domain.recording import RecordingRequest
from longtake.domain.session import Note, Session

AT = datetime(2027, 1, 31, 9, tzinfo=UTC)
REQUEST = RecordingRequest.model_validate(
    {"vendor": "agora", "account": "a", "room": "r", "output": {"storage": "s"}}
)


class Telling:
    """A session whose timeline a test writes; it keeps the newest lines only."""

    def __init__(self, kept: int) -> None:
        self.lines: list[str] = []
        self._kept = kept

    async def status(self) -> RecordingStatus:
        scene = REQUEST.first_scene()
        return RecordingStatus.of(
            Session(
                key="k",
                submitted_at=AT,
                due_at=AT,
                deadline=AT,
                since=AT,
                evidence_at=AT,
                scene=scene,
            )
        )

    async def timeline(self) -> Timeline:
        notes = [Note(at=AT, text=line) for line in self.lines[-self._kept :]]
        return Timeline(notes=notes, dropped=len(self.lines) - len(notes))


class Retrying:
    """A workflow's description with one activity under way."""

    def __init__(self, kind: str, attempt: int) -> None:
        call = PendingActivityInfo(
            activity_id="1",
            attempt=attempt,
            state=PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED,
        )
        call.activity_type.name = "recording.start"
        call.last_failure.message = "agora start: HTTP 500"
        call.last_failure.application_failure_info.type = kind
        self.raw_description = DescribeWorkflowExecutionResponse(pending_activities=[call])


def screen() -> tuple[Progress, io.StringIO]:
    written = io.StringIO()
    return Progress(Console(file=written, width=80), since=AT), written


async def test_each_line_is_written_once_also_when_the_timeline_drops_some() -> None:
    progress, written = screen()
    told = Telling(kept=3)
    session = cast("RecordingSession", told)
    told.lines = ["one", "two"]
    await progress.news_of(session)
    await progress.news_of(session)
    told.lines += ["three", "four"]
    await progress.news_of(session)
    told.lines += ["five", "six", "seven", "eight", "nine"]
    await progress.news_of(session)
    words = [line.split()[-1] for line in written.getvalue().splitlines()]
    assert words == ["one", "two", "three", "four", "seven", "eight", "nine"]


def test_failed_try_is_written_once_and_a_poll_never() -> None:
    progress, written = screen()
    for kind, attempt in (("StartUnknown", 2), ("StartUnknown", 2), ("AskAgain", 3)):
        progress.retries_in(cast("WorkflowExecutionDescription", Retrying(kind, attempt)))
    assert written.getvalue().count("HTTP 500") == 1
    assert "recording.start, try 1: agora start: HTTP 500" in written.getvalue()


def test_text_of_others_is_not_read_as_markup() -> None:
    progress, written = screen()
    progress.line("vendor: [bold]storage[/] refused")
    assert "[bold]storage[/] refused" in written.getvalue()

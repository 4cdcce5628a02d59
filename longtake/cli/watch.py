"""A session followed live: its news as lines, its state as one line below them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text
from temporalio.client import WorkflowExecutionDescription, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from longtake.client import RecordingSession
from longtake.contracts.payloads import RecordingStatus
from longtake.domain.errors import ASK_AGAIN
from longtake.domain.session import State

ASK_EVERY = 0.25
"""Seconds between two questions; they are asked of the worker, not of the vendor."""

_TOO_LONG = "Failure exceeds size limit."
"""How the server describes a failure with long traces; the cause is what it shortened."""

STYLES = {
    State.RECORDING: "bold red",
    State.PAUSED: "yellow",
    State.FINISHED: "green",
}


class Progress:
    """Lines that stay, and one that tells the state; a context manager.

    Without a terminal only the lines are written.
    """

    def __init__(self, console: Console, since: datetime | None = None) -> None:
        """`since`: times are shown as seconds after it, else as the clock's."""
        self._console = console
        self._since = since
        self._noted = 0
        self._retries: set[tuple[str, int]] = set()
        self._live = Live(console=console, transient=True, refresh_per_second=8)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def line(self, text: str, *, style: str = "", at: datetime | None = None) -> None:
        """Write a line that stays."""
        grid = Table.grid(padding=(0, 2))
        grid.add_column(justify="right", no_wrap=True, style="dim")
        grid.add_column(overflow="fold")
        grid.add_row(self._time(at or datetime.now(UTC)), Text(text, style=style))
        self._console.print(grid)

    def show(self, text: str) -> None:
        """Replace the line that tells the state."""
        self._live.update(Spinner("dots", Text(text, overflow="ellipsis", no_wrap=True)))

    def status(self, status: RecordingStatus) -> None:
        """Show the state."""
        self._live.update(Spinner("dots", state_line(status)))

    async def news_of(self, session: RecordingSession) -> RecordingStatus:
        """Ask once: write what is new in the timeline, show the state."""
        status, timeline = await session.status(), await session.timeline()
        total = timeline.dropped + len(timeline.notes)
        unseen = min(total - self._noted, len(timeline.notes))
        for note in timeline.notes[len(timeline.notes) - unseen :]:
            self.line(note.text, style="yellow" if note.warning else "", at=note.at)
        self._noted = total
        self.status(status)
        return status

    def retries_in(self, description: WorkflowExecutionDescription) -> None:
        """Write the failed tries of calls under way, which no timeline has: Temporal knows them."""
        for call in description.raw_description.pending_activities:
            failure = call.last_failure
            if failure.message == _TOO_LONG and failure.HasField("cause"):
                failure = failure.cause
            known = (call.activity_id, call.attempt)
            polls = failure.application_failure_info.type == ASK_AGAIN
            if not failure.message or polls or known in self._retries:
                continue
            self._retries.add(known)
            name = call.activity_type.name
            text = f"{name}, try {call.attempt - 1}: {failure.message}; trying again"
            self.line(text, style="magenta")

    def _time(self, at: datetime) -> str:
        if self._since is None:
            return f"{at.astimezone():%H:%M:%S}"
        return f"{max((at - self._since).total_seconds(), 0):5.1f} s"


def state_line(status: RecordingStatus) -> Text:
    """State, revision, attempts and evidence, in one line."""
    line = Text(no_wrap=True, overflow="ellipsis")
    line.append(f"{status.state}", style=STYLES.get(status.state, "cyan"))
    line.append(f"  revision {status.applied_revision} of {status.revision} shown")
    line.append(f"  attempt {status.attempts}  ")
    age = max((datetime.now(UTC) - status.evidence_at).total_seconds(), 0)
    line.append(f"{status.evidence} ({age:.0f} s ago)", style="dim")
    return line


async def until_over(session: RecordingSession, progress: Progress) -> None:
    """Follow a session to its end, whichever that is; while no worker answers, wait for one."""
    ended = asyncio.ensure_future(session.result())
    try:
        while not ended.done():
            await _news(session, progress)
            await asyncio.wait({ended}, timeout=ASK_EVERY)
        await _news(session, progress)
    finally:
        ended.cancel()
        await asyncio.gather(ended, return_exceptions=True)


async def _news(session: RecordingSession, progress: Progress) -> None:
    try:
        await progress.news_of(session)
    except (RPCError, WorkflowQueryFailedError) as err:
        if isinstance(err, RPCError) and err.status == RPCStatusCode.NOT_FOUND:
            raise
        # No worker polls, or Temporal is away: the session itself goes on, and so do we.
        progress.show(f"no answer from the session now: {err}")

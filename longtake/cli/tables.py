"""How sessions and their files look in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from posixpath import commonpath

from rich.table import Table
from rich.text import Text

from longtake.client import ListedRecording
from longtake.contracts.payloads import RecordingStatus, SegmentStatus
from longtake.domain.discarding import Discard
from longtake.domain.files import Manifest, Outcome
from longtake.domain.layout import CustomLayout, Layout

_GRADES = {
    Outcome.COMPLETE: "green",
    Outcome.FAILED: "red",
    Outcome.PARTIAL: "red",
}
_SHOWN_FILES = 12
"""Of a long recording only so many slices are listed; the rest is counted."""


def facts(rows: Iterable[tuple[str, Text | str]]) -> Table:
    """Names on the left, texts on the right."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, text in rows:
        grid.add_row(name, text if isinstance(text, Text) else Text(text))
    return grid


def status_table(workflow_id: str, status: RecordingStatus) -> Table:
    """All that a session tells of itself."""
    picture = f"revision {status.revision}"
    if status.applied_revision != status.revision:
        picture += f", the vendor shows {status.applied_revision or 'none yet'}"
    if status.layout is not None:
        picture = f"{layout_name(status.layout)}, {picture}"
    rows: list[tuple[str, Text | str]] = [
        ("session", Text(workflow_id, style="bold")),
        ("state", f"{status.state} since {_clock(status.since)}"),
        ("evidence", f"{status.evidence or 'none yet'} ({_ago(status.evidence_at)})"),
        ("picture", picture),
        ("ends", str(status.end_reason or f"{_clock(status.deadline)} at the latest")),
        ("attempts", str(status.attempts)),
    ]
    rows += [(f"segment {segment.number}", _segment(segment)) for segment in status.segments]
    rows += [
        ("stray", f"attempt {stray.attempt}, task {stray.task_id or 'unknown'}")
        for stray in status.strays
        if stray.stopped_at is None
    ]
    if status.discard is not None:
        rows.append(("discard", _discard(status.discard)))
    rows += [("attention", Text(why, style="bold yellow")) for why in status.attention]
    if status.warning and status.warning not in status.attention:
        rows.append(("last warning", Text(status.warning, style="yellow")))
    if status.failure is not None:
        why = f"{status.failure.code}: {status.failure.message}"
        rows.append(("failed", Text(why, style="bold red")))
    return facts(rows)


def sessions_table(sessions: Iterable[ListedRecording]) -> Table:
    """One line a session."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("room", "account", "state", "started", "ended", "session"):
        table.add_column(name, overflow="fold")
    for session in sessions:
        state = Text(session.state or "unknown", style="bold red" if session.live else "")
        if session.end_reason:
            state.append(f", {session.end_reason}")
        if session.needs_attention:
            state.append(" !", style="bold yellow")
        table.add_row(
            Text(session.room),
            Text(session.account),
            state,
            _clock(session.started_at),
            _clock(session.closed_at) if session.closed_at else "live",
            Text(session.workflow_id, style="dim"),
        )
    return table


def manifest_table(manifest: Manifest) -> Table:
    """The files of a session, playable ones first, and what is missing."""
    table = Table(box=None, pad_edge=False, header_style="dim", title_justify="left")
    table.title = Text("files: ", style="not italic").append(
        str(manifest.outcome), style=_GRADES.get(manifest.outcome, "yellow")
    )
    folder = _folder([file.key for file in manifest.files] + list(manifest.missing))
    if folder:
        table.title.append(f", below {folder}", style="dim")
    table.add_column("kind")
    table.add_column("size", justify="right")
    table.add_column("key", overflow="fold")
    ordered = sorted(manifest.files, key=lambda file: (file.kind == "segment", file.key))
    for file in ordered[:_SHOWN_FILES]:
        size = "not seen" if file.size is None else _size(file.size)
        # Of video-on-demand the address says more than the id.
        table.add_row(file.kind, size, Text(file.url or file.key.removeprefix(folder)))
    if (more := manifest.count - _SHOWN_FILES) > 0:
        table.add_row("", "", Text(f"and {more} more", style="dim"))
    for key in manifest.missing:
        table.add_row(Text("missing", style="red"), "", Text(key.removeprefix(folder)))
    total = f"{manifest.count} files, {_size(manifest.size)}, {manifest.seconds:.1f} s of media"
    table.add_row("", "", Text("; ".join([total, *manifest.reasons]), style="dim"))
    return table


def _folder(keys: Sequence[str]) -> str:
    """What all keys begin with, up to a slash."""
    shared = commonpath([key.rpartition("/")[0] for key in keys]) if keys else ""
    return f"{shared}/" if shared else ""


def layout_name(layout: Layout) -> str:
    """The layout in a few words."""
    if isinstance(layout, CustomLayout):
        return f"custom, panes: {len(layout.panes)}"
    main = getattr(layout, "main", None)
    return f"{layout.kind}, {main} large" if main else layout.kind


def _segment(segment: SegmentStatus) -> str:
    up = f"up {_clock(segment.up_at)}" if segment.up_at else "not up yet"
    ended = f", ended {_clock(segment.ended_at)}" if segment.ended_at else ""
    detail = f" ({segment.end_detail})" if segment.end_detail else ""
    return f"task {segment.task_id}, recorder {segment.recorder}, {up}{ended}{detail}"


def _discard(audit: Discard) -> str:
    reason = f": {audit.reason}" if audit.reason else ""
    asked = f"asked for {_clock(audit.asked_at)}{reason}"
    if audit.done_at is None:
        return asked
    left = f", {audit.left} left" if audit.left else ""
    return f"{asked}; {audit.files} files, {_size(audit.size)} deleted{left}"


def _size(size: int) -> str:
    if size < 1_000_000:
        return f"{size / 1_000:.1f} kB"
    return f"{size / 1_000_000:.1f} MB"


def _clock(at: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}"


def _ago(at: datetime) -> str:
    return f"{max((datetime.now(UTC) - at).total_seconds(), 0):.0f} s ago"

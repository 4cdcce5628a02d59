"""The page that an operator reads in the Temporal UI, as markdown."""

from __future__ import annotations

from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from longtake.domain.layout import CustomLayout, Layout
    from longtake.domain.recording import RecordingRequest
    from longtake.domain.session import Segment, Session, State

LATEST_NOTES = 8
_SIGNS = {
    State.SCHEDULED: "🕓",
    State.ACQUIRING: "🟡",
    State.STARTING: "🟡",
    State.CONFIRMING: "🟡",
    State.RECORDING: "🔴",
    State.PAUSED: "⏸️",
    State.STOPPING: "⏹️",
    State.COLLECTING: "📦",
    State.FINISHED: "✅",
}


def details(request: RecordingRequest, session: Session) -> str:
    """State first, then what needs a person, then the facts."""
    blocks = [
        f"## {_sign(session)} {session.state.upper()}: {session.evidence or 'not begun'}",
        _warnings(session),
        _facts(request, session),
        _segments(session),
        _strays(session),
        _files(session),
        _notes(session),
    ]
    return "\n\n".join(block for block in blocks if block)


def _sign(session: Session) -> str:
    if session.failure:
        return "❌"
    return "⚠️" if session.attention else _SIGNS[session.state]


def _warnings(session: Session) -> str:
    lines = [f"**Needs attention:** {why}" for why in session.attention.values()]
    if session.failure:
        lines.append(f"**Failed:** {session.failure.code}: {session.failure.message}")
    if session.warning and session.warning not in session.attention.values():
        lines.append(f"Last warning: {session.warning}")
    return "\n\n".join(lines)


def _facts(request: RecordingRequest, session: Session) -> str:
    live = session.live
    shown = live.shown.revision if live else 0
    picture = f"revision {session.scene.revision}"
    picture += ", shown" if shown == session.scene.revision else f", vendor shows {shown}"
    if session.scene.layout:
        picture = f"{_named(session.scene.layout)} ({picture})"
    ends = session.end_reason or f"{_clock(session.deadline)} at the latest"
    rows = [
        ("Recording", f"{request.vendor} · {request.account} · room **{request.room}**"),
        ("Mode", f"{request.mode}, {request.media}, storage {request.output.storage}"),
        ("Picture", picture),
        ("State since", f"{_clock(session.since)}, evidence from {_clock(session.evidence_at)}"),
        ("Ends", str(ends)),
    ]
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {text} |" for name, text in rows)])


def _segments(session: Session) -> str:
    if not session.segments:
        return ""
    head = ["| segment | task | recorder | up | ended | last word |", "|---|---|---|---|---|---|"]
    return "\n".join(head + [_segment_row(segment) for segment in session.segments[-5:]])


def _segment_row(segment: Segment) -> str:
    up = _clock(segment.up_at) if segment.up_at else "not yet"
    ended = _clock(segment.ended_at) if segment.ended_at else "running"
    word = segment.end_detail if segment.ended_at else f"{segment.seen.phase} {segment.seen.detail}"
    return (
        f"| {segment.number} | `{segment.task.id}` | {segment.task.attempt.recorder}"
        f" | {up} | {ended} | {word} |"
    )


def _strays(session: Session) -> str:
    lines = [
        f"- stray: attempt {stray.attempt.number}, recorder {stray.attempt.recorder},"
        f" {'stopped' if stray.stopped_at else stray.task_id or 'task id unknown'}"
        for stray in session.strays
    ]
    return "\n".join(lines)


def _files(session: Session) -> str:
    manifest = session.manifest
    if manifest is None:
        return ""
    text = f"**Files: {manifest.outcome}**, {manifest.count} files, {manifest.size / 1e6:.1f} MB"
    text += f", {manifest.seconds:.0f} s"
    return "\n".join([text, *(f"- {reason}" for reason in manifest.reasons)])


def _notes(session: Session) -> str:
    lines = [
        f"- {_clock(note.at)} {'⚠️ ' if note.warning else ''}{note.text}"
        for note in session.timeline[-LATEST_NOTES:]
    ]
    return "\n".join(["**Latest**", *lines]) if lines else ""


def _named(layout: Layout) -> str:
    if isinstance(layout, CustomLayout):
        return f"custom, {len(layout.panes)} panes"
    main = getattr(layout, "main", None)
    return f"{layout.kind}, {main} large" if main else layout.kind


def _clock(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"

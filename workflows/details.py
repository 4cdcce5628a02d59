"""The page that an operator reads in the Temporal UI, as markdown."""

from __future__ import annotations

from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from longtake.domain.layout import CustomLayout, Layout
    from longtake.domain.recording import RecordingRequest
    from longtake.domain.segment import Segment
    from longtake.domain.session import Session, State

LATEST_NOTES = 10
_GAP = "\u2003"  # the UI's tables have no space between their columns
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
        f"## {_sign(session)} {_headline(session)}",
        _warnings(session),
        _facts(request, session),
        _segments(session),
        _strays(session),
        _files(session),
        _notes(session),
    ]
    return "\n\n".join(block for block in blocks if block)


def _headline(session: Session) -> str:
    if session.failure and session.state is State.FINISHED:
        return f"FAILED: {session.failure.code}"
    return f"{session.state.upper()}: {session.evidence or 'not begun'}"


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
    picture = f"revision {session.scene.revision}"
    if live:
        shown = live.shown.revision
        picture += ", shown" if shown == session.scene.revision else f", vendor shows {shown}"
    if session.scene.layout:
        picture = f"{_named(session.scene.layout)} ({picture})"
    ends = ("Ends", f"{_clock(session.deadline)} at the latest")
    if session.end_reason:
        ends = ("Ended", ": ".join(filter(None, [session.end_reason, session.end_detail])))
    rows = [
        ("Recording", f"{request.vendor} · {request.account} · room **{request.room}**"),
        ("Mode", f"{request.mode}, {request.media}, storage {request.output.storage}"),
        ("Picture", picture),
        ("Since", f"{_clock(session.since)}, evidence from {session.evidence_at:%H:%M:%S}"),
        ends,
    ]
    return "\n".join(["| | |", "|---|---|", *(f"| {name}{_GAP} | {text} |" for name, text in rows)])


def _segments(session: Session) -> str:
    return "\n".join(_segment_line(segment) for segment in session.segments[-5:])


def _segment_line(segment: Segment) -> str:
    task = segment.task
    if segment.ended_at:
        ran = f"ended {_clock(segment.ended_at)}: {segment.end_detail or segment.seen.phase}"
    elif segment.up_at:
        ran = f"up since {_clock(segment.up_at)}, {segment.seen.phase} {segment.seen.detail}"
    else:
        ran = f"accepted {_clock(segment.accepted_at)}, not up yet"
    return (
        f"- **Segment {segment.number}** {ran}; task `{task.id}`, recorder {task.attempt.recorder}"
    )


def _strays(session: Session) -> str:
    lines = [
        f"- **Stray** attempt {stray.attempt.number}, recorder {stray.attempt.recorder}:"
        f" {'stopped' if stray.stopped_at else stray.task_id or 'task id unknown'}"
        for stray in session.strays
    ]
    return "\n".join(lines)


def _files(session: Session) -> str:
    manifest = session.manifest
    if manifest is None:
        return ""
    text = f"**Files: {manifest.outcome}**"
    if manifest.count:
        text += f", {manifest.count} files, {_size(manifest.size)}, {manifest.seconds:.0f} s"
    return "\n".join([text, "", *(f"- {reason}" for reason in manifest.reasons)])


def _notes(session: Session) -> str:
    lines = [
        f"- {note.at:%H:%M:%S} {'⚠️ ' if note.warning else ''}{note.text}"
        for note in reversed(session.timeline[-LATEST_NOTES:])
    ]
    return "\n".join(["**Latest** (UTC)", "", *lines]) if lines else ""


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"


def _named(layout: Layout) -> str:
    if isinstance(layout, CustomLayout):
        return f"custom, {len(layout.panes)} panes"
    main = getattr(layout, "main", None)
    return f"{layout.kind}, {main} large" if main else layout.kind


def _clock(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"

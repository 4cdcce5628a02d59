"""What sessions leave behind on the worker's metrics; a replay counts nothing again."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from longtake.contracts import metrics
    from longtake.domain.recording import RecordingRequest
    from longtake.domain.segment import Segment
    from longtake.domain.session import Session


def announce(request: RecordingRequest) -> None:
    """Begin at zero: Prometheus sees no growth in a series that begins at one."""
    _count(metrics.STRAYS, request, 0)


def accepted(request: RecordingRequest, session: Session, segment: Segment) -> None:
    """The vendor accepted a task: the first one's time since it was due is the start's."""
    if segment.number == 1:
        _time(metrics.START_SECONDS, request, segment.accepted_at - session.due_at)


def came_up(request: RecordingRequest, session: Session) -> None:
    """A segment is seen up for the first time: the session's first one tells how late it is."""
    ups = [segment.up_at for segment in session.segments if segment.up_at]
    if len(ups) == 1 and session.segments[0].number == 1:
        _time(metrics.LATENESS_SECONDS, request, ups[0] - session.due_at)


def strays(request: RecordingRequest, number: int) -> None:
    """So many attempts became strays."""
    _count(metrics.STRAYS, request, number)


def ended(request: RecordingRequest, session: Session, files: str) -> None:
    """The session is over; `files` is the outcome of its files."""
    _count(metrics.SESSIONS_ENDED, request, 1, reason=str(session.end_reason), files=files)


def _count(name: str, request: RecordingRequest, number: int, **labels: str) -> None:
    counter = workflow.metric_meter().create_counter(name)
    counter.add(number, {**_where(request), **labels})


def _time(name: str, request: RecordingRequest, length: timedelta) -> None:
    histogram = workflow.metric_meter().create_histogram_float(name)
    histogram.record(max(length.total_seconds(), 0.0), _where(request))


def _where(request: RecordingRequest) -> dict[str, str]:
    return {"vendor": request.vendor, "account": request.account}

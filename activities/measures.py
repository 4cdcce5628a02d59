"""What vendor calls leave behind on the worker's metrics."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from temporalio import activity

from longtake.contracts import metrics
from longtake.domain.errors import RecordingError
from longtake.domain.recording import RecordingRequest


@contextmanager
def counted(request: RecordingRequest, call: str) -> Generator[None]:
    """Count one call to a vendor, by what came of it."""
    outcome = metrics.OK
    try:
        yield
    except RecordingError as err:
        outcome = err.code
        raise
    except BaseException as err:
        outcome = type(err).__name__
        raise
    finally:
        _count(metrics.VENDOR_CALLS, request, call=call, outcome=outcome)


def count_poll(request: RecordingRequest, *, news: bool) -> None:
    """Count a vendor's answer to how a task is."""
    _count(metrics.POLLS, request, news="yes" if news else "no")


def _count(name: str, request: RecordingRequest, **labels: str) -> None:
    where = {"vendor": request.vendor, "account": request.account}
    activity.metric_meter().create_counter(name).add(1, {**where, **labels})

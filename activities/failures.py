"""The one place where a RecordingError becomes Temporal's."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta

from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from longtake.domain.errors import RecordingError


@contextmanager
def temporal_failures(every: timedelta | None = None) -> Generator[None]:
    """Translate; whatever is not a RecordingError is a bug and stays itself.

    `every` replaces the policy's backoff for an activity that asks again and again.
    """
    try:
        yield
    except RecordingError as err:
        # Without the cause: a transport's chain of tracebacks outgrows what the server keeps.
        raise ApplicationError(
            str(err),
            err.evidence(),
            type=err.code,
            non_retryable=not err.retryable,
            next_retry_delay=err.retry_after or every,
        ) from None


def ask_again(after: timedelta, why: str) -> ApplicationError:
    """No failure: the activity's retry is the poll, which costs the history nothing."""
    return ApplicationError(
        why,
        type="AskAgain",
        next_retry_delay=after,
        category=ApplicationErrorCategory.BENIGN,
    )

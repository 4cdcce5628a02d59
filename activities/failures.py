"""The one place where a RecordingError becomes Temporal's."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import timedelta

from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from longtake.domain.errors import ASK_AGAIN, RecordingError

LONGEST_WAIT = timedelta(minutes=1)
"""Of what a vendor asks for in Retry-After: a stop must not wait a day for a typing error."""


@contextmanager
def temporal_failures(
    every: timedelta | None = None, *, final: Callable[[RecordingError], bool] = lambda _: False
) -> Generator[None]:
    """Translate; whatever is not a RecordingError is a bug and stays itself.

    `every` replaces the policy's backoff for an activity that asks again and again; `final`
    tells which failures Temporal must not retry though they may pass.
    """
    try:
        yield
    except RecordingError as err:
        # Without the cause: a transport's chain of tracebacks outgrows what the server keeps.
        raise ApplicationError(
            str(err),
            err.evidence(),
            type=err.code,
            non_retryable=not err.retryable or final(err),
            next_retry_delay=min(err.retry_after, LONGEST_WAIT) if err.retry_after else every,
        ) from None


def ask_again(after: timedelta, why: str) -> ApplicationError:
    """No failure: the activity's retry is the poll, which costs the history nothing."""
    return ApplicationError(
        why,
        type=ASK_AGAIN,
        next_retry_delay=after,
        category=ApplicationErrorCategory.BENIGN,
    )


def in_doubt(err: RecordingError) -> bool:
    """Whether a recording may be running all the same."""
    return err.in_doubt

"""What came of an activity, as data."""

from __future__ import annotations

import pytest
from temporalio.exceptions import ActivityError, RetryState, TimeoutError, TimeoutType  # noqa: A004

from workflows.calls import TIMED_OUT, failure_of


@pytest.mark.parametrize(
    ("kind", "in_doubt"),
    [
        (TimeoutType.SCHEDULE_TO_START, False),
        (TimeoutType.START_TO_CLOSE, True),
        (TimeoutType.SCHEDULE_TO_CLOSE, True),
        (TimeoutType.HEARTBEAT, True),
    ],
)
def test_a_call_that_never_left_its_queue_leaves_no_doubt(
    kind: TimeoutType, *, in_doubt: bool
) -> None:
    err = ActivityError(
        "failed",
        scheduled_event_id=5,
        started_event_id=0,
        identity="",
        activity_type="recording.start",
        activity_id="1",
        retry_state=RetryState.TIMEOUT,
    )
    err.__cause__ = TimeoutError("out of time", type=kind, last_heartbeat_details=[])
    failure = failure_of(err)
    assert (failure.code, failure.in_doubt) == (TIMED_OUT, in_doubt)

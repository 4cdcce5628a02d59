"""Every error of the taxonomy becomes a Temporal failure that says what must happen next."""

from __future__ import annotations

from datetime import timedelta

import pytest
from temporalio.api.failure.v1 import Failure
from temporalio.converter import DefaultFailureConverter, DefaultPayloadConverter
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.failures import LONGEST_WAIT, ask_again, temporal_failures
from longtake.domain.errors import ERRORS, InvalidRequest, RateLimited, RecordingError

RETRIED = {"QuotaExceeded", "RateLimited", "VendorUnavailable", "NotSent", "StartUnknown"}
IN_DOUBT = {"StartUnknown", "AlreadyRunning", "RecorderBusy"}
EVERY = timedelta(seconds=7)


def translated(error: Exception, every: timedelta | None = None) -> ApplicationError:
    with pytest.raises(ApplicationError) as caught, temporal_failures(every):
        raise error
    return caught.value


@pytest.mark.parametrize("code", ERRORS)
def test_an_error_keeps_its_code_its_evidence_and_whether_it_is_retried(code: str) -> None:
    error = ERRORS[code](
        "what happened", vendor="acme", call="start", vendor_code="65", request_id="q1"
    )
    failure = translated(error)
    assert (failure.type, failure.message) == (code, "what happened")
    assert failure.non_retryable is (code not in RETRIED)
    facts = {"vendor": "acme", "call": "start", "vendor_code": "65", "request_id": "q1"}
    assert failure.details == (facts | ({"in_doubt": "yes"} if code in IN_DOUBT else {}),)


def test_the_table_of_this_test_knows_every_code() -> None:
    assert ERRORS.keys() >= RETRIED | IN_DOUBT
    assert len(ERRORS) == len(RecordingError.__subclasses__())


def test_what_is_kept_of_a_failure_has_no_chain_of_causes() -> None:
    error = RateLimited("slower")
    error.__cause__ = ConnectionError("a transport's own words")
    failure = translated(error)
    kept = Failure()
    DefaultFailureConverter().to_failure(failure, DefaultPayloadConverter(), kept)
    assert kept.message == "slower"
    assert not kept.HasField("cause")
    assert "transport" not in str(kept)


def test_the_vendors_own_wait_goes_before_the_polls() -> None:
    asked = timedelta(seconds=40)
    assert translated(RateLimited("slower", retry_after=asked), EVERY).next_retry_delay == asked
    assert translated(RateLimited("slower"), EVERY).next_retry_delay == EVERY
    assert translated(RateLimited("slower")).next_retry_delay is None


def test_a_vendor_that_asks_for_a_day_is_asked_sooner() -> None:
    failure = translated(RateLimited("slower", retry_after=timedelta(days=1)))
    assert failure.next_retry_delay == LONGEST_WAIT


def test_a_text_of_any_length_is_bounded() -> None:
    assert len(translated(InvalidRequest("x" * 10_000)).message) == 500


def test_a_bug_stays_itself() -> None:
    with pytest.raises(KeyError), temporal_failures():
        raise KeyError("oops")


def test_asking_again_is_no_failure_to_be_alarmed_by() -> None:
    again = ask_again(EVERY, "no change")
    assert (again.type, again.next_retry_delay, again.non_retryable) == ("AskAgain", EVERY, False)
    assert again.category is ApplicationErrorCategory.BENIGN

"""The table is total, and says of each documented answer what the references say."""

from __future__ import annotations

import pytest

from longtake.domain.errors import ERRORS
from longtake.vendors.agora.errors import (
    BAD_APP_ID,
    CALLS,
    NO_ROUTE,
    TABLE,
    Call,
    Code,
    explain,
    gateway_code,
)

DOCUMENTED: tuple[Code, ...] = (
    *(None, 2, 7, 8, 15, 49, 50, 53, 62, 65, 109, 110, 400, 401, 404, 405, 406, 432, 433, 435),
    *(500, 501, 502, 504, 1001, 1003, 1013, 1028, BAD_APP_ID, NO_ROUTE),
)
TASK: tuple[Call, ...] = ("update", "updateLayout", "query", "stop")


def test_every_answer_has_a_class() -> None:
    seen: set[str] = set()
    for call in CALLS:
        for status in range(100, 600):
            for code in (*DOCUMENTED, 99999):
                row = explain(call, status, code)
                assert row.meaning
                seen.add(row.means.__name__)
    assert seen == set(ERRORS) - {"NotSent"}  # that one is told by the transport alone


def test_every_row_decides_something() -> None:
    decisive = {
        id(explain(call, status, code))
        for call in CALLS
        for status in range(100, 600)
        for code in (*DOCUMENTED, 99999)
    }
    assert [row.meaning for row in TABLE if id(row) not in decisive] == []


@pytest.mark.parametrize(
    ("call", "status", "code", "expected"),
    [
        ("acquire", 400, 2, "InvalidRequest"),
        ("acquire", 400, 400, "NotConfigured"),
        ("acquire", 400, 401, "InvalidRequest"),
        ("acquire", 400, 405, "NotConfigured"),
        ("acquire", 400, 406, "QuotaExceeded"),
        ("acquire", 400, 62, "NotConfigured"),
        ("acquire", 500, 500, "VendorUnavailable"),
        ("acquire", 500, 501, "VendorUnavailable"),
        ("acquire", 500, 504, "VendorUnavailable"),
        ("acquire", 400, 1013, "InvalidRequest"),
        ("acquire", 400, BAD_APP_ID, "NotConfigured"),
        ("acquire", 404, NO_ROUTE, "NotConfigured"),
        ("start", 201, 7, "AlreadyRunning"),
        ("start", 201, None, "AlreadyRunning"),
        ("start", 400, 53, "RecorderBusy"),
        ("start", 400, 2, "InvalidRequest"),
        ("start", 400, 8, "InvalidRequest"),
        ("start", 400, 432, "InvalidRequest"),
        ("start", 400, 433, "ResourceExpired"),
        ("start", 400, 1001, "ResourceExpired"),
        ("start", 500, 502, "ResourceExpired"),
        ("start", 500, 62, "StartUnknown"),
        ("start", 206, 65, "StartUnknown"),
        ("start", 500, 15, "StartUnknown"),
        ("start", 500, None, "StartUnknown"),
        ("start", 502, None, "StartUnknown"),
        ("start", 502, 502, "StartUnknown"),
        ("start", 503, None, "StartUnknown"),
        ("start", 504, 504, "StartUnknown"),
        ("start", 408, None, "StartUnknown"),
        ("start", 200, None, "StartUnknown"),
        ("start", 400, 406, "QuotaExceeded"),
        ("start", 400, 1013, "InvalidRequest"),
        ("start", 404, NO_ROUTE, "NotConfigured"),
        ("updateLayout", 400, 1028, "InvalidRequest"),
        ("stop", 206, 435, "NoRecordedData"),
        ("stop", 400, 49, "AlreadyStopped"),
        ("stop", 206, 50, "AlreadyStopped"),
        ("stop", 206, 65, "VendorUnavailable"),
        ("query", 501, 501, "AlreadyStopped"),
        ("query", 501, None, "VendorUnavailable"),
        ("query", 400, 1003, "InvalidRequest"),
        ("query", 504, 62, "VendorUnavailable"),
    ],
)
def test_documented_answer_means_what_must_happen_next(
    call: Call, status: int, code: Code, expected: str
) -> None:
    assert explain(call, status, code).means.__name__ == expected


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (401, None, "Unauthorized"),
        (403, None, "Unauthorized"),
        (429, None, "RateLimited"),
        (400, BAD_APP_ID, "NotConfigured"),
        (301, None, "NotConfigured"),
        (400, None, "InvalidRequest"),
    ],
)
def test_answers_of_the_gateway_mean_the_same_for_every_call(
    call: Call, status: int, code: Code, expected: str
) -> None:
    assert explain(call, status, code).means.__name__ == expected


@pytest.mark.parametrize("call", TASK)
def test_unknown_task_is_told_apart(call: Call) -> None:
    assert explain(call, 404, 404).means.__name__ == "TaskNotFound"
    assert explain(call, 404, None).means.__name__ == "TaskNotFound"
    assert explain(call, 404, NO_ROUTE).means.__name__ == "NotConfigured"


def test_a_start_is_in_doubt_unless_the_vendor_said_no() -> None:
    for status in (*range(200, 300), 408, *range(500, 600)):
        assert explain("start", status, None).means.in_doubt


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("invalid appid", BAD_APP_ID),
        ("Appid is invalid", BAD_APP_ID),
        ("no Route matched with those values", NO_ROUTE),
        ("API rate limit exceeded", None),
    ],
)
def test_gateway_texts_are_known(text: str, code: Code) -> None:
    assert gateway_code(text) == code

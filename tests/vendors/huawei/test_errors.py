"""The table is total, and says of each documented code what the reference says."""

from __future__ import annotations

import pytest

from longtake.domain.errors import ERRORS
from longtake.vendors.huawei.errors import ABOUT, TABLE, About, explain

BAD = 400
Case = tuple[str, int, *tuple[str, ...]]
"""Code, HTTP status, what that means of a start, of a job that is known, of a rule."""
DOCUMENTED: list[Case] = [
    ("RTC.00001001", BAD, *["Unauthorized"] * 3),
    ("RTC.00001002", BAD, *["InvalidRequest"] * 3),
    ("RTC.00001003", BAD, *["InvalidRequest"] * 3),
    ("RTC.00001003", 404, "NotConfigured", "TaskNotFound", "NotConfigured"),
    ("RTC.00001004", BAD, *["InvalidRequest"] * 3),
    ("RTC.00001005", BAD, *["InvalidRequest"] * 3),
    ("RTC.00001006", BAD, "QuotaExceeded", "InvalidRequest", "InvalidRequest"),
    ("RTC.00001007", BAD, *["QuotaExceeded"] * 3),
    ("RTC.00001009", BAD, "VendorUnavailable", "AlreadyStopped", "InvalidRequest"),
    ("RTC.00001009", 404, "NotConfigured", "AlreadyStopped", "NotConfigured"),
    ("RTC.00001010", BAD, *["InvalidRequest"] * 3),
    ("RTC.00001012", BAD, *["InvalidRequest"] * 3),
    ("RTC.00001013", BAD, *["InvalidRequest"] * 3),
    ("RTC.00001016", BAD, *["NotConfigured"] * 3),
    ("RTC.00001017", BAD, *["QuotaExceeded"] * 3),
    ("RTC.00001018", BAD, *["InvalidRequest"] * 3),
    ("RTC.00001019", BAD, *["InvalidRequest"] * 3),
    ("RTC.00001020", BAD, *["InvalidRequest"] * 3),
    ("RTC.00001020", 404, "NotConfigured", "TaskNotFound", "NotConfigured"),
    ("RTC.00002001", 500, "StartUnknown", "VendorUnavailable", "VendorUnavailable"),
    ("RTC.00002xxx", 500, "StartUnknown", "VendorUnavailable", "VendorUnavailable"),
    ("APIGW.0301", 401, *["Unauthorized"] * 3),
    ("APIGW.0307", 401, *["Unauthorized"] * 3),
    ("APIGW.0302", 403, *["Unauthorized"] * 3),
    ("APIGW.0101", 404, *["InvalidRequest"] * 3),
    ("APIGW.0201", 413, *["InvalidRequest"] * 3),
    ("APIGW.0308", 429, *["RateLimited"] * 3),
    ("APIGW.0601", 502, "StartUnknown", "VendorUnavailable", "VendorUnavailable"),
]
NO_CODE: list[Case] = [
    ("", 200, "StartUnknown", "VendorUnavailable", "VendorUnavailable"),
    ("", 302, *["NotConfigured"] * 3),
    ("", 400, *["VendorUnavailable"] * 3),
    ("", 401, *["Unauthorized"] * 3),
    ("", 403, *["Unauthorized"] * 3),
    ("", 404, "VendorUnavailable", "TaskNotFound", "VendorUnavailable"),
    ("", 407, *["NotConfigured"] * 3),
    ("", 408, "StartUnknown", "VendorUnavailable", "VendorUnavailable"),
    ("", 413, *["InvalidRequest"] * 3),
    ("", 418, *["VendorUnavailable"] * 3),
    ("", 429, *["RateLimited"] * 3),
    *(
        ("", status, "StartUnknown", "VendorUnavailable", "VendorUnavailable")
        for status in (100, 500, 502, 503, 504, 599)
    ),
]
CASES = DOCUMENTED + NO_CODE


@pytest.mark.parametrize("case", CASES, ids=[f"{case[0]} {case[1]}" for case in CASES])
def test_answer_means_what_must_happen_next(case: Case) -> None:
    code, status, *expected = case
    assert [explain(about, status, code).means.__name__ for about in ABOUT] == expected


@pytest.mark.parametrize("case", DOCUMENTED, ids=[f"{case[0]} {case[1]}" for case in DOCUMENTED])
@pytest.mark.parametrize("about", ABOUT)
def test_spelling_of_a_code_does_not_matter(about: About, case: Case) -> None:
    code, status = case[:2]
    usual = explain(about, status, code)
    for spelled in (code.lower(), f" {code} ", code.replace("APIGW.", "APIG.")):
        assert explain(about, status, spelled) == usual


@pytest.mark.parametrize("code", ["", "RTC.00001003", "Brand.New", "käse", "."])
@pytest.mark.parametrize("about", ABOUT)
def test_every_status_has_a_meaning(about: About, code: str) -> None:
    assert all(explain(about, status, code).meaning for status in range(100, 600))


def test_a_start_that_may_have_had_its_effect_is_in_doubt() -> None:
    doubtful = [(status, "") for status in (200, 201, 408, 500, 502, 503, 504)]
    doubtful += [(500, "RTC.00002001"), (200, "RTC.00002001"), (500, "APIGW.9999")]
    assert all(explain("start", *answer).means.in_doubt for answer in doubtful)


def test_every_class_that_an_answer_can_mean_is_meant() -> None:
    seen = {name for _, _, *names in CASES for name in names}
    never = {"AlreadyRunning", "NotSent", "ResourceExpired", "RecorderBusy", "NoRecordedData"}
    assert seen == set(ERRORS) - never


def test_every_row_decides_something() -> None:
    decisive = {id(explain(about, status, code)) for about in ABOUT for code, status, *_ in CASES}
    assert [row.meaning for row in TABLE if id(row) not in decisive] == []

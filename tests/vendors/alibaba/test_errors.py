"""The table is total, and says of each documented code what the references say."""

from __future__ import annotations

from datetime import timedelta

import pytest

from longtake.domain.errors import ERRORS
from longtake.vendors.alibaba.errors import (
    ACTIONS,
    DESCRIBE,
    START,
    STOP,
    TABLE,
    UPDATE,
    Action,
    explain,
)

ABOUT_TASKS: list[Action] = [UPDATE, STOP, DESCRIBE]

CALLER = (
    *("MissingParameter", "MissingParameter.AppId", "InvalidParameter", "NotFound.BrandNew"),
    *("InvalidParameter.StorageParams.FileInfo", "InvalidParameter.MixTranscodeParams"),
    *("InvalidParameter.SubscribeParams.SubscribeUserIdList", "InvalidParameter.MaxIdleTime"),
    *("InvalidParameter.MixLayoutParams.UserPanes", "InvalidParameter.RecordParams"),
    *("InvalidParameter.StorageParams.StorageType", "InvalidParameter.NotifyFileUploadedFormat"),
    *("InvalidApi.NotFound", "InvalidAction.NotFound"),
)
SETTINGS = (
    *("InvalidParameter.AppId", "NotFound.OSSBucket", "InvalidParameter.NotifyUrl"),
    *("InvalidParameter.StorageParams.OSSParams", "InvalidParameter.StorageParams.VodParams"),
    *("InvalidParameter.StorageParams.OSSParams.OSSBucket", "InvalidParameter.NotifyAuthKey"),
)
CREDENTIALS = (
    *("SignatureDoesNotMatch", "IncompleteSignature", "InvalidAccessKeyId.NotFound"),
    *("InvalidAccessKeyId.Inactive", "InvalidSecurityToken.Expired", "MissingSecurityToken"),
    *("NoPermission", "Forbidden.RAM", "Forbidden", "InvalidParameter.UserId"),
)
INTERNAL = ("InternalError", "ServiceUnavailable", "SignatureNonceUsed", "InternalError.Deep")
RATE = ("Throttling", "Throttling.User", "Throttling.Api")
CLOCK = ("InvalidTimeStamp.Expired", "InvalidTimeStamp.Format")
UNKNOWN = ("", "BrandNew", "Brand.New", "NaN", ".", "..", "Fehler.käse")

EXPECTED: list[tuple[tuple[str, ...], str, str]] = [
    (CALLER, "InvalidRequest", "InvalidRequest"),
    (SETTINGS, "NotConfigured", "NotConfigured"),
    (CREDENTIALS, "Unauthorized", "Unauthorized"),
    (INTERNAL, "StartUnknown", "VendorUnavailable"),
    (UNKNOWN, "StartUnknown", "VendorUnavailable"),
    (RATE, "RateLimited", "RateLimited"),
    (CLOCK, "VendorUnavailable", "VendorUnavailable"),
    (("InvalidParameter.ChannelId",), "VendorUnavailable", "InvalidRequest"),
    (("NotFound.Task",), "TaskNotFound", "TaskNotFound"),
    (("InvalidParameter.TaskId",), "AlreadyStopped", "AlreadyStopped"),
]
CODES = [(code, start, other) for codes, start, other in EXPECTED for code in codes]


@pytest.mark.parametrize(("code", "start", "other"), CODES, ids=[code for code, _, _ in CODES])
def test_code_means_what_must_happen_next_for_every_operation(
    code: str, start: str, other: str
) -> None:
    assert explain(START, code, 400).means.__name__ == start
    assert {explain(action, code, 400).means.__name__ for action in ABOUT_TASKS} == {other}


@pytest.mark.parametrize("code", [code for code, _, _ in CODES if code])
@pytest.mark.parametrize("action", ACTIONS)
def test_spelling_of_a_code_does_not_matter(action: Action, code: str) -> None:
    usual = explain(action, code, 400)
    assert explain(action, code.upper(), 400) == explain(action, f" {code.lower()} ", 400) == usual


@pytest.mark.parametrize(
    ("code", "known"),
    [
        ("InvalidParameter.BrandNew", "InvalidParameter"),
        ("InvalidParameter.StorageParams.BrandNew", "InvalidParameter"),
        ("InvalidParameter.StorageParams.OSSParams.BrandNew.Deeper", SETTINGS[3]),
        ("Throttling.BrandNew", "Throttling"),
        ("Forbidden.BrandNew", "Forbidden"),
    ],
)
@pytest.mark.parametrize("action", ACTIONS)
def test_new_detail_of_a_known_kind_is_of_that_kind(action: Action, code: str, known: str) -> None:
    assert explain(action, code, 400) == explain(action, known, 400)


def test_start_in_an_empty_channel_waits_for_somebody() -> None:
    row = explain(START, "InvalidParameter.ChannelId", 400)
    assert not row.means.in_doubt
    assert row.retry_after == timedelta(seconds=10)
    assert "nobody is in it yet" in row.meaning


def test_every_class_that_an_answer_can_mean_is_meant() -> None:
    seen = {explain(action, code, 400).means.__name__ for action in ACTIONS for code, _, _ in CODES}
    never = {"NotSent", "QuotaExceeded", "ResourceExpired", "RecorderBusy", "NoRecordedData"}
    assert seen == set(ERRORS) - never - {"AlreadyRunning"}


def test_every_row_decides_something() -> None:
    decisive = {id(explain(action, code, 400)) for action in ACTIONS for code, _, _ in CODES}
    assert [row.meaning for row in TABLE if id(row) not in decisive] == []


def test_a_start_that_failed_inside_the_service_is_in_doubt() -> None:
    assert all(explain(START, code, 400).means.in_doubt for code in (*INTERNAL, *UNKNOWN))

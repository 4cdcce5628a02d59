"""The table is total, and says of each documented code what the references say."""

from __future__ import annotations

import pytest

from longtake.domain.errors import ERRORS
from longtake.vendors.tencent.errors import ACTIONS, TABLE, Action, explain

CREATE, *ABOUT_TASKS = ACTIONS

INTERNAL = (
    *("InternalError", "InternalError.CRInternalError", "InternalError.InternalError"),
    *("InternalError.HttpParseFailed", "InternalError.HttpParaseFalied", "InternalError.DBError"),
    *("InternalError.EsQueryError", "InternalError.FailAccessDatabase"),
    *("InternalError.GetRoomCacheIpError", "InternalError.GetRoomFromCacheError"),
    *("InternalError.InterfaceErr", "InternalError.ThirdPartyCallError"),
    *("ServiceUnavailable", "FailedOperation", "FailedOperation.NeverHeardOf"),
    *("FailedOperation.DbOperationFailed", "FailedOperation.QueryTaskInfoFailed"),
)
RATE = (
    *("RequestLimitExceeded", "RequestLimitExceeded.UinLimitExceeded"),
    *("RequestLimitExceeded.IPLimitExceeded", "RequestLimitExceeded.GlobalRegionUinLimitExceeded"),
    *("FailedOperation.RestrictedFrequency", "OperationDenied.FreqOverLimit"),
)
CAPACITY = ("ResourceInsufficient", "ResourceInsufficient.RequestRejection")
RE_SIGN = ("AuthFailure.SignatureExpire", "FailedOperation.RequestOutdated")
QUOTA = (
    *("FailedOperation.RestrictedConcurrency", "LimitExceeded"),
    *("LimitExceeded.ConcurrencyLimit", "UnsupportedOperation.TaskLimit"),
)
MISSING = (
    *("SdkAppId", "RoomId", "UserId", "UserSig", "RecordParams", "RecordMode", "StorageParams"),
    *("CloudStorage", "Vendor", "Region", "Bucket", "AccessKey", "SecretKey", "StreamType"),
    "TaskId",
)
CALLER = (
    *("InvalidParameter", "InvalidParameter.OutOfRange", "InvalidParameter.SdkAppId"),
    *("InValidParameter.OutOfRange", "InvalidParameterValue", "InvalidParameterValue.RoomId"),
    *("MissingParameter", *(f"MissingParameter.{name}" for name in MISSING)),
    *("UnknownParameter", "UnsupportedOperation", "UnsupportedRegion"),
    *("FailedOperation.CRUnsupportMethod", "InvalidAction", "NoSuchVersion"),
    *("RequestSizeLimitExceeded", "InternalError.MethodErr"),
)
GONE = (
    *("ResourceNotFound", "ResourceNotFound.ResourceNotFound"),
    *("FailedOperation.TaskNotExist", "FailedOperation.RoomNotExist"),
)
CREDENTIALS = (
    *("AuthFailure", "AuthFailure.UnRealNameAuthenticated", "AuthFailure.UnauthorizedOperation"),
    *("AuthFailure.UnsupportedOperation", "AuthFailure.SignatureFailure"),
    *("AuthFailure.SecretIdNotFound", "AuthFailure.TokenFailure"),
    *("AuthFailure.InvalidAuthorization", "UnauthorizedOperation"),
)
ACCOUNT = (
    *("UnauthorizedOperation.SdkAppId", "FailedOperation.SdkAppIdNotExist"),
    *("FailedOperation.SdkAppIdNotUnderAppId", "FailedOperation.NotAbility"),
    *("FailedOperation.NotAllowed", "OperationDenied"),
)
UNKNOWN = ("", "Brand.New", "NaN", ".", "Fehler.käse")

EXPECTED: list[tuple[tuple[str, ...], str, str]] = [
    (INTERNAL, "StartUnknown", "VendorUnavailable"),
    (UNKNOWN, "StartUnknown", "VendorUnavailable"),
    (CAPACITY, "VendorUnavailable", "VendorUnavailable"),
    (RE_SIGN, "VendorUnavailable", "VendorUnavailable"),
    (RATE, "RateLimited", "RateLimited"),
    (QUOTA, "QuotaExceeded", "QuotaExceeded"),
    (CALLER, "InvalidRequest", "InvalidRequest"),
    (CREDENTIALS, "Unauthorized", "Unauthorized"),
    (ACCOUNT, "NotConfigured", "NotConfigured"),
    (GONE, "VendorUnavailable", "TaskNotFound"),
    (("FailedOperation.TaskFinished",), "VendorUnavailable", "AlreadyStopped"),
    (("FailedOperation.TaskExist",), "AlreadyRunning", "InvalidRequest"),
]
CODES = [(code, start, other) for codes, start, other in EXPECTED for code in codes]


@pytest.mark.parametrize(("code", "start", "other"), CODES, ids=[code for code, _, _ in CODES])
def test_code_means_what_must_happen_next_for_every_action(
    code: str, start: str, other: str
) -> None:
    assert explain(CREATE, code, 400).means.__name__ == start
    assert {explain(action, code, 400).means.__name__ for action in ABOUT_TASKS} == {other}


@pytest.mark.parametrize("code", [code for code, _, _ in CODES if code])
@pytest.mark.parametrize("action", ACTIONS)
def test_spelling_of_a_code_does_not_matter(action: Action, code: str) -> None:
    usual = explain(action, code, 400)
    assert explain(action, code.upper(), 400) == explain(action, f" {code.lower()} ", 400) == usual


@pytest.mark.parametrize(
    ("code", "level1"),
    [
        ("InvalidParameter.BrandNew", "InvalidParameter"),
        ("AuthFailure.BrandNew", "AuthFailure"),
        ("InternalError.BrandNew", "InternalError"),
        ("LimitExceeded.BrandNew.Deeper", "LimitExceeded"),
    ],
)
@pytest.mark.parametrize("action", ACTIONS)
def test_new_detail_of_a_known_kind_is_of_that_kind(action: Action, code: str, level1: str) -> None:
    assert explain(action, code, 400) == explain(action, level1, 400)


def test_every_class_that_an_answer_can_mean_is_meant() -> None:
    seen = {explain(action, code, 400).means.__name__ for action in ACTIONS for code, _, _ in CODES}
    never = {"NotSent", "ResourceExpired", "RecorderBusy", "NoRecordedData"}
    assert seen == set(ERRORS) - never


def test_every_row_decides_something() -> None:
    decisive = {id(explain(action, code, 400)) for action in ACTIONS for code, _, _ in CODES}
    assert [row.meaning for row in TABLE if id(row) not in decisive] == []


def test_a_start_that_failed_inside_the_service_is_in_doubt() -> None:
    assert all(explain(CREATE, code, 400).means.in_doubt for code in (*INTERNAL, *UNKNOWN))

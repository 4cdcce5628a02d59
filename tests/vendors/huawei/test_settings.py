from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from longtake.vendors.huawei.settings import HuaweiAccount, HuaweiStorage

MakeAccount = Callable[..., HuaweiAccount]

USER = {"domain": "acme", "user": "recorder", "password": "iam-password-value"}
NO_KEY = dict.fromkeys(["access_key", "secret_key", "project_id"])


def profile(**changes: Any) -> HuaweiStorage:
    return HuaweiStorage.model_validate({"record_rule_id": "r", **changes})


def problems(failure: ValidationError) -> list[str]:
    return [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in failure.errors()]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"app_id": ""}, "app_id: "),
        ({"app_id": "a/b"}, "app_id: "),
        ({"project_id": None}, "without iam there must be project_id"),
        (NO_KEY, "without iam there must be project_id, access_key, secret_key"),
        ({"secret_key": ""}, "secret_key: "),
        ({"access_key": ""}, "access_key: "),
        ({"security_token": ""}, "security_token: "),
        ({"iam": USER}, "iam stands instead of access_key, secret_key"),
        ({**NO_KEY, "iam": USER, "security_token": "t"}, "iam stands instead of security_token"),
        ({**NO_KEY, "iam": {**USER, "password": ""}}, "iam.password: "),
        ({**NO_KEY, "iam": {"user": "u", "password": "p"}}, "iam.domain: "),
        ({**NO_KEY, "iam": {**USER, "region": "x"}}, "iam.region: "),
        ({"base_url": "localhost:8400"}, "base_url: "),
        ({"base_url": "https://gateway.example/path"}, "base_url: "),
        ({"base_url": "https://user:password@gateway.example"}, "base_url: "),
        ({"iam_url": "iam.example"}, "iam_url: "),
        ({"callback_secret": "x" * 31}, "callback_secret: "),
        ({"callback_secret": "x" * 65}, "callback_secret: "),
        ({"callback_secret": ""}, "callback_secret: "),
        ({"calls_per_second": 0}, "calls_per_second: "),
        ({"timeout": 0}, "timeout: "),
        ({"password": "x"}, "password: "),
    ],
)
def test_impossible_account_is_refused(
    make_account: MakeAccount, changes: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ValidationError) as failure:
        make_account(**changes)
    (told,) = problems(failure.value)
    assert problem in told
    assert "hwExampleSecretKey" not in str(failure.value)
    assert "iam-password-value" not in str(failure.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"callback_secret": "x" * 32},
        {"callback_secret": "x" * 64},
        {"callback_secret": None},
        {"security_token": "t"},
        {**NO_KEY, "iam": USER},
        {**NO_KEY, "iam": {**USER, "scope": "cn-north-4"}, "project_id": "p"},
    ],
)
def test_possible_account_is_taken(make_account: MakeAccount, changes: dict[str, Any]) -> None:
    assert make_account(**changes).calls_per_second == 10


@pytest.mark.parametrize(
    ("changes", "url", "tokens_url"),
    [
        (
            {},
            "https://rtc-api.myhuaweicloud.com/v2/apps/5fcdf5650a1b2c3d6f835d0d",
            "https://iam.myhuaweicloud.com/v3/auth/tokens",
        ),
        (
            {"base_url": "http://127.0.0.1:8400/", "iam_url": "http://127.0.0.1:8400/"},
            "http://127.0.0.1:8400/v2/apps/5fcdf5650a1b2c3d6f835d0d",
            "http://127.0.0.1:8400/v3/auth/tokens",
        ),
    ],
)
def test_addresses_can_be_those_of_a_gateway(
    make_account: MakeAccount, changes: dict[str, str], url: str, tokens_url: str
) -> None:
    account = make_account(**changes)
    assert (account.url, account.tokens_url) == (url, tokens_url)


def test_account_never_prints_a_secret(make_account: MakeAccount) -> None:
    for account in (make_account(security_token="sts-token"), make_account(**NO_KEY, iam=USER)):
        for shown in (repr(account), str(account.model_dump()), account.model_dump_json()):
            for secret in ("hwExampleSecret", "0123456789abcdef0", "sts-token", "iam-password"):
                assert secret not in shown


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"record_rule_id": ""}, "record_rule_id: "),
        ({"prefix": "/rec"}, "prefix: "),
        ({"formats": []}, "formats: "),
        ({"formats": ["HLS"]}, "formats: Value error, must be of hls and mp4"),
        ({"bucket": "b"}, "bucket: "),
    ],
)
def test_impossible_profile_is_refused(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError) as failure:
        profile(**changes)
    assert problem in problems(failure.value)[0]


def test_rule_s_id_is_all_that_a_profile_needs() -> None:
    found = profile()
    assert (found.prefix, found.formats) == ("", None)

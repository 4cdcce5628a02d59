from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from longtake.domain.traits import RecorderIds
from longtake.vendors.tencent.settings import TencentAccount, TencentStorage

BUCKET = {
    "vendor": "s3",
    "region": "eu-west-1",
    "bucket": "b",
    "access_key": "access-key-value",
    "secret_key": "secret-key-value",
}
MAINLAND = {"site": "mainland", "region": "ap-shanghai"}

MakeAccount = Callable[..., TencentAccount]


def profile(**changes: Any) -> TencentStorage:
    given = {**BUCKET, **changes}
    return TencentStorage.model_validate({k: v for k, v in given.items() if v is not None})


@pytest.mark.parametrize(
    ("vendor", "number"), [("cos", 0), ("s3", 1), ("0", 0), (0, 0), ("1", 1), (1, 1)]
)
def test_bucket_s_vendor_goes_by_name_or_number(vendor: Any, number: int) -> None:
    assert profile(vendor=vendor).bucket_params(("a", "b")).vendor == number


def test_bucket_reaches_the_wire_whole() -> None:
    params = profile(endpoint="https://minio.example").bucket_params(("rec", "a1"))
    assert params.body() == (
        b'{"Vendor":1,"Region":"eu-west-1","Bucket":"b","AccessKey":"access-key-value",'
        b'"SecretKey":"secret-key-value","FileNamePrefix":["rec","a1"],'
        b'"EndpointUrl":"https://minio.example"}'
    )


@pytest.mark.parametrize(
    ("changes", "path", "rule"),
    [
        ({"vendor": "minio"}, "vendor", "must be one of cos (0), s3 (1)"),
        ({"vendor": 2}, "vendor", "must be one of cos (0), s3 (1)"),
        ({"region": None, "bucket": None}, "", "a bucket needs region, bucket"),
        ({"vendor": None}, "", "a bucket needs vendor"),
        ({"bucket": ""}, "bucket", "at least 1 character"),
        ({"secret_key": ""}, "secret_key", "at least 1"),
        ({"endpoint": "minio:9000"}, "endpoint", "match pattern"),
        ({"vendor": "cos", "endpoint": "https://m.example"}, "", "endpoint is for vendor s3"),
        ({"vod": True}, "", "vod takes no bucket, so no access_key, bucket, region"),
        ({"acl": "x"}, "acl", "not permitted"),
    ],
)
def test_impossible_profile_is_refused(changes: dict[str, Any], path: str, rule: str) -> None:
    with pytest.raises(ValidationError) as failure:
        profile(**changes)
    error = failure.value.errors()[0]
    assert ".".join(map(str, error["loc"])) == path
    assert rule in error["msg"]
    assert "secret-key-value" not in str(failure.value)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"sdk_app_id": 0}, "sdk_app_id"),
        ({"sdk_app_id": 2**32}, "sdk_app_id"),
        ({"secret_id": ""}, "secret_id"),
        ({"secret_key": ""}, "secret_key"),
        ({"user_sig_key": ""}, "user_sig_key"),
        ({"token": ""}, "token"),
        ({"user_sig_hours": 1}, "user_sig_hours"),
        ({"region": "ap-mumbai"}, "region"),
        ({"site": "mainland"}, "region"),
        ({**MAINLAND, "region": "ap-singapore"}, "region"),
        ({"site": "moon"}, "site"),
        ({"base_url": "localhost:8400"}, "base_url"),
        ({"base_url": "https://gateway.example/path"}, "base_url"),
        ({"base_url": "https://user:password@gateway.example"}, "base_url"),
        ({"language": "fr"}, "language"),
        ({"callback_secret": "x" * 33}, "callback_secret"),
        ({"callback_secret": "not-alphanumeric"}, "callback_secret"),
        ({"callback_secret": ""}, "callback_secret"),
        ({"robot_prefix": "x" * 13}, "robot_prefix"),
        ({"robot_prefix": "long-take"}, "robot_prefix"),
        ({"calls_per_second": 0}, "calls_per_second"),
        ({"timeout": 0}, "timeout"),
        ({"password": "x"}, "password"),
    ],
)
def test_impossible_account_is_refused(
    make_account: MakeAccount, changes: dict[str, Any], path: str
) -> None:
    with pytest.raises(ValidationError) as failure:
        make_account(**changes)
    assert [".".join(map(str, e["loc"])) for e in failure.value.errors()] == [path]


def test_wrong_region_names_those_of_the_site(make_account: MakeAccount) -> None:
    rule = "mainland site's ap-beijing, ap-guangzhou, ap-shanghai"
    with pytest.raises(ValidationError, match=rule):
        make_account(site="mainland", region="ap-singapore")


@pytest.mark.parametrize(
    ("changes", "url"),
    [
        ({}, "https://trtc.intl.tencentcloudapi.com/"),
        (MAINLAND, "https://trtc.tencentcloudapi.com/"),
        ({**MAINLAND, "region_host": True}, "https://trtc.ap-shanghai.tencentcloudapi.com/"),
        ({"region_host": True, "base_url": "http://127.0.0.1:8400/"}, "http://127.0.0.1:8400/"),
    ],
)
def test_address_follows_site_region_and_gateway(
    make_account: MakeAccount, changes: dict[str, Any], url: str
) -> None:
    assert make_account(**changes).url == url


def test_longest_robot_id_fits_the_vendor_s_limit(make_account: MakeAccount) -> None:
    prefix = make_account(robot_prefix="x" * 12).robot_prefix
    robot = RecorderIds(style="text", prefix=prefix).identity("session", 1)
    assert len(robot.encode()) == 32


def test_account_never_prints_a_secret(make_account: MakeAccount) -> None:
    account = make_account(token="temporary-token")
    for shown in (repr(account), str(account.model_dump()), account.model_dump_json()):
        for secret in ("api-secret-key", "application-key", "cbKey", "temporary-token"):
            assert secret not in shown

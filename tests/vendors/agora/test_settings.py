from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from longtake.domain.errors import NotConfigured
from longtake.vendors.agora.settings import AgoraAccount, AgoraStorage

PROFILE = {"bucket": "b", "access_key": "access-key-value", "secret_key": "secret-key-value"}


def profile(**changes: Any) -> AgoraStorage:
    return AgoraStorage.model_validate({**PROFILE, **changes})


@pytest.mark.parametrize(
    ("vendor", "region", "numbers"),
    [
        ("s3", "eu-west-1", (1, 4)),
        ("s3", "US_EAST_1", (1, 0)),
        ("s3", "ca-central-1", (1, 13)),
        ("s3", "us-gov-west-1", (1, 17)),
        ("s3", "eu-south-1", (1, 25)),
        ("1", "0", (1, 0)),
        (1, 16, (1, 16)),
        ("aliyun", "cn-hangzhou", (2, 0)),
        ("aliyun", "EU_EAST_1", (2, 18)),
        ("aliyun", "CN_Chengdu", (2, 22)),
        ("aliyun", "cn-southeast-7", (2, 27)),
        ("tencent", "ap-guangzhou", (3, 3)),
        ("tencent", "eu-moscow", (3, 19)),
        ("kingsoft", "NA_Singapore_1", (4, 9)),
        ("huawei", "cn-north-4", (7, 1)),
        ("huawei", "sa-chile-1", (7, 15)),
        ("baidu", "shanghai", (8, 7)),
        ("qiniu", "Southeast_Asia", (0, 4)),
        ("azure", None, (5, 0)),
        ("google", 0, (6, 0)),
    ],
)
def test_vendor_and_region_go_by_name_or_number(
    vendor: Any, region: Any, numbers: tuple[int, int]
) -> None:
    given = {"vendor": vendor} if region is None else {"vendor": vendor, "region": region}
    config = profile(**given).config(())
    assert (config.vendor, config.region) == numbers


@pytest.mark.parametrize(
    ("changes", "path", "rule"),
    [
        ({"vendor": "minio", "region": 0}, "vendor", "must be one of qiniu (0), s3 (1)"),
        ({"vendor": 10, "region": 0}, "vendor", "must be one of"),
        ({"vendor": "s3"}, "region", "US_EAST_1 (0)"),
        ({"vendor": "s3", "region": 26}, "region", "must be one of s3's"),
        ({"vendor": "tencent", "region": "eu-west-1"}, "region", "must be one of tencent's"),
        ({"vendor": "azure", "region": 3}, "region", "leave it out"),
        ({"vendor": "s3_compatible"}, "", "endpoint is for vendor 11"),
        ({"vendor": "azure", "tag": "t"}, "", "tag belongs to"),
        ({"vendor": "aliyun", "region": 0, "sse": "kms"}, "", "sse belongs to Amazon S3"),
        ({"vendor": "s3", "region": 0, "sts_token": "t"}, "", "belong together"),
        ({"vendor": "s3", "region": 0, "acl": "x"}, "acl", "not permitted"),
    ],
)
def test_impossible_profile_is_refused(changes: dict[str, Any], path: str, rule: str) -> None:
    with pytest.raises(ValidationError) as failure:
        profile(**changes)
    error = failure.value.errors()[0]
    assert ".".join(map(str, error["loc"])) == path
    assert rule in error["msg"]
    assert "secret-key-value" not in str(failure.value)


def test_endpoint_reaches_the_wire() -> None:
    config = profile(vendor="s3_compatible", endpoint="minio.example:9000").config(("a",))
    assert b'"extensionParams":{"endpoint":"minio.example:9000"}' in config.body()
    assert b'"fileNamePrefix":["a"]' in config.body()


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"app_id": "short"}, "app_id"),
        ({"app_certificate": "not-hexadecimal-at-all-not-at-al"}, "app_certificate"),
        ({"customer_secret": ""}, "customer_secret"),
        ({"area": "moon"}, "area"),
        ({"base_url": "localhost:8400"}, "base_url"),
        ({"base_url": "https://user:password@gateway.example"}, "base_url"),
        ({"calls_per_second": 0}, "calls_per_second"),
        ({"timeout": 0}, "timeout"),
        ({"recorder_uid_low": 0}, "recorder_uid_low"),
        ({"recorder_uid_high": 2**32}, "recorder_uid_high"),
        ({"recorder_uid_low": 9, "recorder_uid_high": 9}, ""),
        ({"password": "x"}, "password"),
    ],
)
def test_impossible_account_is_refused(
    make_account: Callable[..., AgoraAccount], changes: dict[str, Any], path: str
) -> None:
    with pytest.raises(ValidationError) as failure:
        make_account(**changes)
    assert [".".join(map(str, e["loc"])) for e in failure.value.errors()] == [path]


def test_account_never_prints_a_secret(make_account: Callable[..., AgoraAccount]) -> None:
    account = make_account(app_certificate="5CFd2fd1755d40ecb72977518be15d3b")
    for shown in (repr(account), str(account.model_dump()), account.model_dump_json()):
        for secret in ("customer-secret-value", "ncs-test-secret", "streamkey", "5CFd2f"):
            assert secret not in shown


def test_hosts_begin_with_the_area_s_primary(make_account: Callable[..., AgoraAccount]) -> None:
    assert make_account().hosts[:2] == ("https://api.agora.io", "https://api.sd-rtn.com")
    assert make_account(area="china").hosts[0] == "https://api.sd-rtn.com"
    assert make_account(base_url="http://127.0.0.1:8400/").hosts == ("http://127.0.0.1:8400",)


def test_missing_named_secret_names_those_there_are(
    make_account: Callable[..., AgoraAccount],
) -> None:
    with pytest.raises(NotConfigured, match=r"decryption\.secret.*'other'.*room-key"):
        make_account().secret("other", "decryption.secret")

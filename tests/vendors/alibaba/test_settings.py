from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from longtake.domain.traits import RecorderIds
from longtake.vendors.alibaba.adapter import TOKEN_PREFIX
from longtake.vendors.alibaba.settings import AlibabaAccount, AlibabaStorage

BUCKET = {"endpoint": "oss-cn-shanghai.aliyuncs.com", "bucket": "mytest-bucket"}
VOD = {
    "storage_location": "mytest.oss-cn-shanghai.aliyuncs.com",
    "transcode_group": "8a914d39",
    "auto_compose": True,
    "compose_transcode_group": "4c34112c",
}

MakeAccount = Callable[..., AlibabaAccount]


def profile(**given: Any) -> AlibabaStorage:
    return AlibabaStorage.model_validate(given)


def test_bucket_reaches_the_wire_whole() -> None:
    params = profile(**BUCKET).bucket_params()
    assert params.body() == (
        b'{"OSSEndpoint":"oss-cn-shanghai.aliyuncs.com","OSSBucket":"mytest-bucket"}'
    )


@pytest.mark.parametrize(
    ("vod", "body"),
    [
        ({}, b"{}"),
        ({"auto_compose": False}, b'{"AutoCompose":0}'),
        (
            VOD,
            (
                b'{"StorageLocation":"mytest.oss-cn-shanghai.aliyuncs.com","VodTranscodeGroupId":'
                b'"8a914d39","AutoCompose":1,"ComposeVodTranscodeGroupId":"4c34112c"}'
            ),
        ),
    ],
)
def test_vod_reaches_the_wire_whole(vod: dict[str, Any], body: bytes) -> None:
    target = profile(vod=vod).vod
    assert target is not None
    assert target.params().body() == body


@pytest.mark.parametrize(
    ("given", "path", "rule"),
    [
        ({}, "", "give endpoint and bucket, or vod"),
        ({"bucket": "b"}, "", "give endpoint and bucket, or vod"),
        ({"endpoint": "oss.example.com"}, "", "give endpoint and bucket, or vod"),
        ({**BUCKET, "bucket": ""}, "bucket", "at least 1 character"),
        ({**BUCKET, "endpoint": "https://oss.example.com"}, "endpoint", "match pattern"),
        ({**BUCKET, "endpoint": "oss.example.com/b"}, "endpoint", "match pattern"),
        ({**BUCKET, "vod": VOD}, "", "vod takes no bucket, so no endpoint, bucket"),
        ({**BUCKET, "access_key": "x"}, "access_key", "not permitted"),
        ({"vod": {**VOD, "region": "x"}}, "vod.region", "not permitted"),
        ({"vod": {**VOD, "transcode_group": ""}}, "vod.transcode_group", "at least 1"),
        ({"vod": {"storage_location": "a b"}}, "vod.storage_location", "match pattern"),
    ],
)
def test_impossible_profile_is_refused(given: dict[str, Any], path: str, rule: str) -> None:
    with pytest.raises(ValidationError) as failure:
        profile(**given)
    error = failure.value.errors()[0]
    assert ".".join(map(str, error["loc"])) == path
    assert rule in error["msg"]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"app_id": ""}, "app_id"),
        ({"access_key_id": ""}, "access_key_id"),
        ({"access_key_secret": ""}, "access_key_secret"),
        ({"security_token": ""}, "security_token"),
        ({"region": "cn-beijing"}, "region"),
        ({"base_url": "localhost:8400"}, "base_url"),
        ({"base_url": "https://gateway.example/path"}, "base_url"),
        ({"base_url": "https://user:password@gateway.example"}, "base_url"),
        ({"callback_url": "calls.example/a"}, "callback_url"),
        ({"callback_url": "https://calls.example/a?b=c"}, "callback_url"),
        ({"callback_url": "https://calls.example/a#b"}, "callback_url"),
        ({"callback_url": "https://user:password@calls.example/a"}, "callback_url"),
        ({"callback_url": "https://calls.example/" + "a" * 1980}, "callback_url"),
        ({"callback_secret": "x" * 15}, "callback_secret"),
        ({"callback_secret": "x" * 65}, "callback_secret"),
        ({"callback_secret": "not-alphanumeric-key"}, "callback_secret"),
        ({"callback_secret": "ключключключключ"}, "callback_secret"),
        ({"callback_secret": None}, ""),
        ({"callback_max_age": 0}, "callback_max_age"),
        ({"names_utc_offset": 15}, "names_utc_offset"),
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


def test_events_are_asked_for_only_with_a_key_to_check_them(make_account: MakeAccount) -> None:
    with pytest.raises(ValidationError, match="callback_url needs callback_secret"):
        make_account(callback_secret=None)
    assert make_account(callback_url=None, callback_secret=None).notify_url("lt01") is None


@pytest.mark.parametrize("slash", ["", "/"])
def test_token_ends_the_address_of_events(make_account: MakeAccount, slash: str) -> None:
    account = make_account(callback_url=f"https://calls.example/callbacks/alibaba/demo{slash}")
    assert account.notify_url("lt01") == "https://calls.example/callbacks/alibaba/demo/lt01"


def test_longest_address_of_events_fits_the_vendor_s_limit(make_account: MakeAccount) -> None:
    token = RecorderIds(style="text", prefix=TOKEN_PREFIX).identity("session", 1)
    longest = "https://calls.example/".ljust(2000, "a")
    assert len(make_account(callback_url=longest).notify_url(token) or "") <= 2048


@pytest.mark.parametrize(
    ("changes", "url"),
    [
        ({}, "https://live.aliyuncs.com/"),
        ({"region": "us-east-1"}, "https://live.us-east-1.aliyuncs.com/"),
        ({"base_url": "http://127.0.0.1:8400/"}, "http://127.0.0.1:8400/"),
    ],
)
def test_address_follows_region_and_gateway(
    make_account: MakeAccount, changes: dict[str, Any], url: str
) -> None:
    assert make_account(**changes).url == url


def test_account_never_prints_a_secret(make_account: MakeAccount) -> None:
    account = make_account(security_token="temporary-token")
    for shown in (repr(account), str(account.model_dump()), account.model_dump_json()):
        for secret in ("ExampleSecret", "mytestkey", "temporary-token"):
            assert secret not in shown

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from longtake.domain.ports import Attempt, Task
from longtake.domain.recording import RecordingRequest
from longtake.vendors.alibaba.adapter import AlibabaRecorder
from longtake.vendors.alibaba.settings import AlibabaAccount, AlibabaStorage

APP = "0a1b2c3d-7074-4e5f-9ef5-85c19a400001"
NOW = datetime(2026, 1, 15, 8, 30, tzinfo=UTC)
TASK_ID = "73a1c0de-8501-4f00-8ac1-72295a000001"
TOKEN = "lt0123456789abcdef0123"

Handler = Callable[[httpx.Request], httpx.Response]


@pytest.fixture
def make_account() -> Callable[..., AlibabaAccount]:
    def make(**changes: Any) -> AlibabaAccount:
        given = {
            "app_id": APP,
            "access_key_id": "LTAI5tExampleAccessKey01",
            "access_key_secret": "ExampleSecret0123456789abcdefABCD",
            "callback_url": "https://calls.example/callbacks/alibaba/demo",
            "callback_secret": "mytestkeymytestkey",
        }
        return AlibabaAccount.model_validate({**given, **changes})

    return make


@pytest.fixture
def storage() -> dict[str, AlibabaStorage]:
    profiles: dict[str, Any] = {
        "archive": {"endpoint": "oss-cn-shanghai.aliyuncs.com", "bucket": "mytest-bucket"},
        "singapore": {"endpoint": "oss-ap-southeast-1-internal.aliyuncs.com", "bucket": "b"},
        "own": {"endpoint": "oss.gateway.example", "bucket": "b"},
        "media": {"vod": {"storage_location": "mytest.oss-cn-shanghai.aliyuncs.com"}},
    }
    return {name: AlibabaStorage.model_validate(given) for name, given in profiles.items()}


@pytest.fixture
def make_recorder(
    make_account: Callable[..., AlibabaAccount], storage: dict[str, AlibabaStorage]
) -> Callable[..., AlibabaRecorder]:
    def make(handler: Handler | None = None, **account: Any) -> AlibabaRecorder:
        def refuse(request: httpx.Request) -> httpx.Response:
            raise AssertionError(f"nothing should be sent: {request.url}")

        http = httpx.AsyncClient(transport=httpx.MockTransport(handler or refuse))
        return AlibabaRecorder("demo", make_account(**account), storage, http, lambda: NOW)

    return make


@pytest.fixture
def make_request() -> Callable[..., RecordingRequest]:
    def make(**changes: Any) -> RecordingRequest:
        media = changes.get("media", "audio_video")
        listed = {"audio": {"allow": ["ada", "bob"]}, "video": {"allow": ["ada", "bob"]}}
        given = {
            "vendor": "alibaba",
            "account": "demo",
            "room": "standup",
            "output": {"storage": "archive"},
            "subscriptions": {name: users for name, users in listed.items() if name in media},
        }
        return RecordingRequest.model_validate({**given, **changes})

    return make


@pytest.fixture
def attempt() -> Attempt:
    return Attempt(number=1, recorder=TOKEN, path="rec/0123456789ab/a1")


@pytest.fixture
def task(attempt: Attempt) -> Task:
    return Task(attempt=attempt, id=TASK_ID)

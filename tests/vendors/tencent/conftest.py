from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from longtake.domain.ports import Attempt, Task
from longtake.domain.recording import RecordingRequest
from longtake.vendors.tencent.adapter import TencentRecorder
from longtake.vendors.tencent.settings import TencentAccount, TencentStorage

APP = 1400000123
NOW = datetime(2026, 1, 2, 3, 14, 15, 678000, tzinfo=UTC)
TASK_ID = "task-Ab+9_x."
ROBOT = "longtake_0123456789abcdef0123"

Handler = Callable[[httpx.Request], httpx.Response]


@pytest.fixture
def make_account() -> Callable[..., TencentAccount]:
    def make(**changes: Any) -> TencentAccount:
        given = {
            "sdk_app_id": APP,
            "secret_id": "api-secret-id",
            "secret_key": "api-secret-key-value",
            "user_sig_key": "application-key-value",
            "callback_secret": "cbKey0123456789ABCDEFabcdef",
        }
        return TencentAccount.model_validate({**given, **changes})

    return make


@pytest.fixture
def storage() -> dict[str, TencentStorage]:
    bucket = {
        "vendor": "cos",
        "region": "ap-singapore",
        "bucket": "recordings-1250000000",
        "access_key": "bucket-access-key",
        "secret_key": "bucket-secret-key",
    }
    minio = {**bucket, "vendor": "s3", "endpoint": "https://minio.example:9000"}
    profiles = {"archive": bucket, "minio": minio, "vod": {"vod": True}}
    return {name: TencentStorage.model_validate(given) for name, given in profiles.items()}


@pytest.fixture
def make_recorder(
    make_account: Callable[..., TencentAccount], storage: dict[str, TencentStorage]
) -> Callable[..., TencentRecorder]:
    def make(handler: Handler | None = None, **account: Any) -> TencentRecorder:
        def refuse(request: httpx.Request) -> httpx.Response:
            raise AssertionError(f"nothing should be sent: {request.url}")

        http = httpx.AsyncClient(transport=httpx.MockTransport(handler or refuse))
        return TencentRecorder("demo", make_account(**account), storage, http, lambda: NOW)

    return make


@pytest.fixture
def make_request() -> Callable[..., RecordingRequest]:
    def make(**changes: Any) -> RecordingRequest:
        given = {
            "vendor": "tencent",
            "account": "demo",
            "room": "standup",
            "output": {"storage": "archive"},
        }
        return RecordingRequest.model_validate({**given, **changes})

    return make


@pytest.fixture
def attempt() -> Attempt:
    return Attempt(number=1, recorder=ROBOT, path="rec/0123456789ab/a1")


@pytest.fixture
def task(attempt: Attempt) -> Task:
    return Task(attempt=attempt, id=TASK_ID)

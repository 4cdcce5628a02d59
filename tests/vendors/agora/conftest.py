from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from longtake.domain.ports import Attempt, Task
from longtake.domain.recording import RecordingRequest
from longtake.vendors.agora.adapter import AgoraRecorder
from longtake.vendors.agora.settings import AgoraAccount, AgoraStorage

APP_ID = "970CA35de60c44645bbae8a215061b33"
NOW = datetime(2026, 1, 2, 3, 14, 15, 678000, tzinfo=UTC)
SID = "38f8e3cfdc474cd56fc1ceba380d7e1a"

Handler = Callable[[httpx.Request], httpx.Response]


@pytest.fixture
def make_account() -> Callable[..., AgoraAccount]:
    def make(**changes: Any) -> AgoraAccount:
        given = {
            "app_id": APP_ID,
            "customer_id": "customer",
            "customer_secret": "customer-secret-value",
            "callback_secret": "ncs-test-secret",
            "secrets": {
                "room-key": "the-room-key",
                "push": "rtmp://cdn.example/live/streamkey",
                "vod-id": "vod-key-id",
                "vod-key": "vod-key-value",
            },
        }
        return AgoraAccount.model_validate({**given, **changes})

    return make


@pytest.fixture
def storage() -> dict[str, AgoraStorage]:
    profile = AgoraStorage.model_validate(
        {
            "vendor": "s3",
            "region": "eu-west-1",
            "bucket": "recordings",
            "access_key": "AKIAEXAMPLE",
            "secret_key": "storage-secret-value",
        }
    )
    return {"archive": profile}


@pytest.fixture
def make_recorder(
    make_account: Callable[..., AgoraAccount], storage: dict[str, AgoraStorage]
) -> Callable[..., AgoraRecorder]:
    def make(handler: Handler | None = None, **account: Any) -> AgoraRecorder:
        def refuse(request: httpx.Request) -> httpx.Response:
            raise AssertionError(f"nothing should be sent: {request.url}")

        http = httpx.AsyncClient(transport=httpx.MockTransport(handler or refuse))
        return AgoraRecorder("demo", make_account(**account), storage, http, lambda: NOW)

    return make


@pytest.fixture
def make_request() -> Callable[..., RecordingRequest]:
    def make(**changes: Any) -> RecordingRequest:
        given = {
            "vendor": "agora",
            "account": "demo",
            "room": "standup",
            "output": {"storage": "archive"},
        }
        return RecordingRequest.model_validate({**given, **changes})

    return make


@pytest.fixture
def attempt() -> Attempt:
    return Attempt(number=1, recorder="4000000001", path="rec/0123456789ab/a1", resource="RES-1")


@pytest.fixture
def task(attempt: Attempt) -> Task:
    return Task(attempt=attempt, id=SID)

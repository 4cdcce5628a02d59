from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from longtake.domain.ports import Attempt, Task
from longtake.domain.recording import RecordingRequest
from longtake.vendors.huawei.adapter import HuaweiRecorder
from longtake.vendors.huawei.settings import HuaweiAccount, HuaweiStorage
from tests.emulator.huawei_client import Huawei, emulated_huawei
from tests.vendors.huawei.service import Launch, Service, launched, served

APP = "5fcdf5650a1b2c3d6f835d0d"
NOW = datetime(2026, 1, 15, 8, 30, tzinfo=UTC)
JOB = "608196a2fa1b2c3d515147f32ef463b0"

Handler = Callable[[httpx.Request], httpx.Response]


@pytest.fixture
def make_account() -> Callable[..., HuaweiAccount]:
    def make(**changes: Any) -> HuaweiAccount:
        given = {
            "app_id": APP,
            "project_id": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
            "access_key": "HWEXAMPLEACCESSKEY01",
            "secret_key": "hwExampleSecretKey0123456789abcdefABCDEF",
            "callback_secret": "0123456789abcdef0123456789ABCDEF",
        }
        changed = {**given, **changes}
        return HuaweiAccount.model_validate({k: v for k, v in changed.items() if v is not None})

    return make


@pytest.fixture
def storage() -> dict[str, HuaweiStorage]:
    rule = {"record_rule_id": "5f5e172b9016ed5b0961a43"}
    profiles = {
        "archive": rule,
        "hls": {**rule, "formats": ["hls"]},
        "deep": {**rule, "prefix": "rec/{app_id}/{record_format}/{stream}_"},
    }
    return {name: HuaweiStorage.model_validate(given) for name, given in profiles.items()}


@pytest.fixture
def make_recorder(
    make_account: Callable[..., HuaweiAccount], storage: dict[str, HuaweiStorage]
) -> Callable[..., HuaweiRecorder]:
    def make(handler: Handler | None = None, **account: Any) -> HuaweiRecorder:
        def refuse(request: httpx.Request) -> httpx.Response:
            raise AssertionError(f"nothing should be sent: {request.url}")

        http = httpx.AsyncClient(transport=httpx.MockTransport(handler or refuse))
        return HuaweiRecorder("demo", make_account(**account), storage, http, lambda: NOW)

    return make


@pytest.fixture
def make_request() -> Callable[..., RecordingRequest]:
    def make(**changes: Any) -> RecordingRequest:
        given = {
            "vendor": "huawei",
            "account": "demo",
            "room": "standup",
            "output": {"storage": "archive"},
        }
        return RecordingRequest.model_validate({**given, **changes})

    return make


@pytest.fixture
def attempt() -> Attempt:
    return Attempt(number=1, recorder="mix", path="0123456789ab/a1")


@pytest.fixture
def task(attempt: Attempt) -> Task:
    return Task(attempt=attempt, id=JOB)


@pytest.fixture(scope="session")
async def emulator(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Huawei]:
    async with emulated_huawei(tmp_path_factory.mktemp("huawei"), strict=True) as huawei:
        yield huawei


@pytest.fixture
async def service(emulator: Huawei) -> AsyncGenerator[Service]:
    """The emulator as new: strict, without media and limits."""
    assert (await emulator.http.post("/_emulator/reset")).is_success
    async with served(emulator) as service:
        yield service


@pytest.fixture
async def launch(tmp_path: Path) -> AsyncGenerator[Launch]:
    """Starts services with the options that a test asks for."""
    async with AsyncExitStack() as stack:

        async def start(**options: Any) -> Service:
            return await stack.enter_async_context(launched(tmp_path, options=options))

        yield start

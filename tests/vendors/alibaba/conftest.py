from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from longtake.domain.ports import Attempt, Task
from longtake.domain.recording import RecordingRequest
from longtake.emulator.server import running
from longtake.vendorkit.http import open_client
from longtake.vendors.alibaba.adapter import AlibabaRecorder
from longtake.vendors.alibaba.settings import AlibabaAccount, AlibabaStorage
from tests.emulator.alibaba_client import Artc, emulated_artc
from tests.vendors.alibaba.service import PEOPLE, ROOM, Service

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


@pytest.fixture
def ask(make_request: Callable[..., RecordingRequest]) -> Callable[..., RecordingRequest]:
    """A request for the emulator's people, in a room with every letter that may go wrong."""

    def make(**changes: Any) -> RecordingRequest:
        media = changes.get("media", "audio_video")
        heard_and_seen = {name: {"allow": PEOPLE} for name in ("audio", "video") if name in media}
        return make_request(**{"room": ROOM, "subscriptions": heard_and_seen, **changes})

    return make


@pytest.fixture(scope="module")
async def emulator(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Artc]:
    async with emulated_artc(tmp_path_factory.mktemp("artc"), strict=True) as artc:
        yield artc


@pytest.fixture
async def service(emulator: Artc, storage: dict[str, AlibabaStorage]) -> AsyncGenerator[Service]:
    """The emulator as new, with two people in the room who show their screens too."""
    await populate(await emulator.anew())
    async with open_client() as http:
        yield Service(emulator, storage, http)


@pytest.fixture
async def told(service: Service) -> AsyncGenerator[Service]:
    """The service, calling back at the address that each start names."""
    path = "/callbacks/alibaba/demo"
    routes = [Route(f"{path}/{{token}}", service.calls.__call__, methods=["POST"])]
    async with running(Starlette(routes=routes)) as url:
        service.callback_url = f"{url}{path}"
        yield service


@pytest.fixture
async def launch(
    tmp_path: Path, storage: dict[str, AlibabaStorage]
) -> AsyncGenerator[Callable[..., Awaitable[Service]]]:
    """Starts an emulator with the options that a test asks for."""
    async with AsyncExitStack() as stack:

        async def start(*, media: bool = False, **options: Any) -> Service:
            artc = await stack.enter_async_context(
                emulated_artc(tmp_path, strict=True, media=media, options=options)
            )
            await populate(artc)
            return Service(artc, storage, await stack.enter_async_context(open_client()))

        yield start


async def populate(artc: Artc) -> None:
    await artc.room(ROOM, *({"user": user, "screen": True} for user in PEOPLE))

"""A plain client of the emulated Huawei RTC: it signs, and knows no more than names of fields."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from longtake.emulator.app import create_app
from longtake.emulator.server import running
from longtake.emulator.settings import EmulatorSettings
from longtake.vendors.agora.emulator import create as create_agora
from longtake.vendors.huawei.emulator import create
from longtake.vendors.huawei.emulator.credentials import (
    ACCESS_KEY,
    APP_ID,
    PROJECT_ID,
    SECRET_KEY,
    rule_id,
)
from longtake.vendors.tencent.emulator import create as create_tencent
from tests.emulator.emulated import Controlled

RULE = rule_id("takes")
APP = f"/v2/apps/{APP_ID}"
ONE, MIX = f"{APP}/individual-stream-jobs", f"{APP}/mix-stream-jobs"
NO_LIMITS = {
    "calls_per_second": 0,
    "settings_per_minute": 0,
    "rooms_per_minute": 0,
    "buckets_per_second": 0,
}
GRID = {"encode_template": "640x480_15_500", "layout_template": "nine_grids_view"}


def signed_headers(
    url: str,
    method: str,
    path: str,
    body: bytes,
    *,
    at: datetime | None = None,
    key: tuple[str, str] = (ACCESS_KEY, SECRET_KEY),
    token: str | None = None,
    project: str = PROJECT_ID,
) -> dict[str, str]:
    """The signature of the documentation, steps 1 to 8; ``path`` has its query, if any."""
    headers = {
        "content-type": "application/json",
        "host": url.removeprefix("http://"),
        "x-project-id": project,
        "x-sdk-date": f"{at or datetime.now(UTC):%Y%m%dT%H%M%SZ}",
    }
    if token is not None:
        headers["x-security-token"] = token
    names = ";".join(headers)
    block = "".join(f"{name}:{value}\n" for name, value in headers.items())
    bare, _, query = path.partition("?")
    digest = hashlib.sha256(body).hexdigest()
    canonical = f"{method}\n{bare}/\n{query}\n{block}\n{names}\n{digest}"
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"SDK-HMAC-SHA256\n{headers['x-sdk-date']}\n{hashed}"
    signature = hmac.new(key[1].encode(), text.encode(), hashlib.sha256).hexdigest()
    authorization = f"SDK-HMAC-SHA256 Access={key[0]}, SignedHeaders={names}, Signature={signature}"
    return {**headers, "authorization": authorization}


class Huawei(Controlled):
    """Calls to an emulated Huawei."""

    vendor = "huawei"

    async def send(
        self, method: str, path: str, body: bytes = b"", **changed: str
    ) -> httpx.Response:
        """A signed call; ``changed`` headers are changed after signing."""
        changes = {name.replace("_", "-"): value for name, value in changed.items()}
        headers = {**signed_headers(self.url, method, path, body), **changes}
        reply = await self.http.request(method, path, content=body, headers=headers)
        assert len(reply.headers["x-request-id"]) == 32
        return reply

    async def call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        content = b"" if body is None else json.dumps(body).encode()
        return await self.send(method, path, content)

    async def start_one(
        self, room: str = "standup", user: str = "alice", *, rule: str = RULE, **more: Any
    ) -> httpx.Response:
        body = {"room_id": room, "user_id": user, "record_param": {"record_rule_id": rule}}
        return await self.call("POST", ONE, {**body, **more})

    async def start_mix(
        self, room: str = "standup", *, rule: str = RULE, **param: Any
    ) -> httpx.Response:
        mix = {"room_id": room, **(param or GRID)}
        record = {"record_rule_id": rule}
        return await self.call("POST", MIX, {"mix_param": mix, "record_param": record})

    async def recording(self, room: str = "standup", **more: Any) -> str:
        """A mix that runs in a room with alice and bob, unless there are others."""
        return await self._up(room, lambda: self.start_mix(room, **more))

    async def recording_one(self, room: str = "standup", user: str = "alice", **more: Any) -> str:
        """An individual job that runs in such a room."""
        return await self._up(room, lambda: self.start_one(room, user, **more))

    async def _up(self, room: str, start: Callable[[], Awaitable[httpx.Response]]) -> str:
        if not await self.present(room):
            await self.room(room, "alice", "bob")
        reply = await start()
        assert reply.status_code == 201, reply.text
        await self.advance(0.5)
        return reply.json()["job_id"]

    async def path_of(self, job: str) -> str:
        recorders = {row["task_id"]: row["recorder"] for row in await self.tasks()}
        return f"{MIX if recorders.get(job, 'mix') == 'mix' else ONE}/{quote(job)}"

    async def show(self, job: str) -> httpx.Response:
        return await self.call("GET", await self.path_of(job))

    async def state(self, job: str) -> str:
        """``state``, or the code of the refusal."""
        told = (await self.show(job)).json()
        return told.get("state") or told["error_code"]

    async def update(self, job: str, **body: Any) -> httpx.Response:
        return await self.call("PUT", await self.path_of(job), body)

    async def stop(self, job: str) -> httpx.Response:
        return await self.call("DELETE", await self.path_of(job))

    async def finished(self, job: str, after: float = 21) -> None:
        """Record for a while, stop, and let everything be delivered."""
        await self.advance(after)
        assert (await self.stop(job)).status_code == 204
        await self.advance(20)

    async def files(self) -> list[str]:
        """The object keys of the only job."""
        (task,) = await self.tasks()
        return task["files"]

    async def calls(self) -> list[dict[str, Any]]:
        return (await self.ledger())["calls"]


def refused(reply: httpx.Response) -> tuple[int, str]:
    """Status and code of an answer that is a refusal."""
    body = reply.json()
    assert body.keys() == {"error_code", "error_msg"}
    assert body["error_msg"]
    return reply.status_code, body["error_code"]


def invalid(number: int, status: int = 400) -> tuple[int, str]:
    return status, f"RTC.0000{number}"


def seconds_between(earlier: str, later: str) -> float:
    gap: timedelta = datetime.fromisoformat(later) - datetime.fromisoformat(earlier)
    return gap.total_seconds()


LaunchHuawei = Callable[..., Awaitable[Huawei]]


@asynccontextmanager
async def emulated_huawei(
    data: Path, *, options: dict[str, Any] | None = None, **settings: Any
) -> AsyncGenerator[Huawei]:
    """Without media, and without limits unless ``options`` has some."""
    chosen: dict[str, Any] = {"media": False, "data": data, "seed": 7, **settings}
    vendors = {"huawei": {"limits": NO_LIMITS, **(options or {})}}
    every = {"agora": create_agora, "tencent": create_tencent, "huawei": create}
    app = create_app(EmulatorSettings(**chosen, vendors=vendors), every)
    async with (
        running(app) as url,
        httpx.AsyncClient(base_url=url, timeout=30, trust_env=False) as http,
    ):
        yield Huawei(url, http, data)


# Fixtures for the modules that import them.


@pytest.fixture(name="shared_huawei", scope="module")
async def shared_by_a_module(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Huawei]:
    async with emulated_huawei(tmp_path_factory.mktemp("huawei")) as running_for_all:
        yield running_for_all


@pytest.fixture(name="huawei")
async def emulator_of_huawei(shared_huawei: Huawei) -> Huawei:
    """The usual emulator, as new: no media, no limits."""
    assert (await shared_huawei.http.post("/_emulator/reset")).status_code == 200
    return shared_huawei


@pytest.fixture(name="launch_huawei")
async def launcher_of_huawei(tmp_path: Path) -> AsyncGenerator[LaunchHuawei]:
    """Starts emulators with the options a test asks for."""
    async with AsyncExitStack() as stack:

        async def start(**settings: Any) -> Huawei:
            return await stack.enter_async_context(emulated_huawei(tmp_path / "data", **settings))

        yield start

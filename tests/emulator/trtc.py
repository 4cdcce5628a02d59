"""A plain client of the emulated TRTC: it signs, and knows no more than the names of fields."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import struct
import time
import uuid
import zlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from longtake.emulator.app import create_app
from longtake.emulator.server import running
from longtake.emulator.settings import EmulatorSettings
from longtake.vendors.agora.emulator import create as create_agora
from longtake.vendors.tencent.emulator import create
from longtake.vendors.tencent.emulator.credentials import (
    SDK_APP_ID,
    SECRET_ID,
    SECRET_KEY,
    USER_SIG_KEY,
)
from tests.emulator.emulated import Controlled

CREATE, DESCRIBE, MODIFY, DELETE = (
    f"{verb}CloudRecording" for verb in ("Create", "Describe", "Modify", "Delete")
)
BUCKET = {
    "Vendor": 0,
    "Region": "ap-shanghai",
    "Bucket": "takes",
    "AccessKey": "ak",
    "SecretKey": "sk",
}
CANVAS = {"Width": 640, "Height": 360, "Fps": 15, "BitRate": 550_000, "Gop": 10}
ROBOT = "recorder"


def user_sig(
    user: str = ROBOT,
    *,
    app: int = SDK_APP_ID,
    key: str = USER_SIG_KEY,
    issued: int | None = None,
    life: int = 30 * 86_400,
    buffer: bytes | None = None,
) -> str:
    """A UserSig put together by this test; with ``buffer``, a PrivateMapKey."""
    issued = int(time.time()) if issued is None else issued
    text = f"TLS.identifier:{user}\nTLS.sdkappid:{app}\nTLS.time:{issued}\nTLS.expire:{life}\n"
    content: dict[str, Any] = {
        "TLS.ver": "2.0",
        "TLS.identifier": user,
        "TLS.sdkappid": app,
        "TLS.expire": life,
        "TLS.time": issued,
    }
    if buffer is not None:
        content["TLS.userbuf"] = base64.b64encode(buffer).decode()
        text += f"TLS.userbuf:{content['TLS.userbuf']}\n"
    digest = hmac.digest(key.encode(), text.encode(), hashlib.sha256)
    content["TLS.sig"] = base64.b64encode(digest).decode()
    packed = base64.b64encode(zlib.compress(json.dumps(content).encode())).decode()
    return packed.translate(str.maketrans("+/=", "*-_"))


def map_buffer(
    user: str, app: int, room: str | int, *, expires: int, privileges: int = 255
) -> bytes:
    """The user buffer of a PrivateMapKey."""
    text = isinstance(room, str)
    name = room.encode() if isinstance(room, str) else b""
    packed = struct.pack(">BH", int(text), len(user.encode())) + user.encode()
    packed += struct.pack(">5I", app, 0 if text else int(room), expires, privileges, 0)
    return packed + (struct.pack(">H", len(name)) + name if text else b"")


def signed_headers(
    url: str,
    action: str,
    body: bytes,
    *,
    at: int | None = None,
    secret: tuple[str, str] = (SECRET_ID, SECRET_KEY),
) -> dict[str, str]:
    """The common parameters and the signature of the documentation, steps 1 to 7."""
    stamp = int(time.time()) if at is None else at
    date = f"{datetime.fromtimestamp(stamp, UTC):%Y-%m-%d}"
    host = url.removeprefix("http://")
    digest = hashlib.sha256(body).hexdigest()
    block = f"content-type:application/json\nhost:{host}\n"
    canonical = f"POST\n/\n\n{block}\ncontent-type;host\n{digest}"
    scope = f"{date}/trtc/tc3_request"
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"TC3{secret[1]}".encode()
    for step in (date, "trtc", "tc3_request"):
        key = hmac.digest(key, step.encode(), hashlib.sha256)
    text = f"TC3-HMAC-SHA256\n{stamp}\n{scope}\n{hashed}"
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/json",
        "Host": host,
        "X-TC-Action": action,
        "X-TC-Version": "2019-07-22",
        "X-TC-Timestamp": str(stamp),
        "X-TC-Region": "ap-singapore",
        "Authorization": f"TC3-HMAC-SHA256 Credential={secret[0]}/{scope}, "
        f"SignedHeaders=content-type;host, Signature={signature}",
    }


class Trtc(Controlled):
    """Calls to an emulated TRTC."""

    vendor = "tencent"

    async def send(self, action: str, body: bytes, **changed: str) -> dict[str, Any]:
        """A signed call; ``changed`` headers are changed after signing."""
        headers = {**signed_headers(self.url, action, body), **changed}
        reply = await self.http.post("/", content=body, headers=headers)
        assert reply.status_code == 200, reply.text
        assert reply.headers["content-type"] == "application/json"
        answer = reply.json()["Response"]
        assert uuid.UUID(answer["RequestId"]).version == 4
        return answer

    async def call(self, action: str, **fields: Any) -> dict[str, Any]:
        return await self.send(action, json.dumps({"SdkAppId": SDK_APP_ID, **fields}).encode())

    async def create(
        self,
        room: str = "7007",
        robot: str = ROBOT,
        *,
        mode: int = 2,
        params: dict[str, Any] | None = None,
        storage: dict[str, Any] | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        wish = {
            "RoomId": room,
            "UserId": robot,
            "UserSig": user_sig(robot),
            "RecordParams": {"RecordMode": mode, **(params or {})},
            "StorageParams": storage or {"CloudStorage": BUCKET},
            **more,
        }
        return await self.call(CREATE, **wish)

    async def begin(self, room: str = "7007", robot: str = ROBOT, **more: Any) -> str:
        """The TaskId of an accepted create."""
        return (await self.create(room, robot, **more))["TaskId"]

    async def recording(self, room: str = "7007", robot: str = ROBOT, **more: Any) -> str:
        """A task whose robot is in a room with alice and bob, unless there are others."""
        if not await self.present(room):
            await self.room(room, "alice", "bob")
        task = await self.begin(room, robot, **more)
        await self.advance(0.5)
        return task

    async def describe(self, task: str) -> dict[str, Any]:
        return await self.call(DESCRIBE, TaskId=task)

    async def status(self, task: str) -> str:
        """``Status``, or the code of the refusal."""
        answer = await self.describe(task)
        return answer.get("Status") or answer["Error"]["Code"]

    async def modify(self, task: str, **groups: Any) -> dict[str, Any]:
        return await self.call(MODIFY, TaskId=task, **groups)

    async def delete(self, task: str) -> dict[str, Any]:
        return await self.call(DELETE, TaskId=task)

    async def finished(self, task: str, after: float = 21) -> None:
        """Record for a while, stop, and let everything be delivered."""
        await self.advance(after)
        assert "Error" not in await self.delete(task)
        await self.advance(30)

    async def files(self) -> list[str]:
        """The object keys of the only task."""
        (task,) = await self.tasks()
        return task["files"]


def code(answer: dict[str, Any]) -> str:
    return answer["Error"]["Code"]


LaunchTrtc = Callable[..., Awaitable[Trtc]]


@asynccontextmanager
async def emulated_trtc(
    data: Path, *, options: dict[str, Any] | None = None, **settings: Any
) -> AsyncGenerator[Trtc]:
    limits = {"limits": {"calls_per_second": 0}}
    vendors = {"tencent": {**limits, **(options or {})}}
    chosen: dict[str, Any] = {"media": False, "data": data, "seed": 7, **settings}
    app = create_app(
        EmulatorSettings(**chosen, vendors=vendors), {"agora": create_agora, "tencent": create}
    )
    async with (
        running(app) as url,
        httpx.AsyncClient(base_url=url, timeout=30, trust_env=False) as http,
    ):
        yield Trtc(url, http, data)

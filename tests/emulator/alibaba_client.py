"""A plain client of the emulated Alibaba RTC: it signs, and knows only the names of parameters."""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from longtake.emulator.app import create_app
from longtake.emulator.server import running
from longtake.emulator.settings import EmulatorSettings
from longtake.vendors.alibaba.emulator import create
from longtake.vendors.alibaba.emulator.credentials import (
    ACCESS_KEY_ID,
    ACCESS_KEY_SECRET,
    APP_ID,
    CALLBACK_SECRET,
)
from longtake.vendors.tencent.emulator import create as create_tencent
from tests.emulator.emulated import Controlled

START, UPDATE, STOP, DESCRIBE, USERS = (
    "StartRtcCloudRecording",
    "UpdateRtcCloudRecording",
    "StopRtcCloudRecording",
    "DescribeRtcCloudRecordingFiles",
    "DescribeChannelUsers",
)
OSS = {"OSSEndpoint": "oss-cn-shanghai.aliyuncs.com", "OSSBucket": "takes"}
TRANSCODE = {
    "AudioBitrate": 64,
    "AudioChannels": 2,
    "AudioSampleRate": 48000,
    "VideoBitrate": 500,
    "VideoFramerate": 15,
    "VideoGop": 30,
    "VideoWidth": 640,
    "VideoHeight": 360,
}
HALVES = [
    {"UserId": "alice", "X": "0", "Y": "0", "Width": "0.5", "Height": "1"},
    {"UserId": "bob", "X": "0.5", "Y": "0", "Width": "0.5", "Height": "1"},
]
NOTIFY_URL = "https://calls.example/callbacks/main/lt-7f3a"


def encoded(text: str) -> str:
    return quote(text, safe="-_.~")


def flat(**parameters: Any) -> dict[str, str]:
    """Parameters as the query has them: objects as compact JSON, lists numbered from 1."""
    found: dict[str, str] = {}
    for name, value in parameters.items():
        if isinstance(value, dict):
            found[name] = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        elif isinstance(value, list):
            found |= {f"{name}.{number}": str(item) for number, item in enumerate(value, 1)}
        elif value is not None:
            found[name] = str(value)
    return found


def signed_headers(
    headers: Mapping[str, str], query: str, secret: tuple[str, str], body: bytes = b""
) -> dict[str, str]:
    """``headers`` with the signature of the documentation, steps 3 to 8."""
    digest = hashlib.sha256(body).hexdigest()
    told = {**headers, "x-acs-content-sha256": digest}
    names = sorted(told)
    block = "".join(f"{name}:{told[name].strip()}\n" for name in names)
    signed = ";".join(names)
    canonical = f"POST\n/\n{query}\n{block}\n{signed}\n{digest}"
    text = f"ACS3-HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(secret[1].encode(), text.encode(), hashlib.sha256).hexdigest()
    authorization = (
        f"ACS3-HMAC-SHA256 Credential={secret[0]},SignedHeaders={signed},Signature={signature}"
    )
    return {**told, "authorization": authorization}


class Artc(Controlled):
    """Calls to an emulated Alibaba RTC."""

    vendor = "alibaba"

    async def anew(self) -> Artc:
        """This emulator, as it was at its start."""
        assert (await self.http.post("/_emulator/reset")).status_code == 200
        return self

    def headers(self, action: str, **changed: str) -> dict[str, str]:
        return {
            "host": self.url.removeprefix("http://"),
            "x-acs-action": action,
            "x-acs-version": "2016-11-01",
            "x-acs-date": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "x-acs-signature-nonce": uuid.uuid4().hex,
            **changed,
        }

    def request(
        self,
        action: str,
        parameters: Mapping[str, str],
        *,
        secret: tuple[str, str] = (ACCESS_KEY_ID, ACCESS_KEY_SECRET),
        body: bytes = b"",
        **changed: str,
    ) -> httpx.Request:
        """A signed call; ``changed`` headers are signed, too."""
        pairs = sorted(parameters.items())
        query = "&".join(f"{encoded(name)}={encoded(value)}" for name, value in pairs)
        told = {name.replace("_", "-"): value for name, value in changed.items()}
        headers = signed_headers(self.headers(action, **told), query, secret, body)
        return httpx.Request("POST", f"{self.url}/?{query}", headers=headers, content=body)

    async def send(self, request: httpx.Request) -> httpx.Response:
        reply = await self.http.send(request)
        assert reply.headers["content-type"] == "application/json"
        assert uuid.UUID(reply.json()["RequestId"]).version == 4
        return reply

    async def call(self, action: str, **parameters: Any) -> dict[str, Any]:
        """The answer, whatever its status: a refusal has a ``Code``."""
        reply = await self.send(self.request(action, flat(**parameters)))
        assert (reply.status_code == 200) is ("Code" not in reply.json())
        return reply.json()

    async def start(self, channel: str = "standup", **changed: Any) -> dict[str, Any]:
        """A mixed recording of alice and bob, unless ``changed``; None leaves out."""
        return await self.call(START, **(mixed(channel) | changed))

    async def refused(self, channel: str = "standup", **changed: Any) -> tuple[int, str]:
        """Status and code of a start that must not be accepted, with somebody in the channel."""
        if not await self.present(channel):
            await self.room(channel, "alice", "bob")
        reply = await self.send(self.request(START, flat(**(mixed(channel) | changed))))
        return reply.status_code, reply.json().get("Code")

    async def begin(self, channel: str = "standup", **changed: Any) -> str:
        """The TaskId of an accepted start, with alice and bob in the channel or whoever is."""
        if not await self.present(channel):
            await self.room(channel, "alice", "bob")
        return (await self.start(channel, **changed))["TaskId"]

    async def recording(self, channel: str = "standup", **changed: Any) -> str:
        """A task that runs."""
        task = await self.begin(channel, **changed)
        await self.advance(0.5)
        return task

    async def describe(self, task: str) -> dict[str, Any]:
        return await self.call(DESCRIBE, TaskId=task)

    async def status(self, task: str) -> str:
        """``Status``, or the code of the refusal."""
        answer = await self.describe(task)
        return answer["TaskInfo"]["Status"] if "TaskInfo" in answer else answer["Code"]

    async def listed(self, task: str) -> dict[str, Any]:
        return (await self.describe(task))["TaskInfo"]["RecordFileList"]

    async def update(self, task: str, **groups: Any) -> dict[str, Any]:
        return await self.call(UPDATE, TaskId=task, **groups)

    async def stop(self, task: str) -> dict[str, Any]:
        return await self.call(STOP, TaskId=task)

    async def finished(self, task: str, after: float = 40) -> None:
        """Record for a while, stop, and let everything be delivered."""
        await self.advance(after)
        assert "Code" not in await self.stop(task)
        await self.advance(30)

    async def files(self) -> list[str]:
        """The object keys of the only task."""
        (task,) = await self.tasks()
        return task["files"]


def entries(*users: str | dict[str, Any]) -> dict[str, Any]:
    """SubscribeParams."""
    listed = [{"UserId": user} if isinstance(user, str) else user for user in users]
    return {"SubscribeUserIdList": listed}


def oss(*files: dict[str, Any]) -> dict[str, Any]:
    """StorageParams of a bucket."""
    return {"StorageType": 1, "FileInfo": list(files), "OSSParams": OSS}


def notified(url: str = NOTIFY_URL, **more: Any) -> dict[str, Any]:
    return {"NotifyUrl": url, "NotifyAuthKey": CALLBACK_SECRET, **more}


def mixed(channel: str = "standup") -> dict[str, Any]:
    return {
        "AppId": APP_ID,
        "ChannelId": channel,
        "SubscribeParams": entries("alice", "bob"),
        "RecordParams": {"RecordMode": 1},
        "StorageParams": oss(),
        "MixTranscodeParams": TRANSCODE,
        "MixLayoutParams": {"UserPanes": HALVES},
    }


def individual(*users: str | dict[str, Any], stream_type: int = 0) -> dict[str, Any]:
    """What ``start`` is to change."""
    return {
        "SubscribeParams": entries(*users),
        "RecordParams": {"RecordMode": 0, "StreamType": stream_type},
        "MixTranscodeParams": None,
        "MixLayoutParams": None,
    }


@asynccontextmanager
async def emulated_artc(
    data: Path, *, options: dict[str, Any] | None = None, **settings: Any
) -> AsyncGenerator[Artc]:
    limits = {"limits": {"calls_per_second": 0, "users_per_second": 0}}
    vendors = {"alibaba": {**limits, **(options or {})}}
    chosen: dict[str, Any] = {"media": False, "data": data, "seed": 7, **settings}
    app = create_app(
        EmulatorSettings(**chosen, vendors=vendors), {"tencent": create_tencent, "alibaba": create}
    )
    async with (
        running(app) as url,
        httpx.AsyncClient(base_url=url, timeout=30, trust_env=False) as http,
    ):
        yield Artc(url, http, data)

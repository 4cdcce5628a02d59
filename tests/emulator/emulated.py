"""Running emulators, and a plain client that knows no more of Agora than its paths."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from starlette.requests import Request
from starlette.responses import Response

from longtake.emulator.app import create_app
from longtake.emulator.server import running
from longtake.emulator.settings import EmulatorSettings
from longtake.vendors.agora.emulator import create
from longtake.vendors.agora.emulator.credentials import APP_ID, CUSTOMER_ID, CUSTOMER_SECRET

STORAGE = {"vendor": 1, "region": 0, "bucket": "takes", "accessKey": "ak", "secretKey": "sk"}
CANVAS = {"width": 640, "height": 360, "fps": 15, "bitrate": 500}


class Task:
    """Ids of a recording, as the calls need them."""

    def __init__(self, cname: str, uid: str, resource: str, sid: str, mode: str) -> None:
        self.cname, self.uid, self.resource, self.sid, self.mode = cname, uid, resource, sid, mode


class Controlled:
    """The control surface of one emulator, as one vendor's tests use it."""

    vendor: str

    def __init__(self, url: str, http: httpx.AsyncClient, data: Path) -> None:
        self.url, self.http, self.data = url, http, data

    async def room(self, name: str, *users: str | dict[str, Any]) -> None:
        people = [u if isinstance(u, dict) else {"user": u, "name": f"U{u}"} for u in users]
        reply = await self.http.put(
            f"/_emulator/rooms/{self.vendor}/{quote(name)}", json={"participants": people}
        )
        assert reply.status_code == 200, reply.text

    async def present(self, name: str) -> list[str]:
        reply = await self.http.get(f"/_emulator/rooms/{self.vendor}/{quote(name)}")
        return [person["user"] for person in reply.json()["participants"]]

    async def advance(self, seconds: float) -> None:
        reply = await self.http.post("/_emulator/clock", json={"advance": seconds})
        assert reply.status_code == 200, reply.text

    async def fault(self, kind: str, call: str = "*", **more: Any) -> dict[str, Any]:
        rule = {"vendor": self.vendor, "call": call, "kind": kind, **more}
        reply = await self.http.post("/_emulator/faults", json=rule)
        assert reply.status_code == 201, reply.text
        return reply.json()

    async def faults(self) -> list[dict[str, Any]]:
        return (await self.http.get("/_emulator/faults")).json()["faults"]

    async def ledger(self) -> dict[str, list[dict[str, Any]]]:
        return (await self.http.get("/_emulator/ledger")).json()

    async def tasks(self) -> list[dict[str, Any]]:
        return (await self.ledger())["tasks"]


class Emulated(Controlled):
    """Calls to an emulated Agora."""

    vendor = "agora"

    def __init__(self, url: str, http: httpx.AsyncClient, data: Path) -> None:
        super().__init__(url, http, data)
        self.app = APP_ID

    def path(self, tail: str) -> str:
        return f"/v1/apps/{self.app}/cloud_recording/{tail}"

    async def post(self, tail: str, body: Any) -> httpx.Response:
        return await self.http.post(self.path(tail), json=body)

    async def acquire(self, cname: str = "room", uid: str = "99", **request: Any) -> httpx.Response:
        return await self.post("acquire", {"cname": cname, "uid": uid, "clientRequest": request})

    async def resource(self, cname: str = "room", uid: str = "99", **request: Any) -> str:
        return (await self.acquire(cname, uid, **request)).json()["resourceId"]

    async def start(
        self,
        resource: str,
        *,
        cname: str = "room",
        uid: str = "99",
        mode: str = "mix",
        config: dict[str, Any] | None = None,
        **request: Any,
    ) -> httpx.Response:
        wish = {"recordingConfig": config or {}, "storageConfig": STORAGE, **request}
        body = {"cname": cname, "uid": uid, "clientRequest": wish}
        return await self.post(f"resourceid/{resource}/mode/{mode}/start", body)

    async def begin(
        self,
        *,
        cname: str = "room",
        uid: str = "99",
        mode: str = "mix",
        scene: int = 0,
        **more: Any,
    ) -> Task:
        """Acquire and start; the start must have been accepted."""
        resource = await self.resource(cname, uid, scene=scene)
        reply = await self.start(resource, cname=cname, uid=uid, mode=mode, **more)
        assert reply.status_code == 200, reply.text
        return Task(cname, uid, resource, reply.json()["sid"], mode)

    async def recording(self, **more: Any) -> Task:
        """A task whose recorder is up, in a room with Ada and Bob unless there are others."""
        cname = more.get("cname", "room")
        if not await self.present(cname):
            await self.room(cname, "1001", "1002")
        task = await self.begin(**more)
        await self.advance(2.5)
        return task

    def of(self, task: Task, call: str) -> str:
        return f"resourceid/{task.resource}/sid/{task.sid}/mode/{task.mode}/{call}"

    async def call(self, task: Task, call: str, **request: Any) -> httpx.Response:
        body = {"cname": task.cname, "uid": task.uid, "clientRequest": request}
        return await self.post(self.of(task, call), body)

    async def query(self, task: Task) -> httpx.Response:
        return await self.http.get(self.path(self.of(task, "query")))

    async def status(self, task: Task) -> int:
        return (await self.query(task)).json()["serverResponse"]["status"]

    async def stop(self, task: Task, **request: Any) -> httpx.Response:
        """Stop, with the clock running ahead so that the uploads need no waiting for."""
        answer = asyncio.ensure_future(self.call(task, "stop", **request))
        while not answer.done():
            await asyncio.sleep(0.02)
            await self.advance(1)
        return await answer


class Receiver:
    """A callback receiver that keeps what it is sent.

    refuse: answers 500 that many times. text: of its other answers. meanwhile: what happens
    before each answer.
    """

    def __init__(self) -> None:
        self.url = ""
        self.seen: list[tuple[dict[str, str], bytes]] = []
        self.refuse = 0
        self.text = "{}"
        self.meanwhile: Callable[[], Awaitable[None]] | None = None
        self._news = asyncio.Event()

    async def __call__(self, request: Request) -> Response:
        self.seen.append((dict(request.headers), await request.body()))
        if self.meanwhile is not None:
            await self.meanwhile()
        self._news.set()
        if self.refuse:
            self.refuse -= 1
            return Response("{}", 500)
        return Response(self.text)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.seen]

    def of_type(self, event: int) -> list[dict[str, Any]]:
        """Those of one number, which vendors spell differently."""
        return [n for n in self.events if (n.get("eventType") or n.get("EventType")) == event]

    async def until(self, ready: Callable[[], object], seconds: float = 5) -> None:
        async with asyncio.timeout(seconds):
            while not ready():
                self._news.clear()
                await self._news.wait()


Launch = Callable[..., Awaitable[Emulated]]


@asynccontextmanager
async def emulated(data: Path, **settings: Any) -> AsyncGenerator[Emulated]:
    options = {"media": False, "data": data, "seed": 7, **settings}
    vendors = options.setdefault("vendors", {})
    vendors.setdefault("agora", {}).setdefault("limits", {}).setdefault("calls_per_second", 0)
    app = create_app(EmulatorSettings(**options), {"agora": create})
    async with (
        running(app) as url,
        httpx.AsyncClient(
            base_url=url, auth=(CUSTOMER_ID, CUSTOMER_SECRET), timeout=30, trust_env=False
        ) as http,
    ):
        yield Emulated(url, http, data)

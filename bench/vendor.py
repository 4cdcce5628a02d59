"""The emulated vendor, in the load's own process: it sees each call as it arrives."""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from longtake.emulator.app import create_app
from longtake.emulator.server import running
from longtake.emulator.settings import EmulatorSettings
from longtake.vendors import emulator

CALLS = {"acquire": "acquire", "start": "start", "updateLayout": "layout", "stop": "stop"}
QUERY = "query"


@dataclass
class Vendor:
    """Who called what and when, by room."""

    _http: httpx.AsyncClient
    url: str = ""
    arrivals: dict[str, list[tuple[str, float]]] = field(
        default_factory=lambda: defaultdict[str, list[tuple[str, float]]](list)
    )
    """By room, the calls that arrived in their order, with `time.time()`."""
    all_calls: list[float] = field(default_factory=list[float])
    polls: int = 0
    _waiting: dict[str, asyncio.Event] = field(default_factory=dict[str, asyncio.Event])

    def arrived(self, room: str, call: str, at: float) -> None:
        self.all_calls.append(at)
        if call == QUERY:
            self.polls += 1
            return
        self.arrivals[room].append((call, at))
        if room in self._waiting:
            self._waiting[room].set()

    async def call_of(self, room: str, number: int) -> tuple[str, float]:
        """The room's call of that number, from 0, once it is there."""
        news = self._waiting.setdefault(room, asyncio.Event())
        while len(self.arrivals[room]) <= number:
            news.clear()
            await news.wait()
        return self.arrivals[room][number]

    async def enter(self, room: str) -> None:
        """Let two users publish in a room."""
        people = [{"user": user} for user in ("1", "2")]
        url = f"{self.url}/_emulator/rooms/agora/{room}"
        answer = await self._http.put(url, json={"participants": people})
        answer.raise_for_status()

    def most_in_a_second(self, since: float = 0.0) -> int:
        """The most calls in any second that slides over what came after `since`."""
        times = sorted(at for at in self.all_calls if at >= since)
        first, most = 0, 0
        for index, at in enumerate(times):
            while at - times[first] >= 1:
                first += 1
            most = max(most, index - first + 1)
        return most


@asynccontextmanager
async def vendor(**options: Any) -> AsyncGenerator[Vendor]:
    """Agora's emulator without media on a free port; `options` are the emulated account's."""
    async with httpx.AsyncClient(trust_env=False) as http:
        seen = Vendor(_http=http)
        settings = EmulatorSettings(media=False, vendors={"agora": options})
        app = create_app(settings, {"agora": emulator("agora").create})
        async with running(_watched(app, seen)) as seen.url:
            yield seen


def _watched(app: ASGIApp, seen: Vendor) -> ASGIApp:
    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/_emulator"):
            return await app(scope, receive, send)
        at, path = time.time(), scope["path"]
        if path.endswith("/query"):
            seen.arrived("", QUERY, at)
            return await app(scope, receive, send)
        body = bytearray()

        async def told() -> Any:
            message = await receive()
            body.extend(message.get("body", b""))
            if message["type"] == "http.request" and not message.get("more_body"):
                call = CALLS.get(path.rpartition("/")[2], "other")
                seen.arrived(json.loads(body).get("cname", ""), call, at)
            return message

        return await app(scope, told, send)

    return watched

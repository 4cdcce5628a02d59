"""A running emulator of Alibaba's service, recorders that call it, and what it calls back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import Response

from longtake.domain.events import EventKind, VendorEvent
from longtake.domain.ports import Attempt, Task
from longtake.domain.recording import RecordingRequest
from longtake.vendors.alibaba.adapter import AlibabaRecorder
from longtake.vendors.alibaba.callbacks import AlibabaCallbacks
from longtake.vendors.alibaba.emulator.credentials import (
    ACCESS_KEY_ID,
    ACCESS_KEY_SECRET,
    APP_ID,
    CALLBACK_SECRET,
)
from longtake.vendors.alibaba.settings import AlibabaAccount, AlibabaStorage
from tests.emulator.alibaba_client import Artc
from tests.emulator.emulated import Receiver

ROOM = "stand-up/会议 7 ~+\"'%&=?"
"""It must survive query, signature, callbacks and the names of files."""
ADA, BOB = "ada_0", "Bób ~+\"'%{&=.ts"
PEOPLE = (ADA, BOB)
UP = 0.5
"""Seconds of the emulator's clock after which a task runs."""


class Calls(Receiver):
    """Keeps the last part of each callback's address too: the attempt's token."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens: list[str] = []

    async def __call__(self, request: Request) -> Response:
        self.tokens.append(PurePosixPath(request.url.path).name)
        return await super().__call__(request)

    def told(self, *types: str) -> bool:
        """Whether an event of each type has come."""
        return {*types} <= {event["eventType"] for event in self.events}


@dataclass
class Service:
    """One test's view of it; with `callback_url` every start asks for events."""

    artc: Artc
    storage: dict[str, AlibabaStorage]
    http: httpx.AsyncClient
    callback_url: str | None = None
    calls: Calls = field(default_factory=Calls)

    def account(self, **changes: Any) -> AlibabaAccount:
        given = {
            "app_id": APP_ID,
            "access_key_id": ACCESS_KEY_ID,
            "access_key_secret": ACCESS_KEY_SECRET,
            "callback_url": self.callback_url,
            "callback_secret": CALLBACK_SECRET,
            "base_url": self.artc.url,
        }
        return AlibabaAccount.model_validate({**given, **changes})

    async def now(self) -> datetime:
        """The emulator's time."""
        told = (await self.artc.http.get("/_emulator/clock")).json()["now"]
        return datetime.fromisoformat(told)

    async def recorder(self, **changes: Any) -> AlibabaRecorder:
        """It signs with the emulator's time of now."""
        now = await self.now()
        return AlibabaRecorder(
            "demo", self.account(**changes), self.storage, self.http, lambda: now
        )

    async def begin(
        self, request: RecordingRequest, attempt: Attempt, **account: Any
    ) -> tuple[AlibabaRecorder, Task]:
        """A task that was accepted."""
        recorder = await self.recorder(**account)
        recorder.traits(request)
        task_id = await recorder.start(request, request.first_scene(), attempt)
        return recorder, Task(attempt=attempt, id=task_id)

    async def up(
        self, request: RecordingRequest, attempt: Attempt, **account: Any
    ) -> tuple[AlibabaRecorder, Task]:
        """A task that runs."""
        recorder, task = await self.begin(request, attempt, **account)
        await self.artc.advance(UP)
        return recorder, task

    async def ended(
        self, request: RecordingRequest, attempt: Attempt, after: float = 35, **account: Any
    ) -> tuple[AlibabaRecorder, Task]:
        """A task that has recorded `after` seconds, and has delivered everything."""
        recorder, task = await self.up(request, attempt, **account)
        await self.artc.advance(after)
        await recorder.stop(request, task)
        await self.artc.advance(30)
        return recorder, task

    async def made(self) -> dict[str, Any]:
        """What the ledger tells of the only task."""
        (task,) = await self.artc.tasks()
        return task

    async def heard(self, *types: str) -> list[VendorEvent]:
        """Our reading of everything that was called back, once events of these types were."""
        await self.calls.until(lambda: self.calls.told(*types))
        return list(self.read(await self.now()))

    def read(self, now: datetime) -> Iterator[VendorEvent]:
        parser = AlibabaCallbacks("demo", self.account(), lambda: now)
        for (headers, body), token in zip(self.calls.seen, self.calls.tokens, strict=True):
            parser.verify(headers, body)
            event = parser.parse(body, token)
            assert event is not None
            yield event


def of_kind(events: list[VendorEvent], kind: EventKind) -> list[VendorEvent]:
    return [event for event in events if event.kind is kind]

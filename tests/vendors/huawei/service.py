"""Our side of an emulated SparkRTC: what a worker has, and what the emulator tells of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.routing import Route

from longtake.domain.errors import InvalidRequest
from longtake.domain.events import VendorEvent
from longtake.domain.ports import Attempt, Task
from longtake.domain.recording import RecordingRequest
from longtake.emulator.server import running
from longtake.vendorkit.http import open_client
from longtake.vendors.huawei.adapter import HuaweiRecorder
from longtake.vendors.huawei.callbacks import HuaweiCallbacks
from longtake.vendors.huawei.client import HuaweiClient
from longtake.vendors.huawei.emulator.credentials import (
    ACCESS_KEY,
    APP_ID,
    CALLBACK_SECRET,
    DOMAIN,
    PASSWORD,
    PROJECT_ID,
    SECRET_KEY,
    USER,
    rule_id,
)
from longtake.vendors.huawei.settings import HuaweiAccount, HuaweiStorage
from longtake.vendors.huawei.wire.rules import RecordRule
from tests.emulator.emulated import Receiver
from tests.emulator.huawei_client import Huawei, emulated_huawei

JOINED = 0.5
"""Seconds of the emulator's clock after which a job runs."""
PEOPLE = ("alice", "bob")
IAM = {"domain": DOMAIN, "user": USER, "password": PASSWORD}
LOG_IN = "KeystoneCreateUserTokenByPassword"


def archive() -> dict[str, HuaweiStorage]:
    """The profile that tests' requests name."""
    return {"archive": HuaweiStorage(record_rule_id=rule_id("takes"))}


@dataclass
class Service:
    """A running emulator, recorders that call it, and what it calls back."""

    huawei: Huawei
    http: httpx.AsyncClient
    receiver: Receiver = field(default_factory=Receiver)
    storage: dict[str, HuaweiStorage] = field(default_factory=archive)

    def account(self, **changes: Any) -> HuaweiAccount:
        given = {
            "app_id": APP_ID,
            "project_id": PROJECT_ID,
            "access_key": ACCESS_KEY,
            "secret_key": SECRET_KEY,
            "callback_secret": CALLBACK_SECRET,
            "base_url": self.huawei.url,
        }
        return HuaweiAccount.model_validate({**given, **changes})

    def recorder(self, **changes: Any) -> HuaweiRecorder:
        account = self.account(**changes)
        return HuaweiRecorder("demo", account, self.storage, self.http, lambda: datetime.now(UTC))

    def by_token(self, **iam: Any) -> HuaweiRecorder:
        """A recorder that logs in, instead of signing with a key."""
        no_key = {"project_id": None, "access_key": None, "secret_key": None}
        return self.recorder(iam={**IAM, **iam}, iam_url=self.huawei.url, **no_key)

    def client(self, **changes: Any) -> HuaweiClient:
        return HuaweiClient(self.account(**changes), self.http, lambda: datetime.now(UTC))

    async def up(
        self, request: RecordingRequest, attempt: Attempt, recorder: HuaweiRecorder | None = None
    ) -> tuple[HuaweiRecorder, Task]:
        """Submit and start as a session does, and wait until the job runs."""
        recorder = recorder or self.recorder()
        recorder.traits(request)
        job = await recorder.start(request, request.first_scene(), attempt)
        await self.huawei.advance(JOINED)
        return recorder, Task(attempt=attempt, id=job)

    async def made(self) -> dict[str, Any]:
        """What the emulator tells of the only job there ever was."""
        (job,) = await self.huawei.tasks()
        return job

    async def calls(self, *names: str) -> list[dict[str, Any]]:
        """All calls, or those of these names, in their order."""
        return [call for call in await self.huawei.calls() if not names or call["call"] in names]

    async def profile(self, rule: RecordRule, prefix: str) -> None:
        """Make a rule, and let the requests' profile go by it."""
        made = await self.client().create_rule(rule)
        self.storage["archive"] = HuaweiStorage(record_rule_id=made.rule_id, prefix=prefix)

    async def heard(self, **counts: int) -> list[VendorEvent]:
        """Our reading of everything that was called back, once so many of each type were."""

        def all_came() -> bool:
            seen = [notice["event_type"] for notice in self.receiver.events]
            return all(seen.count(kind) >= count for kind, count in counts.items())

        await self.receiver.until(all_came)
        parser = HuaweiCallbacks("demo", self.account())
        events: list[VendorEvent] = []
        for headers, body in self.receiver.seen:
            parser.verify(headers, body)
            event = parser.parse(body)
            assert event is not None
            events.append(event)
        return events


Launch = Callable[..., Awaitable[Service]]


@asynccontextmanager
async def served(huawei: Huawei) -> AsyncGenerator[Service]:
    """The emulator with two people in the room `standup`."""
    await huawei.room("standup", *PEOPLE)
    async with open_client() as http:
        yield Service(huawei, http)


@asynccontextmanager
async def listening(service: Service) -> AsyncGenerator[None]:
    """The emulator calls back."""
    app = Starlette(routes=[Route("/", service.receiver.__call__, methods=["POST"])])
    async with running(app) as url:
        service.receiver.url = url
        http = service.huawei.http
        answer = await http.put("/_emulator/callbacks/huawei", json={"url": url})
        assert answer.is_success, answer.text
        yield


@asynccontextmanager
async def launched(data: Path, **settings: Any) -> AsyncGenerator[Service]:
    """A service of one's own, with other options than the usual ones."""
    async with emulated_huawei(data, strict=True, **settings) as huawei, served(huawei) as service:
        yield service


def refused_by_us(error: InvalidRequest) -> bool:
    """Whether nothing was sent: a vendor's refusal has the vendor's code."""
    return not error.vendor_code

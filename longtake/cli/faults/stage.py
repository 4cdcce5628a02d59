"""The processes of a run: Temporal on a file, the emulator, the receiver, two workers."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
from temporalio.client import Client

from longtake.cli import ports
from longtake.cli.control import Emulator
from longtake.cli.emulated import ACCOUNT, BUCKET, STORAGE, Value, emulated
from longtake.cli.exits import Code, Exit
from longtake.cli.faults.evidence import Kill
from longtake.cli.faults.manners import MANNERS
from longtake.cli.faults.wire import Wire
from longtake.cli.options import HOST, connected
from longtake.cli.polled import Queue, queues_of
from longtake.cli.stack import Child, Ports, Stack
from longtake.settings import Settings, load

WORKERS = 2

_PORTS = range(20_000, 30_000)
"""Below those that a connection takes for its own end: while a server is down, nobody takes its
port."""

BUCKET_SECRET = "longtake-fault-run-bucket-secret"  # noqa: S105 - opens nothing
"""What the vendor is told to write with: long enough to be searched for."""

_WIRES = ("to vendor", "to temporal")
"""By which the workers, and everybody else, reach them."""

_PLAIN_WORKER = ("-P", "-m", "longtake.cli.faults.plain")


@dataclass(frozen=True)
class Cast:
    """Who works on the stage."""

    name: str
    command: Callable[[Stack], Sequence[str | Path]]
    queues: Callable[[Settings], Sequence[Queue]]


LONGTAKE = Cast("longtake", lambda stack: stack.worker_command(), queues_of)


def plain_cast(queues: Sequence[str]) -> Cast:
    """The workers of the plain pattern, on their own queues."""
    return Cast(
        "plain",
        lambda stack: [sys.executable, *_PLAIN_WORKER, "--settings", stack.settings_path],
        lambda _: [Queue(name, workflows=number == 0) for number, name in enumerate(queues)],
    )


@dataclass
class Stage:
    """The processes for as long as the `async with` block; all die with this one."""

    folder: Path
    vendor: str
    seed: int
    rate: float
    cast: Cast
    tell: Callable[[str], None]
    kills: list[Kill] = field(default_factory=list[Kill])
    client: Client = field(init=False)
    emulator: Emulator = field(init=False)
    stack: Stack = field(init=False)
    _http: httpx.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        self._workers: list[Child] = []
        self._made = 0
        self._wires: dict[str, Wire] = {}
        self._undo = AsyncExitStack()

    async def __aenter__(self) -> Self:
        names = ("temporal", "http", "ui", "emulator", "callbacks")
        usual = random.SystemRandom().sample(_PORTS, len(names) + len(_WIRES))
        wanted = {name: (port, None) for name, port in zip((*names, *_WIRES), usual, strict=True)}
        found, _ = ports.choose(wanted)
        chosen = {name: found[name] for name in names}
        targets = {"to vendor": chosen["emulator"], "to temporal": chosen["temporal"]}
        self.stack = Stack(
            self.folder,
            Ports(**chosen),
            vendor=self.vendor,
            persistent=True,
            fresh=True,
            emulator_options=self._emulator_options(),
            changes=_changes(self.vendor, self.rate, found),
            tell=self.tell,
        )
        async with AsyncExitStack() as undo:
            for name, target in targets.items():
                wire = Wire(found[name], target)
                self._wires[name] = await undo.enter_async_context(wire)
            await undo.enter_async_context(self.stack)
            http = await undo.enter_async_context(httpx.AsyncClient(trust_env=False, timeout=60))
            self._http = http
            self.emulator = Emulator(http, self.stack.emulator_url, self.vendor)
            settings = self.settings()
            self.client = await connected(settings)
            for _ in range(WORKERS):
                self._workers.append(await self._worker())
            queues = self.cast.queues(settings)
            await self.stack.until_polled(self.client, settings, queues, self._workers[0])
            self._undo = undo.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._undo.aclose()

    def settings(self) -> Settings:
        """What the workers read."""
        return load(self.stack.settings_path, os.environ)

    async def kill_worker(self, number: int) -> None:
        """`kill -9`, and another one at once."""
        at = datetime.now(UTC)
        self._workers[number].kill()
        await self._workers[number].wait()
        self.stack.children.remove(self._workers[number])
        self._workers[number] = await self._worker()
        self.kills.append(Kill("worker", at, datetime.now(UTC)))

    async def kill_server(self) -> None:
        """`kill -9` of Temporal, and the same again on its file."""
        at = datetime.now(UTC)
        await self.stack.restart_temporal()
        self.kills.append(Kill("server", at, datetime.now(UTC)))

    async def cut(self, what: str, seconds: float) -> None:
        """Reset the workers' connections to the vendor or to Temporal, and refuse new ones."""
        at = datetime.now(UTC)
        await self._wires[f"to {what}"].cut(seconds)
        self.kills.append(Kill(f"wire to {what}", at, datetime.now(UTC)))

    async def check_alive(self) -> None:
        """Exit when a process died that nobody killed."""
        for child in self.stack.children:
            ending = asyncio.ensure_future(child.wait())
            done, _ = await asyncio.wait({ending}, timeout=0)
            if done:
                raise Exit(Code.FAILED, child.obituary(ending.result()))
            ending.cancel()

    async def metrics(self) -> bytes:
        """What the receiver tells of itself."""
        return (await self._http.get(f"{self.stack.callbacks_url}/metrics")).content

    def searched(self) -> list[Path]:
        """Where no secret may be: the server's file and every log but the vendor's own."""
        kept = sorted(self.folder.glob("temporal.db*"))
        logs = sorted(self.stack.logs.glob("*.log"))
        return kept + [log for log in logs if log.stem != "emulator"]

    async def _worker(self) -> Child:
        self._made += 1
        return await self.stack.add(f"worker-{self._made}", *self.cast.command(self.stack))

    def _emulator_options(self) -> list[str]:
        manners, vendor = MANNERS[self.vendor], self.vendor
        options = {f"timings.{name}": seconds for name, seconds in manners.timings.items()}
        options |= {f"limits.{name}": most for name, most in manners.limits.items()}
        given = [f"--option={vendor}.{name}={value}" for name, value in options.items()]
        return ["--placeholders", f"--seed={self.seed}", *given]


def _changes(
    vendor: str, rate: float, ports: Mapping[str, int]
) -> dict[str, dict[str, Value | None]]:
    """By the wires; and the bucket's secrets are to be recognised."""
    told = emulated(vendor).storage(BUCKET)
    account: dict[str, Value | None] = {
        "calls_per_second": rate,
        "base_url": f"http://{HOST}:{ports['to vendor']}",
    }
    if vendor == "huawei":
        account["uploads_within"] = 1
    return {
        "temporal": {"address": f"{HOST}:{ports['to temporal']}"},
        "worker": {"graceful_shutdown_seconds": 1},
        f"accounts.{ACCOUNT}": account,
        f"storage.{STORAGE}.{vendor}": {key: BUCKET_SECRET for key in told if key == "secret_key"},
    }


def secrets_of(vendor: str) -> dict[str, str]:
    """Every secret of the emulated account, by the name of its key."""
    account = emulated(vendor).account
    found = {key: str(account[key]) for key in account if key.endswith(("_secret", "_key"))}
    return {**found, "storage secret_key": BUCKET_SECRET}

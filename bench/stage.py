"""One opponent on a stage of its own: a fresh Temporal server, the vendor, one worker process."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter

from bench import floor
from bench.vendor import Vendor, vendor
from longtake.cli.emulated import ACCOUNT, BUCKET, STORAGE, Addresses, emulated, settings_text
from longtake.client.starting import start_recording
from longtake.contracts import names
from longtake.domain.recording import RecordingRequest
from longtake.processes import ChildProcess
from longtake.temporal.devserver import DevServer

Who = Literal["floor", "ours"]
Kept = Literal["memory", "file"]
WHO: tuple[Who, Who] = ("floor", "ours")

ROOT = Path(__file__).parents[1]
UNLIMITED = 10_000
"""Calls per second: no limit that a run could reach."""
OPEN_AT_MOST = floor.OPEN_AT_MOST
_LAYOUTS: Mapping[Who, list[dict[str, Any]]] = {
    "floor": [{"mixedVideoLayout": 2, "maxResolutionUid": "1"}, {"mixedVideoLayout": 1}],
    "ours": [{"layout": {"kind": "speaker", "main": "1"}}, {"layout": {"kind": "grid"}}],
}
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Usage:
    """What a process has used: CPU seconds since it began, and KB of memory that it holds now."""

    cpu: float
    memory: int


def usage(pid: int) -> Usage:
    """From the kernel, of the process and all its threads."""
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return Usage(
        cpu=(int(stat[11]) + int(stat[12])) / _TICKS,
        memory=resident * os.sysconf("SC_PAGE_SIZE") // 1024,
    )


@dataclass
class Stage:
    """Where one opponent runs."""

    who: Who
    client: Client
    server: DevServer
    vendor: Vendor
    workers: list[ChildProcess]
    folder: Path
    rate: float

    @property
    def pids(self) -> Mapping[str, list[int]]:
        return {"server": [self.server.pid], "worker": [worker.pid for worker in self.workers]}

    def usage(self) -> Mapping[str, Usage]:
        """By kind of process."""
        told = {kind: [usage(pid) for pid in pids] for kind, pids in self.pids.items()}
        return {
            kind: Usage(sum(one.cpu for one in all_), sum(one.memory for one in all_))
            for kind, all_ in told.items()
        }

    async def start(self, room: str, **given: Any) -> WorkflowHandle[Any, Any]:
        """Submit a session."""
        if self.who == "floor":
            order = floor.Order(room, f"/v1/apps/{_account()['app_id']}/cloud_recording")
            return await self.client.start_workflow(
                "Floor", order, id=f"floor-{room}", task_queue=floor.TASK_QUEUE
            )
        output = {"storage": STORAGE}
        plain = {"vendor": "agora", "account": ACCOUNT, "room": room, "output": output}
        return await start_recording(self.client, RecordingRequest.model_validate(plain | given))

    async def change_layout(self, handle: WorkflowHandle[Any, Any], number: int) -> None:
        """Signal another layout than that of the number before."""
        layouts = _LAYOUTS[self.who]
        await handle.signal(names.CHANGE_LAYOUT, layouts[number % len(layouts)])

    async def set_layout(self, handle: WorkflowHandle[Any, Any], number: int) -> None:
        """As `change_layout`, by an update that is answered once the vendor took it."""
        layouts = _LAYOUTS[self.who]
        await handle.execute_update(names.SET_LAYOUT, layouts[number % len(layouts)])

    async def stop(self, handle: WorkflowHandle[Any, Any]) -> None:
        await handle.signal(names.STOP)

    async def hire(self) -> ChildProcess:
        """Start a worker process, and wait until it polls."""
        worker = await ChildProcess.start(
            *self._command(), cwd=ROOT, log=self.folder / "worker.log", grace=5
        )
        self.workers.append(worker)
        queues = [floor.TASK_QUEUE]
        if self.who == "ours":
            queues = [names.TASK_QUEUE, names.account_queue(names.TASK_QUEUE, ACCOUNT)]
        polls = self._is_polled(queues[-1])
        while not await polls:
            await asyncio.sleep(0.1)
            polls = self._is_polled(queues[-1])
        return worker

    async def _is_polled(self, queue: str) -> bool:
        request = DescribeTaskQueueRequest(
            namespace="default",
            task_queue=TaskQueue(name=queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
        )
        told = await self.client.workflow_service.describe_task_queue(request)
        return len(told.pollers) >= len(self.workers)

    def _command(self) -> list[str | Path]:
        account = _account()
        if self.who == "floor":
            given = {
                "temporal": self.server.address,
                "vendor": self.vendor.url,
                "key": account["customer_id"],
                "secret": account["customer_secret"],
                "folder": str(self.folder),
            }
            options = [f"--{name}={value}" for name, value in given.items()]
            return [sys.executable, "-m", "bench.floor", *options]
        at = Addresses(self.server.address, self.vendor.url, "127.0.0.1", 9, "recordings")
        changes: Mapping[str, Mapping[str, Any]] = {
            f"accounts.{ACCOUNT}": {"calls_per_second": self.rate},
            "worker": {"max_cached_workflows": OPEN_AT_MOST},
        }
        path = self.folder / "longtake.toml"
        path.write_text(settings_text("agora", at, changes))
        (self.folder / "recordings" / BUCKET).mkdir(parents=True, exist_ok=True)
        return [sys.executable, ROOT / "worker.py", "--settings", path]


def _account() -> Mapping[str, Any]:
    return emulated("agora").account


@asynccontextmanager
async def stage(
    who: Who,
    kept: Kept = "memory",
    *,
    rate: float = UNLIMITED,
    workers: int = 1,
    timings: Mapping[str, float] | None = None,
) -> AsyncGenerator[Stage]:
    """A fresh stage with its workers at work; `timings` are the emulator's."""
    limits = {"calls_per_second": 0, "channel_tasks": 0}
    with tempfile.TemporaryDirectory(prefix="longtake-bench-") as name:
        folder = Path(name)
        database = folder / "temporal.db" if kept == "file" else None
        server = DevServer(db_filename=database, search_attributes=names.SEARCH_ATTRIBUTES)
        async with server, vendor(limits=limits, timings=timings or {}) as seen:
            client = await Client.connect(server.address, data_converter=pydantic_data_converter)
            built = Stage(who, client, server, seen, [], folder, rate)
            try:
                for _ in range(workers):
                    await built.hire()
                yield built
            finally:
                for worker in built.workers:
                    await worker.stop()

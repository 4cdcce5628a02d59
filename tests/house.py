"""A whole house for one test: emulator, receiver and worker around the run's Temporal server."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import uuid
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, Worker

import worker
from longtake.callbacks.app import create_app as create_receiver
from longtake.callbacks.app import parsers_of
from longtake.contracts import names
from longtake.contracts.ids import workflow_id
from longtake.contracts.payloads import RecordingResult, RecordingStatus, Timeline
from longtake.domain.recording import RecordingRequest
from longtake.domain.session import State
from longtake.emulator.app import create_app as create_emulator
from longtake.emulator.server import running
from longtake.emulator.settings import EmulatorSettings
from longtake.processes import ChildProcess
from longtake.settings import Settings, load
from longtake.temporal.runner import workflow_runner
from longtake.temporal.sweeps import keeper
from longtake.vendors import emulator as emulator_of
from workflows.recording import RecordingWorkflow

BUCKET = "takes"
ROOT = Path(__file__).parent.parent
SOMEBODY = ("1001", "1002")
"""Whom a vendor is told to record that must be told somebody, while the room is empty."""
PATIENCE = 60.0
"""Seconds until a test that waits for an event gives up; none is expected to take so long."""

PROMPT: Mapping[str, Mapping[str, float]] = {
    "agora": {
        "initialised": 0.001,
        "components_starting": 0.002,
        "uploader_up": 0.003,
        "recorder_up": 0.004,
        "upload": 0.2,
        "stopped": 0.1,
        "exited": 0.1,
        "exiting": 0.1,
        "failure": 0.001,
    },
    "tencent": {"join": 0.001, "upload": 0.2, "exiting": 0.1, "convert": 0.2},
    "alibaba": {"starting": 0.001, "running": 0.001, "upload": 0.2},
    "huawei": {"join": 0.001, "upload": 0.2},
}
"""Seconds: a test that skips an hour of the session's time skips none of the emulator's."""

HASTY: Mapping[str, Mapping[str, Any]] = {"huawei": {"uploads_within": 1}}
"""Keys of an emulated account: what is waited for where nothing tells that it has come."""


async def pauses() -> AsyncGenerator[None]:
    """Comes back after ever longer pauses, as each question costs both sides work."""
    deadline, pause = asyncio.get_running_loop().time() + PATIENCE, 0.02
    while asyncio.get_running_loop().time() < deadline:
        yield
        await asyncio.sleep(pause)
        pause = min(1.3 * pause, 0.3)


class House:
    """What a test of sessions works with."""

    def __init__(self, client: Client, account: str, folder: Path, vendor: str) -> None:
        self.client = client
        self.vendor = vendor
        self.account = account
        self.folder = folder
        self.task_queue = f"longtake-{account}"
        self.emulator = ""
        self.receiver = ""
        self.settings_path = folder / "longtake.toml"
        self.control: httpx.AsyncClient
        self.people: dict[str, tuple[str, ...]] = {}
        """Who was last put into which room."""
        self.started: list[WorkflowHandle[Any, RecordingResult]] = []

    @property
    def callbacks_path(self) -> str:
        return f"/callbacks/{self.vendor}/{self.account}"

    # --- the vendor's side -------------------------------------------------------------------

    async def room(self, room: str, *users: str, publishing: bool = True) -> None:
        self.people[room] = users
        sends = {"audio": publishing, "video": publishing}
        people = [{"user": user, "name": f"user {user}", **sends} for user in users]
        await self._ask("PUT", f"/_emulator/rooms/{self.vendor}/{room}", {"participants": people})

    async def fault(self, call: str, kind: str, **fields: Any) -> None:
        await self._ask("POST", "/_emulator/faults", {"call": call, "kind": kind, **fields})

    async def advance(self, seconds: float) -> None:
        await self._ask("POST", "/_emulator/clock", {"advance": seconds})

    async def ledger(self) -> dict[str, Any]:
        return (await self.control.get("/_emulator/ledger")).json()

    async def tasks(self, room: str) -> list[dict[str, Any]]:
        return [task for task in (await self.ledger())["tasks"] if task["room"] == room]

    async def files(self, room: str) -> list[str]:
        """What was ever stored of the room."""
        return [key for task in await self.tasks(room) for key in task["files"]]

    async def calls(self, call: str) -> list[dict[str, Any]]:
        return [made for made in (await self.ledger())["calls"] if made["call"] == call]

    async def _ask(self, method: str, path: str, body: dict[str, Any]) -> None:
        answer = await self.control.request(method, path, json=body)
        assert answer.is_success, answer.text

    # --- our side ------------------------------------------------------------------------------

    def settings(self) -> Settings:
        return load(self.settings_path, {})

    def request(self, room: str, **given: Any) -> RecordingRequest:
        """A request that the vendor takes; `given` replaces whole fields of it."""
        plain = {
            "vendor": self.vendor,
            "account": self.account,
            "room": room,
            "output": {"storage": "bucket"},
        }
        users = self.people.get(room) or SOMEBODY
        besides = emulator_of(self.vendor).ACCOUNT.request(given.get("mode", "mixed"), users)
        return RecordingRequest.model_validate(plain | besides | given)

    async def start(
        self, room: str, *, client: Client | None = None, **given: Any
    ) -> WorkflowHandle[Any, RecordingResult]:
        request = self.request(room, **given)
        handle = await (client or self.client).start_workflow(
            names.WORKFLOW,
            request,
            id=workflow_id(self.account, room, request.purpose),
            task_queue=self.task_queue,
            result_type=RecordingResult,
        )
        self.started.append(handle)
        return handle

    async def status(self, handle: WorkflowHandle[Any, Any]) -> RecordingStatus:
        return await handle.query(names.STATUS, result_type=RecordingStatus)

    async def timeline(self, handle: WorkflowHandle[Any, Any]) -> str:
        timeline = await handle.query(names.TIMELINE, result_type=Timeline)
        return "\n".join(note.text for note in timeline.notes)

    async def until(
        self, handle: WorkflowHandle[Any, Any], ready: Callable[[RecordingStatus], bool]
    ) -> RecordingStatus:
        """Ask for the status until it is as wanted."""
        async for _ in pauses():
            status = await self.status(handle)
            if ready(status):
                return status
        raise AssertionError(
            f"still {status.state}: {status.evidence}\n{await self.timeline(handle)}"
        )

    async def recording(self, handle: WorkflowHandle[Any, Any]) -> RecordingStatus:
        return await self.until(handle, lambda status: status.state is State.RECORDING)

    async def eventually(self, ready: Callable[[], Any]) -> Any:
        """What `ready` gives once it gives something."""
        async for _ in pauses():
            if given := await ready():
                return given
        raise AssertionError("waited in vain")

    async def worker_process(self) -> ChildProcess:
        """A real worker, to be killed."""
        return await ChildProcess.start(
            *(sys.executable, ROOT / "worker.py", "--settings", self.settings_path),
            *("--task-queue", self.task_queue),
            log=self.folder / "worker.log",
            env=dict(os.environ),
            cwd=ROOT,
            grace=5,
        )

    def worker_log(self) -> str:
        return (self.folder / "worker.log").read_text()


@asynccontextmanager
async def house(
    client: Client,
    folder: Path,
    *,
    vendor: str = "agora",
    in_process: bool = True,
    media: bool = False,
    callbacks: bool = True,
    account: Mapping[str, Any] | None = None,
    **options: Any,
) -> AsyncGenerator[House]:
    """Everything but the Temporal server.

    `account` overrides keys of the account's settings, `options` the emulated vendor's own.
    """
    built = House(client, f"t{uuid.uuid4().hex[:10]}", folder, vendor)
    limits = {"calls_per_second": 0} | options.pop("limits", {})
    timings = PROMPT[vendor] | options.pop("timings", {})
    settings = EmulatorSettings(
        data=folder / "data",
        media=media,
        seed=1,
        vendors={vendor: {"limits": limits, "timings": timings, **options}},
    )
    async with AsyncExitStack() as stack:
        app = create_emulator(settings, {vendor: emulator_of(vendor).create})
        built.emulator = await stack.enter_async_context(running(app))
        built.control = await stack.enter_async_context(httpx.AsyncClient(base_url=built.emulator))
        told = emulator_of(vendor).ACCOUNT.callbacks_key
        if callbacks and told:
            # The emulator puts the receiver's own address there, which is not known yet.
            account = {told: f"http://receiver{built.callbacks_path}", **(account or {})}
        built.settings_path.write_text(_settings(built, account or {}, media=media))
        receiver = create_receiver(
            parsers_of(built.settings()),
            client,
            keeper(client, built.task_queue),
            max_body_bytes=10**6,
        )
        built.receiver = await stack.enter_async_context(running(receiver))
        if callbacks:
            url = f"{built.receiver}{built.callbacks_path}"
            answer = await built.control.put(f"/_emulator/callbacks/{vendor}", json={"url": url})
            assert answer.is_success, answer.text
        if in_process:
            await stack.enter_async_context(working(built, client))
        try:
            yield built
        finally:
            for handle in built.started:
                await _end(handle)
        for handle in built.started:
            await _replays(handle, client)


def _settings(built: House, account: Mapping[str, Any], *, media: bool) -> str:
    """The settings file; without media there is no bucket that could be read."""
    emulated = emulator_of(built.vendor).ACCOUNT
    temporal = built.client.service_client.config.target_host
    tables: dict[str, Mapping[str, Any]] = {
        "temporal": {"address": temporal},
        "worker": {"graceful_shutdown_seconds": 1},
        f"accounts.{built.account}": {
            "vendor": built.vendor,
            "base_url": built.emulator,
            "calls_per_second": 1000,
            **emulated.account,
            **HASTY.get(built.vendor, {}),
            **account,
        },
        "storage.bucket": {"url": (built.folder / "data" / BUCKET).as_uri()} if media else {},
        f"storage.bucket.{built.vendor}": emulated.storage(BUCKET),
    }
    return "\n".join(
        line
        for name, keys in tables.items()
        for line in (f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in keys.items()))
    )


@asynccontextmanager
async def working(built: House, client: Client) -> AsyncGenerator[list[Worker]]:
    """The worker of a house, in this process."""
    settings = built.settings()
    accounts = worker.Accounts(settings, lambda: datetime.now(UTC))
    workers = worker.build_workers(client, settings, accounts, built.task_queue, workflow_runner())
    async with AsyncExitStack() as stack:
        stack.push_async_callback(accounts.aclose)
        for each in workers:
            await stack.enter_async_context(each)
        yield workers


async def _replays(handle: WorkflowHandle[Any, Any], client: Client) -> None:
    """Whatever a session went through, a worker that takes it over comes to the same."""
    replayer = Replayer(
        workflows=[RecordingWorkflow],
        data_converter=client.data_converter,
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    await replayer.replay_workflow(await handle.fetch_history())


async def _end(handle: WorkflowHandle[Any, Any]) -> None:
    """A session that a failed test left must not be picked up by the next worker."""
    # By the id alone: the run that this handle began may have ended, and another one lives.
    latest = handle._client.get_workflow_handle(handle.id)
    try:
        await latest.terminate("the test is over")
    except RPCError as err:
        if err.status != RPCStatusCode.NOT_FOUND:  # which says that it is over
            raise

"""Everything on one machine: Temporal, the emulator, the receiver and a worker, as children."""

from __future__ import annotations

import asyncio
import fcntl
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import httpx
from temporalio.client import Client
from temporalio.service import RPCError

import longtake
from longtake.cli.emulated import ACCOUNT, Addresses, Value, settings_text
from longtake.cli.exits import Code, Exit
from longtake.cli.options import HOST, connected
from longtake.cli.polled import Queue, is_polled, queues_of
from longtake.contracts import names
from longtake.processes import ChildProcess
from longtake.settings import DEFAULT_PATH, Settings
from longtake.temporal.devserver import DevServer

READY_WITHIN = 60.0
"""Seconds for one child to come up; a few are usual, on a busy machine more."""
_ASK_EVERY = 0.05
_GRACE = 15.0
"""Seconds from SIGTERM to SIGKILL: more than the worker gives the calls that it hears out."""
_TAIL_LINES = 15
_TEMPORAL = "temporal"
_DATABASE = "temporal.db"


@dataclass(frozen=True)
class Ports:
    """All on the loopback."""

    temporal: int
    http: int
    """Temporal's HTTP API."""
    ui: int
    emulator: int
    callbacks: int


@dataclass(frozen=True)
class Child:
    """A process of the stack."""

    name: str
    log: Path
    wait: Callable[[], Awaitable[int]]
    kill: Callable[[], None]
    """SIGKILL; nothing happens once it has ended."""

    def obituary(self, code: int) -> str:
        """How it ended, and the end of its log."""
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        return f"{self.name} {how}; its log {self.log} ends:\n{tail(self.log)}"


class Stack:
    """The processes for as long as the `async with` block, in a folder of their own.

    None outlives this process, whatever ends it. Entered, every one of them answers. Exit: one
    did not come up; the text quotes its log.
    """

    def __init__(
        self,
        folder: Path,
        ports: Ports,
        *,
        vendor: str,
        persistent: bool,
        fresh: bool = False,
        settings: Path | None = None,
        emulator_options: Sequence[str] = (),
        changes: Mapping[str, Mapping[str, Value | None]] | None = None,
        tell: Callable[[str], None],
    ) -> None:
        """`folder` takes state, logs and, unless `settings` names a file, the settings.

        `persistent` keeps Temporal's state in the folder; `fresh` drops what a run before left of
        it, and of its logs. `changes` are of the settings: see
        `settings_text`. `tell` hears what is being started.
        """
        self.folder = folder.absolute()
        self.ports = ports
        self.settings_path = settings or self.folder / DEFAULT_PATH
        self.recordings = self.folder / "recordings"
        self.logs = self.folder / "logs"
        self.children: list[Child] = []
        self._own_settings = settings is None
        self._vendor = vendor
        self._persistent = persistent
        self._fresh = fresh
        self._emulator_options = emulator_options
        self._changes = changes
        self._tell = tell
        self._undo = AsyncExitStack()

    @property
    def temporal_address(self) -> str:
        return f"{HOST}:{self.ports.temporal}"

    @property
    def http_url(self) -> str:
        return f"http://{HOST}:{self.ports.http}"

    @property
    def ui_url(self) -> str:
        return f"http://{HOST}:{self.ports.ui}"

    @property
    def emulator_url(self) -> str:
        return f"http://{HOST}:{self.ports.emulator}"

    @property
    def callbacks_url(self) -> str:
        return f"http://{HOST}:{self.ports.callbacks}"

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as undo:
            self.logs.mkdir(parents=True, exist_ok=True)
            undo.enter_context(_alone_in(self.folder))
            if self._fresh:
                for left in (*self.folder.glob(f"{_DATABASE}*"), *self.logs.glob("*.log")):
                    left.unlink()
            if self._own_settings:
                self._write_settings()
            http = await undo.enter_async_context(httpx.AsyncClient(trust_env=False))
            await self._start_temporal(undo)
            await self._start_emulator(undo, http)
            await self._start_receiver(undo, http)
            self._undo = undo.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """In reverse: the worker first, Temporal last."""
        await self._undo.aclose()

    async def start_worker(self, settings: Settings) -> Client:
        """Start the worker and wait until it polls every queue; gives a client of Temporal."""
        client = await connected(settings)
        child = await self.add("worker", *self.worker_command())
        await self.until_polled(client, settings, queues_of(settings), child)
        return client

    async def until_polled(
        self, client: Client, settings: Settings, queues: Sequence[Queue], by: Child
    ) -> None:
        """Wait until a worker polls all these queues; Exit when `by` ends before."""

        async def polls() -> bool:
            namespace = settings.temporal.namespace
            try:
                return all([await is_polled(client, namespace, queue) for queue in queues])
            except RPCError:  # the worker meets the same, and says it better
                return False

        await self._until(by, polls)

    def worker_command(self) -> list[str | Path]:
        """How a worker with these settings is started."""
        return [sys.executable, worker_file(), "--settings", self.settings_path]

    async def add(self, name: str, *command: str | Path) -> Child:
        """Start one more process, which ends with the stack; its log has its name."""
        return await self._start(self._undo, name, *command)

    async def restart_temporal(self) -> None:
        """`kill -9` the server, and start it again on the same ports and the same file."""
        [killed] = [child for child in self.children if child.name == _TEMPORAL]
        killed.kill()
        await killed.wait()
        self.children.remove(killed)
        await self._start_temporal(self._undo)

    async def first_death(self) -> str:
        """Wait until one of the processes ends by itself; gives its obituary."""
        waits = {asyncio.ensure_future(child.wait()): child for child in self.children}
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        ended = next(iter(done))
        return waits[ended].obituary(ended.result())

    def _write_settings(self) -> None:
        at = Addresses(
            temporal=self.temporal_address,
            emulator=self.emulator_url,
            callbacks_host=HOST,
            callbacks_port=self.ports.callbacks,
            recordings=self.recordings.name,
        )
        text = settings_text(self._vendor, at, self._changes)
        self.settings_path.write_text(text, encoding="utf-8")

    async def _start_temporal(self, undo: AsyncExitStack) -> None:
        self._tell("Temporal and its UI")
        log = self._log(_TEMPORAL)
        server = DevServer(
            port=self.ports.temporal,
            http_port=self.ports.http,
            ui_port=self.ports.ui,
            db_filename=self.folder / _DATABASE if self._persistent else None,
            search_attributes=names.SEARCH_ATTRIBUTES,
            log=log,
        )
        await undo.enter_async_context(server)
        self.children.append(Child(_TEMPORAL, log, server.wait, server.kill))

    async def _start_emulator(self, undo: AsyncExitStack, http: httpx.AsyncClient) -> None:
        command = [*_longtake("emulator"), "--host", HOST, "--port", str(self.ports.emulator)]
        command += ["--data", str(self.recordings)]
        command += ["--callbacks", f"{self.callbacks_url}/callbacks/{{vendor}}/{ACCOUNT}"]
        child = await self._start(undo, "emulator", *command, *self._emulator_options)
        await self._until(child, lambda: _answers(http, f"{self.emulator_url}/_emulator/health"))

    async def _start_receiver(self, undo: AsyncExitStack, http: httpx.AsyncClient) -> None:
        command = [*_longtake("callbacks"), "--settings", str(self.settings_path)]
        command += ["--host", HOST, "--port", str(self.ports.callbacks)]
        child = await self._start(undo, "receiver", *command)
        await self._until(child, lambda: _answers(http, f"{self.callbacks_url}/ready"))

    async def _start(self, undo: AsyncExitStack, name: str, *command: str | Path) -> Child:
        self._tell(f"the {name}")
        log = self._log(name)
        process = await ChildProcess.start(*command, log=log, grace=_GRACE)
        undo.push_async_callback(process.stop)
        child = Child(name, log, process.wait, process.kill)
        self.children.append(child)
        return child

    async def _until(self, child: Child, ready: Callable[[], Awaitable[bool]]) -> None:
        ended = asyncio.ensure_future(child.wait())
        try:
            async with asyncio.timeout(READY_WITHIN):
                while not await ready():
                    await asyncio.wait({ended}, timeout=_ASK_EVERY)
                    if ended.done():
                        raise Exit(Code.FAILED, child.obituary(ended.result()))
        except TimeoutError:
            text = f"{child.name} did not come up; its log {child.log} ends:\n{tail(child.log)}"
            raise Exit(Code.FAILED, text) from None
        finally:
            ended.cancel()

    def _log(self, name: str) -> Path:
        """An empty file: logs are of this run."""
        log = self.logs / f"{name}.log"
        log.write_bytes(b"")
        return log


def worker_file() -> Path:
    """`worker.py` of this checkout, or here; the wheel has none."""
    beside = Path(longtake.__file__).parents[1] / "worker.py"
    for path in (beside, Path("worker.py").absolute()):
        if path.is_file():
            return path
    raise Exit(Code.FAILED, "there is no worker.py here: run this in a checkout of Longtake")


def tail(log: Path) -> str:
    """The last lines of a log."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(f"  {line}" for line in lines[-_TAIL_LINES:]) or "  (it is empty)"


def _longtake(command: str) -> list[str]:
    # -P: a module of the current folder must not shadow one of ours.
    return [sys.executable, "-P", "-m", "longtake.cli", command]


async def _answers(http: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await http.get(url)).is_success
    except httpx.HTTPError:
        return False


def _alone_in(folder: Path) -> IO[bytes]:
    """Hold the folder's lock; the kernel lets go of it when this process ends, however it ends."""
    lock = (folder / "lock").open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise Exit(Code.FAILED, f"another `longtake` is running in {folder}") from None
    return lock

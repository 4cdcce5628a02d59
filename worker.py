"""The worker: settings -> clients -> activities -> Workers, and nothing else.

    python worker.py [--settings longtake.toml] [--task-queue longtake]

Environment: LONGTAKE_SETTINGS (the settings' path), and whatever the settings refer to by `env:`.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from temporalio.client import Client
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig
from temporalio.worker import Worker

from activities.files import FileActivities
from activities.recording import RecordingActivities
from activities.sweep import SweepActivities
from longtake.contracts import names
from longtake.domain.errors import InvalidRequest
from longtake.domain.ports import ObjectStore, Recorder
from longtake.media.playlist import parse_playlist
from longtake.settings import DEFAULT_PATH, Settings, SettingsError, load
from longtake.storage.bucket import open_store
from longtake.temporal.client import connect
from longtake.temporal.runner import workflow_runner
from longtake.temporal.sweeps import SweptSessions, ensure_sweeps
from longtake.vendorkit.http import open_client
from workflows.recording import RecordingWorkflow
from workflows.sweep import SweepWorkflow
from workflows.unclaimed import UnclaimedWorkflow

log = logging.getLogger("longtake.worker")

CONNECT_AGAIN = 2.0
"""Seconds between two tries to reach Temporal."""


class Accounts:
    """The activities' directory, answered from the settings.

    One http client per account, shared by all its calls; recorders and stores are made once.
    """

    def __init__(self, settings: Settings, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._now = now
        self._clients: dict[str, httpx.AsyncClient] = {}
        self._recorders: dict[str, Recorder] = {}
        self._stores: dict[str, ObjectStore] = {}

    def recorder(self, vendor: str, account: str) -> Recorder:
        """The account's recorder; NotConfigured, or InvalidRequest if it is another vendor's."""
        spec, given = self._settings.account(account)
        if spec.slug != vendor:
            raise InvalidRequest(f"vendor: account {account!r} is of {spec.slug!r}, not {vendor!r}")
        if account not in self._recorders:
            self._clients[account] = open_client(calls_per_second=given.calls_per_second)
            self._recorders[account] = spec.recorder(
                account,
                given,
                self._settings.storage_at(vendor),
                self._clients[account],
                self._now,
            )
        return self._recorders[account]

    def store(self, profile: str) -> ObjectStore | None:
        """Read access to a profile's bucket, None where there is none; NotConfigured."""
        storage = self._settings.storage(profile)
        if not storage.readable:
            return None
        if profile not in self._stores:
            self._stores[profile] = open_store(storage)
        return self._stores[profile]

    async def aclose(self) -> None:
        """Close the http clients."""
        for client in self._clients.values():
            await client.aclose()


def build_workers(
    client: Client, settings: Settings, accounts: Accounts, task_queue: str = names.TASK_QUEUE
) -> list[Worker]:
    """One worker for workflows, one for files, and one per account for its vendor calls.

    Vendor calls never share a queue with workflows: an eagerly started activity would pass by
    the rate that the server holds the account to.
    """
    recording = RecordingActivities(accounts, _utc_now)
    sweep = SweepActivities(SweptSessions(client, task_queue), _utc_now)
    files = FileActivities(accounts, parse_playlist)
    grace = timedelta(seconds=settings.worker.graceful_shutdown_seconds)
    sessions = Worker(
        client,
        task_queue=task_queue,
        workflows=[RecordingWorkflow, SweepWorkflow, UnclaimedWorkflow],
        activities=[recording.prepare, sweep.survey, sweep.revive, sweep.keep],
        workflow_runner=workflow_runner(),
        max_cached_workflows=settings.worker.max_cached_workflows,
        sticky_queue_schedule_to_start_timeout=names.STICKY_TIMEOUT,
        graceful_shutdown_timeout=grace,
    )
    media = Worker(
        client,
        task_queue=names.media_queue(task_queue),
        activities=[files.find_task, files.check],
        graceful_shutdown_timeout=grace,
    )
    calls = [
        Worker(
            client,
            task_queue=names.account_queue(task_queue, account),
            activities=_calls(recording),
            max_task_queue_activities_per_second=rate,
            disable_eager_activity_execution=True,
            graceful_shutdown_timeout=grace,
        )
        for account, rate in _rates(settings).items()
    ]
    return [sessions, media, *calls]


def _calls(recording: RecordingActivities) -> Sequence[Callable[..., Any]]:
    return [
        recording.acquire,
        recording.start,
        recording.apply,
        recording.watch,
        recording.stop,
    ]


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _rates(settings: Settings) -> Mapping[str, float]:
    """Vendor calls per second that each account may make, over all workers together."""
    return {name: found.settings.calls_per_second for name, found in settings.accounts.items()}


async def run(settings: Settings, task_queue: str, stop: asyncio.Event) -> None:
    """Work until `stop`; calls under way are heard to their end within the grace."""
    accounts = Accounts(settings, _utc_now)
    client = await _connected(settings, stop)
    if client is None:
        return
    async with AsyncExitStack() as stack:
        stack.push_async_callback(accounts.aclose)
        for worker in build_workers(client, settings, accounts, task_queue):
            await stack.enter_async_context(worker)
        await _schedule_sweeps(client, settings, task_queue)
        log.info("working for %s", ", ".join(settings.accounts) or "no account")
        await stop.wait()


async def _connected(settings: Settings, stop: asyncio.Event) -> Client | None:
    """A client as soon as Temporal answers; None when told to stop before."""
    address, runtime = settings.temporal.address, _runtime(settings)
    while not stop.is_set():
        try:
            return await connect(address, settings.temporal.namespace, runtime=runtime)
        except RuntimeError as err:  # the SDK's word for a server that cannot be reached
            log.warning("Temporal at %s: %s; trying again", address, str(err).splitlines()[0])
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), CONNECT_AGAIN)
    return None


async def _schedule_sweeps(client: Client, settings: Settings, task_queue: str) -> None:
    every = timedelta(seconds=settings.worker.sweep_seconds)
    if every:
        accounts = [(found.vendor.slug, name) for name, found in settings.accounts.items()]
        await ensure_sweeps(client, accounts, every, task_queue)


def _runtime(settings: Settings) -> Runtime | None:
    if settings.worker.metrics_address is None:
        return None
    metrics = PrometheusConfig(
        bind_address=settings.worker.metrics_address, durations_as_seconds=True
    )
    return Runtime(telemetry=TelemetryConfig(metrics=metrics))


async def _main(path: Path, task_queue: str) -> int:
    try:
        settings = load(path, os.environ)
    except SettingsError as err:
        print(err, file=sys.stderr)  # noqa: T201 - a program's own words
        return 2
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await run(settings, task_queue, stop)
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, add_help=True)
    parser.add_argument(
        "--settings",
        type=Path,
        default=Path(os.environ.get("LONGTAKE_SETTINGS", DEFAULT_PATH)),
    )
    parser.add_argument("--task-queue", default=names.TASK_QUEUE)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # httpx writes every request's address at INFO, query included.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    given = parser.parse_args()
    code = asyncio.run(_main(given.settings, given.task_queue))
    sys.stderr.flush()
    # The SDK's own threads may abort the interpreter's exit: leave without it.
    os._exit(code)

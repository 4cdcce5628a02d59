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
import tempfile
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig
from temporalio.worker import (
    UnsandboxedWorkflowRunner,
    Worker,
    WorkerDeploymentConfig,
    WorkflowRunner,
)

from activities.discarding import DiscardActivities
from activities.files import FileActivities
from activities.merging import MergeActivities
from activities.places import Places
from activities.recording import RecordingActivities
from activities.scheduled import ScheduledActivities
from activities.sweep import SweepActivities
from longtake.contracts import metrics, names
from longtake.domain.errors import InvalidRequest
from longtake.domain.ports import ObjectStore, Recorder
from longtake.media.merge.merger import Merger
from longtake.media.packets import held_seconds
from longtake.media.playlist import parse_playlist
from longtake.reloading import Reloader
from longtake.settings import DEFAULT_PATH, Settings, SettingsError, load
from longtake.storage.bucket import open_store
from longtake.temporal import census
from longtake.temporal.codec import CodecError
from longtake.temporal.connection import connect_by
from longtake.temporal.direct import PLACES, DirectCalls
from longtake.temporal.fleet import Fleet
from longtake.temporal.intake import UNDER_WAY, Intake, PacedCalls, intake_tuner
from longtake.temporal.schedules import Schedules
from longtake.temporal.sweeps import SweptSessions, ensure_sweeps
from longtake.vendorkit.http import open_client
from longtake.vendorkit.pace import ALONE, NOWHERE, Pace, Place
from workflows.merge import MergeWorkflow
from workflows.recording import RecordingWorkflow
from workflows.scheduled import ScheduledRecordingWorkflow
from workflows.sweep import SweepWorkflow
from workflows.unclaimed import UnclaimedWorkflow

try:
    from uvloop import run as run_loop  # a twentieth of a worker's CPU
except ImportError:  # on Windows
    from asyncio import run as run_loop

log = logging.getLogger("longtake.worker")

TELL_EVERY = timedelta(seconds=2)
"""How often the progress of work on files is passed on, and a cancel heard: by default, after 24 s
of a heartbeat timeout of 30."""

MERGE_FOLDER = Path(tempfile.gettempdir()) / "longtake-merge"
"""Holds one file, the one that is being merged; TMPDIR moves it to another disk."""

CONNECT_AGAIN = 2.0
"""Seconds between two tries to reach Temporal."""


class Accounts:
    """The activities' directory, answered from the settings.

    One http client per account, shared by all its calls; recorders and stores are made once, and
    anew when their settings change.
    """

    def __init__(self, settings: Settings, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._now = now
        self._clients: dict[str, httpx.AsyncClient] = {}
        self._paces: dict[str, Pace] = {}
        self._place = ALONE
        self.places = Places()
        self._recorders: dict[str, Recorder] = {}
        self._stores: dict[str, ObjectStore] = {}
        self._retired: dict[httpx.AsyncClient, weakref.finalize[..., Recorder]] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def adopt(self, settings: Settings) -> None:
        """Answer from these settings from now on; calls under way go on with what they have."""
        old, self._settings = self._settings, settings
        for name in list(self._recorders):
            if _told(old, name) != _told(settings, name):
                self._retire(self._recorders.pop(name), self._clients.pop(name))
        for name in list(self._stores):
            if old.storages.get(name) != settings.storages.get(name):
                del self._stores[name]
        for name, rate in _rates(settings).items():
            if name in self._paces:
                self._paces[name].limit = rate

    def stand(self, place: Place) -> None:
        """Keep to the share of each account's rate that this place in the fleet has."""
        self._place = place
        for pace in self._paces.values():
            pace.nudge()

    def pace(self, account: str) -> Pace:
        """The account's pace, one and the same while this process lives."""
        if account not in self._paces:
            rate = _rates(self._settings)[account]
            self._paces[account] = Pace(rate, lambda: self._place)
        return self._paces[account]

    def pace_if_any(self, account: str) -> Pace | None:
        """The account's pace; None for one that the settings do not have."""
        return self.pace(account) if account in self._settings.accounts else None

    def _retire(self, recorder: Recorder, client: httpx.AsyncClient) -> None:
        """Close the client once no call is under way: each of them holds the recorder."""
        loop = asyncio.get_running_loop()

        def close() -> None:
            if self._retired.pop(client, None) is not None:
                self._closing.add(task := loop.create_task(client.aclose()))
                task.add_done_callback(self._closing.discard)

        def let_go() -> None:
            with suppress(RuntimeError):  # the loop is closed already
                loop.call_soon_threadsafe(close)

        self._retired[client] = weakref.finalize(recorder, let_go)

    def recorder(self, vendor: str, account: str) -> Recorder:
        """The account's recorder; NotConfigured, or InvalidRequest if it is another vendor's."""
        spec, given = self._settings.account(account)
        if spec.slug != vendor:
            raise InvalidRequest(f"vendor: account {account!r} is of {spec.slug!r}, not {vendor!r}")
        if account not in self._recorders:
            self._clients[account] = open_client(pace=self.pace(account), max_connections=UNDER_WAY)
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
        for finalizer in self._retired.values():
            finalizer.detach()
        for client in (*self._clients.values(), *self._retired):
            await client.aclose()
        self._retired.clear()
        await asyncio.gather(*self._closing)


def _told(settings: Settings, account: str) -> object:
    """All of the settings that an account's recorder is made from."""
    found = settings.accounts.get(account)
    return found and (found, settings.storage_at(found.vendor.slug))


class Crew:
    """The workers for vendor calls: one for each account, as many as the settings have."""

    def __init__(self, group: asyncio.TaskGroup, hire: Callable[[str, float], Worker]) -> None:
        """`group` carries the workers, and ends when one of them fails."""
        self._group = group
        self._hire = hire
        self._working: dict[str, tuple[float, Worker]] = {}

    async def adopt(self, rates: Mapping[str, float]) -> None:
        """Work for these accounts and no others, each at its rate in calls per second.

        What sessions of an account that is gone ask for waits until the account is back.
        """
        gone = [name for name, (rate, _) in self._working.items() if rates.get(name) != rate]
        await asyncio.gather(*(self._working.pop(name)[1].shutdown() for name in gone))
        for name, rate in rates.items():
            if name not in self._working:
                worker = self._hire(name, rate)
                self._working[name] = rate, worker
                self._group.create_task(worker.run())


def build_workers(
    client: Client,
    settings: Settings,
    accounts: Accounts,
    task_queue: str = names.TASK_QUEUE,
    runner: WorkflowRunner | None = None,
) -> list[Worker]:
    """One worker for workflows, one for files, and one per account for its vendor calls."""
    hire = hiring(client, settings, accounts, task_queue)
    calls = [hire(account, rate) for account, rate in _rates(settings).items()]
    return [*base_workers(client, settings, accounts, task_queue, runner), *calls]


def base_workers(
    client: Client,
    settings: Settings,
    accounts: Accounts,
    task_queue: str,
    runner: WorkflowRunner | None = None,
) -> list[Worker]:
    """The workers that serve every account: for workflows, and for files.

    Workflows run without a sandbox, unless `runner` has one: it costs a third of a session's work
    here. That they are deterministic is the tests' and the replays' to find, in one.
    """
    files = _files(accounts)
    recording = RecordingActivities(accounts, _utc_now, files.if_all_there, accounts.places)
    sweep = SweepActivities(SweptSessions(client, task_queue), _utc_now)
    scheduled = ScheduledActivities(Schedules(client, task_queue))
    discarding = DiscardActivities(accounts)
    merging = MergeActivities(accounts, Merger(MERGE_FOLDER))
    sessions = Worker(
        client,
        task_queue=task_queue,
        workflows=[
            MergeWorkflow,
            RecordingWorkflow,
            ScheduledRecordingWorkflow,
            SweepWorkflow,
            UnclaimedWorkflow,
        ],
        activities=[
            recording.prepare,
            recording.acquire,
            recording.start,
            recording.apply,
            recording.stop,
            files.check,
            scheduled.occupant,
            scheduled.vacated,
            sweep.survey,
            sweep.revive,
            sweep.keep,
        ],
        interceptors=[DirectCalls(accounts.pace_if_any)],
        workflow_runner=runner or UnsandboxedWorkflowRunner(),
        deployment_config=_version(settings),
        max_concurrent_activities=PLACES,
        max_cached_workflows=settings.worker.max_cached_workflows,
        sticky_queue_schedule_to_start_timeout=names.STICKY_TIMEOUT,
        graceful_shutdown_timeout=_grace(settings),
    )
    media = Worker(
        client,
        task_queue=names.media_queue(task_queue),
        activities=[
            files.find_task,
            files.check,
            discarding.discard,
            merging.plan,
            merging.make,
            merging.list,
        ],
        max_heartbeat_throttle_interval=TELL_EVERY,
        graceful_shutdown_timeout=_grace(settings),
    )
    return [sessions, media]


def hiring(
    client: Client, settings: Settings, accounts: Accounts, task_queue: str
) -> Callable[[str, float], Worker]:
    """Makes the worker for an account's vendor calls, given its name and its rate."""
    look = _files(accounts).if_all_there
    recording = RecordingActivities(accounts, _utc_now, look, accounts.places)
    runtime = client.service_client.config.runtime or Runtime.default()

    def hire(account: str, rate: float) -> Worker:
        pace = accounts.pace(account)
        intake = Intake(pace)
        return Worker(
            client,
            task_queue=names.account_queue(task_queue, account),
            activities=_calls(recording),
            interceptors=[PacedCalls(account, pace, intake, runtime.metric_meter)],
            tuner=intake_tuner(intake),
            max_task_queue_activities_per_second=rate,
            disable_eager_activity_execution=True,
            graceful_shutdown_timeout=_grace(settings),
        )

    return hire


def _files(accounts: Accounts) -> FileActivities:
    return FileActivities(accounts, parse_playlist, held_seconds)


def _version(settings: Settings) -> WorkerDeploymentConfig | None:
    """The version of the worker for workflows. The others have none: an account's calls are
    served as long as any worker lives, and what is sent to them only ever gains fields.

    Sessions move to the current version: one of thirty days would else keep its worker for as
    long, together with every defect that was mended since.
    """
    if settings.worker.deployment is None:
        return None
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(settings.worker.deployment, settings.worker.build_id),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE,
    )


def _grace(settings: Settings) -> timedelta:
    return timedelta(seconds=settings.worker.graceful_shutdown_seconds)


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


async def run(
    settings: Settings, task_queue: str, stop: asyncio.Event, reloader: Reloader | None = None
) -> None:
    """Work until `stop`; calls under way are heard to their end within the grace.

    Accounts and storages that `reloader` finds changed count from the next call on.
    """
    accounts = Accounts(settings, _utc_now)
    client = await _connected(settings, stop)
    if client is None:
        return
    async with AsyncExitStack() as stack:
        stack.push_async_callback(accounts.aclose)
        accounts.stand(NOWHERE)
        for worker in base_workers(client, settings, accounts, task_queue):
            await stack.enter_async_context(worker)
        group = await stack.enter_async_context(asyncio.TaskGroup())
        crew = Crew(group, hiring(client, settings, accounts, task_queue))
        await crew.adopt(_rates(settings))
        fleet = Fleet(client, names.fleet_queue(task_queue))
        roll_call = group.create_task(fleet.answer(accounts.stand))
        await _schedule_sweeps(client, settings, task_queue)

        async def adopt(new: Settings) -> None:
            accounts.adopt(new)
            await crew.adopt(_rates(new))
            await _schedule_sweeps(client, new, task_queue)

        log.info("working for %s", ", ".join(settings.accounts) or "no account")
        beside = [group.create_task(reloader.watch(adopt))] if reloader else []
        if settings.worker.metrics_address is not None:
            beside.append(group.create_task(census.show(client, _utc_now)))
        await stop.wait()
        for task in beside:
            task.cancel()
        await crew.adopt({})
        roll_call.cancel()


async def _connected(settings: Settings, stop: asyncio.Event) -> Client | None:
    """A client as soon as Temporal answers; None when told to stop before."""
    address, runtime = settings.temporal.address, _runtime(settings)
    while not stop.is_set():
        try:
            return await connect_by(settings.connection, runtime=runtime)
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
    prometheus = PrometheusConfig(
        bind_address=settings.worker.metrics_address,
        durations_as_seconds=True,
        histogram_bucket_overrides=metrics.BUCKETS,
    )
    return Runtime(telemetry=TelemetryConfig(metrics=prometheus))


async def _main(path: Path, task_queue: str) -> int:
    try:
        settings = load(path, os.environ)
        settings.connection.data_converter  # noqa: B018 - whether it can be made
    except (CodecError, SettingsError) as err:
        print(err, file=sys.stderr)  # noqa: T201 - a program's own words
        return 2
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await run(settings, task_queue, stop, Reloader(path, os.environ, settings))
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
    code = run_loop(_main(given.settings, given.task_queue))
    sys.stderr.flush()
    # The SDK's own threads may abort the interpreter's exit: leave without it.
    os._exit(code)

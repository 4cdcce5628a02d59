"""Gathers the evidence: what each session says, what its history holds, what the vendor knows."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, cast

from temporalio.api.enums.v1 import EventType
from temporalio.client import (
    Client,
    WorkflowExecutionDescription,
    WorkflowHandle,
    WorkflowHistory,
    WorkflowQueryFailedError,
)
from temporalio.common import SearchAttributeKey
from temporalio.converter import DataConverter
from temporalio.service import RPCError
from temporalio.worker import Replayer

from longtake.cli.exits import Code, Exit
from longtake.cli.faults.drive import IDLE, Played
from longtake.cli.faults.evidence import Evidence, Ledger, Run, struck_by
from longtake.cli.faults.plan import Plan
from longtake.cli.faults.stage import Stage, secrets_of
from longtake.contracts import names
from longtake.contracts.ids import swept_id
from longtake.contracts.payloads import RecordingStatus, Timeline
from longtake.domain.files import Manifest
from longtake.temporal.runner import workflow_runner

_ROOM = SearchAttributeKey.for_keyword("RecordingRoom")
_FILES = cast("type[Manifest | None]", Manifest | None)
_SETTLE = 10.0
"""Seconds for a task that was told to stop to leave its room."""
_ANSWER_WITHIN = timedelta(seconds=15)
_LISTED_WITHIN = 15.0


async def settled_ledger(stage: Stage) -> dict[str, Any]:
    """The vendor's ledger once no task runs, or after a while at the latest."""
    deadline = asyncio.get_running_loop().time() + _SETTLE
    while True:
        ledger = await stage.emulator.ledger()
        running = [task for task in ledger["tasks"] if task["ended_at"] is None]
        if not running or asyncio.get_running_loop().time() > deadline:
            return ledger
        await asyncio.sleep(0.5)


async def ledger_after_idle(stage: Stage, plan: Plan) -> dict[str, Any]:
    """The ledger once all rooms were empty for longer than the vendor records that."""
    ledger = await stage.emulator.ledger()
    if all(task["ended_at"] for task in ledger["tasks"]):
        return ledger
    for session in plan.sessions:
        await stage.emulator.fill(session.room, {})
    await stage.emulator.advance(IDLE + 30)
    await stage.emulator.advance(IDLE + 30)
    return await stage.emulator.ledger()


async def witness(
    stage: Stage, plan: Plan, played: Played, *, rate: float, within: float
) -> Evidence:
    """Everything that is judged, of Longtake's column."""
    vendor = plan.vendor
    rules = [*await stage.emulator.faults(), *played.strikes]
    over = await settled_ledger(stage)
    replayer = _replayer(stage.client.data_converter)
    histories, runs = await _runs(stage.client, played, replayer)
    others = await _others(stage.client, replayer)
    histories = {**histories, **{name: history for name, (history, _) in others.items()}}
    leaks, scanned = _leaks(stage, plan, histories, await stage.metrics())
    return Evidence(
        vendor=vendor,
        rate=rate,
        within=within,
        runs=tuple(runs),
        over=Ledger.read(vendor, over),
        end=Ledger.read(vendor, await ledger_after_idle(stage, plan)),
        struck=struck_by(rules),
        kills=tuple(stage.kills),
        refused_starts=played.refused_starts,
        others={name: replay for name, (_, replay) in others.items()},
        leaks=tuple(leaks),
        scanned=scanned,
    )


async def _runs(
    client: Client, played: Played, replayer: Replayer
) -> tuple[Mapping[str, WorkflowHistory], list[Run]]:
    """Every execution that the server knows, the started ones above all."""
    wanted = {
        handle.first_execution_run_id
        for handles in played.handles.values()
        for handle in handles
        if handle.first_execution_run_id
    }
    query = f'WorkflowType = "{names.WORKFLOW}"'
    deadline = asyncio.get_running_loop().time() + _LISTED_WITHIN
    while True:
        listed = [found async for found in client.list_workflows(query)]
        known = {found.run_id for found in listed}
        if wanted <= known or asyncio.get_running_loop().time() > deadline:
            break
        await asyncio.sleep(0.3)
    histories, runs = dict[str, WorkflowHistory](), list[Run]()
    for found in listed:
        handle = client.get_workflow_handle(found.id, run_id=found.run_id)
        history = await handle.fetch_history()
        histories[found.run_id] = history
        runs.append(await _run(handle, await handle.describe(), history, replayer))
    return histories, runs


async def _others(client: Client, replayer: Replayer) -> dict[str, tuple[WorkflowHistory, str]]:
    """Every workflow that is no session: its history, and why it does not replay."""
    found = dict[str, tuple[WorkflowHistory, str]]()
    query = f'WorkflowType IN ("{names.SWEEP}", "{names.UNCLAIMED}")'
    async for listed in client.list_workflows(query):
        handle = client.get_workflow_handle(listed.id, run_id=listed.run_id)
        history = await handle.fetch_history()
        replayed = await replayer.replay_workflow(history, raise_on_replay_failure=False)
        found[f"{listed.id}/{listed.run_id[:8]}"] = history, _short(replayed.replay_failure)
    return found


def _replayer(converter: DataConverter) -> Replayer:
    try:
        from workflows.recording import RecordingWorkflow  # noqa: PLC0415 - not in the wheel
        from workflows.sweep import SweepWorkflow  # noqa: PLC0415
        from workflows.unclaimed import UnclaimedWorkflow  # noqa: PLC0415
    except ModuleNotFoundError:
        raise Exit(
            Code.FAILED, "there are no workflows here: run this in a checkout of Longtake"
        ) from None
    return Replayer(
        workflows=[RecordingWorkflow, SweepWorkflow, UnclaimedWorkflow],
        data_converter=converter,
        workflow_runner=workflow_runner(),
    )


async def _run(
    handle: WorkflowHandle[Any, Any],
    described: WorkflowExecutionDescription,
    history: WorkflowHistory,
    replayer: Replayer,
) -> Run:
    replayed = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    status, timeline, manifest = await _asked(handle)
    return Run(
        room=described.typed_search_attributes[_ROOM],
        workflow_id=described.id,
        run_id=described.run_id,
        began=described.start_time,
        ended=described.close_time,
        outcome=described.status.name.lower() if described.status else "unknown",
        status=status,
        manifest=manifest,
        timeline=timeline,
        signals=_signals(history),
        replay=_short(replayed.replay_failure),
        revived=described.id.startswith(swept_id("")),
    )


async def _asked(
    handle: WorkflowHandle[Any, Any],
) -> tuple[RecordingStatus | None, tuple[str, ...], Manifest | None]:
    """What the session says of itself; nothing when no worker can make it answer."""
    try:
        status = await handle.query(
            names.STATUS, result_type=RecordingStatus, rpc_timeout=_ANSWER_WITHIN
        )
        manifest = await handle.query(names.FILES, result_type=_FILES, rpc_timeout=_ANSWER_WITHIN)
        told = await handle.query(names.TIMELINE, result_type=Timeline, rpc_timeout=_ANSWER_WITHIN)
    except (RPCError, WorkflowQueryFailedError):
        return None, (), None
    return status, tuple(f"{note.at:%H:%M:%S} {note.text}" for note in told.notes), manifest


def _signals(history: WorkflowHistory) -> tuple[str, ...]:
    """The callers' own, not the vendor's events."""
    received = (
        event.workflow_execution_signaled_event_attributes.signal_name
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
    )
    return tuple(name for name in received if name != names.VENDOR_EVENT)


def _short(failure: Exception | None) -> str:
    return "" if failure is None else str(failure).splitlines()[0][:200]


def _leaks(
    stage: Stage, plan: Plan, histories: Mapping[str, WorkflowHistory], metrics: bytes
) -> tuple[list[str], int]:
    """Where a secret is found in the clear, and how many bytes were searched."""
    secrets = secrets_of(plan.vendor)
    found, scanned = list[str](), 0
    kept = b""
    for path in stage.searched():
        content = path.read_bytes()
        scanned += len(content)
        kept += content if path.name.startswith("temporal.db") else b""
        found += _secrets_in(content, path.name, secrets)
    for run_id, history in histories.items():
        content = b"".join(event.SerializeToString() for event in history.events)
        scanned += len(content)
        found += _secrets_in(content, f"history {run_id[:8]}", secrets)
    scanned += len(metrics)
    found += _secrets_in(metrics, "the receiver's metrics", secrets)
    # A search that cannot find what is there for certain would find no secret either.
    if plan.sessions and plan.sessions[0].room.encode() not in kept:
        found.append("the search is blind: it does not even find a room's name")
    return found, scanned


def _secrets_in(content: bytes, where: str, secrets: Mapping[str, str]) -> Sequence[str]:
    return [f"{key} is in {where}" for key, value in secrets.items() if value.encode() in content]

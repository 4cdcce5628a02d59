"""The command `doctor`: is everything there that a recording needs, and if not, what to do."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from longtake.cli.exits import Code, Exit
from longtake.cli.options import SettingsOption, connected, find_settings, run
from longtake.cli.polled import is_polled, queues_of
from longtake.contracts import names
from longtake.domain.errors import (
    NotConfigured,
    NotSent,
    RateLimited,
    RecordingError,
    Unauthorized,
    VendorUnavailable,
)
from longtake.domain.ports import Attempt, Task
from longtake.domain.recording import Output, RecordingRequest
from longtake.settings import Settings, SettingsError, load

_WITHIN = 10.0
"""Seconds for one check."""

_UNPROVED = (NotConfigured, NotSent, RateLimited, Unauthorized, VendorUnavailable)
"""Answers to a question about an unknown task that do not prove the credentials good."""

_STYLES = {"ok": "green", "fault": "bold red", "skipped": "dim"}


@dataclass(frozen=True)
class Finding:
    """What one check found; `remedy` says what to do about a fault."""

    what: str
    verdict: Literal["ok", "fault", "skipped"]
    found: str
    remedy: str = ""


def doctor(settings: SettingsOption = None) -> None:
    """Check settings, Temporal, workers, vendor accounts and storage; say what to do.

    Vendors are asked about a task that does not exist: nothing is recorded or changed.
    """
    findings = run(_all(settings))
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("check", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("found", overflow="fold")
    for finding in findings:
        text = Text(finding.found)
        if finding.remedy:
            text.append(f"\n→ {finding.remedy}", style="yellow")
        table.add_row(
            Text(finding.what), Text(finding.verdict, style=_STYLES[finding.verdict]), text
        )
    Console().print(table)
    faults = sum(finding.verdict == "fault" for finding in findings)
    if faults:
        raise Exit(Code.FAILED, f"{faults} of {len(findings)} checks found a fault")


async def _all(named: Path | None) -> list[Finding]:
    findings: list[Finding] = []
    try:
        path = find_settings(named)
        settings = load(path, os.environ)
    except Exit as err:
        return [Finding("settings", "fault", err.message)]
    except SettingsError as err:
        remedy = "mend the file; longtake.example.toml explains every key"
        return [Finding("settings", "fault", str(err), remedy)]
    told = f"{path}: accounts {', '.join(settings.accounts) or 'none'}"
    told += f"; storages {', '.join(settings.storages) or 'none'}"
    findings.append(Finding("settings", "ok", told))
    findings += [finding async for finding in _temporal(settings)]
    findings += await asyncio.gather(*(_account(settings, name) for name in settings.accounts))
    findings += await asyncio.gather(*(_storage(settings, name) for name in settings.storages))
    findings.append(await _receiver(settings))
    return findings


async def _temporal(settings: Settings) -> AsyncIterator[Finding]:
    """The server, its namespace, the search attributes and the workers: each needs the last."""
    address, namespace = settings.temporal.address, settings.temporal.namespace
    try:
        client = await connected(settings)
        yield Finding("Temporal", "ok", address)
        await client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace=namespace)
        )
        yield Finding("namespace", "ok", namespace)
        yield await _search_attributes(client, namespace)
        for queue in queues_of(settings):
            what = f"queue {queue.name}"
            if await is_polled(client, namespace, queue):
                yield Finding(what, "ok", "a worker polls it")
            else:
                remedy = "start worker.py with these settings"
                yield Finding(what, "fault", "no worker polls it", remedy)
    except Exit as err:
        yield Finding("Temporal", "fault", err.message)
    except RPCError as err:
        remedy = ""
        if err.status == RPCStatusCode.NOT_FOUND:
            remedy = f"temporal operator namespace create --namespace {namespace}"
        yield Finding("Temporal", "fault", err.message, remedy)


async def _search_attributes(client: Client, namespace: str) -> Finding:
    known = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=namespace)
    )
    there = {
        name: IndexedValueType.Name(kind).removeprefix("INDEXED_VALUE_TYPE_").replace("_", "")
        for name, kind in known.custom_attributes.items()
    }
    wrong = [
        f"--name {name} --type {kind}"
        for name, kind in names.SEARCH_ATTRIBUTES.items()
        if there.get(name) != kind.upper()
    ]
    if not wrong:
        return Finding("search attributes", "ok", f"all {len(names.SEARCH_ATTRIBUTES)} are there")
    remedy = f"temporal operator search-attribute create {' '.join(wrong)}"
    return Finding("search attributes", "fault", f"{len(wrong)} lack or have another type", remedy)


async def _account(settings: Settings, name: str) -> Finding:
    """Ask about a task that nobody started: a vendor that says so has accepted the credentials."""
    from longtake.vendorkit.http import open_client  # noqa: PLC0415 - an extra of its own

    spec, given = settings.account(name)
    what = f"account {name}"
    request = RecordingRequest(
        vendor=spec.slug, account=name, room="longtake-doctor", output=Output(storage="none")
    )
    nobody = Attempt(number=1, recorder="1", path="doctor", resource="longtake-doctor")
    http = open_client()
    recorder = spec.recorder(
        name, given, settings.storage_at(spec.slug), http, lambda: datetime.now(UTC)
    )
    try:
        async with asyncio.timeout(_WITHIN):
            await recorder.query(request, Task(attempt=nobody, id="longtake-doctor"))
    except TimeoutError:
        return Finding(what, "fault", f"{spec.title} does not answer within {_WITHIN:.0f} s")
    except Unauthorized as err:
        return Finding(what, "fault", str(err), f"check the credentials in [accounts.{name}]")
    except _UNPROVED as err:
        return Finding(what, "fault", str(err), f"check [accounts.{name}] and the network")
    except RecordingError:
        pass
    finally:
        await http.aclose()
    return Finding(what, "ok", f"{spec.title} accepts the credentials")


async def _storage(settings: Settings, name: str) -> Finding:
    from longtake.storage.bucket import open_store  # noqa: PLC0415 - an extra of its own

    profile, what = settings.storage(name), f"storage {name}"
    if not profile.readable:
        told = "has no url: outcomes of its recordings will be 'unverified'"
        return Finding(what, "skipped", told)
    try:
        async with asyncio.timeout(_WITHIN):
            async for _ in open_store(profile).list("longtake-doctor/"):
                break
    except TimeoutError:
        return Finding(what, "fault", f"does not answer within {_WITHIN:.0f} s")
    except RecordingError as err:
        return Finding(what, "fault", str(err), f"check [storage.{name}] and its options")
    return Finding(what, "ok", f"{profile.url} can be listed")


async def _receiver(settings: Settings) -> Finding:
    """It may run on another machine, so that its absence here is no fault."""
    import httpx  # noqa: PLC0415 - an extra of its own

    url = f"http://{settings.callbacks.host}:{settings.callbacks.port}/ready"
    with suppress(httpx.HTTPError):
        async with httpx.AsyncClient(trust_env=False, timeout=2) as http:
            if (await http.get(url)).is_success:
                return Finding("receiver", "ok", url)
    told = f"none is ready at {url}; recordings work without callbacks, only later"
    return Finding("receiver", "skipped", told)

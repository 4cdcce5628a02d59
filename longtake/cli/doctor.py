"""The command `doctor`: is everything there that a recording needs, and if not, what to do."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from longtake.cli.checks import WITHIN, Clock, Finding, check_codec, check_storage
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
from longtake.domain.ports import Attempt, Recorder, Task
from longtake.domain.recording import Output, RecordingRequest
from longtake.settings import Settings, SettingsError, load
from longtake.vendorkit.spec import VendorSpec

_UNPROVED = (NotConfigured, NotSent, RateLimited, Unauthorized, VendorUnavailable)
"""Answers to a question about an unknown task that do not prove the credentials good."""

_PREFIX = "INDEXED_VALUE_TYPE_"

_STYLES = {"ok": "green", "fault": "bold red", "skipped": "dim"}


def doctor(
    *,
    settings: SettingsOption = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="Register the search attributes that lack.")
    ] = False,
) -> None:
    """Check settings, Temporal, workers, vendor accounts and storage; say what to do.

    Vendors are asked about a task that does not exist: nothing is recorded or changed. Into a
    bucket an object is written, read and deleted, below longtake-doctor/.
    """
    findings = run(_all(settings, fix=fix))
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


async def _all(named: Path | None, *, fix: bool) -> list[Finding]:
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
    findings.append(sealing := await check_codec(settings.connection.keyring))
    if sealing.verdict != "fault":
        findings += [finding async for finding in _temporal(settings, fix=fix)]
    for found in await asyncio.gather(*(_account(settings, name) for name in settings.accounts)):
        findings += found
    findings += await asyncio.gather(
        *(check_storage(settings.storage(name)) for name in settings.storages)
    )
    findings.append(await _receiver(settings))
    return findings


async def _temporal(settings: Settings, *, fix: bool) -> AsyncIterator[Finding]:
    """The server, its namespace, the search attributes and the workers: each needs the last."""
    address, namespace = settings.temporal.address, settings.temporal.namespace
    try:
        client = await connected(settings)
        yield Finding("Temporal", "ok", address)
        await client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace=namespace)
        )
        yield Finding("namespace", "ok", namespace)
        yield await _search_attributes(client, namespace, fix=fix)
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


async def _search_attributes(client: Client, namespace: str, *, fix: bool) -> Finding:
    what = "search attributes"
    there = await _registered(client, namespace)
    lack = {name: kind for name, kind in names.SEARCH_ATTRIBUTES.items() if name not in there}
    if fix and lack:
        kinds = {name: IndexedValueType.Value(_enum(kind)) for name, kind in lack.items()}
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=namespace, search_attributes=kinds)
        )
        there, lack = {**lack, **there}, {}
    wrong = [
        name
        for name, kind in names.SEARCH_ATTRIBUTES.items()
        if name in there and _enum(there[name]) != _enum(kind)
    ]
    if wrong:
        told = f"of another type than needed: {', '.join(wrong)}"
        remedy = f"temporal operator search-attribute remove --name {' --name '.join(wrong)}"
        return Finding(what, "fault", told, f"{remedy} (what is stored under them is lost)")
    if lack:
        options = " ".join(f"--name {name} --type {kind}" for name, kind in lack.items())
        remedy = f"longtake doctor --fix, or temporal operator search-attribute create {options}"
        return Finding(what, "fault", f"lack: {', '.join(lack)}", remedy)
    return Finding(what, "ok", f"all {len(names.SEARCH_ATTRIBUTES)} are there")


def _enum(kind: str) -> str:
    """`KeywordList` as the API has it."""
    return _PREFIX + re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind).upper()


async def _registered(client: Client, namespace: str) -> dict[str, str]:
    """The custom search attributes: name and type, the latter as the API spells it."""
    known = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=namespace)
    )
    return {
        name: IndexedValueType.Name(kind).removeprefix(_PREFIX)
        for name, kind in known.custom_attributes.items()
    }


async def _account(settings: Settings, name: str) -> list[Finding]:
    """Ask about a task that nobody started: a vendor that says so has accepted the credentials."""
    from longtake.vendorkit.http import open_client  # noqa: PLC0415 - an extra of its own

    spec, given = settings.account(name)
    clock = Clock(_utc_now)
    http = open_client()
    http.event_hooks = {"request": [clock.sent], "response": [clock.received]}
    recorder = spec.recorder(name, given, settings.storage_at(spec.slug), http, _utc_now)
    try:
        credentials = await _credentials(spec, name, recorder)
    finally:
        await http.aclose()
    found = [credentials, clock.finding(f"clock at {name}", spec.title)]
    if "callback_secret" in type(given).model_fields:
        found.append(_callbacks(name, spec.slug, getattr(given, "callback_secret", None)))
    return found


async def _credentials(spec: VendorSpec[Any, Any], name: str, recorder: Recorder) -> Finding:
    what = f"account {name}"
    request = RecordingRequest(
        vendor=spec.slug, account=name, room="longtake-doctor", output=Output(storage="none")
    )
    nobody = Attempt(number=1, recorder="1", path="doctor", resource="longtake-doctor")
    try:
        async with asyncio.timeout(WITHIN):
            await recorder.query(request, Task(attempt=nobody, id="longtake-doctor"))
    except TimeoutError:
        told = f"{spec.title} does not answer within {WITHIN:.0f} s"
        return Finding(what, "fault", told, "check the network between here and the vendor")
    except Unauthorized as err:
        return Finding(what, "fault", str(err), f"check the credentials in [accounts.{name}]")
    except _UNPROVED as err:
        return Finding(what, "fault", str(err), f"check [accounts.{name}] and the network")
    except RecordingError:
        pass
    return Finding(what, "ok", f"{spec.title} accepts the credentials")


def _callbacks(name: str, slug: str, secret: object) -> Finding:
    what = f"callbacks of {name}"
    if secret is not None:
        return Finding(what, "ok", "signed ones are accepted")
    told = "without callback_secret none is accepted; recordings work without them, only later"
    remedy = f"put the secret that {slug}'s console shows into accounts.{name}.callback_secret"
    return Finding(what, "skipped", told, remedy)


def _utc_now() -> datetime:
    return datetime.now(UTC)


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

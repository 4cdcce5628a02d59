"""`longtake merge`: single streams joined into files to play, in a folder or of a session."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from temporalio.client import Client, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError

from longtake.cli.exits import Code, Exit
from longtake.cli.options import (
    AccountOption,
    JsonOption,
    PurposeOption,
    SettingsOption,
    connected,
    load_settings,
    only,
    run,
)
from longtake.contracts import names
from longtake.contracts.ids import workflow_id
from longtake.contracts.merging import MergeOrder, MergeProgress
from longtake.contracts.payloads import Carried
from longtake.domain.errors import invalid_request
from longtake.domain.files import Outcome, StoredFile
from longtake.domain.material import Material
from longtake.domain.merging import MergeOptions, MergeResult, PlannedFile
from longtake.domain.ports import StoredObject
from longtake.domain.session import State
from longtake.vendorkit.spec import VendorSpec
from longtake.vendors import REGISTRY, vendor

ASK_EVERY = 0.5
"""Seconds between two questions of how far a merge is."""

_MODES = {"0": "section", "1": "user"}
_AUDIO = {"0": "primary", "1": "automatic", "2": "substream"}
_SIZE = re.compile(r"(\d+)x(\d+)")
_INCOMPLETE = {Outcome.FAILED, Outcome.PARTIAL}


def merge(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[FOLDER]", help="With playlists and slices, as in the bucket."),
    ] = None,
    *,
    folder_: Annotated[
        Path | None, typer.Option("-f", metavar="FOLDER", help="The same.", hidden=True)
    ] = None,
    mode: Annotated[
        str,
        typer.Option(
            "--mode", "-m", help="section: a file for each section; user: one for each user."
        ),
    ] = "section",
    drop_blanks: Annotated[
        bool, typer.Option("--drop-blanks", "-s", help="With user: no time between sections.")
    ] = False,
    audio: Annotated[
        str,
        typer.Option(
            "--audio", "-a", help="The picture that sound joins: primary, automatic or substream."
        ),
    ] = "primary",
    fps: Annotated[
        int | None, typer.Option("--fps", "-p", help="Frames a second, 5 to 120.")
    ] = None,
    size: Annotated[
        str | None, typer.Option("--size", metavar="WxH", help="Such as 640x360.")
    ] = None,
    resolution: Annotated[
        tuple[int, int] | None, typer.Option("-r", metavar="W H", help="The same.", hidden=True)
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where the files go; else merged/ in the folder."),
    ] = None,
    vendor_: Annotated[
        str | None,
        typer.Option("--vendor", help="Whose names a folder's files have; else it is found out."),
    ] = None,
    room: Annotated[
        str | None, typer.Option("--room", help="A recorded session in the place of a folder.")
    ] = None,
    account: AccountOption = None,
    purpose: PurposeOption = None,
    as_json: JsonOption = False,
    settings: SettingsOption = None,
) -> None:
    """Join the parts of single streams, of a FOLDER or of a recorded session (--room).

    Nothing is overwritten. Ends with 1 if something had to be left out. The short options, numbers
    among them, are those of TRTC's merge script.
    """
    options = _options(
        {
            "mode": _MODES.get(mode, mode),
            "blanks": "drop" if drop_blanks else "keep",
            "audio": _AUDIO.get(audio, audio),
            "fps": fps,
            **_size(size, resolution),
        }
    )
    folder = folder or folder_
    if (folder is None) == (room is None):
        raise Exit(Code.USAGE, "give either a FOLDER or --room")
    if folder is not None:
        work = _merge_folder(folder, to or folder, vendor_, options)
    else:
        work = _merge_session(room or "", account, purpose, settings, options)
    result = run(work)
    if as_json:
        print(result.model_dump_json(indent=2, exclude={"manifest"}))
    else:
        _show(result, to or folder)
    if result.outcome in _INCOMPLETE:
        raise Exit(Code.FAILED, f"the merge is {result.outcome}")


def _options(given: Mapping[str, Any]) -> MergeOptions:
    try:
        return MergeOptions.model_validate(given)
    except ValidationError as err:
        raise invalid_request(err, root="merge") from None


def _size(size: str | None, resolution: tuple[int, int] | None) -> dict[str, Any]:
    if resolution is not None:
        return {"width": resolution[0], "height": resolution[1]}
    if size is None:
        return {}
    found = _SIZE.fullmatch(size)
    if found is None:
        raise Exit(Code.USAGE, f"--size: WIDTHxHEIGHT is expected, got {size!r}")
    return {"width": found[1], "height": found[2]}


# --- a folder ----------------------------------------------------------------------------------


async def _merge_folder(
    folder: Path, to: Path, slug: str | None, options: MergeOptions
) -> MergeResult:
    # Only here is media needed: the client side installs without it.
    from longtake.media.merge.merger import Merger  # noqa: PLC0415
    from longtake.storage.bucket import open_store  # noqa: PLC0415
    from longtake.storage.profile import StorageProfile  # noqa: PLC0415

    if not folder.is_dir():  # noqa: ASYNC240 - before anything else goes on
        raise Exit(Code.USAGE, f"FOLDER: {folder} is no folder")
    store = open_store(StorageProfile("folder", folder.absolute().as_uri()))  # noqa: ASYNC240
    target = open_store(StorageProfile("to", to.absolute().as_uri()))  # noqa: ASYNC240
    stored = [each async for each in store.list("")]
    spec = vendor(slug) if slug else _most_familiar(stored)
    files = [
        StoredFile(**spec.describe(each.key).model_dump(), size=each.size, segment=1)
        for each in stored
    ]
    material = Material(store, target, files, spec.playlist_began, "")
    with tempfile.TemporaryDirectory(prefix="longtake-merge-") as work, _bar() as bar:
        merger = Merger(Path(work))
        plan = await merger.plan(material, options)
        made = [
            await merger.make(material, options, plan.folder, each.name, _line(bar, each))
            for each in plan.files
        ]
    return MergeResult.of(plan, made)


def _most_familiar(stored: list[StoredObject]) -> VendorSpec[Any, Any]:
    """The vendor whose naming rules tell most of the files."""

    def told(spec: VendorSpec[Any, Any]) -> int:
        found = [spec.describe(each.key) for each in stored]
        return sum(bool(file.user) + (file.begins_at is not None) for file in found)

    return max((vendor(slug) for slug in REGISTRY), key=told)


# --- a session ---------------------------------------------------------------------------------


async def _merge_session(
    room: str,
    account: str | None,
    purpose: str | None,
    settings_path: Path | None,
    options: MergeOptions,
) -> MergeResult:
    settings = load_settings(settings_path)
    name = only("--account", settings.accounts, account)
    settings.account(name)
    client = await connected(settings)
    recorded = workflow_id(name, room, purpose)
    handle = client.get_workflow_handle(recorded)
    try:
        queue = (await handle.describe()).task_queue
    except RPCError as err:
        if err.status.name == "NOT_FOUND":
            raise Exit(Code.NOT_FOUND, f"{recorded}: no such session") from None
        raise
    carried = await handle.query(names.SESSION, result_type=Carried)
    if carried.session.state is not State.FINISHED:
        raise Exit(Code.FAILED, f"{recorded} is {carried.session.state}: merge it when it is over")
    manifest = carried.session.manifest
    document = manifest.document if manifest else ""
    order = MergeOrder.of(carried.request, carried.session, options, document)
    merging: WorkflowHandle[Any, MergeResult] = await client.start_workflow(
        names.MERGE,
        order,
        id=order.workflow_id,
        task_queue=queue,
        result_type=MergeResult,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )
    return await _followed(client, merging)


async def _followed(client: Client, merging: WorkflowHandle[Any, MergeResult]) -> MergeResult:
    ended = asyncio.ensure_future(merging.result())
    with _bar() as bar:
        line = bar.add_task("planning", total=None)
        while not (await asyncio.wait({ended}, timeout=ASK_EVERY))[0]:
            told = await merging.query(names.PROGRESS, result_type=MergeProgress)
            bar.update(
                line,
                description=told.making or "planning",
                total=told.total or None,
                completed=told.done + await _under_way(client, merging),
            )
    return await ended


async def _under_way(client: Client, merging: WorkflowHandle[Any, MergeResult]) -> float:
    """Seconds done of the file under way, as its heartbeat tells."""
    calls = (await merging.describe()).raw_description.pending_activities
    beats = [call.heartbeat_details for call in calls if call.HasField("heartbeat_details")]
    if not beats:
        return 0.0
    [seconds] = await client.data_converter.decode(beats[0].payloads, [float])
    return seconds


# --- what a person sees ------------------------------------------------------------------------


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


def _line(bar: Progress, planned: PlannedFile) -> Callable[[float], None]:
    line = bar.add_task(planned.name, total=planned.seconds)

    def tick(seconds: float) -> None:
        bar.update(line, completed=seconds)

    return tick


def _show(result: MergeResult, base: Path | None) -> None:
    console = Console()
    table = Table(box=None, pad_edge=False)
    table.add_column("length", justify="right")
    table.add_column("size", justify="right")
    table.add_column("")
    table.add_column("file", overflow="fold")
    for file in result.files:
        how = "encoded" if file.encoded else "copied"
        where = str(base / file.key) if base else file.key
        table.add_row(f"{file.seconds:.1f} s", f"{file.size / 1000:.1f} kB", how, where)
    if result.files:
        console.print(table)
    for lost in result.left_out:
        console.print(f"left out: {lost.key}: {lost.why}", style="yellow", soft_wrap=True)
    console.print(f"merge: {result.outcome}")

"""Questions about sessions: status, list, files."""

from __future__ import annotations

from typing import Annotated

import typer
from pydantic import TypeAdapter
from rich.console import Console

from longtake.cli.exits import Code, Exit
from longtake.cli.options import (
    AccountOption,
    JsonOption,
    PurposeOption,
    Room,
    RoomArgument,
    SettingsOption,
    connected,
    load_settings,
    run,
)
from longtake.cli.tables import manifest_table, sessions_table, status_table
from longtake.cli.watch import Progress, until_over
from longtake.client import ListedRecording, RecordingClient
from longtake.settings import Settings

_LISTED = TypeAdapter(list[ListedRecording])


def status(
    room: RoomArgument,
    *,
    account: AccountOption = None,
    purpose: PurposeOption = None,
    watch: Annotated[bool, typer.Option("--watch", help="Follow the session to its end.")] = False,
    as_json: JsonOption = False,
    settings: SettingsOption = None,
) -> None:
    """What a room's session is doing, and how that is known."""
    if watch and as_json:
        raise Exit(Code.USAGE, "--watch and --json exclude each other")
    run(_status(Room(room, account, purpose, settings), watch=watch, as_json=as_json))


async def _status(room: Room, *, watch: bool, as_json: bool) -> None:
    session = await room.session()
    console = Console()
    if watch:
        with Progress(console) as progress:
            await until_over(session, progress)
    told = await session.status()
    if as_json:
        print(told.model_dump_json(indent=2))
    else:
        console.print(status_table(session.workflow_id, told))


def files(
    room: RoomArgument,
    *,
    account: AccountOption = None,
    purpose: PurposeOption = None,
    as_json: JsonOption = False,
    settings: SettingsOption = None,
) -> None:
    """The files of a room's session, as they were seen in storage."""
    run(_files(Room(room, account, purpose, settings), as_json=as_json))


async def _files(room: Room, *, as_json: bool) -> None:
    manifest = await (await room.session()).files()
    if as_json:
        print("null" if manifest is None else manifest.model_dump_json(indent=2))
    elif manifest is None:
        print("no file was checked yet: that is done when the recording is over")
    else:
        Console().print(manifest_table(manifest))


def list_(
    *,
    query: Annotated[
        str, typer.Option(help="A visibility filter, such as 'RecordingState = \"recording\"'.")
    ] = "",
    as_json: JsonOption = False,
    settings: SettingsOption = None,
) -> None:
    """The sessions that the server knows, the newest first."""
    run(_list(load_settings(settings), query, as_json=as_json))


async def _list(settings: Settings, query: str, *, as_json: bool) -> None:
    recordings = RecordingClient(await connected(settings))
    found = [session async for session in recordings.list(query)]
    if as_json:
        print(_LISTED.dump_json(found, indent=2).decode())
    elif found:
        Console().print(sessions_table(found))
    else:
        print("no session")

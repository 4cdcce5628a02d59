"""Questions about sessions: status, list, files."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Console

from longtake.cli.exits import Code, Exit
from longtake.cli.looking import draw_sheet, open_recording
from longtake.cli.options import (
    AccountOption,
    JsonOption,
    PurposeOption,
    Room,
    RoomArgument,
    SettingsOption,
    as_duration,
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
    open_: Annotated[
        bool, typer.Option("--open", help="Fetch what plays, and open it; its path is printed.")
    ] = False,
    sheet: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.png",
            help="Draw a contact sheet: a picture each minute, with its time and layout.",
            show_default=False,
        ),
    ] = None,
    every: Annotated[
        str, typer.Option(help="Of --sheet: between two pictures, such as 10s or 5m.")
    ] = "1m",
    as_json: JsonOption = False,
    settings: SettingsOption = None,
) -> None:
    """The files of a room's session, as they were seen in storage."""
    if as_json and (open_ or sheet):
        raise Exit(Code.USAGE, "--json and --open or --sheet exclude each other")
    chosen = Room(room, account, purpose, settings)
    if open_ or sheet:
        run(_look(chosen, open_=open_, sheet=sheet, every=_length(every)))
    else:
        run(_files(chosen, as_json=as_json))


def _length(text: str) -> timedelta:
    try:
        length = TypeAdapter(timedelta).validate_python(as_duration(text))
    except ValidationError:
        raise Exit(Code.USAGE, f"--every: a duration such as 10s or 5m, not {text!r}") from None
    if length < timedelta(seconds=1):
        raise Exit(Code.USAGE, f"--every: at least 1s, not {text!r}")
    return length


async def _look(room: Room, *, open_: bool, sheet: Path | None, every: timedelta) -> None:
    from longtake.storage.bucket import open_store  # noqa: PLC0415 - of the extra `worker`

    if sheet and sheet.suffix.lower() != ".png":
        raise Exit(Code.USAGE, f"--sheet: must end in .png: '{sheet}'")
    session = await room.session()
    carried = await session.everything()
    profile = load_settings(room.settings).storage(carried.request.output.storage)
    store = open_store(profile) if profile.readable else None
    if sheet:
        await draw_sheet(store, carried, session.workflow_id, every, sheet)
    if open_:
        await open_recording(store, carried.session)


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

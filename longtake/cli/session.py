"""Orders to one session: record, pause, resume, extend, stop."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console

from longtake.cli.exits import Code, Exit
from longtake.cli.options import (
    AccountOption,
    PurposeOption,
    Room,
    RoomArgument,
    SettingsOption,
    as_duration,
    connected,
    load_settings,
    run,
)
from longtake.cli.request import (
    CanvasOption,
    FormatOption,
    LabelOption,
    LayoutOption,
    MediaOption,
    MergeOption,
    ModeOption,
    RequestOption,
    StorageOption,
    UsersOption,
    VendorOption,
    completed,
    request_file,
    scene_fields,
)
from longtake.cli.tables import manifest_table
from longtake.cli.watch import Progress, until_over
from longtake.client import RecordingClient, RecordingSession
from longtake.contracts.payloads import Extension
from longtake.domain.errors import invalid_request
from longtake.domain.files import Outcome
from longtake.domain.recording import RecordingRequest
from longtake.settings import Settings

_NOT_AS_ASKED = {Outcome.FAILED, Outcome.PARTIAL}


def record(
    room: RoomArgument,
    *,
    account: AccountOption = None,
    storage: StorageOption = None,
    mode: ModeOption = None,
    media: MediaOption = None,
    users_: UsersOption = None,
    layout: LayoutOption = None,
    formats: FormatOption = None,
    merge: MergeOption = None,
    canvas_: CanvasOption = None,
    max_duration: Annotated[str | None, typer.Option(help="Such as 45m, 1h30m or PT45M.")] = None,
    start_at: Annotated[
        str | None, typer.Option(help="RFC 3339, such as 2027-01-31T09:00:00Z.")
    ] = None,
    stop_at: Annotated[str | None, typer.Option(help="RFC 3339.")] = None,
    purpose: PurposeOption = None,
    label: LabelOption = None,
    option: VendorOption = None,
    request: RequestOption = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Follow the session until its files were checked.")
    ] = False,
    settings: SettingsOption = None,
) -> None:
    """Start to record a room.

    The session's id goes to standard output. With --wait a session that failed, or whose files
    are not all there, ends with 1.
    """
    given: dict[str, Any] = {
        **scene_fields(
            mode=mode,
            media=media,
            users_=users_,
            layout=layout,
            canvas_=canvas_,
            purpose=purpose,
            label=label,
            option=option,
        ),
        "max_duration": as_duration(max_duration),
        "start_at": start_at,
        "stop_at": stop_at,
    }
    known = load_settings(settings)
    base = request_file(request) if request else {}
    output = {
        "formats": formats or None,
        "storage": storage,
        "merge": {"mode": merge} if merge else None,
    }
    asked = completed(known, room, account, base=base, given=given, output=output)
    run(_record(known, asked, wait=wait))


async def _record(settings: Settings, request: RecordingRequest, *, wait: bool) -> None:
    recordings = RecordingClient(await connected(settings))
    session = await recordings.start(request)
    print(session.workflow_id, flush=True)
    if wait:
        await _see_through(session)


async def _see_through(session: RecordingSession) -> None:
    console = Console(stderr=True)
    with Progress(console) as progress:
        await until_over(session, progress)
    result = await session.result()
    console.print(manifest_table(result.manifest))
    if result.manifest.outcome in _NOT_AS_ASKED:
        raise Exit(Code.FAILED, f"the files are {result.manifest.outcome}")


def pause(
    room: RoomArgument,
    *,
    account: AccountOption = None,
    purpose: PurposeOption = None,
    settings: SettingsOption = None,
) -> None:
    """Record nothing until `resume`."""

    async def order() -> None:
        session = await Room(room, account, purpose, settings).session()
        await session.pause()
        print(f"{session.workflow_id}: pause sent")

    run(order())


def resume(
    room: RoomArgument,
    *,
    account: AccountOption = None,
    purpose: PurposeOption = None,
    settings: SettingsOption = None,
) -> None:
    """Go on after `pause`."""

    async def order() -> None:
        session = await Room(room, account, purpose, settings).session()
        await session.resume()
        print(f"{session.workflow_id}: resume sent")

    run(order())


def extend(
    room: RoomArgument,
    *,
    by: Annotated[str | None, typer.Option(help="Such as 30m, 1h30m or PT30M.")] = None,
    until: Annotated[str | None, typer.Option(help="RFC 3339.")] = None,
    account: AccountOption = None,
    purpose: PurposeOption = None,
    settings: SettingsOption = None,
) -> None:
    """Move the end of a session: --by a duration, or --until a time."""
    try:
        extension = Extension.model_validate({"by": as_duration(by), "until": until})
    except ValidationError as err:
        raise invalid_request(err, root="extend") from None

    async def order() -> None:
        session = await Room(room, account, purpose, settings).session()
        await session.extend(extension)
        print(f"{session.workflow_id}: extension sent")

    run(order())


def stop(
    room: RoomArgument,
    *,
    reason: Annotated[str, typer.Option(help="Kept in the session's record.")] = "",
    discard: Annotated[
        bool, typer.Option("--discard", help="Delete what was recorded; nothing brings it back.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Of --discard: without a question.")] = False,
    account: AccountOption = None,
    purpose: PurposeOption = None,
    settings: SettingsOption = None,
) -> None:
    """End a session; legal in every state.

    With --discard its files are deleted once the vendor has stored them. A session that was
    stopped already can still be discarded, until its files were checked.
    """
    if yes and not discard:
        raise Exit(Code.USAGE, "--yes: belongs to --discard")
    if discard and not yes:
        _confirm(f"Delete all that the recording of room {room!r} has stored?")

    async def order() -> None:
        session = await Room(room, account, purpose, settings).session()
        await session.stop(reason, discard=discard)
        print(f"{session.workflow_id}: {'discard' if discard else 'stop'} sent")

    run(order())


def _confirm(question: str) -> None:
    """Ask a person; Exit where there is none, or the answer is no."""
    if not sys.stdin.isatty():
        raise Exit(Code.USAGE, "--discard: asks first, and here is no terminal; add --yes")
    if not typer.confirm(question):
        raise Exit(Code.USAGE, "nothing was sent")

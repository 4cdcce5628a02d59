"""Orders to one session: record, pause, resume, extend, stop."""

from __future__ import annotations

from pathlib import Path
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
    only,
    pairs,
    run,
)
from longtake.cli.request import (
    canvas,
    json_value,
    layout_fields,
    only_of,
    request_file,
    request_from,
    users,
)
from longtake.cli.tables import manifest_table
from longtake.cli.watch import Progress, until_over
from longtake.contracts.payloads import Extension
from longtake.domain.errors import invalid_request
from longtake.domain.files import Outcome
from longtake.domain.recording import RecordingRequest
from longtake.settings import Settings
from longtake.temporal.client import Recordings, RecordingSession

_NOT_AS_ASKED = {Outcome.FAILED, Outcome.PARTIAL}


def record(
    room: RoomArgument,
    *,
    account: AccountOption = None,
    storage: Annotated[
        str | None,
        typer.Option(help="A storage of the settings; may be left out where there is one only."),
    ] = None,
    mode: Annotated[str | None, typer.Option(help="mixed, individual or web.")] = None,
    media: Annotated[str | None, typer.Option(help="audio_video, audio or video.")] = None,
    users_: Annotated[
        str | None,
        typer.Option("--users", metavar="ID,ID", help="Record these only; else everybody."),
    ] = None,
    layout: Annotated[
        str | None, typer.Option(help="A preset's name, a layout as JSON, or a JSON file.")
    ] = None,
    formats: Annotated[
        list[str] | None, typer.Option("--format", help="hls or mp4; give it twice for both.")
    ] = None,
    canvas_: Annotated[
        str | None, typer.Option("--canvas", metavar="WxH[@FPS]", help="Such as 1280x720@15.")
    ] = None,
    max_duration: Annotated[str | None, typer.Option(help="Such as 45m, 1h30m or PT45M.")] = None,
    start_at: Annotated[
        str | None, typer.Option(help="RFC 3339, such as 2027-01-31T09:00:00Z.")
    ] = None,
    stop_at: Annotated[str | None, typer.Option(help="RFC 3339.")] = None,
    purpose: PurposeOption = None,
    label: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE")] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=JSON", help="What only this vendor has (vendor_options)."),
    ] = None,
    request: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A request as JSON; options given here go before it."),
    ] = None,
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
        "mode": mode,
        "media": media,
        "subscriptions": users_ and only_of(users(users_)),
        "layout": layout and layout_fields(layout),
        "canvas": canvas_ and canvas(canvas_),
        "max_duration": as_duration(max_duration),
        "start_at": start_at,
        "stop_at": stop_at,
        "purpose": purpose,
        "labels": pairs("--label", label),
        "vendor_options": {
            key: json_value(f"--option {key}", text)
            for key, text in pairs("--option", option).items()
        },
    }
    known = load_settings(settings)
    wish = _request(known, room, account, request_file(request) if request else {}, given)
    output = {"formats": formats or None, "storage": storage}
    run(_record(known, request_from(_with_output(known, wish, output)), wait=wait))


def _request(
    settings: Settings,
    room: str,
    account: str | None,
    base: dict[str, Any],
    given: dict[str, Any],
) -> dict[str, Any]:
    """The file's fields, replaced by the options that were given."""
    name = only("--account", settings.accounts, account or base.get("account"))
    spec, _ = settings.account(name)
    options = {field: value for field, value in given.items() if value}
    return {**base, **options, "room": room, "account": name, "vendor": spec.slug}


def _with_output(settings: Settings, wish: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    base: Any = wish.get("output", {})
    if not isinstance(base, dict):
        return wish  # the request's own check says it best
    output: dict[str, Any] = {**base, **{name: value for name, value in given.items() if value}}
    output["storage"] = only("--storage", settings.storages, output.get("storage"))
    settings.storage(output["storage"])
    return {**wish, "output": output}


async def _record(settings: Settings, request: RecordingRequest, *, wait: bool) -> None:
    recordings = Recordings(await connected(settings))
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
    account: AccountOption = None,
    purpose: PurposeOption = None,
    settings: SettingsOption = None,
) -> None:
    """End a session; legal in every state."""

    async def order() -> None:
        session = await Room(room, account, purpose, settings).session()
        await session.stop(reason)
        print(f"{session.workflow_id}: stop sent")

    run(order())

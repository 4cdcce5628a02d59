"""Commands that serve until Ctrl-C: up, emulator, callbacks, codec-server."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from longtake.cli import ports
from longtake.cli.emulated import VendorOption, emulated
from longtake.cli.exits import Code, Exit
from longtake.cli.options import (
    HOST,
    STATE_FOLDER,
    SettingsOption,
    find_settings,
    load_settings,
    pairs,
    run,
)
from longtake.cli.request import json_value
from longtake.cli.stack import Ports, Stack
from longtake.cli.tables import facts
from longtake.domain.errors import InvalidRequest
from longtake.reloading import Reloader
from longtake.settings import Settings, load
from longtake.vendors import REGISTRY

TEMPORAL_PORT, HTTP_PORT, UI_PORT, EMULATOR_PORT, CALLBACKS_PORT = 7233, 7243, 8233, 8400, 8380
_LOOPBACK = {"127.0.0.1", "localhost"}


def up(
    *,
    vendor: VendorOption = "agora",
    temporal_port: Annotated[
        int | None, typer.Option(help=f"{TEMPORAL_PORT}, or a free one if that is taken.")
    ] = None,
    http_port: Annotated[
        int | None,
        typer.Option(help=f"Temporal's HTTP API: {HTTP_PORT}, or a free one if that is taken."),
    ] = None,
    ui_port: Annotated[
        int | None, typer.Option(help=f"{UI_PORT}, or a free one if that is taken.")
    ] = None,
    emulator_port: Annotated[
        int | None, typer.Option(help=f"{EMULATOR_PORT}, or a free one if that is taken.")
    ] = None,
    callbacks_port: Annotated[
        int | None, typer.Option(help=f"{CALLBACKS_PORT}, or a free one if that is taken.")
    ] = None,
    settings: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Your own settings, instead of an account at the emulator."
        ),
    ] = None,
) -> None:
    """Run everything on this machine until Ctrl-C: Temporal, emulator, receiver, worker.

    State, recordings, logs and the generated settings are kept in .longtake.
    """
    own = None if settings is None else load(settings, os.environ)
    if own is not None:
        temporal_port = temporal_port or _local_port(own)
        callbacks_port = callbacks_port or own.callbacks.port
    chosen, notes = ports.choose(
        {
            "temporal": (TEMPORAL_PORT, temporal_port),
            "http": (HTTP_PORT, http_port),
            "ui": (UI_PORT, ui_port),
            "emulator": (EMULATOR_PORT, emulator_port),
            "callbacks": (CALLBACKS_PORT, callbacks_port),
        }
    )
    run(_up(vendor, Ports(**chosen), notes, settings))


def _local_port(settings: Settings) -> int:
    """Of the settings' Temporal, which `up` starts itself."""
    host, _, port = settings.temporal.address.rpartition(":")
    if host not in _LOOPBACK:
        raise Exit(
            Code.USAGE,
            f"temporal.address: `up` starts a Temporal on {HOST}, the settings name {host}",
        )
    return int(port)


async def _up(vendor: str, chosen: Ports, notes: list[str], settings: Path | None) -> None:
    console = Console()
    stack = Stack(
        STATE_FOLDER,
        chosen,
        vendor=vendor,
        persistent=True,
        settings=settings,
        tell=lambda what: console.print(Text(f"starting {what}", style="dim")),
    )
    for note in notes:
        console.print(Text(note, style="yellow"))
    async with stack:
        await stack.start_worker(load(stack.settings_path, os.environ))
        _show_up(console, stack, vendor=None if settings else vendor)
        await until_interrupted(stack)
        console.print(Text("stopping", style="dim"))


async def until_interrupted(stack: Stack) -> None:
    """Return at Ctrl-C or SIGTERM; Exit when a child dies before."""
    try:
        obituary = await stack.first_death()
    except asyncio.CancelledError:
        return
    raise Exit(Code.FAILED, obituary)


def _show_up(console: Console, stack: Stack, vendor: str | None) -> None:
    """`vendor`: the emulated one, if its account is the one there is."""
    console.print(Rule("Longtake is up", align="left", style="green"))
    console.print(facts(places(stack)))
    if vendor is not None:
        console.print(Rule("try", align="left", style="dim"))
        console.print(Text(_examples(f"{stack.emulator_url}/_emulator/rooms/{vendor}/standup")))
    console.print(Text("Ctrl-C ends it.", style="dim"))


def _examples(room_url: str) -> str:
    """A first recording, to be copied line by line."""
    person = json.dumps({"participants": [{"user": "1001", "name": "Ada"}]})
    return f"""\
  curl -X PUT {room_url} \\
      -d '{person}'
  longtake record standup --format hls --format mp4
  longtake layout set standup speaker --main 1001
  longtake status standup --watch
  longtake stop standup"""


def places(stack: Stack) -> list[tuple[str, str]]:
    """Where everything is."""
    return [
        ("Temporal UI", stack.ui_url),
        ("Temporal", stack.temporal_address),
        ("its HTTP API", stack.http_url),
        ("emulator", stack.emulator_url),
        ("receiver", f"{stack.callbacks_url}/callbacks/VENDOR/ACCOUNT"),
        ("settings", short(stack.settings_path)),
        ("recordings", short(stack.recordings)),
        ("logs", short(stack.logs)),
    ]


def short(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def emulator(
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = HOST,
    port: Annotated[int, typer.Option(help="Port to listen on.")] = EMULATOR_PORT,
    data: Annotated[
        Path, typer.Option(metavar="DIR", help="Stands for every bucket: DIR/BUCKET/KEY.")
    ] = STATE_FOLDER / "recordings",
    media: Annotated[
        bool, typer.Option("--media/--no-media", help="Write real audio and video.")
    ] = True,
    placeholders: Annotated[
        bool, typer.Option("--placeholders", help="Write playlists, but no real media files.")
    ] = False,
    seed: Annotated[int | None, typer.Option(help="Makes ids and faults repeatable.")] = None,
    callbacks: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where callbacks go; {vendor} is the vendor's name."),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse what real services may let pass.")
    ] = False,
    option: Annotated[
        list[str] | None,
        typer.Option(
            metavar="VENDOR.KEY=JSON", help="A vendor's own option, such as agora.timings.slice=5."
        ),
    ] = None,
) -> None:
    """Serve the vendors' recording APIs on this machine, with real media and callbacks."""
    from longtake.emulator.app import create_app  # noqa: PLC0415 - an extra of its own
    from longtake.emulator.server import server  # noqa: PLC0415
    from longtake.emulator.settings import EmulatorSettings  # noqa: PLC0415
    from longtake.vendors import emulator as emulated_vendor  # noqa: PLC0415

    slugs = list(REGISTRY)
    given = {
        "data": data,
        "media": media,
        "placeholders": placeholders,
        "seed": seed,
        "strict": strict,
        "callbacks": {
            slug: {"url": callbacks.replace("{vendor}", slug)} for slug in slugs if callbacks
        },
        "vendors": _nested(pairs("--option", option)),
    }
    chosen = EmulatorSettings.model_validate(given)
    try:
        app = create_app(chosen, {slug: emulated_vendor(slug).create for slug in slugs})
    except InvalidRequest as err:
        raise Exit(Code.USAGE, f"--option {err}") from None
    _show_emulator(f"http://{host}:{port}", slugs)
    _serve(server(app, host, port).serve())


def _serve(work: Coroutine[Any, Any, None]) -> None:
    """Serve to the end; Ctrl-C and SIGTERM, which uvicorn sends again once it is down, are one."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        asyncio.run(work)
    except KeyboardInterrupt:
        return
    except SystemExit:  # uvicorn's own code would be taken for one of ours
        raise Exit(Code.FAILED, "the server did not start; the lines above say why") from None


def _nested(options: dict[str, str]) -> dict[str, Any]:
    """`a.b.c = JSON` as tables in tables."""
    tables: dict[str, Any] = {}
    for path, text in options.items():
        *folders, name = path.split(".")
        table = tables
        for folder in folders:
            table = table.setdefault(folder, {})
        table[name] = json_value(f"--option {path}", text)
    return tables


def _show_emulator(url: str, slugs: list[str]) -> None:
    console = Console()
    console.print(Rule("emulator", align="left", style="green"))
    rows = [("all vendors' APIs", url)]
    for slug in slugs:
        account = emulated(slug)
        rows += [
            (f"{slug} {key}", str(value))
            for key, value in {**account.account, **account.beside}.items()
        ]
        rows.append((f"{slug} room", f"PUT {url}/_emulator/rooms/{slug}/ROOM"))
    rows += [
        ("faults", f"POST {url}/_emulator/faults"),
        ("clock", f"POST {url}/_emulator/clock"),
        ("ledger", f"GET {url}/_emulator/ledger"),
    ]
    console.print(facts(rows))


def callbacks(
    *,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on; else callbacks.host.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port to listen on; else callbacks.port.")
    ] = None,
    settings: SettingsOption = None,
) -> None:
    """Receive the vendors' callbacks and pass them on to the sessions."""
    from longtake.callbacks.app import create_app, parsers_of  # noqa: PLC0415 - an extra
    from longtake.callbacks.server import serve  # noqa: PLC0415
    from longtake.temporal.connection import connect_by  # noqa: PLC0415
    from longtake.temporal.sweeps import keeper  # noqa: PLC0415

    path = find_settings(settings)
    known = load(path, os.environ)
    address = host or known.callbacks.host, known.callbacks.port if port is None else port
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")

    async def receive() -> None:
        # Lazy: callbacks are answered by 503, and sent again, while Temporal is not there.
        client = await connect_by(known.connection, lazy=True)
        parsers = dict(parsers_of(known))
        app = create_app(
            parsers,
            client,
            keeper(client),
            max_body_bytes=known.callbacks.max_body_bytes,
        )

        async def adopt(new: Settings) -> None:
            found = parsers_of(new)
            parsers.clear()
            parsers.update(found)

        watching = asyncio.ensure_future(Reloader(path, os.environ, known).watch(adopt))
        try:
            await serve(app, host=address[0], port=address[1])
        finally:
            watching.cancel()

    public = known.callbacks.public_url or f"http://{address[0]}:{address[1]}"
    rows = [
        (name, f"POST {public}/callbacks/{account.vendor.slug}/{name}")
        for name, account in known.accounts.items()
    ]
    Console().print(facts([*rows, ("health", f"GET {public}/health")]))
    _serve(receive())


def codec_server(
    *,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on; else codec_server.host.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port to listen on; else codec_server.port.")
    ] = None,
    settings: SettingsOption = None,
) -> None:
    """Open sealed payloads for Temporal's UI and command."""
    from longtake.callbacks.server import serve  # noqa: PLC0415 - an extra
    from longtake.temporal.codec import AesGcmCodec  # noqa: PLC0415
    from longtake.temporal.codec_server import create_app  # noqa: PLC0415

    known = load_settings(settings)
    if known.codec_server is None or not known.connection.keyring.keys:
        lacks = "[temporal.codec]" if known.codec_server else "[codec_server] with a token"
        raise Exit(Code.USAGE, f"the settings have no {lacks}: docs/security.md has an example")
    chosen = known.codec_server
    at_host, at_port = host or chosen.host, chosen.port if port is None else port
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    app = create_app(
        AesGcmCodec(known.connection.keyring),
        token=chosen.token.get_secret_value(),
        origins=chosen.origins,
        max_body_bytes=chosen.max_body_bytes,
    )
    url = f"http://{at_host}:{at_port}"
    rows = [
        ("temporal --codec-endpoint", url),
        ("UI with logins", url),
        ("UI without logins", f"{url}/TOKEN"),
        ("pages of", ", ".join(chosen.origins) or "no origin: codec_server.origins is empty"),
        ("health", f"GET {url}/health"),
    ]
    Console().print(facts(rows))
    _serve(serve(app, host=at_host, port=at_port))

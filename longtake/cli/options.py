"""What commands have in common: their options, the settings they find, the connection they open."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from temporalio.client import Client

from longtake.cli.exits import Code, Exit
from longtake.client import RecordingClient, RecordingSession
from longtake.settings import DEFAULT_PATH, Settings, load
from longtake.temporal.connection import connect_by

HOST = "127.0.0.1"
STATE_FOLDER = Path(".longtake")
WRITTEN_BY_UP = STATE_FOLDER / DEFAULT_PATH

SettingsOption = Annotated[
    Path | None,
    typer.Option(
        "--settings",
        envvar="LONGTAKE_SETTINGS",
        metavar="FILE",
        help=f"The settings; else ./{DEFAULT_PATH}, else the file that `longtake up` wrote.",
        show_default=False,
    ),
]
RoomArgument = Annotated[str, typer.Argument(metavar="ROOM", help="The room's name at the vendor.")]
AccountOption = Annotated[
    str | None,
    typer.Option(
        "--account", help="An account of the settings; may be left out where there is one only."
    ),
]
PurposeOption = Annotated[
    str | None, typer.Option("--purpose", help="Tells several recordings of one room apart.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON on standard output.")]

_T = TypeVar("_T")
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def run(work: Coroutine[Any, Any, _T]) -> _T:
    """Run a command's coroutine; Ctrl-C and SIGTERM cancel it."""
    try:
        return asyncio.run(_until_told(work))
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise Exit(Code.INTERRUPTED) from None


async def _until_told(work: Coroutine[Any, Any, _T]) -> _T:
    task = asyncio.ensure_future(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await task


def find_settings(named: Path | None) -> Path:
    """The settings that a command uses; Exit says where they were looked for."""
    if named is not None:
        return named
    for path in (DEFAULT_PATH, WRITTEN_BY_UP):
        if path.is_file():
            return path
    raise Exit(
        Code.USAGE,
        f"no settings: neither --settings nor LONGTAKE_SETTINGS is given, and here is neither"
        f" {DEFAULT_PATH} nor {WRITTEN_BY_UP} (`longtake up` writes that one)",
    )


def load_settings(named: Path | None) -> Settings:
    """The settings, checked; SettingsError names what is wrong."""
    return load(find_settings(named), os.environ)


def only(option: str, there: Mapping[str, object], named: str | None) -> str:
    """The named account or storage, or the only one there is."""
    if named is not None:
        return named
    if len(there) != 1:
        raise Exit(
            Code.USAGE, f"{option}: name one; the settings have {', '.join(there) or 'none'}"
        )
    return next(iter(there))


async def connected(settings: Settings) -> Client:
    """A client of the settings' Temporal; Exit when it cannot be reached."""
    address = settings.temporal.address
    try:
        return await connect_by(settings.connection)
    except RuntimeError as err:
        told = f"no Temporal answers at {address} (temporal.address); `longtake up` starts one"
        if settings.connection.tls:
            told = f"no Temporal answers at {address} over TLS ({_tls_failure(err)})"
        raise Exit(Code.NO_TEMPORAL, told) from None


def _tls_failure(err: RuntimeError) -> str:
    """What is wrong with the certificates, as far as the error tells; never a secret."""
    found = re.search(r"InvalidCertificate\(\w+|AlertReceived\(\w+", str(err))
    return f"{found[0]})" if found else "see temporal.address, api_key and the tls_ keys"


@dataclass(frozen=True)
class Room:
    """The session that a command is about, as its options name it."""

    name: str
    account: str | None
    purpose: str | None
    settings: Path | None

    async def session(self) -> RecordingSession:
        """Connect; the session need not exist."""
        settings = load_settings(self.settings)
        account = only("--account", settings.accounts, self.account)
        settings.account(account)
        client = await connected(settings)
        return RecordingClient(client).handle(account, self.name, self.purpose)


def as_duration(text: str | None) -> str | float | None:
    """`45m`, `1h30m` and plain seconds beside ISO 8601, which passes as it is."""
    if not text:
        return text
    if text.isascii() and text.isdigit():
        return float(text)
    found = _DURATION.fullmatch(text)
    if found is None:
        return text
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)


def pairs(option: str, given: Sequence[str] | None) -> dict[str, str]:
    """`KEY=VALUE` options as a mapping."""
    found: dict[str, str] = {}
    for text in given or ():
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise Exit(Code.USAGE, f"{option}: KEY=VALUE is expected, got {text!r}")
        found[key] = value
    return found

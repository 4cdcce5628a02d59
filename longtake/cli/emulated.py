"""Settings that use an emulated vendor's account."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import typer

from longtake.cli.exits import Code, Exit
from longtake.emulator.account import EmulatedAccount
from longtake.vendors import REGISTRY, emulator

ACCOUNT = "demo"
STORAGE = "demo"
BUCKET = "demo"

Value = str | int | float


def _known(slug: str) -> str:
    if slug not in REGISTRY:
        raise Exit(Code.USAGE, f"--vendor: {', '.join(REGISTRY)} can be emulated, not {slug!r}")
    return slug


VendorOption = Annotated[
    str, typer.Option("--vendor", help="The emulated vendor.", callback=_known)
]


def emulated(slug: str) -> EmulatedAccount:
    """The account that the emulator has at one of the vendors."""
    return emulator(slug).ACCOUNT


@dataclass(frozen=True)
class Addresses:
    """Where the parts of one machine's Longtake listen, and where its recordings lie."""

    temporal: str
    """`host:port`."""
    emulator: str
    """Base url."""
    callbacks_host: str
    callbacks_port: int
    recordings: str
    """The emulator's folder, absolute or relative to the settings' own."""


def settings_text(
    slug: str, at: Addresses, changes: Mapping[str, Mapping[str, Value | None]] | None = None
) -> str:
    """A settings file with one emulated account and its bucket.

    `changes`: by table, keys that are said otherwise, or not at all where the value is None.
    """
    account = emulated(slug)
    told: dict[str, Value] = {}
    if account.callbacks_key:
        receiver = f"http://{at.callbacks_host}:{at.callbacks_port}"
        told[account.callbacks_key] = f"{receiver}/callbacks/{slug}/{ACCOUNT}"
    tables: dict[str, Mapping[str, Value | None]] = {
        # As that server is, whatever TEMPORAL_ variables are set for another one.
        "temporal": {"address": at.temporal, "namespace": "default", "tls": False},
        "callbacks": {"host": at.callbacks_host, "port": at.callbacks_port},
        f"accounts.{ACCOUNT}": {"vendor": slug, "base_url": at.emulator, **account.account, **told},
        f"storage.{STORAGE}": {"url": f"file://{at.recordings}/{BUCKET}"},
        f"storage.{STORAGE}.{slug}": account.storage(BUCKET),
    }
    for name, keys in (changes or {}).items():
        tables[name] = {**tables.get(name, {}), **keys}
    head = (
        "# Written anew by each `longtake up` and `longtake demo`: copy it before you change it.\n"
    )
    return head + "".join(
        f"\n[{name}]\n"
        + "".join(
            f"{key} = {json.dumps(value)}\n" for key, value in keys.items() if value is not None
        )
        for name, keys in tables.items()
    )

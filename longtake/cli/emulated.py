"""The accounts of the emulated vendors, and settings that use one of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from longtake.vendors import REGISTRY

ACCOUNT = "demo"
STORAGE = "demo"
BUCKET = "demo"


@dataclass(frozen=True)
class Emulated:
    """An emulated vendor's account: keys of `[accounts.NAME]` and of `[storage.NAME.VENDOR]`.

    They open nothing outside an emulator. `beside` is what else there is to try.
    """

    account: Mapping[str, str]
    storage: Mapping[str, str]
    beside: Mapping[str, str] = field(default_factory=dict[str, str])


def _agora() -> Emulated:
    # Imported when it is used: the emulator is an extra of its own.
    from longtake.vendors.agora.emulator import credentials  # noqa: PLC0415

    return Emulated(
        account={
            "app_id": credentials.APP_ID,
            "customer_id": credentials.CUSTOMER_ID,
            "customer_secret": credentials.CUSTOMER_SECRET,
            "callback_secret": credentials.CALLBACK_SECRET,
        },
        storage={
            "vendor": "s3",
            "region": "us-east-1",
            "bucket": BUCKET,
            "access_key": "any",
            "secret_key": "any",
        },
        beside={
            "app_id with a certificate": credentials.SECURED_APP_ID,
            "app_certificate": credentials.SECURED_APP_CERTIFICATE,
        },
    )


_EMULATED: Mapping[str, Callable[[], Emulated]] = {"agora": _agora}


def emulated(slug: str) -> Emulated:
    """The account that the emulator has at one of the vendors."""
    return _EMULATED[slug]()


def emulated_vendors() -> list[str]:
    """The vendors that the emulator serves."""
    return [slug for slug in REGISTRY if slug in _EMULATED]


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


def settings_text(slug: str, at: Addresses) -> str:
    """A settings file with one emulated account and its bucket."""
    account = emulated(slug)
    tables: dict[str, dict[str, str | int]] = {
        "temporal": {"address": at.temporal},
        "callbacks": {"host": at.callbacks_host, "port": at.callbacks_port},
        f"accounts.{ACCOUNT}": {"vendor": slug, "base_url": at.emulator, **account.account},
        f"storage.{STORAGE}": {"url": f"file://{at.recordings}/{BUCKET}"},
        f"storage.{STORAGE}.{slug}": dict(account.storage),
    }
    head = (
        "# Written anew by each `longtake up` and `longtake demo`: copy it before you change it.\n"
    )
    return head + "".join(
        f"\n[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())
        for name, keys in tables.items()
    )

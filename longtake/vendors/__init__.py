"""The vendors: one folder and one line each; a folder is imported when its vendor is used."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from longtake.domain.errors import NotConfigured
from longtake.vendorkit.spec import VendorSpec

REGISTRY: Mapping[str, str] = {
    "agora": "longtake.vendors.agora",
    "tencent": "longtake.vendors.tencent",
    "alibaba": "longtake.vendors.alibaba",
    "huawei": "longtake.vendors.huawei",
}


def vendor(slug: str) -> VendorSpec[Any, Any]:
    """What a vendor's folder offers; NotConfigured names the vendors there are."""
    if slug not in REGISTRY:
        raise NotConfigured(f"vendor: unknown {slug!r}; there are {', '.join(REGISTRY)}")
    return import_module(f"{REGISTRY[slug]}.spec").SPEC


def emulator(slug: str) -> Any:
    """A vendor's emulator: `create(world, settings)` and `ACCOUNT`.

    Apart from the vendor's other rooms, because it brings a media encoder along.
    """
    return import_module(f"{REGISTRY[slug]}.emulator")

"""Alibaba Cloud's RTC recording as the emulator serves it: a second opinion on its own texts.

gateway: action, version, signature, rate. signing: who calls. service: what the operations do.
recording: the life of a task. idle: when nothing is sent for too long. staging: whom it records,
and where users are shown. naming, reel, bucket, vod: its files. notices, voice: its callbacks.
wire, requests, record_params, storage_params, layouts: what calls may hold. codes: refusals.
"""

from __future__ import annotations

from longtake.emulator.settings import EmulatorSettings
from longtake.emulator.world import World
from longtake.vendors.alibaba.emulator.credentials import ACCOUNT
from longtake.vendors.alibaba.emulator.gateway import AlibabaEmulator
from longtake.vendors.alibaba.emulator.options import AlibabaOptions

__all__ = ["ACCOUNT", "AlibabaEmulator", "AlibabaOptions", "create"]


def create(world: World, settings: EmulatorSettings) -> AlibabaEmulator:
    """The vendor in ``world``; ``settings.vendors["alibaba"]`` overrides AlibabaOptions.

    Raises:
        pydantic.ValidationError: an override that AlibabaOptions does not have.
    """
    options = AlibabaOptions.model_validate(settings.vendors.get("alibaba", {}))
    return AlibabaEmulator(world, options, strict=settings.strict)

"""Tencent TRTC on-cloud recording as the emulator serves it: a second opinion on its own texts.

gateway: common parameters, signature, rate. signing, user_sigs: who calls, who joins. service: what
the four actions do. recording: the life of a task. staging, subscriptions, geometry: whom it
records, and where users are shown. naming, playlists, bucket, vod: its files. notices, voice: its
callbacks. wire, requests, record_params, storage_params, layouts: what bodies may hold. codes:
refusals.

A room is addressed by its name: a decimal number of 1 to 4294967295 without leading zero is the
integer room, any other name the string room. The string room of such a number is addressed with
quotes around it: ``PUT /_emulator/rooms/tencent/%22123%22``.
"""

from __future__ import annotations

from longtake.emulator.settings import EmulatorSettings
from longtake.emulator.world import World
from longtake.vendors.tencent.emulator.credentials import ACCOUNT
from longtake.vendors.tencent.emulator.gateway import TencentEmulator
from longtake.vendors.tencent.emulator.options import TencentOptions

__all__ = ["ACCOUNT", "TencentEmulator", "TencentOptions", "create"]


def create(world: World, settings: EmulatorSettings) -> TencentEmulator:
    """The vendor in ``world``; ``settings.vendors["tencent"]`` overrides TencentOptions.

    Raises:
        pydantic.ValidationError: an override that TencentOptions does not have.
    """
    options = TencentOptions.model_validate(settings.vendors.get("tencent", {}))
    return TencentEmulator(world, options, strict=settings.strict)

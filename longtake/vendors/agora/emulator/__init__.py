"""Agora Cloud Recording as the emulator serves it: a second opinion on its own texts.

gateway: routes, credentials, rate. service: what calls do. recording: the life of a recorder.
uploads, playlists, naming: its files. notices: its callbacks. requests, start_request,
storage_config, extension_services, layouts: what bodies may hold. refusals: codes. tokens,
geometry, subscriptions: who joins, where users are shown, who is recorded.
"""

from __future__ import annotations

from longtake.emulator.settings import EmulatorSettings
from longtake.emulator.world import World
from longtake.vendors.agora.emulator.credentials import ACCOUNT
from longtake.vendors.agora.emulator.gateway import AgoraEmulator
from longtake.vendors.agora.emulator.options import AgoraOptions

__all__ = ["ACCOUNT", "AgoraEmulator", "AgoraOptions", "create"]


def create(world: World, settings: EmulatorSettings) -> AgoraEmulator:
    """The vendor in ``world``; ``settings.vendors["agora"]`` overrides AgoraOptions.

    Raises:
        pydantic.ValidationError: an override that AgoraOptions does not have.
    """
    options = AgoraOptions.model_validate(settings.vendors.get("agora", {}))
    return AgoraEmulator(world, options, strict=settings.strict)

"""Huawei Cloud RTC recording jobs as the emulator serves them: a second opinion on its own texts.

gateway: routes, callers, rate, and the form of bodies. signing, access, iam: who calls. jobs: what
the calls on jobs do; desk: the calls on all else. recording: the life of a job. staging, geometry:
whom it records, and where users are shown. rulebook, rules: where files go; naming, reels, uploads:
what they are. notices, voice: callbacks. wire, job_requests, mixing: what bodies may hold. codes:
refusals.

Files go where a rule of the application says. The rule ``longtake-BUCKET`` exists from the start
for a bucket of any name, and writes HLS and MP4 into it.
"""

from __future__ import annotations

from longtake.emulator.settings import EmulatorSettings
from longtake.emulator.world import World
from longtake.vendors.huawei.emulator.credentials import ACCOUNT
from longtake.vendors.huawei.emulator.gateway import HuaweiEmulator
from longtake.vendors.huawei.emulator.options import HuaweiOptions

__all__ = ["ACCOUNT", "HuaweiEmulator", "HuaweiOptions", "create"]


def create(world: World, settings: EmulatorSettings) -> HuaweiEmulator:
    """The vendor in ``world``; ``settings.vendors["huawei"]`` overrides HuaweiOptions.

    Raises:
        pydantic.ValidationError: an override that HuaweiOptions does not have.
    """
    options = HuaweiOptions.model_validate(settings.vendors.get("huawei", {}))
    return HuaweiEmulator(world, options, strict=settings.strict)

"""An emulated vendor's account, as our own settings would hold it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class EmulatedAccount:
    """Credentials that open nothing outside an emulator."""

    account: Mapping[str, str]
    """Keys of `[accounts.NAME]`."""
    storage: Callable[[str], Mapping[str, str]]
    """Keys of `[storage.NAME.VENDOR]`, for a bucket's name."""
    beside: Mapping[str, str] = field(default_factory=dict[str, str])
    """What else there is to try."""

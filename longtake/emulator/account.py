"""An emulated vendor's account, as our own settings would hold it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


def _nothing(_mode: str, _users: Sequence[str]) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True)
class EmulatedAccount:
    """Credentials that open nothing outside an emulator."""

    account: Mapping[str, str | int]
    """Keys of `[accounts.NAME]`."""
    storage: Callable[[str], Mapping[str, str]]
    """Keys of `[storage.NAME.VENDOR]`, for a bucket's name."""
    callbacks_key: str = ""
    """The key of `[accounts.NAME]` for the receiver's address, where each start tells it."""
    request: Callable[[str, Sequence[str]], Mapping[str, Any]] = _nothing
    """What a request must say besides, for a mode and the users in the room, to be accepted and to
    have its layout changed."""
    beside: Mapping[str, str] = field(default_factory=dict[str, str])
    """What else there is to try."""

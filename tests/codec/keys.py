"""Two keys, as a rotation has them."""

from __future__ import annotations

import base64

from longtake.temporal.codec import Keyring

OLD = b"an old key of thirty-two bytes.."
NEW = b"a newer key of thirty-two bytes."
TOKEN = "token-of-the-codec-server"


def keyring(*, current: str = "old") -> Keyring:
    return Keyring({"old": OLD, "new": NEW}, current)


def in_text(key: bytes) -> str:
    """As the settings have it."""
    return base64.b64encode(key).decode()

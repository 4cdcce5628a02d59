"""How merged files are called: `<user>_<start>_av.mp4` with pictures, `<user>_<start>.m4a` without.

Source: TRTC, on-cloud recording, merging. The user is in Base64 as in TRTC's own names, where `/`
is written `-` and `=` is written `.`; the start is that of the first slice, YYYYMMDDHHMMSSmmm.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime

MIXED = "mixed"
"""Stands for the user where everybody is in one stream."""


def stem(user: str, begins_at: datetime) -> str:
    """The name without what tells whether it has pictures."""
    at = begins_at.astimezone(UTC)
    return f"{encoded(user) or MIXED}_{at:%Y%m%d%H%M%S}{at.microsecond // 1000:03d}"


def with_ending(name: str, *, picture: bool) -> str:
    """The whole name."""
    return f"{name}_av.mp4" if picture else f"{name}.m4a"


def encoded(user: str) -> str:
    """A user as it stands in file names."""
    return base64.b64encode(user.encode()).decode().translate(str.maketrans("/=", "-."))

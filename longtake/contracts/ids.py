"""Workflow ids: the live workflow of a room is the room's lock."""

from __future__ import annotations

import hashlib
import re


def workflow_id(account: str, room: str, purpose: str | None = None) -> str:
    """`recording:{account}:{room}[:{purpose}]`, each part percent-encoded.

    Outside `A-Z a-z 0-9 . _ -` every byte is encoded, the slash above all: the server's HTTP
    API cannot reach an id with a slash.
    """
    parts = [account, room] if purpose is None else [account, room, purpose]
    return ":".join(["recording", *map(_encoded, parts)])


def session_key(workflow_id: str, first_run_id: str) -> str:
    """Twelve hex digits that tell one session of a room from the next.

    Letters and digits only, because it is a part of the files' path at every vendor.
    """
    return hashlib.sha256(f"{workflow_id}@{first_run_id}".encode()).hexdigest()[:12]


def _encoded(part: str) -> str:
    return re.sub(
        rb"[^A-Za-z0-9._-]", lambda found: b"%%%02X" % found.group()[0], part.encode()
    ).decode()

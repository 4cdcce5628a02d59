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


def swept_id(key: str, task_id: str = "") -> str:
    """The workflow that ends a session for it: `swept:{key}`, or of one late task besides."""
    return ":".join(["swept", key, *([_encoded(task_id)] if task_id else [])])


def sweep_id(account: str) -> str:
    """The schedule that looks after an account, and, with a time behind it, each of its runs."""
    return f"sweep:{_encoded(account)}"


def unclaimed_id(account: str) -> str:
    """The workflow that keeps an account's events which no session claimed."""
    return f"unclaimed:{_encoded(account)}"


def merge_id(key: str, digest: str) -> str:
    """`merge:{key}:{digest}`: a merge of a session's files; the digest is of its options."""
    return f"merge:{key}:{digest}"


def schedule_id(account: str, name: str) -> str:
    """`schedule:{account}:{name}`: a person's schedule of recordings."""
    return f"schedule:{_encoded(account)}:{_encoded(name)}"


def occurrence_id(account: str, name: str) -> str:
    """With a time behind it, the workflow of one occurrence of that schedule."""
    return f"occurrence:{_encoded(account)}:{_encoded(name)}"


def session_key(workflow_id: str, first_run_id: str) -> str:
    """Twelve hex digits that tell one session of a room from the next.

    Letters and digits only, because it is a part of the files' path at every vendor.
    """
    return hashlib.sha256(f"{workflow_id}@{first_run_id}".encode()).hexdigest()[:12]


def _encoded(part: str) -> str:
    return re.sub(
        rb"[^A-Za-z0-9._-]", lambda found: b"%%%02X" % found.group()[0], part.encode()
    ).decode()

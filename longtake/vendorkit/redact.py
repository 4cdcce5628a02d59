"""Keeping secrets and foreign text out of errors, logs and histories."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretStr

HIDDEN = "**********"
TEXT_LIMIT = 200
"""Characters that are kept of a vendor's own words."""

_SHORTEST = 4
"""A shorter secret is no secret, and hiding it would blank ordinary text."""


def secrets_in(value: object) -> frozenset[str]:
    """Every secret held by a model, at any depth."""
    return frozenset(found for found in _walk(value) if len(found) >= _SHORTEST)


def _walk(value: object) -> Iterable[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _walk(getattr(value, name))
    elif isinstance(value, Mapping):
        for entry in cast("Mapping[object, object]", value).values():
            yield from _walk(entry)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for entry in cast("Iterable[object]", value):
            yield from _walk(entry)


def foreign_text(text: object, secrets: Iterable[str] = (), limit: int = TEXT_LIMIT) -> str:
    """A vendor's words in one printable line of at most `limit` characters, secrets hidden."""
    line = str(text)
    for secret in sorted(secrets, key=len, reverse=True):
        line = line.replace(secret, HIDDEN)
    line = " ".join("".join(c if c.isprintable() else " " for c in line).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def plain_address(text: str) -> str:
    """An address without what may let others in: user and password, query, fragment.

    Empty for a text that is no address.
    """
    try:
        parts = urlsplit(text.strip())
        bare = parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="")
    except ValueError:
        return ""
    return bare.geturl() if parts.scheme in {"http", "https"} and bare.netloc else ""

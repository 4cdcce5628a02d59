"""The base of every wire model: what is sent is checked, what is received is forgiven."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer, SecretStr, SerializationInfo

_REVEAL = "reveal"


def _reveal(secret: SecretStr, info: SerializationInfo) -> str:
    context: object = info.context
    return secret.get_secret_value() if context == _REVEAL else str(secret)


Secret = Annotated[SecretStr, PlainSerializer(_reveal, return_type=str)]
"""Readable in `Sent.body()` only: in a repr, a dump or a log it is ten asterisks."""


class Sent(BaseModel):
    """A part of a request: built with the wire's own names, so that errors carry them too."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    def body(self) -> bytes:
        """The JSON to send, UTF-8, without what was not set, secrets in clear."""
        return self.model_dump_json(by_alias=True, exclude_none=True, context=_REVEAL).encode()


class Received(BaseModel):
    """A part of a reply: fields that nobody asked about are left alone."""

    model_config = ConfigDict(extra="ignore", frozen=True)

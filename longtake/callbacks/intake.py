"""From a request to the bytes that are to be verified, and how a callback is turned away."""

from __future__ import annotations

from typing import Self

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from longtake.callbacks.metrics import Outcome

_HANG_UP = {"connection": "close"}
"""Else a server would go on to read what nobody wants, as long as it comes."""


class NotTaken(HTTPException):
    """A callback that was not taken; its answer holds the status' name and nothing else."""

    def __init__(
        self, status: int, outcome: Outcome, reason: str, *, hang_up: bool = False
    ) -> None:
        """`reason` is for the log. `hang_up`: the body was not read to its end."""
        super().__init__(status, headers=_HANG_UP if hang_up else None)
        self.outcome = outcome
        self.reason = reason

    @classmethod
    def too_late(cls) -> Self:
        """The vendor's patience is at its end: be it the body or Temporal that is slow."""
        return cls(503, Outcome.POSTPONED, "not done in time", hang_up=True)


def joined_headers(request: Request) -> dict[str, str]:
    """A header that was sent twice is one with both values: no signature, no media type."""
    headers = request.headers
    return {name: ", ".join(headers.getlist(name)) for name in headers}


def only_json(headers: dict[str, str]) -> None:
    """NotTaken for any other content."""
    media_type = headers.get("content-type", "").partition(";")[0]
    if media_type.strip().lower() != "application/json":
        raise NotTaken(415, Outcome.MALFORMED, "no JSON", hang_up=True)


async def read_body(request: Request, limit: int) -> bytes:
    """The body as it came. NotTaken when it is longer than `limit` bytes, or ends early."""
    received = bytearray()
    try:
        async for chunk in request.stream():
            received += chunk
            if len(received) > limit:
                raise NotTaken(413, Outcome.MALFORMED, "the body is too long", hang_up=True)
    except ClientDisconnect:
        raise NotTaken(400, Outcome.MALFORMED, "the body ended early") from None
    return bytes(received)

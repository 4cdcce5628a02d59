"""Instants as vendors write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def milliseconds(when: datetime) -> int:
    """Unix time in milliseconds, rounded down as ``digits17`` is: one instant, one number."""
    return (when - _EPOCH) // timedelta(milliseconds=1)


def digits17(when: datetime) -> str:
    """UTC as ``YYYYMMDDHHMMSSmmm``, the form in file names."""
    return when.astimezone(UTC).strftime("%Y%m%d%H%M%S%f")[:17]

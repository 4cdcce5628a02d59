"""Values of answers and events, understood in whatever type they come.

Vendors send one field natively here and as text there, times in milliseconds and in places in
seconds, and null for what is absent. What cannot be understood is absent.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, cast

from pydantic import BeforeValidator

_FIRST_MS = 1e11
"""A greater number counts milliseconds: as seconds it would be the year 5138."""


def as_int(given: object) -> int | None:
    """An integer, natively or as text; None for anything else, NaN and infinity included."""
    if isinstance(given, bool):
        return None
    if isinstance(given, (int, float)):
        return int(given) if abs(given) < 1e18 else None  # NaN compares as false
    text = str(given).strip()
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(text) <= 18 else None


def as_bool(given: object) -> bool:
    """`true`, natively or as text; anything else is false."""
    return given is True or str(given).strip().lower() == "true"


def as_time(given: object) -> datetime | None:
    """A Unix time in seconds or milliseconds, in UTC; None for none (0 included) or nonsense."""
    number = as_int(given)
    if number is None or number <= 0:
        return None
    try:
        return datetime.fromtimestamp(number / 1000 if number > _FIRST_MS else number, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def as_text(given: object) -> str:
    """A text that can be written in UTF-8, or an integer as text; empty for anything else."""
    if isinstance(given, str):
        return given.encode(errors="replace").decode()
    number = as_int(given) if isinstance(given, (int, float)) else None
    return "" if number is None else str(number)


def as_mapping(given: object) -> dict[str, Any]:
    """An object; an empty one for anything else."""
    return cast("dict[str, Any]", given) if isinstance(given, dict) else {}


Text = Annotated[str, BeforeValidator(as_text)]
Truth = Annotated[bool, BeforeValidator(as_bool)]
Number = Annotated[int | None, BeforeValidator(as_int)]
Time = Annotated[datetime | None, BeforeValidator(as_time)]

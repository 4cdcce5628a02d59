"""TRTC's answers, forgiven whatever can be understood.

Every answer is `{"Response": {...}}`; an `Error` inside is the only sign of a failure. Numbers
come natively or as text, times in milliseconds, in places in seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, cast

from pydantic import BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_pascal

from longtake.vendorkit.wire import Received

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


def as_time(given: object) -> datetime | None:
    """A Unix time in seconds or milliseconds, in UTC; None for none (0 included) or nonsense."""
    number = as_int(given)
    if number is None or number <= 0:
        return None
    try:
        return datetime.fromtimestamp(number / 1000 if number > _FIRST_MS else number, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def as_mapping(given: object) -> dict[str, Any]:
    """An object; an empty one for anything else."""
    return cast("dict[str, Any]", given) if isinstance(given, dict) else {}


def as_text(given: object) -> str:
    """A text that can be written in UTF-8, or an integer as text; empty for anything else."""
    if isinstance(given, str):
        return given.encode(errors="replace").decode()
    number = as_int(given) if isinstance(given, (int, float)) else None
    return "" if number is None else str(number)


Text = Annotated[str, BeforeValidator(as_text)]
Time = Annotated[datetime | None, BeforeValidator(as_time)]


class Answer(Received):
    """A part of an answer; the wire's names are ours in Pascal case."""

    model_config = ConfigDict(alias_generator=to_pascal)


class StorageFile(Answer):
    """One file of a list: the user is empty for a mixed one."""

    file_name: Text = ""
    user_id: Text = ""
    track_type: Text = ""
    begin_time_stamp: Time = None


def as_objects(given: object) -> list[dict[str, Any]]:
    """The objects of a list; whatever else stands there is left out, null is an empty list."""
    entries = cast("list[object]", given) if isinstance(given, list) else []
    return [cast("dict[str, Any]", entry) for entry in entries if isinstance(entry, Mapping)]


class CreateReply(Answer):
    """CreateCloudRecording."""

    task_id: Annotated[str, Field(min_length=1, max_length=512)]


class TaskReply(Answer):
    """ModifyCloudRecording and DeleteCloudRecording: that there was an answer is all."""


class DescribeReply(Answer):
    """DescribeCloudRecording; the list is empty for a task that records to VOD."""

    status: Text = ""
    """`Idle`, `InProgress` or `Exited`, in any case."""
    storage_file_list: Annotated[tuple[StorageFile, ...], BeforeValidator(as_objects)] = ()

"""SparkRTC's answers, forgiven whatever can be understood: numbers for texts, absent fields."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, cast

from pydantic import BeforeValidator, Field

from longtake.vendorkit.lenient import Text, as_mapping, as_text
from longtake.vendorkit.wire import Received


def as_utc(given: object) -> datetime | None:
    """`2006-01-02T15:04:05.075Z`, with or without milliseconds; None for anything else."""
    try:
        at = datetime.fromisoformat(as_text(given))
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def as_entries(given: object) -> list[object]:
    """A list; an empty one for anything else."""
    return cast("list[object]", given) if isinstance(given, list) else []


def as_objects(given: object) -> list[dict[str, Any]]:
    """The objects of a list; whatever else stands there is left out."""
    entries = (as_mapping(entry) for entry in as_entries(given))
    return [entry for entry in entries if entry]


Utc = Annotated[datetime | None, BeforeValidator(as_utc)]


class StartedJob(Received):
    """Of a start's answer: opaque, but a part of addresses and of files' names."""

    job_id: Annotated[
        str, BeforeValidator(as_text), Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")
    ]


class MixState(Received):
    """Of a mix: the template that the job was started with, or changed to."""

    layout_template: Text = ""


class Job(Received):
    """A job as it stands. Its files are never listed."""

    state: Text = ""
    """`INIT`, `RUNNING` or `STOPPED`; one example has none."""
    stop_reason: Text = ""
    description: Text = ""
    create_time: Utc = None
    start_time: Utc = None
    stop_time: Utc = None
    mix_param: Annotated[MixState, BeforeValidator(as_mapping)] = MixState()


class Accepted(Received):
    """An answer without a body."""


class Rule(Received):
    """A recording rule."""

    rule_id: Annotated[str, BeforeValidator(as_text), Field(min_length=1)]
    record_formats: Annotated[tuple[Text, ...], BeforeValidator(as_entries)] = ()


class Rules(Received):
    """One page of the application's rules."""

    rules: Annotated[tuple[Rule, ...], BeforeValidator(as_objects)] = ()

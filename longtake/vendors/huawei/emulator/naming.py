"""Names of streams and files, and instants as jobs and files tell them."""

from __future__ import annotations

from datetime import UTC, datetime

from longtake.emulator.ledger import rfc3339
from longtake.vendors.huawei.emulator.rules import Format, ObsAddress, expanded


def stream_name(job_id: str, room: str, user: str | None) -> str:
    """Of an individual job, or of a mix (``user`` None)."""
    return f"m_{job_id}_{room}" if user is None else f"s_{job_id}_{room}_{user}"


def object_stem(
    place: ObsAddress, prefix: str, *, app: str, form: Format, stream: str, began: datetime
) -> str:
    """The key of a file without its extension."""
    values = {
        "app_id": app,
        "record_format": form.lower(),
        "stream": stream,
        "file_start_time": f"{began.astimezone(UTC):%Y-%m-%d-%H-%M-%S}",
    }
    folder = f"{place.object.rstrip('/')}/" if place.object.rstrip("/") else ""
    return folder + expanded(prefix, values)


def bare(key: str) -> str:
    """A file's name without its folder."""
    return key.rsplit("/", 1)[-1]


def millisecond_stamp(when: datetime) -> str:
    """As jobs and rules tell times."""
    return rfc3339(when)


def second_stamp(when: datetime) -> str:
    """As callbacks tell times."""
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"

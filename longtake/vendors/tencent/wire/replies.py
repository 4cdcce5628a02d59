"""TRTC's answers, forgiven whatever can be understood.

Every answer is `{"Response": {...}}`; an `Error` inside is the only sign of a failure. Numbers
come natively or as text, times in milliseconds, in places in seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, cast

from pydantic import BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_pascal

from longtake.vendorkit.lenient import Text, Time
from longtake.vendorkit.wire import Received


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

    task_id: Annotated[str, Field(pattern=r"^[!-.0-~]{1,512}$")]
    """Opaque, but a folder's name: printable ASCII without a space or a slash."""


class TaskReply(Answer):
    """ModifyCloudRecording and DeleteCloudRecording: that there was an answer is all."""

    request_id: Annotated[str, Field(min_length=1)]


class DescribeReply(Answer):
    """DescribeCloudRecording; the list is empty for a task that records to VOD."""

    status: Text = ""
    """`Idle`, `InProgress` or `Exited`, in any case."""
    storage_file_list: Annotated[tuple[StorageFile, ...], BeforeValidator(as_objects)] = ()

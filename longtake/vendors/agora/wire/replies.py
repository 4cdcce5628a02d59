"""Agora's answers, forgiven whatever can be understood.

The same field comes as text or natively typed, under one of two spellings, or not at all,
depending on the age of the service that answers. Times are Unix ms, in places seconds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Annotated, cast

from pydantic import AliasChoices, BeforeValidator, Field, ValidationError

from longtake.vendorkit.lenient import Number, Text, Time, Truth, as_mapping
from longtake.vendorkit.wire import Received


class FileEntry(Received):
    """One file of a list."""

    file_name: Annotated[str, Field(min_length=1)] = Field(
        validation_alias=AliasChoices("fileName", "filename")
    )
    track_type: Text = Field(default="", alias="trackType")
    uid: Text = ""
    mixed_all_user: Truth = Field(default=False, alias="mixedAllUser")
    begins_at: Time = Field(default=None, alias="sliceStartTime")


_BETWEEN_PLAYLISTS = re.compile(r"(?<=\.m3u8);")
"""A channel's name may hold a semicolon, too."""


def as_files(given: object) -> tuple[FileEntry, ...]:
    """A list of files in any shape: entries, names, names in one text, JSON as text, nothing.

    An entry that cannot be understood is left out: storage is asked for the truth anyway.
    """
    if isinstance(given, str):
        text = given.strip()
        if not text.startswith("["):
            given = [name for name in _BETWEEN_PLAYLISTS.split(text) if name]
        else:
            try:
                given = json.loads(text)
            except (ValueError, RecursionError):
                return ()
    if isinstance(given, Mapping):
        given = [cast("object", given)]
    if not isinstance(given, (list, tuple)):
        return ()
    found = (_entry(entry) for entry in cast("list[object]", given))
    return tuple(entry for entry in found if entry is not None)


def _entry(given: object) -> FileEntry | None:
    try:
        return FileEntry.model_validate({"fileName": given} if isinstance(given, str) else given)
    except ValidationError:
        return None


Files = Annotated[tuple[FileEntry, ...], BeforeValidator(as_files)]


class ServicePayload(Received):
    """What an extension service says of itself."""

    state: Text = ""
    onhold: Truth = False
    files: Files = Field(default=(), alias="fileList")
    uploading_status: Text = Field(default="", alias="uploadingStatus")


class ServiceState(Received):
    """An entry of `extensionServiceState`; one edition of the API spelt `playload`."""

    service_name: Text = Field(default="", alias="serviceName")
    payload: Annotated[ServicePayload, BeforeValidator(as_mapping)] = Field(
        default=ServicePayload(), validation_alias=AliasChoices("payload", "playload")
    )


def _as_services(given: object) -> object:
    if not isinstance(given, list):
        return ()
    entries = cast("list[object]", given)
    return [cast("object", entry) for entry in entries if isinstance(entry, Mapping)]


class ServerResponse(Received):
    """`serverResponse` of query and stop."""

    status: Number = None
    files: Files = Field(default=(), alias="fileList")
    uploading_status: Text = Field(default="", alias="uploadingStatus")
    services: Annotated[tuple[ServiceState, ...], BeforeValidator(_as_services)] = Field(
        default=(), alias="extensionServiceState"
    )

    def service(self, name: str) -> ServicePayload | None:
        """What the service `name` says, if it says anything."""
        return next((s.payload for s in self.services if s.service_name == name), None)

    def all_files(self) -> tuple[FileEntry, ...]:
        """The files of the recording and of its services."""
        return (*self.files, *(file for s in self.services for file in s.payload.files))


class AcquireReply(Received):
    """acquire."""

    resource_id: Annotated[str, Field(min_length=1)] = Field(alias="resourceId")


class StartReply(Received):
    """start."""

    sid: Annotated[str, Field(min_length=1, max_length=256)]


class UpdateReply(Received):
    """update and updateLayout: that there was an answer is all that is needed."""


class QueryReply(Received):
    """query."""

    server_response: ServerResponse = Field(alias="serverResponse")


class StopReply(Received):
    """stop; an asynchronous one says nothing of files."""

    server_response: Annotated[ServerResponse, BeforeValidator(as_mapping)] = Field(
        default=ServerResponse(), alias="serverResponse"
    )

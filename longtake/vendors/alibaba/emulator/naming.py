"""Names of the files that a task makes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain, count

from longtake.emulator.stage import TrackKey
from longtake.vendors.alibaba.emulator.codes import FILE_INFO, Refusal
from longtake.vendors.alibaba.emulator.options import AlibabaOptions
from longtake.vendors.alibaba.emulator.storage_params import EXTENSIONS, FileInfo, as_name

_LONGEST_KEY = 1023  # bytes; OSS, object naming conventions

_SUFFIX = {"both": "AV", "audio": "A", "video": "V"}


def stream_name(key: TrackKey) -> str:
    """What Describe calls a stream in VOD."""
    if key.user is None:
        return "Mix"
    source = "" if key.kind == "audio" else f"::{'C' if key.stream == 'main' else 'S'}"
    return f"Single::{key.user}::{_SUFFIX[key.kind]}{source}"


@dataclass(frozen=True)
class Names:
    """Of one task. ``given``: the keys of recordings, none of which is given twice."""

    options: AlibabaOptions
    app_id: str
    channel_id: str
    task_id: str
    given: set[str] = field(default_factory=set[str])

    def file(self, info: FileInfo, key: TrackKey, began: datetime) -> str:
        """The object key of a new recording that began then.

        A number follows where an earlier one has that name, as without ``{StartTime}``.
        """
        stem = f"{info.folder}{self.task_id}/{self._rendered(info.file_name_pattern, key, began)}"
        extension = EXTENSIONS[info.format]
        names = chain([stem], (f"{stem}_{number}" for number in count(2)))
        name = next(n for n in (f"{n}.{extension}" for n in names) if n not in self.given)
        self.given.add(name)
        return name

    def slice(self, info: FileInfo, key: TrackKey, began: datetime, sequence: int) -> str:
        """The object key of a slice of that recording."""
        name = self._rendered(info.slice_name_pattern, key, began, sequence)
        return f"{info.folder}{self.task_id}/{name}.ts"

    def check_lengths(
        self,
        files: Sequence[FileInfo],
        users: Iterable[str],
        now: datetime,
        *,
        code: str = FILE_INFO,
    ) -> None:
        """
        Raises:
            Refusal: a key, or one level of it, would be longer than a store takes.
        """
        longest = max(users, key=lambda user: len(as_name(user).encode()))
        key = TrackKey(longest, "both")
        names = [(i.folder, i.file_name_pattern, EXTENSIONS[i.format]) for i in files]
        names += [(i.folder, i.slice_name_pattern, "ts") for i in files if i.format == "HLS"]
        for folder, pattern, extension in names:
            name = f"{self._rendered(pattern, key, now, 10**8)}.{extension}"
            if len(f"{folder}{self.task_id}/{name}".encode()) > _LONGEST_KEY:
                raise Refusal(code, f"FileInfo: a file's key would exceed {_LONGEST_KEY} bytes")
            limit = self.options.longest_level
            if any(len(level.encode()) > limit for level in (*folder.split("/"), name)):
                raise Refusal(code, f"FileInfo: a level of a path would exceed {limit} bytes")

    def _rendered(
        self, pattern: str, key: TrackKey, began: datetime, sequence: int | None = None
    ) -> str:
        local = began + timedelta(hours=self.options.start_time_offset)
        values = {
            "AppId": self.app_id,
            "ChannelId": as_name(self.channel_id),
            "StartTime": f"{local:%Y-%m-%d-%H:%M:%S}",
            "UserId": as_name(key.user or ""),
            "SourceType": self.options.source_names[key.stream == "aux"],
            "Sequence": str(sequence),
        }
        return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], pattern)


def bare(key: str) -> str:
    """A file's name without its folder."""
    return key.rsplit("/", 1)[-1]

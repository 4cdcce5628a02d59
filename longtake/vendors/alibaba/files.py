"""The names of stored files, asked for and read.

    mixed         <start>[_<sequence>].<m3u8|ts|mp4|mp3>
    individual    <start>_<source>_<user>[_<sequence>].<m3u8|ts|mp4|mp3>

Files lie in a folder that has the task's id for a name. How the service calls them by itself is
not documented, so it is always told; what it writes for a source is not documented either. `start`
is YYYY-MM-DD-hh:mm:ss in a zone that is not told; slices have a sequence number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from longtake.domain.files import LISTED, FileKind, FileRef, Track
from longtake.vendors.alibaba.wire.replies import RecordFileList, VodMedia

MIXED_NAME = "{StartTime}"
INDIVIDUAL_NAME = "{StartTime}_{SourceType}_{UserId}"
SLICE_SUFFIX = "_{Sequence}"

_STAMP = r"[0-9]{4}(?:-[0-9]{2}){3}(?::[0-9]{2}){2}"
_STAMP_FORMAT = "%Y-%m-%d-%H:%M:%S"
_NAME = re.compile(
    rf"(?P<start>{_STAMP})(?P<rest>(?:_.+)?)\.(?P<extension>m3u8|ts|mp4|mp3)", re.DOTALL
)
_SOURCE_AND_USER = re.compile(r"_(?P<source>[^_]*)_(?P<user>.+)", re.DOTALL)
_SCREEN = re.compile(r"1|s.*", re.DOTALL | re.IGNORECASE)
"""How a source may be written that is a shared screen: the API's number, or a word for it."""
_MEDIA = re.compile(r"Single::(?P<user>.+)::(?P<kind>A|(?:AV|V)::[CS])", re.DOTALL)
_KINDS: Mapping[str, FileKind] = {
    "m3u8": "playlist",
    "ts": "segment",
    "mp4": "mp4",
    "mp3": "audio",
}
_TRACKS: Mapping[str, Track] = {"A": "audio", "V": "video"}


MAX_KEY = 1023
"""Bytes of a key. Source: Alibaba Cloud, OSS, object naming conventions."""
_TASK_ID = "00000000-0000-0000-0000-000000000000"
_EXTENSION = ".m3u8"


@dataclass(frozen=True)
class FileName:
    """The parts of a file's name. `str()` writes it, `read` reads it."""

    begins_at: datetime
    extension: str
    source: str = ""
    """As the service writes it."""
    user: str = ""
    """Empty for a mixed file."""
    sequence: int | None = None
    """Of a slice."""

    def __str__(self) -> str:
        """The name, without a folder; its time in the zone that `begins_at` has."""
        user = f"_{self.source}_{self.user}" if self.user else ""
        sequence = "" if self.sequence is None else f"_{self.sequence}"
        stamp = f"{self.begins_at:%Y-%m-%d-%H:%M:%S}"
        return f"{stamp}{user}{sequence}.{self.extension}"

    @classmethod
    def read(cls, name: str, zone: tzinfo = UTC) -> FileName | None:
        """The parts of a name without its folder; None for one of another pattern."""
        found = _NAME.fullmatch(name)
        at = found and _time(found["start"], zone)
        if found is None or at is None:
            return None
        rest, sequence = found["rest"], None
        if found["extension"] == "ts":
            rest, _, number = rest.rpartition("_")
            if not re.fullmatch("[0-9]{1,12}", number):
                return None
            sequence = int(number)
        if not rest:
            return cls(at, found["extension"], sequence=sequence)
        parts = _SOURCE_AND_USER.fullmatch(rest)
        return parts and cls(at, found["extension"], parts["source"], parts["user"], sequence)


def key_bytes(folder: str, pattern: str, **values: str) -> int:
    """How long the key of a file by that pattern may be; `values` are those of its variables.

    A source and a number stand in it as their variables, which are longer.
    """
    told = {"StartTime": "0000-00-00-00:00:00", **values}
    name = re.sub(r"\{(\w+)\}", lambda found: told.get(found[1], found[0]), pattern)
    return len(f"{folder}/{_TASK_ID}/{name}{_EXTENSION}".encode())


def task_folder(key: str, folder: str) -> tuple[str, str] | None:
    """The task's id and the file's name, of a key `<folder>/<task>/<name>`."""
    task, slash, name = key.removeprefix(f"{folder}/").partition("/")
    return (task, name) if key.startswith(f"{folder}/") and task and slash and name else None


def is_recording(name: str) -> bool:
    """Whether the extension is one of a recording's."""
    return re.search(r"\.(m3u8|ts|mp4|mp3)$", name) is not None


def describe(key: str, zone: tzinfo = UTC) -> FileRef:
    """Kind, user, track, stream and beginning of a file, as far as its name tells them."""
    extension = key.rsplit(".", 1)[-1]
    name = _named(key, zone)
    return FileRef(
        key=key,
        kind=_KINDS.get(extension, "other"),
        user=name.user if name else "",
        track="audio" if extension == "mp3" else "audio_video",
        stream="substream" if name and _SCREEN.fullmatch(name.source) else "primary",
        begins_at=name.begins_at if name else _last_stamp(key, zone),
    )


def reported(
    listed: RecordFileList, folder: str, task_id: str, zone: tzinfo = UTC
) -> tuple[FileRef, ...]:
    """The vendor's lists, playlists first, cut to what a history holds.

    Names are completed to `<folder>/<task>/<name>` where they come without.
    """
    names = (*listed.hls_file_list, *listed.mp4_file_list, *listed.mp3_file_list)
    files = [describe(_key(name, folder, task_id), zone) for name in names]
    return (*files, *(media for stream in listed.vod_media_list for media in _media(stream)))[
        :LISTED
    ]


def _key(name: str, folder: str, task_id: str) -> str:
    if name.startswith(f"{folder}/"):
        return name
    return f"{folder}/{name}" if name.startswith(f"{task_id}/") else f"{folder}/{task_id}/{name}"


def _media(stream: VodMedia) -> Iterable[FileRef]:
    """VOD knows its media by id; those merged in the end hold all of the others."""
    found = _MEDIA.fullmatch(stream.stream)
    track = _TRACKS.get(found["kind"].partition(":")[0], "audio_video") if found else "audio_video"
    substream = found is not None and found["kind"].endswith("::S")
    for media_id in (*stream.merged_ids, *stream.media_ids):
        yield FileRef(
            key=media_id,
            file_id=media_id,
            user=found["user"] if found else "",
            track=track,
            stream="substream" if substream else "primary",
        )


def _named(key: str, zone: tzinfo) -> FileName | None:
    """The name begins at its time: a user's id may hold a slash, and no folder above a colon."""
    found = re.search(rf"(?:^|/)(?={_STAMP})", key)
    return FileName.read(key[found.end() :], zone) if found else None


def _last_stamp(key: str, zone: tzinfo) -> datetime | None:
    """The time in a name of another pattern, wherever it stands."""
    stamps: list[str] = re.findall(_STAMP, key)
    return _time(stamps[-1], zone) if stamps else None


def _time(stamp: str, zone: tzinfo) -> datetime | None:
    try:
        return datetime.strptime(stamp, _STAMP_FORMAT).replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):  # no date, or one at the end of time
        return None

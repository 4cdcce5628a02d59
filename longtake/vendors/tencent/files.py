"""The names of stored files, written and read. Source: TRTC, on-cloud recording, file names.

    mixed     <app>_<room>[_<utc>|_<index>].<m3u8|ts|mp4|aac>
    single    <app>_<room>__UserId_s_<user>__UserId_e_<main|aux>[_<audio|video>][_<utc>|_<index>]...

A file that was recovered after a failure begins with `ha1_` to `ha3_`; one for VOD may begin with
an id of the caller's and `__UserDefine_u_`, and may have single underscores around the user. A
user is in Base64, and so is a room whose id is a text. `utc` is YYYYMMDDHHMMSSmmm; an index is
there only if a long file was split.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import quote

from longtake.domain.files import LISTED, FileKind, FileRef, Track
from longtake.vendors.tencent.wire.replies import StorageFile

Media = Literal["main", "aux"]

_NAME = re.compile(
    r"(?:(?P<record_id>[A-Za-z0-9_-]+)__UserDefine_u_)?(?:ha(?P<restart>[1-3])_)?"
    r"(?P<app>[0-9]+)_(?P<room>[A-Za-z0-9+.-]+)"
    r"(?:__?UserId_s_(?P<user>[A-Za-z0-9+.-]+)__?UserId_e_(?P<media>main|aux)"
    r"(?:_(?P<track>audio_?video|audio|video))?)?"
    r"(?:_(?:(?P<utc>[0-9]{17})|(?P<index>[1-9][0-9]{0,8})))?\.(?P<extension>m3u8|ts|mp4|aac)"
)
_TRACKS: Mapping[str, Track] = {
    "audio": "audio",
    "video": "video",
    "audio_video": "audio_video",
    "audiovideo": "audio_video",
}
_KINDS: Mapping[str, FileKind] = {
    "m3u8": "playlist",
    "ts": "segment",
    "mp4": "mp4",
    "aac": "audio",
}


@dataclass(frozen=True)
class FileName:
    """The parts of a file's name. `str()` writes it, `read` reads it."""

    app: int
    room: str
    """As it stands in names: see `room_part`."""
    extension: str
    user: str = ""
    """Empty for a mixed file."""
    media: Media = "main"
    track: str = ""
    """`audio`, `video`, `audio_video` or `audiovideo`; empty in mixed and in MP4 names."""
    begins_at: datetime | None = None
    index: int | None = None
    restart: int | None = None
    record_id: str = ""

    def __str__(self) -> str:
        """The name, without a folder."""
        parts = [f"{self.app}_{self.room}"]
        if self.user:
            parts[0] += f"__UserId_s_{encoded(self.user)}__UserId_e_{self.media}"
        if self.track:
            parts.append(self.track)
        if self.begins_at is not None:
            parts.append(_digits(self.begins_at))
        if self.index is not None:
            parts.append(str(self.index))
        restart = f"ha{self.restart}_" if self.restart else ""
        own = f"{self.record_id}__UserDefine_u_" if self.record_id else ""
        return f"{own}{restart}{'_'.join(parts)}.{self.extension}"

    @classmethod
    def read(cls, name: str) -> FileName | None:
        """The parts of a name without its folder; None for a file that is not TRTC's."""
        found = _NAME.fullmatch(name)
        if found is None:
            return None
        part = found.groupdict(default="")
        try:
            return cls(
                app=int(part["app"]),
                room=part["room"],
                extension=part["extension"],
                user=decoded(part["user"]),
                media="aux" if part["media"] == "aux" else "main",
                track=part["track"],
                begins_at=_time(part["utc"]) if part["utc"] else None,
                index=int(part["index"]) if part["index"] else None,
                restart=int(part["restart"]) if part["restart"] else None,
                record_id=part["record_id"],
            )
        except ValueError:  # no Base64 of a text, no date
            return None


def encoded(text: str) -> str:
    """Base64 as it stands in names: `/` is written `-`, `=` is written `.`, and `+` stays."""
    return base64.b64encode(text.encode()).decode().translate(str.maketrans("/=", "-."))


def decoded(text: str) -> str:
    """What `encoded` was given; ValueError if it is no text in Base64."""
    return base64.b64decode(text.translate(str.maketrans("-.", "/=")), validate=True).decode()


def room_part(room: str, *, numeric: bool) -> str:
    """A room's id as it stands in names: a number is plain."""
    return room if numeric else encoded(room)


def url_path(key: str) -> str:
    """A key as part of an address: ids hold `+`, which unquoted may be read as a space."""
    return quote(key, safe="/")


def task_folder(key: str, path: str) -> tuple[str, str] | None:
    """The task's id and the file's name, of a key `<path>/<task>/<name>`."""
    task, slash, name = key.removeprefix(f"{path}/").partition("/")
    return (task, name) if key.startswith(f"{path}/") and task and slash else None


def describe(key: str) -> FileRef:
    """Kind, user, track, stream, part and beginning of a file, as far as its name tells them."""
    name = key.rsplit("/", 1)[-1]
    extension = name.rsplit(".", 1)[-1]
    file = FileName.read(name)
    track: Track = "audio" if extension == "aac" else "audio_video"
    return FileRef(
        key=key,
        kind=_KINDS.get(extension, "other"),
        user=file.user if file else "",
        track=_TRACKS.get(file.track, track) if file else track,
        stream="substream" if file and file.media == "aux" else "primary",
        part=f"ha{file.restart}" if file and file.restart else "",
        begins_at=file.begins_at if file else None,
    )


def reported(files: Iterable[StorageFile], folder: str = "") -> tuple[FileRef, ...]:
    """The vendor's list, playlists first, cut to what a history holds.

    `folder` completes names that come without one.
    """
    found = (_reported(file, folder) for file in files if file.file_name)
    return tuple(sorted(found, key=lambda file: file.kind != "playlist")[:LISTED])


def _reported(file: StorageFile, folder: str) -> FileRef:
    name = file.file_name
    by_name = describe(name if "/" in name or not folder else f"{folder}/{name}")
    return by_name.model_copy(
        update={
            "user": by_name.user or file.user_id,
            "track": _TRACKS.get(file.track_type, by_name.track),
            "begins_at": file.begin_time_stamp or by_name.begins_at,
        }
    )


def _digits(at: datetime) -> str:
    at = at.astimezone(UTC)
    return f"{at:%Y%m%d%H%M%S}{at.microsecond // 1000:03d}"


def _time(digits: str) -> datetime:
    at = datetime.strptime(digits[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return at.replace(microsecond=int(digits[14:]) * 1000)

"""The names of streams and stored files, written and read. Source: SparkRTC API v2, naming rules.

    stream of a mix     m_<job>_<room>
    stream of one user  s_<job>_<room>_<user>
    key, by default     <app>/<hls|mp4>/<stream>_<start>/<stream>_<start>.<m3u8|ts|mp4>

The recording rule may put the same variables together in another way. `start` is
YYYY-MM-DD-hh-mm-ss. Ids stand in a name as they are: where room or user have an underscore, the
name alone does not tell where one ends.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from longtake.domain.files import FileKind, FileRef
from longtake.vendors.huawei.wire.replies import as_utc

MIX = "mix"
EXTENSIONS: Mapping[str, FileKind] = {"m3u8": "playlist", "ts": "segment", "mp4": "mp4"}
FORMATS = ("hls", "mp4", "HLS", "MP4")
"""`{record_format}`: the values are written in capitals, a sample of a name in small letters."""

_JOB = r"[0-9A-Za-z.-]+"
_TIME = r"[0-9]{4}(?:-[0-9]{2}){5}"
_START = re.compile(rf"(?<![0-9]){_TIME}(?![0-9])")
_ENDS = rf"[^0-9A-Za-z/]?{_TIME}(?![0-9])|(?=/)|(?=\.(?:{'|'.join(EXTENSIONS)})$)|$"
"""After a stream's name comes a time, a slash, or the file's extension."""
_STREAM = re.compile(rf"(?<![0-9A-Za-z])[ms]_{_JOB}_")
_USER = re.compile(rf"s_{_JOB}_[^/_]+_(?P<user>[^/_]+?)(?:{_ENDS})(?![^0-9A-Za-z/]?{_TIME})")
"""Names that hold exactly one underscore between room and user, and so cannot be misread; the
first of two times is the user's own."""
_DATED = re.compile(r"^#EXT-X-PROGRAM-DATE-TIME:(\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Stream:
    """What a job records. `str()` writes its name, `read` reads it."""

    job: str
    room: str
    user: str = ""
    """Empty for a mix."""

    def __str__(self) -> str:
        """The name, as in keys and in events."""
        if self.user:
            return f"s_{self.job}_{self.room}_{self.user}"
        return f"m_{self.job}_{self.room}"

    @property
    def recorder(self) -> str:
        """The identity under which the session knows the job."""
        return recorder_id(self.user)

    @classmethod
    def read(cls, name: str, room: str) -> Stream | None:
        """The parts of a name, for the room that it is known to be of."""
        named = re.escape(room)
        found = re.fullmatch(rf"m_({_JOB})_{named}|s_({_JOB})_{named}_(.+)", name, re.DOTALL)
        if found is None:
            return None
        mix, single, user = found.groups(default="")
        return cls(mix or single, room, user)


def recorder_id(user: str) -> str:
    """What tells the recorders of a room apart: whom they record; nobody in particular, a mix."""
    return f"user:{user}" if user else MIX


def job_in(key: str, room: str, user: str) -> str | None:
    """The job's id, when the key holds the name of the stream of this room, and of this user.

    A stream's name ends where a time follows, a slash, or the file's extension: the room `a` is
    not to be taken for the room `a_b`.
    """
    kind, whose = ("s", f"_{re.escape(user)}") if user else ("m", "")
    stream = rf"(?<![0-9A-Za-z]){kind}_({_JOB})_{re.escape(room)}{whose}(?:{_ENDS})"
    found = re.search(stream, key)
    return found[1] if found else None


def key_prefixes(prefix: str, app_id: str, stream: str) -> tuple[str, ...]:
    """How the keys of a stream begin, by the beginning of all keys as the settings tell it.

    `stream` is the name, or as much of its beginning as is known.
    """
    before, streamed, _ = prefix.replace("{app_id}", app_id).partition("{stream}")
    formats = FORMATS if "{record_format}" in before else ("",)
    known = (before.replace("{record_format}", form).partition("{") for form in formats)
    return tuple(
        dict.fromkeys(text + stream if streamed and not more else text for text, more, _ in known)
    )


def describe(key: str) -> FileRef:
    """Kind, user and beginning of a file, as far as its name tells them without doubt."""
    starts = _START.findall(key)
    return FileRef(
        key=key,
        kind=EXTENSIONS.get(key.rsplit(".", 1)[-1], "other"),
        user=_user_in(key),
        begins_at=_time(starts[-1]) if starts else None,
    )


def _user_in(key: str) -> str:
    """Of the first name of a stream in a step: what follows in it may be the room's own name."""
    for step in reversed(key.split("/")):
        if begins := _STREAM.search(step):
            found = _USER.match(step, begins.start())
            return found["user"] if found else ""
    return ""


def _time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d-%H-%M-%S").replace(tzinfo=UTC)
    except ValueError:  # no date
        return None


def playlist_began(text: str) -> datetime | None:
    """The time that a playlist gives its first slice, where it has HLS's own tag for it."""
    found = _DATED.search(text)
    return as_utc(found[1]) if found else None

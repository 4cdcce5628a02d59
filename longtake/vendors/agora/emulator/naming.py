"""Names of the files that a recording makes, and the entries that list them.

From the references' file pages: times in names are UTC, ``YYYYMMDDHHMMSSmmm``; every name has the
prefix path of ``storageConfig`` before it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from longtake.emulator.stage import Kind, TrackKey
from longtake.emulator.stamps import milliseconds
from longtake.emulator.takes import Track

MIXED_UID = "0"
"""The uid under which files list what holds everybody."""

_SPECIAL = re.compile(r"[!@#$%^&*()+_.=\[\]{}~|,;:?<>]")


@dataclass(frozen=True)
class Stems:
    """The names of one recording; ``generation`` 0, or the n-th failover."""

    prefix: str
    sid: str
    cname: str

    @classmethod
    def of(cls, prefix: str, sid: str, cname: str, *, web: bool) -> Stems:
        """Web page recording replaces special characters of the name."""
        return cls(prefix, sid, _SPECIAL.sub("-", cname) if web else cname)

    def of_track(self, generation: int, key: TrackKey) -> str:
        if key.user is None:
            return self._mixed(generation)
        return self.of_user(generation, key.user, "video" if key.kind == "video" else "audio")

    def of_user(self, generation: int, uid: str, token: Literal["audio", "video"]) -> str:
        return f"{self._mixed(generation)}__uid_s_{uid}__uid_e_{token}"

    def _mixed(self, generation: int) -> str:
        backup = f"bak{generation - 1}_" if generation else ""
        return f"{self.prefix}{backup}{self.sid}_{self.cname}"


def uid_of(key: TrackKey) -> str:
    return MIXED_UID if key.user is None else key.user


def track_type(kind: Kind) -> str:
    return "audio_and_video" if kind == "both" else kind


@dataclass(frozen=True)
class FileEntry:
    """A file as ``fileList`` in its JSON form shows it."""

    name: str
    kind: Kind
    uid: str
    began: datetime

    @classmethod
    def of(cls, track: Track) -> FileEntry:
        return cls(track.playlist, track.key.kind, uid_of(track.key), track.began)

    def as_json(self) -> dict[str, Any]:
        return {
            "fileName": self.name,
            "trackType": track_type(self.kind),
            "uid": self.uid,
            "mixedAllUser": self.uid == MIXED_UID,
            "isPlayable": True,
            "sliceStartTime": milliseconds(self.began),
        }

    def as_web_json(self) -> dict[str, Any]:
        return {"filename": self.name, "sliceStartTime": milliseconds(self.began)}

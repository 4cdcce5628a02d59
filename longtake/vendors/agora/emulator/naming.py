"""Names of the files that a recording makes, and the entries that list them.

From the references' file pages: times in names are UTC, ``YYYYMMDDHHMMSSmmm``; every name has the
prefix path of ``storageConfig`` before it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from longtake.vendors.agora.emulator.notices import milliseconds

TrackType = Literal["audio", "video", "audio_and_video"]

MIXED_UID = "0"
"""The uid under which files list what holds everybody."""

_SPECIAL = re.compile(r"[!@#$%^&*()+_.=\[\]{}~|,;:?<>]")


@dataclass(frozen=True)
class Stems:
    """The names of one recording on one server: ``generation`` 0, or the n-th failover."""

    prefix: str
    sid: str
    cname: str
    generation: int = 0

    @classmethod
    def of(cls, prefix: str, sid: str, cname: str, *, web: bool) -> Stems:
        """Web page recording replaces special characters of the name."""
        return cls(prefix, sid, _SPECIAL.sub("-", cname) if web else cname)

    @property
    def mixed(self) -> str:
        backup = f"bak{self.generation - 1}_" if self.generation else ""
        return f"{self.prefix}{backup}{self.sid}_{self.cname}"

    def of_user(self, uid: str, token: Literal["audio", "video", "av"]) -> str:
        return f"{self.mixed}__uid_s_{uid}__uid_e_{token}"


def at(stem: str, when: datetime, extension: str) -> str:
    """The name of a slice or a snapshot that begins at ``when``."""
    stamp = when.astimezone(UTC).strftime("%Y%m%d%H%M%S%f")[:17]
    return f"{stem}_{stamp}.{extension}"


@dataclass(frozen=True)
class FileEntry:
    """A file as ``fileList`` in its JSON form shows it."""

    name: str
    track: TrackType
    uid: str
    began: datetime

    def as_json(self) -> dict[str, Any]:
        return {
            "fileName": self.name,
            "trackType": self.track,
            "uid": self.uid,
            "mixedAllUser": self.uid == MIXED_UID,
            "isPlayable": True,
            "sliceStartTime": milliseconds(self.began),
        }

    def as_web_json(self) -> dict[str, Any]:
        return {"filename": self.name, "sliceStartTime": milliseconds(self.began)}

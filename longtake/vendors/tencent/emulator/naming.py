"""Names of the files that a task makes."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from longtake.emulator.stage import Kind, TrackKey
from longtake.vendors.tencent.emulator.rooms import Room


def encoded(text: str) -> str:
    """Base64 with ``-`` for ``/`` and ``.`` for ``=``; ``+`` stays."""
    return base64.b64encode(text.encode()).decode().replace("/", "-").replace("=", ".")


def track_type(kind: Kind) -> str:
    return "audio_video" if kind == "both" else kind


@dataclass(frozen=True)
class Names:
    """Of one task; ``folder``: what precedes each name in the bucket, ending in a slash."""

    folder: str
    sdk_app_id: int
    room: Room

    def track(self, generation: int, key: TrackKey) -> str:
        """The key of a playlist, without extension; a slice adds when it begins."""
        film = self.film(generation, key)
        return film if key.user is None else f"{film}_{track_type(key.kind)}"

    def film(self, generation: int, key: TrackKey) -> str:
        """The key of what is made of all tracks of one stream after the end."""
        recovered = f"ha{generation}_" if generation else ""
        room = self.room.name if self.room.numeric else encoded(self.room.name)
        stem = f"{self.folder}{recovered}{self.sdk_app_id}_{room}"
        if key.user is None:
            return stem
        return f"{stem}__UserId_s_{encoded(key.user)}__UserId_e_{key.stream}"


def bare(key: str) -> str:
    """A file's name without its folder, as answers and callbacks tell it."""
    return key.rsplit("/", 1)[-1]

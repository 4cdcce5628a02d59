"""What an HLS playlist says, and which stored files it means."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote


@dataclass(frozen=True)
class Entry:
    """A file that a playlist names."""

    uri: str
    """As written: relative to the playlist, or absolute."""
    seconds: float = 0.0
    """Of media; 0 for another playlist."""
    begins_at: datetime | None = None
    """Where the playlist tells it; UTC."""
    discontinuous: bool = False
    """Whether its time stamps do not go on from those before."""


@dataclass(frozen=True)
class Playlist:
    """A playlist in the order in which it is played."""

    entries: tuple[Entry, ...] = ()
    ended: bool = False
    """Whether the vendor has closed it; an open one is still growing."""
    of_playlists: bool = False
    """Whether it names other playlists in the place of media; it is never closed."""

    @property
    def uris(self) -> tuple[str, ...]:
        """What it names, as written."""
        return tuple(entry.uri for entry in self.entries)

    @property
    def seconds(self) -> float:
        """How long it plays."""
        return sum(entry.seconds for entry in self.entries)


def key_of(uri: str, playlist: str, there: Collection[str]) -> str:
    """The key that `uri` stands for in the playlist at that key.

    Of the readings that are possible (its text as it is or unquoted; of an absolute address, with
    or without the bucket and a prefix of the store) the one that is `there`; else the first.
    """
    found = list(dict.fromkeys(_readings(uri, playlist)))
    return next((key for key in found if key in there), found[0])


def _readings(uri: str, playlist: str) -> Iterator[str]:
    scheme, absolute, rest = uri.partition("://")
    whole = uri.startswith("/") or bool(absolute and "/" not in scheme)
    folder = [] if whole else playlist.split("/")[:-1]
    path = rest.partition("/")[2] if whole and absolute else uri.lstrip("/")
    for text in (path, path.partition("?")[0], unquote(path.partition("?")[0])):
        steps = _plain([*folder, *text.split("/")])
        yield "/".join(steps)
        if whole:
            yield from ("/".join(steps[at:]) for at in range(1, len(steps)))


def _plain(steps: list[str]) -> list[str]:
    """Without `.` and `..`; what leads out of the bucket stays in it."""
    plain = list[str]()
    for step in steps:
        if step == "..":
            del plain[-1:]
        elif step not in {"", "."}:
            plain.append(step)
    return plain

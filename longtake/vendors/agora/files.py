"""What the names of stored files tell. Source: Agora, file management and naming rules.

    mixed, web    <sid>_<cname>.m3u8   <sid>_<cname>_<utc>.ts   <sid>_<cname>_<index>.mp4
    individual    <sid>_<cname>__uid_s_<uid>__uid_e_<audio|video|av>[_<utc>].<m3u8|ts|...>

Every name may begin with `bak<n>_`: the recording moved to another server. A playlist may
end in `_<tick>_<index>`: it went through the vendor's backup. `utc` is YYYYMMDDHHMMSSmmm.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from longtake.domain.files import LISTED, FileKind, FileRef, Track
from longtake.vendorkit.lenient import as_time
from longtake.vendors.agora.wire.replies import FileEntry

_SID = re.compile(r"(?:(?P<part>bak[0-9]+)_)?(?P<sid>[0-9a-f]{32})_(?P<rest>.+)", re.DOTALL)
_INDIVIDUAL = re.compile(r".*__uid_s_([0-9]+)__uid_e_(audio|video|av)(?=[_.])", re.DOTALL)
_TIMED = re.compile(r".*_([0-9]{17})\.[a-z0-9]+", re.DOTALL)
_TRACK_STARTS = re.compile(r"^#EXT-X-AGORA-TRACK-EVENT:EVENT=START,.*\bTIME=([0-9]+)", re.MULTILINE)
_NOT_IN_WEB_NAMES = re.compile(r"[!@#$%^&*()+_.=\[\]{}~|,;:?<>]")
"""A web page's name loses these characters: each becomes a hyphen."""

_KINDS: Mapping[str, FileKind] = {
    "m3u8": "playlist",
    "mpd": "playlist",
    "ts": "segment",
    "webm": "segment",
    "mp4": "mp4",
    "jpg": "snapshot",
}
_TRACKS: Mapping[str, Track] = {
    "audio": "audio",
    "video": "video",
    "av": "audio_video",
    "audio_and_video": "audio_video",
}
_UTC_DIGITS = 17
_TIMED_KINDS = frozenset({"segment", "snapshot"})


def describe(key: str) -> FileRef:
    """Kind, user, track, part and beginning of a file, as far as its name tells them."""
    name = key.rsplit("/", 1)[-1]
    kind = _KINDS.get(name.rsplit(".", 1)[-1], "other")
    of_task = _SID.fullmatch(name)
    if of_task is None:
        return FileRef(key=key, kind=kind)
    individual = _INDIVIDUAL.match(name)
    timed = _TIMED.fullmatch(name) if kind in _TIMED_KINDS else None
    return FileRef(
        key=key,
        kind=kind,
        user=individual.group(1) if individual else "",
        track=_TRACKS[individual.group(2)] if individual else "audio_video",
        part=of_task["part"] or "",
        begins_at=_utc(timed.group(1)) if timed else None,
    )


def sid_of(key: str, path: str, cname: str) -> str | None:
    """The task that wrote `key`, if that is a recording of `cname` below `path`."""
    if not key.startswith(f"{path}/"):
        return None
    found = _SID.fullmatch(key.rsplit("/", 1)[-1])
    if found is None or not _plain(found["rest"]).startswith(_plain(cname)):
        return None
    return found["sid"]


def playlist_began(text: str) -> datetime | None:
    """The first `#EXT-X-AGORA-TRACK-EVENT:EVENT=START,...,TIME=<utc>`, written as in names or in
    Unix milliseconds.
    """
    found = _TRACK_STARTS.search(text)
    if found is None:
        return None
    digits = found.group(1)
    return _utc(digits) if len(digits) == _UTC_DIGITS else as_time(digits)


def reported(entries: Iterable[FileEntry], path: str = "") -> tuple[FileRef, ...]:
    """The vendor's list, playlists first, cut to what a history holds.

    `path` completes names without one, as some editions of the API give them.
    """
    found = (_reported(entry, path) for entry in entries)
    return tuple(sorted(found, key=lambda file: file.kind != "playlist")[:LISTED])


def _reported(entry: FileEntry, path: str) -> FileRef:
    name = entry.file_name
    whole = not path or name.startswith((f"{path}/", f"/{path}/"))
    by_name = describe((name if whole else f"{path}/{name}").lstrip("/"))
    user = entry.uid if entry.uid not in {"", "0"} and not entry.mixed_all_user else by_name.user
    return by_name.model_copy(
        update={
            "user": user,
            "track": _TRACKS.get(entry.track_type, by_name.track),
            "begins_at": entry.begins_at or by_name.begins_at,
        }
    )


def _plain(name: str) -> str:
    return _NOT_IN_WEB_NAMES.sub("-", name)


def _utc(digits: str) -> datetime | None:
    try:
        at = datetime.strptime(digits[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return at.replace(microsecond=int(digits[14:]) * 1000)

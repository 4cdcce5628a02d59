"""`longtake files --open` and `--sheet`: a recording fetched, and seen at a glance."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import typer

from longtake.cli.exits import Code, Exit
from longtake.contracts.payloads import Carried
from longtake.domain.files import Manifest, StoredFile
from longtake.domain.looking import Strip, Take, moments, shown_at, strips, takes_of
from longtake.domain.ports import ObjectStore
from longtake.domain.segment import Segment
from longtake.domain.session import Session

if TYPE_CHECKING:
    from longtake.drawing.sheet import Cell

AT_ONCE = 8
"""Slices fetched at a time."""
CHUNK = 8 * 2**20
"""Bytes of a large file that are held at a time."""
MIXED, SINGLE = (4, 320), (8, 240)
"""Pictures in a row of the sheet, and their width in pixels."""


async def open_recording(store: ObjectStore | None, session: Session) -> None:
    """Fetch what plays best, and open it; without a display only its path is told.

    Exit where nothing can be played from here.
    """
    manifest = _manifest(session)
    if store is None:
        _open_address(manifest)
        return
    folder = Path(tempfile.mkdtemp(prefix="longtake-"))
    films = _films(manifest)
    if films:
        path = folder / PurePosixPath(films[0].key).name
        await _fetch(store, films[0], path)
        others = len(films) - 1
    else:
        path, others = await _joined(store, session, folder)
    print(path)
    if others:
        _say(f"{others} more can be played; `longtake files` lists them")
    _launch(str(path))


async def draw_sheet(
    store: ObjectStore | None, carried: Carried, title: str, every: timedelta, out: Path
) -> None:
    """Write the contact sheet to `out`. Exit where there is no picture to be read."""
    from longtake.drawing.sheet import Row, sheet  # noqa: PLC0415 - Pillow may be missing

    session = carried.session
    if store is None:
        raise Exit(Code.FAILED, "--sheet: the bucket cannot be read from here")
    found = await _strips(store, session)
    looks = moments(found, every)
    if not looks:
        raise Exit(Code.FAILED, "--sheet: storage holds no picture of this session")
    mixed = carried.request.mode != "individual"
    limit = asyncio.Semaphore(AT_ONCE)
    rows = [
        Row(
            "" if mixed else _named(strip),
            await asyncio.gather(*(_cell(store, limit, session, strip, at) for at in looks)),
        )
        for strip in found
    ]
    columns, width = MIXED if mixed else SINGLE
    day = f"{looks[0]:%Y-%m-%d}, from {looks[0]:%H:%M:%S} to {looks[-1]:%H:%M:%S} UTC"
    _write(out, sheet(f"{title}   {day}", rows, columns=columns, width=width))
    print(out)


def _write(out: Path, content: bytes) -> None:
    try:
        out.write_bytes(content)
    except OSError as err:
        raise Exit(Code.USAGE, f"--sheet: {out}: {err.strerror}") from None


# --- playing -----------------------------------------------------------------------------------


def _films(manifest: Manifest) -> list[StoredFile]:
    """What plays as it is: merged files first, then MP4, the largest first."""
    kinds = ("merged", "mp4")
    there = [file for file in manifest.files if file.kind in kinds and file.size]
    return sorted(there, key=lambda file: (kinds.index(file.kind), -(file.size or 0)))


async def _fetch(store: ObjectStore, file: StoredFile, path: Path) -> None:
    size = file.size or 0
    with path.open("wb") as target:
        for at in range(0, size, CHUNK):
            target.write(await store.read_range(file.key, at, min(CHUNK, size - at)))


async def _joined(store: ObjectStore, session: Session, folder: Path) -> tuple[Path, int]:
    """The slices of the first strip as one file, and how many strips there are besides."""
    from longtake.media.looking import BrokenMedia, join  # noqa: PLC0415 - PyAV may be missing

    found = await _strips(store, session, sound=True)
    if not found:
        raise Exit(Code.FAILED, "--open: storage holds nothing of this session that plays")
    path = folder / f"{found[0].user or 'recording'}.mp4".replace("/", "_")
    try:
        left_out = await join(_contents(store, found[0].takes), path)
    except BrokenMedia as err:
        raise Exit(Code.FAILED, f"--open: {err}") from None
    for key, why in left_out.items():
        _say(f"left out: {key}: {why}")
    return path, len(found) - 1


async def _contents(store: ObjectStore, takes: Sequence[Take]) -> AsyncIterator[tuple[str, bytes]]:
    for take in takes:
        try:
            yield take.key, await store.read(take.key)
        except FileNotFoundError:
            _say(f"left out: {take.key}: it is not in storage")


def _open_address(manifest: Manifest) -> None:
    addresses = [file.url for file in manifest.files if file.url]
    if not addresses:
        raise Exit(Code.FAILED, "--open: the bucket cannot be read from here")
    print(addresses[0])
    _launch(addresses[0])


def _launch(what: str) -> None:
    """Open it with the system's own opener, if anybody could see it."""
    seen = sys.platform == "darwin" or bool(
        (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
        and shutil.which("xdg-open")
    )
    if not seen:
        _say("no display here, so it was not opened")
    elif typer.launch(what) != 0:
        _say("the system's opener failed; open it by hand")


# --- looking -----------------------------------------------------------------------------------


async def _strips(store: ObjectStore, session: Session, *, sound: bool = False) -> list[Strip]:
    """All pictures on the clock: of playlists, else of films. `sound`: else what has none."""
    manifest = _manifest(session)
    there = [file for file in manifest.files if file.size]
    pictured = [file for file in there if file.track != "audio"]
    for files in (pictured, there) if sound else (pictured,):
        lists = [file for file in files if file.kind == "playlist"]
        films = [file for file in files if file.kind == "mp4"]
        found = [(file, await _listed(store, session, file)) for file in lists]
        if not any(takes for _, takes in found):
            found = [(file, await _whole(store, session, file)) for file in films]
        if joined := strips(found):
            return joined
    return []


async def _listed(store: ObjectStore, session: Session, file: StoredFile) -> tuple[Take, ...]:
    from longtake.media.playlist import parse_playlist  # noqa: PLC0415 - beside its kin

    try:
        playlist = parse_playlist((await store.read(file.key)).decode("utf-8", "replace"))
    except FileNotFoundError:
        return ()
    return takes_of(file, playlist, _began(session, file)) if playlist else ()


async def _whole(store: ObjectStore, session: Session, file: StoredFile) -> tuple[Take, ...]:
    """A film as one piece."""
    from longtake.media.looking import BrokenMedia, seconds_of  # noqa: PLC0415 - as above

    try:
        seconds = file.seconds or seconds_of(await store.read(file.key))
    except (BrokenMedia, FileNotFoundError):
        return ()
    return (Take(file.key, _began(session, file), seconds, file.segment),)


def _began(session: Session, file: StoredFile) -> datetime:
    """When a file begins: as its name or its tags tell, else when its task was seen up."""
    if file.begins_at is not None:
        return file.begins_at.astimezone(UTC)
    made: Segment | None = next((s for s in session.segments if s.number == file.segment), None)
    return (made.up_at or made.accepted_at) if made else session.due_at


async def _cell(
    store: ObjectStore, limit: asyncio.Semaphore, session: Session, strip: Strip, at: datetime
) -> Cell:
    from longtake.drawing.sheet import Cell  # noqa: PLC0415 - as above
    from longtake.media.looking import BrokenMedia, picture  # noqa: PLC0415 - as above

    take = strip.at(at)
    if take is None:
        return Cell(f"{at:%H:%M:%S} UTC", detail="nothing was recorded")
    revision = shown_at(session.layout_revisions, take.segment, at)
    detail = f"revision {revision.revision}: {revision.layout}" if revision else ""
    if strip.user:
        detail = ""
    try:
        async with limit:
            content = await store.read(take.key)
        image, offset = picture(content, (at - take.begins_at).total_seconds())
    except FileNotFoundError:
        return Cell(f"{at:%H:%M:%S} UTC", detail="the file is missing")
    except BrokenMedia as err:
        return Cell(f"{at:%H:%M:%S} UTC", detail=f"the file is broken: {err}")
    seen = take.begins_at + timedelta(seconds=offset)
    return Cell(f"{seen:%H:%M:%S} UTC", image, detail)


def _named(strip: Strip) -> str:
    shared = ", shared beside the camera" if strip.stream == "substream" else ""
    return f"user {strip.user}{shared}"


def _manifest(session: Session) -> Manifest:
    if session.manifest is None:
        raise Exit(Code.FAILED, "no file was checked yet: that is done when the recording is over")
    return session.manifest


def _say(text: str) -> None:
    print(f"longtake: {text}", file=sys.stderr)

"""From storage to storage: what is to be made, and each file made and published once."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import json
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import Event

from av.error import FFmpegError
from pydantic import ValidationError

from longtake.domain.files import LISTED
from longtake.domain.material import Material
from longtake.domain.merging import (
    LeftOut,
    Made,
    MergedFile,
    MergeOptions,
    MergePlan,
    PlannedFile,
)
from longtake.domain.ports import ObjectStore
from longtake.media.merge.listing import pieces_of
from longtake.media.merge.names import with_ending
from longtake.media.merge.plan import Output, plan
from longtake.media.merge.reading import Complain
from longtake.media.merge.writing import Written, write

MARGIN = 16 * 2**20
"""Bytes that must be free beside what a merged file takes."""


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder).free


SUFFIX = ".merging.mp4"
FORGOTTEN = 3600.0
"""Seconds after which nobody works on a file any more that was not written to."""


class Stopped(Exception):
    """The merge is to end; nothing of it was published."""


class Merger:
    """Merges in a work folder, which holds one file for each merge under way.

    Errors of the store pass through: RecordingError.
    """

    def __init__(self, work: Path, free: Callable[[Path], int] = _free) -> None:
        """`free`: how many bytes can be written to the folder."""
        self._work = work
        self._free = free

    async def plan(self, material: Material, options: MergeOptions) -> MergePlan:
        """What is to be made; its folder is another one for other options or other files."""
        outputs, left_out = await _outputs(material, options)
        steps = (material.folder, "merged", _digest(material, options))
        return MergePlan(
            folder="/".join(step for step in steps if step),
            files=tuple(
                PlannedFile(
                    name=each.name,
                    user=each.user,
                    begins_at=each.begins_at,
                    seconds=each.seconds,
                    size=each.size,
                )
                for each in outputs
            ),
            left_out=tuple(left_out[:LISTED]),
        )

    async def make(
        self,
        material: Material,
        options: MergeOptions,
        folder: str,
        name: str,
        tick: Callable[[float], None],
    ) -> Made:
        """Make and publish one file of a plan, unless an earlier merge did so already.

        `tick` hears, from another thread, how many seconds of the file are done.
        """
        note = f"{folder}/{name}.json"
        if (made := await _made_before(material.target, note)) is not None:
            return made
        outputs, _ = await _outputs(material, options)
        output = next((each for each in outputs if each.name == name), None)
        if output is None:
            return _nothing(f"{folder}/{name}", "the files it was planned from have changed")
        self._clear_work()
        if (free := self._free(self._work)) < output.size + MARGIN:
            why = f"{_mib(output.size + MARGIN)} are needed in {self._work}, {_mib(free)} are free"
            return _nothing(f"{folder}/{name}", why)
        with NamedTemporaryFile(dir=self._work, suffix=SUFFIX) as file:
            job = _Job(material, options, output, Path(file.name))
            made = await self._written(job, folder, note, tick)
        if made.file is not None:
            await material.target.create(note, made.model_dump_json().encode())
            return await _made_before(material.target, note) or made
        return made

    def _clear_work(self) -> None:
        """Make the folder, and free it of what killed workers left."""
        self._work.mkdir(parents=True, exist_ok=True)
        for left in self._work.glob(f"*{SUFFIX}"):
            with suppress(FileNotFoundError):  # its own merge has ended just now
                if time.time() - left.stat().st_mtime > FORGOTTEN:
                    left.unlink()

    async def _written(
        self, job: _Job, folder: str, note: str, tick: Callable[[float], None]
    ) -> Made:
        output, path = job.output, job.path
        lost: dict[str, LeftOut] = {}

        def complain(key: str, why: str) -> None:
            lost.setdefault(key, LeftOut(key=key, why=why))

        try:
            written = await job.done(complain, tick)
        except (OSError, FFmpegError) as err:
            if getattr(err, "errno", None) not in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
                raise
            full = f"the disk of {self._work} is full"
            return _nothing(f"{folder}/{output.name}", full, *lost.values())
        if written is None:
            why = "nothing of it could be read"
            return _nothing(f"{folder}/{output.name}", why, *lost.values())
        key = f"{folder}/{with_ending(output.name, picture=written.picture)}"
        file = MergedFile(
            key=key,
            user=output.user,
            begins_at=output.begins_at,
            seconds=written.seconds,
            size=written.size,
            picture=written.picture,
            encoded=written.encoded,
            note=note,
        )
        await job.material.target.create(key, path)
        return Made(file=file, left_out=tuple(lost.values())[:LISTED])


@dataclass(frozen=True)
class _Job:
    """One file to be written at `path`."""

    material: Material
    options: MergeOptions
    output: Output
    path: Path

    async def done(self, complain: Complain, tick: Callable[[float], None]) -> Written | None:
        """Write it beside the event loop; a cancel ends that, too."""
        loop, stopped = asyncio.get_running_loop(), Event()

        def fetch(key: str) -> bytes:
            return asyncio.run_coroutine_threadsafe(self.material.store.read(key), loop).result()

        def go_on(seconds: float) -> None:
            if stopped.is_set():
                raise Stopped
            tick(seconds)

        work = asyncio.create_task(
            asyncio.to_thread(
                write, self.output, self.options, fetch, self.path, complain=complain, tick=go_on
            )
        )
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            stopped.set()
            await asyncio.gather(work, return_exceptions=True)
            raise


async def _outputs(material: Material, options: MergeOptions) -> tuple[list[Output], list[LeftOut]]:
    texts: dict[str, str] = {}
    lost: list[LeftOut] = []
    files = [file for file in material.files if file.kind in {"playlist", "segment"}]
    for index, file in enumerate(files):
        if file.kind != "playlist" or not file.key.endswith(".m3u8"):
            continue
        try:
            text = (await material.store.read(file.key)).decode("utf-8", "replace")
        except FileNotFoundError:
            lost.append(LeftOut(key=file.key, why="it is not there"))
            continue
        texts[file.key] = text
        began = material.began(text) or file.begins_at
        files[index] = file.model_copy(update={"begins_at": began})
    pieces, unplaced = pieces_of(files, texts)
    return plan(pieces, options), [*lost, *unplaced]


def _digest(material: Material, options: MergeOptions) -> str:
    """Tells merges of other files or with other options apart."""
    parts = sorted(
        (file.key, file.size) for file in material.files if file.kind in {"playlist", "segment"}
    )
    told = [options.model_dump(), parts]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:12]


async def _made_before(store: ObjectStore, note: str) -> Made | None:
    try:
        text = await store.read(note)
        made = Made.model_validate_json(text)
    except (FileNotFoundError, ValidationError):
        return None
    file = made.file and made.file.model_copy(update={"note_size": len(text)})
    return made.model_copy(update={"file": file})


def _nothing(key: str, why: str, *lost: LeftOut) -> Made:
    return Made(left_out=(LeftOut(key=key, why=why), *lost)[:LISTED])


def _mib(size: int) -> str:
    return f"{size / 2**20:.0f} MiB"

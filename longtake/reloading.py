"""Settings that change while a program runs: files are looked at, and read anew when they differ.

Accounts and storages count at once; what a program is built from counts after a restart.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path

from temporalio.service import RPCError

from longtake.domain.errors import RecordingError
from longtake.settings import Settings, SettingsError, load

LOOK_EVERY = 5.0
"""Seconds between two looks at the files."""

_Stamp = tuple[int, int, int] | None
_log = logging.getLogger(__name__)


class Reloader:
    """The settings of one file and of all that it refers to, as they are now."""

    def __init__(self, path: Path, environ: Mapping[str, str], settings: Settings) -> None:
        """`settings` are what was last read of `path`."""
        self.settings = settings
        self._path = path
        self._environ = environ
        self._sources = settings.sources
        self._stamps: Mapping[Path, _Stamp] = _stamps(settings.sources)
        self._told = ""
        self._asked = asyncio.Event()

    def ask(self) -> None:
        """Let the files be read at once, whether or not they look changed."""
        self._asked.set()

    async def watch(
        self, adopt: Callable[[Settings], Awaitable[None]], *, every: float = LOOK_EVERY
    ) -> None:
        """Give new settings to `adopt`, until cancelled; SIGHUP asks for a look at once.

        Broken settings are told in the log, by their keys, and the last good ones stay.
        """
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, self.ask)
        try:
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(every):
                        await self._asked.wait()
                new = self.look()
                if new is not None:
                    await self._adopted(new, adopt)
        finally:
            loop.remove_signal_handler(signal.SIGHUP)

    def look(self) -> Settings | None:
        """The settings, if they are well and others than before."""
        asked = self._asked.is_set()
        self._asked.clear()
        # Before they are read: what changes meanwhile is seen at the next look.
        stamps = _stamps(self._sources)
        if not (asked or self._told or stamps != self._stamps):
            return None
        try:
            new = load(self._path, self._environ)
        except SettingsError as err:
            # Tried again at each look, as a file that it wants may come; told once.
            self._tell(str(err))
            return None
        self._sources = new.sources
        self._stamps = {path: stamps.get(path, _stamp(path)) for path in new.sources}
        if new == self.settings:
            self._told = ""
            return None
        return new

    async def _adopted(self, new: Settings, adopt: Callable[[Settings], Awaitable[None]]) -> None:
        try:
            await adopt(new)
        except (RecordingError, RPCError, ValueError) as err:
            self._tell(f"{self._path}: {type(err).__name__}")
            return  # tried again at the next look
        for table in _restart_needed(self.settings, new):
            _log.warning("settings: [%s] changed, which counts after a restart", table)
        self.settings, self._told = new, ""
        _log.info("settings read anew: accounts %s", ", ".join(new.accounts) or "none")

    def _tell(self, problem: str) -> None:
        if problem != self._told:
            _log.error("settings not read anew, the old ones stay: %s", problem)
        self._told = problem


def _restart_needed(old: Settings, new: Settings) -> list[str]:
    tables = {
        "temporal": old.connection != new.connection,
        "worker": old.worker != new.worker,
        "callbacks": old.callbacks != new.callbacks,
        "codec_server": old.codec_server != new.codec_server,
    }
    return [table for table, changed in tables.items() if changed]


def _stamps(paths: frozenset[Path]) -> dict[Path, _Stamp]:
    return {path: _stamp(path) for path in paths}


def _stamp(path: Path) -> _Stamp:
    try:
        found = path.stat()  # of what a link leads to: secret stores swap links
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino

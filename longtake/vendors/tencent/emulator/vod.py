"""Delivery to VOD: files appear there after the end, and nothing but callbacks tells of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from longtake.emulator.takes import Slice
from longtake.emulator.world import World
from longtake.vendors.tencent.emulator.facts import Event, Facts
from longtake.vendors.tencent.emulator.films import FilmPart, films
from longtake.vendors.tencent.emulator.options import TencentOptions
from longtake.vendors.tencent.emulator.voice import Voice

_REASON = "upload to VOD failed"


class VodDelivery:
    """Tells of what would be in VOD; writes nothing."""

    def __init__(self, world: World, options: TencentOptions, facts: Facts, voice: Voice) -> None:
        vod = facts.request.storage_params.cloud_vod
        assert vod is not None  # noqa: S101 - checked before the task was made
        self._world, self._facts, self._voice = world, facts, voice
        self._formats = vod.tencent_vod.formats
        self._within = timedelta(seconds=options.timings.vod)
        self._stalled_until: datetime | None = None
        self._cut: list[Slice] = []
        self._refused = False

    def open(self) -> None:
        pass

    def add(self, cut: Sequence[Slice]) -> None:
        self._cut += cut

    def refuse(self) -> None:
        self._refused = True

    def stall(self, seconds: float, *, backup: bool) -> None:  # noqa: ARG002 - VOD has no backup
        self._stalled_until = self._world.clock.now() + timedelta(seconds=seconds)

    def close(self) -> None:
        now = self._world.clock.now()
        self._world.clock.at(max(self._stalled_until or now, now + self._within), self._commit)

    def _commit(self) -> None:
        for extension in self._formats:
            for film in films(self._cut, self._facts.names, extension, math.inf):
                for part in film:
                    self._voice.say(Event.VOD_COMMIT, **self._told(part))
        self._voice.say(Event.VOD_STOP, Status=int(self._refused))

    def _told(self, part: FilmPart) -> dict[str, Any]:
        told = part.told()
        if self._refused:
            kept = {name: told[name] for name in ("UserId", "TrackType")}
            return {
                "Status": 1,
                "Errmsg": _REASON,
                "TencentVod": {**kept, "CacheFile": part.name},
            }
        number = str(self._world.rng.randrange(10**18, 10**19))
        sign = self._world.hex_id(32)  # whoever has it can play the file
        url = f"https://vod.example/{number}/f0.{part.name.rsplit('.', 1)[-1]}?sign={sign}"
        video = {**told, "FileId": number, "VideoUrl": url, "CacheFile": part.name}
        return {"Status": 0, "TencentVod": video}

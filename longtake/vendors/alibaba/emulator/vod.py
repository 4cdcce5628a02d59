"""Delivery to VOD: nothing is in a bucket, and Describe tells ids of media."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from longtake.emulator.stage import Stage, TrackKey
from longtake.emulator.takes import Slice, Takes
from longtake.emulator.world import World
from longtake.vendors.alibaba.emulator.facts import Facts
from longtake.vendors.alibaba.emulator.naming import stream_name
from longtake.vendors.alibaba.emulator.options import AlibabaOptions
from longtake.vendors.alibaba.emulator.reel import Reel

_SLICE = 30.0  # seconds


class VodDelivery:
    """Gives out ids of what would be in VOD; writes nothing."""

    def __init__(
        self, world: World, options: AlibabaOptions, facts: Facts, on_done: Callable[[], None]
    ) -> None:
        vod = facts.request.storage.vod_params
        assert vod is not None  # noqa: S101 - checked before the task was made
        self._world, self._on_done = world, on_done
        self._compose = vod.auto_compose == 1
        self._within = timedelta(seconds=options.timings.vod)
        self._stalled_until: datetime | None = None
        self._refused = False
        self._media: dict[TrackKey, list[str]] = {}
        self._merged: dict[TrackKey, list[str]] = {}
        takes = Takes(world.clock, lambda generation, _: f"{generation}", _SLICE, on_cut=self._cut)
        self._reel = Reel(world.clock, facts.request.record.max_file_duration, [takes])

    def show(self, stage: Stage | None) -> None:
        self._reel.show(stage)

    def refuse(self) -> None:
        self._refused = True

    def stall(self, seconds: float) -> None:
        self._stalled_until = self._world.clock.now() + timedelta(seconds=seconds)

    def close(self) -> None:
        self._reel.end()
        now = self._world.clock.now()
        self._world.clock.at(max(self._stalled_until or now, now + self._within), self._finish)

    def listing(self) -> dict[str, Any]:
        media = [
            {
                "Stream": stream_name(key),
                "MediaIds": ids,
                "MergedIds": self._merged.get(key, []),
            }
            for key, ids in self._media.items()
        ]
        return {"HlsFileList": [], "Mp4FileList": [], "Mp3FileList": [], "VodMediaList": media}

    def _cut(self, cut: Sequence[Slice]) -> None:
        """Each file has an id from its first slice on."""
        for piece in cut:
            if piece is piece.track.slices[0] and not self._refused:
                ids = self._media.setdefault(piece.track.key, [])
                ids.append(self._world.hex_id(32))

    def _finish(self) -> None:
        if self._compose:
            self._merged = {key: [self._world.hex_id(32)] for key in self._media}
        self._on_done()

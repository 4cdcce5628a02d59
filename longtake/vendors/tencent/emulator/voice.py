"""What a task says through callbacks."""

from __future__ import annotations

from typing import Any

from longtake.emulator.stamps import milliseconds
from longtake.emulator.takes import Track
from longtake.emulator.world import World
from longtake.vendors.tencent.emulator.facts import Event, Facts
from longtake.vendors.tencent.emulator.naming import bare, track_type
from longtake.vendors.tencent.emulator.notices import TencentNotice
from longtake.vendors.tencent.emulator.options import TencentOptions


class Voice:
    """Sends the events of one task; never waits for whoever listens."""

    def __init__(self, world: World, options: TencentOptions, facts: Facts) -> None:
        self._world, self._options, self._facts = world, options, facts

    def say(self, event: Event, **payload: Any) -> None:
        wish = self._facts.request
        notice = TencentNotice(
            event,
            self._world.clock.now(),
            wish.sdk_app_id,
            wish.room,
            wish.user_id,
            self._facts.task_id,
            payload,
            self._options.callback_secret,
            self._options.numbers_as_text,
        )
        self._world.callbacks.send("tencent", notice)

    def first_slice(self, track: Track) -> None:
        self.say(
            Event.FILE_SLICE,
            FileName=bare(track.playlist),
            UserId=track.key.user or "",
            TrackType=track_type(track.key.kind),
            BeginTimeStamp=milliseconds(track.began),
        )

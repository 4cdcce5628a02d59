"""What a task says through callbacks."""

from __future__ import annotations

from typing import Any

from longtake.emulator.stamps import milliseconds
from longtake.emulator.world import World
from longtake.vendors.alibaba.emulator.facts import Event, Facts
from longtake.vendors.alibaba.emulator.notices import AlibabaNotice
from longtake.vendors.alibaba.emulator.options import AlibabaOptions
from longtake.vendors.alibaba.emulator.storage_params import Format


class Voice:
    """Sends the events of one task; never waits for whoever listens.

    What a payload holds is not documented. Here it is the time of the event in milliseconds, and of
    an uploaded file its format and object key.
    """

    def __init__(self, world: World, options: AlibabaOptions, facts: Facts) -> None:
        self._world, self._options, self._facts = world, options, facts

    def say(self, event: Event, **payload: Any) -> None:
        request, notify = self._facts.request, self._facts.request.notify
        if notify is None:
            return
        notice = AlibabaNotice(
            event,
            request.app_id,
            request.channel_id,
            self._facts.task_id,
            {"timestamp": milliseconds(self._world.clock.now()), **payload},
            notify,
            self._options.payload_as_text,
        )
        self._world.callbacks.send("alibaba", notice)

    def file_uploaded(self, kind: Format, key: str) -> None:
        """Only of the formats that the start named."""
        notify = self._facts.request.notify
        if notify and kind in notify.formats:
            self.say(Event.FILE_UPLOADED, format=kind, fileName=key)

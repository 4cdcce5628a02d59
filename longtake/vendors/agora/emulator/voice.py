"""What a recording says through callbacks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from longtake.emulator.stage import TrackKey
from longtake.emulator.stamps import milliseconds
from longtake.emulator.world import World
from longtake.vendors.agora.emulator.facts import Facts, Module
from longtake.vendors.agora.emulator.naming import FileEntry, track_type, uid_of
from longtake.vendors.agora.emulator.notices import AgoraNotice, Event

_FATAL = 5


class Voice:
    """Numbers and sends the events of one recording; never waits for whoever listens.

    recorder_uid: the uid in the room at present, which events carry.
    """

    def __init__(self, world: World, facts: Facts, secret: str) -> None:
        self._world, self._facts, self._secret = world, facts, secret
        self._sequence = 0
        self.recorder_uid = facts.uid

    def say(self, event: Event, **details: Any) -> None:
        payload = {
            "cname": self._facts.cname,
            "uid": self.recorder_uid,
            "sid": self._facts.sid,
            "sequence": self._sequence,
            "sendts": milliseconds(self._world.clock.now()),
        }
        self._sequence += 1
        notice = AgoraNotice(self._world.hex_id(32), event, payload, details, self._secret)
        self._world.callbacks.send("agora", notice)

    def fail(self, module: Module, code: int) -> None:
        self.say(
            Event.ERROR,
            module=int(module),
            errorLevel=_FATAL,
            errorCode=int(code),
            stat=0,
            errorMsg="",
        )

    def track(self, key: TrackKey, resumed_from: datetime | None) -> None:
        """A track begins to receive media, the last of which ended then; or, None, it ceases to."""
        now = milliseconds(self._world.clock.now())
        if resumed_from is not None:
            self.say(
                Event.SLICE_START,
                startUtcMs=now,
                discontinueUtcMs=milliseconds(resumed_from),
                mixedAllUser=key.user is None,
                streamUid=uid_of(key),
                trackType=track_type(key.kind),
            )
        silent = int(resumed_from is None)
        state = {"streamUid": uid_of(key), "state": silent, "UtcMs": now}
        if key.kind != "video":
            self.say(Event.AUDIO_STATE, **state)
        if key.kind != "audio":
            self.say(Event.VIDEO_STATE, **state)

    def page_stopped(self, files: Sequence[FileEntry], *, at_the_limit: bool) -> None:
        """The end of a web page recording; its hours may have run out."""
        self.say(
            Event.WEB_STOPPED,
            code=int(at_the_limit),
            message="max_recording_hour" if at_the_limit else "ok",
            details="",
            fileList=[entry.as_web_json() for entry in files],
        )

"""One task: from the accepted create to the last delivered file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from longtake.emulator.clock import Timer
from longtake.emulator.ledger import LayoutRevision, TaskRecord
from longtake.emulator.rooms import Person
from longtake.emulator.takes import Takes, Track
from longtake.emulator.timers import Timers
from longtake.emulator.world import World
from longtake.vendors.tencent.emulator.bucket import BucketDelivery
from longtake.vendors.tencent.emulator.delivery import Delivery
from longtake.vendors.tencent.emulator.facts import END_REASONS, Event, Facts, LeaveCode
from longtake.vendors.tencent.emulator.options import TencentOptions
from longtake.vendors.tencent.emulator.staging import Scene, staged
from longtake.vendors.tencent.emulator.user_sigs import (
    Bearer,
    InvalidSig,
    check_private_map_key,
    check_user_sig,
)
from longtake.vendors.tencent.emulator.vod import VodDelivery
from longtake.vendors.tencent.emulator.voice import Voice

_MOST_FAILOVERS = 3


class Recording:
    """The life of one task.

    on_entered: told when the robot enters its room. on_left: when it is gone, or cannot enter.
    api_until: after it no call reaches the task any more.
    """

    def __init__(
        self,
        world: World,
        options: TencentOptions,
        facts: Facts,
        record: TaskRecord,
        *,
        on_entered: Callable[[Recording], None],
        on_left: Callable[[Recording], None],
    ) -> None:
        self.facts, self.record = facts, record
        self._world, self._options = world, options
        self._on_entered, self._on_left = on_entered, on_left
        self._clock = world.clock
        wish = facts.request
        self._scene = Scene(wish.mix_layout_params, wish.record_params.subscribe_stream_user_ids)
        self.api_until = facts.created_at + timedelta(hours=wish.resource_expired_hour)
        self.up_at: datetime | None = None
        self.data_at: datetime | None = None
        self.left_at: datetime | None = None
        self.failed = self.forgotten = False
        self._migrating = self._doomed = self._sig_void = False
        self._timers = Timers(world.clock)
        self._idle: Timer | None = None
        self._voice = Voice(world, options, facts)
        self.delivery = self._make_delivery()
        self._takes = Takes(
            world.clock,
            facts.names.track,
            options.timings.slice,
            on_cut=self.delivery.add,
        )
        self._timers.later(options.timings.join, self._enter)
        self._fetch_pictures()

    # -- what others ask -------------------------------------------------------------------------

    @property
    def tracks(self) -> list[Track]:
        """The playlists that Describe lists: none of a VOD task, nor without HLS."""
        wish = self.facts.request
        listed = wish.storage_params.cloud_storage and wish.record_params.hls
        return self._takes.tracks if listed else []

    @property
    def within_reach(self) -> bool:
        """Whether the API knows the task: not forgotten, expired, or long gone."""
        now = self._clock.now()
        if self.forgotten or self.failed or now >= self.api_until:
            return False
        exiting = timedelta(seconds=self._options.timings.exiting)
        return self.left_at is None or now < self.left_at + exiting

    # -- what the API does to it -----------------------------------------------------------------

    def modify(self, scene: Scene, body: dict[str, Any], call: str) -> None:
        self._scene = scene
        self.record.layout_revisions.append(LayoutRevision(self._clock.now(), call, body))
        self._fetch_pictures()
        self._restage()

    def delete(self) -> None:
        self.leave(LeaveCode.BY_API)

    # -- what happens to it ----------------------------------------------------------------------

    def room_changed(self) -> None:
        if self.up_at is None or self.left_at is not None:
            return
        if any(person.user == self.facts.request.user_id for person in self._people()):
            self.leave(LeaveCode.SAME_USER_ID)
            return
        self._watch_idle()
        self._restage()

    def leave(self, code: LeaveCode, reason: str | None = None) -> None:
        """Out of the room; what was taken is still delivered."""
        if self.left_at is not None:
            return
        self._end(reason or END_REASONS[code])
        self._restage()
        self._voice.say(Event.RECORDER_STOP, LeaveCode=int(code))
        self.delivery.close()
        self._on_left(self)

    def never_come_up(self) -> None:
        self._doomed = True

    def void_user_sig(self) -> None:
        """The sig admits nobody any more; who is in the room stays."""
        self._sig_void = True

    def migrate(self, seconds: float) -> bool:
        """Record nothing for ``seconds``, then enter again elsewhere; False if not in the room."""
        if self.up_at is None or self._migrating:
            return False
        self._migrating = True
        self._restage()
        self._timers.later(seconds, self._enter_again)
        return True

    # -- beginning -------------------------------------------------------------------------------

    def _enter(self) -> None:
        if self._doomed or not self._admitted():
            self.failed = True
            self._end("never_up" if self._doomed else "user_sig_refused")
            self._voice.say(Event.RECORDER_START, Status=1)
            self._on_left(self)
            return
        self.up_at = self.record.started_at = self._clock.now()
        self._voice.say(Event.RECORDER_START, Status=0)
        self.delivery.open()
        self._on_entered(self)
        self.room_changed()

    def _admitted(self) -> bool:
        """Whether the robot's sigs let it into the room now."""
        wish = self.facts.request
        app = self._options.apps[wish.sdk_app_id]
        bearer = Bearer(wish.sdk_app_id, app.user_sig_key, wish.user_id)
        try:
            until = check_user_sig(wish.user_sig, bearer)
            if app.permission_control:
                until = min(until, check_private_map_key(wish.private_map_key, bearer, wish.room))
        except InvalidSig:
            return False
        return until > self._clock.now() and not self._sig_void

    # -- while it runs ---------------------------------------------------------------------------

    def _restage(self) -> None:
        recording = self.up_at is not None and self.left_at is None and not self._migrating
        wish = self.facts.request
        stage = (
            staged(wish.record_params, self._scene, wish.canvas, self._people())
            if recording
            else None
        )
        if stage and stage.tracks and self.data_at is None:
            self.data_at = self._clock.now()
        self._takes.show(stage)

    def _people(self) -> Sequence[Person]:
        return self._world.rooms.people("tencent", self.facts.request.room.address)

    def _watch_idle(self) -> None:
        """Time runs only while nobody is in the room; who is there need not publish."""
        present = bool(self._people())
        if present and self._idle is not None:
            self._idle.cancel()
            self._idle = None
        elif not present and self._idle is None:
            seconds = self.facts.request.record_params.max_idle_time
            self._idle = self._timers.later(seconds, lambda: self.leave(LeaveCode.IDLE))

    def _enter_again(self) -> None:
        self._migrating = False
        if self._takes.generation >= _MOST_FAILOVERS:
            self.leave(LeaveCode.TIMED_OUT, "failovers_exhausted")
        elif not self._admitted():
            self.leave(LeaveCode.TIMED_OUT, "user_sig_expired")
        else:
            self._takes.move()
            self._voice.say(Event.FAILOVER, Status=0)
            self._restage()

    def _fetch_pictures(self) -> None:
        """Hosts under ``.invalid`` exist nowhere (RFC 2606); all others are said to answer."""
        if not self.facts.request.record_params.mixed:
            return
        for url in self._scene.layout.picture_urls:
            if (urlsplit(url).hostname or "").endswith(".invalid"):
                self._voice.say(Event.DOWNLOAD_IMAGE_ERROR, Url=url)

    def _end(self, reason: str) -> None:
        self.left_at = self.record.ended_at = self._clock.now()
        self.record.end_reason = reason
        self._timers.end()

    def _make_delivery(self) -> Delivery:
        if self.facts.request.storage_params.cloud_vod:
            return VodDelivery(self._world, self._options, self.facts, self._voice)
        return BucketDelivery(
            self._world, self._options, self.facts, self._voice, self._file_appeared
        )

    def _file_appeared(self, name: str) -> None:
        if name not in self.record.files:
            self.record.files.append(name)

"""One task: from the accepted start to the last delivered file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from longtake.emulator.ledger import LayoutRevision, TaskRecord
from longtake.emulator.stage import TrackKey
from longtake.emulator.timers import Timers
from longtake.emulator.world import World
from longtake.vendors.alibaba.emulator.bucket import BucketDelivery
from longtake.vendors.alibaba.emulator.delivery import Delivery
from longtake.vendors.alibaba.emulator.facts import Event, Facts, Status
from longtake.vendors.alibaba.emulator.idle import IdleWatch
from longtake.vendors.alibaba.emulator.options import AlibabaOptions
from longtake.vendors.alibaba.emulator.requests import Scene
from longtake.vendors.alibaba.emulator.staging import Feed, feeds, individual, mixed
from longtake.vendors.alibaba.emulator.vod import VodDelivery
from longtake.vendors.alibaba.emulator.voice import Voice

_LIFE = timedelta(hours=72)
_REMEMBERED = timedelta(days=3)
"""From its creation, calls know a task so long."""


class Recording:
    """The life of one task. ``on_ended``: told when it no longer records."""

    def __init__(
        self,
        world: World,
        options: AlibabaOptions,
        facts: Facts,
        record: TaskRecord,
        *,
        on_ended: Callable[[Recording], None],
    ) -> None:
        self.facts, self.record = facts, record
        self.status = Status.STARTING
        self.forgotten = self.doomed = False
        self._world, self._options, self._on_ended = world, options, on_ended
        self._scene = facts.request.scene
        self._begun: set[TrackKey] = set()
        self._timed_out: set[TrackKey] = set()
        self._timers = Timers(world.clock)
        self._idle = IdleWatch[TrackKey](
            self._timers, facts.request.max_idle_time, self._gone_silent
        )
        self._voice = Voice(world, options, facts)
        self.delivery = self._make_delivery()
        self._voice.say(Event.CREATED)
        timings = options.timings
        self._timers.later(timings.starting, lambda: self._voice.say(Event.STARTING))
        self._timers.later(timings.starting + timings.running, self._come_up)
        self._timers.later(_LIFE.total_seconds(), lambda: self.end("life_over"))

    # -- what others ask -------------------------------------------------------------------------

    @property
    def known(self) -> bool:
        """Whether calls reach the task."""
        return not self.forgotten and self._now() < self.facts.created_at + _REMEMBERED

    @property
    def told_status(self) -> str:
        starting = self.status is Status.STARTING
        return self._options.starting_status if starting else self.status.value

    # -- what is done to it ----------------------------------------------------------------------

    def update(self, scene: Scene, call: str) -> None:
        self._scene = scene
        self.record.layout_revisions.append(LayoutRevision(self._now(), call, scene.told))
        self.restage()

    def end(self, reason: str) -> None:
        """Record no more; what was taken is still delivered."""
        if self.record.ended_at is not None:
            return
        self.record.ended_at, self.record.end_reason = self._now(), reason
        self._timers.end()
        self.status = Status.STOPPING
        self._voice.say(Event.STOPPING)
        self.delivery.close()
        self._on_ended(self)

    def recover(self, seconds: float) -> bool:
        """Record nothing for ``seconds``; False if it does not run."""
        if self.status is not Status.RUNNING:
            return False
        self.status = Status.RECOVERING
        self._voice.say(Event.RECOVERING)
        self.delivery.show(None)
        self._timers.later(seconds, self._run)
        return True

    def restage(self) -> None:
        """Look again at who sends what."""
        if not self.status.takes_calls:
            return
        people = self._world.rooms.people("alibaba", self.facts.request.channel_id)
        record, entries = self.facts.request.record, self._scene.entries
        found = feeds(record, entries, people)
        self._timed_out &= {feed.key for feed in found}
        found = [feed for feed in found if feed.key not in self._timed_out]
        if not found:
            self.end("idle")
            return
        sending = {feed.key for feed in found if feed.sends}
        self._watch(found, sending)
        self._begun |= sending
        if self.status is not Status.RUNNING:
            return
        if not record.mixed:
            self.delivery.show(individual(found, self._begun))
        elif self._begun:
            canvas = self.facts.request.canvas
            self.delivery.show(mixed(record, self._scene, canvas, found, people))

    # -- while it runs ---------------------------------------------------------------------------

    def _come_up(self) -> None:
        if self.doomed:
            self.end("never_up")
            return
        self.record.started_at = self._now()
        self._run()

    def _run(self) -> None:
        self.status = Status.RUNNING
        self._voice.say(Event.RUNNING)
        self.restage()

    def _watch(self, found: list[Feed], sending: set[TrackKey]) -> None:
        """Of a mixed recording the whole, of individual ones each is idle by itself."""
        record = self.facts.request.record
        if record.mixed:
            whole = TrackKey(None, record.kind)
            self._idle.see({whole}, {whole} if sending else ())
        else:
            self._idle.see({feed.key for feed in found}, sending)

    def _gone_silent(self, key: TrackKey) -> None:
        if self.facts.request.record.mixed:
            self.end("idle")
            return
        self._timed_out.add(key)
        self.restage()

    def _make_delivery(self) -> Delivery:
        if self.facts.request.storage.vod_params:
            return VodDelivery(self._world, self._options, self.facts, self._delivered)
        return BucketDelivery(
            self._world,
            self._options,
            self.facts,
            self._voice,
            files=self.record.files,
            on_done=self._delivered,
        )

    def _delivered(self) -> None:
        self.status = Status.STOPPED
        self._voice.say(Event.STOPPED)

    def _now(self) -> datetime:
        return self._world.clock.now()

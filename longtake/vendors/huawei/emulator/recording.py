"""One job: from the accepted start to the last delivered file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from longtake.emulator.clock import Timer
from longtake.emulator.ledger import LayoutRevision, TaskRecord
from longtake.emulator.rooms import Person
from longtake.emulator.stage import Stage, TrackKey
from longtake.emulator.takes import Slice, Takes
from longtake.emulator.timers import Timers
from longtake.emulator.uploads import Pace
from longtake.emulator.world import World
from longtake.vendors.huawei.emulator.buckets import Buckets, StoredObject
from longtake.vendors.huawei.emulator.facts import Facts
from longtake.vendors.huawei.emulator.job_requests import IndividualStart
from longtake.vendors.huawei.emulator.mixing import Mix
from longtake.vendors.huawei.emulator.naming import object_stem
from longtake.vendors.huawei.emulator.options import HuaweiOptions, Timings
from longtake.vendors.huawei.emulator.reels import Reel, Reels
from longtake.vendors.huawei.emulator.rules import Format, HlsConfig, Mp4Config, RecordRule
from longtake.vendors.huawei.emulator.staging import staged_mix, staged_user
from longtake.vendors.huawei.emulator.uploads import MeasuringShelf, ObsUploads
from longtake.vendors.huawei.emulator.voice import Voice

State = Literal["INIT", "RUNNING", "STOPPED"]

_RETRY = 10.0  # seconds between two tries of an upload that OBS refuses

STOP_REASONS = {"stopped": "TENANT_STOP", "idle": "EXCEED_MAX_IDLE_TIME"}
"""By the ledger's reason; any other is an INTERNAL_ERROR."""


class Recording:
    """The life of one job. ``on_ended``: told when it records no more."""

    def __init__(
        self,
        world: World,
        options: HuaweiOptions,
        facts: Facts,
        record: TaskRecord,
        *,
        rule_id: str,
        rule: RecordRule,
        voice: Voice,
        buckets: Buckets,
        on_ended: Callable[[Recording], None],
    ) -> None:
        self.facts, self.record = facts, record
        self._world, self._clock = world, world.clock
        self._voice, self._buckets, self._on_ended = voice, buckets, on_ended
        self._options = options
        wish = facts.request
        self.mix: Mix | None = None if isinstance(wish, IndividualStart) else wish
        self.updated_at = facts.created_at
        self.up_at: datetime | None = None
        self.ended_at: datetime | None = None
        self.forgotten = False
        self._doomed = self._away = False
        self._timers = Timers(world.clock)
        self._idle: Timer | None = None
        self.go_by(rule_id, rule)
        self._timers.later(options.timings.join, self._enter)

    # -- what others ask -------------------------------------------------------------------------

    @property
    def state(self) -> State:
        if self.ended_at is not None:
            return "STOPPED"
        return "INIT" if self.up_at is None else "RUNNING"

    @property
    def stop_reason(self) -> str | None:
        reason = self.record.end_reason
        return None if reason is None else STOP_REASONS.get(reason, "INTERNAL_ERROR")

    @property
    def max_idle_time(self) -> int:
        return (self.mix or self.facts.request).max_idle_time

    @property
    def within_reach(self) -> bool:
        """Whether the API knows the job: not forgotten, nor long gone."""
        if self.forgotten:
            return False
        kept = timedelta(seconds=self._options.timings.retention)
        return self.ended_at is None or self._clock.now() < self.ended_at + kept

    # -- what the API does to it -----------------------------------------------------------------

    def go_by(self, rule_id: str, rule: RecordRule) -> None:
        """Record into the files of this rule; only before the job is up."""
        self.rule_id, self.rule = rule_id, rule
        self.uploads = self._make_uploads()
        self._reels = self._make_reels()
        self._takes = Takes(
            self._clock,
            self._slice_stem,
            self._options.timings.slice or rule.slice_seconds,
            on_cut=self._cut,
            on_track=self._track_changed,
        )

    def update(self, mix: Mix, told: dict[str, Any], call: str) -> None:
        patience = self.max_idle_time
        self.mix = mix
        if told:
            self.updated_at = self._clock.now()
            self.record.layout_revisions.append(LayoutRevision(self.updated_at, call, told))
        if self.max_idle_time != patience:
            self._forget_idling()
        self.room_changed()

    def stop(self) -> None:
        self.leave("stopped")

    # -- what happens to it ----------------------------------------------------------------------

    def room_changed(self) -> None:
        if self.state == "RUNNING":
            self._watch_idle()
            self._restage()

    def leave(self, reason: str) -> None:
        """End; what was taken is still delivered."""
        if self.ended_at is not None:
            return
        self.ended_at = self.record.ended_at = self._clock.now()
        self.record.end_reason = reason
        self._timers.end()
        self._takes.show(None)
        for reels in self._reels.values():
            reels.end()
        self.uploads.close()
        self._voice.over(self.stop_reason or "")
        self._on_ended(self)

    def never_come_up(self) -> None:
        self._doomed = True

    def interrupt(self, seconds: float) -> bool:
        """Record nothing for ``seconds``; False if that is so already."""
        if self.up_at is None or self._away:
            return False
        self._away = True
        self._restage()
        self._timers.later(seconds, self._come_back)
        return True

    # -- while it runs ---------------------------------------------------------------------------

    def _enter(self) -> None:
        if self._doomed:
            self.leave("never_up")
            return
        self.up_at = self.record.started_at = self._clock.now()
        self.room_changed()

    def _come_back(self) -> None:
        self._away = False
        self._restage()

    def _restage(self) -> None:
        self._takes.show(None if self._away else self._stage())

    def _stage(self) -> Stage:
        people = self._people()
        if self.mix is None:
            return staged_user(self.facts.track, people)
        return staged_mix(self.mix, self.facts.track, people)

    def _people(self) -> Sequence[Person]:
        return self._world.rooms.people("huawei", self.facts.room)

    def _watch_idle(self) -> None:
        """Time runs while nobody in the room sends anything, whoever is recorded."""
        busy = any(person.publishes or person.screen for person in self._people())
        if busy:
            self._forget_idling()
        elif self._idle is None:
            self._idle = self._timers.later(self.max_idle_time, lambda: self.leave("idle"))

    def _forget_idling(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    # -- its files -------------------------------------------------------------------------------

    def _cut(self, cut: Sequence[Slice]) -> None:
        self.uploads.add(cut)
        for reels in self._reels.values():
            reels.add(cut)

    def _track_changed(self, _key: TrackKey, begins: datetime | None) -> None:
        for reels in self._reels.values():
            if begins is None:
                reels.ebbs()
            else:
                reels.flows()

    def _slice_stem(self, _generation: int, _key: TrackKey) -> str:
        """That of the playlist, or of the film where there is none."""
        reels = next(iter(self._reels.values()))
        return reels.open.stem if reels.open else reels.stem_of(self._clock.now())

    def _make_reels(self) -> dict[Format, Reels]:
        """Of HLS first, whose files name the slices."""
        configs: list[tuple[Format, HlsConfig | Mp4Config | None]] = [
            ("HLS", self.rule.hls),
            ("MP4", self.rule.mp4),
        ]
        return {form: self._reels_of(form, config) for form, config in configs if config}

    def _reels_of(self, form: Format, config: HlsConfig | Mp4Config) -> Reels:
        def stem_of(began: datetime) -> str:
            return object_stem(
                self.rule.obs_addr,
                config.record_prefix,
                app=self.facts.app,
                form=form,
                stream=self.facts.stream_name,
                began=began,
            )

        return Reels(
            self._clock,
            form,
            config,
            stem_of,
            on_open=self._file_opened,
            on_close=self._file_closed,
        )

    def _file_opened(self, reel: Reel) -> None:
        if not self.uploads.refused:
            self._voice.new_file(reel)

    def _file_closed(self, reel: Reel) -> None:
        if reel.form == "HLS":
            self._takes.move()
        self.uploads.complete(reel)

    def _make_uploads(self) -> ObsUploads:
        place = self.rule.obs_addr
        shelf = MeasuringShelf(self._world.store, place.bucket, self._file_appeared)
        uploads = ObsUploads(
            self._clock,
            shelf,
            _pace(self._options.timings),
            hls=self.rule.hls is not None,
            on_complete=lambda reel, size: self._voice.file_complete(reel, size, place),
        )
        uploads.refused = not self._buckets.authorised(place.bucket)
        self._sizes = shelf.sizes
        return uploads

    def _file_appeared(self, name: str) -> None:
        if name not in self.record.files:
            self.record.files.append(name)
        stored = StoredObject(name, self._sizes.get(name, 0), self._clock.now())
        self._buckets.wrote(self.rule.obs_addr.bucket, stored)


def _pace(timings: Timings) -> Pace:
    return Pace(timings.upload, _RETRY, timings.upload_patience)

"""The calls on jobs, and the jobs.

No method awaits, so of two calls that race one comes first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from longtake.emulator.exchange import Reply
from longtake.emulator.ledger import LayoutRevision, TaskRecord
from longtake.emulator.world import World
from longtake.vendors.huawei.emulator.account import Account, Application, Call
from longtake.vendors.huawei.emulator.codes import (
    APP_STOPPED,
    COMBINATION,
    INVALID,
    JOB_DONE,
    JOB_EXCEED,
    JOB_RUNNING,
    SHOW_MIX,
    SHOW_ONE,
    START_MIX,
    START_ONE,
    STOP_MIX,
    STOP_ONE,
    UPDATE_MIX,
    UPDATE_ONE,
    Refusal,
    answer,
    unknown,
)
from longtake.vendors.huawei.emulator.facts import Facts
from longtake.vendors.huawei.emulator.job_requests import (
    IndividualStart,
    IndividualUpdate,
    parse_individual,
    parse_mix,
    updated,
)
from longtake.vendors.huawei.emulator.mixing import Mix, VideoMix, layout_of
from longtake.vendors.huawei.emulator.naming import millisecond_stamp
from longtake.vendors.huawei.emulator.options import HuaweiOptions
from longtake.vendors.huawei.emulator.recording import Recording
from longtake.vendors.huawei.emulator.rulebook import Entry
from longtake.vendors.huawei.emulator.voice import Voice
from longtake.vendors.huawei.emulator.wire import parse, with_text_ids

_NOT_IN_THE_EXAMPLE = ("stream_name", "state", "update_time")


class Jobs:
    def __init__(
        self, world: World, options: HuaweiOptions, account: Account, *, strict: bool
    ) -> None:
        self._world, self._options, self._strict = world, options, strict
        self._account = account
        self._recordings: dict[str, Recording] = {}
        self._running: dict[str, Recording] = {}
        world.rooms.watch("huawei", self._room_changed)

    def recording(self, job_id: str | None) -> Recording | None:
        return self._recordings.get(job_id or "")

    def running(self, room: str | None) -> list[Recording]:
        """The jobs in any room, or in the one of this name."""
        return [job for job in self._running.values() if room in {None, job.facts.room}]

    def run(self, call: Call) -> Reply:
        """Do what the call asks.

        Raises:
            Refusal: it cannot be done.
        """
        handlers = {
            START_ONE: self._start_one,
            START_MIX: self._start_mix,
            SHOW_ONE: self._show,
            SHOW_MIX: self._show,
            UPDATE_ONE: self._update_one,
            UPDATE_MIX: self._update_mix,
            STOP_ONE: self._stop,
            STOP_MIX: self._stop,
        }
        return handlers[call.name](call)

    # -- the calls -------------------------------------------------------------------------------

    def _start_one(self, call: Call) -> Reply:
        app = self._account.application(call)
        wish = parse_individual(
            self._body(call),
            camera_by_default=self._options.camera_by_default,
            strict=self._strict,
        )
        return self._start(call, app, wish, wish.record_param.record_rule_id)

    def _start_mix(self, call: Call) -> Reply:
        app = self._account.application(call)
        mix, rule = parse_mix(self._body(call), strict=self._strict)
        return self._start(call, app, mix, rule)

    def _start(
        self, call: Call, app: Application, wish: IndividualStart | Mix, rule_id: str
    ) -> Reply:
        if not app.enabled:
            raise Refusal(APP_STOPPED)
        rule = self._rule(app.app_id, rule_id)
        limit = self._options.limits.jobs
        if limit and len(self._running) >= limit:
            raise Refusal(JOB_EXCEED)
        facts = Facts(
            self._new_id(),
            app.app_id,
            wish,
            self._world.clock.now(),
            numbered=self._options.numeric_job_ids,
        )
        self._check_repeated(facts)
        recording = self._begin(call, app, facts, rule)
        call.record.task_id = facts.job_id
        told = self._told(recording)
        if self._options.sparse_start:
            told = {k: v for k, v in told.items() if k not in _NOT_IN_THE_EXAMPLE}
        return answer(self._world.rng, 201, told)

    def _show(self, call: Call) -> Reply:
        return answer(self._world.rng, 200, self._told(self._known(call)))

    def _update_one(self, call: Call) -> Reply:
        """Only before the first file: the documentation does not say when else it works."""
        recording = self._alive(call)
        rule_id = parse(IndividualUpdate, self._body(call), strict=self._strict)
        rule = self._rule(recording.facts.app, rule_id.record_param.record_rule_id)
        if recording.state != "INIT":
            raise Refusal(COMBINATION, "record_param: the job is recording by its rule")
        recording.go_by(rule.rule_id, rule.in_force(self._world.clock.now()))
        recording.updated_at = self._world.clock.now()
        return answer(self._world.rng, 200, self._told(recording))

    def _update_mix(self, call: Call) -> Reply:
        recording = self._alive(call)
        assert recording.mix is not None  # noqa: S101 - _known looks at the path's kind of job
        mix = updated(recording.mix, self._body(call), strict=self._strict)
        told = layout_of(call.body) if isinstance(mix, VideoMix) else {}
        recording.update(mix, told, call.name)
        return answer(self._world.rng, 200, self._told(recording))

    def _stop(self, call: Call) -> Reply:
        recording = self._known(call)
        if recording.ended_at is not None:
            if self._options.stop_of_ended == "unknown":
                raise unknown("job")
            raise Refusal(JOB_DONE)
        recording.stop()
        return answer(self._world.rng, 204)

    # -- what they have in common ----------------------------------------------------------------

    def _new_id(self) -> str:
        if self._options.numeric_job_ids:
            return str(self._world.rng.randrange(10**9, 10**12))
        return self._world.hex_id(32)

    def _body(self, call: Call) -> Mapping[str, Any]:
        return with_text_ids(call.body) if self._options.numeric_ids else call.body

    def _known(self, call: Call) -> Recording:
        """
        Raises:
            Refusal: the application has no such job of this kind.
        """
        app = self._account.application(call)
        recording = self._recordings.get(call.parts["job_id"])
        individual = call.name in {SHOW_ONE, UPDATE_ONE, STOP_ONE}
        if (
            recording is None
            or not recording.within_reach
            or recording.facts.app != app.app_id
            or (recording.mix is None) is not individual
        ):
            raise unknown("job")
        return recording

    def _alive(self, call: Call) -> Recording:
        """
        Raises:
            Refusal: there is no such job, or it has ended.
        """
        recording = self._known(call)
        if recording.ended_at is not None:
            raise Refusal(JOB_DONE)
        return recording

    def _rule(self, app: str, rule_id: str) -> Entry:
        rule = self._account.rulebook.find(app, rule_id)
        if rule is None:
            raise Refusal(INVALID, "record_rule_id: no such rule")
        return rule

    def _check_repeated(self, facts: Facts) -> None:
        running = {job.facts.identity for job in self._running.values()}
        if self._options.repeated_start == "refuse" and facts.identity in running:
            raise Refusal(JOB_RUNNING)

    def _begin(self, call: Call, app: Application, facts: Facts, rule: Entry) -> Recording:
        now = facts.created_at
        record = TaskRecord(
            "huawei", facts.job_id, "", facts.app, facts.room, facts.recorder, created_at=now
        )
        if isinstance(facts.request, VideoMix):
            told = layout_of(call.body)
            record.layout_revisions.append(LayoutRevision(now, call.name, told))
        self._world.ledger.tasks.append(record)
        recording = Recording(
            self._world,
            self._options,
            facts,
            record,
            rule_id=rule.rule_id,
            rule=rule.in_force(now),
            voice=Voice(self._world, self._options, facts, app.subscribed),
            buckets=self._account.buckets,
            on_ended=self._ended,
        )
        self._recordings[facts.job_id] = self._running[facts.job_id] = recording
        return recording

    def _told(self, job: Recording) -> dict[str, Any]:
        """The object that start, query and update answer with."""
        facts, wish = job.facts, job.mix or job.facts.request
        asked = wish.model_dump(exclude_none=True, exclude={"record_param"})
        if job.mix is not None:
            asked = {"mix_param": asked}
        times = {
            "create_time": facts.created_at,
            "update_time": job.updated_at,
            "start_time": facts.created_at,
            "stop_time": job.ended_at,
        }
        return {
            "job_id": facts.told_id,
            "stream_name": facts.stream_name,
            "app_id": facts.app,
            "room_id": facts.room,
            **asked,
            "record_param": {"record_rule_id": job.rule_id},
            **{name: millisecond_stamp(at) for name, at in times.items() if at is not None},
            "state": job.state,
            **({"stop_reason": job.stop_reason} if job.stop_reason else {}),
        }

    def _ended(self, recording: Recording) -> None:
        self._running.pop(recording.facts.job_id, None)

    def _room_changed(self, room: str) -> None:
        for recording in self.running(room):
            recording.room_changed()

"""The service behind the operations: tasks, and what each call does to them.

No method awaits, so of two calls that race one comes first.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from longtake.emulator.exchange import Reply
from longtake.emulator.ledger import CallRecord, LayoutRevision, TaskRecord
from longtake.emulator.stamps import milliseconds
from longtake.emulator.world import World
from longtake.vendors.alibaba.emulator.codes import (
    APP,
    BUCKET,
    CHANNEL,
    DESCRIBE,
    ENTRIES,
    NOT_RUNNING,
    START,
    STOP,
    UNKNOWN_TASK,
    UPDATE,
    USERS,
    Refusal,
    answer,
)
from longtake.vendors.alibaba.emulator.facts import Facts, Status
from longtake.vendors.alibaba.emulator.naming import Names
from longtake.vendors.alibaba.emulator.options import AlibabaOptions
from longtake.vendors.alibaba.emulator.recording import Recording
from longtake.vendors.alibaba.emulator.requests import (
    OF_A_CHANNEL,
    OF_A_TASK,
    Scene,
    StartRequest,
    parse_start,
    parse_update,
)
from longtake.vendors.alibaba.emulator.wire import Parameters


@dataclass(frozen=True)
class Call:
    """A call as the gateway hands it on. ``region``: of the address that was called."""

    record: CallRecord
    parameters: Parameters
    region: str


class AlibabaService:
    def __init__(self, world: World, options: AlibabaOptions) -> None:
        self._world, self._options = world, options
        self._recordings: dict[str, Recording] = {}
        self._running: dict[str, Recording] = {}
        self._emptied: dict[str, datetime] = {}
        world.rooms.watch("alibaba", self._room_changed)

    def reset(self) -> None:
        self._recordings.clear()
        self._running.clear()
        self._emptied.clear()

    def recording(self, task_id: str | None) -> Recording | None:
        return self._recordings.get(task_id or "")

    def running(self, channel: str | None) -> list[Recording]:
        """The tasks in any channel, or in this one."""
        tasks = self._running.values()
        return [task for task in tasks if channel in {None, task.facts.request.channel_id}]

    def run(self, call: Call) -> Reply:
        """Do what the call asks.

        Raises:
            Refusal: it cannot be done.
        """
        actions = {
            START: self._start,
            UPDATE: self._update,
            STOP: self._stop,
            DESCRIBE: self._describe,
            USERS: self._users,
        }
        return actions[call.record.call](call)

    # -- the operations --------------------------------------------------------------------------

    def _start(self, call: Call) -> Reply:
        wish = parse_start(call.parameters, region=call.region)
        call.record.recorder = wish.attempt
        self._check_app(wish.app_id)
        storage, buckets = wish.storage.oss_params, self._options.buckets
        if storage and buckets is not None and storage.oss_bucket not in buckets:
            raise Refusal(BUCKET, "The account has no such bucket")
        if not self._world.rooms.people("alibaba", wish.channel_id):
            raise Refusal(CHANNEL, "Nobody is in the channel")
        facts = self._facts(wish)
        self._check_lengths(facts, wish.scene)
        call.record.task_id = facts.task_id
        self._begin(facts, call.record)
        return answer(self._world.rng, TaskId=facts.task_id)

    def _update(self, call: Call) -> Reply:
        recording = self._known(call.parameters)
        if not recording.status.takes_calls:
            raise Refusal(NOT_RUNNING, "The task is not running")
        scene = parse_update(call.parameters, recording.facts.request)
        self._check_lengths(recording.facts, scene, code=ENTRIES)
        recording.update(scene, call.record.call)
        return answer(self._world.rng, TaskId=recording.facts.task_id)

    def _stop(self, call: Call) -> Reply:
        call.parameters.check_names(OF_A_TASK)
        recording = self._known(call.parameters)
        early = recording.status is Status.STARTING and not self._options.stop_needs_running
        if not recording.status.takes_calls and not early:
            raise Refusal(NOT_RUNNING, "The task is not running")
        recording.end("stopped")
        return answer(self._world.rng, TaskId=recording.facts.task_id)

    def _describe(self, call: Call) -> Reply:
        call.parameters.check_names(OF_A_TASK)
        recording = self._known(call.parameters)
        info = {
            "TaskId": recording.facts.task_id,
            "Status": recording.told_status,
            "RecordFileList": recording.delivery.listing(),
        }
        return answer(self._world.rng, TaskInfo=info)

    def _users(self, call: Call) -> Reply:
        """Who publishes something is counted among the streamers."""
        call.parameters.need("AppId", "ChannelId")
        call.parameters.check_names(OF_A_CHANNEL)
        channel = call.parameters.text("ChannelId")
        self._check_app(call.parameters.text("AppId"))
        people = self._world.rooms.people("alibaba", channel)
        streamers = [who.user for who in people if who.publishes or who.screen]
        viewers = [who.user for who in people if who.user not in streamers]
        return answer(
            self._world.rng,
            IsChannelExists=bool(people) or self._lingers(channel),
            InteractiveUserList=streamers,
            InteractiveUserNumber=len(streamers),
            LiveUserList=viewers,
            LiveUserNumber=len(viewers),
            Timestamp=milliseconds(self._world.clock.now()) // 1000,
        )

    # -- what they have in common ----------------------------------------------------------------

    def _check_app(self, app_id: str) -> None:
        if app_id not in self._options.apps:
            raise Refusal(APP, "The account has no such application")

    def _check_lengths(self, facts: Facts, scene: Scene, **code: str) -> None:
        users = [entry.user_id for entry in scene.entries]
        facts.names.check_lengths(facts.request.files, users, self._world.clock.now(), **code)

    def _known(self, parameters: Parameters) -> Recording:
        recording = self._recordings.get(parameters.text("TaskId"))
        if recording is None or not recording.known:
            raise Refusal(UNKNOWN_TASK, "The task does not exist")
        return recording

    def _facts(self, wish: StartRequest) -> Facts:
        task_id = str(uuid.UUID(int=self._world.rng.getrandbits(128), version=4))
        names = Names(self._options, wish.app_id, wish.channel_id, task_id)
        return Facts(task_id, wish, names, self._world.clock.now())

    def _begin(self, facts: Facts, call: CallRecord) -> None:
        wish, now = facts.request, facts.created_at
        record = TaskRecord(
            "alibaba",
            facts.task_id,
            "",
            wish.app_id,
            wish.channel_id,
            wish.attempt,
            created_at=now,
        )
        record.layout_revisions.append(LayoutRevision(now, call.call, wish.scene.told))
        self._world.ledger.tasks.append(record)
        recording = Recording(self._world, self._options, facts, record, on_ended=self._ended)
        self._recordings[facts.task_id] = self._running[facts.task_id] = recording

    def _ended(self, recording: Recording) -> None:
        self._running.pop(recording.facts.task_id, None)

    def _lingers(self, channel: str) -> bool:
        """Whether the channel was left only a moment ago."""
        emptied = self._emptied.get(channel)
        within = timedelta(seconds=self._options.timings.linger)
        return emptied is not None and self._world.clock.now() < emptied + within

    def _room_changed(self, channel: str) -> None:
        self._emptied.pop(channel, None)
        if not self._world.rooms.people("alibaba", channel):
            self._emptied[channel] = self._world.clock.now()
        for recording in self.running(channel):
            recording.restage()

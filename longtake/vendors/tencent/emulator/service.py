"""The service behind the four actions: tasks, and what each call does to them.

No method awaits, so of two calls that race one comes first.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from longtake.emulator.exchange import Reply
from longtake.emulator.ledger import CallRecord, LayoutRevision, TaskRecord
from longtake.emulator.stamps import milliseconds
from longtake.emulator.takes import Track
from longtake.emulator.world import World
from longtake.vendors.tencent.emulator.codes import (
    CREATE,
    DELETE,
    DESCRIBE,
    MODIFY,
    UNKNOWN_APP,
    UNKNOWN_TASK,
    Refusal,
    answer,
)
from longtake.vendors.tencent.emulator.facts import Facts, LeaveCode
from longtake.vendors.tencent.emulator.layouts import USUAL_LAYOUT
from longtake.vendors.tencent.emulator.naming import Names, bare, track_type
from longtake.vendors.tencent.emulator.options import TencentOptions
from longtake.vendors.tencent.emulator.recording import Recording
from longtake.vendors.tencent.emulator.requests import (
    CreateRequest,
    ModifyRequest,
    TaskRequest,
    both_groups,
    check_windows,
    parse_create,
)
from longtake.vendors.tencent.emulator.staging import Scene
from longtake.vendors.tencent.emulator.wire import parse


@dataclass(frozen=True)
class Call:
    """A call as the gateway hands it on, its body as it came."""

    record: CallRecord
    body: Mapping[str, Any]


class TencentService:
    def __init__(self, world: World, options: TencentOptions, *, strict: bool) -> None:
        self._world, self._options, self._strict = world, options, strict
        self._recordings: dict[str, Recording] = {}
        self._running: dict[str, Recording] = {}
        world.rooms.watch("tencent", self._room_changed)

    def reset(self) -> None:
        self._recordings.clear()
        self._running.clear()

    def recording(self, task_id: str | None) -> Recording | None:
        return self._recordings.get(task_id or "")

    def running(self, room: str | None) -> list[Recording]:
        """The tasks in any room, or in those of this name."""
        tasks = self._running.values()
        return [task for task in tasks if room in {None, task.facts.request.room_id}]

    def run(self, call: Call) -> Reply:
        """Do what the call asks.

        Raises:
            Refusal: it cannot be done.
        """
        actions = {
            CREATE: self._create,
            DESCRIBE: self._describe,
            MODIFY: self._modify,
            DELETE: self._delete,
        }
        return actions[call.record.call](call)

    # -- the actions -----------------------------------------------------------------------------

    def _create(self, call: Call) -> Reply:
        wish = parse_create(call.body, strict=self._strict)
        self._check_app(wish.sdk_app_id)
        limit = self._options.limits.tasks
        if limit and len(self._running) >= limit:
            raise Refusal("FailedOperation.RestrictedConcurrency", "Too many tasks are running.")
        recording = self._begin(wish, call)
        call.record.task_id = recording.facts.task_id
        return answer(self._world.rng, TaskId=recording.facts.task_id)

    def _describe(self, call: Call) -> Reply:
        recording = self._known(parse(TaskRequest, call.body, strict=self._strict))
        files = [_storage_file(track) for track in recording.tracks]
        if recording.left_at is not None:
            status = "Exited"
        else:
            status = "Idle" if recording.data_at is None else "InProgress"
        return answer(
            self._world.rng,
            TaskId=recording.facts.task_id,
            Status=status,
            StorageFileList=None if self._options.null_file_list and not files else files,
        )

    def _modify(self, call: Call) -> Reply:
        wish = parse(ModifyRequest, call.body, strict=self._strict)
        recording = self._known(wish)
        if recording.left_at is not None:
            raise Refusal(UNKNOWN_TASK, "The task has ended.")
        created = recording.facts.request
        mixed = created.record_params.mixed
        layout = wish.mix_layout_params if mixed else USUAL_LAYOUT
        check_windows(layout, created.canvas)
        scene = Scene(layout, wish.subscribe_stream_user_ids)
        recording.modify(scene, both_groups(call.body), call.record.call)
        return answer(self._world.rng, TaskId=wish.task_id)

    def _delete(self, call: Call) -> Reply:
        wish = parse(TaskRequest, call.body, strict=self._strict)
        self._known(wish).delete()
        return answer(self._world.rng, TaskId=wish.task_id)

    # -- what they have in common ----------------------------------------------------------------

    def _check_app(self, sdk_app_id: int) -> None:
        if sdk_app_id not in self._options.apps:
            raise Refusal(UNKNOWN_APP, "SdkAppId: unknown to this account")

    def _known(self, wish: TaskRequest) -> Recording:
        self._check_app(wish.sdk_app_id)
        recording = self._recordings.get(wish.task_id)
        if recording is None or not recording.within_reach:
            raise Refusal(UNKNOWN_TASK, "The task does not exist, or has ended.")
        if recording.facts.request.sdk_app_id != wish.sdk_app_id:
            raise Refusal(UNKNOWN_TASK, "The task is not this application's.")
        return recording

    def _begin(self, wish: CreateRequest, call: Call) -> Recording:
        now, task_id = self._world.clock.now(), self._new_task_id()
        facts = Facts(task_id, wish, Names(_folder(wish, task_id), wish.sdk_app_id, wish.room), now)
        record = TaskRecord(
            "tencent",
            task_id,
            "",
            str(wish.sdk_app_id),
            wish.room_id,
            wish.user_id,
            created_at=now,
        )
        if told := both_groups(call.body):
            record.layout_revisions.append(LayoutRevision(now, call.record.call, told))
        self._world.ledger.tasks.append(record)
        recording = Recording(
            self._world,
            self._options,
            facts,
            record,
            on_entered=self._entered,
            on_left=self._left,
        )
        self._recordings[task_id] = self._running[task_id] = recording
        return recording

    def _entered(self, newcomer: Recording) -> None:
        """Whoever has the newcomer's id is thrown out of the room, robot or person."""
        for other in list(self._running.values()):
            if other is not newcomer and other.up_at and other.facts.seat == newcomer.facts.seat:
                other.leave(LeaveCode.SAME_USER_ID)
        _, address, robot = newcomer.facts.seat
        people = self._world.rooms.people("tencent", address)
        if any(person.user == robot for person in people):
            others = [person for person in people if person.user != robot]
            self._world.rooms.put("tencent", address, others)

    def _left(self, recording: Recording) -> None:
        self._running.pop(recording.facts.task_id, None)

    def _room_changed(self, address: str) -> None:
        for recording in list(self._running.values()):
            if recording.facts.request.room.address == address:
                recording.room_changed()

    def _new_task_id(self) -> str:
        """As seen in production: Base64 with ``-`` and ``.``, of about 85 characters."""
        raw = self._world.rng.randbytes(self._world.rng.choice((62, 63, 64)))
        return base64.b64encode(raw).decode().replace("/", "-").replace("=", ".")


def _folder(wish: CreateRequest, task_id: str) -> str:
    """What precedes each file's name: in VOD a label of the caller's, or nothing."""
    storage, vod = wish.storage_params.cloud_storage, wish.storage_params.cloud_vod
    if storage:
        return f"{storage.prefix}{task_id}/"
    label = vod.tencent_vod.user_define_record_id if vod else ""
    return f"{label}__UserDefine_u_" if label else ""


def _storage_file(track: Track) -> dict[str, Any]:
    return {
        "UserId": track.key.user or "",
        "FileName": bare(track.playlist),
        "TrackType": track_type(track.key.kind),
        "BeginTimeStamp": milliseconds(track.began),
    }

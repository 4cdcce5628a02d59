"""The port `Recorder` for TRTC: neutral words in, neutral words out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import httpx
from pydantic import SecretStr

from longtake.domain.errors import (
    AlreadyStopped,
    InvalidRequest,
    NotConfigured,
    TaskNotFound,
    VendorUnavailable,
)
from longtake.domain.events import Observation, TaskPhase
from longtake.domain.files import FileRef
from longtake.domain.ports import Attempt, Stopped, Task
from longtake.domain.recording import RecordingRequest, Scene, ScenePart
from longtake.domain.traits import RecorderIds, Traits
from longtake.vendorkit.recorder import AccountRecorder, options_of
from longtake.vendorkit.redact import foreign_text
from longtake.vendorkit.spec import Now
from longtake.vendors.tencent import files
from longtake.vendors.tencent.client import VENDOR, TencentClient
from longtake.vendors.tencent.layout import KINDS
from longtake.vendors.tencent.options import TencentOptions
from longtake.vendors.tencent.playlist import playlist_tags
from longtake.vendors.tencent.settings import TencentAccount, TencentStorage
from longtake.vendors.tencent.translate import MODES, Credentials, Translation
from longtake.vendors.tencent.user_sig import UserSig, room_buffer
from longtake.vendors.tencent.wire.fields import MAX_LISTED, MAX_WINDOWS
from longtake.vendors.tencent.wire.replies import DescribeReply
from longtake.vendors.tencent.wire.requests import TaskRequest

LIFE_MARGIN = timedelta(minutes=30)
"""Before a task's life ends its successor must be up, and the task itself still be stopped."""

SIG_MARGIN = timedelta(days=1)
"""A failover puts the robot back with the UserSig that it began with."""

FILES_WITHIN = timedelta(minutes=20)
"""MP4 is made after the end, of files that are fetched from the bucket again. Of VOD events alone
tell, some minutes after the end."""

_HOUR = timedelta(hours=1)
_SAMPLE = Credentials(SecretStr("checked without a call"))
_PHASES: Mapping[str, TaskPhase] = {
    "idle": TaskPhase.RUNNING,
    "inprogress": TaskPhase.FLOWING,
    "exited": TaskPhase.ENDING,
}


class TencentRecorder(AccountRecorder[TencentAccount, TencentStorage]):
    """One account's recorder."""

    vendor = VENDOR
    profile_tells = "of a bucket or VOD"

    def __init__(
        self,
        name: str,
        account: TencentAccount,
        storage: Mapping[str, TencentStorage],
        http: httpx.AsyncClient,
        now: Now,
    ) -> None:
        """As for every vendor, with a client of this one."""
        super().__init__(name, account, storage, http, now)
        self._client = TencentClient(account, http, now)

    def traits(self, request: RecordingRequest) -> Traits:
        """Check all that can be checked without a call, by composing the calls themselves."""
        translation = self._translation(request)
        traits = self._traits(translation)
        path = f"{request.output.path_prefix}/0123456789ab/a1".lstrip("/")
        recorder = traits.recorder_ids.identity("", 1)
        sample = Attempt(number=1, recorder=recorder, path=path)
        scene = request.first_scene()
        traits.check(scene)
        translation.create(scene, sample, _SAMPLE)
        return traits

    async def start(self, request: RecordingRequest, scene: Scene, attempt: Attempt) -> str:
        """Start the attempt's recording; gives its TaskId."""
        translation = self._translation(request)
        body = translation.create(scene, attempt, self._credentials(translation, attempt))
        return (await self._client.create(body)).task_id

    async def recover(self, request: RecordingRequest, scene: Scene, attempt: Attempt) -> str:
        """The same start again: the robot's second entry ends the task of its first."""
        return await self.start(request, scene, attempt)

    async def apply(
        self,
        request: RecordingRequest,
        task: Task,
        scene: Scene,
        part: ScenePart,  # noqa: ARG002 - the port's
    ) -> None:
        """Send the whole scene, whatever the part: what is left out goes back to its default."""
        await self._client.modify(self._translation(request).modify(scene, task))

    async def query(self, request: RecordingRequest, task: Task) -> Observation:
        """Ask; "no such task" and "over" are answers too."""
        try:
            reply = await self._client.describe(self._task(task))
        except TaskNotFound as error:
            return Observation(phase=TaskPhase.MISSING, at=self._now(), detail=str(error))
        except AlreadyStopped as error:
            return Observation(phase=TaskPhase.ENDED, at=self._now(), detail=str(error))
        stored = files.reported(reply.storage_file_list, f"{task.attempt.path}/{task.id}")
        phase, detail = _phase(reply), foreign_text(reply.status, limit=40)
        if phase is TaskPhase.FLOWING and not stored and self._translation(request).lists_files:
            phase, detail = TaskPhase.RUNNING, f"{detail}: media comes in, no file yet"
        elif phase is TaskPhase.RUNNING:
            detail = f"{detail}: no anchor publishes in this room, {_entered(request)}"
        return Observation(phase=phase, at=self._now(), detail=detail, files=stored)

    async def stop(
        self,
        request: RecordingRequest,  # noqa: ARG002 - the port's
        task: Task,
    ) -> Stopped:
        """End the task; its uploads go on, and events or the bucket tell of them."""
        await self._client.delete(self._task(task))
        return Stopped(uploading="unknown", detail="stopping")

    def task_id_in(self, attempt: Attempt, request: RecordingRequest, key: str) -> str | None:
        """The TaskId is the folder below the attempt's."""
        found = files.task_folder(key, attempt.path)
        name = files.FileName.read(found[1]) if found else None
        if found is None or name is None:
            return None
        numeric = options_of(request, TencentOptions).numeric_room(request.room)
        room = files.room_part(request.room, numeric=numeric)
        ours = (name.app, name.room) == (self._account.sdk_app_id, room)
        return found[0] if ours else None

    def describe_file(self, key: str) -> FileRef:
        """Kind, user, track and beginning, from the name."""
        return files.describe(key)

    def playlist_began(self, text: str) -> datetime | None:
        """The start of the recording: the tag, like event 307 and the listing."""
        return playlist_tags(text).began

    def _task(self, task: Task) -> TaskRequest:
        return TaskRequest.model_validate({"SdkAppId": self._account.sdk_app_id, "TaskId": task.id})

    def _translation(self, request: RecordingRequest) -> Translation:
        options = options_of(request, TencentOptions)
        if request.mode not in MODES:
            raise InvalidRequest("mode: tencent records mixed and individual")
        if broken := options.broken_rules(request):
            raise InvalidRequest("; ".join(f"vendor_options.{rule}" for rule in broken))
        storage = self._profile(request.output.storage)
        if storage.vod and request.output.path_prefix:
            raise InvalidRequest("output.path_prefix: VOD has no folders")
        if options.vod is not None and not storage.vod:
            raise InvalidRequest("vendor_options.vod: output.storage names a bucket, not VOD")
        return Translation(request, options, self._account, storage)

    def _profile(self, name: str) -> TencentStorage:
        storage = super()._profile(name)
        if storage.endpoint is not None and self._account.site == "mainland":
            raise NotConfigured(
                f"output.storage: profile {name!r} has an endpoint, which the international site"
                f" alone knows; account {self._name!r} is of the mainland's"
            )
        return storage

    def _traits(self, translation: Translation) -> Traits:
        mixed = translation.request.mode == "mixed"
        return Traits(
            vendor=VENDOR,
            recorder_ids=RecorderIds(style="text", prefix=self._account.robot_prefix),
            repeated_start="replaces",
            confirm_first=timedelta(seconds=15),
            confirm_every=timedelta(seconds=5),
            confirm_within=timedelta(seconds=45),
            missing_grace=timedelta(seconds=30),
            poll_every=timedelta(minutes=1),
            files_within=FILES_WITHIN,
            uploads_within=FILES_WITHIN if translation.storage.vod else timedelta(minutes=1),
            to_bucket=not translation.storage.vod,
            task_life=self._life(translation) - LIFE_MARGIN,
            layouts=KINDS if translation.pictured else frozenset(),
            max_panes=MAX_WINDOWS if mixed else 0,
            max_listed_users=MAX_LISTED,
        )

    def _life(self, translation: Translation) -> timedelta:
        """How long a task takes calls and survives a failover."""
        callable_for = translation.options.resource_expired_hour * _HOUR
        if self._account.user_sig_hours is None:
            return callable_for
        valid, idle = self._account.user_sig_hours * _HOUR, translation.request.max_idle
        if valid - idle < 2 * LIFE_MARGIN:
            raise InvalidRequest(
                f"max_idle: must leave an hour of the {self._account.user_sig_hours} hours that"
                f" account {self._name!r} allows a UserSig"
            )
        return min(callable_for, valid - idle)

    def _credentials(self, translation: Translation, attempt: Attempt) -> Credentials:
        key = self._account.user_sig_key.get_secret_value()
        sig = UserSig(
            sdk_app_id=self._account.sdk_app_id,
            user=attempt.recorder,
            issued_at=self._now(),
            life=self._sig_life(translation),
        )
        user_sig = SecretStr(sig.token(key))
        if not self._account.private_map_key:
            return Credentials(user_sig)
        room = translation.request.room
        buffer = room_buffer(sig, room, numeric=translation.numeric_room)
        return Credentials(user_sig, SecretStr(replace(sig, buffer=buffer).token(key)))

    def _sig_life(self, translation: Translation) -> timedelta:
        request = translation.request
        task = max(translation.options.resource_expired_hour * _HOUR, request.max_duration)
        needed = task + request.max_idle + SIG_MARGIN
        allowed = self._account.user_sig_hours
        return needed if allowed is None else min(needed, allowed * _HOUR)


def _entered(request: RecordingRequest) -> str:
    """The room of a number and the one of the same text are two: the wrong one is empty."""
    kind = "integer" if options_of(request, TencentOptions).numeric_room(request.room) else "string"
    return f"entered as one of {kind} type"


def _phase(reply: DescribeReply) -> TaskPhase:
    phase = _PHASES.get(reply.status.strip().lower())
    if phase is None:
        shown = foreign_text(reply.status, limit=40)
        raise VendorUnavailable(
            f"tencent query: status {shown!r} is unknown",
            vendor=VENDOR,
            call="DescribeCloudRecording",
        )
    return phase

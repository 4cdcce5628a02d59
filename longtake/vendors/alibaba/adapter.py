"""The port `Recorder` for Alibaba: neutral words in, neutral words out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

import httpx

from longtake.domain.errors import (
    AlreadyRunning,
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
from longtake.vendors.alibaba import files
from longtake.vendors.alibaba.client import VENDOR, AlibabaClient
from longtake.vendors.alibaba.errors import DESCRIBE, START, STOP
from longtake.vendors.alibaba.layout import KINDS
from longtake.vendors.alibaba.options import AlibabaOptions
from longtake.vendors.alibaba.settings import AlibabaAccount, AlibabaStorage
from longtake.vendors.alibaba.translate import MODES, Translation, folder_of
from longtake.vendors.alibaba.wire.fields import MAX_STREAMS
from longtake.vendors.alibaba.wire.replies import TaskInfo
from longtake.vendors.alibaba.wire.requests import TaskRequest

TASK_LIFE = timedelta(hours=72)
LIFE_MARGIN = timedelta(minutes=30)
"""Before a task's life ends its successor must be up, and the task itself still be asked for."""

FILES_WITHIN = timedelta(minutes=20)
"""MP4 and MP3 are made after the end."""

MEDIA_WITHIN = timedelta(minutes=5)
"""Media of VOD are listed from the first slice on, those that are merged of them after the end."""

TOKEN_PREFIX = "lt"  # noqa: S105 - of the attempt's name, which is no secret

_PHASES: Mapping[str, TaskPhase] = {
    "created": TaskPhase.STARTING,
    "starting": TaskPhase.STARTING,
    "running": TaskPhase.RUNNING,
    "recovering": TaskPhase.RUNNING,
    "stopping": TaskPhase.ENDING,
    "stopped": TaskPhase.ENDED,
}
_ENDPOINT_REGION = re.compile(r"oss-([a-z0-9-]+?)(?:-internal)?\.aliyuncs\.com")


class AlibabaRecorder(AccountRecorder[AlibabaAccount, AlibabaStorage]):
    """One account's recorder."""

    vendor = VENDOR
    profile_tells = "of a bucket or VOD"

    def __init__(
        self,
        name: str,
        account: AlibabaAccount,
        storage: Mapping[str, AlibabaStorage],
        http: httpx.AsyncClient,
        now: Now,
    ) -> None:
        """As for every vendor, with a client of this one."""
        super().__init__(name, account, storage, http, now)
        self._client = AlibabaClient(account, http, now)
        self._zone = timezone(timedelta(hours=account.names_utc_offset))

    def traits(self, request: RecordingRequest) -> Traits:
        """Check all that can be checked without a call, by composing the calls themselves."""
        translation = self._translation(request)
        traits = self._traits(translation)
        scene = request.first_scene()
        traits.check(scene)
        path = f"{request.output.path_prefix}/0123456789ab/a9999".lstrip("/")
        recorder = traits.recorder_ids.identity("", 1)
        translation.start(scene, Attempt(number=1, recorder=recorder, path=path))
        translation.check_shown(scene)
        return traits

    async def start(self, request: RecordingRequest, scene: Scene, attempt: Attempt) -> str:
        """Start the attempt's recording; gives its TaskId."""
        body = self._translation(request).start(scene, attempt)
        return (await self._client.start(body)).task_id

    async def recover(
        self,
        request: RecordingRequest,  # noqa: ARG002 - the port's
        scene: Scene,  # noqa: ARG002 - the port's
        attempt: Attempt,
    ) -> str:
        """No call tells: a second start would make a second task, and tasks cannot be listed."""
        raise AlreadyRunning(
            f"alibaba {START}: {attempt.recorder} may be recording, and its id was not told",
            vendor=VENDOR,
            call=START,
        )

    async def apply(
        self,
        request: RecordingRequest,
        task: Task,
        scene: Scene,
        part: ScenePart,  # noqa: ARG002 - the port's
    ) -> None:
        """Send the whole scene, whatever the part: panes are made for those who are listed."""
        await self._client.update(self._translation(request).update(scene, task))

    async def query(
        self,
        request: RecordingRequest,  # noqa: ARG002 - the port's
        task: Task,
    ) -> Observation:
        """Ask; "no such task" and "over" are answers too."""
        try:
            reply = await self._client.describe(_task(task))
        except TaskNotFound as error:
            return Observation(phase=TaskPhase.MISSING, at=self._now(), detail=str(error))
        except AlreadyStopped as error:
            return Observation(phase=TaskPhase.ENDED, at=self._now(), detail=str(error))
        info = reply.task_info
        phase, detail = _phase(info), foreign_text(info.status, limit=40)
        folder = folder_of(task.attempt)
        stored = files.reported(info.record_file_list, folder, task.id, self._zone)
        if phase is TaskPhase.RUNNING and stored:
            phase = TaskPhase.FLOWING
        elif phase is TaskPhase.RUNNING:
            detail = f"{detail}: no file yet"
        return Observation(phase=phase, at=self._now(), detail=detail, files=stored)

    async def stop(
        self,
        request: RecordingRequest,  # noqa: ARG002 - the port's
        task: Task,
    ) -> Stopped:
        """End the task; its uploads go on until the event TaskStopped.

        A task that is only starting may be refused with the words for one that is over, and would
        record on: so these are believed of no task that is on its way.
        """
        try:
            await self._client.stop(_task(task))
        except AlreadyStopped as error:
            if await self._on_its_way(task):
                raise VendorUnavailable(
                    f"alibaba {STOP}: refused while the task is on its way; {error.vendor_code}",
                    vendor=VENDOR,
                    call=STOP,
                    vendor_code=error.vendor_code,
                    request_id=error.request_id,
                ) from error
            raise
        return Stopped(uploading="unknown", detail="stopping")

    def key_prefixes(
        self,
        request: RecordingRequest,  # noqa: ARG002 - the port's
        attempt: Attempt,
        task_id: str = "",  # noqa: ARG002 - the port's
    ) -> tuple[str, ...]:
        """The attempt's own folder."""
        return (f"{folder_of(attempt)}/",)

    def task_id_in(
        self,
        attempt: Attempt,
        request: RecordingRequest,  # noqa: ARG002 - the port's
        key: str,
    ) -> str | None:
        """The TaskId is the folder below the attempt's, which no other attempt writes to."""
        found = files.task_folder(key, folder_of(attempt))
        return found[0] if found and files.is_recording(found[1]) else None

    def describe_file(self, key: str) -> FileRef:
        """Kind, user and beginning, from the name."""
        return files.describe(key, self._zone)

    def playlist_began(self, text: str) -> datetime | None:  # noqa: ARG002 - the port's
        """Nothing is documented of tags: the file's name tells."""
        return None

    async def _on_its_way(self, task: Task) -> bool:
        try:
            info = (await self._client.describe(_task(task))).task_info
        except (TaskNotFound, AlreadyStopped):
            return False
        phase = _PHASES.get(info.status.strip().lower())
        return phase in {TaskPhase.STARTING, TaskPhase.RUNNING}

    def _translation(self, request: RecordingRequest) -> Translation:
        options = options_of(request, AlibabaOptions)
        if request.mode not in MODES:
            raise InvalidRequest("mode: alibaba records mixed and individual")
        if broken := options.broken_rules(request):
            raise InvalidRequest("; ".join(f"vendor_options.{rule}" for rule in broken))
        storage = self._profile(request.output.storage)
        if storage.vod is not None:
            _check_vod(request, options)
        return Translation(request, options, self._account, storage)

    def _profile(self, name: str) -> AlibabaStorage:
        storage = super()._profile(name)
        region = _ENDPOINT_REGION.fullmatch(storage.endpoint or "")
        if region is not None and region[1] != self._account.region:
            raise NotConfigured(
                f"output.storage: the bucket of profile {name!r} lies in {region[1]}, account"
                f" {self._name!r} records in {self._account.region}; both must be one region"
            )
        return storage

    def _traits(self, translation: Translation) -> Traits:
        mixed = translation.request.mode == "mixed"
        return Traits(
            vendor=VENDOR,
            recorder_ids=RecorderIds(style="text", prefix=TOKEN_PREFIX),
            repeated_start="duplicates",
            confirm_first=timedelta(seconds=5),
            confirm_every=timedelta(seconds=5),
            confirm_within=timedelta(seconds=90),
            missing_grace=timedelta(seconds=30),
            poll_every=timedelta(minutes=1),
            files_within=FILES_WITHIN,
            uploads_within=MEDIA_WITHIN if translation.storage.vod else timedelta(minutes=1),
            to_bucket=translation.storage.vod is None,
            task_life=TASK_LIFE - LIFE_MARGIN,
            layouts=KINDS if translation.pictured else frozenset(),
            max_panes=MAX_STREAMS if mixed else 0,
            max_listed_users=MAX_STREAMS,
            must_list_users=True,
        )


def _check_vod(request: RecordingRequest, options: AlibabaOptions) -> None:
    """VOD takes neither folders, nor names, nor formats."""
    if request.output.path_prefix:
        raise InvalidRequest("output.path_prefix: VOD has no folders")
    if sorted(request.output.formats) != ["hls"]:
        raise InvalidRequest("output.formats: VOD takes none, leave it at its default")
    if given := options.bucket_only():
        raise InvalidRequest(f"vendor_options.{given[0]}: belongs to a bucket, not to VOD")


def _task(task: Task) -> TaskRequest:
    return TaskRequest.model_validate({"TaskId": task.id})


def _phase(info: TaskInfo) -> TaskPhase:
    phase = _PHASES.get(info.status.strip().lower())
    if phase is None:
        shown = foreign_text(info.status, limit=40)
        raise VendorUnavailable(
            f"alibaba query: status {shown!r} is unknown", vendor=VENDOR, call=DESCRIBE
        )
    return phase

"""The port `Recorder` for Agora: neutral words in, neutral words out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import httpx

from longtake.domain.errors import (
    AlreadyStopped,
    InvalidRequest,
    ResourceExpired,
    TaskNotFound,
    VendorUnavailable,
)
from longtake.domain.events import Observation, TaskPhase
from longtake.domain.files import FileRef, Uploading
from longtake.domain.ports import Attempt, Stopped, Task
from longtake.domain.recording import RecordingRequest, Scene, ScenePart
from longtake.domain.traits import RecorderIds, Traits
from longtake.vendorkit.recorder import AccountRecorder, options_of
from longtake.vendorkit.redact import foreign_text
from longtake.vendorkit.spec import Now
from longtake.vendors.agora import files
from longtake.vendors.agora.auth import TOKEN_LIFE, TokenGrant, salt_of
from longtake.vendors.agora.client import VENDOR, AgoraClient
from longtake.vendors.agora.layout import KINDS
from longtake.vendors.agora.options import AgoraOptions
from longtake.vendors.agora.settings import AgoraAccount, AgoraStorage
from longtake.vendors.agora.translate import MODES, Translation
from longtake.vendors.agora.wire.fields import (
    MAX_LISTED,
    MAX_PANES,
    PREFIX_LIMIT,
    UID_PATTERN,
    UID_RULE,
)
from longtake.vendors.agora.wire.replies import ServerResponse

RESOURCE_WINDOW = timedelta(minutes=5)
TOKEN_STEP = timedelta(minutes=10)
"""Tokens are dated to the last full step: a repeated start is the identical call."""

LIFE_MARGIN = timedelta(minutes=30)
"""Before a task's life ends its successor must be up, and the task itself still be stopped."""

FILES_WITHIN = timedelta(minutes=20)
"""Ordinary uploads have ended by then, says the vendor."""

_OWN_PATH = "/0123456789ab/a9999"
"""What the session adds to the caller's prefix: its key and the attempt's number."""

_PHASES: Mapping[int, TaskPhase] = {
    0: TaskPhase.STARTING,
    1: TaskPhase.STARTING,
    2: TaskPhase.STARTING,
    3: TaskPhase.STARTING,
    4: TaskPhase.RUNNING,
    5: TaskPhase.FLOWING,
    6: TaskPhase.ENDING,
    7: TaskPhase.ENDING,
    8: TaskPhase.ENDED,
    20: TaskPhase.FAILED,
}
_UPLOADING: Mapping[str, Uploading] = {"uploaded": "uploaded", "backuped": "backed_up"}


class AgoraRecorder(AccountRecorder[AgoraAccount, AgoraStorage]):
    """One account's recorder."""

    vendor = VENDOR

    def __init__(
        self,
        name: str,
        account: AgoraAccount,
        storage: Mapping[str, AgoraStorage],
        http: httpx.AsyncClient,
        now: Now,
    ) -> None:
        """As for every vendor, with a client of this one."""
        super().__init__(name, account, storage, http, now)
        self._client = AgoraClient(account, http, now)

    def traits(self, request: RecordingRequest) -> Traits:
        """Check all that can be checked without a call, by composing the calls themselves."""
        translation = self._translation(request)
        _check_web(request)
        _check_prefix(request.output.path_prefix)
        sample = Attempt(
            number=1,
            recorder=str(self._account.recorder_uid_low),
            path=f"{request.output.path_prefix}{_OWN_PATH}".lstrip("/"),
        )
        translation.acquire(sample)
        scene = request.first_scene()
        translation.start(scene, sample, None)
        traits = self._traits(translation)
        traits.check(scene)
        return traits

    async def acquire(self, request: RecordingRequest, attempt: Attempt) -> str:
        """Reserve a resource id, good for one start within 5 minutes."""
        reply = await self._client.acquire(self._translation(request).acquire(attempt))
        return reply.resource_id

    async def start(self, request: RecordingRequest, scene: Scene, attempt: Attempt) -> str:
        """Start the attempt's recording; gives its sid."""
        if not attempt.resource:
            raise ResourceExpired("agora start: no resource was acquired", vendor=VENDOR)
        translation = self._translation(request)
        body = translation.start(scene, attempt, self._token(request, attempt))
        return (await self._client.start(attempt.resource, body)).sid

    async def recover(self, request: RecordingRequest, scene: Scene, attempt: Attempt) -> str:
        """The same start again: one resource never starts twice."""
        return await self.start(request, scene, attempt)

    async def apply(
        self, request: RecordingRequest, task: Task, scene: Scene, part: ScenePart
    ) -> None:
        """Send the part in full: the vendor replaces and never merges."""
        translation, attempt = self._translation(request), task.attempt
        match part:
            case "subscriptions":
                update = translation.subscribe(scene, attempt)
                await self._client.update(attempt.resource, task.id, update)
            case "on_hold":
                hold = translation.hold(scene, attempt)
                await self._client.update(attempt.resource, task.id, hold)
            case "layout":
                layout = translation.arrange(scene, attempt)
                await self._client.update_layout(attempt.resource, task.id, layout)

    async def query(self, request: RecordingRequest, task: Task) -> Observation:
        """Ask; "no such task" and "exiting" are answers too."""
        mode = MODES[request.mode]
        try:
            reply = await self._client.query(task.attempt.resource, task.id, mode)
        except TaskNotFound as error:
            return Observation(phase=TaskPhase.MISSING, at=self._now(), detail=str(error))
        except AlreadyStopped as error:
            return Observation(phase=TaskPhase.ENDING, at=self._now(), detail=str(error))
        seen = reply.server_response
        page = seen.service("web_recorder_service")
        return Observation(
            phase=_phase(seen),
            at=self._now(),
            detail=_detail(seen),
            on_hold=page is not None and page.onhold,
            files=files.reported(seen.all_files(), task.attempt.path),
        )

    async def stop(self, request: RecordingRequest, task: Task) -> Stopped:
        """End the task; unless stopped asynchronously the answer tells of the uploads."""
        body = self._translation(request).stop(task.attempt)
        reply = await self._client.stop(task.attempt.resource, task.id, body)
        seen = reply.server_response
        upload = seen.service("upload_service")
        status = seen.uploading_status or (upload.uploading_status if upload else "")
        return Stopped(
            uploading=_UPLOADING.get(status, "unknown"),
            files=files.reported(seen.all_files(), task.attempt.path),
            detail=foreign_text(status, limit=40),
        )

    def task_id_in(self, attempt: Attempt, request: RecordingRequest, key: str) -> str | None:
        """Every file's name begins with the sid."""
        return files.sid_of(key, attempt.path, request.room)

    def describe_file(self, key: str) -> FileRef:
        """Kind, user, track and beginning, from the name."""
        return files.describe(key)

    def playlist_began(self, text: str) -> datetime | None:
        """The first track event of the playlist."""
        return files.playlist_began(text)

    def _translation(self, request: RecordingRequest) -> Translation:
        options = options_of(request, AgoraOptions)
        if broken := options.broken_rules(request.mode, request.media):
            raise InvalidRequest("; ".join(f"vendor_options.{rule}" for rule in broken))
        storage = self._profile(request.output.storage)
        return Translation(request, options, self._account, storage)

    def _traits(self, translation: Translation) -> Traits:
        mixed, web = translation.mode == "mix", translation.mode == "web"
        return Traits(
            vendor=VENDOR,
            recorder_ids=RecorderIds(
                style="number",
                low=self._account.recorder_uid_low,
                high=self._account.recorder_uid_high,
            ),
            resource_window=RESOURCE_WINDOW,
            confirm_first=timedelta(seconds=5),
            confirm_every=timedelta(seconds=5),
            confirm_within=timedelta(seconds=90),
            missing_grace=timedelta(seconds=90),
            poll_every=timedelta(minutes=2),
            files_within=FILES_WITHIN,
            task_life=self._life(translation) - LIFE_MARGIN,
            native_hold=web,
            layouts=KINDS if mixed and translation.request.media != "audio" else frozenset(),
            max_panes=MAX_PANES if mixed else 0,
            max_listed_users=0 if web else MAX_LISTED,
            user_pattern=UID_PATTERN,
            user_rule=UID_RULE,
        )

    def _life(self, translation: Translation) -> timedelta:
        callable_for = timedelta(hours=translation.options.resource_expired_hour)
        if translation.mode == "web":
            return min(callable_for, timedelta(hours=translation.page_hours))
        return min(callable_for, TOKEN_LIFE) if self._account.app_certificate else callable_for

    def _token(self, request: RecordingRequest, attempt: Attempt) -> str | None:
        certificate = self._account.app_certificate
        if certificate is None or request.mode == "web":
            return None
        now = self._now()
        into_step = timedelta(seconds=now.timestamp() % TOKEN_STEP.total_seconds())
        grant = TokenGrant(
            app_id=self._account.app_id,
            channel=request.room,
            uid=attempt.recorder,
            issued_at=now - into_step,
            salt=salt_of(attempt.resource),
        )
        return grant.token(certificate.get_secret_value())


def _check_web(request: RecordingRequest) -> None:
    if request.mode == "web":
        if request.media != "audio_video":
            raise InvalidRequest("media: mode web records a page whole, as 'audio_video'")
        if request.subscriptions.users():
            raise InvalidRequest("subscriptions: a web page has none")
    elif request.output.max_file_length is not None:
        raise InvalidRequest("output.max_file_length: agora offers it in mode web only")


def _check_prefix(prefix: str) -> None:
    parts = prefix.split("/") if prefix else []
    if any(not part.isascii() or not part.isalnum() for part in parts):
        raise InvalidRequest("output.path_prefix: agora takes letters, digits and / only")
    if len(f"{prefix}{_OWN_PATH}/".lstrip("/")) > PREFIX_LIMIT:
        room = PREFIX_LIMIT - len(_OWN_PATH) - 1
        raise InvalidRequest(f"output.path_prefix: must be at most {room} characters for agora")


def _phase(seen: ServerResponse) -> TaskPhase:
    by_status = _PHASES.get(-1 if seen.status is None else seen.status)
    if by_status is not None and (by_status.over or by_status is TaskPhase.ENDING):
        return by_status
    page = seen.service("web_recorder_service")
    match page.state if page else "":
        case "init":
            return TaskPhase.STARTING
        case "inProgress":  # the status of a page can be 5 long before there is a file
            return TaskPhase.FLOWING if page and page.files else TaskPhase.RUNNING
        case "exit":
            return TaskPhase.ENDED
        case _:
            pass
    if by_status is None:
        raise VendorUnavailable(
            f"agora query: status {seen.status} is unknown", vendor=VENDOR, call="query"
        )
    return by_status


def _detail(seen: ServerResponse) -> str:
    parts = [] if seen.status is None else [f"status {seen.status}"]
    parts += [f"{s.service_name} {s.payload.state}" for s in seen.services if s.payload.state]
    return foreign_text(", ".join(parts))

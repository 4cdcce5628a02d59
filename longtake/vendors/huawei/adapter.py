"""The port `Recorder` for SparkRTC: neutral words in, neutral words out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

import httpx

from longtake.domain.errors import (
    AlreadyRunning,
    AlreadyStopped,
    InvalidRequest,
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
from longtake.vendors.huawei import files
from longtake.vendors.huawei.client import VENDOR, HuaweiClient
from longtake.vendors.huawei.layout import KINDS
from longtake.vendors.huawei.options import HuaweiOptions
from longtake.vendors.huawei.settings import HuaweiAccount, HuaweiStorage
from longtake.vendors.huawei.translate import EVERYBODY, FAMILIES, Translation, recorded_user
from longtake.vendors.huawei.wire.fields import MAX_LAYERS
from longtake.vendors.huawei.wire.mixing import CUSTOM
from longtake.vendors.huawei.wire.replies import Job

FILES_WITHIN = timedelta(minutes=20)
"""The vendor says nothing of how long an upload or an MP4 takes."""

_INTERNAL_ERROR = "INTERNAL_ERROR"
_REASONS: Mapping[str, str] = {
    "TENANT_STOP": "stopped by a call",
    "EXCEED_MAX_IDLE_TIME": "nobody sent for longer than the idle time",
    _INTERNAL_ERROR: "failed inside the service",
}


class HuaweiRecorder(AccountRecorder[HuaweiAccount, HuaweiStorage]):
    """One account's recorder."""

    vendor = VENDOR
    profile_tells = "of a recording rule"

    def __init__(
        self,
        name: str,
        account: HuaweiAccount,
        storage: Mapping[str, HuaweiStorage],
        http: httpx.AsyncClient,
        now: Now,
    ) -> None:
        """As for every vendor, with a client of this one."""
        super().__init__(name, account, storage, http, now)
        self._client = HuaweiClient(account, http, now)

    def traits(self, request: RecordingRequest) -> Traits:
        """Check all that can be checked without a call, by composing the calls themselves."""
        translation, scene = self._translation(request), request.first_scene()
        translation.start(scene)
        traits = self._traits(translation)
        traits.check(scene)
        return traits

    async def start(
        self,
        request: RecordingRequest,
        scene: Scene,
        attempt: Attempt,  # noqa: ARG002 - a job takes no identity of ours
    ) -> str:
        """Start a job; gives its id."""
        return (await self._client.start(self._translation(request).start(scene))).job_id

    async def recover(
        self,
        request: RecordingRequest,  # noqa: ARG002 - the port's
        scene: Scene,  # noqa: ARG002 - the port's
        attempt: Attempt,  # noqa: ARG002 - the port's
    ) -> str:
        """Never a second start, which may make a second job; and no call lists jobs."""
        raise AlreadyRunning(
            "huawei start: a job may be recording, its id was not told", vendor=VENDOR
        )

    async def apply(
        self, request: RecordingRequest, task: Task, scene: Scene, part: ScenePart
    ) -> None:
        """Show another layout, if the job can: what it shows now is asked first."""
        translation = self._translation(request)
        if part != "layout" or not translation.pictured:
            raise InvalidRequest(f"{part}: huawei changes the layout of a mix, and nothing else")
        wanted, update = translation.template(scene), translation.update(scene)
        shown = (await self._client.show("mix", task.id)).mix_param.layout_template
        if shown not in {"", wanted}:
            raise InvalidRequest(_not_while_running(shown, wanted))
        if update.mix_param.model_fields_set:
            await self._client.update(task.id, update)

    async def query(self, request: RecordingRequest, task: Task) -> Observation:
        """Ask; "no such job" and "over" are answers too. Files are never listed."""
        try:
            job = await self._client.show(FAMILIES[request.mode], task.id)
        except TaskNotFound as error:
            return Observation(phase=TaskPhase.MISSING, at=self._now(), detail=str(error))
        except AlreadyStopped as error:
            return Observation(phase=TaskPhase.ENDED, at=self._now(), detail=str(error))
        return Observation(
            phase=_phase(job), at=self._now(), detail=_detail(job), began_at=job.create_time
        )

    async def stop(self, request: RecordingRequest, task: Task) -> Stopped:
        """End the job; its uploads go on, and events or the bucket tell of them."""
        await self._client.stop(FAMILIES[request.mode], task.id)
        return Stopped(uploading="unknown", detail="stopping")

    def task_id_in(
        self,
        attempt: Attempt,
        request: RecordingRequest,
        key: str,
    ) -> str | None:
        """The job's id stands in the stream's name, beside the room and the recorded user."""
        if not key.startswith(self.key_prefixes(request, attempt)):
            return None
        return files.job_in(key, request.room, _recorded(request))

    def key_prefixes(
        self,
        request: RecordingRequest,
        attempt: Attempt,  # noqa: ARG002 - a job writes where the rule says
        task_id: str = "",
    ) -> tuple[str, ...]:
        """How the keys of a job's files begin; without an id, those of all jobs of its kind.

        Other jobs' files may begin so too: `task_id_in` tells them apart.
        """
        user = _recorded(request)
        stream = "s_" if user else "m_"
        if task_id:
            stream = str(files.Stream(task_id, request.room, user))
        prefix = self._profile(request.output.storage).prefix
        return files.key_prefixes(prefix, self._account.app_id, stream)

    def describe_file(self, key: str) -> FileRef:
        """Kind, user and beginning, as far as the name tells them."""
        return files.describe(key)

    def playlist_began(self, text: str) -> datetime | None:
        """HLS's own tag, if the playlist has it."""
        return files.playlist_began(text)

    def _translation(self, request: RecordingRequest) -> Translation:
        options = options_of(request, HuaweiOptions)
        if request.mode not in FAMILIES:
            raise InvalidRequest("mode: huawei records mixed and individual")
        if broken := options.broken_rules(request):
            raise InvalidRequest("; ".join(f"vendor_options.{rule}" for rule in broken))
        return Translation(request, options, self._profile(request.output.storage))

    def _traits(self, translation: Translation) -> Traits:
        user = _recorded(translation.request)
        return Traits(
            vendor=VENDOR,
            recorder_ids=RecorderIds(style="shared", prefix=files.recorder_id(user)),
            repeated_start="duplicates",
            confirm_first=timedelta(seconds=2),
            confirm_every=timedelta(seconds=5),
            confirm_within=timedelta(seconds=90),
            missing_grace=timedelta(seconds=30),
            poll_every=timedelta(minutes=1),
            files_within=FILES_WITHIN,
            uploads_within=timedelta(seconds=self._account.uploads_within),
            data_by_events=True,
            layouts=_layouts(translation),
            max_panes=MAX_LAYERS if translation.pictured else 0,
            must_list_users=bool(user),
            max_listed_users=1 if user else 0,
            instead_of_a_choice=EVERYBODY,
            user_pattern=re.escape(user) if user else r".+",
            user_rule=f"{user!r} alone in this session" if user else "any text",
        )


def _recorded(request: RecordingRequest) -> str:
    """The user of an individual job; empty for a mix."""
    return recorded_user(request.first_scene()) if request.mode == "individual" else ""


def _layouts(translation: Translation) -> frozenset[str]:
    """What has no template is drawn, which needs to know for whom."""
    options = translation.options
    if not translation.pictured:
        return frozenset()
    return KINDS if options.users or options.unnamed_panes else KINDS - {"floating"}


def _not_while_running(shown: str, wanted: str) -> str:
    shown = foreign_text(shown, limit=40)
    fixed = "" if CUSTOM in {shown, wanted} else ", and from one large user to another"
    return (
        f"layout: a job of huawei that shows {shown} cannot go over to {wanted}, only from one"
        f" custom layout to another{fixed}: pause and resume, which starts a new job, or start"
        " with vendor_options.changeable_layout"
    )


def _phase(job: Job) -> TaskPhase:
    """One documented answer has no state: its times tell as much."""
    match job.state.strip().upper():
        case "INIT":
            return TaskPhase.STARTING
        case "STOPPED":
            failed = job.stop_reason.strip().upper() == _INTERNAL_ERROR
            return TaskPhase.FAILED if failed else TaskPhase.ENDED
        case "RUNNING":
            return TaskPhase.RUNNING
        case "" if job.stop_time is not None:
            return TaskPhase.ENDED
        case "" if job.start_time is not None:
            return TaskPhase.RUNNING
        case _:
            shown = foreign_text(job.state, limit=40)
            raise VendorUnavailable(f"huawei query: state {shown!r} is unknown", vendor=VENDOR)


def _detail(job: Job) -> str:
    reason = job.stop_reason.strip().upper()
    told = (job.state, _REASONS.get(reason, job.stop_reason), job.description)
    return foreign_text(": ".join(filter(None, told)))

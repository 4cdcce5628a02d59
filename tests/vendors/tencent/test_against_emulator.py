"""The adapter against the emulator over real sockets: two readings of the same reference.

The emulator is strict: it refuses keys that it does not know, which the service would ignore.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from longtake.domain.errors import RecordingError, StartUnknown, TaskNotFound, Unauthorized
from longtake.domain.events import EventKind, TaskPhase, VendorEvent
from longtake.domain.ports import Attempt, Task
from longtake.domain.recording import RecordingRequest, StreamFilter, Subscriptions
from longtake.emulator.server import running
from longtake.vendorkit.http import open_client
from longtake.vendors.tencent.adapter import TencentRecorder
from longtake.vendors.tencent.callbacks import TencentCallbacks
from longtake.vendors.tencent.emulator.credentials import (
    CALLBACK_SECRET,
    SDK_APP_ID,
    SECRET_ID,
    SECRET_KEY,
    SECURED_SDK_APP_ID,
    SECURED_USER_SIG_KEY,
    USER_SIG_KEY,
)
from longtake.vendors.tencent.errors import CREATE
from longtake.vendors.tencent.settings import TencentAccount, TencentStorage
from tests.emulator.emulated import Receiver
from tests.emulator.trtc import Trtc, emulated_trtc

ROOM = "stand-up/会议 7"
"""Its Base64 has a slash, and its UTF-8 must survive path, body and file names."""
PEOPLE = ("alice", "ÿÿÿ?")
"""The second one's Base64 has a slash and a padding, which file names write otherwise."""
JOINED = 0.5
"""Seconds of the emulator's clock after which a robot is in its room."""
ALL_FORMATS = ["hls", "mp4"]

_BOX = {"top": 10, "left": 10, "width": 90, "height": 20}
WATERMARKS = [
    {"image": {**_BOX, "url": "https://img.example/w.png"}},
    {
        "text": {
            **_BOX,
            "text": "®会议",
            "font_size": 20,
            "font_color": "#FFFFFF",
            "font": "Tencent",
        }
    },
    {"timestamp": {"position": "bottom_right", "time_zone": -3}},
]

Make = Callable[..., RecordingRequest]


@dataclass
class Service:
    """A running emulator, recorders that call it, and what it calls back."""

    trtc: Trtc
    storage: dict[str, TencentStorage]
    http: httpx.AsyncClient
    receiver: Receiver = field(default_factory=Receiver)

    def account(self, **changes: Any) -> TencentAccount:
        given = {
            "sdk_app_id": SDK_APP_ID,
            "secret_id": SECRET_ID,
            "secret_key": SECRET_KEY,
            "user_sig_key": USER_SIG_KEY,
            "callback_secret": CALLBACK_SECRET,
            "base_url": self.trtc.url,
        }
        return TencentAccount.model_validate({**given, **changes})

    def recorder(self, **changes: Any) -> TencentRecorder:
        return TencentRecorder(
            "demo", self.account(**changes), self.storage, self.http, lambda: datetime.now(UTC)
        )

    async def up(
        self, request: RecordingRequest, attempt: Attempt, recorder: TencentRecorder | None = None
    ) -> tuple[TencentRecorder, Task]:
        recorder = recorder or self.recorder()
        recorder.traits(request)
        task_id = await recorder.start(request, request.first_scene(), attempt)
        await self.trtc.advance(JOINED)
        return recorder, Task(attempt=attempt, id=task_id)

    async def heard(self, *types: int) -> list[VendorEvent]:
        """Our reading of everything that was called back, once events of these types were."""
        await self.receiver.until(lambda: all(self.receiver.of_type(kind) for kind in types))
        parser = TencentCallbacks("demo", self.account())
        return list(_read(parser, self.receiver.seen))


def _read(
    parser: TencentCallbacks, seen: Iterable[tuple[dict[str, str], bytes]]
) -> Iterable[VendorEvent]:
    for headers, body in seen:
        parser.verify(headers, body)
        with pytest.raises(Unauthorized):
            parser.verify(headers, body + b" ")
        event = parser.parse(body)
        assert event is not None
        yield event


@pytest.fixture(scope="module")
async def emulator(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Trtc]:
    async with emulated_trtc(tmp_path_factory.mktemp("trtc"), strict=True) as trtc:
        yield trtc


@pytest.fixture
async def service(emulator: Trtc, storage: dict[str, TencentStorage]) -> AsyncGenerator[Service]:
    """The emulator as new, with two people in the room `standup`."""
    assert (await emulator.http.post("/_emulator/reset")).is_success
    await emulator.room("standup", *PEOPLE)
    async with open_client() as http:
        yield Service(emulator, storage, http)


@pytest.fixture
async def told(service: Service) -> AsyncGenerator[Service]:
    """The service, calling back."""
    app = Starlette(routes=[Route("/", service.receiver.__call__, methods=["POST"])])
    async with running(app) as url:
        answer = await service.trtc.http.put("/_emulator/callbacks/tencent", json={"url": url})
        assert answer.is_success, answer.text
        yield service


@pytest.mark.parametrize("mode", ["mixed", "individual"])
async def test_recording_runs_from_create_to_stop(
    service: Service, make_request: Make, attempt: Attempt, mode: str
) -> None:
    request = make_request(mode=mode)
    recorder, task = await service.up(request, attempt)
    assert (await recorder.query(request, task)).phase is TaskPhase.RUNNING
    await service.trtc.advance(15)
    assert (await recorder.query(request, task)).phase is TaskPhase.FLOWING
    one = Subscriptions(audio=StreamFilter(allow=("alice",)), video=StreamFilter(deny=("b.*$",)))
    scene = request.first_scene().model_copy(update={"subscriptions": one})
    await recorder.apply(request, task, scene, "subscriptions")
    await recorder.apply(request, task, request.first_scene(), "subscriptions")
    await recorder.stop(request, task)
    assert (await recorder.query(request, task)).phase is TaskPhase.ENDING
    await service.trtc.advance(5)
    assert (await recorder.query(request, task)).phase is TaskPhase.MISSING
    with pytest.raises(TaskNotFound):
        await recorder.stop(request, task)
    (made,) = await service.trtc.tasks()
    assert (made["task_id"], made["recorder"]) == (task.id, attempt.recorder)
    assert made["end_reason"] == "stopped"


@pytest.mark.parametrize(
    "layout",
    [
        {"kind": "grid", "background_image": "https://img.example/a.png"},
        {"kind": "floating"},
        {"kind": "floating", "main": "alice", "background_color": "#FF0000"},
        {"kind": "speaker"},
        {"kind": "speaker", "main": "alice", "user_image": "https://img.example/a.JPG?v=1"},
        {"kind": "screen_share", "main": "alice"},
        {
            "kind": "custom",
            "panes": [
                {"x": 1 / 3, "y": 2 / 3, "width": 2 / 3, "height": 1 / 3, "user": "alice"},
                {"x": 0, "y": 0, "width": 1, "height": 1, "opacity": 0.5, "fit": "contain"},
            ],
            "user_images": [{"user": "alice", "url": "https://img.example/a.png"}],
        },
    ],
)
async def test_every_layout_is_accepted_at_the_start_and_later(
    service: Service, make_request: Make, attempt: Attempt, layout: dict[str, Any]
) -> None:
    request = make_request(layout=layout, canvas={"width": 1001, "height": 777})
    recorder, task = await service.up(request, attempt)
    await recorder.apply(request, task, request.first_scene(), "layout")
    (made,) = await service.trtc.tasks()
    first, second = (revision["layout"] for revision in made["layout_revisions"])
    assert first["MixLayoutParams"] == second["MixLayoutParams"]


@pytest.mark.parametrize(
    "given",
    [
        {"output": {"storage": "archive", "formats": ALL_FORMATS, "max_file_length": "PT90M"}},
        {"output": {"storage": "archive", "formats": ["mp4"], "path_prefix": "a/b-c/d_e"}},
        {"vendor_options": {"output_format": "hls+aac"}},
        {"vendor_options": {"output_format": "aac"}, "media": "audio"},
        {"output": {"storage": "minio"}},
        {"output": {"storage": "vod", "formats": ALL_FORMATS}},
        {
            "output": {"storage": "vod"},
            "media": "audio",
            "vendor_options": {"output_format": "hls+aac", "vod": {"procedure": "p"}},
        },
        {
            "mode": "individual",
            "vendor_options": {"av_merge": True, "fill": "black", "streams": "main"},
        },
        {
            "subscriptions": {"audio": {"allow": ["alice", "bot_.*$"]}},
            "vendor_options": {"subscribe_robots": True, "streams": "aux"},
        },
        {"room": "7007", "vendor_options": {"room_id_type": "integer"}},
        {"room": "7007", "vendor_options": {"room_id_type": "string"}},
        {
            "canvas": {"width": 1919, "height": 1079, "fps": 60, "audio_kbps": 128},
            "vendor_options": {
                "audio": {"sample_rate": 16000, "channels": 1},
                "gop": 2,
                "resource_expired_hour": 6,
                "pane_fit": "crop_little",
                "background_fit": "stretch",
                "hide_audio_only": True,
                "placeholder": True,
            },
        },
        {"vendor_options": {"watermarks": WATERMARKS}},
    ],
    ids="-".join,
)
async def test_every_wish_is_accepted(
    service: Service, make_request: Make, attempt: Attempt, given: dict[str, Any]
) -> None:
    request = make_request(**given)
    recorder, task = await service.up(request, attempt)
    assert (await recorder.query(request, task)).phase.up
    await recorder.stop(request, task)


@pytest.mark.parametrize(("kind", "entered"), [("integer", True), ("string", False)])
async def test_room_of_a_number_is_not_the_room_of_that_text(
    service: Service, make_request: Make, attempt: Attempt, *, kind: str, entered: bool
) -> None:
    await service.trtc.room("7007", *PEOPLE)
    request = make_request(room="7007", vendor_options={"room_id_type": kind})
    recorder, task = await service.up(request, attempt)
    await service.trtc.advance(15)
    seen = await recorder.query(request, task)
    assert (seen.phase is TaskPhase.FLOWING) is entered


@pytest.mark.parametrize("room", ["7007", ROOM])
async def test_robot_enters_where_permissions_are_controlled(
    service: Service, make_request: Make, attempt: Attempt, room: str
) -> None:
    await service.trtc.room(room, *PEOPLE)
    secured = {"sdk_app_id": SECURED_SDK_APP_ID, "user_sig_key": SECURED_USER_SIG_KEY}
    request = make_request(room=room)
    await service.up(request, attempt, service.recorder(**secured, private_map_key=True))
    other = attempt.model_copy(update={"recorder": "longtake_other"})
    await service.up(request, other, service.recorder(**secured))
    let_in, kept_out = await service.trtc.tasks()
    assert let_in["started_at"]
    assert kept_out["started_at"] is None


async def test_user_sig_of_another_key_keeps_the_robot_out_and_that_is_heard(
    told: Service, make_request: Make, attempt: Attempt
) -> None:
    await told.up(make_request(), attempt, told.recorder(user_sig_key="another-key"))
    (event,) = await told.heard(301)
    assert event.kind is EventKind.ENDED


async def test_temporary_credentials_need_their_token(
    tmp_path: Path, storage: dict[str, TencentStorage], make_request: Make, attempt: Attempt
) -> None:
    callers = {"callers": {SECRET_ID: {"secret_key": SECRET_KEY, "token": "the-token"}}}
    async with emulated_trtc(tmp_path, options=callers) as trtc, open_client() as http:
        service = Service(trtc, storage, http)
        await service.up(make_request(), attempt, service.recorder(token="the-token"))
        for wrong in ({}, {"token": "another-token"}):
            with pytest.raises(Unauthorized) as failure:
                await service.up(make_request(), attempt, service.recorder(**wrong))
            assert "another-token" not in str(failure.value)


@pytest.mark.parametrize(
    ("site", "region"), [("international", "ap-singapore"), ("mainland", "ap-guangzhou")]
)
async def test_region_of_either_site_is_accepted(
    service: Service, make_request: Make, attempt: Attempt, site: str, region: str
) -> None:
    await service.up(make_request(), attempt, service.recorder(site=site, region=region))


@pytest.mark.parametrize("kind", ["lost_reply", "corrupt_reply"])
async def test_lost_create_reply_leaves_one_recording_by_one_robot(
    service: Service, make_request: Make, attempt: Attempt, kind: str
) -> None:
    request, recorder = make_request(), service.recorder()
    await service.trtc.fault(kind, "start")
    with pytest.raises(StartUnknown):
        await recorder.start(request, request.first_scene(), attempt)
    await service.trtc.advance(JOINED)
    kept = await recorder.recover(request, request.first_scene(), attempt)
    await service.trtc.advance(JOINED)
    first, second = await service.trtc.tasks()
    assert (first["end_reason"], second["ended_at"]) == ("evicted", None)
    assert (second["task_id"], second["recorder"]) == (kept, first["recorder"])


@pytest.mark.parametrize(
    "case",
    [
        ("start", "AuthFailure", "Unauthorized"),
        ("start", "AuthFailure.SignatureExpire", "VendorUnavailable"),
        ("start", "FailedOperation", "StartUnknown"),
        ("start", "FailedOperation.RestrictedConcurrency", "QuotaExceeded"),
        ("start", "FailedOperation.NotAbility", "NotConfigured"),
        ("start", "InternalError.CRInternalError", "StartUnknown"),
        ("start", "InternalError.MethodErr", "InvalidRequest"),
        ("start", "InvalidParameter.OutOfRange", "InvalidRequest"),
        ("start", "MissingParameter.RoomId", "InvalidRequest"),
        ("start", "RequestLimitExceeded", "RateLimited"),
        ("start", "ResourceInsufficient", "VendorUnavailable"),
        ("start", "UnsupportedRegion", "InvalidRequest"),
        ("query", "InternalError", "VendorUnavailable"),
        ("layout", "FailedOperation.RestrictedFrequency", "RateLimited"),
        ("stop", "FailedOperation.TaskFinished", "AlreadyStopped"),
        ("stop", "ResourceNotFound.ResourceNotFound", "TaskNotFound"),
    ],
    ids=lambda case: "-".join(case[:2]),
)
async def test_emulated_code_ends_in_its_class(
    service: Service, make_request: Make, attempt: Attempt, case: tuple[str, str, str]
) -> None:
    call, code, expected = case
    request = make_request()
    await service.trtc.fault("code", call, code=code)
    with pytest.raises(RecordingError) as failure:
        await _all_four(service, request, attempt)
    assert (failure.value.code, failure.value.vendor_code) == (expected, code)
    assert failure.value.request_id
    assert await service.trtc.tasks() == [] or call != "start"


async def _all_four(service: Service, request: RecordingRequest, attempt: Attempt) -> None:
    recorder, task = await service.up(request, attempt)
    await recorder.query(request, task)
    await recorder.apply(request, task, request.first_scene(), "layout")
    await recorder.stop(request, task)


async def test_wrong_secret_key_is_refused(
    service: Service, make_request: Make, attempt: Attempt
) -> None:
    with pytest.raises(Unauthorized) as failure:
        await service.up(make_request(), attempt, service.recorder(secret_key="wrong-secret"))
    assert failure.value.vendor_code == "AuthFailure.SignatureFailure"
    assert failure.value.call == CREATE


@pytest.mark.parametrize("room", ["7007", "standup", ROOM])
@pytest.mark.parametrize("mode", ["mixed", "individual"])
async def test_both_sides_tell_one_story_of_every_file(
    service: Service, make_request: Make, attempt: Attempt, room: str, mode: str
) -> None:
    await service.trtc.room(room, *PEOPLE)
    output = {"storage": "archive", "formats": ALL_FORMATS}
    request = make_request(room=room, mode=mode, output=output)
    recorder, task = await service.up(request, attempt)
    await service.trtc.advance(12)
    await service.trtc.fault("migrate", "now", seconds=1)
    await service.trtc.advance(15)
    reported = {file.key: file for file in (await recorder.query(request, task)).files}
    await recorder.stop(request, task)
    await service.trtc.advance(30)
    (made,) = await service.trtc.tasks()
    keys = made["files"]
    assert {key for key in keys if key.endswith(".m3u8")} == set(reported)
    assert any("/ha1_" in key for key in keys)
    assert {recorder.task_id_in(attempt, request, key) for key in keys} == {task.id}
    named = [recorder.describe_file(key) for key in keys]
    assert {file.user for file in named} == ({""} if mode == "mixed" else set(PEOPLE))
    assert {file.kind for file in named} == {"playlist", "segment", "mp4"}
    tracks = {"audio_video"} if mode == "mixed" else {"audio", "video"}
    assert {file.track for file in reported.values()} == tracks
    for key, file in reported.items():
        assert (file.user, file.track) == (
            recorder.describe_file(key).user,
            recorder.describe_file(key).track,
        )
    begun = sorted(file.begins_at for file in named if file.kind == "segment" and file.begins_at)
    assert begun[0] == min(file.begins_at for file in reported.values() if file.begins_at)


async def test_events_of_a_bucket_are_understood(
    told: Service, make_request: Make, attempt: Attempt
) -> None:
    await told.trtc.room(ROOM, *PEOPLE)
    picture = {"kind": "grid", "background_image": "https://gone.invalid/a.png"}
    output = {"storage": "archive", "formats": ALL_FORMATS}
    request = make_request(room=ROOM, output=output, layout=picture)
    recorder, task = await told.up(request, attempt)
    await told.trtc.advance(15)
    await told.trtc.fault("migrate", "now", seconds=1)
    await told.trtc.advance(15)
    await recorder.stop(request, task)
    await told.trtc.advance(30)
    events = await told.heard(301, 302, 303, 304, 305, 306, 307, 309, 310)
    whose = {(event.room, event.recorder, event.task_id) for event in events}
    assert whose == {(ROOM, attempt.recorder, task.id)}
    assert len({event.id for event in events}) == len(events)
    kinds = {event.kind for event in events}
    assert {
        *(EventKind.STARTED, EventKind.MEDIA_FLOWING, EventKind.FILES, EventKind.UPLOADED),
        *(EventKind.ENDED, EventKind.FAILOVER, EventKind.WARNING),
    } <= kinds
    (made,) = await told.trtc.tasks()
    named = {file.key for event in events for file in event.files}
    assert named == {key.rsplit("/", 1)[-1] for key in made["files"] if not key.endswith(".ts")}


async def test_refused_uploads_are_understood(
    told: Service, make_request: Make, attempt: Attempt
) -> None:
    await told.trtc.fault("wrong_storage", "start")
    request = make_request()
    recorder, task = await told.up(request, attempt)
    await told.trtc.advance(15)
    await recorder.stop(request, task)
    await told.trtc.advance(60)
    events = await told.heard(302, 305, 308)
    kinds = {event.kind for event in events}
    assert {EventKind.STORAGE_ERROR, EventKind.BACKED_UP} <= kinds


async def test_events_of_vod_name_the_media(
    told: Service, make_request: Make, attempt: Attempt
) -> None:
    request = make_request(output={"storage": "vod"}, mode="individual")
    recorder, task = await told.up(request, attempt)
    await told.trtc.advance(15)
    assert (await recorder.query(request, task)).files == ()
    await recorder.stop(request, task)
    await told.trtc.advance(30)
    events = await told.heard(302, 311, 312)
    media = [file for event in events for file in event.files]
    assert {file.user for file in media} == set(PEOPLE)
    assert len({file.key for file in media}) == len(media)
    assert EventKind.UPLOADED in {event.kind for event in events}


@pytest.mark.parametrize("code", [1, 2, 3, 4, 100, 101])
async def test_each_leave_code_is_an_end(
    told: Service, make_request: Make, attempt: Attempt, code: int
) -> None:
    await told.up(make_request(), attempt)
    await told.trtc.fault("evict", "now", code=code)
    events = await told.heard(301, 302)
    (end,) = [event for event in events if event.kind is EventKind.ENDED]
    assert f"LeaveCode={code}" in end.detail
    assert "unknown reason" not in end.detail


def test_hostile_names_need_every_replaced_letter() -> None:
    written = [base64.b64encode(text.encode()).decode() for text in (*PEOPLE, ROOM)]
    assert all(any(letter in name for name in written) for letter in "/=")

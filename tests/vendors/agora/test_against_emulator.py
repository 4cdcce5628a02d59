"""The adapter against the emulator over real sockets: two readings of the same reference.

The emulator is strict: it refuses keys that it does not know, which the service would ignore.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from longtake.domain.errors import (
    AlreadyRunning,
    NotSent,
    RecorderBusy,
    RecordingError,
    StartUnknown,
    TaskNotFound,
    Unauthorized,
)
from longtake.domain.events import TaskPhase
from longtake.domain.layout import CustomLayout, FloatingLayout, Pane, ScreenShareLayout
from longtake.domain.ports import Attempt, Task
from longtake.domain.recording import RecordingRequest, Scene, StreamFilter, Subscriptions
from longtake.emulator.app import create_app
from longtake.emulator.server import running
from longtake.emulator.settings import EmulatorSettings
from longtake.vendorkit.http import open_client
from longtake.vendors.agora.adapter import AgoraRecorder
from longtake.vendors.agora.callbacks import AgoraCallbacks
from longtake.vendors.agora.emulator import create
from longtake.vendors.agora.emulator.credentials import (
    APP_ID,
    CALLBACK_SECRET,
    CUSTOMER_ID,
    CUSTOMER_SECRET,
    SECURED_APP_CERTIFICATE,
    SECURED_APP_ID,
)
from longtake.vendors.agora.settings import AgoraAccount, AgoraStorage

UP = 5
"""Seconds of the emulator's clock after which a recorder is up."""

Make = Callable[..., RecordingRequest]


@dataclass
class Service:
    """A running emulator, its control surface, and recorders that call it."""

    url: str
    http: httpx.AsyncClient
    storage: dict[str, AgoraStorage]

    def account(self, **changes: Any) -> AgoraAccount:
        given = {
            "app_id": APP_ID,
            "customer_id": CUSTOMER_ID,
            "customer_secret": CUSTOMER_SECRET,
            "callback_secret": CALLBACK_SECRET,
            "base_url": self.url,
        }
        return AgoraAccount.model_validate({**given, **changes})

    def recorder(self, account: AgoraAccount | None = None) -> AgoraRecorder:
        return AgoraRecorder(
            "demo", account or self.account(), self.storage, self.http, lambda: datetime.now(UTC)
        )

    async def control(self, method: str, path: str, body: Any) -> None:
        response = await self.http.request(method, f"{self.url}/_emulator{path}", json=body)
        assert response.is_success, response.text

    async def publish(self, *users: str) -> None:
        people = [{"user": user, "name": user, "audio": True, "video": True} for user in users]
        await self.control("PUT", "/rooms/agora/standup", {"participants": people})

    async def wait(self, seconds: float) -> None:
        await self.control("POST", "/clock", {"advance": seconds})

    async def fault(self, **rule: Any) -> None:
        await self.control("POST", "/faults", {"vendor": "agora", **rule})

    async def ledger(self) -> dict[str, Any]:
        return (await self.http.get(f"{self.url}/_emulator/ledger")).json()

    async def up(
        self, request: RecordingRequest, attempt: Attempt, recorder: AgoraRecorder | None = None
    ) -> tuple[AgoraRecorder, Task]:
        recorder = recorder or self.recorder()
        recorder.traits(request)
        attempt.resource = await recorder.acquire(request, attempt)
        sid = await recorder.start(request, request.first_scene(), attempt)
        await self.wait(UP)
        return recorder, Task(attempt=attempt, id=sid)


@pytest.fixture
async def launch(
    storage: dict[str, AgoraStorage],
) -> AsyncGenerator[Callable[..., Any]]:
    async with AsyncExitStack() as stack:

        async def start(**agora: Any) -> Service:
            options = {"limits": {"calls_per_second": 0}, **agora}
            settings = EmulatorSettings(media=False, strict=True, vendors={"agora": options})
            url = await stack.enter_async_context(running(create_app(settings, {"agora": create})))
            http = await stack.enter_async_context(open_client())
            service = Service(url, http, storage)
            await service.publish("1001", "1002")
            return service

        yield start


@pytest.fixture
async def service(launch: Callable[..., Any]) -> Service:
    return await launch()


async def test_recording_runs_from_acquire_to_uploaded_files(
    service: Service, make_request: Make, attempt: Attempt
) -> None:
    request = make_request(output={"storage": "archive", "formats": ["hls", "mp4"]})
    recorder, task = await service.up(request, attempt)
    assert (await recorder.query(request, task)).phase is TaskPhase.RUNNING
    await service.wait(30)
    seen = await recorder.query(request, task)
    assert seen.phase is TaskPhase.FLOWING
    scene = request.first_scene().model_copy(
        update={
            "layout": ScreenShareLayout(main="1001", background_color="#FF0000"),
            "subscriptions": Subscriptions(audio=StreamFilter(allow=("1001",))),
        }
    )
    await recorder.apply(request, task, scene, "subscriptions")
    await recorder.apply(request, task, scene, "layout")
    stopped = await recorder.stop(request, task)
    assert stopped.uploading == "uploaded"
    assert stopped.files
    for file in stopped.files:
        assert recorder.task_id_in(attempt, request, file.key) == task.id
    (made,) = (await service.ledger())["tasks"]
    assert (made["task_id"], made["recorder"]) == (task.id, attempt.recorder)
    assert made["ended_at"] is not None


@pytest.mark.parametrize(
    "layout",
    [
        FloatingLayout(),
        FloatingLayout(main="1001"),
        CustomLayout(panes=(Pane(x=1 / 3, y=2 / 3, width=2 / 3, height=1 / 3, user="1001"),)),
    ],
)
async def test_every_layout_is_accepted(
    service: Service, make_request: Make, attempt: Attempt, layout: Any
) -> None:
    request = make_request()
    recorder, task = await service.up(request, attempt)
    scene = Scene(layout=layout)
    await recorder.apply(request, task, scene, "layout")
    (made,) = (await service.ledger())["tasks"]
    assert len(made["layout_revisions"]) == 2


async def test_subscriptions_change_there_and_back(
    service: Service, make_request: Make, attempt: Attempt
) -> None:
    request = make_request(mode="individual")
    recorder, task = await service.up(request, attempt)
    everybody = request.first_scene()
    one = everybody.model_copy(
        update={"subscriptions": Subscriptions(video=StreamFilter(deny=("1002",)))}
    )
    await recorder.apply(request, task, one, "subscriptions")
    await recorder.apply(request, task, everybody, "subscriptions")


@pytest.mark.parametrize(
    "options",
    [
        {"snapshot": {"interval": 5}},
        {"snapshot": {"only": True}, "stream_mode": "standard"},
        {"postponed": {"mode": "transcode"}},
        {"decryption": {"mode": "AES_128_XTS", "secret": "room-key"}},
        {"region": "EU", "region_affinity": "europe", "channel_type": "live"},
    ],
)
async def test_individual_options_are_accepted(
    service: Service, make_request: Make, attempt: Attempt, options: dict[str, Any]
) -> None:
    request = make_request(mode="individual", vendor_options=options)
    account = service.account(secrets={"room-key": "the-room-key"})
    recorder, task = await service.up(request, attempt, service.recorder(account))
    assert (await recorder.query(request, task)).phase.up


async def test_postponed_audio_mixing_is_accepted(
    service: Service, make_request: Make, attempt: Attempt
) -> None:
    request = make_request(
        mode="individual", media="audio", vendor_options={"postponed": {"format": "m4a"}}
    )
    recorder, task = await service.up(request, attempt)
    assert (await recorder.query(request, task)).phase.up


async def test_page_is_held_and_resumed(
    service: Service, make_request: Make, attempt: Attempt
) -> None:
    page = {"url": "https://page.example", "rtmp_url": "push"}
    request = make_request(mode="web", vendor_options={"web": page})
    account = service.account(secrets={"push": "rtmp://cdn.example/live/key"})
    recorder, task = await service.up(request, attempt, service.recorder(account))
    await service.wait(20)
    running_scene = request.first_scene()
    held = running_scene.model_copy(update={"on_hold": True})
    await recorder.apply(request, task, held, "on_hold")
    assert (await recorder.query(request, task)).on_hold
    await recorder.apply(request, task, running_scene, "on_hold")
    seen = await recorder.query(request, task)
    assert seen.phase.up
    assert not seen.on_hold
    assert (await recorder.stop(request, task)).uploading == "uploaded"


@pytest.mark.parametrize("kind", ["lost_reply", "corrupt_reply"])
async def test_lost_start_reply_leaves_one_recording(
    service: Service, make_request: Make, attempt: Attempt, kind: str
) -> None:
    request, recorder = make_request(), service.recorder()
    attempt.resource = await recorder.acquire(request, attempt)
    await service.fault(kind=kind, call="start")
    with pytest.raises(StartUnknown):
        await recorder.start(request, request.first_scene(), attempt)
    with pytest.raises(AlreadyRunning):
        await recorder.recover(request, request.first_scene(), attempt)
    assert len((await service.ledger())["tasks"]) == 1


async def test_recovery_takes_the_sid_where_the_answer_has_it(
    launch: Callable[..., Any], make_request: Make, attempt: Attempt
) -> None:
    service = await launch(running_reply_has_sid=True)
    request, recorder = make_request(), service.recorder()
    attempt.resource = await recorder.acquire(request, attempt)
    await service.fault(kind="lost_reply", call="start")
    with pytest.raises(StartUnknown):
        await recorder.start(request, request.first_scene(), attempt)
    sid = await recorder.recover(request, request.first_scene(), attempt)
    assert [made["task_id"] for made in (await service.ledger())["tasks"]] == [sid]


async def test_start_that_never_arrived_is_made_by_the_recovery(
    service: Service, make_request: Make, attempt: Attempt
) -> None:
    request, recorder = make_request(), service.recorder()
    attempt.resource = await recorder.acquire(request, attempt)
    await service.fault(kind="reset", call="start", when="before")
    with pytest.raises(StartUnknown):
        await recorder.start(request, request.first_scene(), attempt)
    sid = await recorder.recover(request, request.first_scene(), attempt)
    assert [made["task_id"] for made in (await service.ledger())["tasks"]] == [sid]


async def test_new_resource_of_a_running_attempt_finds_its_recorder_busy(
    service: Service, make_request: Make, attempt: Attempt
) -> None:
    request = make_request()
    recorder, _ = await service.up(request, attempt)
    attempt.resource = await recorder.acquire(request, attempt)
    with pytest.raises(RecorderBusy):
        await recorder.start(request, request.first_scene(), attempt)


async def test_task_over_is_missing_and_cannot_be_stopped_again(
    service: Service, make_request: Make, attempt: Attempt
) -> None:
    request = make_request()
    recorder, task = await service.up(request, attempt)
    await service.wait(20)
    await recorder.stop(request, task)
    await service.wait(60)
    assert (await recorder.query(request, task)).phase is TaskPhase.MISSING
    with pytest.raises(TaskNotFound):
        await recorder.stop(request, task)


async def test_moving_task_is_missing_for_a_while_and_names_its_files_anew(
    service: Service, make_request: Make, attempt: Attempt
) -> None:
    request = make_request()
    recorder, task = await service.up(request, attempt)
    await service.wait(20)
    await service.fault(kind="migrate", call="now", seconds=40)
    assert (await recorder.query(request, task)).phase is TaskPhase.MISSING
    with pytest.raises(TaskNotFound):
        await recorder.stop(request, task)
    await service.wait(60)
    seen = await recorder.query(request, task)
    assert seen.phase.up
    names = [file.key.rsplit("/", 1)[-1] for file in seen.files]
    assert any(name.startswith("bak0_") for name in names)
    assert {recorder.task_id_in(attempt, request, file.key) for file in seen.files} == {task.id}


async def test_old_resource_must_be_acquired_anew(
    service: Service, make_request: Make, attempt: Attempt
) -> None:
    request, recorder = make_request(), service.recorder()
    attempt.resource = await recorder.acquire(request, attempt)
    await service.wait(301)
    with pytest.raises(RecordingError) as failure:
        await recorder.start(request, request.first_scene(), attempt)
    assert failure.value.code == "ResourceExpired"


@pytest.mark.parametrize(
    "case",
    [
        ("acquire", 406, "QuotaExceeded"),
        ("acquire", 405, "NotConfigured"),
        ("acquire", 504, "VendorUnavailable"),
        ("start", 65, "StartUnknown"),
        ("start", 62, "StartUnknown"),
        ("start", 502, "ResourceExpired"),
        ("start", 433, "ResourceExpired"),
        ("start", 432, "InvalidRequest"),
    ],
)
async def test_emulated_code_ends_in_its_class(
    service: Service, make_request: Make, attempt: Attempt, case: tuple[str, int, str]
) -> None:
    call, code, expected = case
    await service.fault(kind="code", call=call, code=code)
    with pytest.raises(RecordingError) as failure:
        await service.up(make_request(), attempt)
    assert failure.value.call == call
    assert (failure.value.code, failure.value.vendor_code) == (expected, str(code))


async def test_full_rate_is_told_as_such(
    launch: Callable[..., Any], make_request: Make, attempt: Attempt
) -> None:
    service = await launch(limits={"calls_per_second": 1})
    recorder = service.recorder()
    calls = (recorder.acquire(make_request(), attempt) for _ in range(5))
    results = await asyncio.gather(*calls, return_exceptions=True)
    codes = [result.code for result in results if isinstance(result, RecordingError)]
    assert codes == ["RateLimited"] * len(codes)
    assert codes


async def test_wrong_credentials_are_refused(
    service: Service, make_request: Make, attempt: Attempt
) -> None:
    recorder = service.recorder(service.account(customer_secret="wrong-secret"))
    with pytest.raises(Unauthorized) as failure:
        await recorder.acquire(make_request(), attempt)
    assert "wrong-secret" not in str(failure.value)


async def test_unknown_app_is_not_configured(
    service: Service, make_request: Make, attempt: Attempt
) -> None:
    recorder = service.recorder(service.account(app_id="0" * 32))
    with pytest.raises(RecordingError) as failure:
        await recorder.acquire(make_request(), attempt)
    assert failure.value.code == "NotConfigured"


async def test_minted_token_lets_the_recorder_in(
    service: Service, make_request: Make, attempt: Attempt
) -> None:
    account = service.account(app_id=SECURED_APP_ID, app_certificate=SECURED_APP_CERTIFICATE)
    recorder, task = await service.up(make_request(), attempt, service.recorder(account))
    assert (await recorder.query(make_request(), task)).phase.up


async def test_wrong_certificate_keeps_the_recorder_out(
    service: Service, make_request: Make, attempt: Attempt
) -> None:
    account = service.account(app_id=SECURED_APP_ID, app_certificate=SecretStr("0" * 32))
    recorder, task = await service.up(make_request(), attempt, service.recorder(account))
    await service.wait(30)
    assert not (await recorder.query(make_request(), task)).phase.up


class TwoHosts(AgoraAccount):
    dead: str = ""
    alive: str = ""

    @property
    def hosts(self) -> tuple[str, ...]:
        return (self.dead, self.alive)


async def test_dead_host_is_passed_over_by_the_next_call(
    service: Service, make_request: Make, attempt: Attempt
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        dead = f"http://127.0.0.1:{listener.getsockname()[1]}"
    given = {name: getattr(service.account(), name) for name in AgoraAccount.model_fields}
    recorder = service.recorder(TwoHosts(**given, dead=dead, alive=service.url))
    with pytest.raises(NotSent):
        await recorder.acquire(make_request(), attempt)
    assert await recorder.acquire(make_request(), attempt)


async def test_callbacks_are_verified_and_bring_the_sid(
    service: Service, make_request: Make, attempt: Attempt
) -> None:
    parser = AgoraCallbacks("demo", service.account())
    heard: asyncio.Queue[tuple[dict[str, str], bytes]] = asyncio.Queue()

    async def receive(request: Request) -> JSONResponse:
        await heard.put((dict(request.headers), await request.body()))
        return JSONResponse({})

    async with running(Starlette(routes=[Route("/ncs", receive, methods=["POST"])])) as receiver:
        await service.control("PUT", "/callbacks/agora", {"url": f"{receiver}/ncs"})
        request = make_request()
        recorder, task = await service.up(request, attempt)
        await service.wait(30)
        await recorder.stop(request, task)
        kinds: set[str] = set()
        async with asyncio.timeout(10):
            while not {"started", "files", "uploaded", "ended"} <= kinds:
                headers, body = await heard.get()
                parser.verify(headers, body)
                event = parser.parse(body)
                assert event is not None
                assert (event.room, event.task_id) == ("standup", task.id)
                assert event.recorder == attempt.recorder
                kinds.add(event.kind)
                with pytest.raises(Unauthorized):
                    parser.verify(headers, body + b" ")
        assert "media_flowing" in kinds

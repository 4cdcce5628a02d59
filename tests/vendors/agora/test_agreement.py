"""Whatever the adapter lets pass, the emulator's own reading of the reference accepts."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from longtake.domain.errors import InvalidRequest
from longtake.domain.layout import FloatingLayout
from longtake.domain.ports import Attempt, Task
from longtake.domain.recording import RecordingRequest, ScenePart, StreamFilter, Subscriptions
from longtake.emulator.app import create_app
from longtake.emulator.settings import EmulatorSettings
from longtake.vendors.agora.adapter import AgoraRecorder
from longtake.vendors.agora.emulator import create
from longtake.vendors.agora.emulator.credentials import APP_ID, CUSTOMER_ID, CUSTOMER_SECRET
from longtake.vendors.agora.settings import AgoraAccount, AgoraStorage

SALT = "c2FsdHNhbHRzYWx0c2FsdHNhbHRzYWx0c2FsdHNhbHQ="

uids = st.sampled_from(["1", "1001", "1002", "4294967295"])
users = st.lists(uids, min_size=1, max_size=4, unique=True)
filters = (
    st.none() | st.builds(lambda u: {"allow": u}, users) | st.builds(lambda u: {"deny": u}, users)
)
images = st.just("https://images.example/a.jpg")
backdrops = st.fixed_dictionaries(
    {},
    optional={
        "background_color": st.sampled_from(["#000000", "#aBcDeF"]),
        "background_image": images,
        "user_image": images,
        "user_images": st.lists(st.fixed_dictionaries({"user": uids, "url": images}), max_size=1),
    },
)
sides = st.floats(0.01, 0.5)
panes = st.lists(
    st.fixed_dictionaries(
        {"x": sides, "y": sides, "width": sides, "height": sides},
        optional={"fit": st.sampled_from(["crop", "contain"]), "opacity": st.floats(0, 1)},
    ),
    min_size=1,
    max_size=17,
)
layouts = st.none() | st.builds(
    lambda backdrop, arrangement: {**backdrop, **arrangement},
    backdrops,
    st.sampled_from(
        [
            {"kind": "grid"},
            {"kind": "floating"},
            {"kind": "floating", "main": "1001"},
            {"kind": "speaker"},
            {"kind": "speaker", "main": "1001"},
            {"kind": "screen_share", "main": "1001"},
        ]
    )
    | st.builds(lambda given: {"kind": "custom", "panes": given}, panes),
)
canvases = st.none() | st.fixed_dictionaries(
    {
        "width": st.integers(200, 2000),
        "height": st.integers(200, 2000),
        "fps": st.sampled_from([1, 5, 15, 24, 30, 60]),
    },
    optional={
        "video_kbps": st.integers(1, 9000),
        "audio_kbps": st.sampled_from([48, 128, 192]),
    },
)
options = st.fixed_dictionaries(
    {},
    optional={
        "channel_type": st.sampled_from(["communication", "live"]),
        "stream_mode": st.sampled_from(["default", "standard", "original"]),
        "decryption": st.sampled_from(
            [
                {"mode": "AES_256_GCM", "secret": "key"},
                {"mode": "AES_128_GCM2", "secret": "key", "salt": SALT},
            ]
        ),
        "audio_profile": st.integers(0, 2),
        "video_stream": st.sampled_from(["high", "low"]),
        "subscribe_uid_group": st.integers(0, 5),
        "snapshot": st.fixed_dictionaries(
            {}, optional={"interval": st.integers(1, 3600), "only": st.booleans()}
        ),
        "postponed": st.sampled_from(
            [{}, {"mode": "transcode"}, {"format": "aac", "sample_rate": 16000, "channels": 1}]
        ),
        "region": st.sampled_from(["CN", "AP", "EU", "NA"]),
        "region_affinity": st.sampled_from(["nearest", "europe", "north_america"]),
        "resource_expired_hour": st.integers(1, 720),
        "private_params": st.just({"correctEXTINF": True}),
        "async_stop": st.booleans(),
    },
)
pages = st.fixed_dictionaries(
    {"url": st.just("https://page.example/room?token=x")},
    optional={
        "mobile": st.booleans(),
        "ready_timeout": st.integers(0, 60),
        "max_recording_hours": st.integers(1, 720),
        "rtmp_url": st.just("push"),
    },
)
outputs = st.fixed_dictionaries(
    {"storage": st.just("archive")},
    optional={
        "formats": st.sampled_from([["hls"], ["hls", "mp4"]]),
        "path_prefix": st.sampled_from(["", "a", "2026/01/02"]),
    },
)
medias = st.sampled_from(["audio_video", "audio", "video"])
subscriptions = st.fixed_dictionaries({"audio": filters, "video": filters})
common = {"output": outputs, "max_idle": st.integers(5, 2_592_000)}
mixed = st.fixed_dictionaries(
    {**common, "mode": st.just("mixed"), "media": medias, "vendor_options": options},
    optional={"layout": layouts, "canvas": canvases, "subscriptions": subscriptions},
)
individual = st.fixed_dictionaries(
    {**common, "mode": st.just("individual"), "media": medias, "vendor_options": options},
    optional={"subscriptions": subscriptions},
)
web = st.fixed_dictionaries(
    {
        **common,
        "mode": st.just("web"),
        "vendor_options": st.builds(lambda page: {"web": page}, pages),
    },
    optional={"canvas": canvases},
)


@pytest.fixture
async def recorder(storage: dict[str, AgoraStorage]) -> AsyncGenerator[AgoraRecorder]:
    limits = {"calls_per_second": 0, "channel_tasks": 0, "web_tasks": 0}
    told = EmulatorSettings(media=False, strict=True, vendors={"agora": {"limits": limits}})
    app = create_app(told, {"agora": create})
    account = AgoraAccount.model_validate(
        {
            "app_id": APP_ID,
            "customer_id": CUSTOMER_ID,
            "customer_secret": CUSTOMER_SECRET,
            "base_url": "http://emulator.example",
            "secrets": {"key": "the-room-key", "push": "rtmps://cdn.example/live/key"},
        }
    )
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app)) as http,
    ):
        yield AgoraRecorder("demo", account, storage, http, lambda: datetime.now(UTC))


attempts = iter(range(4_000_000_000, 4_294_967_295))


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.filter_too_much,
        HealthCheck.too_slow,
    ],
)
@given(asked=mixed | individual | web)
async def test_what_passes_here_is_accepted_there(
    recorder: AgoraRecorder, asked: dict[str, Any]
) -> None:
    base = {"vendor": "agora", "account": "demo", "room": "standup"}
    try:
        request = RecordingRequest.model_validate({**base, **asked})
        recorder.traits(request)
    except (ValueError, InvalidRequest):
        assume(False)  # noqa: FBT003 - hypothesis's own idiom
        return
    attempt = Attempt(number=1, recorder=str(next(attempts)), path="0123456789ab/a1")
    attempt.resource = await recorder.acquire(request, attempt)
    scene = request.first_scene()
    task = Task(attempt=attempt, id=await recorder.start(request, scene, attempt))
    changes: dict[ScenePart, Any] = {}
    if request.mode == "mixed" and request.media != "audio":
        changes["layout"] = FloatingLayout(main="1001")
    if request.mode != "web":
        medium = "video" if request.media == "video" else "audio"
        changes["subscriptions"] = Subscriptions(**{medium: StreamFilter(deny=("1002",))})
    else:
        changes["on_hold"] = True
    for part, wished in changes.items():
        await recorder.apply(request, task, scene.model_copy(update={part: wished}), part)

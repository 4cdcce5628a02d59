"""Whatever the adapter lets pass, the emulator's own reading of the reference accepts."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from longtake.domain.errors import InvalidRequest
from longtake.domain.events import TaskPhase
from longtake.domain.layout import Layout
from longtake.domain.ports import Attempt, Task
from longtake.domain.recording import RecordingRequest
from longtake.emulator.app import create_app
from longtake.emulator.settings import EmulatorSettings
from longtake.vendors.huawei.adapter import HuaweiRecorder
from longtake.vendors.huawei.callbacks import HuaweiCallbacks
from longtake.vendors.huawei.emulator import create
from longtake.vendors.huawei.emulator.credentials import (
    ACCESS_KEY,
    APP_ID,
    CALLBACK_SECRET,
    PROJECT_ID,
    SECRET_KEY,
    rule_id,
)
from longtake.vendors.huawei.emulator.naming import object_stem, stream_name
from longtake.vendors.huawei.emulator.notices import FILE_COMPLETE, OVER, HuaweiNotice
from longtake.vendors.huawei.emulator.rules import ObsAddress
from longtake.vendors.huawei.files import Stream, describe
from longtake.vendors.huawei.settings import HuaweiAccount, HuaweiStorage
from longtake.vendors.huawei.templates import TEMPLATES
from tests.emulator.huawei_client import NO_LIMITS
from tests.vendors.huawei.service import refused_by_us

LAYOUT = TypeAdapter[Layout](Layout)
BEGAN = datetime(2026, 1, 15, 8, 30, tzinfo=UTC)

hostile = st.text("a1Z_-.~+ '\"%&?#=<>(){}[]|*:;@!,$^`é会😀ßΩ", min_size=1, max_size=24)
hostile |= st.sampled_from(
    ["{stream}", "{record_format}", "m_1_a", "s_1_a_b", "2026-01-15-08-30-00"]
)
rooms = hostile | st.sampled_from(["a/b", "..", "a\\b", "r" * 128, "r" * 129])
users = rooms | st.sampled_from(["u\x00", "u\nv"])
names = st.lists(users, min_size=1, max_size=4, unique=True) | st.just([f"u{n}" for n in range(25)])
images = st.sampled_from(["s3://bucket/a.png", "s3://b/ÿ/会议?#.png"])
sides = st.floats(0, 1) | st.sampled_from([0, 0.5, 1, 1 / 3, 1e-7])
panes = st.lists(
    st.fixed_dictionaries(
        {"x": sides, "y": sides, "width": sides, "height": sides},
        optional={
            "user": users,
            "fit": st.sampled_from(["crop", "contain"]),
            "opacity": st.just(0.5),
        },
    ),
    min_size=1,
    max_size=3,
)


def inside(drawn: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Panes that do not lead out of the canvas: their sizes are shares of what is left."""
    return [
        {
            **pane,
            "width": pane["width"] * (1 - pane["x"]),
            "height": pane["height"] * (1 - pane["y"]),
        }
        for pane in drawn
    ]


kinds = (
    st.sampled_from([{"kind": "grid"}, {"kind": "floating"}, {"kind": "speaker"}])
    | st.builds(
        lambda kind, main: {"kind": kind, "main": main},
        st.sampled_from(["floating", "speaker", "screen_share"]),
        users,
    )
    | st.builds(lambda drawn: {"kind": "custom", "panes": inside(drawn)}, panes)
)
canvases = st.builds(
    lambda template, rate: dict(
        zip(("width", "height", "fps", "video_kbps"), template[: 4 if rate else 3], strict=False)
    ),
    st.sampled_from(TEMPLATES),
    st.booleans(),
)
encodings = st.builds(
    lambda t, sign: f"{t[0]}{sign}{t[1]}_{t[2]}_{t[3]}",
    st.sampled_from(TEMPLATES),
    st.sampled_from("x*"),
)
mixed_options = st.fixed_dictionaries(
    {},
    optional={
        "encode_template": encodings,
        "users": names,
        "unnamed_panes": st.booleans(),
        "changeable_layout": st.booleans(),
        "screen_users": st.lists(users, max_size=2, unique=True),
        "screen_of": st.sampled_from(["main", "anyone"]),
        "screen_stream": st.sampled_from(["screen", "camera"]),
        "main_align": st.sampled_from(["left", "right"]),
        "background_image": images,
        "user_image": images,
        "screen_image": images,
        "user_images": st.lists(
            st.fixed_dictionaries({"user": users, "image": images}), max_size=2
        ),
    },
)
individual_options = st.fixed_dictionaries(
    {},
    optional={
        "video_type": st.sampled_from(["camera", "screen"]),
        "stream_type": st.sampled_from(["LD", "SD", "HD", "FHD"]),
        "audio_only_individual": st.booleans(),
        "rtmp_urls": st.lists(st.sampled_from(["rtmp://a/b?k=1", "rtmps://c/d"]), max_size=2),
    },
)
common: dict[str, Any] = {
    "room": rooms,
    "max_idle": st.integers(5, 43_200) | st.floats(5, 43_200),
    "output": st.fixed_dictionaries(
        {"storage": st.just("archive")},
        optional={"formats": st.sampled_from([["hls"], ["mp4"], ["hls", "mp4"]])},
    ),
}
mixed = st.fixed_dictionaries(
    {**common, "vendor_options": mixed_options},
    optional={"layout": kinds, "canvas": canvases},
)
heard = st.fixed_dictionaries({**common, "media": st.just("audio")})
individual = st.fixed_dictionaries(
    {
        **common,
        "mode": st.just("individual"),
        "media": st.sampled_from(["audio_video", "audio", "video"]),
        "vendor_options": individual_options,
        "subscriptions": st.builds(lambda user: {"audio": {"allow": [user]}}, users)
        | st.builds(lambda user: {"video": {"allow": [user]}}, users),
    }
)


ACCOUNT = HuaweiAccount.model_validate(
    {
        "app_id": APP_ID,
        "project_id": PROJECT_ID,
        "access_key": ACCESS_KEY,
        "secret_key": SECRET_KEY,
        "callback_secret": CALLBACK_SECRET,
        "base_url": "http://emulator.example",
    }
)
STORAGE = {
    "archive": HuaweiStorage(record_rule_id=rule_id("takes"), prefix="rec/{app_id}-{stream}")
}


@pytest.fixture(scope="module")
async def recorder() -> AsyncGenerator[HuaweiRecorder]:
    options = {"limits": NO_LIMITS, "repeated_start": "duplicate"}
    told = EmulatorSettings(media=False, strict=True, vendors={"huawei": options})
    app = create_app(told, {"huawei": create})
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app)) as http,
    ):
        yield HuaweiRecorder("demo", ACCOUNT, STORAGE, http, lambda: datetime.now(UTC))


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.filter_too_much,
        HealthCheck.too_slow,
    ],
)
@given(asked=mixed | heard | individual, later=kinds)
async def test_what_passes_here_is_accepted_there(
    recorder: HuaweiRecorder, asked: dict[str, Any], later: dict[str, Any]
) -> None:
    try:
        request = RecordingRequest.model_validate({"vendor": "huawei", "account": "demo", **asked})
        traits = recorder.traits(request)
    except (ValueError, InvalidRequest):
        assume(False)  # noqa: FBT003 - hypothesis's own idiom
        return
    attempt, scene = Attempt(number=1, recorder="mix", path=""), request.first_scene()
    task = Task(attempt=attempt, id=await recorder.start(request, scene, attempt))
    refusals: list[InvalidRequest] = []
    for layout in (scene.layout, *drawn(later)):
        if traits.layouts and layout is not None:
            changed = scene.model_copy(update={"layout": layout})
            try:
                traits.check(changed)
                await recorder.apply(request, task, changed, "layout")
            except InvalidRequest as refusal:
                refusals.append(refusal)
    assert all(map(refused_by_us, refusals)), refusals
    assert (await recorder.query(request, task)).phase is TaskPhase.STARTING
    check_event(request, task, check_names(recorder, request, task))
    await recorder.stop(request, task)


def drawn(layout: dict[str, Any]) -> list[Layout]:
    """The layout, if it is one."""
    try:
        return [LAYOUT.validate_python(layout)]
    except ValueError:
        return []


def check_names(recorder: HuaweiRecorder, request: RecordingRequest, task: Task) -> str:
    """The emulator's names of stream and file, in our reading; gives the file's key."""
    user = next(iter(request.subscriptions.users()), None)
    stream = stream_name(task.id, request.room, user)
    assert Stream.read(stream, request.room) == Stream(task.id, request.room, user or "")
    place = ObsAddress(location="l", project_id="p", bucket="b", object="rec")
    named = {"app": APP_ID, "form": "HLS", "stream": stream, "began": BEGAN}
    stem = object_stem(place, "{app_id}-{stream}_{file_start_time}", **named)
    key = f"{stem}.m3u8"
    assert key.startswith(recorder.key_prefixes(request, task.attempt, task.id))
    assert recorder.task_id_in(task.attempt, request, key) == task.id
    assert describe(key).user in {"", user}
    assert describe(key).begins_at == BEGAN
    return key


def check_event(request: RecordingRequest, task: Task, key: str) -> None:
    """The emulator's event of that file, signed and in our reading."""
    user = next(iter(request.subscriptions.users()), "")
    job = {
        "job_id": task.id,
        "stream_name": stream_name(task.id, request.room, user or None),
        "app_id": APP_ID,
        "room_id": request.room,
    }
    notice = HuaweiNotice(
        FILE_COMPLETE,
        job,
        {"record_format": "HLS", "obs_object": key},
        "7f3a9c1e",
        CALLBACK_SECRET,
        OVER,
        timestamp_milliseconds=False,
    )
    signed, parser = notice.render(BEGAN, None), HuaweiCallbacks("demo", ACCOUNT)
    parser.verify(dict(signed.headers), signed.body)
    event = parser.parse(signed.body)
    assert event is not None
    assert (event.room, event.task_id, event.recorder) == (
        *(request.room, task.id),
        f"user:{user}" if user else "mix",
    )
    (file,) = event.files
    assert (file.key, file.user, file.begins_at) == (key, user, BEGAN)

"""Whatever the adapter lets pass, the emulator's own reading of the reference accepts."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from longtake.domain.errors import InvalidRequest
from longtake.domain.ports import Attempt, Task
from longtake.domain.recording import RecordingRequest, StreamFilter, Subscriptions
from longtake.emulator.app import create_app
from longtake.emulator.settings import EmulatorSettings
from longtake.vendors.alibaba.adapter import AlibabaRecorder
from longtake.vendors.alibaba.emulator import create
from longtake.vendors.alibaba.emulator.credentials import (
    ACCESS_KEY_ID,
    ACCESS_KEY_SECRET,
    APP_ID,
)
from longtake.vendors.alibaba.settings import AlibabaAccount, AlibabaStorage

TOKEN = "lt0123456789abcdef0123"
HOSTILE = [
    *("ada", "ada_0", "a/b", "..", ".", " ", "+", "~", "'\"", "{UserId}", "a\\b", "a\n\x00b"),
    *("Single::x::A", "2026-01-01-00:00:00", "null", "0", "会" * 60, "😀" * 128, "a" * 128),
]
users = st.sampled_from(HOSTILE) | st.text(min_size=1, max_size=128)
rooms = st.sampled_from([user for user in HOSTILE if user.isprintable()]) | st.text(
    st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=256
)
images = st.sampled_from(
    ["https://i.example/a.png", "http://[::1]/ä+%20~'\"?a=b&c=d#e", f"https://i/{'x' * 1000}"]
)
fits = st.sampled_from(["crop", "contain"])
shares = st.sampled_from([0, -0.0, 1, 1 / 3, 1e-7, 5e-324, 0.9999999]) | st.floats(0, 1)
extents = st.sampled_from([1, 1 / 3, 1e-7]) | st.floats(0, 1, exclude_min=True)
canvases = st.fixed_dictionaries(
    {},
    optional={
        "width": st.integers(16, 1920),
        "height": st.integers(16, 1920),
        "fps": st.integers(1, 60),
        "video_kbps": st.integers(1, 10_000),
    },
)
levels = st.from_regex(r"[A-Za-z0-9._-]{1,300}", fullmatch=True) | st.sampled_from([".", ".."])
literals = st.sampled_from(["", "", "_", "é ~+'\"", "x" * 60, "-", ".", "\\", "\x07", "{Date}"])


@st.composite
def patterns(draw: st.DrawFn, *needed: str) -> str:
    """A pattern of names with those variables, and literals of which few are impossible."""
    variables = [*needed, *draw(st.lists(st.sampled_from(["AppId", "ChannelId"]), max_size=2))]
    shuffled = draw(st.permutations(variables))
    return "".join(f"{{{name}}}{draw(literals)}" for name in shuffled)


@st.composite
def layouts(draw: st.DrawFn, seen: list[str]) -> dict[str, Any]:
    kind = draw(st.sampled_from(["grid", "floating", "speaker", "screen_share", "custom"]))
    layout: dict[str, Any] = {"kind": kind}
    if draw(st.booleans()):
        layout |= {"background_image": draw(images), "user_image": draw(images)}
    if kind == "screen_share" or (kind in {"floating", "speaker"} and draw(st.booleans())):
        layout["main"] = draw(st.sampled_from(seen))
    imaged = dict.fromkeys(seen, "crop")
    if kind == "screen_share":
        imaged[layout["main"]] = "contain"
    if kind == "custom":
        seats = draw(st.lists(st.none() | st.sampled_from(seen), min_size=1, max_size=17))
        layout["panes"] = [
            {
                "x": (x := draw(shares)),
                "y": (y := draw(shares)),
                "width": (1 - x) * draw(extents) or 1e-9,
                "height": (1 - y) * draw(extents) or 1e-9,
                "user": user if user not in seats[:seat] else None,
                "fit": draw(fits),
            }
            for seat, user in enumerate(seats)
        ]
        imaged = {pane["user"]: pane["fit"] for pane in layout["panes"] if pane["user"]}
    if imaged and draw(st.booleans()):
        user = draw(st.sampled_from(sorted(imaged)))
        layout["user_images"] = [{"user": user, "url": draw(images), "fit": imaged[user]}]
    return layout


@st.composite
def options(draw: st.DrawFn, mode: str, media: str, *, vod: bool) -> dict[str, Any]:
    optional: dict[str, st.SearchStrategy[Any]] = {}
    if media != "audio":
        either = ["camera", "screen"]
        optional["sources"] = st.sampled_from(either if mode == "mixed" else [*either, "both"])
    if mode == "mixed" and media != "audio":
        optional |= {
            "screen_stream": st.sampled_from(["screen", "camera"]),
            "gop": st.integers(1, 60),
            "frame_fill_type": st.integers(0, 2**70),
            "background_fit": fits,
        }
    if mode == "mixed" and media != "video":
        rates = st.sampled_from([8000, 16_000, 32_000, 44_100, 48_000])
        audio = {"sample_rate": rates, "channels": st.integers(1, 2), "kbps": st.integers(8, 500)}
        optional["audio"] = st.fixed_dictionaries({}, optional=audio)
    if not vod:
        telling = ["UserId", "SourceType"] if mode == "individual" else []
        optional |= {
            "slice_seconds": st.integers(10, 30),
            "mp3": st.booleans(),
            "file_name": patterns("StartTime", *telling),
            "slice_name": patterns("StartTime", "Sequence", *telling),
        }
    return draw(st.fixed_dictionaries({}, optional=optional))


@st.composite
def wishes(draw: st.DrawFn) -> dict[str, Any]:
    """What a caller may ask for; most of it is possible."""
    mode, vod = draw(st.sampled_from(["mixed", "individual"])), draw(st.integers(0, 3)) == 0
    media = draw(st.sampled_from(["audio_video", "audio_video", "audio", "video"]))
    heard = draw(st.lists(users, min_size=1, max_size=17, unique=True))
    some = draw(st.lists(st.sampled_from(heard), min_size=1, unique=True))
    chosen: dict[str, Any] = {"audio": {"allow": heard}, "video": {"allow": heard}}
    seen = heard
    if media == "audio_video" and draw(st.booleans()):
        chosen["video"], seen = draw(
            st.sampled_from(
                [({"allow": some}, some), ({"deny": some}, [u for u in heard if u not in some])]
            )
        )
    wish: dict[str, Any] = {
        "room": draw(rooms),
        "mode": mode,
        "media": media,
        "output": {"storage": "media" if vod else "archive"},
        "max_idle": draw(st.floats(9.001, 14_400)),
        "subscriptions": {name: chosen[name] for name in ("audio", "video") if name in media},
        "vendor_options": draw(options(mode, media, vod=vod)),
    }
    if draw(st.booleans()):
        wish["output"]["max_file_length"] = draw(st.floats(180, 7200.9))
    if not vod:
        wish["output"]["formats"] = draw(st.sampled_from([["hls"], ["hls", "mp4"], ["mp4"]]))
        wish["output"]["path_prefix"] = "/".join(draw(st.lists(levels, max_size=3)))
    if mode == "mixed" and media != "audio":
        wish["layout"] = draw(st.none() | layouts(seen)) if seen else None
        wish["canvas"] = draw(st.none() | canvases)
    return wish


@pytest.fixture(scope="module")
async def http() -> AsyncGenerator[httpx.AsyncClient]:
    options = {"limits": {"calls_per_second": 0}, "longest_level": 1023}
    told = EmulatorSettings(media=False, strict=True, vendors={"alibaba": options})
    app = create_app(told, {"alibaba": create})
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://emulator.example"
        ) as http,
    ):
        yield http


@pytest.fixture
def recorder(http: httpx.AsyncClient, storage: dict[str, AlibabaStorage]) -> AlibabaRecorder:
    account = AlibabaAccount.model_validate(
        {
            "app_id": APP_ID,
            "access_key_id": ACCESS_KEY_ID,
            "access_key_secret": ACCESS_KEY_SECRET,
            "base_url": "http://emulator.example",
        }
    )
    return AlibabaRecorder("demo", account, storage, http, lambda: datetime.now(UTC))


async def control(http: httpx.AsyncClient, method: str, path: str, body: Any) -> None:
    answer = await http.request(method, f"/_emulator{path}", content=json.dumps(body))
    assert answer.is_success, answer.text


ATTEMPT = Attempt(number=1, recorder=TOKEN, path="")


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.filter_too_much,
        HealthCheck.too_slow,
    ],
)
@given(wish=wishes())
async def test_what_passes_here_is_accepted_there(
    http: httpx.AsyncClient, recorder: AlibabaRecorder, wish: dict[str, Any]
) -> None:
    base = {"vendor": "alibaba", "account": "demo"}
    try:
        request = RecordingRequest.model_validate({**base, **wish})
        recorder.traits(request)
    except (ValueError, InvalidRequest):
        assume(False)  # noqa: FBT003 - hypothesis's own idiom
        return
    path = "".join(f"%{byte:02X}" for byte in request.room.encode())
    people = {"participants": [{"user": "somebody"}]}
    await control(http, "PUT", f"/rooms/alibaba/{path}", people)
    folder = f"{request.output.path_prefix}/0123456789ab/a12".lstrip("/")
    attempt = ATTEMPT.model_copy(update={"path": folder})
    scene = request.first_scene()
    task = Task(attempt=attempt, id=await recorder.start(request, scene, attempt))
    await control(http, "POST", "/clock", {"advance": 0.5})
    await recorder.apply(request, task, scene, "layout")
    for user in (*HOSTILE[:3], *sorted(request.subscriptions.users())[:2]):
        lone = {"audio" if request.media != "video" else "video": StreamFilter(allow=(user,))}
        change = scene.model_copy(update={"subscriptions": Subscriptions(**lone)})
        try:
            await recorder.apply(request, task, change, "subscriptions")
        except InvalidRequest as refused:
            assert not refused.vendor_code, refused  # noqa: PT017 - by us, not by the emulator
    assert (await recorder.query(request, task)).phase.up
    await recorder.stop(request, task)

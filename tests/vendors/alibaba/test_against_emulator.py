"""The adapter against the emulator over real sockets: two readings of the same reference.

The emulator is strict: it refuses keys that it does not know, which the service would ignore.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from longtake.domain.errors import (
    AlreadyStopped,
    RecordingError,
    TaskNotFound,
    VendorUnavailable,
)
from longtake.domain.events import TaskPhase
from longtake.domain.geometry import arrange
from longtake.domain.ports import Attempt, Task
from longtake.domain.recording import (
    RecordingRequest,
    Scene,
    StreamFilter,
    Subscriptions,
)
from longtake.emulator.rooms import screen_of
from longtake.vendors.alibaba.emulator.layouts import MixLayoutParams
from longtake.vendors.alibaba.emulator.record_params import SubscribeParams
from longtake.vendors.alibaba.emulator.staging import place
from tests.vendors.alibaba.service import ADA, BOB, PEOPLE, ROOM, UP, Service

Make = Callable[..., RecordingRequest]
Launch = Callable[..., Awaitable[Service]]

THREE_DAYS = 3 * 86_400
TOKEN = "lt0123456789abcdef0123"
NOBODY_LISTENS = "http://127.0.0.1:9/callbacks/alibaba/demo"
IMAGE = "https://img.example/ä%20+~'\".png?v=1&w=2#top"
LONE = {"x": 0, "y": 0, "width": 1, "height": 1}


@pytest.mark.parametrize("media", ["audio_video", "audio", "video"])
@pytest.mark.parametrize("mode", ["mixed", "individual"])
async def test_recording_runs_from_start_to_the_last_file(
    service: Service, ask: Make, attempt: Attempt, mode: str, media: str
) -> None:
    request = ask(mode=mode, media=media)
    recorder, task = await service.up(request, attempt)
    assert (await recorder.query(request, task)).phase is TaskPhase.RUNNING
    await service.artc.advance(35)
    flowing = await recorder.query(request, task)
    assert flowing.phase is TaskPhase.FLOWING
    one = Subscriptions(**{"video" if media == "video" else "audio": StreamFilter(allow=(ADA,))})
    scene = request.first_scene().model_copy(update={"subscriptions": one})
    await recorder.apply(request, task, scene, "subscriptions")
    await recorder.apply(request, task, request.first_scene(), "subscriptions")
    stopped = await recorder.stop(request, task)
    assert (stopped.uploading, stopped.files) == ("unknown", ())
    assert (await recorder.query(request, task)).phase is TaskPhase.ENDING
    await service.artc.advance(5)
    ended = await recorder.query(request, task)
    assert ended.phase is TaskPhase.ENDED
    assert len(ended.files) == (1 if mode == "mixed" else len(PEOPLE))
    made = await service.made()
    assert (made["task_id"], made["end_reason"], made["room"]) == (task.id, "stopped", ROOM)
    assert made["recorder"] == attempt.recorder


LAYOUTS: dict[str, dict[str, Any]] = {
    "grid": {"kind": "grid", "background_image": IMAGE, "user_image": IMAGE},
    "floating": {"kind": "floating"},
    "floating with a main user": {"kind": "floating", "main": BOB},
    "speaker": {"kind": "speaker", "user_images": [{"user": BOB, "url": IMAGE}]},
    "speaker with a main user": {"kind": "speaker", "main": BOB},
    "shared screen": {"kind": "screen_share", "main": BOB, "user_image": IMAGE},
    "panes": {
        "kind": "custom",
        "panes": [
            {"x": 1 / 3, "y": 2 / 3, "width": 2 / 3, "height": 1 / 3, "user": BOB},
            {"x": 0, "y": 0, "width": 1 / 3, "height": 2 / 3, "fit": "contain"},
        ],
        "user_images": [{"user": BOB, "url": IMAGE}],
    },
    "panes for nobody": {"kind": "custom", "panes": [LONE, {**LONE, "width": 1e-6}]},
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
async def test_layout_is_shown_where_it_was_asked_for_at_the_start_and_later(
    service: Service, ask: Make, attempt: Attempt, layout: dict[str, Any]
) -> None:
    request = ask(layout=layout, canvas={"width": 1001, "height": 777})
    recorder, task = await service.up(request, attempt)
    scene = request.first_scene()
    await recorder.apply(request, task, scene, "layout")
    first, second = (told["layout"] for told in (await service.made())["layout_revisions"])
    assert first == second
    entries = SubscribeParams.model_validate(first["SubscribeParams"]).subscribe_user_id_list
    cells = [*place(MixLayoutParams.model_validate(first["MixLayoutParams"]), entries, PEOPLE)]
    assert scene.layout is not None
    panes = arrange(scene.layout, PEOPLE)
    shared = layout["kind"] == "screen_share"
    shown = [screen_of(p.user) if shared and p.user == BOB else p.user for p in panes if p.user]
    assert [cell.user for cell in cells] == shown
    for cell, pane in zip(cells, panes, strict=True):
        told = (cell.x, cell.y, cell.width, cell.height)
        assert told == pytest.approx((pane.x, pane.y, pane.width, pane.height), abs=2e-6)


async def test_layout_and_subscriptions_change_together_and_apart(
    service: Service, ask: Make, attempt: Attempt
) -> None:
    request = ask(layout=LAYOUTS["shared screen"])
    recorder, task = await service.up(request, attempt)
    first = request.first_scene()
    alone = Subscriptions(audio=StreamFilter(allow=PEOPLE), video=StreamFilter(allow=(ADA,)))
    lone = ask(layout={"kind": "custom", "panes": [{**LONE, "user": ADA}]}).layout
    await recorder.apply(request, task, first.model_copy(update={"layout": lone}), "layout")
    for layout in (first.layout, lone):
        scene = Scene(layout=layout, subscriptions=alone)
        await recorder.apply(request, task, scene, "subscriptions")
    revisions = (await service.made())["layout_revisions"]
    told = [revision["layout"] for revision in revisions]
    assert [_taken(revision) for revision in told] == [
        {(ADA, 0): 0, (BOB, 1): 0},
        {(ADA, 0): 0, (BOB, 0): 0},
        {(ADA, 0): 0, (BOB, 0): 1},
        {(ADA, 0): 0, (BOB, 0): 1},
    ]
    assert [_shown(revision) for revision in told] == [{ADA, BOB}, {ADA}, {ADA}, {ADA}]


def _taken(told: dict[str, Any]) -> dict[tuple[str, int], int]:
    """The StreamType of each user's source."""
    listed = told["SubscribeParams"]["SubscribeUserIdList"]
    return {(e["UserId"], e.get("SourceType", 0)): e["StreamType"] for e in listed}


def _shown(told: dict[str, Any]) -> set[str]:
    return {pane["UserId"] for pane in told["MixLayoutParams"]["UserPanes"]}


ALL_FORMATS = {"storage": "archive", "formats": ["hls", "mp4"]}
WISHES: dict[str, dict[str, Any]] = {
    "everything of a bucket": {
        "output": {
            **ALL_FORMATS,
            "path_prefix": f"2026/a.b/_c-{'d' * 150}",
            "max_file_length": "PT3M0.5S",
        },
        "vendor_options": {
            "mp3": True,
            "slice_seconds": 10,
            "file_name": "{ChannelId} {StartTime}~{AppId}+'\"{SourceType}",
            "slice_name": "{Sequence}é{StartTime}",
        },
    },
    "own names of individual files": {
        "mode": "individual",
        "output": {**ALL_FORMATS, "max_file_length": "PT2H"},
        "vendor_options": {
            "sources": "both",
            "file_name": "{UserId}{SourceType}{StartTime}",
            "slice_name": "{UserId}{SourceType}{StartTime}{Sequence}",
        },
    },
    "vod": {"output": {"storage": "media"}},
    "everything of vod": {"output": {"storage": "composed"}, "mode": "individual"},
    "a whole canvas": {
        "canvas": {
            "width": 1920,
            "height": 1919,
            "fps": 60,
            "video_kbps": 10_000,
            "audio_kbps": 500,
        },
        "vendor_options": {
            "audio": {"sample_rate": 44_100, "channels": 1},
            "gop": 60,
            "frame_fill_type": 1,
            "background_fit": "contain",
        },
        "layout": {"kind": "grid", "background_image": IMAGE},
    },
    "the least canvas": {
        "canvas": {"width": 16, "height": 16, "fps": 1, "video_kbps": 1, "audio_kbps": 8}
    },
    "mixed sound": {"media": "audio", "vendor_options": {"audio": {"kbps": 8}}},
    "individual sound": {"media": "audio", "mode": "individual", "vendor_options": {"mp3": True}},
    "screens": {"vendor_options": {"sources": "screen"}},
    "individual screens": {"mode": "individual", "vendor_options": {"sources": "screen"}},
    "a camera shown large": {
        "vendor_options": {"sources": "screen", "screen_stream": "camera"},
        "layout": {"kind": "screen_share", "main": BOB},
    },
    "one seen, the other heard": {
        "subscriptions": {"audio": {"allow": [BOB]}, "video": {"allow": [ADA]}}
    },
    "one of two seen": {"subscriptions": {"audio": {"allow": PEOPLE}, "video": {"deny": [BOB]}}},
    "one individually heard": {
        "mode": "individual",
        "subscriptions": {"audio": {"allow": PEOPLE}, "video": {"deny": [BOB]}},
    },
    "seventeen": {"subscriptions": {"audio": {"allow": [*PEOPLE, *map(str, range(15))]}}},
    "the least idle time": {"max_idle": 9.5},
    "the longest idle time": {"max_idle": "PT4H"},
}


@pytest.fixture
def storage(storage: dict[str, Any]) -> dict[str, Any]:
    vod = {
        "storage_location": "mytest.oss-cn-shenzhen.aliyuncs.com",
        "transcode_group": "group ~+",
        "auto_compose": True,
        "compose_transcode_group": "merged",
    }
    return {**storage, "composed": type(storage["media"]).model_validate({"vod": vod})}


@pytest.mark.parametrize("wish", WISHES.values(), ids=WISHES)
async def test_every_wish_is_accepted_and_goes_on_after_a_change(
    service: Service, ask: Make, attempt: Attempt, wish: dict[str, Any]
) -> None:
    request = ask(**wish)
    recorder, task = await service.up(request, attempt, callback_url=NOBODY_LISTENS)
    assert (await recorder.query(request, task)).phase.up
    await recorder.apply(request, task, request.first_scene(), "subscriptions")
    await recorder.stop(request, task)
    assert (await service.made())["recorder"] == attempt.recorder


@pytest.mark.parametrize(("profile", "known"), [("archive", TOKEN), ("media", "")])
async def test_start_without_events_is_told_apart_by_its_folder_alone(
    service: Service, ask: Make, attempt: Attempt, profile: str, known: str
) -> None:
    await service.begin(ask(output={"storage": profile}), attempt)
    assert (await service.made())["recorder"] == known


# --- a task in each of its states -----------------------------------------------------------------


@pytest.fixture
async def slow(launch: Launch) -> Service:
    """A service whose tasks take a minute to start."""
    return await launch(timings={"running": 60})


async def _bring(service: Service, task: Task, state: str) -> None:
    """Make a task that is starting be in the state."""
    artc = service.artc
    await artc.advance({"starting": 0, "flowing": 100}.get(state, 61))
    match state:
        case "recovering":
            await artc.fault("migrate", "now", seconds=20)
        case "forgotten":
            await artc.fault("forget", "now")
        case "stopping" | "stopped" | "expired":
            await artc.stop(task.id)
            await artc.advance({"stopping": 0, "stopped": 10, "expired": THREE_DAYS}[state])
        case _:
            pass


Outcome = type[RecordingError] | None
STATES: dict[str, tuple[TaskPhase, Outcome, Outcome]] = {
    "starting": (TaskPhase.STARTING, AlreadyStopped, None),
    "running": (TaskPhase.RUNNING, None, None),
    "flowing": (TaskPhase.FLOWING, None, None),
    "recovering": (TaskPhase.RUNNING, None, None),
    "stopping": (TaskPhase.ENDING, AlreadyStopped, AlreadyStopped),
    "stopped": (TaskPhase.ENDED, AlreadyStopped, AlreadyStopped),
    "forgotten": (TaskPhase.MISSING, TaskNotFound, TaskNotFound),
    "expired": (TaskPhase.MISSING, TaskNotFound, TaskNotFound),
}
"""What a question tells, and how a change and a stop fail."""


@pytest.mark.parametrize("state", STATES)
async def test_task_in_each_state_answers_as_the_reference_says(
    slow: Service, ask: Make, attempt: Attempt, state: str
) -> None:
    request = ask()
    recorder, task = await slow.begin(request, attempt)
    await _bring(slow, task, state)
    recorder = await slow.recorder()
    phase, changed, stopped = STATES[state]
    assert (await recorder.query(request, task)).phase is phase
    change = recorder.apply(request, task, request.first_scene(), "layout")
    assert await _failure(change) is changed
    assert await _failure(recorder.stop(request, task)) is stopped


async def _failure(call: Awaitable[Any]) -> Outcome:
    try:
        await call
    except RecordingError as error:
        return type(error)
    return None


@pytest.mark.parametrize("told", ["STARTING", "CREATED", "RECOVERING"])
async def test_stop_that_comes_too_early_is_tried_again_until_it_counts(
    launch: Launch, ask: Make, attempt: Attempt, told: str
) -> None:
    service = await launch(timings={"running": 60}, stop_needs_running=True, starting_status=told)
    request = ask()
    recorder, task = await service.begin(request, attempt)
    with pytest.raises(VendorUnavailable) as failure:
        await recorder.stop(request, task)
    assert failure.value.retryable
    await service.artc.advance(61)
    await recorder.stop(request, task)
    assert (await service.made())["end_reason"] == "stopped"


async def test_task_that_starts_and_is_stopped_has_no_files(
    slow: Service, ask: Make, attempt: Attempt
) -> None:
    request = ask()
    recorder, task = await slow.begin(request, attempt)
    await recorder.stop(request, task)
    await slow.artc.advance(5)
    seen = await recorder.query(request, task)
    assert (seen.phase, seen.files) == (TaskPhase.ENDED, ())


async def test_second_start_makes_a_second_task(
    service: Service, ask: Make, attempt: Attempt
) -> None:
    request = ask()
    recorder, first = await service.up(request, attempt)
    _, second = await service.up(request, attempt)
    assert first.id != second.id
    assert (await recorder.query(request, first)).phase.up
    assert (await recorder.query(request, second)).phase.up


@pytest.mark.parametrize("mode", ["mixed", "individual"])
async def test_nobody_publishing_ends_the_task_after_max_idle(
    service: Service, ask: Make, attempt: Attempt, mode: str
) -> None:
    request = ask(mode=mode, max_idle=60)
    recorder, task = await service.up(request, attempt)
    await service.artc.room(ROOM)
    await service.artc.advance(59)
    assert (await recorder.query(request, task)).phase.up
    await service.artc.advance(10)
    assert (await recorder.query(request, task)).phase is TaskPhase.ENDED
    assert (await service.made())["end_reason"] == "idle"


async def test_successor_is_due_while_the_task_lives(
    service: Service, ask: Make, attempt: Attempt
) -> None:
    request = ask(max_duration="P4D")
    recorder, task = await service.up(request, attempt)
    life = recorder.traits(request).task_life
    assert life is not None
    await service.artc.advance(life.total_seconds() - UP)
    recorder = await service.recorder()
    assert (await recorder.query(request, task)).phase.up
    await service.artc.advance(1800)
    await service.artc.advance(30)
    recorder = await service.recorder()
    assert (await recorder.query(request, task)).phase is TaskPhase.MISSING
    assert (await service.made())["end_reason"] == "life_over"


# --- what befalls a running task ------------------------------------------------------------------


async def test_recovering_task_takes_changes_and_goes_on(
    service: Service, ask: Make, attempt: Attempt
) -> None:
    request = ask()
    recorder, task = await service.up(request, attempt)
    await service.artc.fault("migrate", "now", seconds=20)
    scene = request.first_scene().model_copy(update={"layout": ask(layout=LAYOUTS["panes"]).layout})
    await recorder.apply(request, task, scene, "layout")
    assert "RECOVERING" in (await recorder.query(request, task)).detail
    await service.artc.advance(21)
    assert "RUNNING" in (await recorder.query(request, task)).detail
    assert len((await service.made())["layout_revisions"]) == 2


@pytest.mark.parametrize(("kind", "call"), [("evict", "now"), ("never_up", "start")])
async def test_task_that_ends_without_us_is_seen_to_be_over(
    service: Service, ask: Make, attempt: Attempt, kind: str, call: str
) -> None:
    request = ask()
    if call == "start":
        await service.artc.fault(kind, call)
    recorder, task = await service.up(request, attempt)
    if call == "now":
        await service.artc.fault(kind, call, room=ROOM)
    await service.artc.advance(5)
    assert (await recorder.query(request, task)).phase is TaskPhase.ENDED
    assert (await service.made())["end_reason"] in {"evicted", "never_up"}


async def test_stalled_uploads_are_waited_for(
    service: Service, ask: Make, attempt: Attempt
) -> None:
    request = ask(output=ALL_FORMATS)
    recorder, task = await service.up(request, attempt)
    await service.artc.fault("stall_upload", "now", seconds=120)
    await service.artc.advance(60)
    running = await recorder.query(request, task)
    assert (running.phase, running.files) == (TaskPhase.RUNNING, ())
    await recorder.stop(request, task)
    await service.artc.advance(30)
    assert (await recorder.query(request, task)).phase is TaskPhase.ENDING
    await service.artc.advance(40)
    seen = await recorder.query(request, task)
    assert seen.phase is TaskPhase.ENDED
    assert {file.kind for file in seen.files} == {"playlist", "mp4"}


@pytest.mark.parametrize("storage_", ["archive", "media"])
async def test_refusing_storage_never_makes_data_flow(
    service: Service, ask: Make, attempt: Attempt, storage_: str
) -> None:
    await service.artc.fault("wrong_storage", "start")
    request = ask(output={"storage": storage_})
    recorder, task = await service.up(request, attempt)
    await service.artc.advance(60)
    assert (await recorder.query(request, task)).phase is TaskPhase.RUNNING
    await recorder.stop(request, task)
    await service.artc.advance(60)
    seen = await recorder.query(request, task)
    assert (seen.phase, seen.files) == (TaskPhase.ENDED, ())

"""The control surface: rooms, time, reset and the ledger."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from longtake.domain.errors import InvalidRequest
from longtake.emulator.app import create_app
from longtake.emulator.settings import EmulatorSettings
from longtake.emulator.store import ObjectStore
from longtake.vendors.agora.emulator import create
from tests.emulator.emulated import Emulated, Launch, Receiver


async def test_health_names_the_vendors(emulator: Emulated) -> None:
    answer = (await emulator.http.get("/_emulator/health")).json()
    assert (answer["status"], answer["vendors"]) == ("ok", ["agora"])


async def test_rooms_are_replaced_and_keep_their_join_order(emulator: Emulated) -> None:
    await emulator.room("room", "1", "2", "3")
    await emulator.room("room", "4", "3", "1")
    state = (await emulator.http.get("/_emulator/rooms/agora/room")).json()
    assert [person["user"] for person in state["participants"]] == ["1", "3", "4"]


async def test_a_room_name_may_hold_slashes_and_spaces(emulator: Emulated) -> None:
    await emulator.room("a b?c", "1")
    reply = await emulator.http.get("/_emulator/rooms/agora/a%20b%3Fc")
    assert reply.status_code == 200


@pytest.mark.parametrize(
    "body",
    [{}, {"participants": [{"name": "Ada"}]}, {"participants": [{"user": "1", "vdieo": True}]}],
    ids=str,
)
async def test_a_broken_room_is_422_with_the_path(emulator: Emulated, body: object) -> None:
    reply = await emulator.http.put("/_emulator/rooms/agora/room", json=body)
    assert reply.status_code == 422
    assert reply.json()["errors"][0]["path"].startswith("participants")


async def test_an_unknown_vendor_is_404(emulator: Emulated) -> None:
    reply = await emulator.http.get("/_emulator/rooms/zoom/room")
    assert reply.status_code == 404
    assert reply.json()["errors"][0]["allowed"] == ["agora"]


async def test_the_clock_moves_by_what_it_is_told(emulator: Emulated) -> None:
    before = datetime.fromisoformat((await emulator.http.get("/_emulator/clock")).json()["now"])
    await emulator.advance(7200)
    after = datetime.fromisoformat((await emulator.http.get("/_emulator/clock")).json()["now"])
    assert timedelta(seconds=7200) <= after - before < timedelta(seconds=7202)


@pytest.mark.parametrize("advance", [-1, "ten", None])
async def test_the_clock_moves_forward_only(emulator: Emulated, advance: object) -> None:
    reply = await emulator.http.post("/_emulator/clock", json={"advance": advance})
    assert reply.status_code == 422


async def test_time_passes_without_being_told(launch: Launch, receiver: Receiver) -> None:
    timings = {"initialised": 0.05, "components_starting": 0.1, "uploader_up": 0.15}
    quick = {**timings, "recorder_up": 0.2, "slice": 0.3, "upload": 0.05}
    target = {"agora": {"url": receiver.url}}
    emulator = await launch(vendors={"agora": {"timings": quick}}, callbacks=target)
    await emulator.room("room", "1001")
    task = await emulator.begin()
    await receiver.until(lambda: receiver.of_type(4))
    assert await emulator.status(task) == 5


async def test_reset_forgets_everything(emulator: Emulated) -> None:
    await emulator.recording()
    await emulator.fault("status", "acquire", status=500)
    await emulator.advance(86400)
    await emulator.http.post("/_emulator/reset")
    assert await emulator.ledger() == {"tasks": [], "calls": []}
    assert await emulator.faults() == []
    state = (await emulator.http.get("/_emulator/rooms/agora/room")).json()
    assert state["participants"] == []
    assert (await emulator.start(await emulator.resource())).status_code == 200


async def test_the_ledger_has_every_task_and_call(emulator: Emulated) -> None:
    task = await emulator.recording()
    await emulator.call(task, "updateLayout", mixedVideoLayout=1)
    ledger = await emulator.ledger()
    (row,) = ledger["tasks"]
    assert row.keys() == {
        "vendor",
        "task_id",
        "resource_id",
        "app",
        "room",
        "recorder",
        "created_at",
        "started_at",
        "ended_at",
        "end_reason",
        "layout_revisions",
        "files",
    }
    assert (row["vendor"], row["task_id"], row["room"], row["recorder"]) == (
        "agora",
        task.sid,
        "room",
        "99",
    )
    calls = [(c["call"], c["status"], c["task_id"], c["room"]) for c in ledger["calls"]]
    assert calls == [
        ("acquire", 200, None, "room"),
        ("start", 200, task.sid, "room"),
        ("updateLayout", 200, task.sid, "room"),
    ]
    assert all(c["at"] <= c["finished_at"] for c in ledger["calls"])


async def test_a_refused_call_is_in_the_ledger_with_its_code(emulator: Emulated) -> None:
    await emulator.start("garbled")
    (call,) = (await emulator.ledger())["calls"]
    assert (call["status"], call["code"], call["task_id"]) == (400, 1001, None)


async def test_an_unclaimed_path_has_no_route(emulator: Emulated) -> None:
    assert (await emulator.http.get("/nowhere")).status_code == 404


def test_media_without_a_folder_is_refused() -> None:
    with pytest.raises(ValidationError, match="folder"):
        EmulatorSettings()


def test_an_unknown_vendor_option_is_refused(tmp_path: Path) -> None:
    settings = EmulatorSettings(data=tmp_path, vendors={"agora": {"slcie": 3}})
    with pytest.raises(InvalidRequest, match=r"agora\.slcie: unknown field"):
        create_app(settings, {"agora": create})


@pytest.mark.parametrize(
    ("bucket", "key"), [("..", "a"), ("a/b", "c"), ("b", "../c"), ("b", "/c"), ("", "c"), ("b", "")]
)
def test_no_object_leaves_its_bucket(tmp_path: Path, bucket: str, key: str) -> None:
    with pytest.raises(ValueError, match="leads out"):
        ObjectStore(tmp_path).put(bucket, key, b"")

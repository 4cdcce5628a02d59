"""Alibaba's callbacks: where they go, what they tell, how they are signed, and how often sent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from longtake.emulator.server import running
from longtake.vendors.alibaba.emulator.credentials import APP_ID, CALLBACK_SECRET
from longtake.vendors.alibaba.emulator.notices import sign
from tests.emulator.alibaba_client import NOTIFY_URL, Artc, emulated_artc, notified, oss
from tests.emulator.emulated import Receiver

FILES = oss({"Format": "HLS"}, {"Format": "MP4"}, {"Format": "MP3"})


@pytest.fixture(scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Artc]:
    async with emulated_artc(tmp_path_factory.mktemp("artc")) as emulator:
        yield emulator


@pytest.fixture
async def artc(shared: Artc) -> Artc:
    return await shared.anew()


class Calls(Receiver):
    """Keeps the path and query of each callback, too; ``status``: of the next answers."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.status: list[int] = []

    async def __call__(self, request: Request) -> Response:
        query = f"?{request.url.query}" if request.url.query else ""
        self.asked.append(request.url.path + query)
        answer = await super().__call__(request)
        return Response("", self.status.pop(0)) if self.status else answer

    def told(self, event: str) -> list[dict[str, Any]]:
        """The payloads of one event."""
        return [json.loads(n["payload"]) for n in self.events if n["eventType"] == event]

    def in_order(self) -> list[str]:
        """Event types by the time of the event, which arrivals need not follow."""
        known = [(json.loads(n["payload"])["timestamp"], n["eventType"]) for n in self.events]
        return [event for _, event in sorted(known, key=lambda pair: pair[0])]


@pytest.fixture
async def calls() -> AsyncGenerator[Calls]:
    receiver = Calls()
    routes = [Route("/{path:path}", receiver.__call__, methods=["POST"])]
    async with running(Starlette(routes=routes)) as url:
        receiver.url = url
        yield receiver


def to(calls: Calls, **more: Any) -> dict[str, Any]:
    return notified(f"{calls.url}/callbacks/main/lt-7f3a", **more)


def test_the_signature_matches_the_vectors() -> None:
    assert sign("1748417138", "mytestkeymytestkey") == "91c9ec5c07bb529c68f9ad95fd775a9b"
    assert sign("1748417138", "AbCdEfGh12345678") == "8982b616b6f2a822d14111471f93054f"


async def test_a_task_tells_its_story_at_its_own_address(artc: Artc, calls: Calls) -> None:
    task = await artc.recording(**to(calls))
    await artc.finished(task)
    await calls.until(lambda: calls.told("TaskStopped"))
    assert calls.in_order() == [
        "TaskCreated",
        "TaskStarting",
        "TaskRunning",
        "TaskStopping",
        "TaskStopped",
    ]
    assert set(calls.asked) == {"/callbacks/main/lt-7f3a"}
    for notice in calls.events:
        assert (notice["appId"], notice["channelId"]) == (APP_ID, "standup")
        assert notice["taskId"] == task
        assert isinstance(notice["callbackTs"], int)


async def test_a_target_stands_for_all_but_the_last_part_of_the_address(
    artc: Artc, calls: Calls
) -> None:
    target = {"url": f"{calls.url}/here/"}
    await artc.http.put("/_emulator/callbacks/alibaba", json=target)
    await artc.recording(**notified(f"{NOTIFY_URL}?x=1&y=2"))
    await calls.until(lambda: calls.told("TaskRunning"))
    assert set(calls.asked) == {"/here/lt-7f3a?x=1&y=2"}


async def test_without_an_address_of_its_own_a_task_tells_nothing(artc: Artc, calls: Calls) -> None:
    await artc.http.put("/_emulator/callbacks/alibaba", json={"url": f"{calls.url}/here"})
    silent = await artc.recording()
    await artc.finished(silent)
    task = await artc.recording(**notified())
    await calls.until(lambda: calls.told("TaskRunning"))
    assert {notice["taskId"] for notice in calls.events} == {task}


async def test_every_callback_is_signed_over_its_time(artc: Artc, calls: Calls) -> None:
    await artc.advance(86_400)
    await artc.recording(**to(calls))
    await calls.until(lambda: calls.told("TaskRunning"))
    for headers, body in calls.seen:
        stamp = headers["ali-live-timestamp"]
        digest = hashlib.md5(f"{stamp}|{CALLBACK_SECRET}".encode()).hexdigest()
        assert headers["ali-live-signature"] == digest
        assert headers["content-type"] == "application/json"
        assert int(stamp) == json.loads(body)["callbackTs"] // 1000
        assert 86_000 < int(stamp) - datetime.now(UTC).timestamp() < 87_000


async def test_without_a_key_callbacks_are_not_signed(artc: Artc, calls: Calls) -> None:
    await artc.recording(NotifyUrl=to(calls)["NotifyUrl"])
    await calls.until(lambda: calls.told("TaskRunning"))
    assert not any(name.startswith("ali-live") for headers, _ in calls.seen for name in headers)


async def test_the_payload_may_come_as_an_object(tmp_path: Path, calls: Calls) -> None:
    async with emulated_artc(tmp_path, options={"payload_as_text": False}) as artc:
        await artc.begin(**to(calls))
        await calls.until(lambda: calls.events)
        assert isinstance(calls.events[0]["payload"], dict)


async def test_uploaded_files_are_told_of_the_formats_asked_for(artc: Artc, calls: Calls) -> None:
    wish = to(calls, NotifyFileUploadedFormat=["mp4", "hls"])
    task = await artc.recording(StorageParams=FILES, **wish)
    await artc.finished(task)
    await calls.until(lambda: calls.told("TaskStopped"))
    told = {(p["format"], p["fileName"]) for p in calls.told("RecordFileUploaded")}
    listed = await artc.listed(task)
    assert told == {("HLS", listed["HlsFileList"][0]), ("MP4", listed["Mp4FileList"][0])}
    assert len(listed["Mp3FileList"]) == 1


async def test_recovery_is_told(artc: Artc, calls: Calls) -> None:
    await artc.recording(**to(calls))
    await artc.fault("migrate", "now", seconds=5)
    await artc.advance(6)
    await calls.until(lambda: len(calls.told("TaskRunning")) == 2)
    assert calls.in_order()[-3:] == ["TaskRunning", "TaskRecovering", "TaskRunning"]


async def test_a_task_that_never_comes_up_tells_its_end(artc: Artc, calls: Calls) -> None:
    await artc.fault("never_up", "start")
    await artc.recording(**to(calls))
    await calls.until(lambda: calls.told("TaskStopped"))
    assert not calls.told("TaskRunning")


@pytest.mark.parametrize(("status", "times"), [(200, 1), (204, 1), (404, 1), (500, 2), (503, 2)])
async def test_only_a_failed_receiver_is_asked_again_and_once(
    artc: Artc, calls: Calls, status: int, times: int
) -> None:
    calls.status = [status] * 9
    await artc.begin(**to(calls))
    await calls.until(lambda: calls.told("TaskCreated"))
    for _ in range(3):
        await artc.advance(5)
    await calls.until(lambda: len(calls.told("TaskRunning")) == times)
    await calls.until(lambda: len(calls.told("TaskCreated")) == times)


async def test_callbacks_name_the_task_of_a_lost_start(artc: Artc, calls: Calls) -> None:
    await artc.room("standup", "alice", "bob")
    await artc.fault("lost_reply", "start")
    with pytest.raises(httpx.TransportError):
        await artc.start(**to(calls))
    await calls.until(lambda: calls.events)
    (row,) = await artc.tasks()
    assert (row["task_id"], row["recorder"]) == (calls.events[0]["taskId"], "lt-7f3a")


async def test_callbacks_are_forged_and_doubled(artc: Artc, calls: Calls) -> None:
    await artc.fault("forge", "callback")
    await artc.fault("double", "callback")
    await artc.begin(**to(calls))
    await calls.until(lambda: len(calls.events) >= 3)
    forged = [
        headers["ali-live-signature"] != sign(headers["ali-live-timestamp"], CALLBACK_SECRET)
        for headers, _ in calls.seen
    ]
    found = sorted(zip(forged, [n["eventType"] for n in calls.events], strict=True))
    assert found.count((False, "TaskCreated")) == 2
    assert found[-1] == (True, "TaskStopped")


async def test_a_callback_that_is_dropped_never_comes(artc: Artc, calls: Calls) -> None:
    await artc.fault("drop", "callback")
    await artc.recording(**to(calls))
    await calls.until(lambda: calls.told("TaskRunning"))
    assert not calls.told("TaskCreated")

"""The floor: a bare workflow that makes the same vendor calls, written as Temporal's samples are.

    python -m bench.floor --temporal HOST:PORT --vendor URL --folder FOLDER

It has none of Longtake's features: no check of the request, no recovery of a lost start, no watch,
no page for the UI, no rate, no priorities.
"""

from __future__ import annotations

import argparse
import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    import httpx
    import obstore
    from obstore.store import LocalStore

TASK_QUEUE = "floor"
UID = "527841"
TIMEOUT = timedelta(seconds=10)
OPEN_AT_MOST = 10_000


@dataclass
class Order:
    """What is to be recorded; `path` is the app's, below the vendor's address."""

    room: str
    path: str


@dataclass
class Recorder:
    """A task of the vendor's."""

    order: Order
    resource: str
    sid: str = ""


@dataclass
class Change:
    """A layout for a task."""

    recorder: Recorder
    layout: dict[str, Any]


class Calls:
    """The vendor's calls, and the list of files."""

    def __init__(self, http: httpx.AsyncClient, folder: str) -> None:
        self._http = http
        self._store = LocalStore(folder)

    @activity.defn
    async def acquire(self, order: Order) -> str:
        body = {"cname": order.room, "uid": UID, "clientRequest": {"resourceExpiredHour": 72}}
        return (await self._post(f"{order.path}/acquire", body))["resourceId"]

    @activity.defn
    async def start(self, recorder: Recorder) -> str:
        request = {
            "recordingConfig": {
                "channelType": 1,
                "streamTypes": 2,
                "maxIdleTime": 30,
                "transcodingConfig": {"width": 1280, "height": 720, "fps": 15, "bitrate": 1130},
            },
            "recordingFileConfig": {"avFileType": ["hls"]},
            "storageConfig": {
                "vendor": 1,
                "region": 3,
                "bucket": "demo",
                "accessKey": "key",
                "secretKey": "secret",
                "fileNamePrefix": ["floor"],
            },
        }
        body = {"cname": recorder.order.room, "uid": UID, "clientRequest": request}
        return (await self._post(f"{_resource(recorder)}/mode/mix/start", body))["sid"]

    @activity.defn
    async def update_layout(self, change: Change) -> None:
        recorder = change.recorder
        body = {"cname": recorder.order.room, "uid": UID, "clientRequest": change.layout}
        await self._post(f"{_task(recorder)}/updateLayout", body)

    @activity.defn
    async def stop(self, recorder: Recorder) -> dict[str, Any]:
        body = {"cname": recorder.order.room, "uid": UID, "clientRequest": {}}
        return await self._post(f"{_task(recorder)}/stop", body)

    @activity.defn
    async def list_files(self, recorder: Recorder) -> list[str]:
        pages = obstore.list(self._store, prefix=recorder.sid)
        return [found["path"] async for page in pages for found in page]

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self._http.post(path, json=body)
        answer.raise_for_status()
        return answer.json()


def _resource(recorder: Recorder) -> str:
    return f"{recorder.order.path}/resourceid/{recorder.resource}"


def _task(recorder: Recorder) -> str:
    return f"{_resource(recorder)}/sid/{recorder.sid}/mode/mix"


@workflow.defn
class Floor:
    """Acquire, start, layouts as they are signalled, stop, files."""

    def __init__(self) -> None:
        self._layouts: deque[dict[str, Any]] = deque()
        self._wished = self._applied = 0
        self._stopped = False

    @workflow.run
    async def run(self, order: Order) -> list[str]:
        resource = await workflow.execute_activity_method(
            Calls.acquire, order, start_to_close_timeout=TIMEOUT
        )
        recorder = Recorder(order, resource)
        recorder.sid = await workflow.execute_activity_method(
            Calls.start, recorder, start_to_close_timeout=TIMEOUT
        )
        while True:
            await workflow.wait_condition(lambda: bool(self._layouts) or self._stopped)
            if not self._layouts:
                break
            await workflow.execute_activity_method(
                Calls.update_layout,
                Change(recorder, self._layouts.popleft()),
                start_to_close_timeout=TIMEOUT,
            )
            self._applied += 1
        await workflow.execute_activity_method(Calls.stop, recorder, start_to_close_timeout=TIMEOUT)
        return await workflow.execute_activity_method(
            Calls.list_files, recorder, start_to_close_timeout=TIMEOUT
        )

    @workflow.signal
    def change_layout(self, layout: dict[str, Any]) -> None:
        self._wished += 1
        self._layouts.append(layout)

    @workflow.update
    async def set_layout(self, layout: dict[str, Any]) -> None:
        self.change_layout(layout)
        number = self._wished
        await workflow.wait_condition(lambda: self._applied >= number)

    @workflow.signal
    def stop(self) -> None:
        self._stopped = True


async def work(temporal: str, vendor: str, key: str, secret: str, folder: str) -> None:
    """Serve until killed."""
    client = await Client.connect(temporal)
    async with httpx.AsyncClient(base_url=vendor, auth=(key, secret)) as http:
        calls = Calls(http, folder)
        worker = Worker(
            client,
            task_queue=TASK_QUEUE,
            workflows=[Floor],
            activities=[
                calls.acquire,
                calls.start,
                calls.update_layout,
                calls.stop,
                calls.list_files,
            ],
            max_cached_workflows=OPEN_AT_MOST,
        )
        await worker.run()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("temporal", "vendor", "key", "secret", "folder"):
        parser.add_argument(f"--{name}", required=True)
    given = parser.parse_args()
    asyncio.run(work(given.temporal, given.vendor, given.key, given.secret, given.folder))

"""The activities' ports, as small as a test can use them, and the server's part of a retry."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from temporalio.testing import ActivityEnvironment

from longtake.contracts.payloads import CheckInput
from longtake.domain.errors import InvalidRequest
from longtake.domain.events import Observation
from longtake.domain.files import FileKind, FileRef, Manifest
from longtake.domain.ports import Attempt, ObjectStore, Recorder, Stopped, StoredObject, Task
from longtake.domain.recording import RecordingRequest, Scene, ScenePart
from longtake.domain.traits import Traits

NOON = datetime(2027, 1, 31, 12, tzinfo=UTC)
REQUEST = RecordingRequest.model_validate(
    {"vendor": "acme", "account": "demo", "room": "standup", "output": {"storage": "bucket"}}
)
SCENE = REQUEST.first_scene()
ATTEMPT = Attempt(number=1, recorder="17", path="takes/one", resource="r")
TASK = Task(attempt=ATTEMPT, id="t1")

BEGAN = datetime(2026, 1, 1, 12, tzinfo=UTC)
KINDS: dict[str, FileKind] = {".m3u8": "playlist", ".ts": "segment", ".mp4": "mp4"}

In = TypeVar("In")
Out = TypeVar("Out")


class FakeRecorder:
    """Answers each call as the test laid down: with a value, with an error, or when it is told."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.calls: list[str] = []
        self.called = asyncio.Event()

    def traits(self, request: RecordingRequest) -> Traits:
        return self.answers["traits"]

    async def acquire(self, request: RecordingRequest, attempt: Attempt) -> str:
        return await self._answer("acquire")

    async def start(self, request: RecordingRequest, scene: Scene, attempt: Attempt) -> str:
        return await self._answer("start")

    async def recover(self, request: RecordingRequest, scene: Scene, attempt: Attempt) -> str:
        return await self._answer("recover")

    async def apply(
        self, request: RecordingRequest, task: Task, scene: Scene, part: ScenePart
    ) -> None:
        await self._answer("apply")

    async def query(self, request: RecordingRequest, task: Task) -> Observation:
        return await self._answer("query")

    async def stop(self, request: RecordingRequest, task: Task) -> Stopped:
        return await self._answer("stop")

    def key_prefixes(
        self, request: RecordingRequest, attempt: Attempt, task_id: str = ""
    ) -> tuple[str, ...]:
        """Two places that all tasks write to, where the attempt has no path."""
        return (f"{attempt.path}/",) if attempt.path else ("hls/", "mp4/")

    def task_id_in(self, attempt: Attempt, request: RecordingRequest, key: str) -> str | None:
        """A file's name is `TASK_anything`, or tells nothing."""
        task_id, told, _ = PurePosixPath(key).name.partition("_")
        return task_id if told else None

    def describe_file(self, key: str) -> FileRef:
        return FileRef(key=key, kind=KINDS.get(PurePosixPath(key).suffix, "other"))

    def playlist_began(self, text: str) -> datetime | None:
        """A comment may tell."""
        return BEGAN if "# began at noon" in text else None

    async def _answer(self, call: str) -> Any:
        self.calls.append(call)
        self.called.set()
        answer = self.answers[call]
        if isinstance(answer, Exception):
            raise answer
        return await answer if isinstance(answer, asyncio.Future) else answer


class FakeStore:
    """A bucket's objects by key."""

    def __init__(self, objects: dict[str, str]) -> None:
        self.objects = objects

    async def list(self, prefix: str) -> AsyncIterator[StoredObject]:
        for key, text in self.objects.items():
            if key.startswith(prefix):
                yield StoredObject(key=key, size=len(text), modified=NOON)

    async def read(self, key: str) -> bytes:
        return self.objects[key].encode()

    async def read_range(self, key: str, start: int, length: int) -> bytes:
        return self.objects[key].encode()[start : start + length]

    async def create(self, key: str, content: bytes | Path) -> bool:
        assert isinstance(content, bytes)
        return self.objects.setdefault(key, text := str(content, "utf-8")) is text

    async def delete(self, *keys: str) -> None:
        for key in keys:
            self.objects.pop(key, None)


class FakeDirectory:
    """One account and one storage profile."""

    def __init__(self, recorder: Recorder, store: ObjectStore | None = None) -> None:
        self._recorder = recorder
        self._store = store

    def recorder(self, vendor: str, account: str) -> Recorder:
        if vendor != REQUEST.vendor:
            raise InvalidRequest(f"vendor: account {account!r} is another vendor's")
        return self._recorder

    def store(self, profile: str) -> ObjectStore | None:
        return self._store


class Looks:
    """Looks for files as a stop does, and finds what the test laid down."""

    def __init__(self, found: Manifest | None = None) -> None:
        self.found = found
        self.orders: list[CheckInput] = []

    async def __call__(self, order: CheckInput) -> Manifest | None:
        self.orders.append(order)
        return self.found


class Tries:
    """Runs an activity try after try."""

    def __init__(self, on_heartbeat: Callable[..., None] | None = None) -> None:
        self.attempt = 0
        self.on_heartbeat = on_heartbeat

    async def next(self, call: Callable[[In], Awaitable[Out]], order: In) -> Out:
        """The next try, to its end; what it raises is raised."""
        return await self.begin(call, order)[1]

    def begin(
        self, call: Callable[[In], Awaitable[Out]], order: In
    ) -> tuple[ActivityEnvironment, asyncio.Future[Out]]:
        """The next try under way, and the environment that can cancel it."""
        self.attempt += 1
        environment = ActivityEnvironment()
        environment.on_heartbeat = self.on_heartbeat or environment.on_heartbeat
        environment.info = dataclasses.replace(environment.info, attempt=self.attempt)
        return environment, asyncio.ensure_future(environment.run(call, order))

"""What the session needs from the outside, as protocols; the adapters live elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from longtake.domain.events import Observation, VendorEvent
from longtake.domain.files import FileRef, Uploading
from longtake.domain.model import Kept
from longtake.domain.recording import RecordingRequest, Scene, ScenePart
from longtake.domain.traits import Traits

ID_READABLE = 40


class Attempt(Kept):
    """One numbered try at a recording, with the identity under which the vendor knows it."""

    number: int
    recorder: str
    """The recorder's own id in the room: uid, robot id or token."""
    path: str
    """Where this attempt, and no other, writes its files: `a/b/c` below the bucket. Empty where
    the vendor lets nobody say so."""
    opened_at: datetime | None = None
    """No task of the attempt is older."""
    resource: str = ""
    """What acquire gave; empty where the vendor has no acquire."""


def attempt(
    traits: Traits, session: str, number: int, base_path: str, now: datetime, *, recorder: str = ""
) -> Attempt:
    """An attempt of a session's, given the session's key: the same whoever works it out.

    `recorder` if it is one that was started before.
    """
    path = "/".join(part for part in (base_path, session, f"a{number}") if part)
    return Attempt(
        number=number,
        recorder=recorder or traits.recorder_ids.identity(session, number),
        path="" if traits.recorder_ids.shared else path,
        opened_at=now,
    )


class Task(Kept):
    """A vendor task whose id is known."""

    attempt: Attempt
    id: str

    @property
    def called(self) -> str:
        """The id as texts for people have it: cut where it is too long to be compared by eye."""
        return self.id if len(self.id) <= ID_READABLE else f"{self.id[:12]}…"


class Stopped(Kept):
    """The vendor's answer to a stop."""

    uploading: Uploading = "unknown"
    files: tuple[FileRef, ...] = ()
    detail: str = ""


class Recorder(Protocol):
    """One account at one vendor. Each method makes one attempt at one call.

    Every failure is a `RecordingError` whose class says what must happen next.
    """

    def traits(self, request: RecordingRequest) -> Traits:
        """Check the request against the vendor's rules; InvalidRequest or NotConfigured."""
        ...

    async def acquire(self, request: RecordingRequest, attempt: Attempt) -> str:
        """Reserve a resource; gives its id."""
        ...

    async def start(self, request: RecordingRequest, scene: Scene, attempt: Attempt) -> str:
        """Start the recording; gives the task's id."""
        ...

    async def recover(self, request: RecordingRequest, scene: Scene, attempt: Attempt) -> str:
        """Learn what became of a start whose answer was lost, as the vendor allows.

        Gives the task's id; AlreadyRunning when it may run but its id cannot be asked for.
        """
        ...

    async def apply(
        self, request: RecordingRequest, task: Task, scene: Scene, part: ScenePart
    ) -> None:
        """Make the running task show one part of `scene`; the others are as it shows them."""
        ...

    async def query(self, request: RecordingRequest, task: Task) -> Observation:
        """Ask how the task is; an unknown task is an observation, not an error."""
        ...

    async def stop(self, request: RecordingRequest, task: Task) -> Stopped:
        """End the task; NoRecordedData, AlreadyStopped and TaskNotFound are told apart."""
        ...

    def key_prefixes(
        self, request: RecordingRequest, attempt: Attempt, task_id: str = ""
    ) -> tuple[str, ...]:
        """How the keys of a task's files begin; without an id, of what the attempt may have made.

        Other tasks' files may begin so, too, where an attempt has no path of its own.
        """
        ...

    def task_id_in(self, attempt: Attempt, request: RecordingRequest, key: str) -> str | None:
        """The task's id, when the name of a stored file of this attempt holds it."""
        ...

    def describe_file(self, key: str) -> FileRef:
        """What a stored file's name tells of it."""
        ...

    def playlist_began(self, text: str) -> datetime | None:
        """When the first media of a playlist was recorded, as its own tags tell."""
        ...


class CallbackParser(Protocol):
    """One account's callbacks, and how their vendor wants them answered."""

    @property
    def receipt(self) -> Mapping[str, object]:
        """The JSON of a 200: by it the vendor knows that it need not send again."""
        ...

    @property
    def answer_within(self) -> timedelta:
        """After so long without an answer the vendor gives the delivery up as failed."""
        ...

    def verify(self, headers: dict[str, str], body: bytes) -> None:
        """Check the signature over the raw body; Unauthorized when it is absent or wrong."""
        ...

    def parse(self, body: bytes, token: str = "") -> VendorEvent | None:
        """The event in neutral terms, None for one that is about no recording.

        `token` is the attempt's, where its own address was given to the vendor.
        """
        ...


class StoredObject(Kept):
    """An object of the store; `size` in bytes."""

    key: str
    size: int
    modified: datetime


class ObjectStore(Protocol):
    """The bucket that the vendor writes to."""

    def list(self, prefix: str) -> AsyncIterator[StoredObject]:
        """Every object whose key begins with `prefix`."""
        ...

    async def read(self, key: str) -> bytes:
        """One whole object; for playlists, which are small. FileNotFoundError if absent."""
        ...

    async def read_range(self, key: str, start: int, length: int) -> bytes:
        """At most `length` bytes from `start` on, which must lie inside the object."""
        ...

    async def create(self, key: str, content: bytes | Path) -> bool:
        """Write a new object; False, and nothing is changed, where the key is taken."""
        ...

    async def delete(self, *keys: str) -> None:
        """Delete objects; one that is absent is no failure."""
        ...

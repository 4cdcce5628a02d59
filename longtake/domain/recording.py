"""What to record: the request, and the scene that may change while it runs."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import (
    AwareDatetime,
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from longtake.domain.layout import GridLayout, Layout, User
from longtake.domain.merging import MergeOptions
from longtake.domain.model import Asked, Kept

Mode = Literal["mixed", "individual", "web"]
Media = Literal["audio_video", "audio", "video"]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
"""An account's or a storage profile's name in the worker's settings."""

Duration = Annotated[timedelta, Field(gt=timedelta(0), le=timedelta(days=30))]
"""ISO 8601 (`PT45M`), or seconds as a number."""

Moment = Annotated[AwareDatetime, Field(lt=datetime(2200, 1, 1, tzinfo=UTC))]
"""RFC 3339 with an offset; a year beyond reckoning is a typing error."""

Label = Annotated[str, Field(min_length=1, max_length=64)]
LabelValue = Annotated[str, Field(max_length=256)]

OPTIONS_LIMIT = 65_536
"""Every activity carries the request; a payload ends at 2 MiB."""

LONGEST = timedelta(days=60)
"""From when a session is due to its end, extensions included."""

DEFAULT_MAX_DURATION = timedelta(hours=24)
DEFAULT_MAX_IDLE = timedelta(minutes=5)


class StreamFilter(Asked):
    """Whose streams are recorded: only those allowed, or all but those denied."""

    allow: tuple[User, ...] | None = Field(default=None, min_length=1)
    deny: tuple[User, ...] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _one_of_the_two(self) -> StreamFilter:
        if (self.allow is None) == (self.deny is None):
            raise ValueError("give either allow or deny")
        return self


class Subscriptions(Asked):
    """A medium without a filter is recorded from everybody."""

    audio: StreamFilter | None = None
    video: StreamFilter | None = None

    def users(self) -> frozenset[str]:
        """Everybody whom a filter names."""
        filters = [given for given in (self.audio, self.video) if given is not None]
        return frozenset(user for given in filters for user in given.allow or given.deny or ())


class Canvas(Asked):
    """The mixed picture (or the web page's): pixels, frames per second, kbit/s."""

    width: int = Field(default=1280, ge=16, le=4096)
    height: int = Field(default=720, ge=16, le=4096)
    fps: int = Field(default=15, ge=1, le=120)
    video_kbps: int | None = Field(default=None, ge=1, le=100_000)
    """None: chosen by the vendor's own table for the size and rate."""
    audio_kbps: int | None = Field(default=None, ge=1, le=1_000)


class Output(Asked):
    """Where the files go and of which kind they are."""

    storage: Name
    formats: frozenset[Literal["hls", "mp4"]] = Field(default=frozenset({"hls"}), min_length=1)
    path_prefix: str = Field(default="", pattern=r"^$|^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$")
    max_file_length: Duration | None = None
    merge: MergeOptions | None = None
    """Join each user's streams, once the files were checked. None: leave them as they are."""


ScenePart = Literal["subscriptions", "on_hold", "layout"]
SCENE_PARTS: tuple[ScenePart, ...] = ("subscriptions", "on_hold", "layout")


class Scene(Kept):
    """What may change while a recording runs. Vendors are always sent all of it.

    `revision` grows with every accepted change and never otherwise.
    """

    revision: int = 1
    layout: Layout | None = None
    subscriptions: Subscriptions = Subscriptions()
    on_hold: bool = False


class RecordingRequest(Asked):
    """One recording session: the workflow's only input.

    `account` and `output.storage` are names; the worker alone knows what they stand for.
    """

    vendor: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
    account: Name
    room: str = Field(min_length=1, max_length=256)
    purpose: str | None = Field(default=None, min_length=1, max_length=64)
    mode: Mode = "mixed"
    media: Media = "audio_video"
    subscriptions: Subscriptions = Subscriptions()
    layout: Layout | None = None
    canvas: Canvas | None = None
    output: Output
    start_at: Moment | None = None
    stop_at: Moment | None = None
    max_duration: Duration = DEFAULT_MAX_DURATION
    """Counted from `start_at`, or from when the session was submitted."""
    max_idle: Duration = DEFAULT_MAX_IDLE
    on_abnormal_end: Literal["restart", "finish"] = "restart"
    labels: dict[Label, LabelValue] = Field(default_factory=dict, max_length=32)
    vendor_options: dict[str, Any] = Field(default_factory=dict)

    @model_serializer(mode="wrap")
    def _as_asked(self, whole: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is as it is by default: each payload of a session holds the request."""
        return {
            name: value
            for name, value in whole(self).items()
            if getattr(self, name) != _BY_DEFAULT[name]
        }

    @field_validator("vendor_options")
    @classmethod
    def _bounded(cls, options: dict[str, Any]) -> dict[str, Any]:
        if len(json.dumps(options, default=str)) > OPTIONS_LIMIT:
            raise ValueError(f"must be at most {OPTIONS_LIMIT} characters of JSON")
        return options

    @field_validator("room")
    @classmethod
    def _printable(cls, room: str) -> str:
        if not room.isprintable():
            raise ValueError("must not hold control characters")
        return room

    @model_validator(mode="after")
    def _consistent(self) -> RecordingRequest:
        if self.start_at and self.stop_at and self.stop_at <= self.start_at:
            raise ValueError("stop_at must be later than start_at")
        if self.mode != "mixed" and self.layout is not None:
            raise ValueError(f"layout belongs to mode 'mixed', not to {self.mode!r}")
        if self.mode == "individual" and self.canvas is not None:
            raise ValueError("canvas belongs to the modes 'mixed' and 'web'")
        if self.media == "audio" and (self.layout or self.canvas) is not None:
            raise ValueError("layout and canvas need a media with video")
        return self

    def first_scene(self) -> Scene:
        """What the recording starts with."""
        layout = self.layout
        if layout is None and self.mode == "mixed" and self.media != "audio":
            layout = GridLayout()
        return Scene(layout=layout, subscriptions=self.subscriptions)

    def deadline(self, submitted: datetime) -> datetime:
        """When the session ends by itself."""
        longest = (self.start_at or submitted) + self.max_duration
        return min(longest, self.stop_at) if self.stop_at else longest


_BY_DEFAULT = {
    name: field.get_default(call_default_factory=True)
    for name, field in RecordingRequest.model_fields.items()
}
"""By field; PydanticUndefined, which equals nothing else, where there is none."""

"""What can be set about the emulated Alibaba service; the defaults are its documentation."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from longtake.vendors.alibaba.emulator import credentials

Positive = Annotated[float, Field(gt=0)]
Seconds = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=0)]


class _Options(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Caller(_Options):
    """An access key. ``token``: it is temporary (STS), and needs this security token."""

    secret: str
    token: str | None = None
    active: bool = True


class Timings(_Options):
    """How long things take, in seconds of the emulator's clock.

    slice: length of a slice; None: as the call asks.
    starting: from the accepted start to ``TaskStarting``. running: from there to ``TaskRunning``.
    upload: from a slice's end to its presence in the bucket. retry: between two tries of an upload
    that the bucket refuses. upload_patience: after the end, when these are given up.
    vod: from the end to the files in VOD. linger: how long an empty channel still exists.
    """

    slice: Positive | None = None
    starting: Positive = 0.1
    running: Positive = 0.2
    upload: Positive = 1.0
    retry: Positive = 10.0
    upload_patience: Positive = 10.0
    vod: Positive = 5.0
    linger: Seconds = 5.0


class Limits(_Options):
    """Calls of each operation in any second, per account; 0 lifts a limit.

    users_per_second: of DescribeChannelUsers. throttled_as: the status of a call above the limit.
    """

    calls_per_second: Count = 50
    users_per_second: Count = 100
    throttled_as: Annotated[int, Field(ge=400, le=499)] = 400


class AlibabaOptions(_Options):
    """The emulated account, and answers to what the documentation leaves open.

    apps: those of the account. callers: access key id to key. buckets: those of the account; None
    for any name. region: of an address that is none of the service's own; buckets must be there.
    starting_status: what Describe tells before RUNNING. stop_needs_running: refuse to stop a task
    that is only starting. mp4_in_individual: off, individual recording of video makes no MP4.
    source_names: what ``{SourceType}`` becomes, for a camera and a screen. start_time_offset: hours
    that ``{StartTime}`` is ahead of UTC. payload_as_text: callbacks carry ``payload`` as JSON in a
    string. longest_level: bytes of one level of a key; OSS counts the whole key alone, but here
    keys become paths of a disk.
    """

    apps: frozenset[str] = frozenset({credentials.APP_ID})
    callers: dict[str, Caller] = {
        credentials.ACCESS_KEY_ID: Caller(secret=credentials.ACCESS_KEY_SECRET)
    }
    buckets: frozenset[str] | None = None
    region: str = credentials.REGION
    timings: Timings = Timings()
    limits: Limits = Limits()
    starting_status: str = "STARTING"
    stop_needs_running: bool = False
    mp4_in_individual: bool = True
    source_names: tuple[str, str] = ("0", "1")
    start_time_offset: Annotated[float, Field(ge=-12, le=14)] = 0.0
    payload_as_text: bool = True
    longest_level: Annotated[int, Field(ge=1)] = 240

"""The bodies of the jobs' calls.

Source: SparkRTC API v2, starting, updating and querying individual stream and mix stream jobs.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from longtake.vendorkit.wire import Sent
from longtake.vendors.huawei.wire.fields import (
    Id,
    IdleSeconds,
    RtmpUrl,
    StreamTier,
    Text,
    VideoType,
)
from longtake.vendors.huawei.wire.mixing import MixParam, UpdateMixParam

Family = Literal["individual", "mix"]
"""The two kinds of job; a job is known to the calls of its own kind only."""


class RecordParam(Sent):
    """The rule that says into which bucket, of which kinds, under which names."""

    record_rule_id: Text


class PublishParam(Sent):
    """Where the stream is pushed besides; the vendor's own client does not know it any more."""

    rtmp_urls: Annotated[tuple[RtmpUrl, ...], Field(min_length=1)]


class IndividualJob(Sent):
    """POST individual-stream-jobs: one user, one stream. Without `record_param` nothing is kept."""

    room_id: Id
    user_id: Id
    is_record_audio: bool = True
    video_type: VideoType | None = None
    """The texts say both that without it no video is recorded, and that it is the camera's."""
    select_stream_type: StreamTier = "FHD"
    max_idle_time: IdleSeconds = 30
    """Seconds without anybody who sends in the room, whoever is recorded."""
    publish_param: PublishParam | None = None
    record_param: RecordParam

    @model_validator(mode="after")
    def _something_to_record(self) -> IndividualJob:
        if not self.is_record_audio and self.video_type is None:
            raise ValueError("without sound and video_type nothing is left to record")
        return self


class IndividualUpdate(Sent):
    """PUT individual-stream-jobs/{job_id}: another rule, "in some scenarios"."""

    record_param: RecordParam


class MixJob(Sent):
    """POST mix-stream-jobs."""

    mix_param: MixParam
    record_param: RecordParam


class MixUpdate(Sent):
    """PUT mix-stream-jobs/{job_id}: neither the room, nor the encoding, nor the rule."""

    mix_param: UpdateMixParam

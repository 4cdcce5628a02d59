"""Recording rules: bucket, kinds of file, names. Source: SparkRTC API v2, recording rules.

A rule is made once, by the application's owner. A change applies to recordings that start five
minutes later; a second rule for the same OBS region replaces the first for every job.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from longtake.vendorkit.wire import Sent
from longtake.vendors.huawei.wire.fields import Text


class ObsAddr(Sent):
    """A bucket of OBS that the owner has authorised; without `object` files go to its root."""

    location: Text
    project_id: Text
    bucket: Text
    object: Text | None = None


class HlsConfig(Sent):
    """Seconds everywhere; `record_cycle` 0 is one file for the whole stream."""

    record_cycle: Annotated[int, Field(ge=60, le=43_200)] | Literal[0]
    record_prefix: Text | None = None
    record_slice_duration: Annotated[int, Field(ge=2, le=60)] = 10
    record_max_duration_to_merge_file: Annotated[int, Field(ge=-1, le=300)] = 0
    """How long an interruption may be; -1 goes on in the same file for 30 days."""


class Mp4Config(Sent):
    """Seconds everywhere."""

    record_cycle: Annotated[int, Field(ge=60, le=10_800)]
    record_prefix: Text | None = None
    record_max_duration_to_merge_file: Annotated[int, Field(ge=0, le=300)] = 0


class RecordRule(Sent):
    """POST record-rules, PUT record-rules/{rule_id}."""

    obs_addr: ObsAddr
    record_formats: Annotated[tuple[Literal["HLS", "MP4"], ...], Field(min_length=1)]
    hls_config: HlsConfig | None = None
    mp4_config: Mp4Config | None = None

    @model_validator(mode="after")
    def _configured(self) -> RecordRule:
        for kind, config in (("HLS", self.hls_config), ("MP4", self.mp4_config)):
            if (kind in self.record_formats) != (config is not None):
                raise ValueError(f"{kind} in record_formats and {kind.lower()}_config go together")
        return self

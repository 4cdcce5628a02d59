"""Where the files go: a bucket or VOD, never both.

Source: Tencent Cloud, TRTC API, StorageParams, CloudStorage, TencentVod.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from longtake.vendorkit.wire import Secret
from longtake.vendors.tencent.wire.fields import Part, PathPart, RecordId, Text

COS, S3 = 0, 1
VOD_MP4, VOD_HLS, VOD_AAC, VOD_HLS_MP4, VOD_HLS_AAC = 0, 1, 2, 3, 4
"""MediaType."""

Url = Annotated[str, StringConstraints(pattern=r"^https?://\S+$")]


class CloudStorage(Part):
    """`CloudStorage`: a bucket, and keys that may write there; MP4 needs them to read, too."""

    vendor: Literal[0, 1]
    region: Text
    bucket: Text
    access_key: Secret
    secret_key: Secret
    file_name_prefix: tuple[PathPart, ...] | None = None
    endpoint_url: Url | None = None
    """Of an S3-compatible service; known to the international site only."""

    @model_validator(mode="after")
    def _endpoint_of_s3(self) -> CloudStorage:
        if self.endpoint_url is not None and self.vendor != S3:
            raise ValueError("EndpointUrl is for Vendor 1")
        return self


class TencentVod(Part):
    """`TencentVod`: a recording that becomes media of Tencent Cloud VOD."""

    procedure: Text | None = None
    expire_time: Annotated[int, Field(ge=0)] | None = None
    storage_region: Text | None = None
    class_id: int | None = None
    sub_app_id: Annotated[int, Field(ge=0)] | None = None
    session_context: Text | None = None
    source_context: Text | None = None
    media_type: Literal[0, 1, 2, 3, 4] = VOD_MP4
    user_define_record_id: RecordId | None = None


class CloudVod(Part):
    """`CloudVod`."""

    tencent_vod: TencentVod


class StorageParams(Part):
    """`StorageParams`: a start with both kinds fails at the service."""

    cloud_storage: CloudStorage | None = None
    cloud_vod: CloudVod | None = None

    @model_validator(mode="after")
    def _one_of_the_two(self) -> StorageParams:
        if (self.cloud_storage is None) == (self.cloud_vod is None):
            raise ValueError("give either CloudStorage or CloudVod")
        return self

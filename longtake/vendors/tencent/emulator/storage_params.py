"""``StorageParams``: the bucket that the recording goes to, or VOD."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from longtake.vendors.tencent.emulator.wire import Text, UpTo1, UpTo4, Wire

_FORMATS = {0: ("mp4",), 1: ("m3u8",), 2: ("aac",), 3: ("m3u8", "mp4"), 4: ("m3u8", "aac")}


class CloudStorage(Wire):
    """``vendor``: 0 Tencent COS, 1 AWS S3. ``endpoint_url``: of the international site only."""

    vendor: UpTo1
    region: Text
    bucket: Annotated[str, Field(min_length=1, pattern=r"^[^/\\\x00]+$")]
    access_key: Text
    secret_key: Text
    file_name_prefix: list[Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]] = Field(default=[])
    endpoint_url: str | None = None

    @property
    def prefix(self) -> str:
        """What precedes every object key: empty, or ending in a slash."""
        return "".join(f"{part}/" for part in self.file_name_prefix)

    @model_validator(mode="after")
    def _bucket_is_a_name(self) -> Self:
        if self.bucket in {".", ".."}:
            raise ValueError("Bucket: not a name")
        return self


class TencentVod(Wire):
    procedure: str = ""
    expire_time: Annotated[int, Field(ge=0)] = 0
    storage_region: str = ""
    class_id: Annotated[int, Field(ge=0)] = 0
    sub_app_id: Annotated[int, Field(ge=0)] = 0
    session_context: str = ""
    source_context: str = ""
    media_type: UpTo4 = 0
    user_define_record_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{0,64}$")] = ""

    @property
    def formats(self) -> tuple[str, ...]:
        """Extensions of the files that one stream becomes."""
        return _FORMATS[self.media_type]

    @property
    def audio_only(self) -> bool:
        return "aac" in self.formats


class CloudVod(Wire):
    tencent_vod: TencentVod = TencentVod()


class StorageParams(Wire):
    cloud_storage: CloudStorage | None = None
    cloud_vod: CloudVod | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.cloud_storage and self.cloud_vod:
            raise ValueError("CloudStorage and CloudVod exclude each other")
        return self

"""``storageConfig``: the bucket that the recording goes to."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from longtake.vendors.agora.emulator.layouts import Wire
from longtake.vendors.agora.emulator.storage_regions import (
    REGIONS,
    S3_COMPATIBLE,
    TEMPORARY_CREDENTIALS,
    VENDORS,
)

_LONGEST_PREFIX = 128  # characters, slashes included


class ExtensionParams(Wire):
    sse: Literal["kms", "aes256"] | None = None
    tag: str | None = None
    endpoint: str | None = None


class StorageConfig(Wire):
    vendor: int
    region: int | None = None
    bucket: Annotated[str, Field(min_length=1, pattern=r"^[^/\\\x00]+$")]
    access_key: Annotated[str, Field(min_length=1)]
    secret_key: Annotated[str, Field(min_length=1)]
    file_name_prefix: list[Annotated[str, Field(pattern=r"^[A-Za-z0-9]+$")]] = Field(default=[])
    extension_params: ExtensionParams = ExtensionParams()
    sts_token: str | None = None
    sts_expiration: int | None = None

    @property
    def prefix(self) -> str:
        """What precedes every file name: empty, or ending in a slash."""
        return "".join(f"{part}/" for part in self.file_name_prefix)

    @model_validator(mode="after")
    def _place_exists(self) -> Self:
        if self.vendor not in VENDORS:
            raise ValueError("vendor: unknown")
        if self.vendor in REGIONS and self.region not in REGIONS[self.vendor]:
            raise ValueError("region: unknown to this vendor")
        if self.vendor == S3_COMPATIBLE and not self.extension_params.endpoint:
            raise ValueError("extensionParams.endpoint: needed by vendor 11")
        if self.bucket in {".", ".."}:
            raise ValueError("bucket: not a name")
        return self

    @model_validator(mode="after")
    def _prefix_is_short(self) -> Self:
        if len(self.prefix) > _LONGEST_PREFIX:
            raise ValueError("fileNamePrefix: longer than 128 characters")
        return self

    @model_validator(mode="after")
    def _temporary_credentials_are_whole(self) -> Self:
        if self.sts_token is None:
            return self
        if self.vendor not in TEMPORARY_CREDENTIALS or self.sts_expiration is None:
            raise ValueError("stsToken: needs stsExpiration, and vendor 1, 2 or 3")
        return self

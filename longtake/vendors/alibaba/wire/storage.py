"""Where the files go and how they are called: a bucket of OSS or VOD, never both.

Source: Alibaba Cloud, ApsaraVideo Live API 2016-11-01, StartRtcCloudRecording.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from longtake.vendors.alibaba.wire.fields import NamePattern, Part, SliceSeconds, Text

OSS, VOD = 1, 2
"""StorageType."""

Format = Literal["HLS", "MP4", "MP3"]


class FileInfo(Part):
    """`FileInfo`: one set of files, below `<FilePathPrefix>/<TaskId>/`."""

    format: Format
    file_name_pattern: NamePattern | None = None
    slice_name_pattern: NamePattern | None = None
    file_path_prefix: tuple[Text, ...] | None = None
    slice_duration: SliceSeconds | None = None

    @model_validator(mode="after")
    def _slices_of_hls(self) -> FileInfo:
        if self.format != "HLS" and (self.slice_name_pattern or self.slice_duration):
            raise ValueError("SliceNamePattern and SliceDuration are for Format HLS")
        if "{Sequence}" in (self.file_name_pattern or ""):
            raise ValueError("FileNamePattern must not hold {Sequence}, which slices have")
        if self.slice_name_pattern and "{Sequence}" not in self.slice_name_pattern:
            raise ValueError(
                "SliceNamePattern must hold {Sequence}, or slices overwrite each other"
            )
        return self

    def names(self, variable: str) -> bool:
        """Whether every name that the set's files get holds the variable."""
        patterns = [self.file_name_pattern]
        if self.format == "HLS":
            patterns.append(self.slice_name_pattern)
        return all(pattern is not None and variable in pattern for pattern in patterns)


class OSSParams(Part):
    """`OSSParams`: a bucket of the calling account, in the region of the host called."""

    oss_endpoint: Text = Field(alias="OSSEndpoint")
    oss_bucket: Text = Field(alias="OSSBucket")


class VodParams(Part):
    """`VodParams`: files lie at the location first and become media then."""

    storage_location: Text | None = None
    vod_transcode_group_id: Text | None = None
    auto_compose: Literal[0, 1] | None = None
    compose_vod_transcode_group_id: Text | None = None


class StorageParams(Part):
    """`StorageParams`: files of HLS are made even where `FileInfo` names other formats only."""

    storage_type: Literal[1, 2]
    file_info: tuple[FileInfo, ...] | None = Field(default=None, min_length=1)
    oss_params: OSSParams | None = Field(default=None, alias="OSSParams")
    vod_params: VodParams | None = None

    @model_validator(mode="after")
    def _params_of_type(self) -> StorageParams:
        of_oss = self.oss_params is not None and self.vod_params is None
        of_vod = self.vod_params is not None and self.oss_params is None
        if self.storage_type == OSS and not of_oss:
            raise ValueError("StorageType 1 needs OSSParams and takes no VodParams")
        if self.storage_type == VOD and not of_vod:
            raise ValueError("StorageType 2 needs VodParams and takes no OSSParams")
        if self.storage_type == VOD and self.file_info is not None:
            raise ValueError("FileInfo is for StorageType 1")
        return self

    @property
    def formats(self) -> set[str]:
        """Of the files that are asked for."""
        return {info.format for info in self.file_info or ()} or {"HLS"}

    def always_named_by(self, variable: str) -> bool:
        """Whether the names of all files hold it: those of an HLS set that is added without
        being asked for do not.
        """
        sets = self.file_info or ()
        return "HLS" in {info.format for info in sets} and all(s.names(variable) for s in sets)

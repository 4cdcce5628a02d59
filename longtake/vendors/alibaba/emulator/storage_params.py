"""``StorageParams``: a bucket with the files to make in it, or VOD."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from longtake.vendors.alibaba.emulator.codes import FILE_INFO, OSS, STORAGE_TYPE, VOD, Refusal
from longtake.vendors.alibaba.emulator.record_params import Entry, RecordParams
from longtake.vendors.alibaba.emulator.wire import Text, UpTo1, Wire

Format = Literal["HLS", "MP4", "MP3"]

EXTENSIONS: dict[Format, str] = {"HLS": "m3u8", "MP4": "mp4", "MP3": "mp3"}

_OF_A_FILE = frozenset({"AppId", "ChannelId", "StartTime", "UserId", "SourceType"})


_NO_NAME = re.compile(r"[/\\\x00-\x1f\x7f\ud800-\udfff]")
"""Characters that no store takes in one level of a path."""


def _level(text: str) -> str:
    """One of a path; ``Names.check_lengths`` sees to how long."""
    if not text or _NO_NAME.search(text):
        raise ValueError("a name without slashes")
    if text in {".", ".."}:
        raise ValueError("a name, not a step of a path")
    return text


def _bucket(text: str) -> str:
    if len(text) > 100:
        raise ValueError("a name of at most 100 characters")
    return _level(text)


def as_name(value: str) -> str:
    """``value`` as it stands in the name of a file."""
    return _NO_NAME.sub("_", value)


def _pattern(*variables: str) -> AfterValidator:
    """Checks a pattern: known variables and literal text, for one level of a path."""
    known = _OF_A_FILE.union(variables)

    def check(text: str) -> str:
        used = re.findall(r"\{([^{}]*)\}", text)
        literal = re.sub(r"\{[^{}]*\}", "", text)
        if not known.issuperset(used) or re.search(r"[{}]", literal) or _NO_NAME.search(literal):
            raise ValueError(f"literal text and variables of {sorted(known)}, without slashes")
        return text

    return AfterValidator(check)


class FileInfo(Wire):
    """One set of files of every recorded stream. ``slice_duration`` in seconds."""

    format: Format
    file_name_pattern: Annotated[str, _pattern()] = ""
    slice_name_pattern: Annotated[str, _pattern("Sequence")] = ""
    file_path_prefix: list[Annotated[str, AfterValidator(_level)]] = Field(default=[])
    slice_duration: Annotated[int, Field(ge=10, le=30)] = 30

    @property
    def folder(self) -> str:
        """What precedes the folder of the task: empty, or ending in a slash."""
        return "".join(f"{level}/" for level in self.file_path_prefix)


class OssParams(Wire):
    oss_endpoint: Annotated[Text, Field(alias="OSSEndpoint")]
    oss_bucket: Annotated[str, AfterValidator(_bucket), Field(alias="OSSBucket")]


class VodParams(Wire):
    storage_location: str = ""
    vod_transcode_group_id: str = ""
    auto_compose: UpTo1 = 0
    compose_vod_transcode_group_id: str = ""


class StorageParams(Wire):
    """``storage_type``: 1 OSS, 2 VOD, each with its object."""

    storage_type: Annotated[int, Field(ge=1, le=2)]
    file_info: list[FileInfo] = Field(default=[])
    oss_params: Annotated[OssParams | None, Field(alias="OSSParams")] = None
    vod_params: VodParams | None = None

    @property
    def formats(self) -> set[Format]:
        """Those that were asked for."""
        return {info.format for info in self.file_info} or {"HLS"}

    def files(self, default: FileInfo) -> list[FileInfo]:
        """What to make: HLS by ``default`` where there is none of that format."""
        if "HLS" in {info.format for info in self.file_info}:
            return self.file_info
        return [default, *self.file_info]


def storage_code(path: tuple[str, ...]) -> str:
    """The code for a fault at that path."""
    codes = {"FileInfo": FILE_INFO, "OSSParams": OSS, "VodParams": VOD}
    return codes.get(path[0] if path else "", STORAGE_TYPE)


def check_storage(storage: StorageParams, *, region: str) -> None:
    """
    Raises:
        Refusal: the place's own object is missing, another's is there, or it is elsewhere.
    """
    if storage.storage_type == 1:
        if storage.oss_params is None:
            raise Refusal(OSS, "OSSParams is needed for OSS")
        if storage.vod_params is not None:
            raise Refusal(VOD, "VodParams is for VOD")
        if not re.fullmatch(
            rf"oss-{re.escape(region)}(-internal)?\.aliyuncs\.com", storage.oss_params.oss_endpoint
        ):
            raise Refusal(OSS, f"OSSEndpoint: not in the region of this address, {region}")
        return
    if storage.vod_params is None:
        raise Refusal(VOD, "VodParams is needed for VOD")
    if storage.oss_params is not None:
        raise Refusal(OSS, "OSSParams is for OSS")
    if storage.file_info:
        raise Refusal(FILE_INFO, "FileInfo is for OSS")


def default_file(record: RecordParams) -> FileInfo:
    """HLS as it is made unless asked for otherwise."""
    return with_patterns(FileInfo.model_validate({"Format": "HLS"}), record)


def with_patterns(info: FileInfo, record: RecordParams) -> FileInfo:
    """``info`` with the patterns that it leaves to the service."""
    usual = "{AppId}_{ChannelId}_{StartTime}"
    if not record.mixed:
        usual = "{AppId}_{ChannelId}_{UserId}_{StartTime}"
    return info.model_copy(
        update={
            "file_name_pattern": info.file_name_pattern or usual,
            "slice_name_pattern": info.slice_name_pattern or f"{usual}_{{Sequence}}",
        }
    )


def check_names(files: Sequence[FileInfo], entries: Sequence[Entry], record: RecordParams) -> None:
    """
    Raises:
        Refusal: files would overwrite each other.
    """
    patterns = [(info, info.file_name_pattern) for info in files]
    patterns += [(info, info.slice_name_pattern) for info in files if info.format == "HLS"]
    places = [(info.folder, EXTENSIONS[info.format], text) for info, text in patterns]
    if len(set(places)) < len(places):
        raise Refusal(FILE_INFO, "FileInfo: two sets of files of one name")
    for info in files:
        if info.format == "HLS" and "{Sequence}" not in info.slice_name_pattern:
            raise Refusal(FILE_INFO, "SliceNamePattern needs {Sequence}")
    if not record.mixed and (lacking := lacking_variable([p for _, p in patterns], entries)):
        raise Refusal(FILE_INFO, f"FileNamePattern and SliceNamePattern need {lacking}")


def lacking_variable(patterns: Sequence[str], entries: Sequence[Entry]) -> str | None:
    """The variable that names of individual recordings need to be told apart."""
    users = [entry.user_id for entry in entries]
    needed = {"{UserId}": len(set(users)) > 1, "{SourceType}": len(set(users)) < len(users)}
    for variable, need in needed.items():
        if need and not all(variable in pattern for pattern in patterns):
            return variable
    return None

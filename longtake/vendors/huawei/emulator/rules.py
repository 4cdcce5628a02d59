"""Recording rules: the bucket, the formats and the names of what is recorded."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from longtake.vendors.huawei.emulator.wire import Text, Wire, lacking

Format = Literal["HLS", "MP4"]

_VARIABLE = re.compile(r"\{([^{}]*)\}")
_VARIABLES = frozenset({"app_id", "record_format", "stream", "file_start_time"})
_USUAL_PREFIX = "{app_id}/{record_format}/{stream}_{file_start_time}/{stream}_{file_start_time}"


def _bucket(name: str) -> str:
    if name in {".", ".."} or re.search(r"[/\\\x00]", name):
        raise PydanticCustomError("bucket", "not the name of a bucket")
    return name


def _path(text: str) -> str:
    parts = text.split("/")
    if "\0" in text or "\\" in text or ".." in parts or "." in parts or text.startswith("/"):
        raise PydanticCustomError("path", "not a path within a bucket")
    return text


def _prefix(text: str) -> str:
    if not set(_VARIABLE.findall(text)) <= _VARIABLES:
        raise PydanticCustomError(
            "prefix", "the variables are {names}", {"names": ", ".join(sorted(_VARIABLES))}
        )
    return _path(text)


Path = Annotated[str, AfterValidator(_path)]
Prefix = Annotated[str, Field(min_length=1), AfterValidator(_prefix)]


class ObsAddress(Wire):
    """``object``: what precedes every name; empty is the bucket's root."""

    location: Text
    project_id: Text
    bucket: Annotated[Text, AfterValidator(_bucket)]
    object: Path = ""


def _hls_cycle(seconds: int) -> int:
    if seconds and seconds < 60:
        raise PydanticCustomError("cycle", "0, or 60 to 43200")
    return seconds


class HlsConfig(Wire):
    """In seconds. ``record_cycle`` 0: one file. Merging -1: always, as long as the job lasts."""

    record_cycle: Annotated[int, Field(ge=0, le=43_200), AfterValidator(_hls_cycle)]
    record_prefix: Prefix = _USUAL_PREFIX
    record_slice_duration: Annotated[int, Field(ge=2, le=60)] = 10
    record_max_duration_to_merge_file: Annotated[int, Field(ge=-1, le=300)] = 0


class Mp4Config(Wire):
    record_cycle: Annotated[int, Field(ge=60, le=10_800)]
    record_prefix: Prefix = _USUAL_PREFIX
    record_max_duration_to_merge_file: Annotated[int, Field(ge=0, le=300)] = 0


class RecordRule(Wire):
    """What the caller gives."""

    obs_addr: ObsAddress
    record_formats: Annotated[list[Format], Field(min_length=1)]
    hls_config: HlsConfig | None = None
    mp4_config: Mp4Config | None = None

    @model_validator(mode="after")
    def _formats_have_their_configs(self) -> Self:
        if "HLS" in self.record_formats and self.hls_config is None:
            raise lacking("hls_config")
        if "MP4" in self.record_formats and self.mp4_config is None:
            raise lacking("mp4_config")
        return self

    @property
    def hls(self) -> HlsConfig | None:
        """Of the format, if it is recorded."""
        return self.hls_config if "HLS" in self.record_formats else None

    @property
    def mp4(self) -> Mp4Config | None:
        """Of the format, if it is recorded."""
        return self.mp4_config if "MP4" in self.record_formats else None

    @property
    def slice_seconds(self) -> float:
        """Of HLS; what is recorded as MP4 alone is cut in the usual way."""
        return float(self.hls.record_slice_duration if self.hls else 10)


def expanded(prefix: str, values: dict[str, str]) -> str:
    """``prefix`` with its variables replaced."""
    return _VARIABLE.sub(lambda found: values[found[1]], prefix)


def standing(bucket: str, project_id: str) -> dict[str, Any]:
    """The rule that exists from the start: HLS and MP4, one file of each for a usual job."""
    place = {"location": "cn-north-4", "project_id": project_id, "bucket": bucket}
    return {
        "obs_addr": place,
        "record_formats": ["HLS", "MP4"],
        "hls_config": {"record_cycle": 0},
        "mp4_config": {"record_cycle": 10_800},
    }

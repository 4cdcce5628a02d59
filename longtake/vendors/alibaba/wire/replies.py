"""Alibaba's answers, forgiven whatever can be understood."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, cast

from pydantic import BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_pascal

from longtake.vendorkit.lenient import Text, as_mapping
from longtake.vendorkit.wire import Received


class Answer(Received):
    """A part of an answer; the wire's names are ours in Pascal case."""

    model_config = ConfigDict(alias_generator=to_pascal)


def _entries(given: object) -> list[object]:
    return cast("list[object]", given) if isinstance(given, list) else []


def as_texts(given: object) -> list[str]:
    """The texts of a list, which may be null; whatever else stands there is left out."""
    return [entry for entry in _entries(given) if isinstance(entry, str) and entry]


def as_objects(given: object) -> list[dict[str, Any]]:
    """The objects of a list, which may be null; whatever else stands there is left out."""
    return [cast("dict[str, Any]", e) for e in _entries(given) if isinstance(e, Mapping)]


Texts = Annotated[tuple[str, ...], BeforeValidator(as_texts)]


class VodMedia(Answer):
    """What VOD made of one stream: `Mix`, or `Single::<user>::<kind>`."""

    stream: Text = ""
    media_ids: Texts = ()
    merged_ids: Texts = ()


class RecordFileList(Answer):
    """Object names by format, or media by stream."""

    hls_file_list: Texts = ()
    mp4_file_list: Texts = ()
    mp3_file_list: Texts = ()
    vod_media_list: Annotated[tuple[VodMedia, ...], BeforeValidator(as_objects)] = ()


class TaskInfo(Answer):
    """How a task is."""

    status: Text = ""
    """`RUNNING`, `RECOVERING`, `STOPPING` or `STOPPED`, in any case."""
    record_file_list: Annotated[RecordFileList, BeforeValidator(as_mapping)] = RecordFileList()


class StartReply(Answer):
    """StartRtcCloudRecording: the task was made, which is not yet a recording."""

    task_id: Annotated[str, Field(min_length=1, max_length=512)]


class TaskReply(Answer):
    """UpdateRtcCloudRecording and StopRtcCloudRecording: that there was an answer is all."""


class DescribeReply(Answer):
    """DescribeRtcCloudRecordingFiles."""

    task_info: Annotated[TaskInfo, BeforeValidator(as_mapping)] = TaskInfo()

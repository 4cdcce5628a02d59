"""Our requests have the fields of the vendor's own client: all of them, and no other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from alibabacloud_live20161101 import models as official
from pydantic import BaseModel

from longtake.vendors.alibaba.wire import mixing, recording, replies, requests, storage

START, REPLY = "StartRtcCloudRecordingRequest", "DescribeRtcCloudRecordingFilesResponseBody"
PARTS: list[tuple[type[BaseModel], str]] = [
    (requests.StartRequest, START),
    (recording.SubscribeParams, f"{START}SubscribeParams"),
    (recording.SubscribeUser, f"{START}SubscribeParamsSubscribeUserIdList"),
    (recording.RecordParams, f"{START}RecordParams"),
    (storage.StorageParams, f"{START}StorageParams"),
    (storage.FileInfo, f"{START}StorageParamsFileInfo"),
    (storage.OSSParams, f"{START}StorageParamsOSSParams"),
    (storage.VodParams, f"{START}StorageParamsVodParams"),
    (mixing.MixTranscodeParams, f"{START}MixTranscodeParams"),
    (mixing.MixLayoutParams, f"{START}MixLayoutParams"),
    (mixing.Backdrop, f"{START}MixLayoutParamsMixBackground"),
    (mixing.UserPane, f"{START}MixLayoutParamsUserPanes"),
    (mixing.Backdrop, f"{START}MixLayoutParamsUserPanesSubBackground"),
    (requests.UpdateRequest, "UpdateRtcCloudRecordingRequest"),
    (requests.TaskRequest, "StopRtcCloudRecordingRequest"),
    (requests.TaskRequest, "DescribeRtcCloudRecordingFilesRequest"),
    (replies.RecordFileList, f"{REPLY}TaskInfoRecordFileList"),
    (replies.VodMedia, f"{REPLY}TaskInfoRecordFileListVodMediaList"),
]


def ours(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


class Asked(dict[str, Any]):
    """Keeps the names that somebody looks up."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def __bool__(self) -> bool:
        return True

    def get(self, name: str, default: Any = None) -> Any:
        self.names.add(name)
        return default


def theirs(name: str) -> set[str]:
    asked = Asked()
    getattr(official, name)().from_map(asked)
    return asked.names


@pytest.mark.parametrize(("model", "name"), PARTS, ids=[name for _, name in PARTS])
def test_fields_are_those_of_the_vendor_s_own_client(model: type[BaseModel], name: str) -> None:
    assert ours(model) == theirs(name)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, entry in value.items():
            yield from leaves(entry, f"{path}.{name}")
    elif isinstance(value, list):
        for number, entry in enumerate(value):
            yield from leaves(entry, f"{path}.{number}")
    else:
        yield path, value


def test_vendor_s_own_client_writes_the_same_values() -> None:
    """Through its models and back nothing is lost, renamed or of another type."""
    body = json.loads(
        requests.StartRequest.model_validate(
            {
                "AppId": "a",
                "ChannelId": "c",
                "SubscribeParams": {
                    "SubscribeUserIdList": [{"UserId": "u", "StreamType": 0, "SourceType": 1}]
                },
                "RecordParams": {"RecordMode": 1, "MaxFileDuration": 180},
                "StorageParams": {
                    "StorageType": 1,
                    "FileInfo": [{"Format": "HLS", "FilePathPrefix": ["a"], "SliceDuration": 10}],
                    "OSSParams": {"OSSEndpoint": "o", "OSSBucket": "b"},
                },
                "MixTranscodeParams": {
                    "AudioBitrate": 64,
                    "AudioChannels": 2,
                    "AudioSampleRate": 32000,
                    "VideoBitrate": 500,
                    "VideoFramerate": 15,
                    "VideoGop": 30,
                },
                "MixLayoutParams": {
                    "UserPanes": [
                        {"UserId": "u", "SourceType": 1, "Width": "1", "Height": "1", "ZOrder": 3}
                    ]
                },
            }
        ).body()
    )
    returned = getattr(official, START)().from_map(body).to_map()
    assert dict(leaves(body)) == dict(leaves(returned))

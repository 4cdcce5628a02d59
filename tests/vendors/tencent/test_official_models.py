"""Our bodies have the fields of the vendor's own client: all of them, and no other."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from pydantic import BaseModel

from longtake.vendors.tencent.wire import mixing, recording, replies, requests, storage, watermarks

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the vendor's own affair
    from tencentcloud.trtc.v20190722 import models as official

PARTS: list[tuple[type[BaseModel], str]] = [
    *((getattr(mixing, name), name) for name in (
        "MixTranscodeParams", "VideoParams", "AudioParams", "MixLayoutParams", "MixLayout"
    )),
    *((getattr(recording, name), name) for name in ("RecordParams", "SubscribeStreamUserIds")),
    *((getattr(storage, name), name) for name in ("StorageParams", "CloudVod", "TencentVod")),
    *((getattr(watermarks, name), name) for name in (
        "WaterMark", "WaterMarkImage", "WaterMarkChar", "WaterMarkTimestamp"
    )),
    (replies.StorageFile, "StorageFile"),
    (requests.CreateRequest, "CreateCloudRecordingRequest"),
    (requests.ModifyRequest, "ModifyCloudRecordingRequest"),
    (requests.TaskRequest, "DeleteCloudRecordingRequest"),
]  # fmt: skip
EDITIONS: list[tuple[type[BaseModel], str, set[str]]] = [
    (storage.CloudStorage, "CloudStorage", {"EndpointUrl"}),  # the international client's alone
    (requests.TaskRequest, "DescribeCloudRecordingRequest", {"RecorderKey"}),  # relay jobs' alone
]


def ours(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def theirs(name: str) -> set[str]:
    return {attribute.removeprefix("_") for attribute in vars(getattr(official, name)())}


@pytest.mark.parametrize(("model", "name"), PARTS, ids=[name for _, name in PARTS])
def test_fields_are_those_of_the_vendor_s_own_client(model: type[BaseModel], name: str) -> None:
    assert ours(model) == theirs(name)


@pytest.mark.parametrize(
    ("model", "name", "differing"), EDITIONS, ids=[name for _, name, _ in EDITIONS]
)
def test_fields_of_one_edition_are_known(model: type[BaseModel], name: str, differing: Any) -> None:
    assert ours(model) ^ theirs(name) == differing

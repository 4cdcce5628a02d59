"""One case for each rule of the request bodies; the error names the place and the rule."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from longtake.vendorkit.lenient import as_int, as_text, as_time
from longtake.vendors.tencent.wire.replies import DescribeReply
from longtake.vendors.tencent.wire.requests import CreateRequest, ModifyRequest, TaskRequest

REMOVED = object()
PICTURE = "https://img.example/a.png"

SINGLE: dict[str, Any] = {
    "SdkAppId": 1400000123,
    "RoomId": "20015",
    "RoomIdType": 1,
    "UserId": "rec_r7_01",
    "UserSig": "eJx-sig",
    "RecordParams": {"RecordMode": 1, "MaxIdleTime": 30, "StreamType": 0, "AvMerge": 1},
    "StorageParams": {
        "CloudStorage": {
            "Vendor": 1,
            "Region": "ap-shanghai",
            "Bucket": "b-1",
            "AccessKey": "ak",
            "SecretKey": "sk",
            "FileNamePrefix": ["rec", "2024"],
            "EndpointUrl": "https://s3.example",
        }
    },
    "ResourceExpiredHour": 72,
    "PrivateMapKey": "eJx-map",
}
LAYOUT: dict[str, Any] = {
    "MixLayoutMode": 4,
    "MixLayoutList": [
        {"Top": 0, "Left": 0, "Width": 640, "Height": 720, "UserId": "a", "Alpha": 9},
        {"Top": 0, "Left": 640, "Width": 640, "Height": 720, "SubBackgroundImage": PICTURE},
    ],
    "BackGroundColor": "#112233",
    "BackgroundImageUrl": PICTURE,
    "PlaceHolderMode": 1,
    "WaterMarkList": [
        {
            "WaterMarkType": 0,
            "WaterMarkImage": {
                "WaterMarkUrl": PICTURE,
                "Top": 0,
                "Left": 0,
                "Width": 9,
                "Height": 9,
            },
        },
        {"WaterMarkType": 2, "WaterMarkTimestamp": {"Pos": 6, "TimeZone": 8}},
    ],
}
MIXED: dict[str, Any] = {
    **SINGLE,
    "RoomIdType": 0,
    "RecordParams": {
        "RecordMode": 2,
        "OutputFormat": 1,
        "MaxMediaFileDuration": 1440,
        "SubscribeAbility": 1,
        "SubscribeStreamUserIds": {
            "SubscribeAudioUserIds": ["a", "b.*$"],
            "UnSubscribeVideoUserIds": ["c"],
        },
    },
    "MixTranscodeParams": {
        "VideoParams": {"Width": 1280, "Height": 720, "Fps": 15, "BitRate": 550000, "Gop": 10},
        "AudioParams": {"SampleRate": 1, "Channel": 2, "BitRate": 64000},
    },
    "MixLayoutParams": LAYOUT,
}
VOD: dict[str, Any] = {
    **SINGLE,
    "StorageParams": {
        "CloudVod": {"TencentVod": {"MediaType": 0, "UserDefineRecordId": "rec_1-x"}},
    },
}
MODIFY: dict[str, Any] = {
    "SdkAppId": 1400000123,
    "TaskId": "t",
    "MixLayoutParams": {"MixLayoutMode": 2, "MaxResolutionUserId": "a", "MediaId": 1},
    "SubscribeStreamUserIds": {},
}
TASK: dict[str, Any] = {"SdkAppId": 1400000123, "TaskId": "t"}

S = "StorageParams.CloudStorage"
V = "StorageParams.CloudVod.TencentVod"
R = "RecordParams"
U = "RecordParams.SubscribeStreamUserIds"
P = "MixTranscodeParams.VideoParams"
A = "MixTranscodeParams.AudioParams"
L = "MixLayoutParams"
W = "MixLayoutParams.MixLayoutList.0"
M = "MixLayoutParams.WaterMarkList"


def changed(sample: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    body = copy.deepcopy(sample)
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    place: Any = body
    for part in way:
        place = place[part]
    if value is REMOVED:
        del place[last]
    else:
        place[last] = value
    return body


@pytest.mark.parametrize(
    ("model", "sample"),
    [
        (CreateRequest, SINGLE),
        (CreateRequest, MIXED),
        (CreateRequest, VOD),
        (ModifyRequest, MODIFY),
        (ModifyRequest, TASK),
        (TaskRequest, TASK),
    ],
)
def test_documented_body_goes_out_as_it_is(model: type[Any], sample: dict[str, Any]) -> None:
    sent = json.loads(model.model_validate(sample).body())

    def holds(part: Any, whole: Any) -> bool:
        if isinstance(part, dict):
            return all(holds(value, whole[name]) for name, value in part.items())
        if isinstance(part, list):
            return all(holds(a, b) for a, b in zip(part, whole, strict=True))
        return part == whole

    assert holds(sample, sent), sent


Case = tuple[type[BaseModel], dict[str, Any], str, Any, str, str]

BROKEN: list[Case] = [
    *(
        (CreateRequest, SINGLE, name, REMOVED, name, "required")
        for name in ("SdkAppId", "RoomId", "UserId", "UserSig", "RecordParams", "StorageParams")
    ),
    *(
        (CreateRequest, SINGLE, f"{S}.{name}", REMOVED, f"{S}.{name}", "required")
        for name in ("Vendor", "Region", "Bucket", "AccessKey", "SecretKey")
    ),
    (CreateRequest, SINGLE, "SdkAppId", 0, "SdkAppId", "1"),
    (CreateRequest, SINGLE, "RoomId", "", "RoomId", "1 character"),
    (CreateRequest, SINGLE, "RoomIdType", 2, "RoomIdType", "0 or 1"),
    (CreateRequest, SINGLE, "RoomId", "room", "RoomIdType", "1 to 4294967295"),
    (CreateRequest, SINGLE, "RoomId", "4294967296", "RoomIdType", "1 to 4294967295"),
    (CreateRequest, SINGLE, "RoomId", "007", "RoomIdType", "1 to 4294967295"),
    (CreateRequest, SINGLE, "UserId", "x" * 33, "UserId", "32"),
    (CreateRequest, SINGLE, "UserId", "rec-1", "UserId", "underscores"),
    (CreateRequest, SINGLE, "ResourceExpiredHour", 5, "ResourceExpiredHour", "6"),
    (CreateRequest, SINGLE, "ResourceExpiredHour", 721, "ResourceExpiredHour", "720"),
    (CreateRequest, SINGLE, "UserName", "x", "UserName", "not permitted"),
    (CreateRequest, SINGLE, L, {"MixLayoutMode": 3}, "", "are for RecordMode 2"),
    (CreateRequest, SINGLE, "MixTranscodeParams", {}, "", "are for RecordMode 2"),
    (CreateRequest, SINGLE, f"{R}.RecordMode", 3, "RecordMode", "1 or 2"),
    (CreateRequest, SINGLE, f"{R}.MaxIdleTime", 4, "MaxIdleTime", "5"),
    (CreateRequest, SINGLE, f"{R}.MaxIdleTime", 86401, "MaxIdleTime", "86400"),
    (CreateRequest, SINGLE, f"{R}.StreamType", 3, "StreamType", "0, 1 or 2"),
    (CreateRequest, SINGLE, f"{R}.OutputFormat", 5, "OutputFormat", "3 or 4"),
    (CreateRequest, SINGLE, f"{R}.OutputFormat", "hls+mp4", "OutputFormat", "3 or 4"),
    (CreateRequest, SINGLE, f"{R}.AvMerge", 2, "AvMerge", "0 or 1"),
    (CreateRequest, SINGLE, f"{R}.MediaId", 3, "MediaId", "0, 1 or 2"),
    (CreateRequest, SINGLE, f"{R}.FillType", 2, "FillType", "0 or 1"),
    (CreateRequest, SINGLE, f"{R}.SubscribeAbility", 2, "SubscribeAbility", "0 or 1"),
    (CreateRequest, SINGLE, f"{R}.MaxMediaFileDuration", 0, "MaxMediaFileDuration", "1"),
    (CreateRequest, SINGLE, f"{R}.MaxMediaFileDuration", 1441, "MaxMediaFileDuration", "1440"),
    (CreateRequest, MIXED, f"{R}.AvMerge", 1, R, "is for RecordMode 1"),
    (CreateRequest, MIXED, f"{U}.UnSubscribeAudioUserIds", ["x"], U, "exclude each other"),
    (CreateRequest, MIXED, f"{U}.SubscribeVideoUserIds", ["x"], U, "exclude each other"),
    (CreateRequest, MIXED, f"{U}.SubscribeAudioUserIds", ["x"] * 33, "AudioUserIds", "32 items"),
    (CreateRequest, MIXED, f"{U}.SubscribeAudioUserIds", [], "AudioUserIds", "1 item"),
    (CreateRequest, MIXED, f"{U}.SubscribeAudioUserIds", [""], "AudioUserIds.0", "1 character"),
    (CreateRequest, SINGLE, f"{S}.Vendor", 2, "Vendor", "0 or 1"),
    (CreateRequest, SINGLE, f"{S}.Vendor", 0, S, "EndpointUrl is for Vendor 1"),
    (CreateRequest, SINGLE, f"{S}.EndpointUrl", "s3.example", "EndpointUrl", "match"),
    (CreateRequest, SINGLE, f"{S}.FileNamePrefix", ["a/b"], "FileNamePrefix.0", "letters"),
    (CreateRequest, SINGLE, f"{S}.FileNamePrefix", [""], "FileNamePrefix.0", "letters"),
    (CreateRequest, SINGLE, "StorageParams", {}, "StorageParams", "either"),
    (
        CreateRequest,
        SINGLE,
        "StorageParams.CloudVod",
        {"TencentVod": {}},
        "StorageParams",
        "either",
    ),
    (CreateRequest, VOD, f"{V}.MediaType", 5, "MediaType", "3 or 4"),
    (CreateRequest, VOD, f"{V}.MediaType", 2, "", "need StreamType 1"),
    (CreateRequest, VOD, f"{V}.MediaType", 4, "", "need StreamType 1"),
    (CreateRequest, VOD, f"{V}.ExpireTime", -1, "ExpireTime", "0"),
    (CreateRequest, VOD, f"{V}.UserDefineRecordId", "x" * 65, "UserDefineRecordId", "match"),
    (CreateRequest, VOD, f"{V}.UserDefineRecordId", "a b", "UserDefineRecordId", "match"),
    *(
        (CreateRequest, MIXED, f"{P}.{name}", REMOVED, name, "required")
        for name in ("Width", "Height", "Fps", "BitRate", "Gop")
    ),
    *(
        (CreateRequest, MIXED, f"{A}.{name}", REMOVED, name, "required")
        for name in ("SampleRate", "Channel", "BitRate")
    ),
    (CreateRequest, MIXED, f"{P}.Width", 1921, "Width", "1920"),
    (CreateRequest, MIXED, f"{P}.Height", 1921, "Height", "1920"),
    (CreateRequest, MIXED, f"{P}.Height", 1900, P, "at most 2073600"),
    (CreateRequest, MIXED, f"{P}.Fps", 0, "Fps", "1"),
    (CreateRequest, MIXED, f"{P}.Fps", 61, "Fps", "60"),
    (CreateRequest, MIXED, f"{P}.BitRate", 63999, "BitRate", "64000"),
    (CreateRequest, MIXED, f"{P}.BitRate", 8192001, "BitRate", "8192000"),
    (CreateRequest, MIXED, f"{A}.SampleRate", 4, "SampleRate", "1, 2 or 3"),
    (CreateRequest, MIXED, f"{A}.Channel", 3, "Channel", "1 or 2"),
    (CreateRequest, MIXED, f"{A}.BitRate", 31999, "BitRate", "32000"),
    (CreateRequest, MIXED, f"{A}.BitRate", 128001, "BitRate", "128000"),
    (CreateRequest, MIXED, f"{L}.MixLayoutMode", REMOVED, "MixLayoutMode", "required"),
    (CreateRequest, MIXED, f"{L}.MixLayoutMode", 0, "MixLayoutMode", "3 or 4"),
    (CreateRequest, MIXED, f"{L}.MixLayoutMode", 3, L, "is for MixLayoutMode 4"),
    (CreateRequest, MIXED, f"{L}.MixLayoutList", REMOVED, L, "which needs it"),
    (CreateRequest, MIXED, f"{L}.MixLayoutList", [], "MixLayoutList", "1 item"),
    (
        CreateRequest,
        MIXED,
        f"{L}.MixLayoutList",
        LAYOUT["MixLayoutList"] * 13,
        "MixLayoutList",
        "25 items",
    ),
    *(
        (CreateRequest, MIXED, f"{W}.{name}", REMOVED, name, "required")
        for name in ("Top", "Left", "Width", "Height")
    ),
    *(
        (CreateRequest, MIXED, f"{W}.{name}", value, name, rule)
        for name in ("Top", "Left", "Width", "Height")
        for value, rule in ((-1, "0"), (1921, "1920"), (1.5, "integer"))
    ),
    (CreateRequest, MIXED, f"{W}.Left", 641, "", "inside the canvas of 1280x720"),
    (CreateRequest, MIXED, f"{W}.Top", 1, "", "inside the canvas of 1280x720"),
    (CreateRequest, MIXED, "MixTranscodeParams", REMOVED, "", "inside the canvas of 360x640"),
    (CreateRequest, MIXED, f"{W}.Alpha", 256, "Alpha", "255"),
    (CreateRequest, MIXED, f"{W}.RenderMode", 4, "RenderMode", "2 or 3"),
    (CreateRequest, MIXED, f"{W}.MediaId", 2, "MediaId", "0 or 1"),
    (CreateRequest, MIXED, f"{W}.ImageLayer", -1, "ImageLayer", "0"),
    (CreateRequest, MIXED, f"{W}.SubBackgroundImage", "https://x/a", "SubBackgroundImage", "jpg"),
    (CreateRequest, MIXED, f"{L}.BackGroundColor", "red", "BackGroundColor", "match"),
    (CreateRequest, MIXED, f"{L}.BackgroundImageUrl", "x.png", "BackgroundImageUrl", "jpg"),
    (CreateRequest, MIXED, f"{L}.DefaultSubBackgroundImage", "ftp://x/a.png", "Image", "jpg"),
    (CreateRequest, MIXED, f"{L}.PlaceHolderMode", 2, "PlaceHolderMode", "0 or 1"),
    (CreateRequest, MIXED, f"{L}.BackgroundImageRenderMode", 4, "RenderMode", "2 or 3"),
    (CreateRequest, MIXED, f"{L}.RenderMode", 1, L, "for MixLayoutMode 1 to 3"),
    (CreateRequest, MIXED, f"{L}.PureAudioDisableLayout", True, L, "for MixLayoutMode 1 to 3"),
    (CreateRequest, MIXED, f"{L}.MaxResolutionUserId", "a", L, "MixLayoutMode 1 and 2"),
    (CreateRequest, MIXED, f"{L}.MediaId", 1, L, "MixLayoutMode 1 and 2"),
    (CreateRequest, MIXED, f"{L}.MaxResolutionUserAlign", 1, L, "MixLayoutMode 2"),
    (
        CreateRequest,
        MIXED,
        M,
        LAYOUT["WaterMarkList"] * 13,
        "WaterMarkList",
        "25 items",
    ),
    (CreateRequest, MIXED, f"{M}.0.WaterMarkType", 1, f"{M}.0", "needs WaterMarkChar alone"),
    (CreateRequest, MIXED, f"{M}.0.WaterMarkImage", REMOVED, f"{M}.0", "needs WaterMarkImage"),
    (CreateRequest, MIXED, f"{M}.1.WaterMarkTimestamp.Pos", 7, "Pos", "6"),
    (CreateRequest, MIXED, f"{M}.1.WaterMarkTimestamp.TimeZone", 15, "TimeZone", "14"),
    (CreateRequest, MIXED, f"{M}.0.WaterMarkImage.Top", 2561, "Top", "2560"),
    (CreateRequest, MIXED, f"{M}.0.WaterMarkImage.WaterMarkUrl", "x", "WaterMarkUrl", "jpg"),
    (ModifyRequest, MODIFY, "TaskId", "", "TaskId", "1 character"),
    (ModifyRequest, MODIFY, "RecordParams", {}, "RecordParams", "not permitted"),
    (ModifyRequest, MODIFY, f"{L}.MixLayoutMode", 3, L, "MixLayoutMode 1 and 2"),
    (ModifyRequest, MODIFY, f"{L}.MixLayoutMode", 4, L, "which needs it"),
    (TaskRequest, TASK, "TaskId", REMOVED, "TaskId", "required"),
    (TaskRequest, TASK, "SdkAppId", 2**32, "SdkAppId", "4294967295"),
]


@pytest.mark.parametrize(
    "case", BROKEN, ids=[f"{case[0].__name__}-{case[2]}-{str(case[3])[:24]}" for case in BROKEN]
)
def test_broken_rule_is_named_where_it_is_broken(case: Case) -> None:
    model, sample, path, value, where, rule = case
    with pytest.raises(ValidationError) as failure:
        model.model_validate(changed(sample, path, value))
    problems = {".".join(map(str, e["loc"])): e["msg"] for e in failure.value.errors()}
    assert any(place.endswith(where) and rule in text for place, text in problems.items()), problems


def test_secrets_show_in_the_body_only() -> None:
    request = CreateRequest.model_validate(SINGLE)
    assert b'"UserSig":"eJx-sig"' in request.body()
    assert b'"SecretKey":"sk"' in request.body()
    for view in (repr(request), str(request), request.model_dump_json(), str(request.model_dump())):
        assert not any(secret in view for secret in ("eJx-sig", "eJx-map", "'ak'", '"sk"'))


def test_answer_is_read_however_it_is_written() -> None:
    entry = {"UserId": None, "FileName": "a.m3u8", "TrackType": None, "BeginTimeStamp": "17000"}
    listed = [entry, None, "x", {"FileName": 5, "More": {}}]
    reply = DescribeReply.model_validate({"Status": "Idle", "StorageFileList": listed, "New": 1})
    assert [file.file_name for file in reply.storage_file_list] == ["a.m3u8", "5"]
    assert reply.storage_file_list[0].user_id == ""
    assert reply.storage_file_list[1].begin_time_stamp is None


@pytest.mark.parametrize("given", [float("nan"), float("inf"), 10**30, "1e3", "", None, [], True])
def test_nonsense_is_no_number_and_no_time(given: Any) -> None:
    assert as_int(given) is None
    assert as_time(given) is None


@pytest.mark.parametrize(
    ("given", "text"), [(5, "5"), (5.0, "5"), ("x", "x"), (None, ""), ({}, ""), (True, "")]
)
def test_text_is_a_text_or_a_number(given: Any, text: str) -> None:
    assert as_text(given) == text

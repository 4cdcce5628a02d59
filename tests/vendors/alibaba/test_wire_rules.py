"""One case for each rule of the requests; the error names the place and the rule."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from longtake.vendors.alibaba.wire.replies import DescribeReply
from longtake.vendors.alibaba.wire.requests import StartRequest, TaskRequest, UpdateRequest

REMOVED = object()
PICTURE = "https://img.example/a.png"
BOTH_NAMES = {"FileNamePattern": "{UserId}{SourceType}{StartTime}"}
BOTH_HLS = {**BOTH_NAMES, "SliceNamePattern": "{UserId}{SourceType}{StartTime}{Sequence}"}

INDIVIDUAL: dict[str, Any] = {
    "AppId": "app",
    "ChannelId": "room 7",
    "SubscribeParams": {
        "SubscribeUserIdList": [
            {"UserId": "ada", "StreamType": 0, "SourceType": 0},
            {"UserId": "ada", "StreamType": 0, "SourceType": 1},
            {"UserId": "bob", "StreamType": 1},
        ]
    },
    "RecordParams": {"RecordMode": 0, "StreamType": 0, "MaxFileDuration": 180},
    "StorageParams": {
        "StorageType": 1,
        "OSSParams": {"OSSEndpoint": "oss-cn-shanghai.aliyuncs.com", "OSSBucket": "b"},
        "FileInfo": [
            {"Format": "HLS", **BOTH_HLS, "SliceDuration": 10, "FilePathPrefix": ["a", "b"]},
            {"Format": "MP4", **BOTH_NAMES, "FilePathPrefix": ["a", "b"]},
        ],
    },
    "NotifyUrl": "https://calls.example/a/lt01",
    "NotifyAuthKey": "mytestkeymytestkey",
    "NotifyFileUploadedFormat": ["HLS", "MP4"],
    "MaxIdleTime": 14400,
}
LAYOUT: dict[str, Any] = {
    "MixBackground": {"RenderMode": 1, "Url": PICTURE},
    "UserPanes": [
        {
            "UserId": "ada",
            "SourceType": 1,
            "X": "0",
            "Y": "0.5",
            "Width": "0.5",
            "Height": "0.500000",
            "ZOrder": 0,
            "SubBackground": {"RenderMode": 0, "Url": PICTURE},
        },
        {"X": "0.5", "Y": "0", "Width": "0.5", "Height": "1", "ZOrder": 1},
    ],
}
MIXED: dict[str, Any] = {
    **INDIVIDUAL,
    "RecordParams": {"RecordMode": 1},
    "MixTranscodeParams": {
        "AudioBitrate": 8,
        "AudioChannels": 2,
        "AudioSampleRate": 32000,
        "VideoCodec": "H.264",
        "VideoBitrate": 10000,
        "VideoFramerate": 60,
        "VideoGop": 60,
        "VideoWidth": 1920,
        "VideoHeight": 0,
        "FrameFillType": 0,
    },
    "MixLayoutParams": LAYOUT,
}
VOD: dict[str, Any] = {
    "AppId": "app",
    "ChannelId": "room",
    "SubscribeParams": {"SubscribeUserIdList": [{"UserId": "ada"}]},
    "RecordParams": {"RecordMode": 0, "StreamType": 2, "MaxFileDuration": 7200},
    "StorageParams": {
        "StorageType": 2,
        "VodParams": {
            "StorageLocation": "mytest.oss-cn-shenzhen.aliyuncs.com",
            "VodTranscodeGroupId": "a",
            "AutoCompose": 0,
            "ComposeVodTranscodeGroupId": "b",
        },
    },
    "MaxIdleTime": 10,
}
UPDATE: dict[str, Any] = {
    "TaskId": "t",
    "SubscribeParams": INDIVIDUAL["SubscribeParams"],
    "MixLayoutParams": LAYOUT,
}
TASK: dict[str, Any] = {"TaskId": "t"}

S = "StorageParams"
F = "StorageParams.FileInfo"
R = "RecordParams"
U = "SubscribeParams.SubscribeUserIdList"
T = "MixTranscodeParams"
L = "MixLayoutParams"
P = "MixLayoutParams.UserPanes"


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


SAMPLES: list[tuple[type[Any], dict[str, Any]]] = [
    (StartRequest, INDIVIDUAL),
    (StartRequest, MIXED),
    (StartRequest, VOD),
    (UpdateRequest, UPDATE),
    (TaskRequest, TASK),
]
AUDIO_ONLY = {"AudioBitrate": 500, "AudioChannels": 1, "AudioSampleRate": 48000}
ALLOWED: list[dict[str, Any]] = [
    changed(INDIVIDUAL, f"{S}.FileInfo", REMOVED)
    | {
        "SubscribeParams": {"SubscribeUserIdList": [{"UserId": "ada"}]},
        "NotifyFileUploadedFormat": ["HLS"],
    },
    {
        **changed(MIXED, L, REMOVED),
        "RecordParams": {"RecordMode": 1, "StreamType": 1},
        "MixTranscodeParams": AUDIO_ONLY,
    },
    {
        **changed(MIXED, f"{R}.StreamType", 2),
        "SubscribeParams": {
            "SubscribeUserIdList": [
                {"UserId": "ada", "StreamType": 2, "SourceType": 1},
                {"UserId": "bob", "StreamType": 1},
            ]
        },
    },
    changed(MIXED, f"{F}.0.SliceNamePattern", "{Sequence}"),
    changed(VOD, f"{S}.VodParams", {}),
    changed(INDIVIDUAL, "NotifyAuthKey", REMOVED),
]


@pytest.mark.parametrize("allowed", ALLOWED)
def test_documented_request_passes(allowed: dict[str, Any]) -> None:
    StartRequest.model_validate(allowed)


@pytest.mark.parametrize(("model", "sample"), SAMPLES)
def test_documented_request_goes_out_as_it_is(model: type[Any], sample: dict[str, Any]) -> None:
    def holds(part: Any, whole: Any) -> bool:
        if isinstance(part, dict):
            return all(holds(value, whole[name]) for name, value in part.items())
        if isinstance(part, list):
            return all(holds(a, b) for a, b in zip(part, whole, strict=True))
        return part == whole

    sent = json.loads(model.model_validate(sample).body())
    assert holds(sample, sent), sent


Case = tuple[type[BaseModel], dict[str, Any], str, Any, str, str]

MP4_ONLY = [{"Format": "MP4", **BOTH_NAMES}]

BROKEN: list[Case] = [
    *(
        (StartRequest, INDIVIDUAL, name, REMOVED, name, "required")
        for name in ("AppId", "ChannelId", "SubscribeParams", "RecordParams", "StorageParams")
    ),
    (StartRequest, INDIVIDUAL, "AppId", "", "AppId", "1 character"),
    (StartRequest, INDIVIDUAL, "ChannelId", "", "ChannelId", "1 character"),
    (StartRequest, INDIVIDUAL, "Region", "x", "Region", "not permitted"),
    (StartRequest, INDIVIDUAL, "MaxIdleTime", 9, "MaxIdleTime", "10"),
    (StartRequest, INDIVIDUAL, "MaxIdleTime", 14401, "MaxIdleTime", "14400"),
    (StartRequest, INDIVIDUAL, "NotifyUrl", "calls.example", "NotifyUrl", "match"),
    (StartRequest, INDIVIDUAL, "NotifyUrl", "https://c/" + "x" * 2048, "NotifyUrl", "2048"),
    (StartRequest, INDIVIDUAL, "NotifyUrl", REMOVED, "", "need NotifyUrl"),
    (StartRequest, INDIVIDUAL, "NotifyAuthKey", "x" * 15, "NotifyAuthKey", "16 to 64"),
    (StartRequest, INDIVIDUAL, "NotifyAuthKey", "x" * 65, "NotifyAuthKey", "16 to 64"),
    (StartRequest, INDIVIDUAL, "NotifyAuthKey", "ключключключключ", "NotifyAuthKey", "letters"),
    (StartRequest, INDIVIDUAL, "NotifyFileUploadedFormat", [], "UploadedFormat", "1 item"),
    (StartRequest, INDIVIDUAL, "NotifyFileUploadedFormat", ["FLV"], "Format.0", "'MP4' or 'MP3'"),
    (StartRequest, INDIVIDUAL, "NotifyFileUploadedFormat", ["MP3"], "", "among the formats"),
    (StartRequest, INDIVIDUAL, L, LAYOUT, "", "are for RecordMode 1"),
    (StartRequest, INDIVIDUAL, T, AUDIO_ONLY, "", "are for RecordMode 1"),
    (StartRequest, INDIVIDUAL, U, [], U, "1 item"),
    (
        StartRequest,
        INDIVIDUAL,
        U,
        [{"UserId": f"u{n}"} for n in range(18)],
        U,
        "17 items",
    ),
    (StartRequest, INDIVIDUAL, f"{U}.0.UserId", "", "UserId", "1 character"),
    (StartRequest, INDIVIDUAL, f"{U}.0.UserId", REMOVED, "UserId", "required"),
    (StartRequest, INDIVIDUAL, f"{U}.0.StreamType", 3, "StreamType", "0, 1 or 2"),
    (StartRequest, INDIVIDUAL, f"{U}.0.StreamType", "0", "StreamType", "0, 1 or 2"),
    (StartRequest, INDIVIDUAL, f"{U}.0.SourceType", 2, "SourceType", "0 or 1"),
    (StartRequest, INDIVIDUAL, f"{U}.1.SourceType", 0, "SubscribeParams", "must differ"),
    (StartRequest, INDIVIDUAL, f"{U}.1.SourceType", REMOVED, "SubscribeParams", "must differ"),
    (StartRequest, INDIVIDUAL, f"{U}.0.StreamType", 2, "", "no entry may have StreamType 2"),
    (StartRequest, INDIVIDUAL, f"{R}.StreamType", 2, "", "allows no entry of StreamType 1"),
    (StartRequest, INDIVIDUAL, f"{R}.RecordMode", 2, "RecordMode", "0 or 1"),
    (StartRequest, INDIVIDUAL, f"{R}.RecordMode", "0", "RecordMode", "0 or 1"),
    (StartRequest, INDIVIDUAL, f"{R}.RecordMode", REMOVED, "RecordMode", "required"),
    (StartRequest, INDIVIDUAL, f"{R}.StreamType", 3, "StreamType", "0, 1 or 2"),
    (StartRequest, INDIVIDUAL, f"{R}.MaxFileDuration", 179, "MaxFileDuration", "180"),
    (StartRequest, INDIVIDUAL, f"{R}.MaxFileDuration", 7201, "MaxFileDuration", "7200"),
    (StartRequest, INDIVIDUAL, f"{S}.StorageType", 3, "StorageType", "1 or 2"),
    (StartRequest, INDIVIDUAL, f"{S}.StorageType", REMOVED, "StorageType", "required"),
    (StartRequest, INDIVIDUAL, f"{S}.StorageType", 2, S, "StorageType 2 needs VodParams"),
    (StartRequest, INDIVIDUAL, f"{S}.OSSParams", REMOVED, S, "StorageType 1 needs OSSParams"),
    (StartRequest, INDIVIDUAL, f"{S}.VodParams", {}, S, "takes no VodParams"),
    (StartRequest, INDIVIDUAL, f"{S}.OSSParams.OSSEndpoint", REMOVED, "OSSEndpoint", "required"),
    (StartRequest, INDIVIDUAL, f"{S}.OSSParams.OSSBucket", "", "OSSBucket", "1 character"),
    (StartRequest, INDIVIDUAL, F, [], F, "1 item"),
    (StartRequest, INDIVIDUAL, f"{F}.0.Format", "FLV", "Format", "'MP4' or 'MP3'"),
    (StartRequest, INDIVIDUAL, f"{F}.0.Format", REMOVED, "Format", "required"),
    (StartRequest, INDIVIDUAL, f"{F}.0.SliceDuration", 9, "SliceDuration", "10"),
    (StartRequest, INDIVIDUAL, f"{F}.0.SliceDuration", 31, "SliceDuration", "30"),
    (StartRequest, INDIVIDUAL, f"{F}.1.SliceDuration", 10, f"{F}.1", "are for Format HLS"),
    (StartRequest, INDIVIDUAL, f"{F}.1.SliceNamePattern", "{Sequence}", f"{F}.1", "Format HLS"),
    (StartRequest, INDIVIDUAL, f"{F}.0.SliceNamePattern", "{UserId}", f"{F}.0", "{Sequence}"),
    (StartRequest, INDIVIDUAL, f"{F}.0.FileNamePattern", "{UserId", "Pattern", "braces"),
    (StartRequest, INDIVIDUAL, f"{F}.0.FileNamePattern", "{}", "Pattern", "braces"),
    (StartRequest, INDIVIDUAL, f"{F}.0.FileNamePattern", "a/{UserId}", "Pattern", "without /"),
    (StartRequest, INDIVIDUAL, f"{F}.0.FileNamePattern", "a\\b", "Pattern", "without /"),
    (StartRequest, INDIVIDUAL, f"{F}.0.FileNamePattern", "a\nb", "Pattern", "without /"),
    (StartRequest, INDIVIDUAL, f"{F}.0.FileNamePattern", "{Date}", "Pattern", "braces only around"),
    (StartRequest, INDIVIDUAL, f"{F}.0.FileNamePattern", "{{UserId}}", "Pattern", "braces only"),
    (StartRequest, INDIVIDUAL, f"{F}.0.FileNamePattern", "{Sequence}", f"{F}.0", "slices have"),
    (StartRequest, INDIVIDUAL, f"{F}.0.FilePathPrefix", [""], "Prefix.0", "1 character"),
    *(
        (StartRequest, INDIVIDUAL, f"{F}.{path}", value, "", "need {SourceType}")
        for path, value in (
            ("0.FileNamePattern", "{UserId}{StartTime}"),
            ("0.SliceNamePattern", "{UserId}{Sequence}"),
            ("0.SliceNamePattern", REMOVED),
            ("1.FileNamePattern", REMOVED),
        )
    ),
    (
        StartRequest,
        {**INDIVIDUAL, "NotifyFileUploadedFormat": ["MP4"]},
        F,
        MP4_ONLY,  # a set of HLS is added, with names that are not ours
        "",
        "HLS included",
    ),
    (
        StartRequest,
        {**INDIVIDUAL, "NotifyFileUploadedFormat": ["HLS"]},
        F,
        REMOVED,
        "",
        "need {SourceType}",
    ),
    (StartRequest, VOD, F, [{"Format": "HLS"}], S, "FileInfo is for StorageType 1"),
    (StartRequest, VOD, f"{S}.VodParams", REMOVED, S, "StorageType 2 needs VodParams"),
    (
        StartRequest,
        VOD,
        f"{S}.OSSParams",
        {"OSSEndpoint": "o", "OSSBucket": "b"},
        S,
        "takes no OSSParams",
    ),
    (StartRequest, VOD, f"{S}.VodParams.AutoCompose", 2, "AutoCompose", "0 or 1"),
    (StartRequest, VOD, f"{S}.VodParams.StorageLocation", "", "StorageLocation", "1 character"),
    (
        StartRequest,
        {**VOD, "NotifyUrl": "https://c.example/"},
        "NotifyFileUploadedFormat",
        ["HLS"],
        "",
        "NotifyFileUploadedFormat is for StorageType 1",
    ),
    (StartRequest, MIXED, T, REMOVED, "", "needs MixTranscodeParams"),
    (StartRequest, MIXED, L, REMOVED, "", "which need it"),
    (StartRequest, MIXED, f"{R}.StreamType", 1, "", "outputs with a picture"),
    *(
        (StartRequest, MIXED, f"{T}.{name}", REMOVED, name, "required")
        for name in ("AudioBitrate", "AudioChannels", "AudioSampleRate")
    ),
    *(
        (StartRequest, MIXED, f"{T}.{name}", REMOVED, "", "a picture needs")
        for name in ("VideoBitrate", "VideoFramerate", "VideoGop")
    ),
    *(
        (StartRequest, MIXED, f"{T}.{name}", value, name, str(limit))
        for name, low, high in (
            ("AudioBitrate", 8, 500),
            ("VideoBitrate", 1, 10000),
            ("VideoFramerate", 1, 60),
            ("VideoGop", 1, 60),
            ("VideoWidth", 0, 1920),
            ("VideoHeight", 0, 1920),
        )
        for value, limit in ((low - 1, low), (high + 1, high))
    ),
    (StartRequest, MIXED, f"{T}.AudioChannels", 3, "AudioChannels", "1 or 2"),
    (StartRequest, MIXED, f"{T}.AudioSampleRate", 22050, "AudioSampleRate", "48000"),
    (StartRequest, MIXED, f"{T}.VideoCodec", "H.265", "VideoCodec", "H.264"),
    (StartRequest, MIXED, f"{T}.FrameFillType", -1, "FrameFillType", "0"),
    (StartRequest, MIXED, P, [], P, "1 item"),
    (StartRequest, MIXED, P, REMOVED, P, "required"),
    (StartRequest, MIXED, f"{L}.MixBackground.RenderMode", 2, "RenderMode", "0 or 1"),
    (StartRequest, MIXED, f"{L}.MixBackground.Url", "ftp://x", "Url", "match"),
    (StartRequest, MIXED, f"{L}.MixBackground.Url", "http://" + "x" * 2042, "Url", "2048"),
    (StartRequest, MIXED, f"{P}.0.SubBackground.Url", "http://" + "x" * 2042, "Url", "2048"),
    (StartRequest, MIXED, f"{P}.0.SubBackground.RenderMode", 2, "RenderMode", "0 or 1"),
    *(
        (StartRequest, MIXED, f"{P}.0.{name}", value, name, rule)
        for name in ("X", "Y", "Width", "Height")
        for value, rule in (
            (0.5, "string"),
            ("1.1", "0 to 1"),
            ("-0", "0 to 1"),
            ("1e-3", "0 to 1"),
            (".5", "0 to 1"),
            ("nan", "0 to 1"),
        )
    ),
    (StartRequest, MIXED, f"{P}.0.Width", REMOVED, "Width", "required"),
    (StartRequest, MIXED, f"{P}.0.ZOrder", -1, "ZOrder", "0"),
    (StartRequest, MIXED, f"{P}.0.SourceType", 2, "SourceType", "0 or 1"),
    (StartRequest, MIXED, f"{P}.0.UserId", "eve", "", "'eve' is not subscribed to"),
    (StartRequest, MIXED, f"{P}.0.UserId", "bob", "", "'bob' is not subscribed to"),
    (
        StartRequest,
        MIXED,
        f"{P}.0",
        {"UserId": "bob", "Width": "1", "Height": "1"},  # bob is heard only
        "",
        "'bob' is not subscribed to",
    ),
    (StartRequest, MIXED, f"{U}.1.SourceType", REMOVED, "SubscribeParams", "must differ"),
    (StartRequest, MIXED, f"{P}.1", {**LAYOUT["UserPanes"][0]}, L, "source once"),
    *(
        (
            StartRequest,
            {**MIXED, "RecordParams": {"RecordMode": 1, "StreamType": output}},
            U,
            [{"UserId": "ada", "SourceType": 1, "StreamType": entries}],
            "",
            f"RecordParams.StreamType {output} needs an entry of another StreamType",
        )
        for output, entries in ((1, 2), (2, 1))
    ),
    (UpdateRequest, UPDATE, "TaskId", "", "TaskId", "1 character"),
    (UpdateRequest, UPDATE, "SubscribeParams", REMOVED, "SubscribeParams", "required"),
    (UpdateRequest, UPDATE, R, {"RecordMode": 0}, R, "not permitted"),
    (UpdateRequest, UPDATE, f"{P}.0.UserId", "eve", "", "'eve' is not subscribed to"),
    (TaskRequest, TASK, "TaskId", REMOVED, "TaskId", "required"),
    (TaskRequest, TASK, "TaskId", "", "TaskId", "1 character"),
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


def test_key_shows_in_the_parameters_only() -> None:
    request = StartRequest.model_validate(INDIVIDUAL)
    assert request.parameters()["NotifyAuthKey"] == "mytestkeymytestkey"
    for view in (repr(request), str(request), request.model_dump_json(), str(request.model_dump())):
        assert "mytestkey" not in view


def test_text_of_an_object_is_compact_and_keeps_its_letters() -> None:
    body = changed(VOD, f"{U}.0.UserId", "会议 é")
    found = StartRequest.model_validate(body).parameters()["SubscribeParams"]
    assert found == '{"SubscribeUserIdList":[{"StreamType":0,"UserId":"会议 é"}]}'


@pytest.mark.parametrize("nothing", [None, "x", 5, [], {}])
def test_answer_is_read_however_little_it_says(nothing: Any) -> None:
    for body in (
        {"TaskInfo": nothing},
        {"TaskInfo": {"Status": "RUNNING", "RecordFileList": nothing}},
        {"TaskInfo": {"RecordFileList": {"HlsFileList": nothing, "VodMediaList": nothing}}},
    ):
        found = DescribeReply.model_validate(body).task_info.record_file_list
        assert (found.hls_file_list, found.vod_media_list) == ((), ())


def test_answer_is_read_without_what_cannot_be_understood() -> None:
    listed = {
        "HlsFileList": ["a.m3u8", None, 5, ""],
        "Mp4FileList": ["a.mp4"],
        "Mp3FileList": ["a.mp3"],
        "VodMediaList": [None, {"Stream": "Mix", "MediaIds": ["m", 7], "New": 1}],
    }
    found = DescribeReply.model_validate({"TaskInfo": {"RecordFileList": listed, "New": 1}})
    files = found.task_info.record_file_list
    assert (files.hls_file_list, files.mp4_file_list) == (("a.m3u8",), ("a.mp4",))
    assert files.mp3_file_list == ("a.mp3",)
    assert [media.media_ids for media in files.vod_media_list] == [("m",)]

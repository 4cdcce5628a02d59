"""What bodies may hold, and the code of each mistake."""

from __future__ import annotations

from typing import Any

import pytest

from longtake.vendors.tencent.emulator.codes import Refusal
from longtake.vendors.tencent.emulator.requests import ModifyRequest, both_groups, parse_create
from longtake.vendors.tencent.emulator.wire import parse
from tests.emulator.trtc import BUCKET, CANVAS, LaunchTrtc, Trtc, code

OUT_OF_RANGE, WRONG_TYPE = "InvalidParameter.OutOfRange", "InvalidParameter"
VOD: dict[str, Any] = {"CloudVod": {"TencentVod": {}}}
PANE = {"Top": 0, "Left": 0, "Width": 100, "Height": 100}
IMAGE = {"WaterMarkUrl": "https://example.com/logo.png", **PANE}


def wish(**changed: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "SdkAppId": 1_400_700_001,
        "RoomId": "7007",
        "UserId": "rec",
        "UserSig": "sig",
        "RecordParams": {"RecordMode": 2},
        "StorageParams": {"CloudStorage": BUCKET},
    }
    return {name: value for name, value in {**given, **changed}.items() if value != "absent"}


def params(**fields: Any) -> dict[str, Any]:
    return wish(RecordParams={"RecordMode": 2, **fields})


def storage(**fields: Any) -> dict[str, Any]:
    kept = {name: value for name, value in {**BUCKET, **fields}.items() if value != "absent"}
    return wish(StorageParams={"CloudStorage": kept})


def vod(**fields: Any) -> dict[str, Any]:
    return wish(StorageParams={"CloudVod": {"TencentVod": fields}})


def layout(mode: int = 4, **fields: Any) -> dict[str, Any]:
    return wish(MixLayoutParams={"MixLayoutMode": mode, **fields})


def video(**fields: Any) -> dict[str, Any]:
    return wish(MixTranscodeParams={"VideoParams": {**CANVAS, **fields}})


def audio(**fields: Any) -> dict[str, Any]:
    given = {"SampleRate": 1, "Channel": 2, "BitRate": 64_000, **fields}
    return wish(MixTranscodeParams={"AudioParams": given})


def listed(**lists: list[str]) -> dict[str, Any]:
    return params(SubscribeStreamUserIds=lists)


def refusal(document: dict[str, Any], *, strict: bool = False) -> str:
    with pytest.raises(Refusal) as caught:
        parse_create(document, strict=strict)
    return caught.value.code


ABSENT = {
    "SdkAppId": wish(SdkAppId="absent"),
    "RoomId": wish(RoomId="absent"),
    "UserId": wish(UserId=""),
    "UserSig": wish(UserSig=None),
    "RecordParams": wish(RecordParams="absent"),
    "RecordMode": wish(RecordParams={}),
    "StorageParams": wish(StorageParams="absent"),
    "CloudStorage": wish(StorageParams={}),
    "Vendor": storage(Vendor="absent"),
    "Region": storage(Region=""),
    "Bucket": storage(Bucket="absent"),
    "AccessKey": storage(AccessKey="absent"),
    "SecretKey": storage(SecretKey="absent"),
}


@pytest.mark.parametrize("field", ABSENT)
def test_an_absent_field_is_named_in_the_code(field: str) -> None:
    assert refusal(ABSENT[field]) == f"MissingParameter.{field}"


BROKEN = {
    "RoomIdType": wish(RoomIdType=2),
    "an integer room of letters": wish(RoomId="standup"),
    "an integer room of 33 bits": wish(RoomId="4294967296"),
    "an integer room with a leading zero": wish(RoomId="0123"),
    "RecordMode": wish(RecordParams={"RecordMode": 3}),
    "MaxIdleTime, short": params(MaxIdleTime=4),
    "MaxIdleTime, long": params(MaxIdleTime=86_401),
    "StreamType": params(StreamType=3),
    "OutputFormat": params(OutputFormat=5),
    "AvMerge": params(AvMerge=2),
    "MaxMediaFileDuration, short": params(MaxMediaFileDuration=0),
    "MaxMediaFileDuration, long": params(MaxMediaFileDuration=1441),
    "MediaId": params(MediaId=3),
    "FillType": params(FillType=2),
    "SubscribeAbility": params(SubscribeAbility=2),
    "33 users": listed(SubscribeAudioUserIds=[str(n) for n in range(33)]),
    "both audio lists": listed(SubscribeAudioUserIds=["a"], UnSubscribeAudioUserIds=["b"]),
    "both video lists": listed(SubscribeVideoUserIds=["a"], UnSubscribeVideoUserIds=["b"]),
    "ResourceExpiredHour, short": wish(ResourceExpiredHour=5),
    "ResourceExpiredHour, long": wish(ResourceExpiredHour=721),
    "both places": wish(StorageParams={"CloudStorage": BUCKET, **VOD}),
    "Vendor": storage(Vendor=2),
    "FileNamePrefix": storage(FileNamePrefix=["a/b"]),
    "a bucket that leads out": storage(Bucket=".."),
    "MediaType": vod(MediaType=5),
    "MediaType AAC with video": vod(MediaType=2),
    "UserDefineRecordId": vod(UserDefineRecordId="a b"),
    "UserDefineRecordId, long": vod(UserDefineRecordId="a" * 65),
    "Width": video(Width=1921),
    "a canvas over 1080p": video(Width=1920, Height=1082),
    "Fps": video(Fps=61),
    "BitRate, low": video(BitRate=63_999),
    "BitRate, high": video(BitRate=8_192_001),
    "SampleRate": audio(SampleRate=4),
    "Channel": audio(Channel=3),
    "audio BitRate": audio(BitRate=128_001),
    "MixLayoutMode": layout(5),
    "26 windows": layout(MixLayoutList=[PANE] * 26),
    "a window off the usual canvas": layout(MixLayoutList=[{**PANE, "Left": 261}]),
    "a window over 1920": layout(MixLayoutList=[{**PANE, "Width": 1921}]),
    "Alpha": layout(MixLayoutList=[{**PANE, "Alpha": 256}]),
    "RenderMode": layout(MixLayoutList=[{**PANE, "RenderMode": 4}]),
    "a window's MediaId": layout(MixLayoutList=[{**PANE, "MediaId": 2}]),
    "BackGroundColor": layout(3, BackGroundColor="red"),
    "BackgroundImageUrl": layout(3, BackgroundImageUrl="https://example.com/picture.gif"),
    "MaxResolutionUserAlign": layout(2, MaxResolutionUserAlign=2),
    "PlaceHolderMode": layout(2, PlaceHolderMode=2),
    "26 watermarks": layout(3, WaterMarkList=[{"WaterMarkImage": IMAGE}] * 26),
    "a watermark without its object": layout(3, WaterMarkList=[{"WaterMarkType": 1}]),
    "a watermark off limits": layout(3, WaterMarkList=[{"WaterMarkImage": {**IMAGE, "Top": 2561}}]),
    "Pos": layout(3, WaterMarkList=[{"WaterMarkType": 2, "WaterMarkTimestamp": {"Pos": 7}}]),
    "half a surrogate": wish(UserId="\ud800"),
}


@pytest.mark.parametrize("mistake", BROKEN)
def test_a_value_out_of_range_is_refused(mistake: str) -> None:
    assert refusal(BROKEN[mistake]) == OUT_OF_RANGE


WRONG_TYPES = {
    "RoomId": (wish(RoomId=7007), WRONG_TYPE),
    "RoomIdType": (wish(RoomIdType="1"), WRONG_TYPE),
    "RecordMode": (wish(RecordParams={"RecordMode": True}), WRONG_TYPE),
    "MaxIdleTime": (params(MaxIdleTime=30.5), WRONG_TYPE),
    "RecordParams": (wish(RecordParams=[]), WRONG_TYPE),
    "OutputFormat": (params(OutputFormat="avi"), WRONG_TYPE),
    "PureAudioDisableLayout": (layout(3, PureAudioDisableLayout=1), WRONG_TYPE),
    "SdkAppId": (wish(SdkAppId="1400700001"), "InvalidParameter.SdkAppId"),
}


@pytest.mark.parametrize("field", WRONG_TYPES)
def test_a_value_of_the_wrong_type_is_refused(field: str) -> None:
    document, expected = WRONG_TYPES[field]
    assert refusal(document) == expected


@pytest.mark.parametrize("field", CANVAS)
def test_video_params_are_whole_once_given(field: str) -> None:
    partial = {name: value for name, value in CANVAS.items() if name != field}
    document = wish(MixTranscodeParams={"VideoParams": partial})
    assert refusal(document) == "MissingParameter"


ACCEPTED = {
    "the least": wish(),
    "nulls": wish(PrivateMapKey=None, MixLayoutParams=None, ResourceExpiredHour=None),
    "a string room": wish(RoomId="会议-7", RoomIdType=0),
    "the last integer room": wish(RoomId="4294967295"),
    "empty lists": listed(SubscribeAudioUserIds=["a"], UnSubscribeAudioUserIds=[]),
    "lists for both media": listed(SubscribeAudioUserIds=["a"], UnSubscribeVideoUserIds=["b"]),
    "an S3-compatible bucket": storage(Vendor=1, EndpointUrl="https://s3.example.com"),
    "a prefix": storage(FileNamePrefix=["a-1", "B_2"]),
    "VOD": wish(StorageParams=VOD),
    "VOD audio": wish(
        RecordParams={"RecordMode": 2, "StreamType": 1},
        StorageParams={"CloudVod": {"TencentVod": {"MediaType": 4, "UserDefineRecordId": "a_1"}}},
    ),
    "1080p": video(Width=1080, Height=1920, Fps=60, BitRate=8_192_000),
    "the limits": wish(ResourceExpiredHour=720),
    "25 windows": layout(MixLayoutList=[PANE] * 25),
    "windows of another mode": layout(3, MixLayoutList=[{**PANE, "Left": 1920}]),
    "a picture with a query": layout(3, BackgroundImageUrl="https://example.com/a.JPG?v=1"),
    "watermarks": layout(
        3,
        WaterMarkList=[
            {"WaterMarkImage": IMAGE},
            {"WaterMarkType": 1, "WaterMarkChar": {**PANE, "Chars": "hi", "FontSize": 14}},
            {"WaterMarkType": 2, "WaterMarkTimestamp": {"Pos": 6, "TimeZone": 8}},
        ],
    ),
    "the specification's watermark": layout(
        3, WaterMarkList=[{"WaterMarkImage": {**PANE, "url": "https://example.com/a.png"}}]
    ),
    "unknown fields": wish(Colour="red"),
    "a layout of single-stream recording": wish(
        RecordParams={"RecordMode": 1},
        MixLayoutParams={"MixLayoutMode": 4, "MixLayoutList": [{**PANE, "Left": 1900}]},
    ),
}


@pytest.mark.parametrize("example", ACCEPTED)
def test_what_the_documents_allow_is_accepted(example: str) -> None:
    parse_create(ACCEPTED[example], strict=False)


@pytest.mark.parametrize(
    ("text", "number"), [("hls", 0), ("hls+mp4", 1), ("hls+aac", 2), ("mp4", 3), ("aac", 4)]
)
def test_the_specifications_names_of_formats_are_understood(text: str, number: int) -> None:
    accepted = parse_create(params(OutputFormat=text), strict=True)
    assert accepted.record_params.output_format == number


def test_defaults_are_the_documented_ones() -> None:
    request = parse_create(wish(), strict=True)
    recorded = request.record_params
    assert (recorded.max_idle_time, recorded.stream_type, recorded.media_id) == (30, 0, 0)
    assert (recorded.output_format, recorded.max_media_file_duration) == (0, 1440)
    assert (request.room.numeric, request.resource_expired_hour) == (True, 72)
    assert request.canvas == (360, 640)
    assert request.mix_layout_params.mix_layout_mode == 3


def test_a_strict_emulator_refuses_unknown_fields() -> None:
    assert refusal(wish(Colour="red"), strict=True) == "UnknownParameter"
    assert refusal(params(Colour="red"), strict=True) == "UnknownParameter"


def test_modify_starts_from_the_defaults() -> None:
    request = parse(ModifyRequest, {"SdkAppId": 1, "TaskId": "t"}, strict=True)
    assert request.mix_layout_params.mix_layout_mode == 3
    assert request.subscribe_stream_user_ids.subscribe_audio_user_ids == []


def test_both_groups_are_found_where_each_action_has_them() -> None:
    groups = {"MixLayoutParams": {"MixLayoutMode": 3}, "SubscribeStreamUserIds": {}}
    lists = {"SubscribeStreamUserIds": {}}
    created = wish(MixLayoutParams={"MixLayoutMode": 3}, RecordParams=lists)
    assert both_groups(created) == groups == both_groups(groups)
    assert both_groups(wish(RecordParams=None)) == {}


def test_no_value_of_a_request_is_repeated_in_a_message() -> None:
    with pytest.raises(Refusal) as caught:
        parse_create(storage(SecretKey=["s3cr3t"]), strict=True)
    assert "SecretKey" in caught.value.message
    assert "s3cr3t" not in caught.value.message


async def test_an_unknown_application_is_refused(trtc: Trtc) -> None:
    assert code(await trtc.create(SdkAppId=1)) == "InvalidParameter.SdkAppId"
    assert code(await trtc.call("DeleteCloudRecording", SdkAppId=1, TaskId="t")) == (
        "InvalidParameter.SdkAppId"
    )


@pytest.mark.parametrize("action", ["Describe", "Modify", "Delete"])
async def test_the_other_actions_need_a_task(trtc: Trtc, action: str) -> None:
    assert code(await trtc.call(f"{action}CloudRecording")) == "MissingParameter.TaskId"


async def test_a_window_must_fit_the_tasks_own_canvas(trtc: Trtc) -> None:
    task = await trtc.recording(MixTranscodeParams={"VideoParams": CANVAS})
    inside = {"MixLayoutMode": 4, "MixLayoutList": [{**PANE, "Left": 540}]}
    assert "Error" not in await trtc.modify(task, MixLayoutParams=inside)
    outside = {"MixLayoutMode": 4, "MixLayoutList": [{**PANE, "Left": 541}]}
    assert code(await trtc.modify(task, MixLayoutParams=outside)) == OUT_OF_RANGE


async def test_a_layout_does_not_concern_a_single_stream_task(trtc: Trtc) -> None:
    task = await trtc.recording(mode=1)
    outside = {"MixLayoutMode": 4, "MixLayoutList": [{**PANE, "Left": 1800}]}
    assert "Error" not in await trtc.modify(task, MixLayoutParams=outside)


async def test_a_strict_emulator_refuses_unknown_fields_of_every_action(
    launch_trtc: LaunchTrtc,
) -> None:
    trtc = await launch_trtc(strict=True)
    task = await trtc.begin()
    for action in ("Describe", "Modify", "Delete"):
        refused = await trtc.call(f"{action}CloudRecording", TaskId=task, Colour="red")
        assert code(refused) == "UnknownParameter"

"""What the emulated Alibaba RTC refuses, and with which code."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from tests.emulator.alibaba_client import (
    HALVES,
    OSS,
    START,
    TRANSCODE,
    UPDATE,
    Artc,
    emulated_artc,
    entries,
    flat,
    individual,
    mixed,
    oss,
)

ENTRIES = (400, "InvalidParameter.SubscribeParams.SubscribeUserIdList")
PANES = (400, "InvalidParameter.MixLayoutParams.UserPanes")
MIXING = (400, "InvalidParameter.MixTranscodeParams")
RECORD = (405, "InvalidParameter.RecordParams")
FILES = (400, "InvalidParameter.StorageParams.FileInfo")
PLACE = (400, "InvalidParameter.StorageParams.OSSParams")
KIND = (405, "InvalidParameter.StorageParams.StorageType")
VIDEO_ON_DEMAND = (405, "InvalidParameter.StorageParams.VodParams")
URL = (400, "InvalidParameter.NotifyUrl")
KEY = (405, "InvalidParameter.NotifyAuthKey")
FORMATS = (405, "InvalidParameter.NotifyFileUploadedFormat")
IDLE = (405, "InvalidParameter.MaxIdleTime")
MISSING = (400, "MissingParameter")

SCREEN = {"UserId": "alice", "SourceType": 1}
HEARD = {"UserId": "alice", "StreamType": 1}
SEEN = {"UserId": "alice", "StreamType": 2}
SEEN_BOB = {"UserId": "bob", "StreamType": 2}
BOTH_PATTERNS = {
    "Format": "HLS",
    "FileNamePattern": "{UserId}_{SourceType}",
    "SliceNamePattern": "{UserId}_{SourceType}_{Sequence}",
}


@pytest.fixture(scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Artc]:
    async with emulated_artc(tmp_path_factory.mktemp("artc")) as emulator:
        yield emulator


@pytest.fixture
async def artc(shared: Artc) -> Artc:
    return await shared.anew()


def mixing(**changed: Any) -> dict[str, Any]:
    params = {**TRANSCODE, **changed}
    return {"MixTranscodeParams": {k: v for k, v in params.items() if v is not None}}


def panes(*listed: dict[str, Any]) -> dict[str, Any]:
    return {"MixLayoutParams": {"UserPanes": list(listed)}}


def stored(*files: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return {"StorageParams": {k: v for k, v in (oss(*files) | changed).items() if v is not None}}


def recorded(**changed: Any) -> dict[str, Any]:
    return {"RecordParams": {"RecordMode": 1, **changed}}


REFUSED: dict[str, tuple[tuple[int, str], dict[str, Any]]] = {
    "no application": (MISSING, {"AppId": None}),
    "no channel": (MISSING, {"ChannelId": ""}),
    "no subscriptions": (MISSING, {"SubscribeParams": None}),
    "no recording": (MISSING, {"RecordParams": None}),
    "no storage": (MISSING, {"StorageParams": None}),
    "another's application": ((404, "InvalidParameter.AppId"), {"AppId": "another"}),
    "nobody subscribed": (ENTRIES, {"SubscribeParams": entries()}),
    "subscriptions that are no JSON": (ENTRIES, {"SubscribeParams": "alice"}),
    "subscriptions that are no object": (ENTRIES, {"SubscribeParams": "[]"}),
    "eighteen": (ENTRIES, {"SubscribeParams": entries(*[f"u{n}" for n in range(18)])}),
    "a user without id": (ENTRIES, {"SubscribeParams": entries({"StreamType": 0})}),
    "a user twice": (ENTRIES, {"SubscribeParams": entries("alice", "alice")}),
    "a number as text": (ENTRIES, {"SubscribeParams": entries({**HEARD, "StreamType": "1"})}),
    "a boolean as number": (ENTRIES, {"SubscribeParams": entries({**HEARD, "SourceType": True})}),
    "stream type 3": (ENTRIES, {"SubscribeParams": entries({**HEARD, "StreamType": 3})}),
    "source type 2": (ENTRIES, {"SubscribeParams": entries({**HEARD, "SourceType": 2})}),
    "audio of video alone": (
        ENTRIES,
        recorded(StreamType=1) | {"SubscribeParams": entries(SEEN, SEEN_BOB)},
    ),
    "video of audio alone": (
        ENTRIES,
        recorded(StreamType=2) | {"SubscribeParams": entries(HEARD)},
    ),
    "individual video-only": (ENTRIES, individual(SEEN)),
    "individual video of audio": (ENTRIES, individual(HEARD, "bob", stream_type=2)),
    "no mode": (RECORD, {"RecordParams": {"StreamType": 0}}),
    "mode 2": (RECORD, recorded(RecordMode=2)),
    "a mode as text": (RECORD, recorded(RecordMode="1")),
    "output 3": (RECORD, recorded(StreamType=3)),
    "files of 179 s": (RECORD, recorded(MaxFileDuration=179)),
    "files of 7201 s": (RECORD, recorded(MaxFileDuration=7201)),
    "mixed without transcoding": (MIXING, {"MixTranscodeParams": None}),
    "individual with transcoding": (MIXING, individual("alice") | mixing()),
    "audio of 7 kbit/s": (MIXING, mixing(AudioBitrate=7)),
    "audio of 501 kbit/s": (MIXING, mixing(AudioBitrate=501)),
    "no audio rate": (MIXING, mixing(AudioBitrate=None)),
    "three channels": (MIXING, mixing(AudioChannels=3)),
    "an odd sample rate": (MIXING, mixing(AudioSampleRate=22_050)),
    "another codec": (MIXING, mixing(VideoCodec="H.265")),
    "no video rate": (MIXING, mixing(VideoBitrate=None)),
    "no frame rate": (MIXING, mixing(VideoFramerate=None)),
    "no pictures' group": (MIXING, mixing(VideoGop=None)),
    "video of 10001 kbit/s": (MIXING, mixing(VideoBitrate=10_001)),
    "61 frames": (MIXING, mixing(VideoFramerate=61)),
    "a group of 61": (MIXING, mixing(VideoGop=61)),
    "1921 pixels": (MIXING, mixing(VideoWidth=1921)),
    "mixed without layout": (PANES, {"MixLayoutParams": None}),
    "a layout without windows": (PANES, {"MixLayoutParams": {"UserPanes": []}}),
    "individual with layout": (PANES, individual("alice") | panes(*HALVES)),
    "a window of a stranger": (PANES, panes({"UserId": "mallory"})),
    "a window of a screen not subscribed": (PANES, panes(SCREEN)),
    "a window of who is only heard": (
        PANES,
        {"SubscribeParams": entries(HEARD, "bob")} | panes({"UserId": "alice"}),
    ),
    "geometry as number": (PANES, panes({"UserId": "alice", "X": 0.5})),
    "geometry of 1.1": (PANES, panes({"UserId": "alice", "X": "1.1"})),
    "geometry below 0": (PANES, panes({"UserId": "alice", "X": "-0.1"})),
    "geometry that is no number": (PANES, panes({"UserId": "alice", "Width": "nan"})),
    "a layer below 0": (PANES, panes({"UserId": "alice", "ZOrder": -1})),
    "a long address of a picture": (
        PANES,
        {"MixLayoutParams": {"UserPanes": HALVES, "MixBackground": {"Url": "x" * 2049}}},
    ),
    "no kind of storage": (KIND, stored(StorageType=None)),
    "storage 3": (KIND, stored(StorageType=3)),
    "OSS without its object": (PLACE, stored(OSSParams=None)),
    "OSS without bucket": (PLACE, stored(OSSParams={"OSSEndpoint": OSS["OSSEndpoint"]})),
    "a bucket that is a path": (PLACE, stored(OSSParams={**OSS, "OSSBucket": "../takes"})),
    "a bucket elsewhere": (
        PLACE,
        stored(OSSParams={**OSS, "OSSEndpoint": "oss-ap-southeast-1.aliyuncs.com"}),
    ),
    "OSS with VOD's object": (VIDEO_ON_DEMAND, stored(VodParams={"AutoCompose": 0})),
    "VOD without its object": (VIDEO_ON_DEMAND, stored(StorageType=2, OSSParams=None)),
    "VOD with OSS's object": (PLACE, stored(StorageType=2, VodParams={"AutoCompose": 0})),
    "VOD with files": (
        FILES,
        stored({"Format": "HLS"}, StorageType=2, OSSParams=None, VodParams={"AutoCompose": 0}),
    ),
    "an unknown merge": (
        VIDEO_ON_DEMAND,
        stored(StorageType=2, OSSParams=None, VodParams={"AutoCompose": 2}),
    ),
    "an unknown format": (FILES, stored({"Format": "FLV"})),
    "a file without format": (FILES, stored({"SliceDuration": 10})),
    "slices of 9 s": (FILES, stored({"Format": "HLS", "SliceDuration": 9})),
    "slices of 31 s": (FILES, stored({"Format": "HLS", "SliceDuration": 31})),
    "a level with a slash": (FILES, stored({"Format": "HLS", "FilePathPrefix": ["a/b"]})),
    "a level upwards": (FILES, stored({"Format": "HLS", "FilePathPrefix": [".."]})),
    "an empty level": (FILES, stored({"Format": "HLS", "FilePathPrefix": [""]})),
    "a path as text": (FILES, stored({"Format": "HLS", "FilePathPrefix": "takes"})),
    "an unknown variable": (FILES, stored({"Format": "HLS", "FileNamePattern": "{Date}"})),
    "a number in a file's name": (
        FILES,
        stored({"Format": "HLS", "FileNamePattern": "{StartTime}{Sequence}"}),
    ),
    "slices without number": (
        FILES,
        stored({"Format": "HLS", "SliceNamePattern": "{StartTime}"}),
    ),
    "a name upwards": (FILES, stored({"Format": "HLS", "FileNamePattern": "../{StartTime}"})),
    "a name too long": (FILES, stored({"Format": "HLS", "FileNamePattern": "x" * 240})),
    "one set of files twice": (FILES, stored({"Format": "MP4"}, {"Format": "MP4"})),
    "camera and screen under one name": (FILES, individual("alice", SCREEN)),
    "camera and screen told apart in MP4 alone": (
        FILES,
        individual("alice", SCREEN) | stored({**BOTH_PATTERNS, "Format": "MP4"}),
    ),
    "camera and screen with slices of one name": (
        FILES,
        individual("alice", SCREEN) | stored({**BOTH_PATTERNS, "SliceNamePattern": None}),
    ),
    "two users under one name": (
        FILES,
        individual("alice", "bob") | stored({"Format": "HLS", "FileNamePattern": "{StartTime}"}),
    ),
    "an address of another scheme": (URL, {"NotifyUrl": "ftp://calls.example/cb"}),
    "an address without host": (URL, {"NotifyUrl": "https:///cb"}),
    "an address that is none": (URL, {"NotifyUrl": "http://[cb"}),
    "an address too long": (URL, {"NotifyUrl": f"https://calls.example/{'x' * 2048}"}),
    "a key of 15": (KEY, {"NotifyAuthKey": "x" * 15}),
    "a key of 65": (KEY, {"NotifyAuthKey": "x" * 65}),
    "a key with a dash": (KEY, {"NotifyAuthKey": "my-test-key-my-test-key"}),
    "a format that is not made": (FORMATS, {"NotifyFileUploadedFormat": ["MP4"]}),
    "a format that does not exist": (FORMATS, {"NotifyFileUploadedFormat": ["FLV"]}),
    "HLS that was not asked for": (
        FORMATS,
        stored({"Format": "MP4"}) | {"NotifyFileUploadedFormat": ["HLS"]},
    ),
    "formats of VOD": (
        FORMATS,
        stored(StorageType=2, FileInfo=None, OSSParams=None, VodParams={"AutoCompose": 0})
        | {"NotifyFileUploadedFormat": ["HLS"]},
    ),
    "9 s of idleness": (IDLE, {"MaxIdleTime": 9}),
    "14401 s of idleness": (IDLE, {"MaxIdleTime": 14_401}),
    "idleness that is no number": (IDLE, {"MaxIdleTime": "soon"}),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_a_start_is_refused_with_the_documented_code(artc: Artc, case: str) -> None:
    expected, changed = REFUSED[case]
    assert await artc.refused(**changed) == expected
    assert await artc.tasks() == []


TAKEN: dict[str, dict[str, Any]] = {
    "what the official client sends for unset lists": stored() | individual("alice"),
    "an empty layout in individual mode": individual("alice")
    | {"MixLayoutParams": {"UserPanes": []}},
    "seventeen streams": {"SubscribeParams": entries("alice", "bob", *map(str, range(15)))},
    "who is only seen beside who is heard": {"SubscribeParams": entries(SEEN, "bob")},
    "camera and screen": individual("alice", SCREEN) | stored(BOTH_PATTERNS),
    "an HLS set for camera and screen beside MP4": individual("alice", SCREEN)
    | stored(BOTH_PATTERNS, {**BOTH_PATTERNS, "Format": "MP4"}),
    "audio without layout and video rates": recorded(StreamType=1)
    | {"MixLayoutParams": None}
    | mixing(VideoBitrate=None, VideoFramerate=None, VideoGop=None),
    "windows without user": panes({"Width": "1", "Height": "1"}),
    "null for nothing": {"RecordParams": '{"RecordMode":1,"StreamType":null}'},
    "formats in any case": {"NotifyFileUploadedFormat": ["hls"]},
    "the least idle time": {"MaxIdleTime": 10},
    "an internal endpoint": stored(
        OSSParams={**OSS, "OSSEndpoint": "oss-cn-shanghai-internal.aliyuncs.com"}
    ),
    "an unknown key": {"RecordParams": {"RecordMode": 1, "Colour": "blue"}},
}


@pytest.mark.parametrize("case", TAKEN)
async def test_a_start_within_the_rules_is_taken(artc: Artc, case: str) -> None:
    await artc.begin(**TAKEN[case])
    assert len(await artc.tasks()) == 1


async def test_a_channel_without_anybody_cannot_be_recorded(artc: Artc) -> None:
    reply = await artc.send(artc.request(START, flat(**mixed("empty"))))
    assert (reply.status_code, reply.json()["Code"]) == (404, "InvalidParameter.ChannelId")


async def test_a_bucket_of_another_account_is_not_found(tmp_path: Path) -> None:
    async with emulated_artc(tmp_path, options={"buckets": ["takes"]}) as artc:
        other = stored(OSSParams={**OSS, "OSSBucket": "another"})
        assert await artc.refused(**other) == (400, "NotFound.OSSBucket")
        await artc.begin()


async def test_the_region_is_that_of_the_address_called(artc: Artc) -> None:
    await artc.room("standup", "alice", "bob")
    away = stored(OSSParams={**OSS, "OSSEndpoint": "oss-us-east-1.aliyuncs.com"})
    host = "live.us-east-1.aliyuncs.com"
    reply = await artc.send(artc.request(START, flat(**mixed()) | flat(**away), host=host))
    assert reply.status_code == 200
    reply = await artc.send(artc.request(START, flat(**mixed()), host=host))
    assert reply.json()["Code"] == PLACE[1]


@pytest.mark.parametrize("where", ["Colour", "RecordParams"])
async def test_a_strict_emulator_refuses_what_it_does_not_know(tmp_path: Path, where: str) -> None:
    unknown = {
        "Colour": ((400, "InvalidParameter"), {"Colour": "blue"}),
        "RecordParams": (RECORD, {"RecordParams": {"RecordMode": 1, "Colour": "blue"}}),
    }
    expected, changed = unknown[where]
    async with emulated_artc(tmp_path, strict=True) as artc:
        assert await artc.refused(**changed) == expected
        await artc.begin(NotifyFileUploadedFormat=["HLS"])


OF_AN_UPDATE: dict[str, tuple[tuple[int, str], dict[str, Any]]] = {
    "no subscriptions": (MISSING, {"SubscribeParams": None}),
    "nobody": (ENTRIES, {"SubscribeParams": entries()}),
    "no layout": (PANES, {"MixLayoutParams": None}),
    "a window of who is no longer subscribed": (PANES, {"SubscribeParams": entries("bob")}),
    "a name too long": (ENTRIES, {"SubscribeParams": entries("alice", "bob", "x" * 300)}),
}


@pytest.mark.parametrize("case", OF_AN_UPDATE)
async def test_an_update_obeys_the_rules_of_a_start(artc: Artc, case: str) -> None:
    expected, changed = OF_AN_UPDATE[case]
    task = await artc.recording(**stored({**BOTH_PATTERNS}))
    groups = {"SubscribeParams": entries("alice", "bob"), **panes(*HALVES), **changed}
    reply = await artc.send(artc.request(UPDATE, flat(TaskId=task, **groups)))
    assert (reply.status_code, reply.json()["Code"]) == expected
    (row,) = await artc.tasks()
    assert len(row["layout_revisions"]) == 1


async def test_an_update_cannot_bring_streams_that_share_a_name(artc: Artc) -> None:
    task = await artc.recording(**individual("alice", "bob"))
    both = entries("alice", SCREEN)
    reply = await artc.send(artc.request(UPDATE, flat(TaskId=task, SubscribeParams=both)))
    assert (reply.status_code, reply.json()["Code"]) == ENTRIES

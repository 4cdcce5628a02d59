"""What bodies may hold: ranges, exclusions, and the rules of each mode."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.emulator.emulated import CANVAS, STORAGE, Emulated, Launch

PARAM = {
    "url": "https://example.com",
    "audioProfile": 0,
    "videoWidth": 1280,
    "videoHeight": 720,
    "maxRecordingHour": 3,
}
PUSH = {
    "serviceName": "rtmp_publish_service",
    "errorHandlePolicy": "error_ignore",
    "serviceParam": {"outputs": [{"rtmpUrl": "rtmp://example.com/live"}]},
}
VOD = {
    "serviceName": "aliyun_vod_service",
    "serviceParam": {
        "secretKey": "s",
        "accessKey": "a",
        "regionId": "cn-shanghai",
        "apiData": {"videoData": {"title": "My Video", "coverUrl": "http://example.com"}},
    },
}
SHOTS = {"captureInterval": 5, "fileType": ["jpg"]}
SALT = base64.b64encode(bytes(32)).decode()
POSTPONED = {
    "appsCollection": {"combinationPolicy": "postpone_transcoding"},
    "transcodeOptions": {
        "container": {"format": "m4a"},
        "transConfig": {"transMode": "audioMix"},
        "audio": {"sampleRate": "48000", "bitrate": "48000", "channels": "2"},
    },
}


def web(*services: dict[str, Any], **param: Any) -> dict[str, Any]:
    page = {"serviceName": "web_recorder_service", "serviceParam": {**PARAM, **param}}
    return {"extensionServiceConfig": {"extensionServices": [page, *services]}}


def storage(**changes: Any) -> dict[str, Any]:
    return {"storageConfig": {**STORAGE, **changes}}


def canvas(**changes: Any) -> dict[str, Any]:
    return {"config": {"transcodingConfig": {**CANVAS, **changes}}}


async def started(emulator: Emulated, mode: str, request: dict[str, Any]) -> Any:
    resource = await emulator.resource(scene=1 if mode == "web" else 0)
    return await emulator.start(resource, mode=mode, **request)


@pytest.mark.parametrize(
    "envelope",
    [
        {},
        {"cname": "room", "uid": "99"},
        {"cname": "room", "uid": 99, "clientRequest": {}},
        {"cname": "room", "uid": "0", "clientRequest": {}},
        {"cname": "room", "uid": "4294967296", "clientRequest": {}},
        {"cname": "room", "uid": "ada", "clientRequest": {}},
        {"cname": "room", "uid": "99", "clientRequest": []},
        {"cname": "room", "uid": "99", "clientRequest": {"resourceExpiredHour": 721}},
        {"cname": "room", "uid": "99", "clientRequest": {"resourceExpiredHour": "72"}},
        {"cname": "room", "uid": "99", "clientRequest": {"scene": 3}},
        {"cname": "room", "uid": "99", "clientRequest": {"region": "XX"}},
        {"cname": "room", "uid": "99", "clientRequest": {"regionAffinity": 5}},
    ],
)
async def test_acquire_refuses_a_broken_body(emulator: Emulated, envelope: Any) -> None:
    reply = await emulator.post("acquire", envelope)
    assert (reply.status_code, reply.json()["code"]) == (400, 2)


async def test_a_refusal_names_the_call_and_the_field(emulator: Emulated) -> None:
    reply = await emulator.acquire(resourceExpiredHour=0)
    assert reply.json()["reason"] == "Acquire: invalid resourceExpiredHour value!"


@pytest.mark.parametrize("cname", ["", "a/b", "caffè", "a*b", "x" * 65])
async def test_acquire_refuses_a_bad_channel_name(emulator: Emulated, cname: str) -> None:
    reply = await emulator.acquire(cname)
    assert (reply.status_code, reply.json()["code"]) == (400, 401)


@pytest.mark.parametrize("cname", ["x" * 64, "a b!#$%&()+-:;<=.>?@[]^_{}|~,"])
async def test_every_documented_character_may_name_a_channel(
    emulator: Emulated, cname: str
) -> None:
    assert (await emulator.acquire(cname)).status_code == 200


REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("mix", {"config": {"channelType": 2}}),
    ("mix", {"config": {"channelType": "0"}}),
    ("mix", {"config": {"channelType": True}}),
    ("mix", {"config": {"streamTypes": 3}}),
    ("mix", {"config": {"maxIdleTime": 4}}),
    ("mix", {"config": {"maxIdleTime": 2_592_001}}),
    ("mix", {"config": {"audioProfile": 3}}),
    ("mix", {"config": {"videoStreamType": 2}}),
    ("mix", {"config": {"decryptionMode": 9}}),
    ("mix", {"config": {"decryptionMode": 1}}),
    ("mix", {"config": {"decryptionMode": 7, "secret": "s"}}),
    ("mix", {"config": {"decryptionMode": 7, "secret": "s", "salt": "short"}}),
    ("mix", {"config": {"subscribeAudioUids": ["1"], "unSubscribeAudioUids": ["2"]}}),
    ("mix", {"config": {"subscribeAudioUids": ["1"], "streamTypes": 1}}),
    ("mix", {"config": {"unsubscribeVideoUids": ["1"], "streamTypes": 0}}),
    ("mix", {"config": {"subscribeVideoUids": [str(n + 1) for n in range(33)]}}),
    ("mix", {"config": {"subscribeVideoUids": [1]}}),
    ("mix", {"config": {"streamMode": "standard"}}),
    ("mix", {"config": {"transcodingConfig": {"width": 640, "height": 360}}}),
    ("mix", canvas(width=1921)),
    ("mix", canvas(width=1920, height=1081)),
    ("mix", canvas(bitrate=6501)),
    ("mix", canvas(mixedVideoLayout=4)),
    ("mix", canvas(mixedVideoLayout=3)),
    ("mix", canvas(backgroundColor="red")),
    ("mix", canvas(maxResolutionUid="0")),
    ("mix", {"recordingFileConfig": {"avFileType": ["mp4"]}}),
    ("mix", {"recordingFileConfig": {"avFileType": []}}),
    ("mix", {"snapshotConfig": SHOTS}),
    ("mix", {"storageConfig": None}),
    ("mix", storage(vendor=9)),
    ("mix", storage(region=99)),
    ("mix", storage(region="0")),
    ("mix", storage(bucket="")),
    ("mix", storage(accessKey=None)),
    ("mix", storage(fileNamePrefix=["a/b"])),
    ("mix", storage(fileNamePrefix=["a_b"])),
    ("mix", storage(fileNamePrefix=["a" * 64, "b" * 63])),
    ("mix", storage(vendor=11)),
    ("mix", storage(stsToken="t")),
    ("mix", web()),
    ("individual", canvas()),
    ("individual", {"config": {"audioProfile": 0}}),
    ("individual", {"config": {"streamMode": "original"}}),
    ("individual", {"recordingFileConfig": {"avFileType": ["hls", "mp4"]}}),
    ("individual", {"snapshotConfig": {"captureInterval": 0, "fileType": ["jpg"]}}),
    ("individual", {"snapshotConfig": {"captureInterval": 5, "fileType": ["png"]}}),
    ("individual", {"snapshotConfig": {"captureInterval": 5}}),
    ("individual", {"snapshotConfig": SHOTS, "config": {"streamTypes": 0}}),
    ("individual", {"snapshotConfig": SHOTS, "config": {"subscribeAudioUids": ["1"]}}),
    ("individual", {"appsCollection": {"combinationPolicy": "postpone_transcoding"}}),
    ("individual", POSTPONED),
    ("web", {}),
    ("web", web(url="")),
    ("web", web(videoWidth=239)),
    ("web", web(videoWidth=1920, videoHeight=1081)),
    ("web", web(maxRecordingHour=721)),
    ("web", web(videoBitrate=49)),
    ("web", web(videoFps=61)),
    ("web", web(maxVideoDuration=29)),
    ("web", web(readyTimeout=-1)),
    ("web", web(readyTimeout=1.5)),
    ("web", {"extensionServiceConfig": {"extensionServices": [PUSH]}}),
    ("web", web({**PUSH, "errorHandlePolicy": "error_abort"})),
    ("web", {**web(), "snapshotConfig": SHOTS}),
    ("raw", {}),
]


@pytest.mark.parametrize(("mode", "request_"), REFUSED, ids=str)
async def test_start_refuses_with_code_2(
    emulator: Emulated, mode: str, request_: dict[str, Any]
) -> None:
    reply = await started(emulator, mode, request_)
    assert (reply.status_code, reply.json()["code"]) == (400, 2), reply.text
    assert await emulator.tasks() == []


ACCEPTED: list[tuple[str, dict[str, Any]]] = [
    ("mix", {}),
    ("mix", {"token": "anything: this app has no certificate"}),
    ("mix", {"config": {"decryptionMode": 8, "secret": "s", "salt": SALT}}),
    ("mix", {"config": {"streamMode": "default", "subscribeUidGroup": 0, **canvas()["config"]}}),
    ("mix", {"config": {"subscribeAudioUids": ["#allstream#"]}}),
    ("mix", {"config": {"unsubscribeAudioUids": ["5"]}}),
    ("mix", {"config": {"MaxIdleTime": "a key in the wrong case is no key"}}),
    ("mix", canvas(fps=25, backgroundImage="https://example.com/a.jpg")),
    ("mix", {"recordingFileConfig": {"avFileType": ["hls", "mp4"]}}),
    ("mix", storage(vendor=6, region=None)),
    ("mix", storage(vendor=11, extensionParams={"endpoint": "https://example.com"})),
    ("mix", storage(stsToken="t", stsExpiration=4_000_000_000)),
    ("individual", {"recordingFileConfig": {"avFileType": ["hls"]}}),
    ("individual", {"snapshotConfig": SHOTS}),
    ("individual", {"snapshotConfig": SHOTS, "recordingFileConfig": {"avFileType": ["hls"]}}),
    ("individual", {"config": {"streamTypes": 0, "streamMode": "original"}, **POSTPONED}),
    (
        "individual",
        {"storageConfig": None, "extensionServiceConfig": {"extensionServices": [VOD]}},
    ),
    ("web", web(PUSH, videoBitrate=50, videoFps=5, readyTimeout=60)),
    ("web", {**web(), "recordingFileConfig": {"avFileType": ["hls", "mp4"]}, "token": "t"}),
]


@pytest.mark.parametrize(("mode", "request_"), ACCEPTED, ids=str)
async def test_start_accepts_what_the_references_allow(
    emulator: Emulated, mode: str, request_: dict[str, Any]
) -> None:
    reply = await started(emulator, mode, request_)
    assert reply.status_code == 200, reply.text


async def test_web_start_needs_the_web_scene_of_acquire(emulator: Emulated) -> None:
    reply = await emulator.start(await emulator.resource(), mode="web", **web())
    assert (reply.status_code, reply.json()["code"]) == (400, 2)


@pytest.mark.parametrize(
    "config", [{"MaxIdleTime": 60}, {"subscribeUidGroup": None, "madeUp": 1}], ids=str
)
async def test_only_a_strict_emulator_minds_unknown_keys(
    launch: Launch, emulator: Emulated, config: dict[str, Any]
) -> None:
    for target, status in ((emulator, 200), (await launch(strict=True), 400)):
        reply = await target.start(await target.resource(), config=config)
        assert reply.status_code == status, reply.text


async def test_only_a_strict_emulator_demands_a_uid_group(launch: Launch) -> None:
    emulator = await launch(strict=True)
    resource = await emulator.resource()
    reply = await emulator.start(resource, mode="individual", config={})
    assert reply.json()["reason"] == "Start: invalid recordingConfig.subscribeUidGroup value!"
    grouped = await emulator.start(resource, mode="individual", config={"subscribeUidGroup": 0})
    assert grouped.status_code == 200


@pytest.mark.parametrize(
    "layout",
    [
        {"mixedVideoLayout": 4},
        {"mixedVideoLayout": "1"},
        {"mixedVideoLayout": 3},
        {"mixedVideoLayout": 3, "layoutConfig": [{"x_axis": 0, "y_axis": 0, "width": 1}]},
        {
            "mixedVideoLayout": 3,
            "layoutConfig": [{"x_axis": 0.6, "y_axis": 0, "width": 0.5, "height": 1}],
        },
        {
            "mixedVideoLayout": 3,
            "layoutConfig": [{"x_axis": 0, "y_axis": 0, "width": 0.1, "height": 0.1}] * 18,
        },
        {"backgroundColor": "#12345"},
        {"backgroundConfig": [{"uid": "1"}]},
    ],
    ids=str,
)
async def test_a_bad_layout_is_1028_and_changes_nothing(
    emulator: Emulated, layout: dict[str, Any]
) -> None:
    task = await emulator.recording()
    reply = await emulator.call(task, "updateLayout", **layout)
    assert (reply.status_code, reply.json()["code"]) == (400, 1028)
    assert (await emulator.tasks())[0]["layout_revisions"] == []


async def test_only_mix_recordings_have_a_layout(emulator: Emulated) -> None:
    task = await emulator.recording(mode="individual")
    reply = await emulator.call(task, "updateLayout", mixedVideoLayout=1)
    assert (reply.status_code, reply.json()["code"]) == (400, 2)


@pytest.mark.parametrize(
    ("config", "update"),
    [
        ({}, {"webRecordingConfig": {"onhold": True}}),
        ({}, {"rtmpPublishConfig": {"outputs": [{"rtmpUrl": "rtmp://example.com/b"}]}}),
        ({}, {"streamSubscribe": {"audioUidList": {"subscribeAudioUids": []}}}),
        (
            {"streamTypes": 0},
            {"streamSubscribe": {"videoUidList": {"subscribeVideoUids": ["1"]}}},
        ),
        ({}, {"storageConfig": {"vendor": 1}}),
    ],
    ids=str,
)
async def test_update_refuses_what_its_recording_cannot_do(
    emulator: Emulated, config: dict[str, Any], update: dict[str, Any]
) -> None:
    task = await emulator.recording(config=config)
    reply = await emulator.call(task, "update", **update)
    assert (reply.status_code, reply.json()["code"]) == (400, 2)

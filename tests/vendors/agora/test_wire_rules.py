"""One case for each rule of the request bodies; the error names the place and the rule."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from longtake.vendors.agora.wire.requests import (
    AcquireRequest,
    StartRequest,
    StopRequest,
    UpdateLayoutRequest,
    UpdateRequest,
)

REMOVED = object()

STORAGE = {"vendor": 2, "region": 3, "bucket": "b", "accessKey": "ak", "secretKey": "sk"}
RECORDING: dict[str, Any] = {
    "maxIdleTime": 30,
    "streamTypes": 2,
    "channelType": 0,
    "transcodingConfig": {"width": 640, "height": 360, "fps": 15, "bitrate": 500},
}
MIX: dict[str, Any] = {
    "mode": "mix",
    "cname": "httpClient463224",
    "uid": "527841",
    "clientRequest": {
        "token": "007token",
        "recordingConfig": RECORDING,
        "recordingFileConfig": {"avFileType": ["hls", "mp4"]},
        "storageConfig": STORAGE,
    },
}
INDIVIDUAL: dict[str, Any] = {
    **MIX,
    "mode": "individual",
    "clientRequest": {
        "recordingConfig": {"streamTypes": 2, "subscribeUidGroup": 0, "streamMode": "default"},
        "recordingFileConfig": {"avFileType": ["hls"]},
        "snapshotConfig": {"captureInterval": 5, "fileType": ["jpg"]},
        "storageConfig": STORAGE,
    },
}
POSTPONED: dict[str, Any] = {
    **MIX,
    "mode": "individual",
    "clientRequest": {
        "appsCollection": {"combinationPolicy": "postpone_transcoding"},
        "recordingConfig": {
            "streamTypes": 0,
            "streamMode": "original",
            "subscribeAudioUids": ["123", "456"],
            "subscribeUidGroup": 0,
        },
        "transcodeOptions": {
            "container": {"format": "m4a"},
            "transConfig": {"transMode": "audioMix"},
            "audio": {"sampleRate": "48000", "bitrate": "48000", "channels": "2"},
        },
        "storageConfig": STORAGE,
    },
}
PAGE: dict[str, Any] = {
    "url": "https://page.example",
    "audioProfile": 0,
    "videoWidth": 1280,
    "videoHeight": 720,
    "maxRecordingHour": 3,
    "maxVideoDuration": 200,
    "onhold": True,
    "readyTimeout": 10,
}
WEB: dict[str, Any] = {
    **MIX,
    "mode": "web",
    "clientRequest": {
        "extensionServiceConfig": {
            "extensionServices": [
                {"serviceName": "web_recorder_service", "serviceParam": PAGE},
                {
                    "serviceName": "rtmp_publish_service",
                    "serviceParam": {"outputs": [{"rtmpUrl": "rtmp://cdn.example/a"}]},
                },
            ]
        },
        "recordingFileConfig": {"avFileType": ["hls", "mp4"]},
        "storageConfig": STORAGE,
    },
}
VOD: dict[str, Any] = {
    **MIX,
    "clientRequest": {
        "recordingConfig": RECORDING,
        "extensionServiceConfig": {
            "extensionServices": [
                {
                    "serviceName": "aliyun_vod_service",
                    "serviceParam": {
                        "accessKey": "ak",
                        "secretKey": "sk",
                        "regionId": "cn-shanghai",
                        "apiData": {"videoData": {"title": "My Video", "cateId": "7"}},
                    },
                }
            ]
        },
    },
}
UPDATE: dict[str, Any] = {
    **MIX,
    "clientRequest": {
        "streamSubscribe": {
            "audioUidList": {"subscribeAudioUids": ["#allstream#"]},
            "videoUidList": {"unSubscribeVideoUids": ["444"]},
        }
    },
}
HOLD = {**MIX, "mode": "web", "clientRequest": {"webRecordingConfig": {"onhold": True}}}
LAYOUT: dict[str, Any] = {
    **MIX,
    "clientRequest": {
        "mixedVideoLayout": 3,
        "backgroundColor": "#FF0000",
        "layoutConfig": [{"uid": "1", "x_axis": 0.1, "y_axis": 0, "width": 0.5, "height": 1}],
        "backgroundConfig": [{"uid": "1", "image_url": "https://i.example/1.jpg"}],
    },
}
ACQUIRE: dict[str, Any] = {**MIX, "clientRequest": {"scene": 0, "resourceExpiredHour": 24}}
STOP: dict[str, Any] = {**MIX, "clientRequest": {"async_stop": False}}

SAMPLES: list[tuple[type[BaseModel], dict[str, Any]]] = [
    (StartRequest, MIX),
    (StartRequest, INDIVIDUAL),
    (StartRequest, POSTPONED),
    (StartRequest, WEB),
    (StartRequest, VOD),
    (UpdateRequest, UPDATE),
    (UpdateRequest, HOLD),
    (UpdateLayoutRequest, LAYOUT),
    (AcquireRequest, ACQUIRE),
    (StopRequest, STOP),
]


@pytest.mark.parametrize(("model", "sample"), SAMPLES)
def test_documented_sample_is_sent_as_it_is(model: Any, sample: dict[str, Any]) -> None:
    sent = json.loads(model.model_validate(sample).body())
    expected = {name: value for name, value in sample.items() if name != "mode"}
    assert _holds(sent, expected)


def _holds(sent: Any, expected: Any) -> bool:
    """Defaults may be added, nothing may be lost or changed."""
    if isinstance(expected, dict):
        return all(key in sent and _holds(sent[key], expected[key]) for key in expected)
    if isinstance(expected, list):
        return len(sent) == len(expected) and all(map(_holds, sent, expected))
    return sent == expected


def changed(sample: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    result = copy.deepcopy(sample)
    at: Any = result
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    for parent in parents:
        at = at[parent]
    if value is REMOVED:
        del at[last]
    else:
        at[last] = value
    return result


C = "clientRequest"
R = f"{C}.recordingConfig"
T = f"{R}.transcodingConfig"
S = f"{C}.storageConfig"
E = f"{C}.extensionServiceConfig.extensionServices"
P = f"{E}.0.serviceParam"
LIST = [str(uid) for uid in range(1, 34)]

Case = tuple[type[BaseModel], dict[str, Any], str, Any, str, str]
"""Model, sample, path, value, where the error is, what it says."""

BROKEN: list[Case] = [
    (AcquireRequest, ACQUIRE, "cname", "x" * 65, "cname", "at most 64 bytes"),
    (AcquireRequest, ACQUIRE, "cname", "käse", "cname", "must consist of"),
    (AcquireRequest, ACQUIRE, "cname", "", "cname", "must consist of"),
    (AcquireRequest, ACQUIRE, "cname", "a/b", "cname", "must consist of"),
    (AcquireRequest, {**ACQUIRE, "mode": "web"}, "cname", "x" * 1025, "cname", "at most 1024"),
    (AcquireRequest, ACQUIRE, "uid", "0", "uid", "from 1 to 4294967295"),
    (AcquireRequest, ACQUIRE, "uid", "4294967296", "uid", "from 1 to 4294967295"),
    (AcquireRequest, ACQUIRE, "uid", "007", "uid", "from 1 to 4294967295"),
    (AcquireRequest, ACQUIRE, "uid", 527841, "uid", "valid string"),
    (AcquireRequest, ACQUIRE, "mode", "raw", "mode", "'individual'"),
    (AcquireRequest, ACQUIRE, f"{C}.scene", 3, f"{C}.scene", "less than or equal to 2"),
    (AcquireRequest, ACQUIRE, f"{C}.scene", 1, "", "scene 1 is for mode web"),
    (AcquireRequest, ACQUIRE, f"{C}.resourceExpiredHour", 0, f"{C}.resourceExpiredHour", "1"),
    (AcquireRequest, ACQUIRE, f"{C}.resourceExpiredHour", 721, f"{C}.resourceExpiredHour", "720"),
    (AcquireRequest, ACQUIRE, f"{C}.region", "US", f"{C}.region", "'NA'"),
    (AcquireRequest, ACQUIRE, f"{C}.regionAffinity", 5, f"{C}.regionAffinity", "4"),
    (AcquireRequest, ACQUIRE, f"{C}.excludeResourceIds", [], f"{C}.excludeResourceIds", "1 item"),
    (AcquireRequest, ACQUIRE, C, {"scene": 2, "region": "EU"}, C, "takes no region"),
    (AcquireRequest, ACQUIRE, f"{C}.Scene", 0, f"{C}.Scene", "not permitted"),
    (StartRequest, MIX, R, REMOVED, "", "mode mix needs recordingConfig"),
    (StartRequest, MIX, S, REMOVED, "", "storageConfig is needed"),
    (StartRequest, MIX, f"{R}.channelType", 2, f"{R}.channelType", "0 or 1"),
    (StartRequest, MIX, f"{R}.streamTypes", 3, f"{R}.streamTypes", "0, 1 or 2"),
    (StartRequest, MIX, f"{R}.streamMode", "standard", "", "belongs to mode individual"),
    (StartRequest, MIX, f"{R}.decryptionMode", 9, f"{R}.decryptionMode", "8"),
    (StartRequest, MIX, f"{R}.decryptionMode", 1, R, "needs a secret"),
    (StartRequest, MIX, f"{R}.salt", "c2FsdA==", f"{R}.salt", "32 bytes"),
    (StartRequest, MIX, f"{R}.salt", "not base64!", f"{R}.salt", "32 bytes"),
    (StartRequest, MIX, f"{R}.audioProfile", 3, f"{R}.audioProfile", "0, 1 or 2"),
    (StartRequest, MIX, f"{R}.videoStreamType", 2, f"{R}.videoStreamType", "0 or 1"),
    (StartRequest, MIX, f"{R}.maxIdleTime", 4, f"{R}.maxIdleTime", "5"),
    (StartRequest, MIX, f"{R}.maxIdleTime", 2_592_001, f"{R}.maxIdleTime", "2592000"),
    (StartRequest, MIX, f"{R}.subscribeUidGroup", 6, f"{R}.subscribeUidGroup", "5"),
    (StartRequest, MIX, f"{R}.subscribeAudioUids", [], f"{R}.subscribeAudioUids", "1 item"),
    (StartRequest, MIX, f"{R}.subscribeVideoUids", LIST, f"{R}.subscribeVideoUids", "32 items"),
    (StartRequest, MIX, f"{R}.unSubscribeAudioUids", ["ada"], f"{R}.unSubscribeAudioUids.0", "1"),
    (StartRequest, MIX, f"{R}.unsubscribeAudioUids", ["1"], f"{R}.unsubscribeAudioUids", "permit"),
    (StartRequest, MIX, f"{T}.width", 1921, f"{T}.width", "1920"),
    (StartRequest, MIX, f"{T}.width", REMOVED, f"{T}.width", "required"),
    (StartRequest, MIX, f"{T}.height", 1921, f"{T}.height", "1920"),
    (StartRequest, MIX, f"{T}.fps", 25, f"{T}.fps", "1, 7, 10, 15, 24, 30 or 60"),
    (StartRequest, MIX, f"{T}.bitrate", 6501, f"{T}.bitrate", "6500"),
    (
        StartRequest,
        MIX,
        T,
        {"width": 1920, "height": 1081, "fps": 15, "bitrate": 500},
        T,
        "at most 2073600",
    ),
    (StartRequest, MIX, f"{C}.recordingFileConfig.avFileType", ["mp4"], "", "needs it beside"),
    (StartRequest, MIX, f"{C}.snapshotConfig", {}, "", "belong to mode individual"),
    (StartRequest, MIX, f"{C}.appsCollection", {}, "", "belong to mode individual"),
    (StartRequest, MIX, f"{S}.vendor", 9, S, "must be one of qiniu (0)"),
    (StartRequest, MIX, f"{S}.region", 28, S, "must be one of aliyun's"),
    (StartRequest, MIX, f"{S}.bucket", "", f"{S}.bucket", "1 character"),
    (StartRequest, MIX, f"{S}.secretKey", REMOVED, f"{S}.secretKey", "required"),
    (StartRequest, MIX, f"{S}.fileNamePrefix", ["a_b"], f"{S}.fileNamePrefix.0", "match pattern"),
    (StartRequest, MIX, f"{S}.fileNamePrefix", ["a/b"], f"{S}.fileNamePrefix.0", "match pattern"),
    (StartRequest, MIX, f"{S}.fileNamePrefix", ["x" * 128], S, "at most 128"),
    (StartRequest, MIX, f"{S}.extensionParams", {"sse": "kms"}, S, "belongs to Amazon S3"),
    (StartRequest, MIX, f"{S}.extensionParams", {"sse": "x"}, f"{S}.extensionParams.sse", "'kms'"),
    (StartRequest, MIX, f"{S}.extensionParams", {"endpoint": "e"}, S, "for vendor 11"),
    (
        StartRequest,
        MIX,
        S,
        {**STORAGE, "vendor": 3, "extensionParams": {"tag": "t"}},
        S,
        "Amazon S3 and Alibaba",
    ),
    (StartRequest, MIX, S, {**STORAGE, "vendor": 11, "region": 0}, S, "needs it"),
    (StartRequest, MIX, f"{S}.stsToken", "t", S, "belong together"),
    (
        StartRequest,
        MIX,
        S,
        {**STORAGE, "vendor": 6, "region": 0, "stsToken": "t", "stsExpiration": 1},
        S,
        "1, 2 and 3",
    ),
    (StartRequest, INDIVIDUAL, f"{R}.subscribeUidGroup", REMOVED, "", "needs subscribeUidGroup"),
    (StartRequest, INDIVIDUAL, f"{R}.audioProfile", 1, "", "neither audioProfile"),
    (StartRequest, INDIVIDUAL, T, RECORDING["transcodingConfig"], "", "nor transcodingConfig"),
    (StartRequest, INDIVIDUAL, f"{R}.streamMode", "original", R, "needs streamTypes 0"),
    (StartRequest, INDIVIDUAL, f"{R}.streamTypes", 0, "", "snapshotConfig needs streamTypes"),
    (
        StartRequest,
        INDIVIDUAL,
        f"{R}.subscribeAudioUids",
        ["1"],
        "",
        "needs subscribeVideoUids too",
    ),
    (
        StartRequest,
        INDIVIDUAL,
        f"{C}.recordingFileConfig.avFileType",
        ["hls", "mp4"],
        "",
        "modes mix and web",
    ),
    (
        StartRequest,
        INDIVIDUAL,
        f"{C}.snapshotConfig.captureInterval",
        0,
        f"{C}.snapshotConfig.captureInterval",
        "1",
    ),
    (
        StartRequest,
        INDIVIDUAL,
        f"{C}.snapshotConfig.captureInterval",
        3601,
        f"{C}.snapshotConfig.captureInterval",
        "3600",
    ),
    (
        StartRequest,
        INDIVIDUAL,
        f"{C}.snapshotConfig.fileType",
        ["png"],
        f"{C}.snapshotConfig.fileType.0",
        "jpg",
    ),
    (StartRequest, POSTPONED, f"{C}.appsCollection", REMOVED, "", "need each other"),
    (StartRequest, POSTPONED, f"{C}.transcodeOptions", REMOVED, "", "need each other"),
    (StartRequest, POSTPONED, f"{R}.streamMode", "standard", "", "streamMode 'original'"),
    (
        StartRequest,
        POSTPONED,
        f"{C}.transcodeOptions.container.format",
        "mp4",
        f"{C}.transcodeOptions",
        "for postponeTranscoding",
    ),
    (
        StartRequest,
        POSTPONED,
        f"{C}.transcodeOptions.audio.sampleRate",
        "44100",
        f"{C}.transcodeOptions.audio.sampleRate",
        "48000",
    ),
    (
        StartRequest,
        POSTPONED,
        f"{C}.transcodeOptions.audio.bitrate",
        "96000",
        f"{C}.transcodeOptions.audio.bitrate",
        "48000",
    ),
    (
        StartRequest,
        POSTPONED,
        f"{C}.transcodeOptions.audio.channels",
        "3",
        f"{C}.transcodeOptions.audio.channels",
        "'1' or '2'",
    ),
    (
        StartRequest,
        POSTPONED,
        f"{C}.transcodeOptions",
        {
            "container": {"format": "mp4"},
            "transConfig": {"transMode": "postponeTranscoding"},
            "audio": {},
        },
        f"{C}.transcodeOptions",
        "audio belongs to audioMix",
    ),
    (StartRequest, WEB, R, {}, "", "takes no recordingConfig"),
    (StartRequest, WEB, f"{C}.extensionServiceConfig", REMOVED, "", "is for mode web"),
    (StartRequest, WEB, f"{E}.0", REMOVED, f"{C}.extensionServiceConfig", "works beside"),
    (StartRequest, WEB, f"{P}.url", "ftp://x", "web_recorder_service.serviceParam.url", "match"),
    (StartRequest, WEB, f"{P}.audioProfile", REMOVED, "audioProfile", "required"),
    (StartRequest, WEB, f"{P}.videoWidth", 239, "videoWidth", "240"),
    (StartRequest, WEB, f"{P}.videoHeight", 1921, "videoHeight", "1920"),
    (StartRequest, WEB, P, {**PAGE, "videoWidth": 1920, "videoHeight": 1081}, "Param", "2073600"),
    (StartRequest, WEB, f"{P}.maxRecordingHour", 721, "maxRecordingHour", "720"),
    (StartRequest, WEB, f"{P}.maxRecordingHour", 0, "maxRecordingHour", "1"),
    (StartRequest, WEB, f"{P}.videoBitrate", 49, "videoBitrate", "50"),
    (StartRequest, WEB, f"{P}.videoBitrate", 8001, "videoBitrate", "8000"),
    (StartRequest, WEB, f"{P}.videoFps", 4, "videoFps", "5"),
    (StartRequest, WEB, f"{P}.videoFps", 61, "videoFps", "60"),
    (StartRequest, WEB, f"{P}.mobile", "yes", "mobile", "boolean"),
    (StartRequest, WEB, f"{P}.onhold", 1, "onhold", "boolean"),
    (StartRequest, WEB, f"{P}.maxVideoDuration", 29, "maxVideoDuration", "30"),
    (StartRequest, WEB, f"{P}.maxVideoDuration", 241, "maxVideoDuration", "240"),
    (StartRequest, WEB, f"{P}.readyTimeout", -1, "readyTimeout", "0"),
    (StartRequest, WEB, f"{P}.readyTimeout", 61, "readyTimeout", "60"),
    (StartRequest, WEB, f"{P}.readyTimeout", 1.5, "readyTimeout", "integer"),
    (
        StartRequest,
        WEB,
        f"{E}.1.serviceParam.outputs.0.rtmpUrl",
        "https://x",
        "outputs.0",
        "RTMP or RTMPS",
    ),
    (
        StartRequest,
        WEB,
        f"{E}.1.serviceParam.outputs",
        [{"rtmpUrl": "rtmp://a"}, {"rtmpUrl": "rtmp://b"}],
        "outputs",
        "at most 1",
    ),
    (StartRequest, WEB, f"{E}.0.errorHandlePolicy", "error_ignore", "errorHandlePolicy", "abort"),
    (StartRequest, WEB, f"{E}.1.errorHandlePolicy", "error_abort", "errorHandlePolicy", "ignore"),
    (
        StartRequest,
        WEB,
        f"{C}.extensionServiceConfig.apiVersion",
        "v2",
        "apiVersion",
        "v1",
    ),
    (StartRequest, {**VOD, "mode": "web"}, R, REMOVED, "", "is for mode web"),
    (StartRequest, VOD, f"{P}.apiData.videoData.title", "", "title", "1 character"),
    (StartRequest, VOD, f"{P}.apiData.videoData.cateId", "x", "cateId", "match"),
    (StartRequest, VOD, f"{P}.regionId", "", "regionId", "1 character"),
    (UpdateRequest, UPDATE, C, {}, "", "must hold something"),
    (UpdateRequest, {**UPDATE, "mode": "web"}, "uid", "1", "", "individual and mix"),
    (UpdateRequest, {**HOLD, "mode": "mix"}, "uid", "1", "", "belong to mode web"),
    (UpdateRequest, HOLD, f"{C}.webRecordingConfig.onhold", "true", "onhold", "boolean"),
    (
        UpdateRequest,
        UPDATE,
        f"{C}.streamSubscribe.audioUidList",
        {},
        "audioUidList",
        "give either",
    ),
    (
        UpdateRequest,
        UPDATE,
        f"{C}.streamSubscribe.videoUidList",
        {"subscribeVideoUids": ["1"], "unSubscribeVideoUids": ["2"]},
        "videoUidList",
        "give either",
    ),
    (UpdateLayoutRequest, {**LAYOUT, "mode": "web"}, "uid", "1", "", "belongs to mode mix"),
    (UpdateLayoutRequest, {**LAYOUT, "mode": "individual"}, "uid", "1", "", "belongs to mode mix"),
    (UpdateLayoutRequest, LAYOUT, f"{C}.mixedVideoLayout", 4, "mixedVideoLayout", "0, 1, 2 or 3"),
    (UpdateLayoutRequest, LAYOUT, f"{C}.mixedVideoLayout", 1, C, "is for mixedVideoLayout 3"),
    (UpdateLayoutRequest, LAYOUT, f"{C}.layoutConfig", REMOVED, C, "needs it"),
    (UpdateLayoutRequest, LAYOUT, f"{C}.maxResolutionUid", "1", C, "is for mixedVideoLayout 2"),
    (UpdateLayoutRequest, LAYOUT, f"{C}.maxResolutionUid", "0", "maxResolutionUid", "from 1"),
    (UpdateLayoutRequest, LAYOUT, f"{C}.backgroundColor", "red", "backgroundColor", "match"),
    (UpdateLayoutRequest, LAYOUT, f"{C}.backgroundImage", "x.jpg", "backgroundImage", "match"),
    (UpdateLayoutRequest, LAYOUT, f"{C}.layoutConfig.0.x_axis", 1.1, "x_axis", "1"),
    (UpdateLayoutRequest, LAYOUT, f"{C}.layoutConfig.0.width", REMOVED, "width", "required"),
    (UpdateLayoutRequest, LAYOUT, f"{C}.layoutConfig.0.width", 0.91, "layoutConfig.0", "inside"),
    (UpdateLayoutRequest, LAYOUT, f"{C}.layoutConfig.0.alpha", -0.1, "alpha", "0"),
    (UpdateLayoutRequest, LAYOUT, f"{C}.layoutConfig.0.render_mode", 2, "render_mode", "0 or 1"),
    (
        UpdateLayoutRequest,
        LAYOUT,
        f"{C}.layoutConfig",
        LAYOUT[C]["layoutConfig"] * 18,
        "layoutConfig",
        "17 items",
    ),
    (UpdateLayoutRequest, LAYOUT, f"{C}.width", 640, "width", "not permitted"),
    (
        UpdateLayoutRequest,
        LAYOUT,
        f"{C}.backgroundConfig.0.uid",
        "0",
        "backgroundConfig.0.uid",
        "1 to",
    ),
    (StopRequest, STOP, f"{C}.async_stop", "true", "async_stop", "boolean"),
    (StopRequest, STOP, f"{C}.asyncStop", True, "asyncStop", "not permitted"),
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


@pytest.mark.parametrize(
    ("conflict", "stream_types"),
    [
        ({"subscribeAudioUids": ["1"], "unSubscribeAudioUids": ["2"]}, 2),
        ({"subscribeVideoUids": ["1"], "unSubscribeVideoUids": ["2"]}, 2),
        ({"subscribeAudioUids": ["1"]}, 1),
        ({"unSubscribeAudioUids": ["1"]}, 1),
        ({"subscribeVideoUids": ["1"]}, 0),
        ({"unSubscribeVideoUids": ["1"]}, 0),
    ],
)
def test_conflicting_lists_are_refused(conflict: dict[str, Any], stream_types: int) -> None:
    config = {"streamTypes": stream_types, **conflict}
    with pytest.raises(ValidationError, match=r"exclude each other|takes no list"):
        StartRequest.model_validate(changed(MIX, R, config))


@pytest.mark.parametrize("mode", [7, 8])
def test_gcm2_needs_a_salt(mode: int) -> None:
    config = {"decryptionMode": mode, "secret": "s"}
    with pytest.raises(ValidationError, match="need a salt"):
        StartRequest.model_validate(changed(MIX, R, config))


def test_secrets_show_in_the_body_only() -> None:
    request = StartRequest.model_validate(WEB)
    assert b'"accessKey":"ak"' in request.body()
    for view in (repr(request), str(request), request.model_dump_json(), str(request.model_dump())):
        assert "'ak'" not in view
        assert '"ak"' not in view
        assert "cdn.example" not in view

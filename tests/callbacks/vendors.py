"""Each vendor's callbacks as the tests send them: signed by the reference, apart from our code."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from longtake.domain.ports import CallbackParser
from longtake.vendors import emulator, vendor

Headers = dict[str, str]


@dataclass(frozen=True)
class Voice:
    """How a vendor speaks. `sign` takes the secret and the body."""

    sign: Callable[[str, bytes], Headers]
    event: Mapping[str, Any]
    """A documented event, as JSON."""
    receipt: Mapping[str, object]
    """What it wants to hear, by its reference."""
    answer_within: float
    """Seconds; where the reference is silent, those of the most impatient vendor."""
    token: str = ""
    """The last part of an attempt's own address."""
    covers_body: bool = True
    """Whether the signature is of the body too."""


def _hex(secret: str, message: bytes, digest: Any = hashlib.sha256) -> str:
    return hmac.new(secret.encode(), message, digest).hexdigest()


def _agora(secret: str, body: bytes) -> Headers:
    return {
        "agora-signature": _hex(secret, body, hashlib.sha1),
        "agora-signature-v2": _hex(secret, body),
    }


def _tencent(secret: str, body: bytes) -> Headers:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return {"sign": base64.b64encode(digest).decode(), "sdkappid": "1400700001"}


def _alibaba(secret: str, _body: bytes) -> Headers:
    stamp = str(int(time.time()))
    digest = hashlib.md5(f"{stamp}|{secret}".encode()).hexdigest()
    return {"ali-live-timestamp": stamp, "ali-live-signature": digest}


def _huawei(secret: str, body: bytes) -> Headers:
    rand, stamp = "7f3a9c1e", str(int(time.time()))
    return {
        "x-rtc-rand": rand,
        "x-rtc-timestamp": stamp,
        "x-rtc-signature": _hex(secret, rand.encode() + stamp.encode() + body),
    }


VOICES: Mapping[str, Voice] = {
    "agora": Voice(
        sign=_agora,
        event={
            "noticeId": "2000001428:4330:107",
            "productId": 3,
            "eventType": 31,
            "notifyMs": 1700000123456,
            "payload": {
                "cname": "nobody-records",
                "uid": "527841",
                "sid": "38f8e3cfdc474cd56fc1ceba380d7e1a",
                "sequence": 7,
                "sendts": 1700000123400,
                "serviceType": 2,
                "details": {"msgName": "uploaded", "fileList": [{"fileName": "a/b.m3u8"}]},
            },
        },
        receipt={"status": "success"},
        answer_within=10,
    ),
    "tencent": Voice(
        sign=_tencent,
        event={
            "EventGroupId": 3,
            "EventType": 310,
            "CallbackTs": 1700000005123,
            "EventInfo": {
                "RoomId": "nobody-records",
                "EventTs": "1700000005",
                "EventMsTs": 1700000005100,
                "UserId": "rec_r7_01",
                "TaskId": "task-Ab+9_x.",
                "Payload": {"Status": 0, "FileList": ["a.mp4"], "FileMessage": []},
            },
        },
        receipt={"code": 0},
        answer_within=5,
    ),
    "alibaba": Voice(
        sign=_alibaba,
        event={
            "appId": "app",
            "channelId": "nobody-records",
            "taskId": "73a1c0de",
            "eventType": "RecordFileUploaded",
            "callbackTs": 1748417138123,
            "payload": '{"file": "a.mp4"}',
        },
        receipt={"Code": 0, "Msg": "Success"},
        answer_within=5,
        token="lt0123456789abcdef0123",
        covers_body=False,
    ),
    "huawei": Voice(
        sign=_huawei,
        event={
            "event_type": "RECORD_FILE_COMPLETE",
            "job_id": "608196a2fa1b2c3d515147f32ef463b0",
            "room_id": "nobody-records",
            "stream_name": "s_608196a2fa1b2c3d515147f32ef463b0_nobody-records_ada",
            "record_format": "HLS",
            "start_time": "2026-11-20T09:00:00Z",
            "obs_object": "app/hls/s_1_r_ada_2026-11-20-09-00-00/i.m3u8",
        },
        receipt={"status": 1, "result": "success"},
        answer_within=5,
    ),
}


def parser_of(slug: str, **account: Any) -> CallbackParser:
    """Of the emulated account; `account` replaces keys of its settings."""
    given = {**emulator(slug).ACCOUNT.account, **account}
    spec = vendor(slug)
    return spec.callbacks("demo", spec.account.model_validate(given))


def secret_of(slug: str) -> str:
    return emulator(slug).ACCOUNT.account["callback_secret"]

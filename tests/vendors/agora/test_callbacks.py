"""Signatures by the vendor's published vectors; events in neutral terms."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from longtake.domain.errors import InvalidRequest, Unauthorized
from longtake.domain.events import VendorEvent
from longtake.domain.files import LISTED
from longtake.vendors.agora.callbacks import AgoraCallbacks
from longtake.vendors.agora.settings import AgoraAccount

SID = "38f8e3cfdc474cd56fc1ceba380d7e1a"
FIRST = (
    b'{"eventMs":1560408533119,"eventType":10,"noticeId":"4eb720f0-8da7-11e9-a43e-53f411c2761f",'
    b'"notifyMs":1560408533119,"payload":{"a":"1","b":2},"productId":1}'
)
FIRST_V1 = "033c62f40f687675f17f0f41f91a40c71c0f134c"
FIRST_V2 = "6d3320c60b11101395b7fc8f9068748808a0aa1bfa064438e39d1bc2c7d74d99"
SECOND = (
    b'{"noticeId":"2000001428:4330:107","productId":3,"eventType":31,"notifyMs":1700000123456,'
    b'"payload":{"cname":"httpClient463224","uid":"527841",'
    b'"sid":"38f8e3cfdc474cd56fc1ceba380d7e1a","sequence":7,"sendts":1700000123400,'
    b'"serviceType":2,"details":{"msgName":"uploaded","status":0,"fileList":[{"fileName":'
    b'"38f8e3cfdc474cd56fc1ceba380d7e1a_httpClient463224.m3u8","trackType":"audio_and_video",'
    b'"uid":"0","mixedAllUser":true,"isPlayable":true,"sliceStartTime":1700000000123}]}}}'
)
SECOND_V1 = "efb40d9950de0f5725f363c8956de99b48f372de"
SECOND_V2 = "65a03d3b2d13ac6db1618e4ac20174bb1b312dbb344bdb308ba8040ae34ae77e"

Make = Callable[..., AgoraCallbacks]


@pytest.fixture
def callbacks(make_account: Callable[..., AgoraAccount]) -> Make:
    return lambda secret="ncs-test-secret": AgoraCallbacks(
        "demo", make_account(callback_secret=secret)
    )


@pytest.mark.parametrize(
    ("secret", "body", "headers"),
    [
        ("secret", FIRST, {"Agora-Signature": FIRST_V1}),
        ("secret", FIRST, {"Agora-Signature-V2": FIRST_V2}),
        ("ncs-test-secret", SECOND, {"agora-signature": SECOND_V1}),
        ("ncs-test-secret", SECOND, {"agora-signature-v2": SECOND_V2}),
        ("ncs-test-secret", SECOND, {"Agora-Signature-V2": SECOND_V2, "Agora-Signature": "junk"}),
    ],
)
def test_published_signature_is_accepted(
    callbacks: Make, secret: str, body: bytes, headers: dict[str, str]
) -> None:
    callbacks(secret).verify(headers, body)


@pytest.mark.parametrize(
    ("secret", "body", "headers"),
    [
        ("ncs-test-secret", SECOND, {}),
        ("ncs-test-secret", SECOND + b"\n", {"Agora-Signature-V2": SECOND_V2}),
        ("other-secret", SECOND, {"Agora-Signature-V2": SECOND_V2}),
        ("ncs-test-secret", SECOND, {"Agora-Signature-V2": SECOND_V1}),
        ("ncs-test-secret", SECOND, {"Agora-Signature-V2": ""}),
        ("ncs-test-secret", SECOND, {"Agora-Signature-V2": "Ünsigned"}),
        ("ncs-test-secret", SECOND, {"Agora-Signature-V2": "junk", "Agora-Signature": SECOND_V1}),
        (None, SECOND, {"Agora-Signature-V2": SECOND_V2}),
    ],
)
def test_whatever_is_not_signed_as_it_should_be_is_refused(
    callbacks: Make, secret: str | None, body: bytes, headers: dict[str, str]
) -> None:
    with pytest.raises(Unauthorized):
        callbacks(secret).verify(headers, body)


def notice(event: int, **details: Any) -> bytes:
    payload = {
        "cname": "standup",
        "uid": "527841",
        "sid": SID,
        "sequence": 3,
        "sendts": 1700000123400,
        "serviceType": 0,
        "details": {"msgName": "m", **details},
    }
    return json.dumps(
        {
            "noticeId": "n-1",
            "productId": 3,
            "eventType": event,
            "notifyMs": 1700000123456,
            "payload": payload,
        }
    ).encode()


def changed(body: bytes, **payload: Any) -> bytes:
    parsed = json.loads(body)
    parsed["payload"].update(payload)
    return json.dumps(parsed).encode()


def parsed(callbacks: Make, body: bytes) -> VendorEvent:
    event = callbacks().parse(body)
    assert event is not None
    return event


def test_published_event_is_read_whole(callbacks: Make) -> None:
    event = parsed(callbacks, SECOND)
    assert (event.kind, event.account, event.room) == ("uploaded", "demo", "httpClient463224")
    assert (event.recorder, event.task_id) == ("527841", SID)
    assert event.at == datetime(2023, 11, 14, 22, 15, 23, 400000, tzinfo=UTC)
    assert event.files == ()  # the published event names its file without a path
    assert event.detail.startswith("uploaded")


@pytest.mark.parametrize(
    ("event", "details", "kind"),
    [
        (1, {"module": 0, "errorLevel": 5, "errorCode": 110, "stat": 0}, "error"),
        (1, {"module": 1, "errorCode": 32}, "storage_error"),
        (1, {"module": "1", "errorCode": "47"}, "storage_error"),
        (1, {"module": 1, "errorCode": 51}, "storage_error"),
        (1, {"module": 1, "errorCode": 50}, "error"),
        (1, {"module": 2, "errorCode": 52}, "error"),
        (2, {"module": 1, "warnCode": 31}, "warning"),
        (3, {"status": 5}, "other"),
        (4, {"fileList": "a.m3u8"}, "files"),
        (11, {"exitStatus": 0}, "ended"),
        (12, {"newUid": 99}, "failover"),
        (13, {}, "other"),
        (30, {"status": 0}, "other"),
        (31, {"status": 0}, "uploaded"),
        (32, {"status": 0}, "backed_up"),
        (33, {"progress": 10000}, "other"),
        (34, {}, "storage_error"),
        (40, {"status": 0}, "started"),
        (41, {"leaveCode": 4}, "other"),
        (42, {"startUtcMs": 1}, "media_flowing"),
        (43, {"streamUid": 0, "state": 0}, "media_flowing"),
        (43, {"streamUid": 0, "state": 1}, "media_stopped"),
        (44, {"streamUid": 0, "state": "0"}, "media_flowing"),
        (44, {"streamUid": 0, "state": 1}, "media_stopped"),
        (45, {"fileName": "rec/s.jpg"}, "files"),
        (60, {}, "other"),
        (61, {}, "other"),
        (70, {"recorderStartTime": 1}, "started"),
        (71, {"code": 0}, "ended"),
        (72, {"limitType": "resolution"}, "error"),
        (73, {"reason": "page_load_timeout"}, "warning"),
        (80, {}, "other"),
        (81, {"result": "all_success"}, "uploaded"),
        (81, {"result": "partial_success"}, "warning"),
        (81, {"result": "fail"}, "error"),
        (90, {"fileName": "a;b"}, "warning"),
        (100, {"status": "publishing"}, "other"),
        (1001, {"result": "total_success"}, "uploaded"),
        (1001, {"result": "failed"}, "error"),
        (46, {}, "other"),
        (4711, {}, "other"),
    ],
)
def test_event_is_told_in_neutral_terms(
    callbacks: Make, event: int, details: dict[str, Any], kind: str
) -> None:
    assert parsed(callbacks, notice(event, **details)).kind == kind


@pytest.mark.parametrize(
    ("event", "details", "keys"),
    [
        (4, {"fileList": "rec/a.m3u8"}, ["rec/a.m3u8"]),
        (4, {"fileList": "r/a;b.m3u8;r/c.m3u8"}, ["r/a;b.m3u8", "r/c.m3u8"]),
        (
            31,
            {"fileList": [{"fileName": "r/a.mp4"}, {"fileName": "r/a.ts"}]},
            ["r/a.mp4", "r/a.ts"],
        ),
        (31, {"fileList": [{"fileName": "a.mp4"}, {"fileName": "r/a.ts"}]}, ["r/a.ts"]),
        (45, {"fileName": "rec/s.jpg"}, ["rec/s.jpg"]),
        (71, {"fileList": [{"filename": "r/w.m3u8"}]}, ["r/w.m3u8"]),
        (81, {"uids": [{"uid": "1", "fileList": [{"fileName": "r/1.mp4"}]}, {}]}, ["r/1.mp4"]),
        (1001, {"fileList": [{"fileName": "r/mix.mp3"}]}, ["r/mix.mp3"]),
        (31, {}, []),
    ],
)
def test_event_brings_its_files(
    callbacks: Make, event: int, details: dict[str, Any], keys: list[str]
) -> None:
    assert [file.key for file in parsed(callbacks, notice(event, **details)).files] == keys


def test_huge_file_list_is_cut_to_what_a_history_holds(callbacks: Make) -> None:
    names = [{"fileName": f"r/{n}.m3u8"} for n in range(5000)]
    assert len(parsed(callbacks, notice(31, fileList=names)).files) == LISTED


def test_repeats_have_one_identity(callbacks: Make) -> None:
    first = json.loads(notice(31))
    resent = {**first, "notifyMs": 1700000999999}
    second_delivery = {**first, "noticeId": "n-2"}
    events = [parsed(callbacks, json.dumps(b).encode()) for b in (first, resent, second_delivery)]
    assert len({event.id for event in events}) == 1


def test_different_events_have_different_identities(callbacks: Make) -> None:
    bodies = [
        notice(31),
        notice(32),
        changed(notice(31), sequence=4),
        changed(notice(31), uid="99"),
        changed(notice(31), serviceType=1),
        changed(notice(31), sid="0" * 32),
    ]
    assert len({parsed(callbacks, body).id for body in bodies}) == len(bodies)


def test_event_without_a_sequence_goes_by_its_notice(callbacks: Make) -> None:
    assert parsed(callbacks, changed(notice(31), sequence=None)).id == "notice:n-1"


def test_event_without_a_time_is_stamped_when_it_comes(
    make_account: Callable[..., AgoraAccount],
) -> None:
    now = datetime(2026, 11, 20, 9, tzinfo=UTC)
    body = notice(31).replace(b"1700000123400", b"null").replace(b"1700000123456", b"0")
    event = AgoraCallbacks("demo", make_account(), lambda: now).parse(body)
    assert event is not None
    assert event.at == now


def test_numeric_recorder_is_text(callbacks: Make) -> None:
    assert parsed(callbacks, changed(notice(40), uid=527841)).recorder == "527841"


@pytest.mark.parametrize("body", [FIRST, b'{"productId":3,"eventType":40}', b"[]", b"7", b"{}"])
def test_what_names_no_recording_is_no_event(callbacks: Make, body: bytes) -> None:
    assert callbacks().parse(body) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        changed(notice(31), cname=5),
        notice(31).replace(b'"eventType": 31', b'"eventType": "x"'),
    ],
)
def test_malformed_body_is_an_invalid_request(callbacks: Make, body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        callbacks().parse(body)


def test_detail_is_short_printable_and_without_secrets(callbacks: Make) -> None:
    body = notice(1, module=1, errorCode=47, errorMsg="customer-secret-value\n\x00" + "x" * 999)
    detail = parsed(callbacks, body).detail
    assert "errorCode=47" in detail
    assert "customer-secret-value" not in detail
    assert detail.isprintable()
    assert len(detail) <= 200


@pytest.mark.parametrize(
    ("details", "ids"),
    [
        (
            {"aliVodInfo": {"videoId": "93ab850b4f6f44eab54b6e91d24d81d4"}},
            ["93ab850b4f6f44eab54b6e91d24d81d4"],
        ),
        ({"aliVodInfo": {}}, []),
        ({"aliVodInfo": "later"}, []),
        ({}, []),
    ],
)
def test_video_of_vod_goes_by_its_id(
    callbacks: Make, details: dict[str, Any], ids: list[str]
) -> None:
    found = parsed(callbacks, notice(60, **details)).files
    assert [file.file_id for file in found] == [file.key for file in found] == ids

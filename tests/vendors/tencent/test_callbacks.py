"""Signatures by the reference's vectors; events in neutral terms, whatever their shape."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longtake.domain.errors import InvalidRequest, Unauthorized
from longtake.domain.events import VendorEvent
from longtake.domain.files import LISTED
from longtake.vendors.tencent.callbacks import TencentCallbacks
from longtake.vendors.tencent.settings import TencentAccount

KEY = "cbKey0123456789ABCDEFabcdef"
STOPPED = (
    b'{"EventGroupId":3,"EventType":302,"CallbackTs":1700000005123,"EventInfo":{"RoomId":"20015",'
    b'"EventTs":"1700000005","EventMsTs":1700000005100,"UserId":"rec_r7_01",'
    b'"TaskId":"task-Ab+9_x.","Payload":{"LeaveCode":0}}}'
)
SIGN = "Bvlf6PWW2rkOhUpA1mFLzAmLUcVwbKS0zs5/2Y3Heds="
INDENTED = json.dumps(json.loads(STOPPED), indent="\t").encode()
INDENTED_SIGN = "lxKoMFAaUSHylg05jYlKxFHCm3jebMrj7oJgyALaMrI="
AT = datetime(2023, 11, 14, 22, 13, 25, 100000, tzinfo=UTC)
SECOND = AT.replace(microsecond=0)

Make = Callable[..., TencentCallbacks]


@pytest.fixture
def callbacks(make_account: Callable[..., TencentAccount]) -> Make:
    return lambda secret=KEY: TencentCallbacks("demo", make_account(callback_secret=secret))


@pytest.mark.parametrize(("body", "sign"), [(STOPPED, SIGN), (INDENTED, INDENTED_SIGN)])
@pytest.mark.parametrize("header", ["Sign", "sign", "SIGN"])
def test_signature_of_the_raw_bytes_is_accepted(
    callbacks: Make, body: bytes, sign: str, header: str
) -> None:
    callbacks().verify({"SdkAppId": "1400000123", header: sign}, body)


@pytest.mark.parametrize(
    ("secret", "body", "headers"),
    [
        (KEY, STOPPED, {}),
        (KEY, STOPPED, {"Sign": ""}),
        (KEY, STOPPED, {"Sign": INDENTED_SIGN}),
        (KEY, STOPPED, {"Sign": SIGN.lower()}),
        (KEY, STOPPED, {"Sign": SIGN.rstrip("=")}),
        (KEY, STOPPED, {"Sign": f"{SIGN} "}),
        (KEY, STOPPED, {"Sign": "ünsigned"}),
        (KEY, STOPPED, {"Sign": "\udcff"}),
        (KEY, INDENTED, {"Sign": SIGN}),  # the same object, other bytes
        (KEY, STOPPED + b"\n", {"Sign": SIGN}),
        ("another", STOPPED, {"Sign": SIGN}),
        (None, STOPPED, {"Sign": SIGN}),
        (None, STOPPED, {"Sign": base64.b64encode(hmac.digest(b"", STOPPED, "sha256")).decode()}),
    ],
)
def test_whatever_is_not_signed_as_it_should_be_is_refused(
    callbacks: Make, secret: str | None, body: bytes, headers: dict[str, str]
) -> None:
    with pytest.raises(Unauthorized):
        callbacks(secret).verify(headers, body)


def notice(event: int, /, *, info: dict[str, Any] | None = None, **payload: Any) -> bytes:
    about: dict[str, Any] = {
        "RoomId": "standup",
        "EventTs": "1700000005",
        "EventMsTs": 1700000005100,
        "UserId": "longtake_0123",
        "TaskId": "task-Ab+9_x.",
        "Payload": payload,
        **(info or {}),
    }
    head = {"EventGroupId": 3, "EventType": event, "CallbackTs": 1700000009000}
    return json.dumps({**head, "EventInfo": about}).encode()


def parsed(callbacks: Make, body: bytes) -> VendorEvent:
    event = callbacks().parse(body)
    assert event is not None
    return event


def test_documented_event_is_read_whole(callbacks: Make) -> None:
    event = parsed(callbacks, STOPPED)
    assert (event.kind, event.account, event.room) == ("ended", "demo", "20015")
    assert (event.recorder, event.task_id, event.at) == ("rec_r7_01", "task-Ab+9_x.", AT)
    assert event.detail == "recorder left: stopped by a call LeaveCode=0"
    assert event.files == ()


@pytest.mark.parametrize(
    ("event", "payload", "kind"),
    [
        (301, {"Status": 0}, "started"),
        (301, {"Status": "0"}, "started"),
        (301, {"Status": 1}, "ended"),
        (301, {}, "other"),
        (302, {"LeaveCode": 99}, "ended"),
        (302, {}, "ended"),
        (303, {"Status": 0}, "other"),
        (303, {"Status": 1}, "storage_error"),
        (304, {"FileList": "a.m3u8"}, "files"),
        (305, {"Status": 0}, "uploaded"),
        (305, {"Status": 1}, "backed_up"),
        (305, {"Status": 2}, "uploaded"),
        (305, {"LeaveCode": 0}, "uploaded"),
        (305, {"LeaveCode": 1}, "backed_up"),
        (305, {"Status": 7}, "other"),
        (306, {"Status": 0}, "failover"),
        (307, {"FileName": "a.m3u8"}, "media_flowing"),
        (308, {"Code": "InvalidParameter", "Message": "AccessKey invalid"}, "storage_error"),
        (309, {"Url": "http://x"}, "warning"),
        (310, {"Status": 0, "FileList": ["a.mp4"]}, "files"),
        (310, {"Status": 1}, "warning"),
        (310, {"Status": 2}, "storage_error"),
        (311, {"Status": 0, "TencentVod": {"FileId": "f"}}, "files"),
        (311, {"Status": 1, "Errmsg": "x", "TencentVod": {"CacheFile": "x"}}, "storage_error"),
        (311, {"Status": 2}, "storage_error"),
        (311, {"Status": None}, "storage_error"),
        (312, {"Status": 0}, "uploaded"),
        (312, {"Status": 1}, "upload_failed"),
        (313, {"Status": 0}, "other"),
        (4711, {}, "other"),
    ],
)
def test_event_is_told_in_neutral_terms(
    callbacks: Make, event: int, payload: dict[str, Any], kind: str
) -> None:
    assert parsed(callbacks, notice(event, **payload)).kind == kind


@pytest.mark.parametrize(
    ("event", "payload", "words"),
    [
        (301, {"Status": 1}, "recorder failed to start"),
        (302, {"LeaveCode": 0}, "stopped by a call"),
        (302, {"LeaveCode": 1}, "removed from the room"),
        (302, {"LeaveCode": 2}, "room closed"),
        (302, {"LeaveCode": 3}, "removed from the room by the service"),
        (302, {"LeaveCode": 4}, "room closed by the service"),
        (302, {"LeaveCode": "99"}, "no anchor for longer than the idle time"),
        (302, {"LeaveCode": 100}, "lost the anchors' data"),
        (302, {"LeaveCode": 101}, "the same robot entered again"),
        (302, {"LeaveCode": 55}, "for an unknown reason LeaveCode=55"),
        (308, {"Code": "NoSuchBucket", "Message": "gone"}, "Code=NoSuchBucket Message=gone"),
        (309, {"Url": "http://x/y.png"}, "Url=http://x/y.png"),
        (309, {"Url": "http://x/y.png?sign=s3cret"}, "Url=http://x/y.png"),
        (311, {"Status": 1, "Errmsg": "no room"}, "Errmsg=no room"),
        (311, {"Status": 0, "TencentVod": {"FileId": "5"}}, "FileId=5"),
    ],
)
def test_detail_says_why_in_words(
    callbacks: Make, event: int, payload: dict[str, Any], words: str
) -> None:
    detail = parsed(callbacks, notice(event, **payload)).detail
    assert words in detail
    assert "s3cret" not in detail


@pytest.mark.parametrize("group", [1, 2, 8, "1", None, "x"])
def test_event_of_another_group_is_no_event(callbacks: Make, group: Any) -> None:
    body = {"EventGroupId": group, "EventType": 101, "EventInfo": {"RoomId": 5}}
    assert callbacks().parse(json.dumps(body).encode()) is None


SINGLE = "14_7007__UserId_s_YWxpY2U.__UserId_e_main"
BEGAN = datetime(2021, 5, 28, 7, 17, 59, 144000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("event", "payload", "files"),
    [
        (304, {"FileList": "14_7.m3u8"}, [("14_7.m3u8", "")]),
        (304, {"FileList": ["a.m3u8", "ha1_a.m3u8"]}, [("a.m3u8", ""), ("ha1_a.m3u8", "")]),
        (310, {"Status": 0, "FileList": [f"{SINGLE}_1.mp4"]}, [(f"{SINGLE}_1.mp4", "alice")]),
        (310, {"Status": 0, "FileList": "a.mp4"}, [("a.mp4", "")]),
        (310, {"Status": 0, "FileList": [None, 5, {}, "a.mp4"]}, [("5", ""), ("a.mp4", "")]),
        (
            310,
            {"FileMessage": [{"FileName": "a.mp4", "UserId": "bob"}], "FileList": ["b.mp4"]},
            [("a.mp4", "bob")],
        ),
        (307, {"FileName": f"{SINGLE}_audio.m3u8"}, [(f"{SINGLE}_audio.m3u8", "alice")]),
        (305, {"Status": 0}, []),
        (311, {"Status": 0, "TencentVod": {"FileId": "528", "UserId": "bob"}}, [("528", "bob")]),
        (311, {"Status": 0, "FileId": 528, "UserId": "bob"}, [("528", "bob")]),
        (311, {"Status": 1, "TencentVod": {"UserId": "bob", "CacheFile": "x.mp4"}}, []),
    ],
)
def test_event_brings_its_files(
    callbacks: Make, event: int, payload: dict[str, Any], files: list[tuple[str, str]]
) -> None:
    found = parsed(callbacks, notice(event, **payload)).files
    assert [(file.key, file.user) for file in found] == files


@pytest.mark.parametrize("began", [1622186279144, "1622186279144"])
def test_first_slice_says_when_the_file_began(callbacks: Make, began: Any) -> None:
    body = notice(307, FileName="a.m3u8", UserId="bob", TrackType="audio", BeginTimeStamp=began)
    (file,) = parsed(callbacks, body).files
    assert (file.kind, file.user, file.track) == ("playlist", "bob", "audio")
    assert file.begins_at == BEGAN


@pytest.mark.parametrize(
    "times",
    [
        {"StartTimeStamp": 1622186279144},
        {"BeginTimeStamp": 1622186279, "EndTimeStamp": 1622186999},
    ],
)
def test_vod_file_goes_by_its_id_and_is_of_its_address_s_kind(
    callbacks: Make, times: dict[str, int]
) -> None:
    vod = {
        "FileId": "5285890784246869930",
        "VideoUrl": "http://u:p@1250000000.vod2.example/dir/f0.mp4?sign=x#y",
        "TrackType": "audio_video",
        "MediaId": "aux",
        **times,
    }
    event = parsed(callbacks, notice(311, Status=0, TencentVod=vod))
    (file,) = event.files
    assert (file.key, file.kind, file.stream) == ("5285890784246869930", "mp4", "substream")
    assert (file.file_id, file.url) == (file.key, "http://1250000000.vod2.example/dir/f0.mp4")
    assert file.seconds == (720 if "EndTimeStamp" in times else None)
    assert not any(secret in event.model_dump_json() for secret in ("sign=x", "u:p", "#y"))
    assert file.begins_at is not None
    assert file.begins_at.replace(microsecond=0) == BEGAN.replace(microsecond=0)


def test_huge_file_list_is_cut_to_what_a_history_holds(callbacks: Make) -> None:
    names = [f"14_7_{n}.mp4" for n in range(1, 5000)]
    assert len(parsed(callbacks, notice(310, Status=0, FileList=names)).files) == LISTED


@pytest.mark.parametrize(
    ("info", "at"),
    [
        ({}, AT),
        ({"EventMsTs": None}, SECOND),
        ({"EventMsTs": "1700000005100"}, AT),
        ({"EventMsTs": 0, "EventTs": 1700000005}, SECOND),
        ({"EventMsTs": None, "EventTs": None}, datetime(2023, 11, 14, 22, 13, 29, tzinfo=UTC)),
    ],
)
def test_time_is_the_best_that_the_event_tells(
    callbacks: Make, info: dict[str, Any], at: datetime
) -> None:
    assert parsed(callbacks, notice(301, info=info, Status=0)).at == at


@pytest.mark.parametrize(("room", "text"), [("20015", "20015"), (20015, "20015"), ("a/b", "a/b")])
def test_room_is_text_however_it_came(callbacks: Make, room: Any, text: str) -> None:
    assert parsed(callbacks, notice(301, info={"RoomId": room}, Status=0)).room == text


def test_repeats_have_one_identity(callbacks: Make) -> None:
    first = json.loads(notice(305, Status=0, A=1))
    resent = {**first, "CallbackTs": 1700000999999}
    reordered = json.loads(notice(305, A=1, Status=0))
    events = [parsed(callbacks, json.dumps(b).encode()) for b in (first, resent, reordered)]
    assert len({event.id for event in events}) == 1


def test_different_events_have_different_identities(callbacks: Make) -> None:
    bodies = [
        notice(305, Status=0),
        notice(305, Status=1),
        notice(312, Status=0),
        notice(305, info={"TaskId": "task-2"}, Status=0),
        notice(305, info={"EventMsTs": 1700000005101}, Status=0),
        notice(305, info={"EventMsTs": None}, Status=0),
        notice(305, info={"EventMsTs": None, "EventTs": 1700000006}, Status=0),
    ]
    assert len({parsed(callbacks, body).id for body in bodies}) == len(bodies)


DEEP = b'{"a":' * 400 + b"0" + b"}" * 400


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"\xff\xfe", b"[]", b"null", b"7", b"NaN", b"[" * 100_000),
        notice(301, info={"RoomId": None}),
        notice(301, info={"RoomId": ""}),
        notice(301, info={"RoomId": True}),
        notice(301, info={"RoomId": ["x"]}),
        notice(301, info={"RoomId": {}}),
        notice(301).replace(b"301", b'"x"'),
        notice(301).replace(b"301", b"NaN"),
        notice(301).replace(b"301", b"null"),
        notice(301).replace(b"301", b"9" * 5000),
        b'{"EventGroupId":3,"EventType":301}',
        b'{"EventGroupId":3,"EventType":301,"EventInfo":null}',
        b'{"EventGroupId":3,"EventType":301,"EventInfo":[]}',
        notice(301).replace(b"standup", b"").replace(b'"RoomId": ""', b'"RoomId": 1e999'),
        STOPPED.replace(b'"LeaveCode":0', b'"x":' + b"[" * 5_000 + b"]" * 5_000),
    ],
    ids=lambda body: str(body[:60]),
)
def test_malformed_body_is_an_invalid_request(callbacks: Make, body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        callbacks().parse(body)


@pytest.mark.parametrize(
    "payload",
    [
        *(b"null", b"[]", b"5", b'"x"', b'{"LeaveCode":NaN}', b'{"LeaveCode":1e999}'),
        *(b'{"LeaveCode":[[]]}', b'{"LeaveCode":99999999999999999999}', b'{"Status":-Infinity}'),
        *(b'{"FileList":5}', b'{"FileList":{}}', b'{"FileMessage":5,"FileList":null}', DEEP),
        *(
            b'{"FileName":"\\ud800","FileList":["\\udfff"],"FileId":"\\ud800"}',
            b'{"Code":"\\ud800"}',
        ),
        *(b'{"TencentVod":[]}', b'{"FileName":null,"BeginTimeStamp":1e30}'),
    ],
    ids=lambda payload: str(payload[:60]),
)
@pytest.mark.parametrize("event", range(301, 314))
def test_hostile_payload_still_makes_an_event(callbacks: Make, event: int, payload: bytes) -> None:
    body = STOPPED.replace(b'{"LeaveCode":0}', payload).replace(b"302", str(event).encode())
    found = parsed(callbacks, body)
    assert VendorEvent.model_validate_json(found.model_dump_json()) == found


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=10,
)
FIELDS = ("Status", "LeaveCode", "FileList", "FileMessage", "FileName", "TencentVod", "FileId")


@given(st.integers(300, 313), st.dictionaries(st.sampled_from(FIELDS), json_values))
def test_no_payload_breaks_the_parser(event: int, payload: dict[str, Any]) -> None:
    secrets = {"secret_id": "i", "secret_key": "k", "user_sig_key": "u"}
    account = TencentAccount.model_validate({"sdk_app_id": 7, **secrets})
    found = TencentCallbacks("demo", account).parse(notice(event, **payload))
    assert found is not None
    assert found.detail.isprintable()


def test_event_without_a_time_is_stamped_when_it_comes(
    make_account: Callable[..., TencentAccount],
) -> None:
    now = datetime(2026, 11, 20, 9, tzinfo=UTC)
    body = b'{"EventGroupId":3,"EventType":301,"EventInfo":{"RoomId":"r"}}'
    event = TencentCallbacks("demo", make_account(), lambda: now).parse(body)
    assert event is not None
    assert event.at == now


def test_detail_is_short_printable_and_without_secrets(callbacks: Make) -> None:
    body = notice(308, Code="c", Message=f"api-secret-key-value {KEY}\n\x00" + "x" * 999)
    detail = parsed(callbacks, body).detail
    assert "Code=c" in detail
    assert "api-secret-key-value" not in detail
    assert KEY not in detail
    assert detail.isprintable()
    assert len(detail) <= 200


def test_indented_vector_is_the_reference_s_259_bytes() -> None:
    assert (len(STOPPED), len(INDENTED)) == (212, 259)
    assert hmac.new(KEY.encode(), STOPPED, hashlib.sha256).digest() == base64.b64decode(SIGN)

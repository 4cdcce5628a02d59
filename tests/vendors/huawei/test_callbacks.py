"""Signatures by the reference's vector; events in neutral terms, whatever their shape."""

from __future__ import annotations

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
from longtake.vendors.huawei.callbacks import HuaweiCallbacks
from longtake.vendors.huawei.settings import HuaweiAccount

KEY = "0123456789abcdef0123456789ABCDEF"
RAND, STAMP = "7f3a9c1e", "1768465800"
BODY = (
    b'{"event_type":"RECORD_FILE_COMPLETE","job_id":"608196a2fa1b2c3d515147f32ef463b0",'
    b'"app_id":"5fcdf5650a1b2c3d6f835d0d","room_id":"room01","record_format":"HLS",'
    b'"record_duration":65}'
)
SIGNATURE = "c513e8f4501970d6843e052b3eacdd280b7ffd936a9b21229a6a0ae033198a10"
SIGNED = {"X-Rtc-Rand": RAND, "X-Rtc-Timestamp": STAMP, "X-Rtc-Signature": SIGNATURE}
APP, JOB = "5fcdf5650a1b2c3d6f835d0d", "608196a2fa1b2c3d515147f32ef463b0"
NOW = datetime(2026, 1, 15, 8, 30, tzinfo=UTC)

Make = Callable[..., HuaweiCallbacks]


@pytest.fixture
def callbacks(make_account: Callable[..., HuaweiAccount]) -> Make:
    def make(secret: str | None = KEY) -> HuaweiCallbacks:
        return HuaweiCallbacks("demo", make_account(callback_secret=secret), lambda: NOW)

    return make


@pytest.mark.parametrize("case", [str, str.lower, str.upper])
def test_signature_of_the_raw_bytes_is_accepted(
    callbacks: Make, case: Callable[[str], str]
) -> None:
    assert len(BODY) == 179
    callbacks().verify({case(name): value for name, value in SIGNED.items()}, BODY)


def own(key: bytes) -> dict[str, str]:
    text = RAND.encode() + STAMP.encode() + BODY
    return {**SIGNED, "X-Rtc-Signature": hmac.new(key, text, hashlib.sha256).hexdigest()}


@pytest.mark.parametrize(
    ("secret", "body", "headers"),
    [
        (KEY, BODY, {}),
        *((KEY, BODY, {k: v for k, v in SIGNED.items() if k != name}) for name in SIGNED),
        *((KEY, BODY, {**SIGNED, name: ""}) for name in SIGNED),
        (KEY, BODY, {**SIGNED, "X-Rtc-Rand": "7f3a9c1f"}),
        (KEY, BODY, {**SIGNED, "X-Rtc-Timestamp": "1768465801"}),
        (KEY, BODY, {**SIGNED, "X-Rtc-Signature": SIGNATURE.upper()}),
        (KEY, BODY, {**SIGNED, "X-Rtc-Signature": f"{SIGNATURE} "}),
        (KEY, BODY, {**SIGNED, "X-Rtc-Signature": "ünsigned"}),
        (KEY, BODY, {**SIGNED, "X-Rtc-Signature": "\udcff"}),
        (KEY, BODY, {**SIGNED, "X-Rtc-Rand": "\udcff"}),
        (KEY, BODY + b"\n", SIGNED),
        (KEY, json.dumps(json.loads(BODY)).encode(), SIGNED),  # the same object, other bytes
        ("x" * 32, BODY, SIGNED),
        (None, BODY, SIGNED),
        (None, BODY, own(b"")),
    ],
)
def test_whatever_is_not_signed_as_it_should_be_is_refused(
    callbacks: Make, secret: str | None, body: bytes, headers: dict[str, str]
) -> None:
    with pytest.raises(Unauthorized):
        callbacks(secret).verify(headers, body)


def notice(kind: Any = "RECORD_NEW_FILE_START", /, **fields: Any) -> bytes:
    head = {"job_id": JOB, "stream_name": f"m_{JOB}_standup", "app_id": APP, "room_id": "standup"}
    return json.dumps({**head, "event_type": kind, **fields}).encode()


def parsed(callbacks: Make, body: bytes) -> VendorEvent:
    event = callbacks().parse(body)
    assert event is not None
    return event


@pytest.mark.parametrize(
    ("kind", "expected", "words"),
    [
        ("RECORD_NEW_FILE_START", "media_flowing", "file begun"),
        ("RECORD_FILE_COMPLETE", "files", "file complete"),
        ("CLOUD_RECORD_SERVER_OVER", "ended", "job over"),
        ("CLOUD_RECORD_OVER", "ended", "job over"),
        ("cloud_record_over", "ended", "job over"),
        ("SOMETHING_NEW", "other", "event SOMETHING_NEW"),
        (7, "other", "event 7"),
    ],
)
def test_event_is_told_in_neutral_terms(
    callbacks: Make, kind: Any, expected: str, words: str
) -> None:
    event = parsed(callbacks, notice(kind, record_format="HLS", detail_message="because"))
    assert (event.kind, event.account, event.room) == (expected, "demo", "standup")
    assert (event.task_id, event.recorder, event.at) == (JOB, "mix", NOW)
    assert event.detail == f"{words} HLS because"


@pytest.mark.parametrize(
    ("fields", "task", "recorder"),
    [
        ({}, JOB, "mix"),
        ({"stream_name": f"s_{JOB}_standup_ada"}, JOB, "user:ada"),
        ({"room_id": "my_room", "stream_name": f"s_{JOB}_my_room_a_b"}, JOB, "user:a_b"),
        ({"room_id": 100, "stream_name": f"m_{JOB}_100"}, JOB, "mix"),
        ({"job_id": None}, JOB, "mix"),
        ({"job_id": 7}, "7", "mix"),
        ({"stream_name": None}, JOB, ""),
        ({"stream_name": "odd"}, JOB, ""),
    ],
)
def test_job_and_user_are_read_from_the_stream_s_name(
    callbacks: Make, fields: dict[str, Any], task: str, recorder: str
) -> None:
    event = parsed(callbacks, notice(**fields))
    assert (event.task_id, event.recorder) == (task, recorder)


def test_complete_file_comes_with_its_whole_key(callbacks: Make) -> None:
    body = notice(
        "RECORD_FILE_COMPLETE",
        stream_name=f"s_{JOB}_standup_a_b",
        obs_object=f"app/mp4/s_{JOB}_standup_a_b_2021-04-28-08-57-07.mp4",
        start_time="2021-04-28T08:57:08Z",
        download_url="https://obs.example/x?token=s3cret",
        file_size=9,
    )
    event = parsed(callbacks, body)
    (file,) = event.files
    assert (file.key, file.kind, file.user) == (
        f"app/mp4/s_{JOB}_standup_a_b_2021-04-28-08-57-07.mp4",
        *("mp4", "a_b"),
    )
    assert file.begins_at == datetime(2021, 4, 28, 8, 57, 8, tzinfo=UTC)
    assert "s3cret" not in event.model_dump_json()


@pytest.mark.parametrize(
    ("fields", "key", "begins_at"),
    [
        ({"obs_object": "/a/b.m3u8"}, "a/b.m3u8", None),
        (
            {"obs_object": "a_2021-04-28-08-57-07.m3u8", "start_time": "soon"},
            "a_2021-04-28-08-57-07.m3u8",
            datetime(2021, 4, 28, 8, 57, 7, tzinfo=UTC),
        ),
    ],
)
def test_file_is_described_by_its_name_where_the_event_is_silent(
    callbacks: Make, fields: dict[str, str], key: str, begins_at: datetime | None
) -> None:
    (file,) = parsed(callbacks, notice("RECORD_FILE_COMPLETE", **fields)).files
    assert (file.key, file.kind, file.begins_at) == (key, "playlist", begins_at)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("RECORD_FILE_COMPLETE", {}),
        ("RECORD_FILE_COMPLETE", {"obs_object": None}),
        ("RECORD_NEW_FILE_START", {"obs_object": "a/b.m3u8"}),  # begun, not there yet
    ],
)
def test_event_without_a_finished_file_brings_none(
    callbacks: Make, kind: str, fields: dict[str, Any]
) -> None:
    assert parsed(callbacks, notice(kind, **fields)).files == ()


@pytest.mark.parametrize(
    "fields",
    [
        {"app_id": "another"},
        {"job_id": None, "stream_name": None},
        {"job_id": {}, "stream_name": 1.5e300},
    ],
)
def test_event_of_no_job_of_ours_is_no_event(callbacks: Make, fields: dict[str, Any]) -> None:
    assert callbacks().parse(notice(**fields)) is None


def test_repeats_have_one_identity(callbacks: Make) -> None:
    first = json.loads(notice("RECORD_FILE_COMPLETE", obs_object="a.m3u8", record_duration=1))
    reordered = dict(reversed(list(first.items())))
    spelled = json.loads(notice("CLOUD_RECORD_OVER"))
    over = json.loads(notice("CLOUD_RECORD_SERVER_OVER"))
    ids = [parsed(callbacks, json.dumps(b).encode()).id for b in (first, reordered, spelled, over)]
    assert (ids[0], ids[2]) == (ids[1], ids[3])


def test_different_events_have_different_identities(callbacks: Make) -> None:
    bodies = [
        notice(),
        notice("RECORD_FILE_COMPLETE"),
        notice(record_format="HLS"),
        notice(record_format="MP4"),
        notice(detail_message="x"),
        notice(job_id="2"),
        notice("RECORD_FILE_COMPLETE", obs_object="a.m3u8"),
        notice("RECORD_FILE_COMPLETE", obs_object="b.m3u8"),
    ]
    assert len({parsed(callbacks, body).id for body in bodies}) == len(bodies)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"\xff\xfe", b"[]", b"null", b"7", b"NaN", b'"x"', b"[" * 100_000),
        *(notice(room_id=room) for room in (None, "", True, ["x"], {}, 1e300)),
        *(notice(kind) for kind in (None, "", [], {})),
        notice().replace(b'"standup"', b'"x", "y": ' + b"[" * 50_000),
    ],
    ids=lambda body: str(body[:60]),
)
def test_malformed_body_is_an_invalid_request(callbacks: Make, body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        callbacks().parse(body)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=10,
)
FIELDS = (
    *("stream_name", "record_format", "detail_message", "start_time", "obs_object", "job_id"),
    *("record_duration", "file_size", "width", "obs_location", "unheard_of"),
)
KINDS = ("RECORD_NEW_FILE_START", "RECORD_FILE_COMPLETE", "CLOUD_RECORD_OVER", "X")


@given(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(FIELDS), json_values))
def test_no_field_breaks_the_parser(kind: str, fields: dict[str, Any]) -> None:
    key = {"project_id": "p", "access_key": "a", "secret_key": "s"}
    account = HuaweiAccount.model_validate({"app_id": APP, **key})
    found = HuaweiCallbacks("demo", account).parse(notice(kind, **fields))
    if found is not None:
        assert found.detail.isprintable()
        assert VendorEvent.model_validate_json(found.model_dump_json()) == found


@pytest.mark.parametrize("hostile", [b'"\\ud800"', b"1e999", b"-Infinity", b"9" * 4000])
@pytest.mark.parametrize("field", [b"obs_object", b"detail_message", b"start_time", b"stream_name"])
def test_hostile_value_still_makes_an_event(callbacks: Make, field: bytes, hostile: bytes) -> None:
    body = notice("RECORD_FILE_COMPLETE").replace(
        b'{"job_id"', b'{"%b":%b,"job_id"' % (field, hostile)
    )
    found = parsed(callbacks, body)
    assert VendorEvent.model_validate_json(found.model_dump_json()) == found


def test_detail_is_short_printable_and_without_secrets(callbacks: Make) -> None:
    secret = "hwExampleSecretKey0123456789abcdefABCDEF"
    detail = parsed(callbacks, notice(detail_message=f"{secret} {KEY}\n\x00" + "x" * 999)).detail
    assert secret not in detail
    assert KEY not in detail
    assert detail.isprintable()
    assert len(detail) <= 200


def test_event_is_stamped_when_it_comes_because_it_brings_no_time(
    make_account: Callable[..., HuaweiAccount],
) -> None:
    before = datetime.now(UTC)
    event = HuaweiCallbacks("demo", make_account()).parse(notice())
    assert event is not None
    assert before <= event.at <= datetime.now(UTC)

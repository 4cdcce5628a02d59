"""Signatures by the reference's vectors; events in neutral terms, whatever their shape."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longtake.domain.errors import InvalidRequest, Unauthorized
from longtake.domain.events import VendorEvent
from longtake.vendors.alibaba.callbacks import AlibabaCallbacks
from longtake.vendors.alibaba.settings import AlibabaAccount

KEY, STAMP = "mytestkeymytestkey", "1748417138"
SIGN = "91c9ec5c07bb529c68f9ad95fd775a9b"
OTHER_KEY, OTHER_SIGN = "AbCdEfGh12345678", "8982b616b6f2a822d14111471f93054f"
AT = datetime.fromtimestamp(1748417138, UTC)
TOKEN = "lt0123456789abcdef0123"

Make = Callable[..., AlibabaCallbacks]


@pytest.fixture
def callbacks(make_account: Callable[..., AlibabaAccount]) -> Make:
    def make(now: datetime = AT, **account: Any) -> AlibabaCallbacks:
        return AlibabaCallbacks("demo", make_account(**account), lambda: now)

    return make


def signature(stamp: str, key: str = KEY) -> dict[str, str]:
    digest = hashlib.md5(f"{stamp}|{key}".encode()).hexdigest()
    return {"ALI-LIVE-TIMESTAMP": stamp, "ALI-LIVE-SIGNATURE": digest}


@pytest.mark.parametrize(("key", "sign"), [(KEY, SIGN), (OTHER_KEY, OTHER_SIGN)])
@pytest.mark.parametrize("spelt", [str.upper, str.lower])
def test_published_signature_is_accepted(
    callbacks: Make, key: str, sign: str, spelt: Callable[[str], str]
) -> None:
    headers = {spelt("ALI-LIVE-TIMESTAMP"): STAMP, spelt("ALI-LIVE-SIGNATURE"): spelt(sign)}
    callbacks(callback_secret=key).verify(headers, b"{}")


@pytest.mark.parametrize(
    ("secret", "headers"),
    [
        (KEY, {}),
        (KEY, {"ALI-LIVE-TIMESTAMP": STAMP}),
        (KEY, {"ALI-LIVE-SIGNATURE": SIGN}),
        (KEY, {"ALI-LIVE-TIMESTAMP": STAMP, "ALI-LIVE-SIGNATURE": ""}),
        (KEY, {"ALI-LIVE-TIMESTAMP": STAMP, "ALI-LIVE-SIGNATURE": f"{SIGN} "}),
        (KEY, {"ALI-LIVE-TIMESTAMP": STAMP, "ALI-LIVE-SIGNATURE": SIGN[:-1]}),
        (KEY, {"ALI-LIVE-TIMESTAMP": STAMP, "ALI-LIVE-SIGNATURE": "ünsigned"}),
        (KEY, {"ALI-LIVE-TIMESTAMP": STAMP, "ALI-LIVE-SIGNATURE": "\udcff"}),
        (KEY, {"ALI-LIVE-TIMESTAMP": "\udcff", "ALI-LIVE-SIGNATURE": SIGN}),
        (KEY, {"ALI-LIVE-TIMESTAMP": "1748417139", "ALI-LIVE-SIGNATURE": SIGN}),
        (OTHER_KEY, {"ALI-LIVE-TIMESTAMP": STAMP, "ALI-LIVE-SIGNATURE": SIGN}),
        (None, {"ALI-LIVE-TIMESTAMP": STAMP, "ALI-LIVE-SIGNATURE": SIGN}),
        (None, signature(STAMP, "")),
        (None, signature(STAMP, "None")),
        (KEY, signature("")),
        (KEY, signature("now")),
        (KEY, signature("9" * 40)),
        (KEY, signature("-1748417138")),
    ],
)
def test_whatever_is_not_signed_as_it_should_be_is_refused(
    callbacks: Make, secret: str | None, headers: dict[str, str]
) -> None:
    unasked = {} if secret else {"callback_url": None}
    with pytest.raises(Unauthorized):
        callbacks(callback_secret=secret, **unasked).verify(headers, b"{}")


@pytest.mark.parametrize("age", [30, 300, 7200])
@pytest.mark.parametrize("sign", [1, -1])
def test_signature_of_another_hour_is_refused(callbacks: Make, age: int, sign: int) -> None:
    in_time, too_late = (AT + sign * timedelta(seconds=age + late) for late in (0, 1))
    callbacks(in_time, callback_max_age=age).verify(signature(STAMP), b"{}")
    with pytest.raises(Unauthorized, match="ALI-LIVE-TIMESTAMP"):
        callbacks(too_late, callback_max_age=age).verify(signature(STAMP), b"{}")


def test_signature_is_good_for_five_minutes(callbacks: Make) -> None:
    callbacks(AT + timedelta(seconds=300)).verify(signature(STAMP), b"{}")
    with pytest.raises(Unauthorized):
        callbacks(AT + timedelta(seconds=301)).verify(signature(STAMP), b"{}")


def test_own_clock_is_used_where_none_is_given(make_account: Callable[..., AlibabaAccount]) -> None:
    parser = AlibabaCallbacks("demo", make_account())
    parser.verify(signature(str(int(datetime.now(UTC).timestamp()))), b"{}")
    with pytest.raises(Unauthorized):
        parser.verify(signature(STAMP), b"{}")


def notice(event: str, payload: Any = "{}", **changes: Any) -> bytes:
    given = {
        "appId": "app",
        "channelId": "standup",
        "taskId": "73a1c0de",
        "eventType": event,
        "callbackTs": 1748417138123,
        "payload": payload,
        **changes,
    }
    return json.dumps({name: value for name, value in given.items() if value is not ...}).encode()


def parsed(parser: AlibabaCallbacks, body: bytes, token: str = TOKEN) -> VendorEvent:
    event = parser.parse(body, token=token)
    assert event is not None
    return event


def test_documented_event_is_read_whole(callbacks: Make) -> None:
    event = parsed(callbacks(), notice("TaskCreated"))
    assert (event.account, event.room, event.task_id) == ("demo", "standup", "73a1c0de")
    assert (event.recorder, event.detail, event.files) == (TOKEN, "task made", ())
    assert event.at == AT.replace(microsecond=123000)


def test_event_without_the_attempt_s_token_names_nobody(callbacks: Make) -> None:
    event = callbacks().parse(notice("TaskRunning"))
    assert event is not None
    assert event.recorder == ""


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ("TaskCreated", "other"),
        ("TaskStarting", "other"),
        ("TaskRunning", "started"),
        ("TaskRecovering", "failover"),
        ("TaskStopping", "other"),
        ("TaskStopped", "done"),
        ("TaskStarved", "other"),
        ("RecordFileUploaded", "files"),
        ("Brand.New", "other"),
    ],
)
def test_event_is_told_in_neutral_terms(callbacks: Make, event: str, kind: str) -> None:
    assert parsed(callbacks(), notice(event)).kind == kind


def test_stopped_means_that_all_is_uploaded_and_over(callbacks: Make) -> None:
    assert parsed(callbacks(), notice("TaskStopped")).kind.ends


@pytest.mark.parametrize(
    ("payload", "detail"),
    [
        ('{"reason": "idle", "code": 7}', "task stopped, all files uploaded reason=idle code=7"),
        ({"reason": "idle"}, "task stopped, all files uploaded reason=idle"),
        ('{"url": "https://x/a?sign=s3cret", "n": 1}', "task stopped, all files uploaded n=1"),
        ({"deep": {"a": 1}, "list": [1], "no": None}, "task stopped, all files uploaded"),
        ("not json", "task stopped, all files uploaded"),
        (None, "task stopped, all files uploaded"),
        ([1, 2], "task stopped, all files uploaded"),
        ({"key": KEY}, "task stopped, all files uploaded key=**********"),
    ],
)
def test_detail_shows_what_can_be_shown_of_a_payload(
    callbacks: Make, payload: Any, detail: str
) -> None:
    assert parsed(callbacks(), notice("TaskStopped", payload)).detail == detail


def test_repeat_is_known_by_task_type_and_payload(callbacks: Make) -> None:
    parser = callbacks()
    first = parsed(parser, notice("RecordFileUploaded", '{"a": 1, "b": 2}')).id
    for same in (
        notice("RecordFileUploaded", '{"b":2,"a":1}', callbackTs=1748417199000),
        notice("RecordFileUploaded", {"a": 1, "b": 2}),
    ):
        assert parsed(parser, same).id == first
    for other in (
        notice("RecordFileUploaded", '{"a": 1, "b": 3}'),
        notice("RecordFileUploaded", '{"a": 1, "b": 2}', taskId="other"),
        notice("TaskStopped", '{"a": 1, "b": 2}'),
    ):
        assert parsed(parser, other).id != first


@pytest.mark.parametrize(
    ("given", "at"),
    [
        (1748417138, AT),
        ("1748417138000", AT),
        (..., AT),
        (None, AT),
        ("soon", AT),
        (10**30, AT),
    ],
)
def test_time_is_read_however_it_is_written_or_else_ours(
    callbacks: Make, given: Any, at: datetime
) -> None:
    assert parsed(callbacks(), notice("TaskRunning", callbackTs=given)).at == at


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b"7",
        b"null",
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"payload": ' + b"[" * 100_000,
        notice("TaskRunning", taskId=...),
        notice("TaskRunning", taskId=""),
        notice("TaskRunning", channelId=None),
        notice("TaskRunning", channelId=[1]),
        notice("TaskRunning", eventType={}),
        notice("TaskRunning", eventType=...),
    ],
)
def test_what_is_no_event_is_refused_in_words(callbacks: Make, body: bytes) -> None:
    with pytest.raises(InvalidRequest, match=r"^alibaba callback: "):
        callbacks().parse(body)


def test_payload_that_is_nested_too_deep_is_refused_in_words(callbacks: Make) -> None:
    with pytest.raises(InvalidRequest, match="nested too deep"):
        callbacks().parse(notice("TaskRunning", "[" * 100_000))


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=10,
    )
)
def test_no_payload_breaks_the_reader(payload: Any) -> None:
    account = AlibabaAccount.model_validate(
        {"app_id": "a", "access_key_id": "k", "access_key_secret": "s", "callback_secret": KEY}
    )
    parser = AlibabaCallbacks("demo", account, lambda: AT)
    for given_ in (payload, json.dumps(payload)):
        event = parsed(parser, notice("TaskRunning", given_))
        assert event.detail.isprintable()
        event.model_dump_json()

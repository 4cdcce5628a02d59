"""Which streams a TRTC task records."""

from __future__ import annotations

import pytest

from longtake.emulator.rooms import Person
from longtake.vendors.tencent.emulator.record_params import RecordParams, SubscribeStreamUserIds
from longtake.vendors.tencent.emulator.subscriptions import recorded

ALICE = Person(user="alice", screen=True)
BOB = Person(user="bob", video=False)
CAROL = Person(user="carol", audio=False)
MUTE = Person(user="mute", audio=False, video=False)
ROOM = [ALICE, BOB, CAROL, MUTE]


def heard_and_seen(people: list[Person], mode: int = 1, **fields: object) -> list[str]:
    """Streams as ``user/stream:av``, with the letters of what is recorded."""
    lists = SubscribeStreamUserIds.model_validate(fields.pop("lists", {}))
    params = RecordParams.model_validate({"RecordMode": mode, **fields})
    return [
        f"{s.user}/{s.stream}:{'a' * s.audio}{'v' * s.video}"
        for s in recorded(params, lists, people)
    ]


def test_by_default_all_that_is_sent_is_recorded() -> None:
    assert heard_and_seen(ROOM) == ["alice/main:av", "alice/aux:v", "bob/main:a", "carol/main:v"]


@pytest.mark.parametrize(
    ("media_id", "expected"),
    [(1, ["alice/main:av", "bob/main:a", "carol/main:v"]), (2, ["alice/aux:v"])],
)
def test_media_id_picks_main_or_aux(media_id: int, expected: list[str]) -> None:
    assert heard_and_seen(ROOM, MediaId=media_id) == expected


@pytest.mark.parametrize(
    ("stream_type", "expected"),
    [
        (1, ["alice/main:a", "bob/main:a"]),
        (2, ["alice/main:v", "alice/aux:v", "carol/main:v"]),
    ],
)
def test_stream_type_picks_a_medium(stream_type: int, expected: list[str]) -> None:
    assert heard_and_seen(ROOM, StreamType=stream_type) == expected


def test_a_list_of_one_medium_leaves_the_other_as_it_was() -> None:
    lists = {"SubscribeAudioUserIds": ["bob"]}
    assert heard_and_seen(ROOM, lists=lists) == [
        "alice/main:v",
        "alice/aux:v",
        "bob/main:a",
        "carol/main:v",
    ]


def test_a_blocklist_takes_all_but_those() -> None:
    lists = {"UnSubscribeAudioUserIds": ["alice"], "UnSubscribeVideoUserIds": ["alice"]}
    assert heard_and_seen(ROOM, lists=lists) == ["bob/main:a", "carol/main:v"]


def test_a_wildcard_is_a_prefix() -> None:
    people = [Person(user=user, video=False) for user in ("abc", "abc1", "abd", "xabc")]
    lists = {"SubscribeAudioUserIds": ["abc.*$"]}
    assert heard_and_seen(people, lists=lists) == ["abc/main:a", "abc1/main:a"]
    denied = {"UnSubscribeAudioUserIds": ["abc.*$"]}
    assert heard_and_seen(people, lists=denied) == ["abd/main:a", "xabc/main:a"]


def test_a_wildcard_that_is_somebodys_id_means_that_user_alone() -> None:
    people = [Person(user=user, video=False) for user in ("abc.*$", "abc1")]
    lists = {"SubscribeAudioUserIds": ["abc.*$"]}
    assert heard_and_seen(people, lists=lists) == ["abc.*$/main:a"]


def test_no_other_pattern_is_a_pattern() -> None:
    people = [Person(user=user, video=False) for user in ("abc", "a.c", ".*$")]
    assert heard_and_seen(people, lists={"SubscribeAudioUserIds": ["a.c"]}) == ["a.c/main:a"]
    assert heard_and_seen(people, lists={"SubscribeAudioUserIds": ["a.*"]}) == []


def test_single_stream_recording_takes_the_first_25_streams() -> None:
    people = [Person(user=f"u{n}", screen=n == 0) for n in range(30)]
    streams = heard_and_seen(people)
    assert (len(streams), streams[1], streams[-1]) == (25, "u0/aux:v", "u23/main:av")
    assert len(heard_and_seen(people, mode=2)) == 31

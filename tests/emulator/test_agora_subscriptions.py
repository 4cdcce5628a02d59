"""Who is recorded, and with which medium."""

from __future__ import annotations

from typing import Any

import pytest

from longtake.emulator.rooms import Person
from longtake.vendors.agora.emulator.requests import StreamSubscribe
from longtake.vendors.agora.emulator.start_request import RecordingConfig
from longtake.vendors.agora.emulator.subscriptions import Subscription, after_update, at_start

ROOM = [Person(user="1"), Person(user="2"), Person(user="3", video=False)]
EVERYBODY = ("123", "12")


def heard_and_seen(subscription: Subscription) -> tuple[str, str]:
    """The users heard, and those seen, one digit each."""
    people = subscription.recorded(ROOM)
    heard = "".join(person.user for person in people if person.audio)
    return heard, "".join(person.user for person in people if person.video)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, EVERYBODY),
        ({"streamTypes": 0}, ("123", "")),
        ({"streamTypes": 1}, ("", "12")),
        ({"subscribeAudioUids": ["1"]}, ("1", "")),
        ({"subscribeVideoUids": ["1"]}, ("", "1")),
        ({"unSubscribeAudioUids": ["1"]}, ("23", "")),
        ({"unsubscribeVideoUids": ["1"]}, ("", "2")),
        ({"subscribeAudioUids": ["1"], "unSubscribeVideoUids": ["1"]}, ("1", "2")),
        (
            {"subscribeAudioUids": ["#allstream#"], "subscribeVideoUids": ["#allstream#"]},
            EVERYBODY,
        ),
        ({"subscribeAudioUids": [], "subscribeVideoUids": []}, EVERYBODY),
    ],
    ids=str,
)
def test_lists_and_stream_types_decide_who_is_recorded(
    config: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert heard_and_seen(at_start(RecordingConfig.model_validate(config))) == expected


@pytest.mark.parametrize(
    ("update", "expected"),
    [
        ({}, EVERYBODY),
        ({"audioUidList": {"subscribeAudioUids": ["2"]}}, ("2", "")),
        ({"videoUidList": {"unsubscribeVideoUids": ["2"]}}, ("", "1")),
    ],
    ids=str,
)
def test_an_update_leaves_nothing_of_the_lists_before(
    update: dict[str, Any], expected: tuple[str, str]
) -> None:
    subscription = after_update(2, StreamSubscribe.model_validate(update))
    assert heard_and_seen(subscription) == expected


def test_the_first_seventeen_to_join_are_recorded() -> None:
    crowd = [Person(user=str(number + 1)) for number in range(19)]
    subscription = at_start(RecordingConfig())
    assert [p.user for p in subscription.recorded(crowd)] == [str(n + 1) for n in range(17)]
    assert subscription.recorded(crowd[1:])[-1].user == "18"

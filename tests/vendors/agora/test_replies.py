"""Replies in every shape that the service has been seen to answer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from longtake.vendorkit.lenient import as_int, as_time
from longtake.vendors.agora.wire.replies import (
    QueryReply,
    ServerResponse,
    StopReply,
    as_files,
)

BEGAN = datetime(2019, 7, 10, 2, 16, 11, 626000, tzinfo=UTC)


def response(**fields: Any) -> ServerResponse:
    return QueryReply.model_validate({"serverResponse": fields}).server_response


@pytest.mark.parametrize("status", [5, "5", 5.0, " 5 "])
def test_status_is_read_as_number_or_text(status: Any) -> None:
    assert response(status=status).status == 5


@pytest.mark.parametrize("status", [None, "five", True, [], {}, "", float("nan")])
def test_senseless_status_is_none(status: Any) -> None:
    assert response(status=status).status is None


@pytest.mark.parametrize(
    "entry",
    [
        {
            "filename": "x.m3u8",
            "trackType": "audio",
            "uid": "123",
            "mixedAllUser": "true",
            "isPlayable": "true",
            "sliceStartTime": "1562724971626",
        },
        {
            "fileName": "x.m3u8",
            "trackType": "audio",
            "uid": 123,
            "mixedAllUser": True,
            "isPlayable": False,
            "sliceStartTime": 1562724971626,
            "unheardOf": {},
        },
        {
            "fileName": "x.m3u8",
            "trackType": "audio",
            "uid": "123",
            "mixedAllUser": True,
            "sliceStartTime": 1562724971.626,
        },
    ],
)
def test_both_spellings_of_an_entry_say_the_same(entry: dict[str, Any]) -> None:
    (file,) = response(fileListMode="json", fileList=[entry]).files
    assert (file.file_name, file.track_type, file.uid) == ("x.m3u8", "audio", "123")
    assert file.mixed_all_user is True
    assert file.begins_at is not None
    assert abs(file.begins_at - BEGAN).total_seconds() < 1


@pytest.mark.parametrize(
    ("listed", "names"),
    [
        ("a;b,c.m3u8", ["a;b,c.m3u8"]),  # one name: a channel's name may hold ; and ,
        ("", []),
        (None, []),
        ([], []),
        (["a.m3u8", "b.m3u8"], ["a.m3u8", "b.m3u8"]),
        ('[{"fileName":"a.m3u8"}]', ["a.m3u8"]),
        ("[broken", []),
        ("[" * 100_000, []),
        ({"fileName": "a.m3u8"}, ["a.m3u8"]),
        ([{"fileName": "a.m3u8"}, {"trackType": "audio"}, 7, None], ["a.m3u8"]),
        (42, []),
    ],
)
def test_file_list_is_read_in_any_shape(listed: Any, names: list[str]) -> None:
    assert [file.file_name for file in as_files(listed)] == names


def test_file_list_may_be_absent() -> None:
    assert response(status=4).all_files() == ()


@pytest.mark.parametrize("key", ["payload", "playload"])
def test_services_are_read_under_either_spelling(key: str) -> None:
    page = {"state": "inProgress", "onhold": "true", "fileList": [{"filename": "w.m3u8"}]}
    seen = response(
        status=5, extensionServiceState=[{"serviceName": "web_recorder_service", key: page}]
    )
    found = seen.service("web_recorder_service")
    assert found is not None
    assert (found.state, found.onhold) == ("inProgress", True)
    assert [file.file_name for file in seen.all_files()] == ["w.m3u8"]
    assert seen.service("rtmp_publish_service") is None


@pytest.mark.parametrize("state", [None, "x", {}, [None, 3], [{"serviceName": "s"}]])
def test_senseless_services_do_no_harm(state: Any) -> None:
    assert response(status=5, extensionServiceState=state).status == 5


@pytest.mark.parametrize("body", [{}, {"serverResponse": None}, {"serverResponse": "gone"}])
def test_stop_may_say_nothing_of_files(body: dict[str, Any]) -> None:
    assert StopReply.model_validate(body).server_response == ServerResponse()


@pytest.mark.parametrize("nothing", [0, "0", None, -5, "soon", 10**17, float("inf"), ""])
def test_no_time_is_made_up(nothing: Any) -> None:
    assert as_time(nothing) is None


def test_seconds_and_milliseconds_are_told_apart() -> None:
    assert as_time("1562724971626") == BEGAN
    assert as_time(1562724971) == BEGAN.replace(microsecond=0)


def test_integers_are_not_made_of_anything_else() -> None:
    assert [as_int(x) for x in ("7", 7, "-7", "\u0667", "1" * 30, True)] == [
        7,
        7,
        -7,
        None,
        None,
        None,
    ]

"""UserSig and PrivateMapKey: who may enter, and what becomes of a robot that may not."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from longtake.vendors.tencent.emulator.credentials import (
    SECURED_SDK_APP_ID,
    SECURED_USER_SIG_KEY,
)
from longtake.vendors.tencent.emulator.rooms import Room
from longtake.vendors.tencent.emulator.user_sigs import (
    Bearer,
    InvalidSig,
    check_private_map_key,
    check_user_sig,
)
from tests.emulator.trtc import ROBOT, Trtc, map_buffer, user_sig

APP, KEY, ISSUED = 1_400_000_123, "test-usersig-key-0123456789abcdef", 1_700_000_000
BEARER = Bearer(APP, KEY, "rec_r7_01")
PUBLISHED = (
    "eJyrVgrxCdYrSy1SslJQMtIzUNJRAItkpqTmlWSmZUIkilKT44vM4w0MYdLFKdmJBQWZKUBJQxMDEDA0MobKpVYUZBalAmXM"
    "jQwMoGIlmbkgEUNzAyiAmZOZDjI-1yjStDjKtLCkzNgjyMQz3zjbLchS29kisiggND3NRzug0ss4JMTVIsgw1FapFgB36TG0"
)


def sig(**changed: Any) -> str:
    given = {"app": APP, "key": KEY, "issued": ISSUED, "life": 7200, "user": BEARER.user_id}
    return user_sig(**{**given, **changed})


def map_key(room: str | int, *, expires: int = ISSUED + 60, **changed: Any) -> str:
    buffer = {"user": BEARER.user_id, "app": APP, "room": room, **changed}
    return sig(buffer=map_buffer(**buffer, expires=expires))


def instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def test_the_published_sig_is_its_bearers_for_two_hours() -> None:
    assert check_user_sig(PUBLISHED, BEARER) == instant(ISSUED + 7200)


def test_the_published_signature_covers_a_user_buffer() -> None:
    assert check_user_sig(sig(buffer=b"abc"), BEARER) == instant(ISSUED + 7200)


@pytest.mark.parametrize(
    "bearer",
    [
        Bearer(APP, KEY, "rec_r7_02"),
        Bearer(APP, "another-key", "rec_r7_01"),
        Bearer(APP + 1, KEY, "rec_r7_01"),
    ],
    ids=str,
)
def test_a_sig_is_nobody_elses(bearer: Bearer) -> None:
    with pytest.raises(InvalidSig):
        check_user_sig(PUBLISHED, bearer)


@pytest.mark.parametrize("text", ["", "nonsense", "eJyrVg__", PUBLISHED[:-9], "e30_", "会议"])
def test_what_is_no_sig_is_refused(text: str) -> None:
    with pytest.raises(InvalidSig):
        check_user_sig(text, BEARER)


@pytest.mark.parametrize("room", [7007, "room-7", "会议-7"])
def test_a_private_map_key_is_for_its_room(room: str | int) -> None:
    numeric = isinstance(room, int)
    assert check_private_map_key(
        map_key(room), BEARER, Room(str(room), numeric=numeric)
    ) == instant(ISSUED + 60)
    with pytest.raises(InvalidSig):
        check_private_map_key(map_key(room), BEARER, Room("7008", numeric=numeric))


@pytest.mark.parametrize(
    "text",
    [
        sig(),
        sig(buffer=b""),
        sig(buffer=b"\x00\xff\xff" + b"\x00" * 20),
        map_key("7007"),
        map_key(7007, user="another"),
        map_key(7007, app=APP + 1),
        map_key(7007, privileges=1),
    ],
)
def test_a_private_map_key_that_does_not_fit_is_refused(text: str) -> None:
    with pytest.raises(InvalidSig):
        check_private_map_key(text, BEARER, Room("7007", numeric=True))


@pytest.mark.parametrize("text", [user_sig("another"), user_sig(life=0), "nonsense"])
async def test_a_create_with_a_bad_sig_is_accepted_and_comes_to_nothing(
    trtc: Trtc, text: str
) -> None:
    task = await trtc.recording(UserSig=text)
    assert await trtc.status(task) == "ResourceNotFound"
    (row,) = await trtc.tasks()
    assert (row["started_at"], row["end_reason"]) == (None, "user_sig_refused")


async def secured(trtc: Trtc, key: str | None) -> str | None:
    """What becomes of a robot in the application with permission control."""
    sig = user_sig(app=SECURED_SDK_APP_ID, key=SECURED_USER_SIG_KEY)
    await trtc.room("7007", "alice")
    await trtc.create(SdkAppId=SECURED_SDK_APP_ID, UserSig=sig, PrivateMapKey=key)
    await trtc.advance(1)
    return (await trtc.tasks())[0]["end_reason"]


def secured_key(room: str | int) -> str:
    buffer = map_buffer(ROBOT, SECURED_SDK_APP_ID, room, expires=int(time.time()) + 600)
    return user_sig(app=SECURED_SDK_APP_ID, key=SECURED_USER_SIG_KEY, buffer=buffer)


async def test_with_permission_control_a_private_map_key_opens_the_room(trtc: Trtc) -> None:
    assert await secured(trtc, secured_key(7007)) is None


@pytest.mark.parametrize("key", [None, "nonsense", secured_key(7008), secured_key("7007")])
async def test_with_permission_control_no_other_key_does(trtc: Trtc, key: str | None) -> None:
    assert await secured(trtc, key) == "user_sig_refused"

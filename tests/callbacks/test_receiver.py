from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import httpx
import pytest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from longtake.client import RecordingClient, connect
from longtake.domain.events import VendorEvent
from tests.callbacks.conftest import (
    MAX_BODY_BYTES,
    AcmeCallbacks,
    Posts,
    event_of,
    outcomes,
    post_to,
    receiver_of,
    signature,
)
from tests.temporal.sessions import heard, listing_lags, request_for


async def test_a_callback_reaches_the_live_session_of_its_room(
    temporal: Client, recordings: RecordingClient, post: Posts, room: str
) -> None:
    session = await recordings.start(request_for(room))
    event = event_of(room, task_id="t1", recorder="17")
    answer = await post(event)
    assert (answer.status_code, answer.json()) == (200, AcmeCallbacks.receipt)
    [(name, [payload])] = await heard(temporal, session)
    assert name == "vendor_event"
    assert VendorEvent.model_validate(payload) == event


async def test_an_attempts_own_address_tells_whose_callback_it_is(
    temporal: Client, recordings: RecordingClient, post: Posts, room: str
) -> None:
    session = await recordings.start(request_for(room))
    await post(event_of(room, task_id="t1"), path="/callbacks/acme/demo/lt17")
    [(_, [payload])] = await heard(temporal, session)
    assert VendorEvent.model_validate(payload).recorder == "lt17"


async def test_every_purpose_of_a_room_hears_its_callbacks_and_no_other_room(
    temporal: Client, recordings: RecordingClient, post: Posts, room: str
) -> None:
    both = [await recordings.start(request_for(room, purpose)) for purpose in (None, "archive")]
    others = [
        await recordings.start(request_for(room, account="demo2")),
        await recordings.start(request_for(f"{room}:archive")),
        await recordings.start(request_for(room[:-1])),
    ]
    ids = {session.workflow_id for session in both}
    async with listing_lags():
        while {session.workflow_id async for session in recordings.live_in("demo", room)} != ids:
            pass
    await post(event_of(room))
    assert [len(await heard(temporal, session)) for session in (*both, *others)] == [1, 1, 0, 0, 0]


async def test_a_callback_without_a_session_is_acknowledged_counted_and_logged(
    receiver: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, room: str
) -> None:
    answer = await post_to(receiver, event_of(room, task_id="lost"))
    assert (answer.status_code, answer.json()) == (200, AcmeCallbacks.receipt)
    [record] = [record for record in caplog.records if record.name.startswith("longtake")]
    assert "task='lost'" in record.getMessage()
    assert await outcomes(receiver) == {"unclaimed": 1}


class Keeper:
    """Keeps what is unclaimed, or cannot."""

    def __init__(self, failure: Exception | None = None, *, slow: bool = False) -> None:
        self.kept: list[tuple[str, str, VendorEvent]] = []
        self._failure = failure
        self._slow = slow

    async def __call__(self, vendor: str, account: str, event: VendorEvent) -> None:
        if self._slow:
            await asyncio.Event().wait()
        if self._failure:
            raise self._failure
        self.kept.append((vendor, account, event))


async def test_an_event_without_a_session_is_given_to_its_keeper(
    temporal: Client, recordings: RecordingClient, room: str
) -> None:
    await recordings.start(request_for(room))
    keeper, lost = Keeper(), event_of(f"{room}?", task_id="lost")
    async with receiver_of(temporal, keeper) as http:
        await post_to(http, event_of(room))
        await post_to(http, lost)
    assert keeper.kept == [("acme", "demo", lost)]


@pytest.mark.parametrize(
    "keeper",
    [Keeper(RPCError("away", RPCStatusCode.UNAVAILABLE, b"")), Keeper(slow=True)],
    ids=["failing", "slow"],
)
async def test_an_event_that_could_not_be_kept_must_be_sent_again(
    temporal: Client, room: str, keeper: Keeper
) -> None:
    async with receiver_of(temporal, keeper) as http:
        assert (await post_to(http, event_of(room))).status_code == 503
        assert await outcomes(http) == {"postponed": 1}


async def test_a_callback_for_an_ended_session_is_unclaimed(
    recordings: RecordingClient, receiver: httpx.AsyncClient, room: str
) -> None:
    session = await recordings.start(request_for(room))
    await session.stop()
    await session.result()
    assert (await post_to(receiver, event_of(room))).status_code == 200
    assert await outcomes(receiver) == {"unclaimed": 1}


@pytest.mark.parametrize("room", ["🎥" * 256, "🎥" * 400])
async def test_a_room_too_long_for_an_id_has_no_session(
    receiver: httpx.AsyncClient, room: str
) -> None:
    assert (await post_to(receiver, event_of(room))).status_code == 200
    assert await outcomes(receiver) == {"unclaimed": 1}


@pytest.mark.parametrize("name", ["id", "room", "recorder", "task_id"])
async def test_an_id_that_no_history_should_hold_is_malformed(
    post: Posts, receiver: httpx.AsyncClient, room: str, name: str
) -> None:
    names = {"id": "e1", "room": room, name: "x" * 1025}
    assert (await post(event_of(**names))).status_code == 400
    assert await outcomes(receiver) == {"malformed": 1}


async def test_a_callback_about_no_recording_is_ignored(receiver: httpx.AsyncClient) -> None:
    answer = await post_to(receiver, b"{}")
    assert (answer.status_code, answer.json()) == (200, AcmeCallbacks.receipt)
    assert await outcomes(receiver) == {"ignored": 1}


@pytest.mark.parametrize("signature", ["", "0" * 64])
async def test_a_forged_callback_tells_nobody_anything(
    temporal: Client, recordings: RecordingClient, post: Posts, room: str, signature: str
) -> None:
    session = await recordings.start(request_for(room))
    answer = await post(event_of(room), acme_signature=signature)
    assert (answer.status_code, answer.text) == (401, "Unauthorized")
    assert await heard(temporal, session) == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"id": 1}', b"\xff", b"null"])
async def test_a_signed_body_that_is_no_event_is_malformed(post: Posts, body: bytes) -> None:
    assert (await post(body)).status_code == 400


@pytest.mark.parametrize(
    "path", ["/callbacks/acme/nobody", "/callbacks/nobody/demo", "/callbacks/acme/demo/x/y"]
)
async def test_an_unknown_vendor_or_account_is_not_found(post: Posts, path: str) -> None:
    assert (await post(b"{}", path=path)).status_code == 404


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("Application/JSON", 200),
        ("text/plain", 415),
        ("application/jsonp", 415),
        ("", 415),
    ],
)
async def test_only_json_is_taken(post: Posts, content_type: str, status: int) -> None:
    assert (await post(b"{}", content_type=content_type)).status_code == status


async def test_a_body_beyond_the_limit_is_not_read_to_its_end(
    receiver: httpx.AsyncClient,
) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1000
            yield b" " * 1000

    answer = await receiver.post(
        "/callbacks/acme/demo", content=endless(), headers={"content-type": "application/json"}
    )
    assert answer.status_code == 413
    assert sent <= MAX_BODY_BYTES + 1000


async def test_a_body_that_never_ends_is_turned_away_in_time(receiver: httpx.AsyncClient) -> None:
    async def stalling() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    answer = await receiver.post(
        "/callbacks/acme/demo", content=stalling(), headers={"content-type": "application/json"}
    )
    assert (answer.status_code, answer.headers["connection"]) == (503, "close")
    assert await outcomes(receiver) == {"postponed": 1}


@pytest.mark.parametrize("header", ["acme-signature", "content-type"])
async def test_a_header_that_comes_twice_is_not_taken_for_either(
    receiver: httpx.AsyncClient, header: str
) -> None:
    given = [("acme-signature", signature(b"{}")), ("content-type", "application/json")]
    doubled = [*given, *(pair for pair in given if pair[0] == header)]
    answer = await receiver.post("/callbacks/acme/demo", content=b"{}", headers=doubled)
    assert answer.status_code in {401, 415}


async def test_a_body_at_the_limit_is_taken(post: Posts) -> None:
    assert (await post(b"{}".ljust(MAX_BODY_BYTES))).status_code == 200
    assert (await post(b"{}".ljust(MAX_BODY_BYTES + 1))).status_code == 413


async def test_logs_hold_no_body_no_header_and_no_query_string(
    post: Posts, caplog: pytest.LogCaptureFixture, room: str
) -> None:
    caplog.set_level(logging.DEBUG)
    await post(event_of(room, detail="in-the-body"), path="/callbacks/acme/demo?token=in-the-query")
    await post(event_of(room, detail="in-the-body"), acme_signature="in-the-header")
    await post(b'{"id": "in-the-body"}')
    ours = "\n".join(
        record.getMessage() for record in caplog.records if record.name.startswith("longtake")
    )
    assert "unclaimed" in ours
    assert "Unauthorized" in ours
    assert not [word for word in ("body", "query", "header") if f"in-the-{word}" in ours]


async def test_while_temporal_is_away_the_vendor_must_send_again(room: str) -> None:
    client = await connect("127.0.0.1:1", "default", lazy=True)
    async with receiver_of(client) as http:
        async with asyncio.timeout(AcmeCallbacks.answer_within.total_seconds()):
            assert (await post_to(http, event_of(room))).status_code == 503
        assert (await http.get("/ready")).status_code == 503
        assert (await http.get("/health")).json() == {"status": "ok"}
        assert await outcomes(http) == {"postponed": 1}


async def test_a_server_that_has_lost_its_namespace_is_away_not_without_sessions(
    temporal: Client, room: str
) -> None:
    client = await connect(temporal.service_client.config.target_host, "no-such-namespace")
    async with receiver_of(client) as http:
        assert (await post_to(http, event_of(room))).status_code == 503
        assert await outcomes(http) == {"postponed": 1}


async def test_ready_when_temporal_answers(receiver: httpx.AsyncClient) -> None:
    answer = await receiver.get("/ready")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})

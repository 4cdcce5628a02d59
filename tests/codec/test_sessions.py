"""Sessions whose payloads are sealed: the server keeps them without being able to read them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError

from longtake.contracts import names
from longtake.contracts.payloads import StopOrder
from longtake.domain.session import State
from longtake.temporal.codec import CodecError, Keyring
from longtake.temporal.connection import Connection, connect_by
from longtake.temporal.devserver import DevServer
from tests.codec.keys import NEW, OLD, in_text, keyring
from tests.house import House, house

LABEL, USER, REASON, PREFIX, NOWHERE = "label-q7", "471147119", "reason-q7", "pathq7", "bucket-q7"
HIDDEN = (LABEL, USER, REASON, PREFIX, NOWHERE)
"""What requests, orders, failures and timelines tell, and the server's file must not."""


def database_in(folder: Path) -> bytes:
    return b"".join(part.read_bytes() for part in folder.glob("temporal.db*"))


def client_of(client: Client, ring: Keyring) -> Any:
    address = client.service_client.config.target_host
    return connect_by(Connection(address, "default", keyring=ring))


async def some_sessions(client: Client, folder: Path) -> None:
    """One with an order and an end, and one that fails with a word of its request."""
    async with house(client, folder) as built:
        await built.room("secret room", "1001", USER)
        handle = await built.start(
            "secret room",
            labels={"team": LABEL},
            output={"storage": "bucket", "path_prefix": PREFIX},
            subscriptions={"audio": {"allow": ["1001", USER]}},
        )
        await built.recording(handle)
        await handle.signal(names.STOP, StopOrder(reason=REASON))
        assert (await handle.result()).end_reason
        assert REASON in await built.timeline(handle)
        failing = await built.start("other", output={"storage": NOWHERE})
        with pytest.raises(WorkflowFailureError) as caught:
            await failing.result()
        # Whoever has the key reads the failure.
        assert isinstance(caught.value.cause, ApplicationError)
        assert NOWHERE in caught.value.cause.message


@pytest.mark.parametrize("ring", [Keyring(), keyring()], ids=["clear", "sealed"])
async def test_nothing_of_a_request_is_readable_in_the_servers_file(
    tmp_path: Path, ring: Keyring
) -> None:
    file = tmp_path / "temporal.db"
    async with DevServer(db_filename=file, search_attributes=names.SEARCH_ATTRIBUTES) as server:
        client = await connect_by(Connection(server.address, "default", keyring=ring))
        await some_sessions(client, tmp_path)
    kept = database_in(tmp_path)
    found = tuple(text for text in HIDDEN if text.encode() in kept)
    # In the clear all of it is found: so the search would find what is not sealed.
    assert found == (() if ring.keys else HIDDEN)
    # What is never sealed: search attributes, and the workflow's id.
    assert b"secret room" in kept
    assert b"secret%20room" in kept


@pytest_asyncio.fixture
async def sealed(client: Client) -> Client:
    return await client_of(client, keyring())


@pytest_asyncio.fixture
async def sealed_house(sealed: Client, tmp_path: Path) -> AsyncGenerator[House]:
    """Its workers are processes of their own, with the keys in their settings."""
    async with house(sealed, tmp_path, in_process=False) as built:
        (tmp_path / "old.key").write_text(in_text(OLD))
        (tmp_path / "new.key").write_text(in_text(NEW) + "\n")
        yield built


def seal_by(built: House, current: str, *keys: str) -> None:
    text = built.settings_path.read_text().partition("\n[temporal.codec]")[0]
    text += f'\n[temporal.codec]\ncurrent = "{current}"\n[temporal.codec.keys]\n'
    text += "".join(f'{key} = "file:{key}.key"\n' for key in keys)
    built.settings_path.write_text(text)


async def start_of(handle: WorkflowHandle[Any, Any]) -> str:
    """The input, as the client's keys open it."""
    async for event in handle.fetch_history_events():
        given = event.workflow_execution_started_event_attributes.input
        return str(await handle._client.data_converter.decode(given.payloads))
    raise AssertionError("an empty history")


async def sealed_by(handle: WorkflowHandle[Any, Any]) -> list[str]:
    """The key ids of everything in the history that our programs wrote, in its order."""
    found: list[str] = []
    async for event in handle.fetch_history_events():
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_CANCELED:
            continue  # its details are the server's own
        for payload in _payloads(event):
            assert payload.metadata["encoding"] == b"binary/encrypted", str(event)
            found.append(payload.metadata["encryption-key-id"].decode())
    return found


def _payloads(message: Any) -> list[Payload]:
    if isinstance(message, Payload):
        return [message]
    found: list[Payload] = []
    for field, value in message.ListFields():
        if field.name in {"search_attributes", "memo"} or field.type != field.TYPE_MESSAGE:
            continue
        if field.message_type.GetOptions().map_entry:
            continue
        for each in value if field.is_repeated else [value]:
            found += _payloads(each)
    return found


async def test_an_open_session_survives_a_rotation(sealed_house: House, client: Client) -> None:
    built = sealed_house
    await built.room("standup", "1001")
    seal_by(built, "old", "old")
    worker = await built.worker_process()
    handle = await built.start("standup", labels={"team": LABEL})
    await built.recording(handle)
    await worker.stop()
    before = await sealed_by(handle)
    assert set(before) == {"old"}

    seal_by(built, "new", "old", "new")
    worker = await built.worker_process()
    try:
        # Replayed from what the old key sealed.
        assert (await built.status(handle)).state is State.RECORDING
        renewed = await client_of(client, keyring(current="new"))
        latest = renewed.get_workflow_handle(handle.id)
        await latest.signal(names.STOP, StopOrder(reason=REASON))
        await handle.result()
        after = (await sealed_by(handle))[len(before) :]
        assert "new" in after
        assert REASON in await built.timeline(handle)
    finally:
        await worker.stop()
    assert not [key for key in (OLD, NEW) if in_text(key) in built.worker_log()]

    lost = await client_of(client, Keyring({"new": NEW}, "new"))
    with pytest.raises(CodecError, match="'old', which is not among"):
        await start_of(lost.get_workflow_handle(handle.id))
    assert "standup" in await start_of(renewed.get_workflow_handle(handle.id))


async def test_worker_without_the_key_delays_a_session_and_drops_nothing(
    sealed_house: House,
) -> None:
    built = sealed_house
    await built.room("standup", "1001")
    # The receiver seals the vendor's events already, and the worker has no key yet.
    plain = await client_of(built.client, Keyring())
    worker = await built.worker_process()
    handle = await built.start("standup", client=plain)
    await built.eventually(lambda: signalled(handle))
    await worker.stop()
    seal_by(built, "new", "old", "new")
    worker = await built.worker_process()
    try:
        latest = built.client.get_workflow_handle(handle.id)
        await built.recording(latest)
        await latest.signal(names.STOP, StopOrder(reason=REASON))
        await latest.result()
        assert REASON in await built.timeline(latest)
    finally:
        await worker.stop()


async def signalled(handle: WorkflowHandle[Any, Any]) -> bool:
    """Whether a sealed signal is in the history, and a worker has failed to read it."""
    kinds = [event.event_type async for event in handle.fetch_history_events()]
    return {
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
        EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED,
    } <= set(kinds)

"""Sealed payloads in Temporal's own UI, which reads and writes them through the codec server."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncGenerator
from pathlib import Path
from urllib.parse import quote

import pytest_asyncio
from playwright.async_api import Page, expect

from longtake.contracts import names
from longtake.domain.session import State
from longtake.emulator.server import running
from longtake.temporal.codec import AesGcmCodec
from longtake.temporal.codec_server import create_app
from longtake.temporal.connection import Connection, connect_by
from longtake.temporal.devserver import DevServer
from tests.codec.keys import TOKEN, keyring
from tests.house import House, house

LABEL, SUMMARY, REASON = "label-q7", "summary-q7", "typed by a person"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest_asyncio.fixture
async def server() -> AsyncGenerator[DevServer]:
    """Its UI has no logins, so that the token stands in the endpoint's path."""
    port = free_port()
    origins = [f"http://127.0.0.1:{port}"]
    app = create_app(AesGcmCodec(keyring()), token=TOKEN, origins=origins, max_body_bytes=10**7)
    async with (
        running(app) as codec,
        DevServer(
            ui_port=port,
            search_attributes=names.SEARCH_ATTRIBUTES,
            ui_codec_endpoint=f"{codec}/{TOKEN}",
        ) as started,
    ):
        yield started


@pytest_asyncio.fixture
async def home(server: DevServer, tmp_path: Path) -> AsyncGenerator[House]:
    client = await connect_by(Connection(server.address, "default", keyring=keyring()))
    async with house(client, tmp_path) as built:
        yield built


async def test_ui_reads_a_sealed_session_and_seals_what_a_person_types(
    server: DevServer, home: House, page: Page
) -> None:
    await home.room("lesson-7", "1001", "1002")
    session = await home.client.start_workflow(
        names.WORKFLOW,
        home.request("lesson-7", labels={"team": LABEL}),
        id=f"recording:{home.account}:lesson-7",
        task_queue=home.task_queue,
        static_summary=SUMMARY,
    )
    home.started.append(session)
    await home.recording(session)

    run = f"{quote(session.id, safe='')}/{session.first_execution_run_id}"
    await page.goto(f"{server.ui_url}/namespaces/default/workflows/{run}/history")
    await expect(page.get_by_text(f'"{LABEL}"').first).to_be_visible()
    await expect(page.get_by_text("binary/encrypted")).to_have_count(0)
    # The static summary and the current details.
    await page.get_by_role("tab", name="User Metadata").click()
    told = page.frame_locator("main iframe")
    await expect(told.first.locator("body")).to_contain_text(SUMMARY)
    await expect(told.last.locator("body")).to_contain_text("RECORDING: ")

    await page.get_by_role("button", name="More Actions").click()
    await page.get_by_role("menuitem", name="Send a Signal").click()
    form = page.get_by_role("dialog", name="Send a Signal")
    await form.get_by_test_id("signal-select-button").click()
    await page.get_by_role("option", name=names.STOP).click()
    await form.get_by_role("textbox", name="Data").fill(json.dumps({"reason": REASON}))
    # When the field loses the focus its text is laid out anew, and the button below it moves.
    await form.get_by_role("heading", name="Input").click()
    await form.get_by_role("button", name="Submit").click()
    await expect(form).to_be_hidden()

    await home.until(session, lambda status: status.state is State.FINISHED)
    assert REASON in await home.timeline(session)
    history = (await session.fetch_history()).to_json()
    [typed] = [
        event["workflowExecutionSignaledEventAttributes"]["input"]["payloads"][0]
        for event in json.loads(history)["events"]
        if event.get("workflowExecutionSignaledEventAttributes", {}).get("signalName") == names.STOP
    ]
    assert typed["metadata"]["encoding"] == "YmluYXJ5L2VuY3J5cHRlZA=="  # binary/encrypted

"""What an operator does in Temporal's own UI, done by a browser."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.async_api import Page, expect

from longtake.client import connect
from longtake.contracts import names
from longtake.temporal.devserver import DevServer
from tests.house import House, house


@pytest.fixture
async def server() -> AsyncGenerator[DevServer]:
    async with DevServer(ui_port=0, search_attributes=names.SEARCH_ATTRIBUTES) as started:
        yield started


@pytest.fixture
async def home(server: DevServer, tmp_path: Path) -> AsyncGenerator[House]:
    async with house(await connect(server.address, "default"), tmp_path) as built:
        yield built


async def test_an_operator_finds_a_session_reads_it_and_changes_its_layout(
    server: DevServer, home: House, page: Page
) -> None:
    await home.room("lesson-7", "1001", "1002")
    session = await home.start("lesson-7")
    other = await home.start("lesson-8")
    before = (await home.recording(session)).applied_revision
    await home.recording(other)

    query = quote('RecordingRoom = "lesson-7"')
    await page.goto(f"{server.ui_url}/namespaces/default/workflows?query={query}")
    await expect(page.get_by_role("link", name=session.id)).to_be_visible()
    await expect(page.get_by_role("link", name=other.id)).to_have_count(0)
    await page.get_by_role("link", name=session.id).click()

    await page.get_by_role("tab", name="User Metadata").click()
    told = page.frame_locator("main iframe").last.locator(
        "body"
    )  # the UI shows markdown in a frame
    await expect(told).to_contain_text("RECORDING: ")
    await expect(told).to_contain_text(f"revision {before}, shown")

    await page.get_by_role("button", name="More Actions").click()
    await page.get_by_role("menuitem", name="Send a Signal").click()
    form = page.get_by_role("dialog", name="Send a Signal")
    await form.get_by_test_id("signal-select-button").click()
    await page.get_by_role("option", name=names.CHANGE_LAYOUT).click()
    order = {"layout": {"kind": "speaker", "main": "1002"}}
    await form.get_by_role("textbox", name="Data").fill(json.dumps(order))
    # When the field loses the focus its text is laid out anew, and the button below it moves.
    await form.get_by_role("heading", name="Input").click()
    await form.get_by_role("button", name="Submit").click()
    await expect(form).to_be_hidden()

    changed = await home.until(session, lambda status: status.applied_revision > before)
    assert changed.revision == changed.applied_revision == before + 1
    await page.reload()
    await expect(told).to_contain_text(f"speaker, 1002 large (revision {before + 1}, shown)")

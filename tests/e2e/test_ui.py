"""What an operator does in Temporal's own UI, done by a browser."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import AsyncGenerator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.async_api import Page, async_playwright, expect

from longtake.client import connect
from longtake.contracts import names
from longtake.temporal.devserver import DevServer
from tests.house import House, house

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 60_000.0
"""Milliseconds: the UI asks the server every few seconds by itself."""


@pytest.fixture(scope="module")
def chromium() -> str:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None and os.environ.get("LONGTAKE_REQUIRE") != "all":
        pytest.skip(f"no browser on PATH, none of {', '.join(BROWSERS)}")
    assert found, "LONGTAKE_REQUIRE=all, and there is no chromium on PATH"
    return found


@pytest.fixture
async def server() -> AsyncGenerator[DevServer]:
    async with DevServer(ui_port=0, search_attributes=names.SEARCH_ATTRIBUTES) as started:
        yield started


@pytest.fixture
async def home(server: DevServer, tmp_path: Path) -> AsyncGenerator[House]:
    async with house(await connect(server.address, "default"), tmp_path) as built:
        yield built


@pytest.fixture
async def page(chromium: str) -> AsyncGenerator[Page]:
    async with async_playwright() as play:
        browser = await play.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        opened = await browser.new_page(viewport={"width": 1300, "height": 900})
        opened.set_default_timeout(PATIENCE)
        yield opened
        await browser.close()


async def test_an_operator_finds_a_session_reads_it_and_changes_its_layout(
    server: DevServer, home: House, page: Page
) -> None:
    expect.set_options(timeout=PATIENCE)
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

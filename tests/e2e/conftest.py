"""Temporal's UI in a browser."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.needed import needed

PATIENCE = 60_000.0
"""Milliseconds: the UI asks the server every few seconds by itself."""


@pytest.fixture(scope="session")
def chromium() -> str:
    return needed("chromium", "chromium-browser", "google-chrome")


@pytest.fixture
async def page(chromium: str) -> AsyncGenerator[Page]:
    expect.set_options(timeout=PATIENCE)
    async with async_playwright() as play:
        browser = await play.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        opened = await browser.new_page(viewport={"width": 1300, "height": 1200})
        opened.set_default_timeout(PATIENCE)
        yield opened
        await browser.close()

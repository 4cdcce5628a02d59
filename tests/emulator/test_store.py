"""A bucket of placeholders is listed and read like any other, and nothing is encoded for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from longtake.emulator.store import ObjectStore
from longtake.emulator.uploads import Shelf


def never() -> bytes:
    pytest.fail("media was made")


async def test_placeholders_are_stored_in_the_place_of_media_and_playlists_as_they_are(
    tmp_path: Path,
) -> None:
    store, written = ObjectStore(tmp_path, placeholders=True), list[str]()
    shelf = Shelf(store, "bucket", written.append)
    await shelf.write("a/b.m3u8", lambda: b"#EXTM3U\n")
    await shelf.write("a/b_1.ts", never)
    assert written == ["a/b.m3u8", "a/b_1.ts"]
    assert store.get("bucket", "a/b.m3u8") == b"#EXTM3U\n"
    assert store.get("bucket", "a/b_1.ts")

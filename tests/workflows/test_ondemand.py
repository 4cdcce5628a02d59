"""Files that a vendor's video-on-demand keeps are listed as the vendor tells them, once each."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from temporalio.client import Client

from longtake.domain.files import Outcome
from tests.house import House, house, working

TARGETS: Mapping[str, str] = {
    "tencent": "vod = true",
    "alibaba": 'vod = { storage_location = "media.oss-cn-shanghai.aliyuncs.com",'
    " auto_compose = true }",
}
MEDIA = {"output": {"storage": "media"}}


@asynccontextmanager
async def studio(
    client: Client, folder: Path, vendor: str, **options: Any
) -> AsyncGenerator[House]:
    """A house whose storage `media` is the vendor's video-on-demand."""
    timings = {"vod": 0.1}
    async with house(
        client, folder, vendor=vendor, in_process=False, timings=timings, **options
    ) as home:
        with home.settings_path.open("a") as settings:
            settings.write(f"\n[storage.media.{vendor}]\n{TARGETS[vendor]}\n")
        async with working(home, client):
            yield home


async def flowing(home: House, room: str, **request: Any) -> Any:
    handle = await home.start(room, **MEDIA, **request)
    await home.until(handle, lambda status: any(s.phase == "flowing" for s in status.segments))
    await home.advance(5)  # long enough for a file
    return handle


async def test_ids_and_addresses_of_each_file_are_listed_and_no_signature_is_kept(
    client: Client, tmp_path: Path
) -> None:
    async with studio(client, tmp_path, "tencent") as home:
        await home.room("lesson", "1001", "1002")
        await home.fault("callback", "double", probability=0.9)
        await home.fault("callback", "reorder", probability=0.9)
        handle = await flowing(home, "lesson", mode="individual")
        await handle.signal("stop")
        result = await handle.result()
        manifest = result.manifest
        assert manifest.outcome is Outcome.UNVERIFIED
        assert manifest.reasons == ("kept by the vendor's video-on-demand: 2 files told",)
        assert [file.user for file in sorted(manifest.files, key=lambda f: f.user)] == [
            "1001",
            "1002",
        ]
        for file in manifest.files:
            assert file.file_id.isdecimal()
            assert file.url == f"https://vod.example/{file.file_id}/f0.m3u8"
            assert file.kind == "playlist"
            assert file.seconds is not None
        history = (await handle.fetch_history()).to_json()
        assert "vod.example" in _decoded(history)
        assert "sign=" not in _decoded(history)


def _decoded(history: str) -> str:
    """The payloads of a history's JSON, one a line."""
    payloads = re.findall(r'"data": ?"([A-Za-z0-9+/=]+)"', history)
    return "\n".join(base64.b64decode(text).decode(errors="replace") for text in payloads)


async def test_an_upload_that_failed_is_told_and_wants_attention(
    client: Client, tmp_path: Path
) -> None:
    async with studio(client, tmp_path, "tencent") as home:
        await home.room("lesson", "1001")
        await home.fault("start", "wrong_storage")
        handle = await flowing(home, "lesson")
        await handle.signal("stop")
        manifest = (await handle.result()).manifest
        assert (manifest.outcome, manifest.files) == (Outcome.PARTIAL, ())
        assert any("upload to VOD failed" in reason for reason in manifest.reasons)
        assert (await home.status(handle)).attention


async def test_media_that_are_told_only_when_asked_are_listed(
    client: Client, tmp_path: Path
) -> None:
    async with studio(client, tmp_path, "alibaba") as home:
        await home.room("lesson", "1001")
        handle = await flowing(home, "lesson")
        await handle.signal("stop")
        manifest = (await handle.result()).manifest
        assert manifest.outcome is Outcome.UNVERIFIED
        # One of the recording, and the one that is merged in the end.
        assert len({file.file_id for file in manifest.files if file.file_id}) == 2


async def test_a_discard_says_that_it_cannot_delete_media(client: Client, tmp_path: Path) -> None:
    async with studio(client, tmp_path, "tencent") as home:
        await home.room("lesson", "1001")
        handle = await flowing(home, "lesson")
        await handle.signal("stop", {"discard": True})
        result = await handle.result()
        assert result.manifest.outcome is Outcome.UNVERIFIED
        assert "cannot be deleted from here" in result.manifest.reasons[0]
        assert (result.discard.files, result.discard.left) == (0, len(result.manifest.files))
        status = await home.status(handle)
        assert any("nothing was deleted" in why for why in status.attention)

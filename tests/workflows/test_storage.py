"""Sessions whose bucket is looked into over S3."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from temporalio.client import Client

from longtake.domain.files import ManifestDocument, Outcome
from longtake.storage.bucket import Bucket
from longtake.storage.profile import StorageProfile
from tests.house import BUCKET, House, house, working
from tests.storage.s3 import S3, serving


@pytest.fixture(scope="module")
async def s3(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[S3]:
    async with serving(tmp_path_factory.mktemp("s3")) as server:
        yield server


@asynccontextmanager
async def recorded(client: Client, folder: Path, profile: StorageProfile) -> AsyncGenerator[House]:
    """A house whose worker reads another bucket than the folder that the emulator writes to."""
    async with house(client, folder, media=True, in_process=False, timings={"slice": 1.0}) as home:
        plain = f'url = "{(folder / "data" / BUCKET).as_uri()}"'
        text = home.settings_path.read_text()
        assert plain in text
        options = "\n".join(f"{key} = {json.dumps(of)}" for key, of in profile.options.items())
        other = f'url = "{profile.url}"\n[storage.bucket.options]\n{options}'
        home.settings_path.write_text(text.replace(plain, other))
        async with working(home, client):
            yield home


async def carry(folder: Path, bucket: Bucket) -> None:
    """Bring what the emulator writes to the other bucket, until cancelled."""
    brought = dict[Path, int]()
    while True:
        for path, content in await asyncio.to_thread(_changed, folder, brought):
            await bucket.write(str(path.relative_to(folder)), content)
        await asyncio.sleep(0.05)


def _changed(folder: Path, brought: dict[Path, int]) -> list[tuple[Path, bytes]]:
    at = {path: path.stat().st_mtime_ns for path in folder.rglob("[!.]*.*")}
    new = [path for path in at if at[path] != brought.get(path)]
    brought.update(at)
    return [(path, path.read_bytes()) for path in new]


async def test_a_session_is_checked_and_its_manifest_written_over_s3(
    client: Client, tmp_path: Path, s3: S3
) -> None:
    name = f"takes-{uuid4()}"
    bucket = await s3.bucket(name)
    async with recorded(client, tmp_path, s3.profile(name)) as home:
        carrying = asyncio.create_task(carry(tmp_path / "data" / BUCKET, bucket))
        await home.room("standup", "1001")
        handle = await home.start("standup")
        await home.until(handle, lambda status: "data flows" in status.evidence)
        await handle.signal("stop")
        manifest = (await handle.result()).manifest
        carrying.cancel()
        assert manifest.outcome is Outcome.COMPLETE, manifest.reasons
        assert {file.kind for file in manifest.files} == {"playlist", "segment"}
        document = ManifestDocument.model_validate_json(await bucket.read(manifest.document))
        assert document.files == manifest.files


async def test_a_bucket_that_refuses_the_keys_leaves_the_vendor_s_word(
    client: Client, tmp_path: Path, s3: S3
) -> None:
    profile = s3.profile("takes", secret_access_key="wrong")
    async with recorded(client, tmp_path, profile) as home:
        await home.room("standup", "1001")
        handle = await home.start("standup")
        await home.until(handle, lambda status: "data flows" in status.evidence)
        await handle.signal("stop")
        manifest = (await handle.result()).manifest
        assert manifest.outcome is Outcome.UNVERIFIED
        assert {file.size for file in manifest.files} == {None}
        [reason] = manifest.reasons
        assert reason.startswith("Unauthorized: storage bucket: cannot list")
        assert any("cannot check the files" in why for why in (await home.status(handle)).attention)

"""The port over a real S3 server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from activities.files import FileActivities
from longtake.cli.checks import check_storage
from longtake.contracts.payloads import CheckInput, SegmentFiles
from longtake.domain.errors import NotConfigured, RecordingError, Unauthorized, VendorUnavailable
from longtake.domain.files import ManifestDocument, Outcome
from longtake.domain.ports import StoredObject
from longtake.media.packets import held_seconds
from longtake.media.playlist import parse_playlist
from longtake.storage.bucket import Bucket, open_store
from tests.activities.fakes import ATTEMPT, REQUEST, TASK, FakeDirectory, FakeRecorder, Tries
from tests.storage.s3 import S3

AT_ONCE = 16
"""Writes at a time that the server's one thread keeps up with."""


@pytest.fixture
async def bucket(s3: S3) -> Bucket:
    return await s3.bucket(f"takes-{uuid4()}")


async def keys(listed: AsyncIterator[StoredObject]) -> list[str]:
    return [found.key async for found in listed]


async def fill(bucket: Bucket, names: list[str]) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def write(name: str) -> None:
        async with gate:
            await bucket.write(name, b"x")

    await asyncio.gather(*map(write, names))


async def test_a_listing_has_more_keys_than_one_answer(bucket: Bucket) -> None:
    names = [f"take/{number:04}.ts" for number in range(1010)]
    await fill(bucket, [*names, "take2/other.ts"])
    assert await keys(bucket.list("take/")) == names
    assert await keys(bucket.list("take/100")) == names[1000:]
    assert await keys(bucket.list("take/1003.ts")) == ["take/1003.ts"]


NAMES = [
    "plain.ts",
    "14_cm9vbQ+-._1.ts",
    "sp ace.ts",
    "会议 é.ts",
    "per%20cent.ts",
    "2025-05-06-14:37:22_1.ts",
    "a?b=c&d#e~f'[g](h)!*.ts",
]


async def test_keys_are_kept_whatever_is_in_them(bucket: Bucket) -> None:
    for name in NAMES:
        assert await bucket.create(f"a/{name}", name.encode())
        assert await bucket.read(f"a/{name}") == name.encode()
        assert await bucket.read_range(f"a/{name}", 1, 2) == name.encode()[1:3]
    assert sorted(await keys(bucket.list("a/"))) == sorted(f"a/{name}" for name in NAMES)
    for name in NAMES:
        await bucket.delete(f"a/{name}")
    assert await keys(bucket.list("")) == []


async def test_what_is_there_is_never_written_over(bucket: Bucket, tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(b"film")
    assert await bucket.create("a/film.mp4", tmp_path / "film.mp4")
    assert not await bucket.create("a/film.mp4", b"other")
    assert await bucket.read("a/film.mp4") == b"film"


async def test_of_two_who_create_the_same_one_does(bucket: Bucket) -> None:
    made = await asyncio.gather(*(bucket.create("a/one", bytes([n])) for n in range(8)))
    assert sum(made) == 1
    assert await bucket.read("a/one") == bytes([made.index(True)])


async def test_an_absent_key_is_a_file_not_found(bucket: Bucket) -> None:
    with pytest.raises(FileNotFoundError):
        await bucket.read("a/absent")
    with pytest.raises(FileNotFoundError):
        await bucket.read_range("a/absent", 0, 10)
    await bucket.delete("a/absent")


async def failures(bucket: Bucket) -> set[type[Exception]]:
    calls = (
        keys(bucket.list("a/")),
        bucket.read("a/x"),
        bucket.read_range("a/x", 0, 1),
        bucket.create("a/x", b"x"),
        bucket.write("a/x", b"x"),
        bucket.delete("a/x", "a/y"),
    )
    caught = set[type[Exception]]()
    for call in calls:
        with pytest.raises(RecordingError) as raised:
            await call
        assert "?" not in str(raised.value)
        caught.add(type(raised.value))
    return caught


async def test_wrong_keys_are_unauthorized(s3: S3, bucket: Bucket) -> None:
    profile = s3.profile("takes", secret_access_key="wrong")
    assert await failures(open_store(profile)) == {Unauthorized}
    finding = await check_storage(profile)
    assert finding.verdict == "fault"
    assert "403" in finding.found


async def test_an_absent_bucket_is_not_configured(s3: S3) -> None:
    assert await failures(open_store(s3.profile("nowhere"))) == {NotConfigured}


async def test_a_server_that_is_away_is_unavailable(s3: S3) -> None:
    away = s3.profile("takes", endpoint="http://127.0.0.1:1")
    assert await failures(open_store(away)) == {VendorUnavailable}


async def test_doctor_writes_reads_and_deletes_a_probe(s3: S3, bucket: Bucket) -> None:
    name = f"probed-{uuid4()}"
    probed = await s3.bucket(name)
    finding = await check_storage(s3.profile(name))
    assert (finding.verdict, "listed, written, read and deleted" in finding.found) == ("ok", True)
    assert await keys(probed.list("")) == []


async def test_a_session_s_files_are_checked_and_its_manifest_lies_beside_them(
    bucket: Bucket,
) -> None:
    path, playlist = ATTEMPT.path, "#EXTM3U\n#EXTINF:5\nt1_a+b c.ts\n#EXT-X-ENDLIST\n"
    await bucket.write(f"{path}/t1_room.m3u8", playlist.encode())
    await bucket.write(f"{path}/t1_a+b c.ts", b"slice")
    files = FileActivities(FakeDirectory(FakeRecorder(), bucket), parse_playlist, held_seconds)
    said = SegmentFiles(number=1, task=TASK, reported=(), had_data=True)
    order = CheckInput(request=REQUEST, segments=(said,), session="key")
    manifest = await Tries().next(files.check, order)
    assert (manifest.outcome, manifest.document) == (Outcome.COMPLETE, "key/manifest.json")
    written = ManifestDocument.model_validate_json(await bucket.read(manifest.document))
    assert written.files == manifest.files

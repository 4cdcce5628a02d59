from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import obstore
import pytest
from obstore.store import MemoryStore

from longtake.domain.errors import (
    InvalidRequest,
    NotConfigured,
    RecordingError,
    Unauthorized,
    VendorUnavailable,
)
from longtake.domain.ports import ObjectStore, StoredObject
from longtake.storage.bucket import Bucket, open_store
from longtake.storage.profile import StorageProfile

SECRET = "the-secret-key"
REFUSAL = (
    f"<Error><Code>SignatureDoesNotMatch</Code><Message>{SECRET}\n{'x' * 9000}</Message></Error>"
)


def at_folder(folder: Path) -> Bucket:
    return open_store(StorageProfile("meetings", folder.as_uri()))


async def keys(listed: AsyncIterator[StoredObject]) -> list[str]:
    return sorted([found.key async for found in listed])


@asynccontextmanager
async def s3(status: int, body: str = "") -> AsyncGenerator[tuple[Bucket, list[str]]]:
    """A bucket whose service answers everything alike, and the request lines it got."""
    asked: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        asked.append(head.decode().splitlines()[0])
        length = len(body.encode())
        reply = f"HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        writer.write((reply + body).encode())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        yield s3_at(f"http://127.0.0.1:{port}"), asked


def s3_at(endpoint: str) -> Bucket:
    options = {"endpoint": endpoint, "region": "x", "access_key_id": "id"}
    options["secret_access_key"] = SECRET
    return open_store(StorageProfile("meetings", "s3://bucket", options))


async def failure_of_list(store: ObjectStore) -> RecordingError:
    with pytest.raises(RecordingError) as caught:
        await keys(store.list("a"))
    return caught.value


async def test_a_folder_lists_and_reads_what_is_below_a_prefix(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "one ~#[é].ts").write_bytes(b"12345")
    (tmp_path / "a" / "bc.ts").write_bytes(b"1")
    store = at_folder(tmp_path)
    [found] = [found async for found in store.list("a/b/")]
    assert (found.key, found.size) == ("a/b/one ~#[é].ts", 5)
    assert abs(datetime.now(UTC) - found.modified) < timedelta(minutes=1)
    assert await store.read(found.key) == b"12345"
    assert await keys(store.list("")) == ["a/b/one ~#[é].ts", "a/bc.ts"]


async def test_a_prefix_may_end_within_a_name(tmp_path: Path) -> None:
    names = ["a/b/one.ts", "a/bc.ts", "a/c.ts", "b.ts"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"1")
    store = at_folder(tmp_path)
    assert await keys(store.list("a/b")) == ["a/b/one.ts", "a/bc.ts"]
    assert await keys(store.list("b")) == ["b.ts"]


async def test_a_prefix_may_be_a_whole_key(tmp_path: Path) -> None:
    store = at_folder(tmp_path)
    await store.write("a/b.ts", b"1")
    assert await keys(store.list("a/b.ts")) == ["a/b.ts"]


async def test_a_listing_goes_on_past_its_first_page() -> None:
    store = MemoryStore()
    names = [f"a/{number:04}.ts" for number in range(120)]
    for name in names:
        await obstore.put_async(store, name, b"x")
    assert await keys(Bucket("meetings", store).list("a")) == names
    assert await keys(Bucket("meetings", store).list("a/010")) == names[100:110]


async def test_memory_starts_empty() -> None:
    assert await keys(open_store(StorageProfile("m", "memory://")).list("")) == []


async def test_a_folder_that_is_not_there_yet_is_an_empty_bucket(tmp_path: Path) -> None:
    store = at_folder(tmp_path / "later" / "bucket")
    assert await keys(store.list("")) == []
    (tmp_path / "later" / "bucket" / "now.ts").write_bytes(b"x")
    assert await keys(store.list("")) == ["now.ts"]


@pytest.mark.parametrize("key", ["absent.m3u8", "../outside", "a//b", "folder", "nul\0"])
async def test_what_is_not_there_is_a_file_not_found(tmp_path: Path, key: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(FileNotFoundError, match="storage meetings"):
        await at_folder(tmp_path).read(key)


async def test_a_prefix_that_leads_out_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest):
        await keys(at_folder(tmp_path).list("../outside"))


@pytest.mark.parametrize(
    ("status", "body", "expected", "vendor_code"),
    [
        (401, REFUSAL, Unauthorized, "SignatureDoesNotMatch"),
        (403, REFUSAL, Unauthorized, "SignatureDoesNotMatch"),
        (404, "<Error><Code>NoSuchBucket</Code></Error>", NotConfigured, "NoSuchBucket"),
        (404, "", NotConfigured, "404"),
        (429, "", VendorUnavailable, "429"),
        (500, REFUSAL, VendorUnavailable, "SignatureDoesNotMatch"),
        (503, "", VendorUnavailable, "503"),
        (200, "no list", VendorUnavailable, ""),
    ],
)
async def test_a_failed_listing_says_what_must_happen_next(
    status: int, body: str, expected: type[RecordingError], vendor_code: str
) -> None:
    async with s3(status, body) as (store, asked):
        failure = await failure_of_list(store)
    assert type(failure) is expected
    assert failure.evidence().get("vendor_code", "") == vendor_code
    assert len(asked) == 1, "Temporal repeats, not the client"


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (401, REFUSAL, Unauthorized),
        (403, REFUSAL, Unauthorized),
        (404, "<Error><Code>NoSuchKey</Code></Error>", FileNotFoundError),
        (404, "<Error><Code>NoSuchBucket</Code></Error>", NotConfigured),
        (500, REFUSAL, VendorUnavailable),
    ],
)
async def test_a_failed_read_says_what_must_happen_next(
    status: int, body: str, expected: type[Exception]
) -> None:
    async with s3(status, body) as (store, asked):
        with pytest.raises(expected) as caught:
            await store.read("a/b.m3u8")
    assert type(caught.value) is expected
    assert len(asked) == 1


@asynccontextmanager
async def s3_without_conditions() -> AsyncGenerator[tuple[Bucket, list[str]]]:
    """An S3 that does not know `If-None-Match`; gives the requests that it got as well."""
    asked: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        method = head.split()[0]
        length = re.search(r"^content-length: (\d+)", head, re.MULTILINE)
        await reader.readexactly(int(length[1]) if length else 0)
        conditional = "if-none-match: *" in head
        asked.append(f"{method} {'if new' if conditional else ''}".strip())
        status = {"head": 404, "put": 501 if conditional else 200}[method]
        reply = f"HTTP/1.1 {status} X\r\nETag: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        writer.write(reply.encode())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        yield s3_at(f"http://127.0.0.1:{port}"), asked


async def test_a_store_that_knows_no_condition_is_asked_first_and_written_to() -> None:
    async with s3_without_conditions() as (store, asked):
        assert await store.create("a/manifest.json", b"{}")
    assert asked == ["head", "put if new", "put"]


async def test_what_is_in_a_folder_is_never_written_over(tmp_path: Path) -> None:
    store = at_folder(tmp_path / "bucket")
    assert await store.create("a/one.json", b"first")
    assert not await store.create("a/one.json", b"second")
    assert await store.read("a/one.json") == b"first"


async def test_a_large_file_goes_up_in_parts_once(tmp_path: Path) -> None:
    store, film = at_folder(tmp_path / "bucket"), tmp_path / "film.mp4"
    with film.open("wb") as file:
        file.truncate(65 * 2**20)
    assert await store.create("film.mp4", film)
    assert not await store.create("film.mp4", film)
    [stored] = [found async for found in store.list("")]
    assert (stored.key, stored.size) == ("film.mp4", 65 * 2**20)


async def test_a_range_is_read_alone(tmp_path: Path) -> None:
    store = at_folder(tmp_path)
    await store.write("a.ts", b"0123456789")
    assert await store.read_range("a.ts", 3, 4) == b"3456"
    assert await store.read_range("a.ts", 8, 4) == b"89"
    with pytest.raises(FileNotFoundError):
        await store.read_range("b.ts", 0, 1)


async def test_a_key_that_can_be_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError):
        await at_folder(tmp_path).create("a//b", b"x")


async def test_an_unreachable_store_is_unavailable() -> None:
    failure = await failure_of_list(s3_at("http://127.0.0.1:1"))
    assert type(failure) is VendorUnavailable
    assert "HTTP error" in str(failure)


async def test_no_answer_query_or_secret_is_in_an_error() -> None:
    async with s3(403, REFUSAL) as (store, asked):
        failure = await failure_of_list(store)
    assert "?" in asked[0]
    assert SECRET not in str(failure)
    assert "xxx" not in str(failure)
    assert "?" not in str(failure)
    # obstore's own text would follow into the history.
    assert failure.__cause__ is None
    assert failure.__suppress_context__


@pytest.mark.parametrize(
    ("profile", "problem"),
    [
        (StorageProfile("s", ""), "storage s: it has no url"),
        (StorageProfile("s", "ftp://x/y"), "storage s: cannot open its url"),
        (StorageProfile("s", "nonsense"), "storage s: cannot open its url"),
        (StorageProfile("s", "s3://b", {"acces_key": SECRET}), "'acces_key' is not valid"),
        (StorageProfile("s", "az://container"), "Account must be specified"),
    ],
)
def test_a_profile_that_cannot_be_opened_is_not_configured(
    profile: StorageProfile, problem: str
) -> None:
    with pytest.raises(NotConfigured) as caught:
        open_store(profile)
    assert problem in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "profile",
    [
        StorageProfile("s", "s3://bucket/prefix", {"region": "x", "timeout": "5s"}),
        StorageProfile("s", "gs://bucket", {"skip_signature": "true"}),
        StorageProfile("s", "az://container", {"account_name": "a", "account_key": "a2V5"}),
    ],
)
def test_every_kind_of_cloud_store_opens_without_a_call(profile: StorageProfile) -> None:
    assert isinstance(open_store(profile), Bucket)

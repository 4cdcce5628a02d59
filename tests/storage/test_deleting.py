"""A discard's batches against a real S3 server."""

from __future__ import annotations

from tests.storage.s3 import S3


async def test_a_batch_deletes_what_it_names_and_nothing_else(s3: S3) -> None:
    bucket = await s3.bucket("discarded")
    keys = [f"d/a {number}+ä.ts" for number in range(20)]
    for key in (*keys, "d/kept.ts", "d/a"):
        await bucket.create(key, b"x")
    await bucket.delete(*keys, "d/absent.ts")
    assert {stored.key async for stored in bucket.list("d/")} == {"d/kept.ts", "d/a"}

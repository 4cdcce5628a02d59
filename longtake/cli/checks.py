"""Checks of doctor's that need no Temporal: keys, clocks, buckets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Literal
from uuid import uuid4

from temporalio.api.common.v1 import Payload

from longtake.domain.errors import RecordingError, Unauthorized
from longtake.storage.profile import StorageProfile
from longtake.temporal.codec import AesGcmCodec, CodecError, Keyring

if TYPE_CHECKING:  # extras of their own
    import httpx

    from longtake.storage.bucket import Bucket

WITHIN = 10.0
"""Seconds for one check."""

_SKEW = timedelta(seconds=60)
"""Vendors let a request's time be off by 5 to 15 minutes; what is off by one is not being set."""

_PROBES = "longtake-doctor/"
"""Where the check of a bucket has its objects."""


@dataclass(frozen=True)
class Finding:
    """What one check found; `remedy` says what to do about a fault."""

    what: str
    verdict: Literal["ok", "fault", "skipped"]
    found: str
    remedy: str = ""


async def check_codec(keyring: Keyring) -> Finding:
    """Whether every key opens what it sealed."""
    what = "payload codec"
    if not keyring.keys:
        return Finding(what, "skipped", "no [temporal.codec]: Temporal can read all payloads")
    clear = [Payload(data=b"longtake-doctor")]
    try:
        for name in keyring.keys:
            codec = AesGcmCodec(replace(keyring, current=name))
            await codec.decode(await codec.encode(clear))
    except CodecError as err:
        return Finding(what, "fault", str(err), "see [temporal.codec] in docs/security.md")
    told = f"{len(keyring.keys)} keys, "
    told += f"{keyring.current} seals" if keyring.current else "and none is `current`: none seals"
    return Finding(what, "ok", told)


class Clock:
    """How far this machine's clock is from the one that stamps a vendor's answers.

    A request is signed with its time, and refused when that is minutes off.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        """`now` is this machine's."""
        self._now = now
        self._sent = now()
        self._ahead: timedelta | None = None

    async def sent(self, _request: httpx.Request) -> None:
        """A request goes out."""
        self._sent = self._now()

    async def received(self, response: httpx.Response) -> None:
        """Its answer is there: the vendor stamped it somewhere between."""
        with suppress(KeyError, ValueError):
            stamp = parsedate_to_datetime(response.headers["date"])
            stamp = stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)
            self._ahead = self._sent + (self._now() - self._sent) / 2 - stamp

    def finding(self, what: str, title: str) -> Finding:
        """The verdict, with the seconds."""
        if self._ahead is None:
            return Finding(what, "skipped", f"{title} gave no answer with a date")
        seconds = self._ahead.total_seconds()
        side = "ahead of" if seconds > 0 else "behind"
        told = f"{abs(seconds):.0f} s {side} {title}'s, give or take 1 s"
        if abs(self._ahead) <= _SKEW:
            return Finding(what, "ok", told)
        return Finding(what, "fault", told, "let NTP set this machine's clock")


async def check_storage(profile: StorageProfile) -> Finding:
    """Whether the bucket can be read, and written by the same keys."""
    from longtake.storage.bucket import open_store  # noqa: PLC0415 - an extra of its own

    name, what = profile.name, f"storage {profile.name}"
    if not profile.readable:
        told = "has no url: outcomes of its recordings will be 'unverified'"
        remedy = f"let storage.{name}.url name the bucket, if its files are to be checked"
        return Finding(what, "skipped", told, remedy)
    try:
        async with asyncio.timeout(WITHIN):
            bucket = open_store(profile)
            async for _ in bucket.list(_PROBES):
                break
            told = await _probe(bucket)
    except TimeoutError:
        told = f"does not answer within {WITHIN:.0f} s"
        return Finding(what, "fault", told, f"check the network and [storage.{name}.options]")
    except RecordingError as err:
        return Finding(what, "fault", str(err), f"check [storage.{name}] and its options")
    except FileNotFoundError:
        told = "an object that was written cannot be read back"
        return Finding(what, "fault", told, f"check storage.{name}.url: is it the right bucket?")
    return Finding(what, "ok", f"{profile.url} {told}")


async def _probe(bucket: Bucket) -> str:
    """Write, read and delete an object of our own; says what the keys allow."""
    key = f"{_PROBES}{uuid4()}"
    try:
        await bucket.write(key, key.encode())
    except Unauthorized:
        return "can be listed; its keys may not write, and need not"
    try:
        same = await bucket.read(key) == key.encode()
    finally:
        await bucket.delete(key)
    if not same:
        raise FileNotFoundError(key)
    return "can be listed, written, read and deleted from"

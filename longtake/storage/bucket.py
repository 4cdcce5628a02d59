"""The port `ObjectStore` over obstore: local folders, memory, S3 and its kin, GCS, Azure."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    NotSupportedError,
    PermissionDeniedError,
    UnauthenticatedError,
    UnknownConfigurationKeyError,
)
from obstore.store import from_url

from longtake.domain.errors import (
    InvalidRequest,
    NotConfigured,
    RecordingError,
    Unauthorized,
    VendorUnavailable,
)
from longtake.domain.ports import StoredObject
from longtake.storage.profile import StorageProfile

if TYPE_CHECKING:  # obstore's union of stores exists for type checkers only
    from obstore.store import ObjectStore as Store

_CLIENT_OPTIONS = frozenset(
    {
        "allow_http",
        "allow_invalid_certificates",
        "connect_timeout",
        "http1_only",
        "http2_only",
        "pool_idle_timeout",
        "proxy_ca_certificate",
        "proxy_excludes",
        "proxy_url",
        "timeout",
        "user_agent",
    }
)
"""Options of the HTTP client: obstore takes them apart from the store's and panics otherwise."""

_AT_ONCE = 64 * 2**20
"""Bytes: what is larger goes up in parts, which no store lets depend on a condition."""

# Of obstore's texts these parts are its own; the rest may hold the store's answer or a query.
_STATUS = re.compile(r"non-2xx status code: (\d{3})")
_CODE = re.compile(r"<Code>(\w{1,64})</Code>")
_REASON = re.compile(r" in [\d.]+\S{1,3} - ([\w ,-]{1,120})")


class Bucket:
    """Implements `longtake.domain.ports.ObjectStore`; keys are relative to the profile's url.

    Each call is one attempt. Unauthorized: the store refuses the credentials. NotConfigured: the
    bucket does not exist. VendorUnavailable: everything else that is not the key's own absence.
    """

    def __init__(self, name: str, store: Store) -> None:
        """`name` is the storage profile's, for error texts."""
        self._name = name
        self._store = store

    async def list(self, prefix: str) -> AsyncIterator[StoredObject]:
        """Every object whose key begins with `prefix`: `a/b` has `a/b/c` and `a/bc`.

        Of the folder in which the prefix ends, what comes before it is passed over by the store
        (S3's start-after); what comes after it is listed, and left out here.
        """
        folder, _, begun = prefix.rpartition("/")
        try:
            # obstore's own prefixes are whole folders. Its overload for Arrow, which is not
            # installed, has no type.
            pages = obstore.list(  # pyright: ignore[reportUnknownMemberType]
                self._store, prefix=folder or None, offset=prefix[:-1] if begun else None
            )
            async for page in pages:
                for meta in page:
                    if meta["path"].startswith(prefix):
                        yield StoredObject(
                            key=meta["path"], size=meta["size"], modified=meta["last_modified"]
                        )
        except ValueError as err:
            raise InvalidRequest(f"storage {self._name}: no key can begin {prefix!r}") from err
        except (BaseError, OSError) as err:
            raise self._failure("list", err) from None

    async def read(self, key: str) -> bytes:
        """One whole object; FileNotFoundError when it is absent or no object can have that key."""
        try:
            answer = await obstore.get_async(self._store, key)
            return bytes(await answer.bytes_async())
        except (BaseError, OSError, ValueError) as err:
            raise self._read_failure(key, err) from None

    async def read_range(self, key: str, start: int, length: int) -> bytes:
        """At most `length` bytes from `start` on, which must lie inside the object.

        FileNotFoundError as `read`.
        """
        try:
            return bytes(
                await obstore.get_range_async(self._store, key, start=start, length=length)
            )
        except (BaseError, OSError, ValueError) as err:
            raise self._read_failure(key, err) from None

    async def create(self, key: str, content: bytes | Path) -> bool:
        """Write a new object; False, and nothing is changed, where the key is taken.

        The store is asked first, and told to refuse the write if there is an object by then. One
        that does not know such a condition, or a file of more than 64 MiB, which goes up in parts,
        leaves a moment between the two: nobody else may write to that key.
        """
        try:
            await obstore.head_async(self._store, key)
        except FileNotFoundError as err:
            if isinstance(failure := self._failure("write", err), NotConfigured):
                raise failure from None
        except (BaseError, OSError, ValueError) as err:
            raise self._failure("write", err) from None
        else:
            return False
        return await self._put_new(key, content)

    async def _put_new(self, key: str, content: bytes | Path) -> bool:
        size = await asyncio.to_thread(_size, content)
        try:
            if size <= _AT_ONCE:
                await obstore.put_async(self._store, key, content, mode="create")
                return True
        except (AlreadyExistsError, FileExistsError):
            return False
        except (BaseError, OSError) as err:
            if not _knows_no_condition(err):
                raise self._failure("write", err) from None
        try:
            await obstore.put_async(self._store, key, content)
        except (BaseError, OSError) as err:
            raise self._failure("write", err) from None
        return True

    async def write(self, key: str, content: bytes) -> None:
        """One whole object: a check's own; recordings are written by vendors."""
        try:
            await obstore.put_async(self._store, key, content)
        except (BaseError, OSError) as err:
            raise self._failure("write", err) from None

    async def delete(self, *keys: str) -> None:
        """Delete objects, in as few calls as the store takes; one that is absent is no failure."""
        try:
            await obstore.delete_async(self._store, list(keys))
        except (BaseError, OSError) as err:
            failure = self._failure("delete", err)
            # A local folder says that one is absent, once all others are deleted.
            if not isinstance(err, FileNotFoundError) or isinstance(failure, NotConfigured):
                raise failure from None

    def _read_failure(self, key: str, err: Exception) -> Exception:
        absent = FileNotFoundError(f"storage {self._name}: {key}")
        if isinstance(err, ValueError):  # no object can have that key
            return absent
        failure = self._failure("read", err)
        if isinstance(err, FileNotFoundError) and not isinstance(failure, NotConfigured):
            return absent
        return failure

    def _failure(self, call: str, err: Exception) -> RecordingError:
        text = str(err)
        status, code, reason = _found(_STATUS, text), _found(_CODE, text), _found(_REASON, text)
        told = " ".join(part for part in (reason or type(err).__name__, status, code) if part)
        return _class_of(call, err, status, code)(
            f"storage {self._name}: cannot {call}: {told}",
            call=f"storage.{call}",
            vendor_code=code or status,
        )


def open_store(profile: StorageProfile) -> Bucket:
    """A reader of the profile's bucket; nothing is sent yet.

    A `file://` folder is made if it is not there; each `memory://` is a new, empty one.
    NotConfigured: the profile has no url, or obstore refuses the url or an option's name.
    """
    return Bucket(profile.name, _store(profile))


def _store(profile: StorageProfile) -> Store:
    refused = f"storage {profile.name}: "
    if not profile.readable:
        raise NotConfigured(f"{refused}it has no url, so its files cannot be read")
    scheme = profile.url.partition("://")[0]
    # The stores' constructors differ in their options' types; a profile's are text.
    keywords: dict[str, Any] = {}
    if scheme == "file":
        keywords["mkdir"] = True
    elif scheme != "memory":
        # Temporal owns retries: a call here is one attempt.
        keywords["retry_config"] = {"max_retries": 0}
        keywords["client_options"] = _client_options(profile.options)
        keywords["config"] = {
            key: value for key, value in profile.options.items() if key not in _CLIENT_OPTIONS
        }
    try:
        return from_url(profile.url, **keywords)
    except UnknownConfigurationKeyError as err:
        raise NotConfigured(f"{refused}{_first_line(err)}") from None
    except (BaseError, OSError, ValueError) as err:
        raise NotConfigured(f"{refused}cannot open its url: {_first_line(err)}") from None


def _client_options(options: Mapping[str, str]) -> dict[str, Any]:
    chosen = {key: value for key, value in options.items() if key in _CLIENT_OPTIONS}
    if any(key.endswith("endpoint") and _plain_http(url) for key, url in options.items()):
        # Whoever writes http:// means it; obstore wants to be told twice.
        chosen.setdefault("allow_http", "true")
    return chosen


def _plain_http(url: str) -> bool:
    return url.lower().startswith("http://")


def _class_of(call: str, err: Exception, status: str, code: str) -> type[RecordingError]:
    if isinstance(err, (PermissionDeniedError, UnauthenticatedError)) or status in {"401", "403"}:
        return Unauthorized
    # A listing of nothing is an empty page: only a bucket can be "not found" there.
    if code == "NoSuchBucket" or (call == "list" and status == "404"):
        return NotConfigured
    return VendorUnavailable


def _size(content: bytes | Path) -> int:
    return content.stat().st_size if isinstance(content, Path) else len(content)


def _knows_no_condition(err: Exception) -> bool:
    """Whether the store refuses a write for its condition alone, not for its keys or content."""
    if isinstance(err, (NotImplementedError, NotSupportedError)):
        return True
    return _found(_STATUS, str(err)) == "501" or _found(_CODE, str(err)) == "NotImplemented"


def _found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return match[1] if match else ""


def _first_line(err: Exception) -> str:
    return str(err).partition("\n")[0]

"""What a vendor's folder offers to the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

import httpx
from pydantic import BaseModel

from longtake.domain.ports import CallbackParser, Recorder

AccountT = TypeVar("AccountT", bound=BaseModel)
StorageT = TypeVar("StorageT", bound=BaseModel)

Account_contra = TypeVar("Account_contra", bound=BaseModel, contravariant=True)
Storage_contra = TypeVar("Storage_contra", bound=BaseModel, contravariant=True)

Now = Callable[[], datetime]


class RecorderFactory(Protocol[Account_contra, Storage_contra]):
    """Builds one account's recorder; the http client is borrowed, never closed."""

    def __call__(
        self,
        name: str,
        account: Account_contra,
        storage: Mapping[str, Storage_contra],
        http: httpx.AsyncClient,
        now: Now,
    ) -> Recorder: ...


@dataclass(frozen=True)
class VendorSpec(Generic[AccountT, StorageT]):
    """One vendor: its settings, and what is built from them."""

    slug: str
    title: str
    account: type[AccountT]
    """The vendor's keys of `[accounts.NAME]`."""
    storage: type[StorageT]
    """The vendor's keys of `[storage.NAME.SLUG]`: what the vendor is told of a bucket."""
    recorder: RecorderFactory[AccountT, StorageT]
    callbacks: Callable[[str, AccountT], CallbackParser]

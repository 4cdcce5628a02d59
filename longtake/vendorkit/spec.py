"""What a vendor's folder offers to the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

import httpx
from pydantic import BaseModel, ConfigDict, Field

from longtake.domain.files import FileRef
from longtake.domain.ports import CallbackParser, Recorder


class AccountSettings(BaseModel):
    """What every vendor's `[accounts.NAME]` has; the vendor's folder adds its own keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    calls_per_second: float = Field(gt=0, le=10_000)
    """The account's rate, over all workers together: the vendor's default, set by its folder."""


AccountT = TypeVar("AccountT", bound=AccountSettings)
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
    describe: Callable[[str], FileRef]
    """What a file's name tells, where no account is known."""
    playlist_began: Callable[[str], datetime | None]
    """When the first media of a playlist was recorded, as its own tags tell."""

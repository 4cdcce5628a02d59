"""What every vendor's adapter begins with: an account, its storage profiles, a clock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Generic, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from longtake.domain.errors import InvalidRequest, NotConfigured, invalid_request
from longtake.domain.ports import Attempt
from longtake.domain.recording import RecordingRequest
from longtake.vendorkit.spec import AccountT, Now, StorageT

OptionsT = TypeVar("OptionsT", bound=BaseModel)


class AccountRecorder(Generic[AccountT, StorageT]):
    """One account's recorder, which a vendor's adapter completes to the port `Recorder`."""

    vendor: ClassVar[str]
    profile_tells: ClassVar[str] = "of a bucket"
    """What the vendor is told by a storage profile."""

    def __init__(
        self,
        name: str,
        account: AccountT,
        storage: Mapping[str, StorageT],
        http: httpx.AsyncClient,
        now: Now,
    ) -> None:
        """`name` is the account's, `storage` by profile name; `now` gives aware times."""
        self._name = name
        self._account = account
        self._storage = storage
        self._http = http
        self._now = now

    async def acquire(
        self,
        request: RecordingRequest,  # noqa: ARG002 - the port's
        attempt: Attempt,  # noqa: ARG002 - the port's
    ) -> str:
        """Never asked where the traits name no window of a resource."""
        raise InvalidRequest(f"{self.vendor} acquire: nothing is reserved", vendor=self.vendor)

    def key_prefixes(
        self,
        request: RecordingRequest,  # noqa: ARG002 - the port's
        attempt: Attempt,
        task_id: str = "",  # noqa: ARG002 - the port's
    ) -> tuple[str, ...]:
        """The attempt's own path."""
        return (f"{attempt.path}/",)

    def _profile(self, name: str) -> StorageT:
        storage = self._storage.get(name)
        if storage is None:
            known = ", ".join(sorted(self._storage)) or "none"
            raise NotConfigured(
                f"output.storage: no profile {name!r} tells {self.vendor} {self.profile_tells};"
                f" account {self._name!r} can use {known}"
            )
        return storage


def options_of(request: RecordingRequest, model: type[OptionsT]) -> OptionsT:
    """The vendor's own options; InvalidRequest names each that breaks a rule."""
    try:
        return model.model_validate(request.vendor_options)
    except ValidationError as error:
        raise invalid_request(error, root="vendor_options") from None

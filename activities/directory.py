"""What the activities look up by name; `worker.py` answers it from the settings."""

from __future__ import annotations

from typing import Protocol

from longtake.domain.ports import ObjectStore, Recorder


class Directory(Protocol):
    """Accounts and storage profiles, by the names that requests carry."""

    def recorder(self, vendor: str, account: str) -> Recorder:
        """The account's recorder; NotConfigured, or InvalidRequest if it is another vendor's."""
        ...

    def store(self, profile: str) -> ObjectStore | None:
        """Read access to a profile's bucket, None where there is none; NotConfigured."""
        ...

"""The account's OBS buckets: which ones the service may write to, and what is in them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class StoredObject:
    name: str
    size: int
    modified_at: datetime


class Buckets:
    """Every name is a bucket's; all may be written to but the ``unauthorised``."""

    def __init__(self, unauthorised: Collection[str]) -> None:
        self._unauthorised = set(unauthorised)
        self._objects: dict[str, dict[str, StoredObject]] = {}

    def authorised(self, bucket: str) -> bool:
        return bucket not in self._unauthorised

    def authorise(self, bucket: str, *, granted: bool) -> None:
        self._objects.setdefault(bucket, {})
        if granted:
            self._unauthorised.discard(bucket)
        else:
            self._unauthorised.add(bucket)

    @property
    def names(self) -> list[str]:
        """Those that anything is known of."""
        return sorted(self._unauthorised | self._objects.keys())

    def wrote(self, bucket: str, stored: StoredObject) -> None:
        self._objects.setdefault(bucket, {})[stored.name] = stored

    def objects(self, bucket: str, prefix: str) -> list[StoredObject]:
        """All below ``prefix``."""
        found = self._objects.get(bucket, {})
        return [found[name] for name in sorted(found) if name.startswith(prefix)]

    def folders(self, bucket: str, prefix: str) -> list[str]:
        """Those directly below ``prefix``, ending in a slash."""
        tails = [each.name.removeprefix(prefix) for each in self.objects(bucket, prefix)]
        return sorted({f"{prefix}{tail.split('/')[0]}/" for tail in tails if "/" in tail})

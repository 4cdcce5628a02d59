"""A bucket as the worker's settings describe it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class StorageProfile:
    """`[storage.NAME]`: where our own reader finds the files.

    `url` is `s3://bucket/prefix`, `gs://...`, `az://...`, `file:///folder`, `memory://`, or empty
    where the bucket cannot be read. Keys are relative to it, so it points at what the vendor is
    told is the bucket. `options` are obstore's own for that kind of store; they hold secrets.
    """

    name: str
    url: str
    options: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)

    @property
    def readable(self) -> bool:
        """Whether files can be checked at all."""
        return self.url != ""

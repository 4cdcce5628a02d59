"""What a merge works on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from longtake.domain.files import StoredFile
from longtake.domain.ports import ObjectStore


@dataclass(frozen=True)
class Material:
    """Where the parts lie.

    `files`: all that is in storage of one session, or in one folder. `began`: when the first
    media of a playlist was recorded, as its own tags tell. Merged files go to `target`, below
    `folder`.
    """

    store: ObjectStore
    target: ObjectStore
    files: Sequence[StoredFile]
    began: Callable[[str], datetime | None]
    folder: str

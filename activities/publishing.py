"""Manifests in storage: each is a new object, none is ever replaced."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from pydantic import ValidationError

from longtake.domain.files import ManifestDocument, document_key
from longtake.domain.ports import ObjectStore


async def publish(store: ObjectStore, folder: Sequence[str], document: ManifestDocument) -> str:
    """Write the document beside the session's files, under the first name that is free.

    Gives its key. One that says the same already, as after a try whose answer was lost, is left
    to stand for it.
    """
    content = document.model_dump_json(indent=1).encode()
    for number in count(1):
        key = document_key(folder, number)
        if await store.create(key, content) or await _says_the_same(store, key, document):
            return key
    raise AssertionError("numbers do not end")


async def _says_the_same(store: ObjectStore, key: str, document: ManifestDocument) -> bool:
    try:
        other = ManifestDocument.model_validate_json(await store.read(key))
    except (FileNotFoundError, ValidationError):  # deleted meanwhile, or somebody else's
        return False
    return other.model_copy(update={"checked_at": document.checked_at}) == document

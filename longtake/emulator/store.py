"""Where recorders upload to: buckets as folders, keys as paths below them."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

_PLACEHOLDER = b"no media is made here\n"


class ObjectStore:
    """Objects at ``<root>/<bucket>/<key>``; a reader never sees half an object.

    placeholders: what is no playlist is stored as a few bytes, which nobody has to make.
    """

    def __init__(self, root: Path, *, placeholders: bool = False) -> None:
        self._root = root
        self._placeholders = placeholders

    def placeholder(self, key: str) -> bytes | None:
        """What is stored for the object in the place of its content; None: the content."""
        return _PLACEHOLDER if self._placeholders and not key.endswith(".m3u8") else None

    def put(self, bucket: str, key: str, content: bytes) -> None:
        """Write or overwrite.

        Raises:
            ValueError: the bucket or the key would lead out of its folder.
        """
        path = self._path(bucket, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.partial")
        partial.write_bytes(content)
        partial.replace(path)

    def get(self, bucket: str, key: str) -> bytes:
        return self._path(bucket, key).read_bytes()

    def _path(self, bucket: str, key: str) -> Path:
        parts = PurePosixPath(bucket, *key.split("/")).parts
        escapes = "/" in bucket or key.startswith("/") or any(p in {"..", "."} for p in parts)
        if not bucket or not key or escapes or "\0" in bucket + key:
            raise ValueError("a bucket or key that leads out of the store")
        return self._root.joinpath(*parts)

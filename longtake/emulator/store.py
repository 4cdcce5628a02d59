"""Where recorders upload to: buckets as folders, keys as paths below them."""

from __future__ import annotations

from pathlib import Path, PurePosixPath


class ObjectStore:
    """Objects at ``<root>/<bucket>/<key>``; a reader never sees half an object."""

    def __init__(self, root: Path) -> None:
        self._root = root

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

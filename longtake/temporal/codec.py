"""Payloads that only key holders can read: AES-256-GCM between our programs, not at the server.

A sealed payload's data is a nonce, the ciphertext of the whole clear payload, and a tag. Its
metadata names the key, which the tag covers too: a payload cannot be passed off as another key's.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from google.protobuf.message import DecodeError
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

ENCODING = b"binary/encrypted"
KEY_ID = "encryption-key-id"
KEY_BYTES = 32
NONCE_BYTES = 12
"""96 bits, drawn anew for each payload. At random they last 2^32 payloads of one key, which is
where the chance of a repetition passes the usual 2^-32: rotate long before."""

_SHOWN = 64
"""Characters of a foreign key id in an error."""


class CodecError(Exception):
    """A payload cannot be sealed or opened; the text names the key's id, never more."""


@dataclass(frozen=True)
class Keyring:
    """Keys by id; all of them open, `current` seals. The keys are not printed."""

    keys: Mapping[str, bytes] = field(default_factory=dict[str, bytes], repr=False)
    """32 bytes each."""
    current: str | None = None
    """None: nothing is sealed."""


class _Cipher(Protocol):
    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes: ...
    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes: ...


@dataclass(frozen=True)
class _Library:
    cipher: Callable[[bytes], _Cipher]
    invalid_tag: type[Exception]


class AesGcmCodec(PayloadCodec):
    """Seals with the current key and opens with whichever a payload names.

    What is not sealed passes: the codec can be switched on while sessions are open. A program
    without keys needs it too: the SDK drops a signal that it cannot read, and the session would
    take another way when it is replayed with the key; a codec's error only delays it.
    """

    def __init__(self, keyring: Keyring) -> None:
        """CodecError: the library is not installed, or a key has another length."""
        if keyring.current is not None and keyring.current not in keyring.keys:
            raise CodecError(f"the current key {keyring.current!r} is not among the keys")
        self._current = keyring.current
        self._ciphers = {name: _cipher(name, key) for name, key in keyring.keys.items()}

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Seal each payload."""
        if self._current is None:
            return list(payloads)
        return [self._sealed(payload, self._current) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Open the sealed ones among the payloads; CodecError when one cannot be opened."""
        return [self._opened(payload) for payload in payloads]

    def _sealed(self, payload: Payload, by: str) -> Payload:
        nonce = os.urandom(NONCE_BYTES)
        key_id = by.encode()
        data = self._ciphers[by].encrypt(nonce, payload.SerializeToString(), _bound(key_id))
        return Payload(metadata={"encoding": ENCODING, KEY_ID: key_id}, data=nonce + data)

    def _opened(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        key_id = payload.metadata.get(KEY_ID, b"")
        name = key_id.decode(errors="replace")
        cipher = self._ciphers.get(name)
        if cipher is None:
            raise CodecError(
                f"a payload is sealed with the key {name[:_SHOWN]!r}, which is not among"
                " temporal.codec.keys"
            )
        nonce, data = payload.data[:NONCE_BYTES], payload.data[NONCE_BYTES:]
        opened = Payload()
        try:
            opened.ParseFromString(cipher.decrypt(nonce, data, _bound(key_id)))
        except (_library().invalid_tag, ValueError, DecodeError):
            # Without the cause: its traceback's frames hold what was to be opened.
            raise CodecError(
                f"a payload does not open with the key {name!r}: it was altered, or the id names"
                " another key here than where it was sealed"
            ) from None
        return opened


def _bound(key_id: bytes) -> bytes:
    """What the tag covers beside the data."""
    return ENCODING + b"\0" + key_id


def _cipher(name: str, key: bytes) -> _Cipher:
    if len(key) != KEY_BYTES:
        raise CodecError(f"the key {name!r} has {len(key)} bytes, not {KEY_BYTES}")
    return _library().cipher(key)


def _library() -> _Library:
    """Imported when a codec is made: clients without one do without the library."""
    try:
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415
    except ModuleNotFoundError:
        raise CodecError(
            "temporal.codec needs the library cryptography: pip install 'longtake[codec]'"
        ) from None
    return _Library(AESGCM, InvalidTag)

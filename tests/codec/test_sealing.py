"""What the codec promises, payload by payload."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload

from longtake.temporal.codec import AesGcmCodec, CodecError, Keyring
from tests.codec.keys import NEW, OLD, keyring

CLEAR = Payload(metadata={"encoding": b"json/plain"}, data=b'{"room":"standup"}')


async def sealed(payload: Payload = CLEAR, *, by: str = "old") -> Payload:
    [given] = await AesGcmCodec(keyring(current=by)).encode([payload])
    return given


async def opened(payload: Payload, ring: Keyring | None = None) -> Payload:
    [given] = await AesGcmCodec(ring or keyring()).decode([payload])
    return given


@given(data=st.binary(max_size=200), kind=st.binary(max_size=20))
async def test_whatever_is_sealed_opens_as_it_was(data: bytes, kind: bytes) -> None:
    payload = Payload(metadata={"encoding": kind, "more": b"\x00\xff"}, data=data)
    assert await opened(await sealed(payload)) == payload


async def test_sealed_payload_shows_its_key_and_nothing_else() -> None:
    payload = await sealed()
    assert payload.metadata == {"encoding": b"binary/encrypted", "encryption-key-id": b"old"}
    assert b"standup" not in payload.SerializeToString()
    assert b"json" not in payload.SerializeToString()


async def test_no_nonce_comes_twice() -> None:
    payloads = await AesGcmCodec(keyring()).encode([CLEAR] * 500)
    assert len({payload.data[:12] for payload in payloads}) == 500


async def test_what_is_not_sealed_passes() -> None:
    assert await opened(CLEAR) == CLEAR


async def test_keys_without_a_current_one_open_and_seal_nothing() -> None:
    codec = AesGcmCodec(Keyring({"old": OLD}))
    assert await codec.encode([CLEAR]) == [CLEAR]
    assert await codec.decode([await sealed()]) == [CLEAR]


async def test_no_keys_at_all_open_nothing_sealed() -> None:
    with pytest.raises(CodecError, match="'old', which is not among"):
        await opened(await sealed(), Keyring())


async def test_old_keys_open_and_only_the_current_one_seals() -> None:
    payload = await sealed(by="old")
    assert await opened(payload, keyring(current="new")) == CLEAR
    assert (await sealed(by="new")).metadata["encryption-key-id"] == b"new"


async def test_unknown_key_is_named() -> None:
    with pytest.raises(
        CodecError, match=r"the key 'old', which is not among temporal\.codec\.keys"
    ):
        await opened(await sealed(), Keyring({"new": NEW}, "new"))


async def test_another_key_under_the_same_id_opens_nothing() -> None:
    with pytest.raises(CodecError, match="does not open with the key 'old'"):
        await opened(await sealed(), Keyring({"old": NEW}, "old"))


@pytest.mark.parametrize("at", [0, 11, 12, 20, -1])
async def test_altered_payload_does_not_open(at: int) -> None:
    payload = await sealed()
    data = bytearray(payload.data)
    data[at] ^= 1
    payload.data = bytes(data)
    with pytest.raises(CodecError, match="altered"):
        await opened(payload)


@pytest.mark.parametrize("kept", [0, 11, 12, 27])
async def test_payload_that_was_cut_does_not_open(kept: int) -> None:
    payload = await sealed()
    payload.data = payload.data[:kept]
    with pytest.raises(CodecError, match="altered"):
        await opened(payload)


async def test_payload_passed_off_as_another_keys_does_not_open() -> None:
    # Both ids have one key here: only what the tag covers beside the data tells them apart.
    ring = Keyring({"old": OLD, "alias": OLD}, "old")
    payload = await sealed()
    payload.metadata["encryption-key-id"] = b"alias"
    with pytest.raises(CodecError, match="altered"):
        await opened(payload, ring)


async def test_no_key_and_no_content_is_in_an_error_or_a_print() -> None:
    ring = keyring()
    payload = await sealed()
    payload.data = payload.data[:-1]
    with pytest.raises(CodecError) as caught:
        await opened(payload)
    told = repr(caught.value) + repr(ring) + repr(AesGcmCodec(ring))
    assert caught.value.__cause__ is None
    for secret in (OLD, NEW):
        assert secret.decode() not in told
        assert repr(secret) not in told
    assert "standup" not in told


def test_key_of_another_length_is_refused_by_its_id() -> None:
    with pytest.raises(CodecError, match="the key 'short' has 5 bytes, not 32"):
        AesGcmCodec(Keyring({"short": b"short"}, "short"))
    with pytest.raises(CodecError, match="the current key 'absent' is not among the keys"):
        AesGcmCodec(Keyring({"old": OLD}, "absent"))

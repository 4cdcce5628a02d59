"""How much an MPEG transport stream holds, by the time stamps at its two ends."""

from __future__ import annotations

from collections.abc import Iterator

PACKET = 188
"""Bytes; a stream is nothing but packets."""

_SYNC = 0x47
_PER_SECOND = 90_000
_WRAP = 2**33
"""Time stamps begin anew after 26.5 hours."""


def held_seconds(head: bytes, tail: bytes) -> float | None:
    """From the first time stamp to the last; None for what is no transport stream.

    Both begin with a packet: `head` with the file's first, `tail` with any. The last frame's own
    length is not in it.
    """
    if not head or head[0] != _SYNC:
        return None
    stamps = [*_stamps(head), *_stamps(tail)]
    if not stamps:
        return 0.0
    since = [(stamp - stamps[0] + _WRAP // 2) % _WRAP - _WRAP // 2 for stamp in stamps]
    return (max(since) - min(since)) / _PER_SECOND


def _stamps(packets: bytes) -> Iterator[int]:
    """Presentation time stamps of the packets with which a frame or a group of them begins."""
    for at in range(0, len(packets) - PACKET + 1, PACKET):
        packet = packets[at : at + PACKET]
        begins, has_payload = packet[1] & 0x40, packet[3] & 0x10
        if packet[0] != _SYNC or not begins or not has_payload:
            continue
        payload = packet[4:]
        if packet[3] & 0x20:
            payload = payload[1 + payload[0] :]
        if payload[:3] == b"\0\0\1" and len(payload) >= 14 and payload[7] & 0x80:
            yield _stamp(payload[9:14])


def _stamp(five: bytes) -> int:
    """33 bits, in 3, 15 and 15 with a marker after each."""
    number = int.from_bytes(five)
    return (number >> 3 & 0x1C0000000) | (number >> 2 & 0x3FFF8000) | (number >> 1 & 0x7FFF)

"""Packets of pieces at their time in the merged file, one piece in memory at a time."""
# PyAV's stubs leave the packets' type parameter open.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from typing import Literal, NamedTuple

import av
from av.audio.stream import AudioStream
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from longtake.media.merge.plan import Placed
from longtake.media.merge.timing import Course

CLOCK = 90_000
"""Ticks a second of the time stamps that leave here."""

UNDECODABLE = "something in it cannot be decoded"

_TS_PACKET = 188
"""Bytes: a transport stream of another length was cut off."""

_TICK = Fraction(1, CLOCK)

_HELD = 3
"""Pieces in memory: two tracks are read side by side, and may be in one file."""

Kind = Literal["video", "audio"]
Complain = Callable[[str, str], None]
"""Told the key of a file that cannot be used as a whole, and why."""


class Uncopied(Exception):
    """The track cannot be copied: its media differs from what is wanted, or within itself."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(kind)
        self.kind: Kind = kind


class Read(NamedTuple):
    """A packet, its stream, whether it is the first of its piece, and that one's key."""

    packet: Packet[Stream]
    stream: VideoStream | AudioStream
    first: bool
    key: str


@dataclass
class _Media:
    """What is in one piece; `begins`: its earliest time stamp in seconds."""

    streams: dict[str, VideoStream | AudioStream]
    packets: dict[str, list[Packet[Stream]]]
    begins: float
    seconds: float
    damaged: int


class Reader:
    """Reads pieces when their turn comes, each once for all its tracks."""

    def __init__(self, fetch: Callable[[str], bytes], complain: Complain) -> None:
        """`fetch` gives a whole object; FileNotFoundError if it is absent."""
        self._fetch = fetch
        self._complain = complain
        self._held: OrderedDict[str, _Media | None] = OrderedDict()

    def track(self, pieces: Sequence[Placed], kind: Kind) -> Iterator[Read]:
        """The packets of one track, in order, stamped with the merged file's time."""
        course = Course()
        for placed in pieces:
            media = self._media(placed)
            if media is None or kind not in media.streams:
                continue
            shift = course.shift(placed, media.begins)
            for number, packet in enumerate(media.packets[kind]):
                _restamp(packet, shift)
                yield Read(packet, media.streams[kind], number == 0, placed.piece.key)

    def _media(self, placed: Placed) -> _Media | None:
        piece = placed.piece
        if piece.key not in self._held:
            while len(self._held) >= _HELD:
                self._held.popitem(last=False)
            self._held[piece.key] = self._load(piece.key, piece.seconds)
        return self._held[piece.key]

    def _load(self, key: str, expected: float) -> _Media | None:
        try:
            content = self._fetch(key)
        except FileNotFoundError:
            self._complain(key, "it is not there")
            return None
        try:
            media = _demuxed(content, "mpegts" if key.endswith(".ts") else None)
        except (FFmpegError, ValueError) as err:
            self._complain(key, f"it is no media that can be read: {_told(err)}")
            return None
        if not media.streams:
            self._complain(key, "no sound and no picture is in it")
            return None
        if media.damaged or (key.endswith(".ts") and len(content) % _TS_PACKET):
            self._complain(key, f"it is damaged: {media.seconds:.1f} s of it were used")
        elif expected - media.seconds > max(1.0, expected / 2):
            self._complain(key, f"{media.seconds:.1f} s of {expected:.1f} s are in it")
        return media


def _demuxed(content: bytes, container_format: str | None) -> _Media:
    container = av.open(BytesIO(content), "r", format=container_format)
    chosen = [*container.streams.video[:1], *container.streams.audio[:1]]
    packets: dict[str, list[Packet[Stream]]] = {stream.type: [] for stream in chosen}
    damaged = 0
    for packet in container.demux(*chosen) if chosen else ():
        if packet.dts is None or packet.pts is None or not packet.size:
            continue
        if packet.is_corrupt:
            damaged += 1
            continue
        packets[packet.stream.type].append(packet)
    streams = {stream.type: stream for stream in chosen if packets[stream.type]}
    stamps = [
        packet.pts * float(packet.time_base)
        for each in packets.values()
        for packet in each
        if packet.pts is not None
    ]
    begins = min(stamps, default=0.0)
    return _Media(streams, packets, begins, max(stamps, default=0.0) - begins, damaged)


def _restamp(packet: Packet[Stream], shift: float) -> None:
    """To the merged file's clock; a packet is read once only."""
    assert packet.pts is not None  # noqa: S101 - others were left out
    assert packet.dts is not None  # noqa: S101 - likewise
    ticks = float(packet.time_base) * CLOCK
    packet.pts = round(packet.pts * ticks + shift * CLOCK)
    packet.dts = round(packet.dts * ticks + shift * CLOCK)
    packet.duration = round((packet.duration or 0) * ticks)
    packet.time_base = _TICK


def _told(err: Exception) -> str:
    return err.strerror if isinstance(err, FFmpegError) and err.strerror else str(err)

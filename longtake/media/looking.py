"""Single pictures of a recording, and slices joined into a file that plays."""
# PyAV's stubs leave the packets' type parameter and keyword arguments open.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, cast

import av
from av.error import FFmpegError

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer
    from av.packet import Packet
    from av.stream import Stream
    from PIL.Image import Image

JUMP = 0.5
"""Seconds by which the clock of media may jump between slices and still be the same clock."""


class BrokenMedia(Exception):
    """Media that cannot be decoded; says why."""


def picture(content: bytes, at: float) -> tuple[Image, float]:
    """The last key frame at or before `at` seconds from the beginning, and when it is.

    Where there is none, the first frame. BrokenMedia: there is no picture.
    """
    try:
        with av.open(BytesIO(content), "r") as media:
            video = media.streams.video[0]
            video.codec_context.skip_frame = "NONKEY"
            began = found = None
            for frame in media.decode(video):
                began = frame.time if began is None else began
                if found is not None and (frame.time or 0) - (began or 0) > at:
                    break
                found = frame
            if found is None:
                raise BrokenMedia("no picture in it")
            return cast("Image", found.to_image()), (found.time or 0) - (began or 0)
    except (FFmpegError, IndexError) as err:
        raise BrokenMedia(str(err) or "no video in it") from err


def seconds_of(content: bytes) -> float:
    """How long a file plays, as it says itself; BrokenMedia."""
    try:
        with av.open(BytesIO(content), "r") as media:
            return (media.duration or 0) / 1_000_000
    except FFmpegError as err:
        raise BrokenMedia(str(err)) from err


class Joiner:
    """Writes slices one after the other into one MP4, as they are: nothing is encoded again."""

    def __init__(self, target: Path) -> None:
        """`target` is made by the first slice that has media."""
        self._target = target
        self._output: OutputContainer | None = None
        self._streams: dict[str, Stream] = {}
        self._shift = self._end = 0.0

    def add(self, content: bytes) -> None:
        """Append a slice; BrokenMedia, and nothing of it is written if it cannot be opened."""
        try:
            with av.open(BytesIO(content), "r") as media:
                self._append(media)
        except FFmpegError as err:
            raise BrokenMedia(str(err)) from err

    def close(self) -> None:
        """Finish the file; BrokenMedia where no slice had media."""
        if self._output is None:
            raise BrokenMedia("no slice could be read")
        self._output.close()

    def _append(self, media: InputContainer) -> None:
        wanted = [stream for stream in media.streams if stream.type in {"audio", "video"}]
        packets = [packet for packet in media.demux(wanted) if packet.dts is not None]
        if not packets:
            return
        self._open(wanted)
        first = min(_seconds(packet, packet.dts) for packet in packets)
        if abs(first + self._shift - self._end) > JUMP or self._end == 0:
            self._shift = self._end - first  # another task, or the clock went round
        for packet in packets:
            target = self._streams.get(packet.stream.type)
            if target is None or packet.dts is None:
                continue
            ticks = round(self._shift / float(packet.time_base))
            ends = _seconds(packet, packet.dts + (packet.duration or 0)) + self._shift
            packet.pts = (packet.dts if packet.pts is None else packet.pts) + ticks
            packet.dts += ticks
            self._end = max(self._end, ends)
            packet.stream = target
            assert self._output is not None  # noqa: S101 - for the type checker
            self._output.mux(packet)

    def _open(self, streams: list[Stream]) -> None:
        if self._output is not None:
            return
        self._output = av.open(str(self._target), "w", options={"movflags": "+faststart"})
        for stream in streams:
            if stream.type not in self._streams:
                self._streams[stream.type] = self._output.add_stream_from_template(stream)


async def join(slices: AsyncIterator[tuple[str, bytes]], target: Path) -> dict[str, str]:
    """Join slices, given with their keys; gives why some were left out. BrokenMedia: all were."""
    joiner, left_out = Joiner(target), dict[str, str]()
    async for key, content in slices:
        try:
            joiner.add(content)
        except BrokenMedia as err:
            left_out[key] = str(err)
    joiner.close()
    return left_out


def _seconds(packet: Packet[Stream], ticks: int | None) -> float:
    return float((ticks or 0) * packet.time_base)

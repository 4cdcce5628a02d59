"""Picture and sound of one merged file, together as MP4."""
# PyAV's stubs leave the packets' type parameter open.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream

from longtake.domain.merging import MergeOptions
from longtake.media.merge import pictures, sound
from longtake.media.merge.plan import Output
from longtake.media.merge.reading import Complain, Kind, Reader, Uncopied


@dataclass(frozen=True)
class Written:
    """What is in the file; `encoded`: whether its pictures were encoded anew."""

    size: int
    seconds: float
    picture: bool
    encoded: bool


def write(
    output: Output,
    options: MergeOptions,
    fetch: Callable[[str], bytes],
    path: Path,
    *,
    complain: Complain,
    tick: Callable[[float], None],
) -> Written | None:
    """Make one merged file; None if no media was found in any of its pieces.

    What can be copied is; a track that cannot is encoded. `tick` hears how many seconds are done,
    and may raise to end it.
    """
    anew: set[Kind] = {"video"} if _black_within(output) else set()
    while True:
        try:
            with av.open(
                str(path), "w", format="mp4", options={"movflags": "+faststart"}
            ) as container:
                reader = Reader(fetch, complain)
                seen = reader.track(output.pictures, "video")
                heard = reader.track(output.sound, "audio")
                video = (
                    pictures.encoded(seen, container, options, output.blanks, complain)
                    if "video" in anew
                    else pictures.copied(seen, container, options)
                )
                audio = (
                    sound.encoded(heard, container, complain)
                    if "audio" in anew
                    else sound.copied(heard, container, complain)
                )
                seconds = _mux(container, [each for each in (video, audio) if each], tick)
        except Uncopied as uncopied:
            anew.add(uncopied.kind)
        else:
            if video is None and audio is None:
                return None
            size, picture = path.stat().st_size, video is not None
            return Written(size, seconds, picture, encoded=picture and "video" in anew)


def _mux(
    container: OutputContainer,
    tracks: Sequence[Iterator[Packet[Stream]]],
    tick: Callable[[float], None],
) -> float:
    """Write packets in the order of time; gives how many seconds they last."""
    end = 0.0
    for packet in heapq.merge(*tracks, key=_decoded_at):
        end = max(end, ((packet.pts or 0) + (packet.duration or 0)) * float(packet.time_base))
        container.mux_one(packet)
        tick(end)
    return end


def _decoded_at(packet: Packet[Stream]) -> float:
    return (packet.dts or 0) * float(packet.time_base)


def _black_within(output: Output) -> bool:
    """Whether a blank between sections has pictures on both sides of it."""
    times = [placed.at for placed in output.pictures]
    return any(min(times) < begin and max(times) >= end for begin, end in output.blanks if times)

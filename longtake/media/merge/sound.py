"""The audio of a merged file: copied with silence in its holes, or encoded anew."""
# PyAV's stubs leave the packets' type parameter open.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from io import BytesIO
from itertools import chain

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream

from longtake.media.merge.reading import CLOCK, UNDECODABLE, Complain, Read, Uncopied

_FRAME = 1024
"""Samples of a frame of AAC."""

_SLACK = 0.03
"""Seconds by which a frame may be away from where the frames before it end: below a picture's
time, and above what time stamps are rounded by."""

_BITRATE = 64_000
"""For each channel."""


def copied(
    track: Iterator[Read], container: OutputContainer, complain: Complain
) -> Iterator[Packet[Stream]] | None:
    """The track as it is, in a new stream of the container; None if there is none.

    Uncopied: it is no plain AAC.
    """
    read = next(track := _sane(track, complain), None)
    if read is None:
        return None
    source = _audio(read.stream)
    if source.codec_context.name != "aac" or source.profile not in {"LC", None}:
        raise Uncopied("audio")
    stream = container.add_stream_from_template(source)
    return _copies(chain([read], track), stream, _kind(source))


def _sane(track: Iterator[Read], complain: Complain) -> Iterator[Read]:
    """Frames that can be decoded: players stop at others. It costs some seconds for an hour."""
    for read in track:
        try:
            frames = read.stream.codec_context.decode(read.packet)
        except FFmpegError:
            complain(read.key, UNDECODABLE)
            continue
        if not any(frame.is_corrupt for frame in frames):
            yield read


def _copies(
    track: Iterator[Read], stream: Stream, kind: tuple[object, ...]
) -> Iterator[Packet[Stream]]:
    silence: bytes | None = None
    number, rate = 0, 0
    for packet, source, *_ in track:
        if _kind(_audio(source)) != kind:
            raise Uncopied("audio")
        rate = _audio(source).rate
        ahead = (packet.pts or 0) / CLOCK - number * _FRAME / rate
        missing = _frames(ahead, rate)
        if missing < 0:
            continue
        for _ in range(missing):
            silence = silence or _silence(rate, _audio(source).layout.name)
            yield _stamped(Packet(silence), number, rate, stream)
            number += 1
        yield _stamped(packet, number, rate, stream)
        number += 1


def _frames(ahead: float, rate: int) -> int:
    """How many frames fit before one that is due `ahead` seconds later; negative: it is late."""
    if abs(ahead) <= max(_SLACK, _FRAME / rate / 2):
        return 0
    return round(ahead * rate / _FRAME) or (-1 if ahead < 0 else 0)


def _stamped(packet: Packet[Stream], number: int, rate: int, stream: Stream) -> Packet[Stream]:
    packet.pts = packet.dts = number * _FRAME
    packet.duration = _FRAME
    packet.time_base = Fraction(1, rate)
    packet.stream = stream
    return packet


def _silence(rate: int, layout: str) -> bytes:
    """A frame of silence, framed as in a transport stream."""
    output = BytesIO()
    with av.open(output, "w", format="adts") as container:
        stream = container.add_stream("aac", rate=rate, layout=layout)
        for number in range(4):
            frame = _silent(_FRAME, rate, layout)
            frame.pts = number * _FRAME
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with av.open(BytesIO(output.getvalue()), "r", format="aac") as container:
        # The first ones carry the encoder's start.
        return [bytes(packet) for packet in container.demux() if packet.size][2]


def _silent(samples: int, rate: int, layout: str) -> AudioFrame:
    frame = AudioFrame(format="fltp", layout=layout, samples=samples)
    frame.sample_rate = rate
    frame.time_base = Fraction(1, rate)
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    return frame


def encoded(
    track: Iterator[Read], container: OutputContainer, complain: Complain
) -> Iterator[Packet[Stream]] | None:
    """The track as AAC at its first rate and number of channels; None if it cannot be decoded."""
    frame = next(frames := _decoded(track, complain), None)
    if frame is None:
        return None
    layout = "mono" if frame.layout.nb_channels == 1 else "stereo"
    stream = container.add_stream("aac", rate=frame.sample_rate, layout=layout)
    stream.bit_rate = _BITRATE * stream.layout.nb_channels
    return _encodings(chain([frame], frames), stream)


def _encodings(frames: Iterator[AudioFrame], stream: AudioStream) -> Iterator[Packet[Stream]]:
    rate, layout = stream.rate, stream.layout.name
    position, resampler, takes = 0, None, None

    def at(frame: AudioFrame) -> Iterator[Packet[Stream]]:
        frame.pts, frame.time_base = position, Fraction(1, rate)
        yield from stream.encode(frame)

    for frame in frames:
        ahead = (frame.pts or 0) / CLOCK - position / rate
        if ahead < -_SLACK:
            continue
        for _ in range(_frames(ahead, rate)):
            yield from at(_silent(_FRAME, rate, layout))
            position += _FRAME
        given = (frame.format.name, frame.layout.name, frame.sample_rate)
        if resampler is None or given != takes:
            resampler, takes = AudioResampler(format="fltp", layout=layout, rate=rate), given
        frame.pts = None
        for each in resampler.resample(frame):
            yield from at(each)
            position += each.samples
    yield from stream.encode(None)


def _decoded(track: Iterator[Read], complain: Complain) -> Iterator[AudioFrame]:
    decoder: AudioStream | None = None
    for packet, source, _, key in track:
        stream = _audio(source)
        if decoder is None or decoder.codec_context.name != stream.codec_context.name:
            decoder = stream
        try:
            yield from decoder.codec_context.decode(packet)
        except FFmpegError:
            complain(key, UNDECODABLE)


def _audio(stream: Stream) -> AudioStream:
    assert isinstance(stream, AudioStream)  # noqa: S101 - it is a track of sound
    return stream


def _kind(stream: AudioStream) -> tuple[object, ...]:
    """What must stay the same in a stream that is copied."""
    return stream.codec_context.name, stream.rate, stream.layout.name, stream.profile

"""Encoding: MPEG-TS slices, the MP4 made of them, and snapshots.

Everything is synchronous and shares no state between calls: many threads may encode at once.
"""
# PyAV's stubs leave the packets' type parameter and keyword arguments open.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import math
import tempfile
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

import av
import numpy as np
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream
from numpy.typing import NDArray
from PIL import Image

from longtake.emulator.media import clap
from longtake.emulator.media.participants import Participant, tone
from longtake.emulator.media.picture import Picture, draw

Samples: TypeAlias = NDArray[np.float32]

_TS_CLOCK = 90_000
_SAMPLE_RATE = 48_000
_AAC_FRAME = 1024
_AAC_MARGIN = 2  # frames
_AUDIO_BITRATE = 48_000
_TONE_LEVEL = 0.2  # of full scale, for one participant
_FULL_LEVEL = 0.9  # of full scale, shared out when there are many participants
_KEYFRAME_SECONDS = 2


@dataclass(frozen=True)
class Scene:
    """What is recorded from some instant on, until the next scene of the timeline.

    picture: None while there is nothing to see, so that no frames are written.
    participants: everybody who is recorded; those who publish audio are heard.
    """

    picture: Picture | None
    participants: tuple[Participant, ...]


# Each scene with the instant from which it is in force, in ascending order.
Timeline: TypeAlias = Sequence[tuple[datetime, Scene]]


@dataclass(frozen=True)
class _Span:
    """A stretch of the timeline; ``first_pts`` is the seconds from the recording's begin."""

    timeline: Timeline
    start: datetime
    end: datetime
    first_pts: float

    @property
    def seconds(self) -> float:
        return (self.end - self.start).total_seconds()


def scaled(width: int, height: int, longest: int = 320) -> tuple[int, int]:
    """A canvas cheap to encode: the same aspect, even, its longer side at most ``longest``.

    A canvas that is small already keeps its size, save for an odd pixel.
    """
    longer = max(width, height)
    limit = min(longest, longer)
    return max(width * limit // longer // 2 * 2, 2), max(height * limit // longer // 2 * 2, 2)


def encode_slice(
    timeline: Timeline,
    start: datetime,
    end: datetime,
    *,
    fps: int,
    video: bool,
    audio: bool,
    first_pts: float,
    bitrate: int | None = None,
) -> bytes:
    """One MPEG-TS slice of what was in force from ``start`` to ``end``: H.264 and AAC 48 kHz mono.

    The canvas is that of the first picture inside the slice, rounded down to even pixels; later
    pictures are laid out on the same canvas. Frame i shows ``start + i / fps``; the first is a
    keyframe. Audio frames lie on one grid of 1024 samples over the whole recording, so slices that
    follow each other join without a click, and a slice's audio begins up to 21 ms after its video.

    first_pts: seconds from the recording's begin to ``start``.
    bitrate: what the video aims at, in kbit/s; None for constant quality.
    Raises ValueError when the slice is empty, when the timeline begins after ``start``, and when
    video is asked for though no scene has a picture.
    """
    if end <= start:
        raise ValueError("a slice has a duration")
    if not timeline or timeline[0][0] > start:
        raise ValueError("the timeline begins after the slice")
    span = _Span(timeline, start, end, first_pts)
    output = BytesIO()
    with av.open(output, "w", format="mpegts") as container:
        packets: list[Packet[Stream]] = []
        if video:
            packets += _encode_video(container, span, fps, bitrate)
        if audio:
            packets += _encode_audio(container, span)
        packets.sort(key=_decoding_time)
        for packet in packets:
            container.mux_one(packet)
    return output.getvalue()


def remux_mp4(slices: Sequence[bytes]) -> bytes:
    """The slices of one recording, in order, as one MP4 that starts at zero; nothing is re-encoded.

    All slices carry the same streams. The index is in front, so that a player can begin before it
    has the whole file.
    """
    # The muxer reopens its output by name to move the index, which only a file can offer.
    with tempfile.TemporaryDirectory(prefix="longtake-") as folder:
        path = Path(folder) / "recording.mp4"
        with av.open(path, "w", options={"movflags": "+faststart"}) as output:
            _copy_slices(slices, output)
        return path.read_bytes()


def remux_adts(slices: Sequence[bytes]) -> bytes:
    """The sound of the slices of one recording, in order, as one AAC file (ADTS)."""
    output = BytesIO()
    with av.open(output, "w", format="adts") as container:
        stream: Stream | None = None
        for content in slices:
            with av.open(BytesIO(content), "r", format="mpegts") as source:
                sound = source.streams.audio[0]
                stream = stream or container.add_stream_from_template(sound)
                for packet in source.demux(sound):
                    if packet.dts is not None:
                        packet.stream = stream
                        container.mux_one(packet)
    return output.getvalue()


def transcode_mp3(slices: Sequence[bytes]) -> bytes:
    """The sound of the slices of one recording, in order, as one MP3 file."""
    output = BytesIO()
    with av.open(output, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=_SAMPLE_RATE, layout="mono")
        samples = 0
        for content in slices:
            with av.open(BytesIO(content), "r", format="mpegts") as source:
                for frame in source.decode(audio=0):
                    frame.pts, frame.time_base = samples, Fraction(1, _SAMPLE_RATE)
                    samples += frame.samples
                    container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return output.getvalue()


def snapshot(picture: Picture, participants: Iterable[Participant], at: datetime) -> bytes:
    """The frame of instant ``at`` as a JPEG."""
    jpeg = BytesIO()
    Image.fromarray(draw(picture, participants, at)).save(jpeg, "JPEG", quality=90)
    return jpeg.getvalue()


def _encode_video(
    container: OutputContainer, span: _Span, fps: int, bitrate: int | None
) -> Iterator[Packet[Stream]]:
    frames = list(_visible(span, fps))
    if not frames:
        raise ValueError("video is asked for, but the slice has no picture")
    width, height = _even(frames[0][2])
    stream = _video_stream(container, width, height, fps, bitrate)
    origin = round(span.first_pts * _TS_CLOCK)
    for index, at, picture, participants in frames:
        pixels = draw(replace(picture, width=width, height=height), participants, at)
        frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(
            format="yuv420p",
            dst_colorspace=Colorspace.ITU601,
            dst_color_range=ColorRange.MPEG,
            threads=1,
        )
        frame.pts = origin + round(index * _TS_CLOCK / fps)
        frame.time_base = Fraction(1, _TS_CLOCK)
        yield from stream.encode(frame)
    yield from stream.encode(None)


def _visible(
    span: _Span, fps: int
) -> Iterator[tuple[int, datetime, Picture, tuple[Participant, ...]]]:
    """Every frame that has something to show: number, instant, picture and participants."""
    begins = [at for at, _ in span.timeline]
    for index in range(max(round(span.seconds * fps), 1)):
        at = span.start + timedelta(seconds=index / fps)
        scene = span.timeline[bisect_right(begins, at) - 1][1]
        if scene.picture is not None:
            yield index, at, scene.picture, scene.participants


def _even(picture: Picture) -> tuple[int, int]:
    """4:2:0 video has one colour sample for two pixels each way."""
    return picture.width // 2 * 2, picture.height // 2 * 2


def _video_stream(
    container: OutputContainer, width: int, height: int, fps: int, bitrate: int | None
) -> VideoStream:
    stream = container.add_stream("libx264", rate=fps)
    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
    stream.options = {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline"}
    if bitrate is None:
        stream.options |= {"crf": "26"}
    else:
        stream.bit_rate = bitrate * 1000
    context = stream.codec_context
    context.time_base = Fraction(1, _TS_CLOCK)
    context.gop_size = fps * _KEYFRAME_SECONDS
    context.colorspace = Colorspace.ITU601
    context.color_range = ColorRange.MPEG
    context.thread_count = 1  # many slices are encoded at once; threads within one only cost
    return stream


def _encode_audio(container: OutputContainer, span: _Span) -> Iterator[Packet[Stream]]:
    stream = container.add_stream("aac", rate=_SAMPLE_RATE, layout="mono")
    stream.bit_rate = _AUDIO_BITRATE
    stream.options = {"aac_coder": "fast"}
    first = math.ceil(round(span.first_pts * _SAMPLE_RATE) / _AAC_FRAME)
    last = math.ceil(round((span.first_pts + span.seconds) * _SAMPLE_RATE) / _AAC_FRAME)
    # AAC blocks overlap, and the encoder treats the step from silence at its begin and end as an
    # attack. Frames on either side, whose packets are dropped, make slices join without a click.
    begin, end = first - _AAC_MARGIN, last + _AAC_MARGIN
    packets: list[Packet[Stream]] = []
    for number, samples in enumerate(_signal(span, begin, end), begin):
        frame = av.AudioFrame.from_ndarray(samples[np.newaxis], format="fltp", layout="mono")
        frame.sample_rate = _SAMPLE_RATE
        frame.time_base = Fraction(1, _SAMPLE_RATE)
        frame.pts = number * _AAC_FRAME
        packets += stream.encode(frame)
    packets += stream.encode(None)
    kept = range(first * _AAC_FRAME, last * _AAC_FRAME)
    return (packet for packet in packets if packet.pts in kept)


def _signal(span: _Span, first: int, last: int) -> Samples:
    """What is heard in the recording's audio frames ``first`` up to ``last``: frames x 1024.

    Tones run on from the recording's begin, so that a slice continues the one before it. The first
    scene counts as in force before its time, too.
    """
    numbers = np.arange(first * _AAC_FRAME, last * _AAC_FRAME)
    signal = np.zeros(numbers.size, np.float32)
    begin = span.start - timedelta(seconds=span.first_pts)
    changes = [round((at - begin).total_seconds() * _SAMPLE_RATE) for at, _ in span.timeline]
    bounds = [0, *np.searchsorted(numbers, changes[1:]), numbers.size]
    for (_, scene), (lower, upper) in zip(span.timeline, pairwise(bounds), strict=True):
        heard = [who.user for who in scene.participants if who.audio]
        for user in heard:
            period = _period(user)
            level = min(_TONE_LEVEL, _FULL_LEVEL / len(heard))
            signal[lower:upper] += level * period[numbers[lower:upper] % period.size]
        if any(who.audio and who.claps for who in scene.participants):
            signal[lower:upper] += clap.beeps(numbers[lower:upper], _SAMPLE_RATE, begin)
    return signal.reshape(-1, _AAC_FRAME)


@lru_cache(maxsize=64)
def _period(user: str) -> Samples:
    """One second of a user's tone, which goes on where it began because tones are whole hertz."""
    phase = np.arange(_SAMPLE_RATE) * (2 * np.pi * tone(user) / _SAMPLE_RATE)
    return np.sin(phase).astype(np.float32)


def _decoding_time(packet: Packet[Stream]) -> Fraction:
    if packet.dts is None:
        raise ValueError("an encoder gave a packet without a time")
    return packet.dts * packet.time_base


def _copy_slices(slices: Sequence[bytes], output: OutputContainer) -> None:
    streams: dict[str, Stream] = {}
    origin = Fraction(0)
    for content in slices:
        with av.open(BytesIO(content), "r", format="mpegts") as source:
            packets = [packet for packet in source.demux() if packet.dts is not None]
            packets.sort(key=_decoding_time)
            if not streams:
                origin = _decoding_time(packets[0])
                streams = {
                    stream.type: output.add_stream_from_template(stream)
                    for stream in source.streams
                }
            for packet in packets:
                _shift(packet, origin)
                packet.stream = streams[packet.stream.type]
                output.mux_one(packet)


def _shift(packet: Packet[Stream], origin: Fraction) -> None:
    offset = round(origin / packet.time_base)
    packet.dts = None if packet.dts is None else packet.dts - offset
    packet.pts = None if packet.pts is None else packet.pts - offset

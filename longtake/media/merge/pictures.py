"""The video of a merged file: copied as it is, or encoded anew."""
# PyAV's stubs leave the packets' type parameter open.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import chain

from av.container import OutputContainer
from av.error import FFmpegError
from av.filter import Graph
from av.packet import Packet
from av.stream import Stream
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from longtake.domain.merging import MergeOptions
from longtake.media.merge.reading import CLOCK, UNDECODABLE, Complain, Read, Uncopied

FPS = 15
"""Where pictures are encoded and nobody asked for a rate. Source: TRTC, merging script."""

_COPIED = frozenset({"h264", "hevc"})
"""Codecs that every player expects in an MP4."""

_NUDGED = 0.25
"""Seconds by which a slice may begin too early and still be taken as it is."""

_HOLE = 0.5
"""Seconds without a picture after which the first of a slice must stand on its own."""

_LUMA_BLACK, _CHROMA_GREY = 16, 128


def copied(
    track: Iterator[Read], container: OutputContainer, options: MergeOptions
) -> Iterator[Packet[Stream]] | None:
    """The track as it is, in a new stream of the container; None if there is none.

    A hole in it makes its last picture stay. Uncopied: it cannot be copied as asked.
    """
    read = next(pictures := _whole(track), None)
    if read is None:
        return None
    source = read.stream
    wanted = (options.width, options.height)
    if source.codec_context.name not in _COPIED or (options.width and wanted != _size(source)):
        raise Uncopied("video")
    stream = container.add_stream_from_template(source)
    return _copies(chain([read], pictures), stream, options.fps)


def _copies(pictures: Iterator[Read], stream: Stream, fps: int | None) -> Iterator[Packet[Stream]]:
    first, kind = None, None
    for count, (packet, source, *_) in enumerate(pictures, 1):
        kind = kind or _kind(source)
        if _kind(source) != kind:
            raise Uncopied("video")
        first = packet.pts if first is None else first
        if (
            fps
            and count == 2 * fps
            and packet.pts
            and round(_rate(count, first, packet.pts)) != fps
        ):
            raise Uncopied("video")
        packet.stream = stream
        yield packet


def _rate(count: int, first: int | None, last: int) -> float:
    return (count - 1) * CLOCK / max(last - (first or 0), 1)


def encoded(
    track: Iterator[Read],
    container: OutputContainer,
    options: MergeOptions,
    blanks: Sequence[tuple[float, float]],
    complain: Complain,
) -> Iterator[Packet[Stream]] | None:
    """The track at a constant rate and one size; None if nothing of it can be decoded.

    Black before its first picture and in `blanks`; in other holes its last picture stays.
    """
    frame = next(frames := _decoded(_whole(track), complain), None)
    if frame is None:
        return None
    fps = options.fps or FPS
    stream = container.add_stream("libx264", rate=fps)
    stream.width = options.width or max(frame.width // 2 * 2, 2)
    stream.height = options.height or max(frame.height // 2 * 2, 2)
    stream.pix_fmt = "yuv420p"
    # Without B-frames decoding order is the order of time.
    stream.options = {"preset": "veryfast", "crf": "23", "bf": "0"}
    return _encodings(chain([frame], frames), stream, fps, blanks)


def _encodings(
    frames: Iterator[VideoFrame],
    stream: VideoStream,
    fps: int,
    blanks: Sequence[tuple[float, float]],
) -> Iterator[Packet[Stream]]:
    canvas = _Canvas(stream.width, stream.height)
    black = canvas.black()
    shown, since, number = black, 0.0, 0

    def at(slot: int) -> Iterator[Packet[Stream]]:
        blank = any(since < end and slot / fps >= begin for begin, end in blanks)
        picture = black if blank else shown
        picture.pts, picture.time_base = slot, Fraction(1, fps)
        yield from stream.encode(picture)

    for frame in frames:
        time = (frame.pts or 0) / CLOCK
        while number < time * fps - 0.5:
            yield from at(number)
            number += 1
        shown, since = canvas.fitted(frame), time
    if number <= since * fps:  # else it was shown, or comes too late
        yield from at(number)
    yield from stream.encode(None)


class _Canvas:
    """Brings pictures to one size, with black borders where their shape is another."""

    def __init__(self, width: int, height: int) -> None:
        self._width, self._height = width, height
        self._graph: Graph | None = None
        self._takes: tuple[int, int, str] | None = None

    def black(self) -> VideoFrame:
        frame = VideoFrame(self._width, self._height, "yuv420p")
        for plane, value in zip(
            frame.planes, (_LUMA_BLACK, _CHROMA_GREY, _CHROMA_GREY), strict=True
        ):
            plane.update(bytes([value]) * plane.buffer_size)
        return frame

    def fitted(self, frame: VideoFrame) -> VideoFrame:
        """The picture, free of what its old encoder made of it."""
        given = (frame.width, frame.height, frame.format.name)
        if given != (self._width, self._height, "yuv420p"):
            if self._graph is None or given != self._takes:
                self._graph, self._takes = self._fitting(frame), given
            self._graph.vpush(frame)
            frame = self._graph.vpull()
        frame.pict_type = PictureType.NONE
        return frame

    def _fitting(self, frame: VideoFrame) -> Graph:
        graph = Graph()
        size = f"{self._width}:{self._height}"
        steps = [
            graph.add_buffer(
                width=frame.width,
                height=frame.height,
                format=frame.format,
                time_base=Fraction(1, CLOCK),
            ),
            graph.add("scale", f"{size}:force_original_aspect_ratio=decrease"),
            graph.add("pad", f"{size}:-1:-1"),
            graph.add("setsar", "1"),
            graph.add("format", "yuv420p"),
            graph.add("buffersink"),
        ]
        graph.link_nodes(*steps).configure()
        return graph


def _whole(track: Iterator[Read]) -> Iterator[Read]:
    """Pictures in order, each at its own time, none of which needs one that is not there.

    Where two recorders overlapped, the earlier one's come first.
    """
    last, lost = None, True
    for read in track:
        packet = read.packet
        assert packet.dts is not None  # noqa: S101 - the reader leaves others out
        assert packet.pts is not None  # noqa: S101 - likewise
        if last is not None:
            late = (packet.dts - last) / CLOCK
            lost = lost or (read.first and late > _HOLE)
            if late <= 0:
                if late < -_NUDGED:
                    lost = True
                    continue
                packet.dts = last + 1
                packet.pts = max(packet.pts, packet.dts)
        if lost and not packet.is_keyframe:
            continue
        lost, last = False, packet.dts
        yield read


def _decoded(track: Iterator[Read], complain: Complain) -> Iterator[VideoFrame]:
    decoder: VideoStream | None = None
    for packet, stream, _, key in track:
        assert isinstance(stream, VideoStream)  # noqa: S101 - it is a track of pictures
        if decoder is None or decoder.codec_context.name != stream.codec_context.name:
            yield from decoder.codec_context.decode(None) if decoder else ()
            decoder = stream
        try:
            yield from decoder.codec_context.decode(packet)
        except FFmpegError:
            complain(key, UNDECODABLE)
    yield from decoder.codec_context.decode(None) if decoder else ()


def _kind(stream: Stream) -> tuple[object, ...]:
    """What must stay the same in a stream that is copied."""
    context = stream.codec_context
    return (context.name, context.extradata, *_size(stream))


def _size(stream: Stream) -> tuple[int, int]:
    assert isinstance(stream, VideoStream)  # noqa: S101 - it is a track of pictures
    return stream.width, stream.height

"""What a task records, and how: ``SubscribeParams``, ``RecordParams``, ``MixTranscodeParams``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from longtake.emulator.stage import Kind, Stream
from longtake.vendors.alibaba.emulator.codes import ENTRIES, TRANSCODE, Refusal
from longtake.vendors.alibaba.emulator.wire import Text, UpTo1, UpTo2, Wire

AUDIO_ONLY, VIDEO_ONLY = 1, 2  # StreamType, of an entry and of the output
SCREEN = 1  # SourceType

DEFAULT_CANVAS = 640, 360
"""In pixels, where no size was asked for."""


class Entry(Wire):
    """One subscribed stream."""

    user_id: Text
    stream_type: UpTo2 = 0
    source_type: UpTo1 = 0

    @property
    def heard(self) -> bool:
        return self.stream_type != VIDEO_ONLY

    @property
    def seen(self) -> bool:
        return self.stream_type != AUDIO_ONLY

    @property
    def stream(self) -> Stream:
        """A source means nothing where only audio is wanted."""
        return "aux" if self.seen and self.source_type == SCREEN else "main"


class SubscribeParams(Wire):
    subscribe_user_id_list: Annotated[list[Entry], Field(min_length=1, max_length=17)]


class RecordParams(Wire):
    """``max_file_duration`` in seconds."""

    record_mode: UpTo1
    stream_type: UpTo2 = 0
    max_file_duration: Annotated[int, Field(ge=180, le=7200)] = 7200

    @property
    def mixed(self) -> bool:
        return self.record_mode == 1

    @property
    def video(self) -> bool:
        """Whether the output may hold video."""
        return self.stream_type != AUDIO_ONLY

    @property
    def audio(self) -> bool:
        return self.stream_type != VIDEO_ONLY

    @property
    def kind(self) -> Kind:
        """Of a mixed recording."""
        kinds: tuple[Kind, ...] = ("both", "audio", "video")
        return kinds[self.stream_type]


class MixTranscodeParams(Wire):
    """Bit rates in kbit/s. The meaning of ``frame_fill_type`` is not documented."""

    audio_bitrate: Annotated[int, Field(ge=8, le=500)]
    audio_channels: Annotated[int, Field(ge=1, le=2)]
    audio_sample_rate: int
    video_codec: Literal["H.264"] = "H.264"
    video_bitrate: Annotated[int, Field(ge=1, le=10_000)] | None = None
    video_framerate: Annotated[int, Field(ge=1, le=60)] | None = None
    video_gop: Annotated[int, Field(ge=1, le=60)] | None = None
    video_width: Annotated[int, Field(ge=0, le=1920)] = 0
    video_height: Annotated[int, Field(ge=0, le=1920)] = 0
    frame_fill_type: Annotated[int, Field(ge=0)] = 0

    @property
    def canvas(self) -> tuple[int, int]:
        """Width and height in pixels."""
        if self.video_width and self.video_height:
            return self.video_width, self.video_height
        return DEFAULT_CANVAS


_SAMPLE_RATES = (8000, 16_000, 32_000, 44_100, 48_000)
_WITH_VIDEO = ("video_bitrate", "video_framerate", "video_gop")


def check_entries(entries: Sequence[Entry], record: RecordParams) -> None:
    """
    Raises:
        Refusal: the streams do not fit each other, the mode, or the output.
    """
    if len({(entry.user_id, entry.source_type) for entry in entries}) < len(entries):
        raise Refusal(ENTRIES, "SubscribeUserIdList: a user and source stand in it twice")
    types = {entry.stream_type for entry in entries}
    if record.mixed:
        if record.stream_type == AUDIO_ONLY and types == {VIDEO_ONLY}:
            raise Refusal(ENTRIES, "SubscribeUserIdList: audio is recorded, only video subscribed")
        if record.stream_type == VIDEO_ONLY and types == {AUDIO_ONLY}:
            raise Refusal(ENTRIES, "SubscribeUserIdList: video is recorded, only audio subscribed")
    elif VIDEO_ONLY in types:
        raise Refusal(ENTRIES, "SubscribeUserIdList: StreamType 2 is for mixed recording")
    elif record.stream_type == VIDEO_ONLY and AUDIO_ONLY in types:
        raise Refusal(ENTRIES, "SubscribeUserIdList: StreamType 1, but video is recorded")


def check_transcoding(params: MixTranscodeParams | None, record: RecordParams) -> None:
    """
    Raises:
        Refusal: they do not fit the mode, or lack what video needs.
    """
    if not record.mixed:
        if params is not None:
            raise Refusal(TRANSCODE, "MixTranscodeParams is for mixed recording")
        return
    if params is None:
        raise Refusal(TRANSCODE, "MixTranscodeParams is needed for mixed recording")
    if params.audio_sample_rate not in _SAMPLE_RATES:
        raise Refusal(TRANSCODE, f"AudioSampleRate: one of {_SAMPLE_RATES}")
    if record.video and any(getattr(params, name) is None for name in _WITH_VIDEO):
        raise Refusal(TRANSCODE, "VideoBitrate, VideoFramerate and VideoGop are needed for video")

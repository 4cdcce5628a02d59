"""``RecordParams`` and the lists of users in it: what a task records, and into which files."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from longtake.vendors.tencent.emulator.wire import UpTo1, UpTo2, UpTo4, Wire

_TEXTS = {"hls": 0, "hls+mp4": 1, "hls+aac": 2, "mp4": 3, "aac": 4}


def _output_format(value: Any) -> Any:
    """The specification names formats, the official clients number them."""
    return _TEXTS.get(value, value) if isinstance(value, str) else value


UserIds = Annotated[list[str], Field(max_length=32)]


class SubscribeStreamUserIds(Wire):
    """Of a pair of lists, at most one has entries; none means everybody."""

    subscribe_audio_user_ids: UserIds = Field(default=[])
    un_subscribe_audio_user_ids: UserIds = Field(default=[])
    subscribe_video_user_ids: UserIds = Field(default=[])
    un_subscribe_video_user_ids: UserIds = Field(default=[])

    @model_validator(mode="after")
    def _one_list_of_a_pair(self) -> Self:
        if self.subscribe_audio_user_ids and self.un_subscribe_audio_user_ids:
            raise ValueError("audio: either a list to subscribe or one not to")
        if self.subscribe_video_user_ids and self.un_subscribe_video_user_ids:
            raise ValueError("video: either a list to subscribe or one not to")
        return self


class RecordParams(Wire):
    """``media_id`` here: 0 both streams, 1 main, 2 aux; elsewhere 0 is main and 1 aux.

    ``fill_type`` and ``subscribe_ability`` change nothing: synthetic people neither freeze nor mix.
    """

    record_mode: Annotated[int, Field(ge=1, le=2)]
    max_idle_time: Annotated[int, Field(ge=5, le=86_400)] = 30
    stream_type: UpTo2 = 0
    subscribe_stream_user_ids: SubscribeStreamUserIds = SubscribeStreamUserIds()
    output_format: Annotated[UpTo4, BeforeValidator(_output_format)] = 0
    av_merge: UpTo1 = 0
    max_media_file_duration: Annotated[int, Field(ge=1, le=1440)] = 1440
    media_id: UpTo2 = 0
    fill_type: UpTo1 = 0
    subscribe_ability: UpTo1 = 0

    @property
    def mixed(self) -> bool:
        return self.record_mode == 2

    @property
    def hls(self) -> bool:
        """Whether TS and M3U8 files reach the bucket."""
        return self.output_format in {0, 1, 2}

    @property
    def film(self) -> str | None:
        """The extension of the files that are made after the end."""
        return {1: "mp4", 2: "aac", 3: "mp4", 4: "aac"}.get(self.output_format)

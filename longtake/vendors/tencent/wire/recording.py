"""What is recorded, and of whom: `RecordParams` and its lists.

Source: Tencent Cloud, TRTC API, RecordParams, SubscribeStreamUserIds.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from longtake.vendors.tencent.wire.fields import (
    MAX_LISTED,
    SINGLE,
    FileMinutes,
    Flag,
    MaxIdleTime,
    Part,
    Text,
)

Users = Annotated[tuple[Text, ...], Field(min_length=1, max_length=MAX_LISTED)]
"""User ids; `abc.*$` stands for all that begin with `abc`, unless a user has that very id."""

BOTH, AUDIO, VIDEO = 0, 1, 2
"""StreamType."""
HLS, HLS_MP4, HLS_AAC, MP4, AAC = 0, 1, 2, 3, 4
"""OutputFormat."""


class SubscribeStreamUserIds(Part):
    """Who is recorded: everybody, unless a list says otherwise."""

    subscribe_audio_user_ids: Users | None = None
    un_subscribe_audio_user_ids: Users | None = None
    subscribe_video_user_ids: Users | None = None
    un_subscribe_video_user_ids: Users | None = None

    @model_validator(mode="after")
    def _one_list_a_medium(self) -> SubscribeStreamUserIds:
        for medium, wanted, unwanted in (
            ("Audio", self.subscribe_audio_user_ids, self.un_subscribe_audio_user_ids),
            ("Video", self.subscribe_video_user_ids, self.un_subscribe_video_user_ids),
        ):
            if wanted is not None and unwanted is not None:
                raise ValueError(
                    f"Subscribe{medium}UserIds and UnSubscribe{medium}UserIds exclude each other"
                )
        return self


class RecordParams(Part):
    """`RecordParams`: seconds of idling, minutes of file length."""

    record_mode: Literal[1, 2]
    max_idle_time: MaxIdleTime = 30
    """Seconds without any anchor in the room until the task ends itself."""
    stream_type: Literal[0, 1, 2] = BOTH
    subscribe_stream_user_ids: SubscribeStreamUserIds | None = None
    output_format: Literal[0, 1, 2, 3, 4] | None = None
    """For a bucket; VOD has a media type of its own."""
    av_merge: Flag | None = None
    max_media_file_duration: FileMinutes | None = None
    media_id: Literal[0, 1, 2] = 0
    """0 main and aux, 1 main, 2 aux: other numbers than a layout's MediaId."""
    fill_type: Flag | None = None
    """When a video stops: 0 repeats its last frame, 1 shows black."""
    subscribe_ability: Flag | None = None
    """1: stream-mixing robots are recorded too."""

    @model_validator(mode="after")
    def _merge_of_single(self) -> RecordParams:
        if self.av_merge is not None and self.record_mode != SINGLE:
            raise ValueError("AvMerge is for RecordMode 1: mode 2 always merges")
        return self

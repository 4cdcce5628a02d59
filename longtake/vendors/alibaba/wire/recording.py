"""Whose streams are recorded, and as what: `SubscribeParams` and `RecordParams`.

Source: Alibaba Cloud, ApsaraVideo Live API 2016-11-01, StartRtcCloudRecording.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from longtake.vendors.alibaba.wire.fields import (
    AUDIO,
    BOTH,
    CAMERA,
    INDIVIDUAL,
    MAX_STREAMS,
    VIDEO,
    FileSeconds,
    Part,
    RecordMode,
    SourceType,
    StreamType,
    Text,
)


class SubscribeUser(Part):
    """An entry of `SubscribeUserIdList`: one video source of a user, one sound, or both."""

    user_id: Text
    stream_type: StreamType = BOTH
    source_type: SourceType | None = None
    """Camera if left out. Without meaning where only sound is recorded."""

    @property
    def source(self) -> int:
        """Which of the user's videos it is about."""
        return CAMERA if self.source_type is None else self.source_type


class SubscribeParams(Part):
    """`SubscribeParams`: nobody who is not listed is recorded."""

    subscribe_user_id_list: Annotated[
        tuple[SubscribeUser, ...], Field(min_length=1, max_length=MAX_STREAMS)
    ]

    @model_validator(mode="after")
    def _each_once(self) -> SubscribeParams:
        entries = {(entry.user_id, entry.source) for entry in self.subscribe_user_id_list}
        if len(entries) < len(self.subscribe_user_id_list):
            raise ValueError("an entry must differ from every other in UserId or SourceType")
        return self

    @property
    def stream_types(self) -> set[int]:
        """Of all entries."""
        return {entry.stream_type for entry in self.subscribe_user_id_list}

    @property
    def pictures(self) -> set[tuple[str, int]]:
        """User and source of all entries with a picture."""
        return {
            (entry.user_id, entry.source)
            for entry in self.subscribe_user_id_list
            if entry.stream_type != AUDIO
        }

    @property
    def several_sources(self) -> bool:
        """Whether camera and screen of one user are both recorded."""
        return len({user for user, _ in self.pictures}) < len(self.pictures)


class RecordParams(Part):
    """`RecordParams`; a longer recording is split into files of `MaxFileDuration` seconds."""

    record_mode: RecordMode
    stream_type: StreamType = BOTH
    max_file_duration: FileSeconds | None = None

    def conflict(self, subscribed: SubscribeParams) -> str | None:
        """The rule that the entries break together with what is recorded of them."""
        types, output = subscribed.stream_types, self.stream_type
        if self.record_mode == INDIVIDUAL:
            if VIDEO in types:
                return "in RecordMode 0 no entry may have StreamType 2"
            if output == VIDEO and AUDIO in types:
                return "RecordParams.StreamType 2 allows no entry of StreamType 1 in RecordMode 0"
            return None
        if output in {AUDIO, VIDEO} and types == {VIDEO if output == AUDIO else AUDIO}:
            return f"RecordParams.StreamType {output} needs an entry of another StreamType"
        return None

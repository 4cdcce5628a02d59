"""A neutral request in TRTC's words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import SecretStr
from pydantic.alias_generators import to_pascal

from longtake.domain.errors import InvalidRequest
from longtake.domain.layout import GridLayout
from longtake.domain.ports import Attempt, Task
from longtake.domain.recording import Canvas, RecordingRequest, Scene, StreamFilter
from longtake.vendors.tencent.layout import layout_params
from longtake.vendors.tencent.options import SAMPLE_RATES, STREAMS, Audio, TencentOptions
from longtake.vendors.tencent.paths import asked_paths
from longtake.vendors.tencent.settings import TencentAccount, TencentStorage
from longtake.vendors.tencent.wire.fields import (
    DEFAULT_HEIGHT,
    DEFAULT_WIDTH,
    MAX_BIT_RATE,
    MIN_BIT_RATE,
    MIXED,
    SINGLE,
)
from longtake.vendors.tencent.wire.recording import (
    AAC,
    AUDIO,
    BOTH,
    HLS,
    HLS_AAC,
    HLS_MP4,
    MP4,
    VIDEO,
)
from longtake.vendors.tencent.wire.requests import (
    INTEGER_ROOM,
    STRING_ROOM,
    CreateRequest,
    ModifyRequest,
)
from longtake.vendors.tencent.wire.storage import (
    VOD_AAC,
    VOD_HLS,
    VOD_HLS_AAC,
    VOD_HLS_MP4,
    VOD_MP4,
)

MODES: Mapping[str, int] = {"individual": SINGLE, "mixed": MIXED}
STREAM_TYPES: Mapping[str, int] = {"audio": AUDIO, "video": VIDEO, "audio_video": BOTH}
OUTPUT_FORMATS: Mapping[str, int] = {
    "hls": HLS,
    "hls+mp4": HLS_MP4,
    "mp4": MP4,
    "hls+aac": HLS_AAC,
    "aac": AAC,
}
MEDIA_TYPES: Mapping[str, int] = {
    "hls": VOD_HLS,
    "hls+mp4": VOD_HLS_MP4,
    "mp4": VOD_MP4,
    "hls+aac": VOD_HLS_AAC,
    "aac": VOD_AAC,
}
VIDEO_KBPS = (MIN_BIT_RATE // 1000, MAX_BIT_RATE // 1000)
DEFAULT_AUDIO_KBPS = 64


@dataclass(frozen=True)
class Credentials:
    """What lets the robot into the room."""

    user_sig: SecretStr
    private_map_key: SecretStr | None = None


@dataclass(frozen=True)
class Translation:
    """One request with all that the worker knows for it."""

    request: RecordingRequest
    options: TencentOptions
    account: TencentAccount
    storage: TencentStorage

    @property
    def numeric_room(self) -> bool:
        """Whether the robot enters the room of that number, or the one of that text."""
        return self.options.numeric_room(self.request.room)

    @property
    def pictured(self) -> bool:
        """Whether there is a mixed picture, and so a layout."""
        return self.request.mode == "mixed" and self.request.media != "audio"

    def create(self, scene: Scene, attempt: Attempt, credentials: Credentials) -> CreateRequest:
        """Everything that the recording is to be."""
        ask: dict[str, Any] = {
            "SdkAppId": self.account.sdk_app_id,
            "RoomId": self.request.room,
            "RoomIdType": INTEGER_ROOM if self.numeric_room else STRING_ROOM,
            "UserId": attempt.recorder,
            "UserSig": credentials.user_sig,
            "PrivateMapKey": credentials.private_map_key,
            "RecordParams": self._record_params(scene),
            "StorageParams": self._storage_params(attempt),
            "MixTranscodeParams": self._transcoding() or None,
            "MixLayoutParams": self._layout(scene) if self.pictured else None,
            "ResourceExpiredHour": self.options.resource_expired_hour,
        }
        with asked_paths():
            return CreateRequest.model_validate(_set(ask))

    def modify(self, scene: Scene, task: Task) -> ModifyRequest:
        """The whole scene: what a call leaves out goes back to its default."""
        ask: dict[str, Any] = {
            "SdkAppId": self.account.sdk_app_id,
            "TaskId": task.id,
            "SubscribeStreamUserIds": self._lists(scene),
            "MixLayoutParams": self._layout(scene) if self.pictured else None,
        }
        with asked_paths():
            return ModifyRequest.model_validate(_set(ask))

    @property
    def lists_files(self) -> bool:
        """Whether TRTC names files while it records: only the playlists of a bucket."""
        return not self.storage.vod and "hls" in self._formats

    @property
    def _formats(self) -> str:
        return self.options.output_format or "+".join(sorted(self.request.output.formats))

    def _record_params(self, scene: Scene) -> dict[str, Any]:
        options, request = self.options, self.request
        fill = options.fill and int(options.fill == "black")
        return _set(
            {
                "RecordMode": MODES[request.mode],
                "MaxIdleTime": math.ceil(request.max_idle.total_seconds()),
                "StreamType": STREAM_TYPES[request.media],
                "SubscribeStreamUserIds": self._lists(scene) or None,
                "OutputFormat": None if self.storage.vod else OUTPUT_FORMATS[self._formats],
                "AvMerge": 1 if options.av_merge else None,
                "MaxMediaFileDuration": self._file_minutes(),
                "MediaId": STREAMS.index(options.streams),
                "FillType": fill,
                "SubscribeAbility": 1 if options.subscribe_robots else None,
            }
        )

    def _file_minutes(self) -> int | None:
        length = self.request.output.max_file_length
        if length is None:
            return None
        if self._formats == "hls":
            raise InvalidRequest("output.max_file_length: tencent offers it for mp4 and aac only")
        if length % timedelta(minutes=1):
            raise InvalidRequest("output.max_file_length: tencent counts whole minutes")
        return _within("output.max_file_length", length // timedelta(minutes=1), 1, 1440, "minutes")

    def _lists(self, scene: Scene) -> dict[str, tuple[str, ...]]:
        filters = {"audio": scene.subscriptions.audio, "video": scene.subscriptions.video}
        for medium, chosen in filters.items():
            if chosen is not None and self.request.media not in {medium, "audio_video"}:
                raise InvalidRequest(
                    f"subscriptions.{medium}: media {self.request.media!r} records no {medium}"
                )
        audio = scene.subscriptions.audio
        if self.options.subscribe_robots and not (audio and audio.allow):
            raise InvalidRequest(
                "subscriptions.audio: vendor_options.subscribe_robots needs a list of those"
                " allowed, or voices are recorded twice"
            )
        lists = (_list(medium.capitalize(), chosen) for medium, chosen in filters.items() if chosen)
        return {name: users for entry in lists for name, users in entry.items()}

    def _layout(self, scene: Scene) -> dict[str, Any]:
        canvas = self.request.canvas or Canvas()
        return layout_params(scene.layout or GridLayout(), canvas, self.options)

    def _transcoding(self) -> dict[str, Any]:
        """A canvas that is left out would be 360x640, upright."""
        parts: dict[str, Any] = {"AudioParams": self._audio_params()}
        if self.pictured:
            canvas = self.request.canvas or Canvas()
            parts["VideoParams"] = {
                "Width": canvas.width,
                "Height": canvas.height,
                "Fps": canvas.fps,
                "BitRate": 1000 * _video_kbps(canvas),
                "Gop": self.options.gop,
            }
        return _set(parts)

    def _audio_params(self) -> dict[str, int] | None:
        asked = self.request.canvas.audio_kbps if self.request.canvas else None
        chosen = self.options.audio
        if asked is None and chosen is None:
            return None
        if asked and self.request.media == "video":
            raise InvalidRequest("canvas.audio_kbps: media 'video' has no sound")
        if asked and chosen and chosen.kbps:
            raise InvalidRequest("vendor_options.audio.kbps: canvas.audio_kbps says the same")
        if asked:
            _within("canvas.audio_kbps", asked, 32, 128, "kbit/s")
        audio = chosen or Audio()
        return {
            "SampleRate": SAMPLE_RATES.index(audio.sample_rate) + 1,
            "Channel": audio.channels,
            "BitRate": (asked or audio.kbps or DEFAULT_AUDIO_KBPS) * 1000,
        }

    def _storage_params(self, attempt: Attempt) -> dict[str, Any]:
        if self.storage.vod:
            return {"CloudVod": {"TencentVod": self._vod()}}
        with asked_paths("StorageParams", "CloudStorage"):
            bucket = self.storage.bucket_params(tuple(attempt.path.split("/")))
        return {"CloudStorage": bucket}

    def _vod(self) -> dict[str, Any]:
        if "aac" in self._formats and self.request.media != "audio":
            raise InvalidRequest("vendor_options.output_format: VOD makes it of media 'audio' only")
        told = self.options.vod.model_dump() if self.options.vod else {}
        named = {to_pascal(name): value for name, value in told.items()}
        return _set({"MediaType": MEDIA_TYPES[self._formats], **named})


def _within(path: str, value: int, low: int, high: int, unit: str) -> int:
    """The value; the wire counts in other units than the caller, so this names the caller's."""
    if not low <= value <= high:
        raise InvalidRequest(f"{path}: tencent takes {low} to {high} {unit}")
    return value


def _video_kbps(canvas: Canvas) -> int:
    if canvas.video_kbps is None:
        return usual_bitrate(canvas)
    return _within("canvas.video_kbps", canvas.video_kbps, *VIDEO_KBPS, "kbit/s")


def usual_bitrate(canvas: Canvas) -> int:
    """kbit/s for a size and rate: the vendor's own default, 550 for 360x640 at 15, scaled.

    It grows with pixels^0.75 and fps^0.6, as encoders need it, within the vendor's 64 to 8192.
    """
    pixels = canvas.width * canvas.height / (DEFAULT_WIDTH * DEFAULT_HEIGHT)
    scaled = round(550 * pixels**0.75 * (canvas.fps / 15) ** 0.6)
    low, high = VIDEO_KBPS
    return min(high, max(low, scaled))


def _list(medium: str, chosen: StreamFilter) -> dict[str, tuple[str, ...]]:
    if chosen.deny:
        return {f"UnSubscribe{medium}UserIds": chosen.deny}
    return {f"Subscribe{medium}UserIds": chosen.allow or ()}


def _set(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What is not None."""
    return {name: value for name, value in fields.items() if value is not None}

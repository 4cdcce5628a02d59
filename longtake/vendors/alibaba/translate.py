"""A neutral request in Alibaba's words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from longtake.domain.errors import InvalidRequest
from longtake.domain.layout import GridLayout
from longtake.domain.ports import Attempt, Task
from longtake.domain.recording import Canvas, RecordingRequest, Scene
from longtake.vendors.alibaba.auth import canonical_query
from longtake.vendors.alibaba.files import MAX_KEY, key_bytes
from longtake.vendors.alibaba.layout import check_shown, layout_params
from longtake.vendors.alibaba.options import AlibabaOptions, Audio
from longtake.vendors.alibaba.paths import asked_paths
from longtake.vendors.alibaba.settings import AlibabaAccount, AlibabaStorage
from longtake.vendors.alibaba.subscriptions import entries, listed
from longtake.vendors.alibaba.wire.fields import AUDIO, BOTH, INDIVIDUAL, MIXED, VIDEO
from longtake.vendors.alibaba.wire.requests import Request, StartRequest, UpdateRequest
from longtake.vendors.alibaba.wire.storage import OSS, VOD

MODES: Mapping[str, int] = {"individual": INDIVIDUAL, "mixed": MIXED}
STREAM_TYPES: Mapping[str, int] = {"audio": AUDIO, "video": VIDEO, "audio_video": BOTH}
DEFAULT_AUDIO_KBPS = 64
MAX_VIDEO_KBPS = 10_000
MAX_GOP = 60

MAX_QUERY = 60_000
"""Characters of a query: httpx sends no address longer than 65536."""

RequestT = TypeVar("RequestT", bound=Request)


@dataclass(frozen=True)
class Translation:
    """One request with all that the worker knows for it."""

    request: RecordingRequest
    options: AlibabaOptions
    account: AlibabaAccount
    storage: AlibabaStorage

    @property
    def pictured(self) -> bool:
        """Whether there is a mixed picture, and so a layout."""
        return self.request.mode == "mixed" and self.request.media != "audio"

    def start(self, scene: Scene, attempt: Attempt) -> StartRequest:
        """Everything that the recording is to be."""
        events = self.account.notify_url(attempt.recorder)
        ask: dict[str, Any] = {
            "AppId": self.account.app_id,
            "ChannelId": self.request.room,
            **self._scene(scene, attempt),
            "RecordParams": {
                "RecordMode": MODES[self.request.mode],
                "StreamType": STREAM_TYPES[self.request.media],
                "MaxFileDuration": self._file_seconds(),
            },
            "StorageParams": self._storage_params(attempt),
            "MixTranscodeParams": self._transcoding(),
            "NotifyUrl": events,
            "NotifyAuthKey": self.account.callback_secret if events else None,
            "NotifyFileUploadedFormat": self._formats if events and not self.storage.vod else None,
            "MaxIdleTime": math.ceil(self.request.max_idle.total_seconds()),
        }
        return _made(StartRequest, ask)

    def update(self, scene: Scene, task: Task) -> UpdateRequest:
        """The whole scene: users and panes go together, as panes are made for users."""
        return _made(UpdateRequest, {"TaskId": task.id, **self._scene(scene, task.attempt)})

    def check_shown(self, scene: Scene) -> None:
        """Refuse a first scene that shows somebody who is not recorded."""
        if self.pictured and scene.layout is not None:
            check_shown(scene.layout, listed(self.request, scene, "video"))

    @property
    def _formats(self) -> list[str]:
        """HLS is made whether it is asked for or not: it is asked for, to be named by us."""
        mp4 = ["MP4"] if "mp4" in self.request.output.formats else []
        return ["HLS", *mp4, *(["MP3"] if self.options.mp3 else [])]

    def _scene(self, scene: Scene, attempt: Attempt) -> dict[str, Any]:
        users = entries(self.request, scene, self.options)
        if self.storage.vod is None:
            self._check_keys([entry["UserId"] for entry in users], attempt)
        found: dict[str, Any] = {"SubscribeParams": {"SubscribeUserIdList": users}}
        if self.pictured:
            seen = listed(self.request, scene, "video")
            layout = scene.layout or GridLayout()
            found["MixLayoutParams"] = layout_params(layout, seen, self.options)
        return found

    def _check_keys(self, users: Iterable[str], attempt: Attempt) -> None:
        """Refuse what makes no key of OSS: steps of a path, or more than a key can be long."""
        mode, folder = self.request.mode, folder_of(attempt)
        if {".", ".."} & {*folder.split("/")}:
            raise InvalidRequest("output.path_prefix: must not have . or .. between its slashes")
        patterns = (self.options.file_pattern(mode), self.options.slice_pattern(mode))
        fixed = {"AppId": self.account.app_id, "ChannelId": self.request.room}
        for user in users:
            length = max(key_bytes(folder, text, **fixed, UserId=user) for text in patterns)
            if length > MAX_KEY:
                raise InvalidRequest(
                    f"request: a file of {user!r} would have a key of {length} bytes, of which OSS"
                    f" takes {MAX_KEY}: output.path_prefix, the pattern of names and what stands"
                    " for its variables add up"
                )

    def _file_seconds(self) -> int | None:
        length = self.request.output.max_file_length
        return None if length is None else math.floor(length.total_seconds())

    def _storage_params(self, attempt: Attempt) -> dict[str, Any]:
        if self.storage.vod is not None:
            return {"StorageType": VOD, "VodParams": self.storage.vod.params()}
        return {
            "StorageType": OSS,
            "OSSParams": self.storage.bucket_params(),
            "FileInfo": [self._file_info(name, attempt) for name in self._formats],
        }

    def _file_info(self, name: str, attempt: Attempt) -> dict[str, Any]:
        mode = self.request.mode
        info: dict[str, Any] = {
            "Format": name,
            "FileNamePattern": self.options.file_pattern(mode),
            "FilePathPrefix": folder_of(attempt).split("/"),
        }
        if name == "HLS":
            info["SliceNamePattern"] = self.options.slice_pattern(mode)
            info["SliceDuration"] = self.options.slice_seconds
        return info

    def _transcoding(self) -> dict[str, Any] | None:
        if self.request.mode != "mixed":
            return None
        return {**self._audio_params(), **(self._video_params() if self.pictured else {})}

    def _audio_params(self) -> dict[str, Any]:
        """The service wants them of every mixed recording, also of one without sound."""
        asked = self.request.canvas.audio_kbps if self.request.canvas else None
        if asked and self.request.media == "video":
            raise InvalidRequest("canvas.audio_kbps: media 'video' has no sound")
        audio = self.options.audio or Audio()
        if asked and audio.kbps:
            raise InvalidRequest("vendor_options.audio.kbps: canvas.audio_kbps says the same")
        return {
            "AudioBitrate": asked or audio.kbps or DEFAULT_AUDIO_KBPS,
            "AudioChannels": audio.channels,
            "AudioSampleRate": audio.sample_rate,
        }

    def _video_params(self) -> dict[str, Any]:
        canvas = self.request.canvas or Canvas()
        return {
            "VideoCodec": "H.264",
            "VideoWidth": canvas.width,
            "VideoHeight": canvas.height,
            "VideoFramerate": canvas.fps,
            "VideoBitrate": canvas.video_kbps or usual_bitrate(canvas),
            "VideoGop": self.options.gop or min(2 * canvas.fps, MAX_GOP),
            "FrameFillType": self.options.frame_fill_type,
        }


def folder_of(attempt: Attempt) -> str:
    """Where an attempt's files lie, in a folder for the task: its token is the last level."""
    return f"{attempt.path}/{attempt.recorder}"


def usual_bitrate(canvas: Canvas) -> int:
    """kbit/s for a size and rate: the vendor names none, so 1500 for 1280x720 at 15, scaled.

    It grows with pixels^0.75 and fps^0.6, as encoders need it, up to the vendor's 10000.
    """
    pixels = canvas.width * canvas.height / (1280 * 720)
    scaled = round(1500 * pixels**0.75 * (canvas.fps / 15) ** 0.6)
    return min(MAX_VIDEO_KBPS, max(1, scaled))


def _made(model: type[RequestT], ask: Mapping[str, Any]) -> RequestT:
    with asked_paths():
        request = model.model_validate(ask)
    length = len(canonical_query(request.parameters()))
    if length > MAX_QUERY:
        raise InvalidRequest(
            f"request: takes {length} characters of an address, of which {MAX_QUERY} can be sent;"
            " the addresses of layout.user_images are what is long"
        )
    return request

"""The bodies of the four actions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self, cast

from pydantic import Field, model_validator

from longtake.vendors.tencent.emulator.codes import MISSING, OUT_OF_RANGE, Refusal
from longtake.vendors.tencent.emulator.layouts import USUAL_LAYOUT, MixLayoutParams
from longtake.vendors.tencent.emulator.record_params import RecordParams, SubscribeStreamUserIds
from longtake.vendors.tencent.emulator.rooms import Room, is_number
from longtake.vendors.tencent.emulator.storage_params import StorageParams
from longtake.vendors.tencent.emulator.wire import Text, UpTo1, Wire, parse

_LARGEST_CANVAS = 1920 * 1080  # pixels


class VideoParams(Wire):
    """Once given, whole."""

    width: Annotated[int, Field(gt=0, le=1920)]
    height: Annotated[int, Field(gt=0, le=1920)]
    fps: Annotated[int, Field(ge=1, le=60)]
    bit_rate: Annotated[int, Field(ge=64_000, le=8_192_000)]
    gop: Annotated[int, Field(ge=1)]

    @model_validator(mode="after")
    def _canvas_is_not_too_large(self) -> Self:
        if self.width * self.height > _LARGEST_CANVAS:
            raise ValueError("Width x Height exceeds 1920 x 1080")
        return self


class AudioParams(Wire):
    """Once given, whole."""

    sample_rate: Annotated[int, Field(ge=1, le=3)]
    channel: Annotated[int, Field(ge=1, le=2)]
    bit_rate: Annotated[int, Field(ge=32_000, le=128_000)]


class MixTranscodeParams(Wire):
    video_params: VideoParams = VideoParams.model_validate(
        {"Width": 360, "Height": 640, "Fps": 15, "BitRate": 550_000, "Gop": 10}
    )
    audio_params: AudioParams | None = None


class CreateRequest(Wire):
    sdk_app_id: int
    room_id: Text
    room_id_type: UpTo1 = 1
    user_id: Text
    user_sig: Text
    record_params: RecordParams
    storage_params: StorageParams
    mix_transcode_params: MixTranscodeParams = MixTranscodeParams()
    mix_layout_params: MixLayoutParams = USUAL_LAYOUT
    resource_expired_hour: Annotated[int, Field(ge=6, le=720)] = 72
    private_map_key: str = ""

    @property
    def room(self) -> Room:
        return Room(self.room_id, numeric=self.room_id_type == 1)

    @property
    def canvas(self) -> tuple[int, int]:
        """Width and height in pixels."""
        video = self.mix_transcode_params.video_params
        return video.width, video.height


class TaskRequest(Wire):
    """Of Describe and Delete."""

    sdk_app_id: int
    task_id: Text


class ModifyRequest(TaskRequest):
    """A full overwrite: an omitted group returns to its default."""

    subscribe_stream_user_ids: SubscribeStreamUserIds = SubscribeStreamUserIds()
    mix_layout_params: MixLayoutParams = USUAL_LAYOUT


def parse_create(document: Mapping[str, Any], *, strict: bool) -> CreateRequest:
    """The wish of a create, with the rules that tie its parts to each other.

    Raises:
        Refusal: with the code of what is wrong.
    """
    wish = parse(CreateRequest, document, strict=strict)
    storage, vod = wish.storage_params.cloud_storage, wish.storage_params.cloud_vod
    if storage is None and vod is None:
        raise Refusal(f"{MISSING}.CloudStorage", "StorageParams: a place is needed")
    if vod and vod.tencent_vod.audio_only and wish.record_params.stream_type != 1:
        raise Refusal(OUT_OF_RANGE, "MediaType: 2 and 4 need StreamType 1")
    if wish.room.numeric and not is_number(wish.room_id):
        raise Refusal(OUT_OF_RANGE, "RoomId: an integer room is 1 to 4294967295")
    if wish.record_params.mixed:
        check_windows(wish.mix_layout_params, wish.canvas)
    return wish


def check_windows(layout: MixLayoutParams, canvas: tuple[int, int]) -> None:
    """
    Raises:
        Refusal: a custom window leads out of the canvas.
    """
    if layout.overhangs(*canvas):
        raise Refusal(OUT_OF_RANGE, "MixLayoutList: a window leads out of the canvas")


def both_groups(document: Mapping[str, Any]) -> dict[str, Any]:
    """Layout and subscriptions of a Create or Modify, exactly as they came."""
    names = ("MixLayoutParams", "SubscribeStreamUserIds")
    params: Any = document.get("RecordParams")
    places = [document, cast("dict[str, Any]", params)] if isinstance(params, dict) else [document]
    return {name: place[name] for place in places for name in names if place.get(name) is not None}

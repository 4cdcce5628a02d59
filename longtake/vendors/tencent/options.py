"""`vendor_options` of a request to TRTC: what its API has and the neutral model has not."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictBool

from longtake.domain.model import Asked
from longtake.domain.recording import RecordingRequest
from longtake.vendors.tencent.watermarks import Watermark
from longtake.vendors.tencent.wire.fields import (
    MAX_WINDOWS,
    AudioKbps,
    Gop,
    RecordId,
    ResourceExpiredHour,
    Text,
)
from longtake.vendors.tencent.wire.requests import is_room_number

STREAMS = ("both", "main", "aux")
"""In the order of RecordParams' MediaId."""
SAMPLE_RATES = (48000, 44100, 16000)
"""In the order of their codes, which begin with 1."""

Fitting = Literal["stretch", "crop", "fit", "crop_little"]
"""`fit` leaves blank borders, `crop_little` cuts at most 20 %."""


class Audio(Asked):
    """The mixed sound: hertz, channels, kbit/s."""

    sample_rate: Literal[48000, 44100, 16000] = 48000
    channels: Literal[1, 2] = 2
    kbps: AudioKbps | None = None
    """For recordings without a canvas, which has an `audio_kbps` of its own."""


class Vod(Asked):
    """What VOD is told of the media; which kinds are made is `output.formats`."""

    procedure: Text | None = None
    expire_time: Annotated[int, Field(ge=0)] | None = None
    """Sent as given; TRTC's texts differ on whether it is an instant or a number of seconds."""
    storage_region: Text | None = None
    class_id: int | None = None
    sub_app_id: Annotated[int, Field(ge=0)] | None = None
    session_context: Text | None = None
    source_context: Text | None = None
    user_define_record_id: RecordId | None = None
    """Begins the names of the files."""


class TencentOptions(Asked):
    """The options; which go with which request is checked by `broken_rules`."""

    room_id_type: Literal["string", "integer"] | None = None
    """As the room's users join it. None: an integer if `room` is one from 1 to 4294967295."""
    streams: Literal["both", "main", "aux"] = "both"
    """Cameras and microphones are main, shared screens aux."""
    screen_stream: Literal["aux", "main"] = "aux"
    """Which stream of its main user a layout `screen_share` shows large."""
    av_merge: StrictBool = False
    """One file for a user's sound and picture, instead of two."""
    fill: Literal["last_frame", "black"] | None = None
    """What is recorded of a video that stops."""
    subscribe_robots: StrictBool = False
    """Record stream-mixing robots too."""
    output_format: Literal["hls+aac", "aac"] | None = None
    """Instead of `output.formats`."""
    watermarks: tuple[Watermark, ...] = Field(default=(), max_length=MAX_WINDOWS)
    placeholder: StrictBool | None = None
    """Show images in windows whose user sends nothing. None: if the layout names an image."""
    main_align: Literal["left", "right"] = "left"
    """Where `speaker` and `screen_share` have their large window."""
    hide_audio_only: StrictBool = False
    """Whether users without video get no window."""
    pane_fit: Fitting | None = None
    """Of every layout but `custom`. None: `fit` for `screen_share`, else `crop`."""
    background_fit: Fitting | None = None
    audio: Audio | None = None
    gop: Gop = 10
    """Seconds between key frames."""
    resource_expired_hour: ResourceExpiredHour = 720
    """Hours for which a task takes calls. It does not end the recording."""
    vod: Vod | None = None

    def numeric_room(self, room: str) -> bool:
        """Whether the robot enters the room of that number, or the one of that text."""
        chosen = self.room_id_type
        return is_room_number(room) if chosen is None else chosen == "integer"

    def broken_rules(self, request: RecordingRequest) -> list[str]:
        """Each rule with its path that the options break together with the request."""
        mode, media = request.mode, request.media
        fields = type(self).model_fields
        rules = [
            (
                getattr(self, name) != fields[name].default and mode != only,
                f"{name}: belongs to mode {only}, not to {mode}",
            )
            for name, only in _MODES.items()
        ]
        pictures = [name for name in _PICTURES if getattr(self, name) != fields[name].default]
        rules += [(media == "audio", f"{name}: media 'audio' has no picture") for name in pictures]
        rules += [
            (
                self.audio is not None and media == "video",
                "audio: media 'video' has no sound",
            ),
            (
                self.av_merge and media != "audio_video",
                f"av_merge: media {media!r} has nothing to merge",
            ),
            (
                self.output_format is not None and sorted(request.output.formats) != ["hls"],
                "output_format: stands instead of output.formats, leave that at its default",
            ),
        ]
        return [rule for broken, rule in rules if broken]


_MODES = {
    "av_merge": "individual",
    "screen_stream": "mixed",
    "watermarks": "mixed",
    "placeholder": "mixed",
    "main_align": "mixed",
    "hide_audio_only": "mixed",
    "pane_fit": "mixed",
    "background_fit": "mixed",
    "audio": "mixed",
    "gop": "mixed",
}
_PICTURES = (
    *("screen_stream", "fill", "watermarks", "placeholder", "main_align"),
    *("hide_audio_only", "pane_fit", "background_fit", "gop"),
)
"""What has no effect where no picture is recorded."""

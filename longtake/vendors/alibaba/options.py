"""`vendor_options` of a request to Alibaba: what its API has and the neutral model has not."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, StrictBool

from longtake.domain.model import Asked
from longtake.domain.recording import RecordingRequest
from longtake.vendors.alibaba.files import INDIVIDUAL_NAME, MIXED_NAME, SLICE_SUFFIX
from longtake.vendors.alibaba.wire.fields import (
    AudioKbps,
    FrameFillType,
    Gop,
    NamePattern,
    SliceSeconds,
)


def _has_time(pattern: str) -> str:
    if "{StartTime}" not in pattern:
        raise ValueError("must hold {StartTime}, or the parts of a long recording are one file")
    return pattern


def _has_no_sequence(pattern: str) -> str:
    if "{Sequence}" in pattern:
        raise ValueError("must not hold {Sequence}, which slices alone have")
    return pattern


def _has_sequence(pattern: str) -> str:
    if "{Sequence}" not in pattern:
        raise ValueError("must hold {Sequence}, or slices overwrite each other")
    return pattern


class Audio(Asked):
    """The mixed sound: hertz, channels, kbit/s."""

    sample_rate: Literal[8000, 16000, 32000, 44100, 48000] = 32000
    channels: Literal[1, 2] = 2
    kbps: AudioKbps | None = None
    """For recordings without a canvas, which has an `audio_kbps` of its own."""


class AlibabaOptions(Asked):
    """The options; which go with which request is checked by `broken_rules`."""

    sources: Literal["camera", "screen", "both"] = "camera"
    """Which videos of the listed users are recorded."""
    screen_stream: Literal["screen", "camera"] = "screen"
    """Which video of its main user a layout `screen_share` shows large."""
    audio: Audio | None = None
    gop: Gop | None = None
    """Frames between key frames. None: two seconds of them, at most 60."""
    frame_fill_type: FrameFillType | None = None
    """What is recorded of a video that stops, by the service's own number."""
    background_fit: Literal["crop", "contain"] | None = None
    slice_seconds: SliceSeconds | None = None
    """Length of a slice. None: the service's 30."""
    mp3: StrictBool = False
    """Make MP3 files as well."""
    file_name: (
        Annotated[NamePattern, AfterValidator(_has_time), AfterValidator(_has_no_sequence)] | None
    ) = None
    """Pattern of the names of files. None: one from which they can be read."""
    slice_name: (
        Annotated[NamePattern, AfterValidator(_has_time), AfterValidator(_has_sequence)] | None
    ) = None
    """Pattern of the names of slices."""

    def file_pattern(self, mode: str) -> str:
        """The name of a playlist or a film."""
        return self.file_name or (INDIVIDUAL_NAME if mode == "individual" else MIXED_NAME)

    def slice_pattern(self, mode: str) -> str:
        """The name of a slice."""
        usual = INDIVIDUAL_NAME if mode == "individual" else MIXED_NAME
        return self.slice_name or usual + SLICE_SUFFIX

    def broken_rules(self, request: RecordingRequest) -> list[str]:
        """Each rule with its path that the options break together with the request."""
        mode, media = request.mode, request.media
        rules = [
            *(
                (mode != "mixed", f"{name}: belongs to mode mixed, not to {mode}")
                for name in self._given(_MIXED)
            ),
            *(
                (media == "audio", f"{name}: media 'audio' has no picture")
                for name in self._given(_PICTURES)
            ),
            (
                self.sources == "both" and mode != "individual",
                f"sources: 'both' belongs to mode individual, not to {mode}",
            ),
            (
                self.audio is not None and media == "video",
                "audio: media 'video' has no sound",
            ),
            *(
                (variable not in pattern, f"{name}: must hold {variable}, or files are one")
                for name, pattern in (
                    ("file_name", self.file_name),
                    ("slice_name", self.slice_name),
                )
                if pattern is not None and mode == "individual"
                for variable in self._telling()
            ),
        ]
        return [rule for broken, rule in rules if broken]

    def bucket_only(self) -> list[str]:
        """The options given that VOD does not have."""
        return self._given(("slice_seconds", "mp3", "file_name", "slice_name"))

    def _telling(self) -> tuple[str, ...]:
        """What tells the files of an individual recording apart."""
        return ("{UserId}", "{SourceType}") if self.sources == "both" else ("{UserId}",)

    def _given(self, names: tuple[str, ...]) -> list[str]:
        fields = type(self).model_fields
        return [name for name in names if getattr(self, name) != fields[name].default]


_MIXED = ("screen_stream", "audio", "gop", "frame_fill_type", "background_fit")
_PICTURES = ("sources", "screen_stream", "gop", "frame_fill_type", "background_fit")
"""What has no effect where no picture is recorded."""

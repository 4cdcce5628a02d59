"""`vendor_options` of a request to Agora: what its API has and the neutral model has not."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, StrictBool, model_validator

from longtake.domain.model import Asked
from longtake.domain.recording import Name
from longtake.vendors.agora.wire.fields import (
    AudioProfile,
    CaptureInterval,
    Geofence,
    MaxRecordingHour,
    PageUrl,
    ReadyTimeout,
    ResourceExpiredHour,
    Salt,
    SubscribeUidGroup,
)

DECRYPTION_MODES = (
    *("AES_128_XTS", "AES_128_ECB", "AES_256_XTS", "SM4_128_ECB"),
    *("AES_128_GCM", "AES_256_GCM", "AES_128_GCM2", "AES_256_GCM2"),
)
"""In the order of their numbers, which begin with 1."""

AFFINITIES = ("nearest", "china", "southeast_asia", "europe", "north_america")


class Decryption(Asked):
    """How the channel is encrypted; `secret` names an entry of the account's `secrets`."""

    mode: Literal[
        "AES_128_XTS",
        "AES_128_ECB",
        "AES_256_XTS",
        "SM4_128_ECB",
        "AES_128_GCM",
        "AES_256_GCM",
        "AES_128_GCM2",
        "AES_256_GCM2",
    ]
    secret: Name
    salt: Salt | None = None

    @model_validator(mode="after")
    def _salted(self) -> Decryption:
        if self.mode.endswith("GCM2") and self.salt is None:
            raise ValueError(f"{self.mode} needs a salt")
        return self


class Snapshot(Asked):
    """Screenshots of each user's video, every `interval` seconds, with or without recording."""

    interval: CaptureInterval = 10
    only: StrictBool = False


class WebPage(Asked):
    """The page that mode web records."""

    url: PageUrl
    mobile: StrictBool = False
    ready_timeout: ReadyTimeout = 0
    """Seconds within which the page must say that it is ready; 0: it need not."""
    max_recording_hours: MaxRecordingHour | None = None
    """The service ends the recording then; None: an hour more than the session can last."""
    rtmp_url: Name | None = None
    """The account's secret that holds an RTMP address to push the page to, key included."""


class Vod(Asked):
    """Upload to ApsaraVideo for VoD; the keys are names of the account's `secrets`."""

    access_key: Name
    secret_key: Name
    region_id: str = Field(min_length=1)
    title: str = Field(min_length=1)
    description: str | None = None
    cover_url: str | None = None
    category_id: str | None = Field(default=None, pattern=r"^[0-9]+$")
    tags: str | None = None
    template_group_id: str | None = None
    user_data: str | None = None
    storage_location: str | None = None
    workflow_id: str | None = None


class Postponed(Asked):
    """Work on the files after the recording: one mixed audio file, or an MP4 for each user."""

    mode: Literal["audio_mix", "transcode"] = "audio_mix"
    format: Literal["mp3", "m4a", "aac"] | None = None
    sample_rate: Literal[48000, 32000, 16000] | None = None
    channels: Literal[1, 2] | None = None

    @model_validator(mode="after")
    def _audio_only(self) -> Postponed:
        chosen = (self.format, self.sample_rate, self.channels)
        if self.mode == "transcode" and any(value is not None for value in chosen):
            raise ValueError("format, sample_rate and channels belong to audio_mix")
        return self


class AgoraOptions(Asked):
    """The options; which go with which mode is checked by `broken_rules`."""

    channel_type: Literal["communication", "live"] = "communication"
    """Must be the profile that the room's users join with."""
    stream_mode: Literal["default", "standard", "original"] | None = None
    decryption: Decryption | None = None
    audio_profile: AudioProfile | None = None
    video_stream: Literal["high", "low"] = "high"
    subscribe_uid_group: SubscribeUidGroup | None = None
    """How many users at most, for the whole recording: 0 to 2, 1 to 7, 2 to 12, 3 to 17,
    4 to 32, 5 to 49. None: 5, because it cannot be raised when subscriptions change."""
    snapshot: Snapshot | None = None
    web: WebPage | None = None
    vod: Vod | None = None
    postponed: Postponed | None = None
    region: Geofence | None = None
    """Servers of this area only; the bucket must lie there too."""
    region_affinity: Literal["nearest", "china", "southeast_asia", "europe", "north_america"] = (
        "nearest"
    )
    exclude_resource_ids: tuple[str, ...] = ()
    """Resources of other recordings whose location this one must avoid."""
    resource_expired_hour: ResourceExpiredHour = 720
    """Hours for which a task takes calls. It does not end the recording."""
    private_params: dict[str, Any] | None = None
    """Undocumented switches of the service, sent as JSON text."""
    async_stop: StrictBool = False
    """Stop without waiting for the uploads; events and storage then tell of the files."""

    def broken_rules(self, mode: str, media: str) -> list[str]:
        """Each rule with its path that options break together with mode and media."""
        fields = type(self).model_fields
        rules = [
            (
                getattr(self, name) != fields[name].default and mode not in modes,
                f"{name}: belongs to mode {' and '.join(modes)}, not to {mode}",
            )
            for name, modes in _MODES.items()
        ]
        rules += [
            (mode == "web" and self.web is None, "web: mode web needs the page's url here"),
            (
                self.stream_mode == "original" and media != "audio",
                "stream_mode: 'original' needs media 'audio'",
            ),
            (
                self.snapshot is not None and media == "audio",
                "snapshot: media 'audio' has no video",
            ),
            (
                self.audio_profile is not None and media == "video",
                "audio_profile: media 'video' has no audio",
            ),
            (
                self.vod is not None and self.stream_mode not in {None, "default"},
                "vod: needs stream_mode 'default'",
            ),
        ]
        return [rule for broken, rule in (*rules, *self._postponed_rules(media)) if broken]

    def _postponed_rules(self, media: str) -> list[tuple[bool, str]]:
        if self.postponed is None:
            return []
        mixing = self.postponed.mode == "audio_mix"
        return [
            (self.region is not None, "region: cannot be chosen together with postponed"),
            (self.snapshot is not None, "snapshot: cannot be taken together with postponed"),
            (mixing and media != "audio", "postponed.mode: 'audio_mix' needs media 'audio'"),
            (
                mixing and self.stream_mode not in {None, "original"},
                "stream_mode: 'audio_mix' needs 'original'",
            ),
        ]


_MODES = {
    "channel_type": ("mixed", "individual"),
    "stream_mode": ("individual",),
    "decryption": ("mixed", "individual"),
    "audio_profile": ("mixed", "web"),
    "video_stream": ("mixed", "individual"),
    "subscribe_uid_group": ("mixed", "individual"),
    "snapshot": ("individual",),
    "web": ("web",),
    "vod": ("mixed", "individual"),
    "postponed": ("individual",),
    "private_params": ("mixed", "individual"),
}

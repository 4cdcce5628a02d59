"""A neutral request in Agora's words."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from longtake.domain.errors import InvalidRequest
from longtake.domain.layout import GridLayout
from longtake.domain.ports import Attempt
from longtake.domain.recording import Canvas, RecordingRequest, Scene, StreamFilter
from longtake.vendors.agora.extensions import (
    page_hours,
    page_service,
    postponed_work,
    push_service,
    vod_service,
)
from longtake.vendors.agora.layout import layout_fields
from longtake.vendors.agora.options import AFFINITIES, DECRYPTION_MODES, AgoraOptions
from longtake.vendors.agora.paths import asked_paths
from longtake.vendors.agora.settings import AgoraAccount, AgoraStorage
from longtake.vendors.agora.wire.fields import EVERYBODY, Mode
from longtake.vendors.agora.wire.recording import AUDIO, BOTH, VIDEO
from longtake.vendors.agora.wire.requests import (
    POSTPONED,
    REALTIME,
    WEB_PAGE,
    AcquireRequest,
    StartRequest,
    StopRequest,
    UpdateLayoutRequest,
    UpdateRequest,
)
from longtake.vendors.agora.wire.storage import StorageConfig

MODES: Mapping[str, Mode] = {"mixed": "mix", "individual": "individual", "web": "web"}
STREAM_TYPES: Mapping[str, int] = {"audio": AUDIO, "video": VIDEO, "audio_video": BOTH}
AUDIO_PROFILES: Mapping[int, int] = {48: 0, 128: 1, 192: 2}
GROUP_SIZES = (2, 7, 12, 17, 32, 49)
"""The most users of each `subscribeUidGroup`."""

BITRATE_LIMIT = 6500


@dataclass(frozen=True)
class Translation:
    """One request with all that the worker knows for it."""

    request: RecordingRequest
    options: AgoraOptions
    account: AgoraAccount
    storage: AgoraStorage

    @property
    def mode(self) -> Mode:
        """The vendor's word for the mode."""
        return MODES[self.request.mode]

    def acquire(self, attempt: Attempt) -> AcquireRequest:
        """Reserve for this attempt's uid."""
        options = self.options
        scene = WEB_PAGE if self.mode == "web" else POSTPONED if options.postponed else REALTIME
        ask: dict[str, Any] = {
            "scene": scene,
            "resourceExpiredHour": options.resource_expired_hour,
            "region": options.region,
            "regionAffinity": AFFINITIES.index(options.region_affinity) or None,
            "excludeResourceIds": options.exclude_resource_ids or None,
        }
        with asked_paths():
            return AcquireRequest.model_validate(self._envelope(attempt, ask))

    def start(self, scene: Scene, attempt: Attempt, token: str | None) -> StartRequest:
        """Everything that the recording is to be."""
        if self.mode == "individual" and "mp4" in self.request.output.formats:
            raise InvalidRequest("output.formats: agora makes mp4 in the modes mixed and web only")
        ask: dict[str, Any] = {
            "token": token,
            "storageConfig": self._storage_config(attempt),
            "extensionServiceConfig": self._services(scene),
        }
        if self.mode != "web":
            ask["recordingConfig"] = self._recording_config(scene)
        if self.options.snapshot is None or not self.options.snapshot.only:
            ask["recordingFileConfig"] = {"avFileType": sorted(self.request.output.formats)}
        if self.options.snapshot is not None:
            ask["snapshotConfig"] = {"captureInterval": self.options.snapshot.interval}
        if self.options.postponed is not None:
            ask.update(postponed_work(self.options.postponed))
        with asked_paths():
            return StartRequest.model_validate(self._envelope(attempt, ask))

    def subscribe(self, scene: Scene, attempt: Attempt) -> UpdateRequest:
        """The subscriptions of the scene, whatever they were before."""
        self._group(scene)
        lists = self._lists(scene, always=True)
        subscribe = {
            f"{medium}UidList": chosen
            for medium in ("audio", "video")
            if (chosen := {k: v for k, v in lists.items() if medium in k.lower()})
        }
        with asked_paths():
            return UpdateRequest.model_validate(
                self._envelope(attempt, {"streamSubscribe": subscribe})
            )

    def hold(self, scene: Scene, attempt: Attempt) -> UpdateRequest:
        """Pause or resume a page."""
        ask = {"webRecordingConfig": {"onhold": scene.on_hold}}
        return UpdateRequest.model_validate(self._envelope(attempt, ask))

    def arrange(self, scene: Scene, attempt: Attempt) -> UpdateLayoutRequest:
        """The whole layout of the scene."""
        with asked_paths():
            return UpdateLayoutRequest.model_validate(
                self._envelope(attempt, layout_fields(scene.layout or GridLayout()))
            )

    def stop(self, attempt: Attempt) -> StopRequest:
        """The end."""
        ask = {"async_stop": True} if self.options.async_stop else {}
        return StopRequest.model_validate(self._envelope(attempt, ask))

    @property
    def page_hours(self) -> int:
        """When the service ends a page's recording, which no empty room would end."""
        return page_hours(self.request, self.options)

    def _envelope(self, attempt: Attempt, ask: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "mode": self.mode,
            "cname": self.request.room,
            "uid": attempt.recorder,
            "clientRequest": {name: value for name, value in ask.items() if value is not None},
        }

    def _recording_config(self, scene: Scene) -> dict[str, Any]:
        options, request = self.options, self.request
        mixing = options.postponed is not None and options.postponed.mode == "audio_mix"
        config: dict[str, Any] = {
            "channelType": 0 if options.channel_type == "communication" else 1,
            "streamTypes": STREAM_TYPES[request.media],
            "streamMode": "original" if mixing else options.stream_mode,
            "videoStreamType": 0 if options.video_stream == "high" else 1,
            "maxIdleTime": math.ceil(request.max_idle.total_seconds()),
            "subscribeUidGroup": self._group(scene),
            "audioProfile": self._audio_profile(),
            **self._decryption(),
            **self._lists(scene),
        }
        if self.mode == "mix" and request.media != "audio":
            config["transcodingConfig"] = self._transcoding(scene)
        if options.private_params is not None:
            config["privateParams"] = json.dumps(options.private_params)
        return {name: value for name, value in config.items() if value is not None}

    def _storage_config(self, attempt: Attempt) -> StorageConfig:
        with asked_paths("clientRequest", "storageConfig"):
            return self.storage.config(tuple(attempt.path.split("/")))

    def _transcoding(self, scene: Scene) -> dict[str, Any]:
        canvas = self.request.canvas or Canvas()
        return {
            "width": canvas.width,
            "height": canvas.height,
            "fps": canvas.fps,
            "bitrate": canvas.video_kbps or usual_bitrate(canvas),
            **layout_fields(scene.layout or GridLayout()),
        }

    def _audio_profile(self) -> int | None:
        asked = self.request.canvas.audio_kbps if self.request.canvas else None
        if asked is None:
            return self.options.audio_profile
        if self.options.audio_profile is not None:
            raise InvalidRequest("vendor_options.audio_profile: canvas.audio_kbps says the same")
        if asked not in AUDIO_PROFILES:
            raise InvalidRequest(f"canvas.audio_kbps: agora offers 48, 128 and 192, not {asked}")
        return None if self.request.media == "video" else AUDIO_PROFILES[asked]

    def _decryption(self) -> dict[str, Any]:
        chosen = self.options.decryption
        if chosen is None:
            return {}
        secret = self.account.secret(chosen.secret, "decryption.secret")
        mode = DECRYPTION_MODES.index(chosen.mode) + 1
        return {"decryptionMode": mode, "secret": secret, "salt": chosen.salt}

    def _lists(self, scene: Scene, *, always: bool = False) -> dict[str, tuple[str, ...]]:
        """A list for one medium alone would switch the other off, so that gets everybody."""
        filters = {"audio": scene.subscriptions.audio, "video": scene.subscriptions.video}
        for medium, chosen in filters.items():
            if chosen is not None and self.request.media not in {medium, "audio_video"}:
                raise InvalidRequest(
                    f"subscriptions.{medium}: media {self.request.media!r} records no {medium}"
                )
        if not always and not any(filters.values()):
            return {}
        return {
            name: users
            for medium, chosen in filters.items()
            if self.request.media in {medium, "audio_video"}
            for name, users in _uid_list(medium.capitalize(), chosen).items()
        }

    def _group(self, scene: Scene) -> int | None:
        group = self.options.subscribe_uid_group
        if group is None:
            group = len(GROUP_SIZES) - 1 if self.mode == "individual" else None
        if group is not None:
            filters = (scene.subscriptions.audio, scene.subscriptions.video)
            listed = {user for chosen in filters if chosen for user in chosen.allow or ()}
            if len(listed) > GROUP_SIZES[group]:
                raise InvalidRequest(
                    f"subscriptions: {len(listed)} users are more than the {GROUP_SIZES[group]}"
                    f" of vendor_options.subscribe_uid_group {group}"
                )
        return group

    def _services(self, scene: Scene) -> dict[str, Any] | None:
        services: list[dict[str, Any]] = []
        if page := self.options.web:
            profile = self._audio_profile() or 0
            services.append(
                page_service(
                    page, self.request, scene, hours=self.page_hours, audio_profile=profile
                )
            )
            if page.rtmp_url is not None:
                services.append(push_service(self.account.secret(page.rtmp_url, "web.rtmp_url")))
        elif self.options.vod:
            services.append(vod_service(self.options.vod, self.account))
        return {"extensionServices": services} if services else None


def usual_bitrate(canvas: Canvas) -> int:
    """kbit/s for a size and rate: the vendor's own default, 500 for 360x640 at 15, scaled.

    Its recommended values grow with pixels^0.75 and fps^0.6; its limit is 6500.
    """
    pixels = canvas.width * canvas.height / (360 * 640)
    return min(BITRATE_LIMIT, max(1, round(500 * pixels**0.75 * (canvas.fps / 15) ** 0.6)))


def _uid_list(medium: str, chosen: StreamFilter | None) -> dict[str, tuple[str, ...]]:
    if chosen is not None and chosen.deny:
        return {f"unSubscribe{medium}Uids": chosen.deny}
    return {f"subscribe{medium}Uids": (chosen.allow if chosen else None) or (EVERYBODY,)}

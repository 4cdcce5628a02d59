"""A neutral request in SparkRTC's words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from longtake.domain.errors import InvalidRequest
from longtake.domain.layout import GridLayout
from longtake.domain.recording import Canvas, RecordingRequest, Scene
from longtake.vendors.huawei.layout import picture
from longtake.vendors.huawei.options import HuaweiOptions
from longtake.vendors.huawei.paths import asked_paths
from longtake.vendors.huawei.settings import HuaweiStorage
from longtake.vendors.huawei.templates import encode_template
from longtake.vendors.huawei.wire.fields import AUDIO_ONLY, CAMERA, SCREEN
from longtake.vendors.huawei.wire.jobs import Family, IndividualJob, MixJob, MixUpdate
from longtake.vendors.huawei.wire.mixing import CUSTOM

EVERYBODY = "huawei mixes everybody in the room; one user is mode 'individual'"

FAMILIES: Mapping[str, Family] = {"individual": "individual", "mixed": "mix"}


@dataclass(frozen=True)
class Translation:
    """One request with all that the worker knows for it."""

    request: RecordingRequest
    options: HuaweiOptions
    storage: HuaweiStorage

    @property
    def family(self) -> Family:
        """Which kind of job records it."""
        return FAMILIES[self.request.mode]

    @property
    def pictured(self) -> bool:
        """Whether there is a mixed picture, and so a layout."""
        return self.request.mode == "mixed" and self.request.media != "audio"

    def start(self, scene: Scene) -> IndividualJob | MixJob:
        """Everything that the recording is to be."""
        self._check_output()
        return self._mix(scene) if self.family == "mix" else self._individual(scene)

    def update(self, scene: Scene) -> MixUpdate:
        """The layout. A template is named only where it may be: from one custom to another."""
        fields = picture(scene.layout or GridLayout(), self.options)
        if fields["layout_template"] != CUSTOM:
            del fields["layout_template"]
        with asked_paths():
            return MixUpdate.model_validate({"mix_param": fields})

    def template(self, scene: Scene) -> str:
        """The layout template that shows the scene."""
        return picture(scene.layout or GridLayout(), self.options)["layout_template"]

    def _individual(self, scene: Scene) -> IndividualJob:
        media, options = self.request.media, self.options
        if media == "audio" and not options.audio_only_individual:
            raise InvalidRequest(
                "media: huawei's texts disagree on how one user's sound alone is recorded:"
                " mode 'mixed' records it, or set vendor_options.audio_only_individual"
            )
        ask: dict[str, Any] = {
            "room_id": self.request.room,
            "user_id": recorded_user(scene),
            "is_record_audio": media != "video",
            "select_stream_type": options.stream_type,
            "max_idle_time": self._idle_seconds,
            "record_param": self._record_param,
        }
        if media != "audio":
            ask["video_type"] = CAMERA if options.video_type == "camera" else SCREEN
        if options.rtmp_urls:
            ask["publish_param"] = {"rtmp_urls": options.rtmp_urls}
        with asked_paths():
            return IndividualJob.model_validate(ask)

    def _mix(self, scene: Scene) -> MixJob:
        if self.request.media == "video":
            raise InvalidRequest(
                "media: huawei mixes audio_video and audio; one user's video alone is"
                " mode 'individual'"
            )
        if scene.subscriptions.audio or scene.subscriptions.video:
            raise InvalidRequest(f"subscriptions: {EVERYBODY}")
        mix: dict[str, Any] = {
            "room_id": self.request.room,
            "encode_template": self._encode_template(),
            "max_idle_time": self._idle_seconds,
        }
        if self.pictured:
            mix |= picture(scene.layout or GridLayout(), self.options)
        with asked_paths():
            return MixJob.model_validate({"mix_param": mix, "record_param": self._record_param})

    @property
    def _idle_seconds(self) -> int:
        return math.ceil(self.request.max_idle.total_seconds())

    @property
    def _record_param(self) -> dict[str, str]:
        return {"record_rule_id": self.storage.record_rule_id}

    def _encode_template(self) -> str:
        if not self.pictured:
            return AUDIO_ONLY
        canvas = self.request.canvas or Canvas()
        if canvas.audio_kbps is not None:
            raise InvalidRequest("canvas.audio_kbps: huawei offers no choice of it")
        return self.options.encode_template or encode_template(canvas)

    def _check_output(self) -> None:
        """What the rule says cannot be wished for."""
        output, rule = self.request.output, "the recording rule of output.storage"
        if output.path_prefix:
            raise InvalidRequest(f"output.path_prefix: {rule} says where files go")
        if output.max_file_length is not None:
            raise InvalidRequest(f"output.max_file_length: {rule} says how long files are")
        made = self.storage.formats
        if made is not None and not output.formats <= made:
            raise InvalidRequest(f"output.formats: {rule} makes {', '.join(sorted(made))}")


def recorded_user(scene: Scene) -> str:
    """Whom the subscriptions name: one user, the same wherever one is named."""
    chosen = [f for f in (scene.subscriptions.audio, scene.subscriptions.video) if f is not None]
    users = {user for one in chosen for user in one.allow or ()}
    if len(users) != 1 or any(one.deny for one in chosen):
        raise InvalidRequest(
            "subscriptions: huawei records one user in mode individual; start a session for each,"
            " told apart by `purpose`"
        )
    return users.pop()

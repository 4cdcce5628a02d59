"""Events of the Notification Center Service: their numbers, envelope and signatures."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum
from typing import Any

from longtake.emulator.callbacks import Insistence, Signed
from longtake.emulator.stamps import milliseconds

PRODUCT_ID = 3  # cloud recording
_INSISTENCE = Insistence(answer_within=10, repeats=(0, 2, 10), wants_json=True)


class Service(IntEnum):
    """``serviceType``: the part of the service that speaks."""

    CLOUD_RECORDING = 0
    RECORDER = 1
    UPLOADER = 2
    EXTENSION = 4
    WEB_RECORDER = 6


class Event(IntEnum):
    ERROR = 1
    WARNING = 2
    FILE_INFOS = 4
    SESSION_EXIT = 11
    SESSION_FAILOVER = 12
    UPLOADER_STARTED = 30
    UPLOADED = 31
    BACKUPED = 32
    UPLOADING_PROGRESS = 33
    RECORDER_STARTED = 40
    RECORDER_LEAVE = 41
    SLICE_START = 42
    AUDIO_STATE = 43
    VIDEO_STATE = 44
    SNAPSHOT_FILE = 45
    VOD_STARTED = 60
    VOD_TRIGGERED = 61
    WEB_STARTED = 70
    WEB_STOPPED = 71
    RTMP_STATUS = 100


_SPEAKER: dict[Event, tuple[Service, str]] = {
    Event.ERROR: (Service.CLOUD_RECORDING, "cloud_recording_error"),
    Event.WARNING: (Service.CLOUD_RECORDING, "cloud_recording_warning"),
    Event.FILE_INFOS: (Service.CLOUD_RECORDING, "cloud_recording_file_infos"),
    Event.SESSION_EXIT: (Service.CLOUD_RECORDING, "session_exit"),
    Event.SESSION_FAILOVER: (Service.CLOUD_RECORDING, "session_failover"),
    Event.UPLOADER_STARTED: (Service.UPLOADER, "uploader_started"),
    Event.UPLOADED: (Service.UPLOADER, "uploaded"),
    Event.BACKUPED: (Service.UPLOADER, "backuped"),
    Event.UPLOADING_PROGRESS: (Service.UPLOADER, "uploading_progress"),
    Event.RECORDER_STARTED: (Service.RECORDER, "recorder_started"),
    Event.RECORDER_LEAVE: (Service.RECORDER, "recorder_leave"),
    Event.SLICE_START: (Service.RECORDER, "recorder_slice_start"),
    Event.AUDIO_STATE: (Service.RECORDER, "recorder_audio_stream_state_changed"),
    Event.VIDEO_STATE: (Service.RECORDER, "recorder_video_stream_state_changed"),
    Event.SNAPSHOT_FILE: (Service.RECORDER, "recorder_snapshot_file"),
    Event.VOD_STARTED: (Service.EXTENSION, "vod_started"),
    Event.VOD_TRIGGERED: (Service.EXTENSION, "vod_triggered"),
    Event.WEB_STARTED: (Service.WEB_RECORDER, "web_recorder_started"),
    Event.WEB_STOPPED: (Service.WEB_RECORDER, "web_recorder_stopped"),
    Event.RTMP_STATUS: (Service.WEB_RECORDER, "rtmp_publish_status"),
}


@dataclass(frozen=True)
class AgoraNotice:
    """One event of one recording. ``payload`` is complete but for its details."""

    notice_id: str
    event: Event
    payload: dict[str, Any]
    details: dict[str, Any]
    default_secret: str

    @property
    def room(self) -> str:
        return self.payload["cname"]

    @property
    def insistence(self) -> Insistence:
        return _INSISTENCE

    def render(self, sent_at: datetime, secret: str | None) -> Signed:
        """The envelope at ``sent_at``: a repeat differs in nothing but ``notifyMs``."""
        service, name = _SPEAKER[self.event]
        details = {"msgName": name, **self.details}
        envelope = {
            "noticeId": self.notice_id,
            "productId": PRODUCT_ID,
            "eventType": int(self.event),
            "notifyMs": milliseconds(sent_at),
            "payload": {**self.payload, "serviceType": int(service), "details": details},
        }
        body = json.dumps(envelope, separators=(",", ":"), ensure_ascii=False).encode()
        return Signed(sign(body, secret or self.default_secret), body)

    def forgery(self) -> AgoraNotice:
        return replace(
            self,
            notice_id=self.notice_id[::-1],
            event=Event.SESSION_EXIT,
            details={"exitStatus": 0},
        )


def sign(body: bytes, secret: str) -> dict[str, str]:
    """Headers over the raw body: V1 is hex HMAC-SHA1, V2 hex HMAC-SHA256, in lower case."""
    key = secret.encode()
    return {
        "Content-Type": "application/json",
        "Agora-Signature": hmac.new(key, body, hashlib.sha1).hexdigest(),
        "Agora-Signature-V2": hmac.new(key, body, hashlib.sha256).hexdigest(),
    }

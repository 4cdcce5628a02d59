"""What is fixed about a recording, and the numbers that its events and answers use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from longtake.vendors.agora.emulator.start_request import Mode, StartRequest


class Module(IntEnum):
    """``module`` of event 1."""

    RECORDER = 0
    UPLOADER = 1
    SERVICE = 2


class ErrorCode(IntEnum):
    """``errorCode`` of event 1."""

    STORAGE_CONFIG = 32
    UPLOAD_FAILED = 47
    START_TIMED_OUT = 52


class LeaveCode(IntEnum):
    """``leaveCode`` of event 41, a bit mask."""

    SIGNAL = 2
    NO_USERS = 4
    IGNORED = 8
    BY_API = 16


@dataclass(frozen=True)
class Facts:
    """What never changes. ``api_until``: after it no call reaches the recording any more."""

    sid: str
    resource_id: str
    app: str
    cname: str
    uid: str
    mode: Mode
    request: StartRequest
    api_until: datetime

    @property
    def web(self) -> bool:
        return self.mode == "web"

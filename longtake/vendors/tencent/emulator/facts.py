"""What is fixed about a task, and the numbers that its events use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from longtake.vendors.tencent.emulator.naming import Names
from longtake.vendors.tencent.emulator.requests import CreateRequest


class Event(IntEnum):
    """``EventType`` of group 3."""

    RECORDER_START = 301
    RECORDER_STOP = 302
    UPLOAD_START = 303
    FILE_INFO = 304
    UPLOAD_STOP = 305
    FAILOVER = 306
    FILE_SLICE = 307
    UPLOAD_ERROR = 308
    DOWNLOAD_IMAGE_ERROR = 309
    MP4_STOP = 310
    VOD_COMMIT = 311
    VOD_STOP = 312


class LeaveCode(IntEnum):
    """``LeaveCode`` of event 302."""

    BY_API = 0
    REMOVED = 1
    ROOM_CLOSED = 2
    REMOVED_BY_SERVER = 3
    ROOM_CLOSED_BY_SERVER = 4
    IDLE = 99
    TIMED_OUT = 100
    SAME_USER_ID = 101


EVICTIONS = frozenset({1, 2, 3, 4, 100, 101})
"""The codes with which a robot can be thrown out."""

END_REASONS = {
    LeaveCode.BY_API: "stopped",
    LeaveCode.REMOVED: "removed",
    LeaveCode.ROOM_CLOSED: "room_closed",
    LeaveCode.REMOVED_BY_SERVER: "removed_by_server",
    LeaveCode.ROOM_CLOSED_BY_SERVER: "room_closed_by_server",
    LeaveCode.IDLE: "idle",
    LeaveCode.TIMED_OUT: "timeout",
    LeaveCode.SAME_USER_ID: "evicted",
}
"""How the ledger puts it."""


@dataclass(frozen=True)
class Facts:
    """What never changes."""

    task_id: str
    request: CreateRequest
    names: Names
    created_at: datetime

    @property
    def seat(self) -> tuple[int, str, str]:
        """Application, room and robot: an entry ends the earlier one in the same seat."""
        return self.request.sdk_app_id, self.request.room.address, self.request.user_id

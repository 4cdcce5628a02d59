"""What is fixed about a job."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from longtake.emulator.stage import TrackKey
from longtake.vendors.huawei.emulator.job_requests import IndividualStart
from longtake.vendors.huawei.emulator.mixing import AudioMix, Mix
from longtake.vendors.huawei.emulator.naming import stream_name


@dataclass(frozen=True)
class Facts:
    """``request``: of a mix, as it was at the start. ``numbered``: the id is told as a number."""

    job_id: str
    app: str
    request: IndividualStart | Mix
    created_at: datetime
    numbered: bool = False

    @property
    def told_id(self) -> str | int:
        """The id as answers and callbacks have it; elsewhere it is text."""
        return int(self.job_id) if self.numbered else self.job_id

    @property
    def room(self) -> str:
        return self.request.room_id

    @property
    def user(self) -> str | None:
        """Whose stream is recorded; None for a mix."""
        return self.request.user_id if isinstance(self.request, IndividualStart) else None

    @property
    def recorder(self) -> str:
        return "mix" if self.user is None else f"user:{self.user}"

    @property
    def stream_name(self) -> str:
        return stream_name(self.job_id, self.room, self.user)

    @property
    def track(self) -> TrackKey:
        """The one track that the job makes."""
        wish = self.request
        if not isinstance(wish, IndividualStart):
            return TrackKey(None, "audio" if isinstance(wish, AudioMix) else "both")
        if wish.video_type is None:
            return TrackKey(wish.user_id, "audio")
        kind = "both" if wish.is_record_audio else "video"
        stream = "aux" if wish.video_type == "SCREENSTREAM" else "main"
        return TrackKey(wish.user_id, kind, stream)

    @property
    def identity(self) -> tuple[str, str, str | None, str]:
        """What may count as the same recording: application, room, user and kind of stream."""
        return self.app, self.room, self.user, self.track.stream

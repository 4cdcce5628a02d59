"""What a job says through callbacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from longtake.emulator.world import World
from longtake.vendors.huawei.emulator.facts import Facts
from longtake.vendors.huawei.emulator.mixing import VideoMix
from longtake.vendors.huawei.emulator.naming import second_stamp
from longtake.vendors.huawei.emulator.notices import FILE_COMPLETE, NEW_FILE, OVER, HuaweiNotice
from longtake.vendors.huawei.emulator.options import HuaweiOptions
from longtake.vendors.huawei.emulator.reels import Reel
from longtake.vendors.huawei.emulator.rules import ObsAddress


class Voice:
    """Sends the events of one job that are subscribed to; never waits for whoever listens."""

    def __init__(
        self,
        world: World,
        options: HuaweiOptions,
        facts: Facts,
        subscribed: Callable[[str], bool],
    ) -> None:
        self._world, self._options, self._facts = world, options, facts
        self._subscribed = subscribed

    def new_file(self, reel: Reel) -> None:
        self._say(NEW_FILE, record_format=reel.form)

    def file_complete(self, reel: Reel, size: int, place: ObsAddress) -> None:
        host = f"https://{place.bucket}.obs.{place.location}.myhuaweicloud.com"
        wish = self._facts.request
        canvas = {}
        if isinstance(wish, VideoMix):
            canvas = dict(zip(("width", "height"), wish.canvas, strict=True))
        self._say(
            FILE_COMPLETE,
            record_format=reel.form,
            download_url=f"{host}/{reel.key}",
            record_duration=round(reel.seconds),
            file_size=size,
            **canvas,
            start_time=second_stamp(reel.began),
            end_time=second_stamp(reel.ended),
            obs_location=host if self._options.obs_location_url else place.location,
            obs_bucket=place.bucket,
            obs_object=reel.key,
        )

    def over(self, reason: str) -> None:
        self._say(OVER, detail_message=reason)

    def _say(self, event: str, **details: Any) -> None:
        if not self._subscribed(event):
            return
        job = {
            "job_id": self._facts.told_id,
            "stream_name": self._facts.stream_name,
            "app_id": self._facts.app,
            "room_id": self._facts.room,
        }
        notice = HuaweiNotice(
            event,
            job,
            details,
            self._world.hex_id(8),
            self._options.callback_secret,
            self._options.over_event,
            self._options.timestamp_milliseconds,
        )
        self._world.callbacks.send("huawei", notice)

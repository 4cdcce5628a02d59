"""Where a recording stands, as the API tells it: whether it is known, and its status number."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum

from longtake.vendors.agora.emulator.recording import Recording

ABNORMAL_EXIT = 20


class Visibility(Enum):
    """What the API knows of a recording at some moment."""

    SHOWN = "shown"
    EXITING = "exiting"
    UNKNOWN = "unknown"


def visibility(recording: Recording, now: datetime) -> Visibility:
    """Forgotten, migrating, out of its hours, or over: each way the API finds no worker."""
    timings, left = recording.timings, recording.left_at
    hidden = recording.forgotten or recording.migrating
    if hidden or now >= recording.facts.api_until:
        return Visibility.UNKNOWN
    if left is None:
        return Visibility.SHOWN
    if recording.abnormal:
        shown = recording.up_at is not None and _within(now, left, timings.abnormal)
        return Visibility.SHOWN if shown else Visibility.UNKNOWN
    shown_for = timings.stopped + timings.exited
    if recording.done_at is None or _within(now, recording.done_at, shown_for):
        return Visibility.SHOWN
    exiting = _within(now, recording.done_at, shown_for + timings.exiting)
    return Visibility.EXITING if exiting else Visibility.UNKNOWN


def status(recording: Recording, now: datetime) -> int:
    """0 to 3 starting, 4 up, 5 with data, 6 stopping, 7 stopped, 8 exited, 20 abnormal exit."""
    timings = recording.timings
    if recording.left_at is not None:
        return _final_status(recording, now)
    if recording.uploads.first_at is not None:
        return 5
    if recording.up_at is not None:
        return 4
    steps = (timings.initialised, timings.components_starting, timings.uploader_up)
    return sum(not _within(now, recording.record.created_at, step) for step in steps)


def _final_status(recording: Recording, now: datetime) -> int:
    if recording.abnormal:
        return ABNORMAL_EXIT
    if recording.done_at is None:
        return 6
    return 7 if _within(now, recording.done_at, recording.timings.stopped) else 8


def _within(now: datetime, since: datetime, seconds: float) -> bool:
    return now < since + timedelta(seconds=seconds)
